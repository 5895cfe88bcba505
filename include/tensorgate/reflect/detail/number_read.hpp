// tensorgate/reflect/detail/number_read.hpp: the text of a JSON number as the nearest double, or as an exact integer.
//
// Grammar: RFC 8259 §6. Rounding: up to 15 digits by exact arithmetic (W. D. Clinger, 1990), up to 19 by the 128-bit
// product of D. Lemire, "Number parsing at a gigabyte per second" (2021); what these leave open goes to
// std::from_chars.
#pragma once

#include <array>         // array
#include <bit>           // bit_cast, countl_zero, countr_zero
#include <charconv>      // from_chars
#include <cstddef>       // size_t
#include <cstdint>       // uint64_t
#include <cstring>       // memcpy
#include <system_error>  // errc

#include <tensorgate/core/abi.hpp>                      // TENSORGATE_ABI
#include <tensorgate/reflect/detail/powers_of_ten.hpp>  // powers_of_ten
#include <tensorgate/reflect/detail/wide.hpp>           // multiply

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// Eight bytes as a number whose lowest byte came first.
[[nodiscard]] inline std::uint64_t get_word(char const* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// How many of eight characters, from the first on, are digits.
[[nodiscard]] inline unsigned leading_digits(std::uint64_t word) noexcept {
  // A digit has 3 above it, and adding 6 keeps it there. A carry out of a byte can only follow a byte that is no digit.
  std::uint64_t const wrong = ((word & 0xf0f0f0f0f0f0f0f0U) ^ 0x3030303030303030U) |
                              (((word + 0x0606060606060606U) & 0xf0f0f0f0f0f0f0f0U) ^ 0x3030303030303030U);
  return static_cast<unsigned>(std::countr_zero(wrong)) / 8;
}

/// The value of eight digits.
[[nodiscard]] inline std::uint64_t value_of_eight(std::uint64_t word) noexcept {
  word = (word & 0x0f0f0f0f0f0f0f0fU) * 2561 >> 8U;
  word = (word & 0x00ff00ff00ff00ffU) * 6553601 >> 16U;
  return (word & 0x0000ffff0000ffffU) * 42949672960001U >> 32U;
}

inline constexpr std::array<std::uint64_t, 20> whole_powers = [] {
  std::array<std::uint64_t, 20> table{1};
  for (std::size_t i = 1; i != table.size(); ++i) table[i] = table[i - 1] * 10;
  return table;
}();
inline constexpr std::array<double, 23> exact_powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

[[nodiscard]] inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Reads digits into `value`, which wraps if there are more than 19; returns the end of the digits.
[[nodiscard]] inline char const* read_digits(char const* at, char const* end, std::uint64_t& value) noexcept {
  while (end - at >= 8) {
    auto const     word  = get_word(at);
    unsigned const count = leading_digits(word);
    if (count == 8) {
      value = value * 100000000 + value_of_eight(word);
      at += 8;
      continue;
    }
    if (count == 0) return at;
    value = value * whole_powers[count] + value_of_eight(word << (64 - 8 * count));
    return at + count;
  }
  while (at != end && is_digit(*at)) value = value * 10 + static_cast<std::uint64_t>(*at++ - '0');
  return at;
}

/// A JSON number, taken apart. `end` is null where the text is none.
struct number_parts {
  char const*   end      = nullptr;
  std::uint64_t digits   = 0;  // all digits as one number; wrapped if there are more than 19 of them
  std::int64_t  exponent = 0;  // of ten; the fraction's length is taken off; held within ±10^8
  std::size_t   count    = 0;  // of digits, without leading zeros of the fraction or the whole part
  bool          negative = false;
  bool          whole    = false;  // neither fraction nor exponent stands in the text
};

[[nodiscard]] inline number_parts split_number(char const* at, char const* end) noexcept {
  number_parts parts;
  if (at == end) return parts;
  parts.negative = *at == '-';
  at += parts.negative ? 1 : 0;
  auto const* const start = at;
  if (at == end || !is_digit(*at)) return parts;
  if (*at == '0') {
    ++at;
    if (at != end && is_digit(*at)) return parts;  // no leading zeros
  } else {
    at          = read_digits(at, end, parts.digits);
    parts.count = static_cast<std::size_t>(at - start);
  }
  parts.whole = true;
  if (at != end && *at == '.') {
    parts.whole            = false;
    auto const* const from = ++at;
    at                     = read_digits(at, end, parts.digits);
    if (at == from) return parts;
    parts.exponent = from - at;
    if (parts.count != 0) {
      parts.count += static_cast<std::size_t>(at - from);
    } else {
      auto const* first = from;
      if (at - from > 19) {
        while (first != at && *first == '0') ++first;
      }
      parts.count = static_cast<std::size_t>(at - first);
    }
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    parts.whole = false;
    ++at;
    bool const down = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    auto const*  from  = at;
    std::int64_t scale = 0;
    for (; at != end && is_digit(*at); ++at) {
      if (scale < 100000000) scale = scale * 10 + (*at - '0');
    }
    if (at == from) return parts;
    parts.exponent += down ? -scale : scale;
  }
  parts.end = at;
  return parts;
}

/// digits × 10^exponent, rounded to the nearest double, for digits ≠ 0 of at most 19 places; false where the product of
/// 128 bits does not decide. Infinite if out of range.
[[nodiscard]] inline bool nearest_double(std::uint64_t digits, std::int64_t exponent, double& out) noexcept {
  if (exponent < first_power) {
    out = 0;
    return true;
  }
  if (exponent > 308) {
    out = std::bit_cast<double>(std::uint64_t{0x7ff} << 52U);
    return true;
  }
  int const  zeros = std::countl_zero(digits);
  auto const w     = digits << static_cast<unsigned>(zeros);
  auto       power = powers_of_ten[static_cast<std::size_t>(exponent - first_power)];
  if (exponent > 55 || exponent < -27) {  // the method wants these rounded down
    power.high -= power.low == 0 ? 1U : 0U;
    power.low -= 1;
  }
  auto product = multiply(w, power.high);
  if ((product.high & 0x1ffU) == 0x1ffU) {  // the lower half may carry into the bits that are kept
    auto const rest = multiply(w, power.low);
    product.low += rest.high;
    if (product.low < rest.high) ++product.high;
    if (product.low == ~std::uint64_t{0} && (exponent < -27 || exponent > 55)) return false;
  }
  auto const upper    = static_cast<int>(product.high >> 63U);
  auto const shift    = static_cast<unsigned>(upper + 9);
  auto       mantissa = product.high >> shift;  // 54 bits: one more than a double keeps
  // floor(log2(10^q)) = q × 217706 / 2^16 in this range
  auto power_of_two = static_cast<int>((217706 * exponent) >> 16U) + 63 + upper - zeros + 1023;
  if (power_of_two <= 0) {  // below the normal range: fewer bits are kept
    if (power_of_two <= -63) {
      out = 0;
      return true;
    }
    mantissa >>= static_cast<unsigned>(1 - power_of_two);
    mantissa += mantissa & 1U;
    mantissa >>= 1U;
    out = std::bit_cast<double>(mantissa);  // a carry into bit 52 makes the smallest normal number, as it should
    return true;
  }
  // Exactly between two doubles is possible for small powers only; then an even result stays.
  if (product.low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3U) == 1 &&
      (mantissa << shift) == product.high) {
    mantissa &= ~std::uint64_t{1};
  }
  mantissa += mantissa & 1U;
  mantissa >>= 1U;
  if (mantissa >= std::uint64_t{1} << 53U) {
    mantissa = std::uint64_t{1} << 52U;
    ++power_of_two;
  }
  mantissa &= ~(std::uint64_t{1} << 52U);
  if (power_of_two >= 0x7ff) {
    out = std::bit_cast<double>(std::uint64_t{0x7ff} << 52U);
    return true;
  }
  out = std::bit_cast<double>(mantissa | static_cast<std::uint64_t>(power_of_two) << 52U);
  return true;
}

