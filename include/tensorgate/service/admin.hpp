// tensorgate/service/admin.hpp: what does the program tell those who run it? Metrics, health and readiness, on a
// listener of their own.
//
//     GET /metrics   Prometheus' text format, or OpenMetrics when Accept names it
//     GET /healthz   200 as long as the program runs, with the state of each part
//     GET /readyz    200 while it may be sent requests, 503 before the start is done and from the drain on
#pragma once

#include <array>        // array
#include <functional>   // function
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#include <tensorgate/http/endpoint.hpp>  // route_table, endpoint
#include <tensorgate/http/reply.hpp>     // reply
#include <tensorgate/http/request.hpp>   // request
#include <tensorgate/ops/health.hpp>     // health_report
#include <tensorgate/ops/metrics.hpp>    // metrics

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// The routes. Three literal paths need no matcher.
class admin_routes {
 public:
  admin_routes(ops::metrics const& metrics, std::function<ops::health_report()> health)
      : metrics_(metrics), health_(std::move(health)) {
    set(0, "/metrics", [](void const* self, http::request& r) { return mine(self).metrics(r); });
    set(1, "/healthz", [](void const* self, http::request&) { return mine(self).health(false); });
    set(2, "/readyz", [](void const* self, http::request&) { return mine(self).health(true); });
  }
  admin_routes(admin_routes const&)            = delete;
  admin_routes& operator=(admin_routes const&) = delete;

  [[nodiscard]] http::route_table table() const noexcept { return {this, &match}; }

 private:
  static admin_routes const& mine(void const* self) noexcept { return *static_cast<admin_routes const*>(self); }

  void set(std::size_t index, std::string_view path, http::reply (*answer)(void const*, http::request&)) {
    endpoints_[index].pattern = path;
    endpoints_[index].verb    = http::method::get;
    endpoints_[index].self    = this;
    endpoints_[index].answer  = answer;
  }

  static http::route_match match(void const* self, http::request& r) {
    http::route_match said;
    for (auto const& one : mine(self).endpoints_) {
      if (one.pattern != r.head.path()) continue;
      auto const verb = r.head.verb();
      if (verb == http::method::get || verb == http::method::head) {
        said.found = &one;
      } else {
        said.allowed = "GET, HEAD, OPTIONS";
      }
    }
    return said;
  }

  [[nodiscard]] http::reply metrics(http::request const& r) const {
    auto const form = ops::exposition_for(r.head.field(http::known_field::accept));
    return http::reply::of(metrics_.to_text(form), ops::content_type(form)).with("Cache-Control", "no-store");
  }
  [[nodiscard]] http::reply health(bool readiness) const {
    auto const report = health_();
    auto const code   = readiness && !report.ready() ? http::status::service_unavailable : http::status::ok;
    return http::reply::json(ops::to_json(report), code).with("Cache-Control", "no-store");
  }

  ops::metrics const&                 metrics_;
  std::function<ops::health_report()> health_;
  std::array<http::endpoint, 3>       endpoints_{};
};

}  // namespace tensorgate::service_detail
