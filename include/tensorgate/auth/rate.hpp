// tensorgate/auth/rate.hpp: how often may somebody ask, and what is he told when it was too often?
#pragma once

#include <charconv>     // from_chars
#include <chrono>       // steady_clock
#include <cstdint>      // uint32_t
#include <functional>   // function
#include <optional>     // optional
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <utility>      // move

#include <tensorgate/auth/detail/bucket_table.hpp>  // bucket_table, known_by
#include <tensorgate/core/random.hpp>               // system_random
#include <tensorgate/core/result.hpp>               // result, fail
#include <tensorgate/http/errc.hpp>                 // errc
#include <tensorgate/http/operation.hpp>            // openapi_operation
#include <tensorgate/http/request.hpp>              // request
#include <tensorgate/identity/token_bucket.hpp>     // allowance
#include <tensorgate/net/addresses.hpp>             // address
#include <tensorgate/net/parts.hpp>                 // parts
#include <tensorgate/reflect/rules.hpp>             // describe

namespace tensorgate::inline TENSORGATE_ABI::auth {

/// Puts RateLimit-Limit, -Remaining and -Reset (draft-ietf-httpapi-ratelimit-headers, the form of three fields) on the
/// answer, whatever it will be. Of several limits the one that leaves least is told. Reset is in seconds, until the
/// whole allowance is back. Refused: 429 with Retry-After.
[[nodiscard]] inline result<void> apply_rate(http::request& r, identity::bucket_answer const& answer,
                                             std::string_view name) {
  if (answer.limit == 0) return {};
  auto const seconds = [](std::chrono::nanoseconds span) {
    return std::to_string((span.count() + 999'999'999) / 1'000'000'000);
  };
  auto const put = [&r](std::string_view field, std::string value) {
    for (auto& one : r.answer_fields) {
      if (one.name == field) {
        one.value = std::move(value);
        return;
      }
    }
    r.answer_fields.push_back({field, std::move(value)});
  };
  bool tells = true;
  for (auto const& one : r.answer_fields) {
    if (one.name != "RateLimit-Remaining") continue;
    std::uint32_t before = 0;
    std::from_chars(one.value.data(), one.value.data() + one.value.size(), before);
    tells = answer.remaining < before || !answer.allowed;
  }
  if (tells) {
    put("RateLimit-Limit", std::to_string(answer.limit));
    put("RateLimit-Remaining", std::to_string(answer.remaining));
    put("RateLimit-Reset", seconds(answer.full_in));
  }
  if (answer.allowed) return {};
  put("Retry-After", seconds(answer.next_in));
  r.record.limit_hit = name;
  return fail(http::errc::too_many_requests, "too many requests; see Retry-After");
}

/// Whom a limit counts.
enum class rate_by : std::uint8_t {
  address,  ///< the client's IPv4 address or IPv6 /64; a Unix socket's peer has none and is not counted
  caller,   ///< whom the guards before found out; without one, the address
};

struct rate_options {
  identity::allowance allowed{};  ///< unlimited unless said
  rate_by             by      = rate_by::address;
  std::uint32_t       callers = 65'536;  ///< remembered at a time, 16 bytes each
};

/// A guard that lets each caller ask so often. Built once; routes that share it share its counts.
class rate {
 public:
  using whoever_asks = void;  // it says how often, not who
  using clock_type   = std::function<steady_point()>;

  explicit rate(rate_options options, random_fn const& random = system_random, clock_type clock = {})
      : options_(options), clock_(std::move(clock)), table_(options.callers, random) {}
  /// As other parts are made; there is nothing to start.
  rate(net::parts& /*owner*/, rate_options options) : rate(options) {}

  [[nodiscard]] result<void> admit(http::request& r) const {
    if (options_.allowed.unlimited()) return {};
    auto             kind = detail::known_by::address;
    std::string_view who;
    auto const       near   = r.client.kind() == net::address::family::v6 ? r.client.masked(64) : r.client;
    auto const       octets = near.octets();
    if (options_.by == rate_by::caller && !r.record.caller.empty()) {
      kind = detail::known_by::name;
      who  = r.record.caller;
    } else if (!octets.empty()) {
      who = {reinterpret_cast<char const*>(octets.data()), octets.size()};
    } else {
      return {};
    }
    auto const now    = clock_ ? clock_() : r.record.began;
    auto const answer = table_.take(kind, who, options_.allowed, now);
    return apply_rate(r, answer.bucket, answer.shared ? "rate_table" : "rate");
  }

  void describe(http::openapi_operation& about) const {
    if (options_.allowed.unlimited()) return;
    about.answers(http::status::too_many_requests, "more than " + identity::to_text(options_.allowed));
    about.every_answer.push_back(
        {.name = "RateLimit-Limit", .description = "requests in a window", .schema = R"({"type":"integer"})"});
    about.every_answer.push_back({.name        = "RateLimit-Remaining",
                                  .description = "requests that may follow at once",
                                  .schema      = R"({"type":"integer"})"});
    about.every_answer.push_back(
        {.name = "RateLimit-Reset", .description = "seconds until all are back", .schema = R"({"type":"integer"})"});
  }

  [[nodiscard]] rate_options const& options() const noexcept { return options_; }

 private:
  rate_options                 options_;
  clock_type                   clock_;
  mutable detail::bucket_table table_;
};

}  // namespace tensorgate::auth

template <>
struct tensorgate::reflect::describe<tensorgate::auth::rate_options> {
  using options = tensorgate::auth::rate_options;
  static constexpr auto rules =
      std::tuple{text<&options::allowed>("how often one caller may ask"), text<&options::by>("who is one caller"),
                 text<&options::callers>("callers remembered at a time; more share one allowance"),
                 range<&options::callers>(1U, 1U << 24U)};
};