[[nodiscard]] inline bool slow_double(char const* at, char const* end, double& out) noexcept {
  auto const got = std::from_chars(at, end, out);
  if (got.ec == std::errc::result_out_of_range) {
    auto const parts =
        split_number(at, end);  // from_chars leaves the value alone: too small is 0, too large is refused
    out = parts.negative ? -0.0 : 0.0;
    return parts.exponent + static_cast<std::int64_t>(parts.count) <= 0;
  }
  return got.ec == std::errc{};
}

/// The double nearest to the number that starts at `at` and was taken apart as `parts`; false if it is larger than any.
[[nodiscard]] inline bool to_double(char const* at, number_parts const& parts, double& out) noexcept {
  constexpr std::uint64_t exact = std::uint64_t{1} << 53U;
  if (parts.count <= 19) {
    auto value = static_cast<double>(parts.digits);
    if (parts.digits <= exact && parts.exponent >= -22 && parts.exponent <= 22) {
      if (parts.exponent < 0) {
        value /= exact_powers[static_cast<std::size_t>(-parts.exponent)];
      } else {
        value *= exact_powers[static_cast<std::size_t>(parts.exponent)];
      }
    } else if (parts.digits == 0) {
      value = 0;
    } else if (!nearest_double(parts.digits, parts.exponent, value)) {
      return slow_double(at, parts.end, out);
    }
    out = parts.negative ? -value : value;
    return std::bit_cast<std::uint64_t>(value) != std::uint64_t{0x7ff} << 52U;
  }
  return slow_double(at, parts.end, out);
}

