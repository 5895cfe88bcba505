// tensorgate/reflect/text.hpp: a short text, from a query, a path, a flag or a config, as a value; and back.
//
//     integers        decimal, `-` where the type has a sign; no `+`, blank or leading zero; must fit
//     double, float   as JSON writes numbers; finite
//     bool            true, false
//     enum            the name of an enumerator
//     string, string_view   as it is
//     duration        a whole number and its unit: ns, us, ms, s, min, h, d ("250ms", "2h"); whole in its type's unit
//     byte_count      a whole number, alone or with B, KiB, MiB, GiB, TiB
//     optional<T>     as T; a text that is there has a value
//     other types     by their `text_form`
#pragma once

#include <array>        // array
#include <chrono>       // duration
#include <cmath>        // isfinite
#include <concepts>     // same_as
#include <cstdint>      // uint64_t
#include <limits>       // numeric_limits
#include <ratio>        // ratio
#include <string>       // string
#include <string_view>  // string_view
#include <type_traits>  // is_enum_v
#include <utility>      // pair, move

#include <tensorgate/core/result.hpp>                  // result, fail
#include <tensorgate/reflect/detail/double_write.hpp>  // write_double, write_unsigned
#include <tensorgate/reflect/detail/number_read.hpp>   // split_number
#include <tensorgate/reflect/enum_names.hpp>           // value_named
#include <tensorgate/reflect/errc.hpp>                 // errc
#include <tensorgate/reflect/traits.hpp>               // text_form

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// An amount of memory or of data.
struct byte_count {
  std::uint64_t value = 0;  // bytes

  friend auto operator<=>(byte_count, byte_count) = default;
};

