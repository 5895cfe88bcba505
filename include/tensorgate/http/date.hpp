// tensorgate/http/date.hpp: dates as HTTP writes them (RFC 9110 §5.6.7).
#pragma once

#include <algorithm>    // clamp
#include <array>        // array
#include <chrono>       // sys_seconds, year_month_day, weekday
#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/time.hpp>          // unix_millis, wall_clock
#include <tensorgate/http/detail/chars.hpp>  // is_char_of

namespace tensorgate::inline TENSORGATE_ABI::http {

namespace detail {

inline constexpr std::array<std::string_view, 7>  day_names{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};
inline constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Takes a date apart from the left; once a piece does not fit, `good` stays false.
struct date_reader {
  std::string_view text;
  bool             good = true;

  constexpr void literal(std::string_view wanted) noexcept {
    good = good && text.starts_with(wanted);
    if (good) text.remove_prefix(wanted.size());
  }
  constexpr int number(std::size_t digits) noexcept {
    good      = good && text.size() >= digits && is_text_of(digit_char, text.substr(0, digits));
    int value = 0;
    if (!good) return 0;
    for (char const c : text.substr(0, digits)) value = value * 10 + (c - '0');
    text.remove_prefix(digits);
    return value;
  }
  // The index of the name, whose first `size` letters (all of them if 0) stand here.
  template <std::size_t N>
  constexpr unsigned name(std::array<std::string_view, N> const& names, std::size_t size) noexcept {
    for (std::size_t i = 0; good && i != N; ++i) {
      auto const wanted = size == 0 ? names[i] : names[i].substr(0, size);
      if (text.starts_with(wanted)) {
        text.remove_prefix(wanted.size());
        return static_cast<unsigned>(i);
      }
    }
    good = false;
    return 0;
  }
};

}  // namespace detail

/// "Sun, 06 Nov 1994 08:49:37 GMT": 29 bytes. Years before 1970 and after 9999 are written as the nearest within.
[[nodiscard]] inline std::array<char, 29> format_imf_date(std::chrono::sys_seconds when) noexcept {
  using namespace std::chrono;
  when             = std::clamp(when, sys_seconds{}, sys_seconds{seconds{253402300799}});
  auto const day   = floor<days>(when);
  auto const date  = year_month_day(day);
  auto const time  = static_cast<unsigned>((when - day).count());
  auto const year  = static_cast<unsigned>(static_cast<int>(date.year()));
  auto const names = detail::day_names[weekday(day).c_encoding()];
  auto const month = detail::month_names[static_cast<unsigned>(date.month()) - 1U];

  std::array<char, 29> text{};
  std::size_t          at   = 0;
  auto const           put  = [&](std::string_view part) { at += part.copy(text.data() + at, part.size()); };
  auto const           pair = [&](unsigned value) {
    text[at++] = static_cast<char>('0' + value / 10);
    text[at++] = static_cast<char>('0' + value % 10);
  };
  put(names.substr(0, 3));
  put(", ");
  pair(static_cast<unsigned>(date.day()));
  put(" ");
  put(month);
  put(" ");
  pair(year / 100);
  pair(year % 100);
  put(" ");
  pair(time / 3600);
  put(":");
  pair(time / 60 % 60);
  put(":");
  pair(time % 60);
  put(" GMT");
  return text;
}

[[nodiscard]] inline std::string format_date(std::chrono::sys_seconds when) {
  auto const text = format_imf_date(when);
  return {text.data(), text.size()};
}

/// Reads the three forms that a recipient must know: IMF-fixdate, that of RFC 850 and that of asctime. The grammar is
/// kept to the letter, the day must exist and the name of the weekday must be its own. The leap second is allowed.
/// `now` decides the century of RFC 850's two digits: not more than 50 years ahead.
[[nodiscard]] constexpr std::optional<std::chrono::sys_seconds> parse_date(std::string_view         text,
                                                                           std::chrono::sys_seconds now) noexcept {
  using namespace std::chrono;
  detail::date_reader in{.text = text};
  int                 year_number = 0;
  unsigned            month_index = 0;
  int                 day_number  = 0;
  int                 hour        = 0;
  int                 minute      = 0;
  int                 second      = 0;
  bool                short_year  = false;
  auto const          time        = [&] {
    hour = in.number(2);
    in.literal(":");
    minute = in.number(2);
    in.literal(":");
    second = in.number(2);
  };
  auto const comma        = text.find(',');
  auto const weekday_name = in.name(detail::day_names, comma == std::string_view::npos || comma == 3 ? 3 : 0);
  if (comma == std::string_view::npos) {  // Sun Nov  6 08:49:37 1994
    in.literal(" ");
    month_index = in.name(detail::month_names, 0);
    in.literal(" ");
    bool const one_digit = in.text.starts_with(' ');
    if (one_digit) in.literal(" ");
    day_number = in.number(one_digit ? 1 : 2);
    in.literal(" ");
    time();
    in.literal(" ");
    year_number = in.number(4);
  } else {
    bool const fixed = comma == 3;  // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
    in.literal(", ");
    day_number = in.number(2);
    in.literal(fixed ? " " : "-");
    month_index = in.name(detail::month_names, 0);
    in.literal(fixed ? " " : "-");
    year_number = in.number(fixed ? 4 : 2);
    short_year  = !fixed;
    in.literal(" ");
    time();
    in.literal(" GMT");
  }
  if (!in.good || !in.text.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;

  if (short_year) {
    int const this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
    year_number += this_year / 100 * 100 + 100;
    while (year_number > this_year + 50) year_number -= 100;
  }
  auto const date = year_month_day(year{year_number}, month{month_index + 1}, day{static_cast<unsigned>(day_number)});
  if (!date.ok() || weekday(sys_days(date)).c_encoding() != weekday_name) return std::nullopt;
  return sys_days(date) + hours{hour} + minutes{minute} + seconds{second};
}

/// The same by the wall clock, which only the form of RFC 850 asks.
[[nodiscard]] inline std::optional<std::chrono::sys_seconds> parse_date(std::string_view text) {
  return parse_date(text, std::chrono::floor<std::chrono::seconds>(wall_clock()));
}

/// The Date line, written anew when the second changes. One for each loop: not to be shared between threads.
class date_line {
 public:
  /// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", until the next call.
  [[nodiscard]] std::string_view at(unix_millis now) noexcept {
    auto const second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != second_ || !written_) {
      auto const text = format_imf_date(second);
      std::string_view(text.data(), text.size()).copy(line_.data() + name.size(), text.size());
      second_  = second;
      written_ = true;
    }
    return {line_.data(), line_.size()};
  }

 private:
  static constexpr std::string_view name = "Date: ";

  std::array<char, 37> line_ = [] {
    std::array<char, 37> line{};
    name.copy(line.data(), name.size());
    line[35] = '\r';
    line[36] = '\n';
    return line;
  }();
  std::chrono::sys_seconds second_{};
  bool                     written_ = false;
};

}  // namespace tensorgate::http