/// Up to seven digits at once. False if there are more, or none; `at` moves behind them.
[[nodiscard]] __attribute__((always_inline)) inline bool read_few_digits(char const*& at, unsigned& count,
                                                                         std::uint64_t& value) noexcept {
  auto const word = get_word(at);
  count           = leading_digits(word);
  if (count - 1 >= 7) return false;
  value = value_of_eight(word << (64 - 8 * count));
  at += count;
  return true;
}

/// Digits after the point, at most 23, onto `value`; returns how many there are, 24 for more.
[[nodiscard]] __attribute__((always_inline)) inline unsigned read_places(char const*    at,
                                                                         std::uint64_t& value) noexcept {
  unsigned places = 0;
  for (int i = 0; i != 3; ++i) {
    auto const word  = get_word(at + places);
    auto const count = leading_digits(word);
    if (count == 0) return places;
    value = value * whole_powers[count] + value_of_eight(word << (64 - 8 * count));
    places += count;
    if (count != 8) return places;
  }
  return 24;
}

/// The common form of a double: at most seven digits before the point, at most 19 in all, an exponent of at most two
/// digits, and not within 48 bytes of the end. Null if the text is anything else, which is for `split_number` to say.
[[nodiscard]] inline char const* read_common_double(char const* at, char const* end, double& out) noexcept {
  if (end - at < 48) return nullptr;
  bool const negative = *at == '-';
  at += negative ? 1 : 0;
  char const    first = *at;
  unsigned      whole = 0;
  std::uint64_t value = 0;
  if (!read_few_digits(at, whole, value) || (first == '0' && whole != 1)) return nullptr;
  int scale = 0;
  if (*at == '.') {
    auto const places = read_places(++at, value);
    if (places == 0 || whole + places > 19) return nullptr;
    at += places;
    scale = -static_cast<int>(places);
  }
  if ((*at | 0x20) == 'e') [[unlikely]] {
    bool const down = at[1] == '-';
    at += down || at[1] == '+' ? 2 : 1;
    if (!is_digit(at[0])) return nullptr;
    int exponent = *at++ - '0';
    if (is_digit(at[0])) exponent = exponent * 10 + (*at++ - '0');
    if (is_digit(at[0])) return nullptr;
    scale += down ? -exponent : exponent;
  }
  auto result = static_cast<double>(value);
  if (value <= std::uint64_t{1} << 53U && scale <= 0 && scale >= -22) {
    if (scale != 0) result /= exact_powers[static_cast<std::size_t>(-scale)];
  } else if (value != 0 && !nearest_double(value, scale, result)) {
    return nullptr;
  }
  out = negative ? -result : result;
  return at;
}

/// The common form of a whole number: at most 15 digits, and not within 24 bytes of the end. Null if it is anything
/// else.
[[nodiscard]] inline char const* read_common_integer(char const* at, char const* end, std::uint64_t& out) noexcept {
  if (end - at < 24) return nullptr;
  auto       word  = get_word(at);
  auto const count = leading_digits(word);
  if (count == 0 || (*at == '0' && count != 1)) return nullptr;
  out = value_of_eight(word << (64 - 8 * count));
  at += count;
  if (count == 8) {
    word            = get_word(at);
    auto const more = leading_digits(word);
    if (more == 8) return nullptr;
    if (more != 0) {
      out = out * whole_powers[more] + value_of_eight(word << (64 - 8 * more));
      at += more;
    }
  }
  return *at == '.' || (*at | 0x20) == 'e' ? nullptr : at;
}

}  // namespace tensorgate::reflect::detail