namespace detail {

/// The digits that the text begins with, as a number; what follows them in `rest`.
[[nodiscard]] inline result<std::uint64_t> leading_number(std::string_view text, std::string_view& rest) {
  std::size_t digits = 0;
  while (digits != text.size() && is_digit(text[digits])) ++digits;
  rest = text.substr(digits);
  if (digits == 0 || (text.front() == '0' && digits != 1)) return fail(errc::wrong_type, "a whole number");
  std::uint64_t value = 0;
  for (char const c : text.substr(0, digits)) {
    auto const digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
      return fail(errc::out_of_range, "a smaller number");
    value = value * 10 + digit;
  }
  return value;
}

template <class T>
[[nodiscard]] result<T> integer_from_text(std::string_view text) {
  constexpr auto most     = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  bool           negative = false;
  if constexpr (std::is_signed_v<T>) {
    negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
  }
  std::string_view rest;
  auto const       value = leading_number(text, rest);
  if (!value) return fail(value);
  if (!rest.empty()) return fail(errc::wrong_type, "a whole number");
  if (*value > most + (negative ? 1U : 0U)) return fail(errc::out_of_range, "a whole number in the range of its type");
  return static_cast<T>(negative ? std::uint64_t{0} - *value : *value);
}

struct unit {
  std::string_view name;
  std::uint64_t    size;
};
inline constexpr std::array<unit, 7> time_units{{{"ns", 1},
                                                 {"us", 1'000},
                                                 {"ms", 1'000'000},
                                                 {"s", 1'000'000'000},
                                                 {"min", 60'000'000'000},
                                                 {"h", 3'600'000'000'000},
                                                 {"d", 86'400'000'000'000}}};
inline constexpr std::array<unit, 6> byte_units{
    {{"", 1}, {"B", 1}, {"KiB", 1ULL << 10U}, {"MiB", 1ULL << 20U}, {"GiB", 1ULL << 30U}, {"TiB", 1ULL << 40U}}};

/// number × unit, in units of the smallest.
template <std::size_t N>
[[nodiscard]] result<std::uint64_t> measured(std::string_view text, std::array<unit, N> const& units,
                                             std::string_view expected) {
  std::string_view rest;
  auto const       value = leading_number(text, rest);
  if (!value) return fail(value.error().code, expected);
  for (auto const& [name, size] : units) {
    if (name != rest) continue;
    if (*value > std::numeric_limits<std::uint64_t>::max() / size) return fail(errc::out_of_range, "a smaller amount");
    return *value * size;
  }
  return fail(errc::wrong_type, expected);
}

inline constexpr std::string_view duration_expected = "a duration such as 250ms, 10s, 1min or 2h";

template <class Rep, class Period>
[[nodiscard]] result<std::chrono::duration<Rep, Period>> duration_from_text(std::string_view text) {
  using duration = std::chrono::duration<Rep, Period>;
  using nano     = std::ratio_divide<Period, std::nano>;
  static_assert(nano::den == 1, "reflect: durations finer than a nanosecond have no text");
  auto const nanos = measured(text, time_units, duration_expected);
  if (!nanos) return fail(nanos);
  // What does not fit the clocks' nanoseconds would overflow once it is added to a moment.
  if (*nanos > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fail(errc::out_of_range, "a shorter duration");
  constexpr auto step = static_cast<std::uint64_t>(nano::num);
  if (*nanos % step != 0) return fail(errc::rule, "a duration that is whole in its own unit");
  return duration{static_cast<Rep>(*nanos / step)};
}

/// True if a double keeps being finite as a `T`.
template <class T>
[[nodiscard]] constexpr bool fits(double value) noexcept {
  return value <= static_cast<double>(std::numeric_limits<T>::max()) &&
         value >= static_cast<double>(std::numeric_limits<T>::lowest());
}

template <class T>
[[nodiscard]] result<T> floating_from_text(std::string_view text) {
  auto const parts = split_number(text.data(), text.data() + text.size());
  if (parts.end != text.data() + text.size() || text.empty()) return fail(errc::wrong_type, "a number");
  double value = 0;
  if (!to_double(text.data(), parts, value)) return fail(errc::out_of_range, "a number that a double can hold");
  if (!fits<T>(value)) return fail(errc::out_of_range, "a number that a float can hold");
  return static_cast<T>(value);
}

template <std::size_t N>
void append_measured(std::string& out, std::uint64_t value, std::array<unit, N> const& units) {
  auto best = units.front();
  for (auto const& one : units) {
    if (value != 0 && value % one.size == 0 && one.size >= best.size && !one.name.empty()) best = one;
  }
  out.append(std::to_string(value / best.size))
      .append(best.size == 1 && units.front().name.empty() ? std::string_view{} : best.name);
}

}  // namespace detail

template <>
struct text_form<byte_count> {
  static constexpr std::string_view       expected = "a size such as 512, 16KiB or 1MiB";
  static constexpr std::string_view       pattern  = "[0-9]+(B|KiB|MiB|GiB|TiB)?";
  [[nodiscard]] static result<byte_count> parse(std::string_view text) {
    auto const value = detail::measured(text, detail::byte_units, expected);
    if (!value) return fail(value);
    return byte_count{*value};
  }
  static void append(std::string& out, byte_count value) {
    detail::append_measured(out, value.value, detail::byte_units);
  }
};

/// The value that a text stands for. The note of a failure says what was expected.
template <class T>
[[nodiscard]] result<T> from_text(std::string_view text) {
  if constexpr (detail::has_text_form<T>) {
    return text_form<T>::parse(text);
  } else if constexpr (std::same_as<T, bool>) {
    if (text == "true") return true;
    if (text == "false") return false;
    return fail(errc::wrong_type, "true or false");
  } else if constexpr (detail::is_integer<T>) {
    return detail::integer_from_text<T>(text);
  } else if constexpr (std::is_floating_point_v<T>) {
    return detail::floating_from_text<T>(text);
  } else if constexpr (detail::is_text<T>) {
    return T{text};
  } else if constexpr (std::is_enum_v<T>) {
    auto const value = value_named<T>(text);
    if (!value) return fail(errc::rule, enum_choices<T>.view());
    return *value;
  } else if constexpr (detail::is_duration<T>) {
    return detail::duration_from_text<typename T::rep, typename T::period>(text);
  } else if constexpr (detail::is_optional<T>) {
    auto value = from_text<typename T::value_type>(text);
    if (!value) return fail(value);
    return T{std::move(*value)};
  } else {
    static_assert(detail::never<T>, "reflect: this type has no text; specialise text_form for it");
  }
}

/// Appends the text that `from_text` reads back; of an empty optional, an enum's value without a name
/// or a number that is not finite, nothing.
template <class T>
void append_text(std::string& out, T const& value) {
  if constexpr (detail::has_text_form<T>) {
    text_form<T>::append(out, value);
  } else if constexpr (std::same_as<T, bool>) {
    out.append(value ? "true" : "false");
  } else if constexpr (detail::is_integer<T>) {
    out.append(std::to_string(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return;
    std::array<char, detail::double_room> digits{};
    out.append(digits.data(), detail::write_double(digits.data(), static_cast<double>(value)));
  } else if constexpr (detail::is_text<T>) {
    out.append(value);
  } else if constexpr (std::is_enum_v<T>) {
    out.append(name_of(value));
  } else if constexpr (detail::is_duration<T>) {
    auto const nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(value).count();
    if (nanos < 0) out.push_back('-');
    detail::append_measured(
        out, nanos < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(nanos) : static_cast<std::uint64_t>(nanos),
        detail::time_units);
  } else if constexpr (detail::is_optional<T>) {
    if (value) append_text(out, *value);
  } else {
    static_assert(detail::never<T>, "reflect: this type has no text; specialise text_form for it");
  }
}

template <class T>
[[nodiscard]] std::string to_text(T const& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace tensorgate::reflect
