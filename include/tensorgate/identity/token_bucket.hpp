// tensorgate/identity/token_bucket.hpp: may a caller who is allowed so many requests in so much time make one more now?
#pragma once

#include <algorithm>     // clamp
#include <charconv>      // from_chars
#include <chrono>        // nanoseconds, steady_clock
#include <cstdint>       // int64_t, uint32_t
#include <optional>      // optional
#include <string>        // string, to_string
#include <string_view>   // string_view
#include <system_error>  // errc

#include <tensorgate/core/result.hpp>     // result, fail
#include <tensorgate/core/time.hpp>       // steady_point
#include <tensorgate/reflect/errc.hpp>    // errc
#include <tensorgate/reflect/traits.hpp>  // text_form

namespace tensorgate::inline TENSORGATE_ABI::identity {

/// How often somebody may ask: `count` requests in `window`, all at once if so wished. 0 requests stand for no limit.
struct allowance {
  std::uint32_t        count = 0;
  std::chrono::seconds window{60};

  [[nodiscard]] constexpr bool unlimited() const noexcept { return count == 0; }
  friend bool                  operator==(allowance const&, allowance const&) = default;
};

/// The most requests and the longest window that an allowance may name; beyond them the arithmetic would not be exact.
inline constexpr std::uint32_t        max_allowance_count = 1'000'000'000;
inline constexpr std::chrono::seconds max_allowance_window{86'400};

/// Reads "600/min", "10/s", "1000/h", "5000/day", "100/30s", or "unlimited".
[[nodiscard]] inline std::optional<allowance> parse_allowance(std::string_view text) noexcept {
  if (text == "unlimited") return allowance{};
  auto const slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;

  allowance   made{};
  auto const* end   = text.data() + slash;
  auto const  count = std::from_chars(text.data(), end, made.count);
  if (count.ec != std::errc{} || count.ptr != end || made.count == 0 || made.count > max_allowance_count)
    return std::nullopt;

  auto         unit  = text.substr(slash + 1);
  std::int64_t times = 1;
  if (!unit.empty() && unit.front() >= '0' && unit.front() <= '9') {
    auto const number = std::from_chars(unit.data(), unit.data() + unit.size(), times);
    if (number.ec != std::errc{} || times < 1 || times > max_allowance_window.count()) return std::nullopt;
    unit.remove_prefix(static_cast<std::size_t>(number.ptr - unit.data()));
  }
  std::int64_t seconds = 0;
  if (unit == "s" || unit == "sec" || unit == "second") {
    seconds = 1;
  } else if (unit == "m" || unit == "min" || unit == "minute") {
    seconds = 60;
  } else if (unit == "h" || unit == "hour") {
    seconds = 3600;
  } else if (unit == "d" || unit == "day") {
    seconds = 86'400;
  } else {
    return std::nullopt;
  }
  made.window = std::chrono::seconds(seconds * times);
  if (made.window > max_allowance_window) return std::nullopt;
  return made;
}

/// The text that `parse_allowance` reads back.
[[nodiscard]] inline std::string to_text(allowance const& of) {
  if (of.unlimited()) return "unlimited";
  auto const seconds = of.window.count();
  auto const count   = std::to_string(of.count);
  if (seconds == 1) return count + "/s";
  if (seconds == 60) return count + "/min";
  if (seconds == 3600) return count + "/h";
  if (seconds == 86'400) return count + "/day";
  return count + "/" + std::to_string(seconds) + "s";
}

/// What a bucket answers to one request.
struct bucket_answer {
  bool                     allowed   = true;
  std::uint32_t            limit     = 0;  ///< requests in the window
  std::uint32_t            remaining = 0;  ///< requests that may follow at once
  std::chrono::nanoseconds full_in{};      ///< until the whole allowance is back
  std::chrono::nanoseconds next_in{};      ///< until one request would be allowed; zero when allowed
};

/// A token bucket in one number: the moment at which it will be full again. A request moves that moment by
/// window / count, and is allowed while it lies no further than one window ahead. A bucket whose moment is past is
/// full, so forgetting it changes nothing: that is what lets a table of buckets be bounded.
class token_bucket {
 public:
  [[nodiscard]] bucket_answer take(allowance const& allowed, steady_point now) noexcept {
    using std::chrono::nanoseconds;
    bucket_answer answer{.limit = allowed.count};
    if (allowed.unlimited()) return answer;
    auto const window = nanoseconds(allowed.window);
    auto const each   = nanoseconds(window.count() / allowed.count);
    // What a longer window than today's took counts as all of today's.
    auto const from  = std::clamp(full_at_, now, now + window);
    auto const after = from + each;
    answer.allowed   = after - now <= window;
    full_at_         = answer.allowed ? after : from;
    answer.full_in   = full_at_ - now;
    auto const left  = window - answer.full_in;
    answer.remaining =
        left.count() <= 0 || each.count() == 0 ? 0 : static_cast<std::uint32_t>(left.count() / each.count());
    if (!answer.allowed) answer.next_in = after - now - window;
    return answer;
  }

  /// Gives back what the last allowed request took.
  void give_back(allowance const& allowed) noexcept {
    if (!allowed.unlimited()) full_at_ -= std::chrono::nanoseconds(allowed.window) / allowed.count;
  }

  [[nodiscard]] bool         is_full(steady_point now) const noexcept { return full_at_ <= now; }
  [[nodiscard]] steady_point full_at() const noexcept { return full_at_; }

 private:
  steady_point full_at_{};
};

}  // namespace tensorgate::identity

template <>
struct tensorgate::reflect::text_form<tensorgate::identity::allowance> {
  using allowance                                 = tensorgate::identity::allowance;
  static constexpr std::string_view      expected = "a rate such as 600/min, 10/s or 100/30s, or unlimited";
  [[nodiscard]] static result<allowance> parse(std::string_view text) {
    auto const made = tensorgate::identity::parse_allowance(text);
    if (!made) return fail(errc::wrong_type, expected);
    return *made;
  }
  static void append(std::string& out, allowance const& of) { out += tensorgate::identity::to_text(of); }
};
