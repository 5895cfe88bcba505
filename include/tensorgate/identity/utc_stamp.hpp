// tensorgate/identity/utc_stamp.hpp: a moment as people write it in files: 2027-01-31T12:00:00Z.
#pragma once

#include <charconv>      // from_chars
#include <chrono>        // year_month_day
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc

#include <tensorgate/core/result.hpp>     // result
#include <tensorgate/core/time.hpp>       // unix_millis
#include <tensorgate/reflect/errc.hpp>    // errc
#include <tensorgate/reflect/traits.hpp>  // text_form

namespace tensorgate::inline TENSORGATE_ABI::identity {

/// A moment in UTC, to the second.
struct utc_stamp {
  std::chrono::sys_seconds value{};

  friend auto operator<=>(utc_stamp const&, utc_stamp const&) = default;
};

/// "2027-01-31", which is its first second, or "2027-01-31T12:00:00Z". Years 1970 to 9999; the calendar is checked.
[[nodiscard]] inline std::optional<utc_stamp> parse_utc(std::string_view text) noexcept {
  auto const number = [&](std::size_t at, std::size_t size) -> int {
    int value = 0;
    for (auto const one : text.substr(at, size)) {
      if (one < '0' || one > '9') return -1;
      value = value * 10 + (one - '0');
    }
    return value;
  };
  bool const day_alone = text.size() == 10;
  if ((!day_alone && text.size() != 20) || text[4] != '-' || text[7] != '-') return std::nullopt;
  int const year  = number(0, 4);
  int const month = number(5, 2);
  int const day   = number(8, 2);
  if (year < 1970 || month < 1 || day < 1) return std::nullopt;
  std::chrono::year_month_day const date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  std::chrono::sys_seconds made = std::chrono::sys_days(date);
  if (!day_alone) {
    if (text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z') return std::nullopt;
    int const hour   = number(11, 2);
    int const minute = number(14, 2);
    int const second = number(17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
    made += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  }
  return utc_stamp{made};
}

[[nodiscard]] inline std::string to_text(utc_stamp of) {
  auto const  days = std::chrono::floor<std::chrono::days>(of.value);
  auto const  date = std::chrono::year_month_day(days);
  auto const  rest = (of.value - days).count();
  std::string made;
  auto const  put = [&made](long value, std::size_t digits) {
    auto const text = std::to_string(value);
    if (text.size() < digits) made.append(digits - text.size(), '0');
    made += text;
  };
  put(static_cast<int>(date.year()), 4);
  made += '-';
  put(static_cast<long>(static_cast<unsigned>(date.month())), 2);
  made += '-';
  put(static_cast<long>(static_cast<unsigned>(date.day())), 2);
  made += 'T';
  put(rest / 3600, 2);
  made += ':';
  put(rest / 60 % 60, 2);
  made += ':';
  put(rest % 60, 2);
  return made + "Z";
}

[[nodiscard]] inline utc_stamp stamp_of(unix_millis when) noexcept {
  return {std::chrono::floor<std::chrono::seconds>(when)};
}

}  // namespace tensorgate::identity

template <>
struct tensorgate::reflect::text_form<tensorgate::identity::utc_stamp> {
  using stamp                                 = tensorgate::identity::utc_stamp;
  static constexpr std::string_view  expected = "a day or moment in UTC such as 2027-01-31 or 2027-01-31T12:00:00Z";
  static constexpr std::string_view  format   = "date-time";
  [[nodiscard]] static result<stamp> parse(std::string_view text) {
    auto const made = tensorgate::identity::parse_utc(text);
    if (!made) return fail(errc::wrong_type, expected);
    return *made;
  }
  static void append(std::string& out, stamp const& of) { out += tensorgate::identity::to_text(of); }
};
