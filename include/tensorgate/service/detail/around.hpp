// tensorgate/service/detail/around.hpp: what stands around every route of a program: address lists, rate, CORS.
#pragma once

#include <memory>    // shared_ptr
#include <optional>  // optional
#include <utility>   // move

#include <tensorgate/auth/address_list.hpp>  // address_list
#include <tensorgate/auth/cors.hpp>          // cors
#include <tensorgate/auth/rate.hpp>          // rate
#include <tensorgate/http/endpoint.hpp>      // route_table, endpoint
#include <tensorgate/http/problem.hpp>       // from
#include <tensorgate/http/request.hpp>       // request
#include <tensorgate/net/snapshot.hpp>       // snapshot

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// The rules in force; replaced whole at a reload. The counts of the rate outlive it, unless the rate itself changed.
struct around_rules {
  auth::address_list          addresses{};
  std::shared_ptr<auth::rate> rate{};
  auth::cors                  cors{};

  [[nodiscard]] bool nothing() const noexcept {
    return addresses.empty() && rate->options().allowed.unlimited() && cors.off();
  }
};

/// A table of routes in front of another. It asks the rules before the path is looked at, so that who may not ask
/// learns nothing of the paths; a refusal or a preflight's answer is an endpoint that refuses by its guard.
class around {
 public:
  around(http::route_table inner, std::shared_ptr<around_rules> rules, std::size_t loops)
      : inner_(inner), rules_(std::move(rules), loops) {
    denied_.pattern  = "(refused)";
    denied_.self     = this;
    denied_.admit    = [](void const* self, http::request& r) { return mine(self).deny(r); };
    limited_.pattern = "(refused)";
    limited_.self    = this;
    limited_.admit   = [](void const*, http::request& r) -> std::optional<http::reply> {
      return r.refuse(
          http::from(failure{make_error_code(http::errc::too_many_requests), "too many requests; see Retry-After"}));
    };
    preflight_.pattern = "(preflight)";
    preflight_.self    = this;
    preflight_.admit   = [](void const* self, http::request& r) { return mine(self).rules_.on_loop().cors.admit(r); };
    for (auto* one : {&denied_, &limited_, &preflight_}) {
      one->answer = [](void const*, http::request&) { return http::reply(http::status::no_content); };
    }
  }
  around(around const&)            = delete;
  around& operator=(around const&) = delete;

  [[nodiscard]] http::route_table table() const noexcept { return {this, &match}; }
  void                            replace(std::shared_ptr<around_rules> rules) { rules_.replace(std::move(rules)); }
  [[nodiscard]] std::shared_ptr<around_rules> rules() const { return rules_.get(); }

 private:
  static around& mine(void const* self) noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): tables are asked through a pointer to const
    return *const_cast<around*>(static_cast<around const*>(self));
  }

  std::optional<http::reply> deny(http::request& r) {
    auto const said = rules_.on_loop().addresses.admit(r);
    // The rules may have changed since the match; then the refusal of that moment stands.
    return r.refuse(
        http::from(said ? failure{make_error_code(http::errc::forbidden), "this address may not ask"} : said.error()));
  }

  static http::route_match match(void const* self, http::request& r) {
    auto&      me        = mine(self);
    auto&      rules     = me.rules_.on_loop();
    bool const cors      = !rules.cors.off();
    bool const preflight = cors && r.head.verb() == http::method::options && r.head.has(http::known_field::origin) &&
                           r.head.has(http::known_field::access_control_request_method);
    // A page reads why it was refused only if the refusal names its origin too.
    if (cors && !preflight) static_cast<void>(rules.cors.admit(r));
    if (!rules.addresses.admits(r.client)) return {.found = &me.denied_};
    if (preflight) return {.found = &me.preflight_};
    if (!rules.rate->admit(r)) return {.found = &me.limited_};
    return me.inner_.match(me.inner_.self, r);
  }

  http::route_table           inner_;
  net::snapshot<around_rules> rules_;
  http::endpoint              denied_, limited_, preflight_;
};

}  // namespace tensorgate::service_detail
