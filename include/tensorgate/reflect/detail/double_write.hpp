// tensorgate/reflect/detail/double_write.hpp: the shortest decimal that reads back as the same double, as Python prints
// it.
//
// The search for the shortest digits is Raffaele Giulietti's ("The Schubfach way to render doubles", 2020): of the two
// candidates one digit shorter and the two of full length, take one that lies in the interval that rounds to the value.
#pragma once

#include <array>     // array
#include <bit>       // bit_cast
#include <charconv>  // to_chars, from_chars
#include <cstddef>   // size_t
#include <cstdint>   // uint64_t
#include <cstring>   // memcpy, memset

#include <tensorgate/core/abi.hpp>                      // TENSORGATE_ABI
#include <tensorgate/reflect/detail/powers_of_ten.hpp>  // powers_of_ten
#include <tensorgate/reflect/detail/wide.hpp>           // multiply

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// digits × 10^exponent; `digits` may end in zeros.
struct decimal {
  std::uint64_t digits;
  int           exponent;
};

/// The upper 64 bits of power × factor / 2^64, with the lowest bit set if anything below it was lost.
[[nodiscard]] inline std::uint64_t multiply_to_odd(power_of_ten power, std::uint64_t factor) noexcept {
  auto const low   = multiply(power.low, factor);
  auto const high  = multiply(power.high, factor);
  auto const under = high.low + low.high;
  return (high.high + (under < high.low ? 1U : 0U)) | (under > 1 ? 1U : 0U);
}

/// The shortest decimal of a finite value above zero, closest to it among those of that length.
[[nodiscard]] inline decimal shortest_decimal(std::uint64_t bits) noexcept {
  constexpr std::uint64_t hidden   = std::uint64_t{1} << 52U;
  std::uint64_t const     fraction = bits & (hidden - 1);
  int const               biased   = static_cast<int>((bits >> 52U) & 0x7ffU);

  std::uint64_t c = fraction;  // the value is c × 2^q
  int           q = -1074;
  if (biased != 0) {
    c |= hidden;
    q = biased - 1075;
    if (q <= 0 && q > -53 && (c & ((std::uint64_t{1} << static_cast<unsigned>(-q)) - 1)) == 0) {
      return {c >> static_cast<unsigned>(-q), 0};  // a whole number below 2^53 is its own shortest text
    }
  }

  // Half a step above and below belongs to the value; the ends too if its last bit is 0. Below a power of two the step
  // halves.
  std::uint64_t const odd    = c & 1U;
  bool const          narrow = fraction == 0 && biased > 1;
  int const           k      = (q * 1262611 - (narrow ? 524031 : 0)) >> 22;  // floor(log10(2^q)), or of ¾ × 2^q
  auto const          h      = static_cast<unsigned>(q + ((-k * 1741647) >> 19) + 1);  // 1 … 4
  auto const          power  = powers_of_ten[static_cast<std::size_t>(-k - first_power)];
  std::uint64_t const below  = multiply_to_odd(power, (4 * c - (narrow ? 1 : 2)) << h) + odd;
  std::uint64_t const value  = multiply_to_odd(power, (4 * c) << h);
  std::uint64_t const above  = multiply_to_odd(power, (4 * c + 2) << h) - odd;
  std::uint64_t const s      = value / 4;

  if (s >= 10) {
    std::uint64_t const shorter     = s / 10;
    bool const          lower_fits  = below <= 40 * shorter;
    bool const          higher_fits = 40 * shorter + 40 <= above;
    if (lower_fits != higher_fits) return {shorter + (higher_fits ? 1U : 0U), k + 1};
  }
  bool const lower_fits  = below <= 4 * s;
  bool const higher_fits = 4 * s + 4 <= above;
  if (lower_fits != higher_fits) return {s + (higher_fits ? 1U : 0U), k};
  std::uint64_t const middle = 4 * s + 2;
  return {s + (value > middle || (value == middle && (s & 1U) != 0) ? 1U : 0U), k};
}

inline constexpr std::array<char, 200> two_digits = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i != 100; ++i) {
    table[2 * i]     = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

/// Eight digits with leading zeros, as text in one word: the first digit in the lowest byte.
[[nodiscard]] inline std::uint64_t eight_digits(std::uint32_t value) noexcept {
  // Each step splits every lane in two: 8 digits → 4 + 4 → 2 + 2 → 1 + 1, by multiplying with a rounded-up reciprocal.
  std::uint64_t const high     = value / 10000;
  std::uint64_t const fours    = high | (std::uint64_t{value} - high * 10000) << 32U;
  std::uint64_t const hundreds = ((fours * 10486U) >> 20U) & 0x0000007f0000007fU;
  std::uint64_t const twos     = hundreds | (fours - hundreds * 100) << 16U;
  std::uint64_t const tens     = ((twos * 103U) >> 10U) & 0x000f000f000f000fU;
  return (tens | (twos - tens * 10) << 8U) | 0x3030303030303030U;
}

inline void put_word(char* out, std::uint64_t word) noexcept {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(out, &word, 8);
}

/// The most characters `write_double` stores, counting those it overwrites again: callers give it this much room.
inline constexpr std::size_t double_room = 40;

/// Appends a finite value at `out`: `0.1`, `100000.0`, `7e-05`, `1e+16`, `-0.0`; returns the end.
[[nodiscard]] inline char* write_double(char* out, double value) noexcept {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if (bits >> 63U != 0) *out++ = '-';
  bits &= ~(std::uint64_t{1} << 63U);
  if (bits == 0) {
    std::memcpy(out, "0.0", 3);
    return out + 3;
  }
  auto [digits, exponent] = shortest_decimal(bits);

  // Seventeen digits in a buffer, left-justified; trailing zeros are counted away from the words themselves.
  std::array<char, 24> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  int                  count      = 0;
  auto const           count_word = [](std::uint64_t word) {  // digits of a word up to its last that is not 0
    return 8 - __builtin_clzll((word & 0x0f0f0f0f0f0f0f0fU) | 1U) / 8;
  };
  int length = 0;  // decimal digits of `digits`
  if (digits >= 100000000) {
    auto const top      = digits / 100000000;
    auto const tail     = eight_digits(static_cast<std::uint32_t>(digits - top * 100000000));
    auto const has_tail = (tail & 0x0f0f0f0f0f0f0f0fU) != 0;
    if (top >= 100000000) {
      auto const first = static_cast<std::uint32_t>(top / 100000000);  // 1 … 18 or so: at most two digits
      auto const next  = eight_digits(static_cast<std::uint32_t>(top - std::uint64_t{first} * 100000000));
      char*      to    = text.data();
      if (first >= 10) *to++ = static_cast<char>('0' + first / 10);
      *to++ = static_cast<char>('0' + first % 10);
      put_word(to, next);
      put_word(to + 8, tail);
      int const lead = static_cast<int>(to - text.data());
      length         = lead + 16;
      count          = has_tail                            ? lead + 8 + count_word(tail)
                       : (next & 0x0f0f0f0f0f0f0f0fU) != 0 ? lead + count_word(next)
                                                           : lead;
    } else {
      auto const word = eight_digits(static_cast<std::uint32_t>(top));
      int const  skip = __builtin_ctzll(word & 0x0f0f0f0f0f0f0f0fU) / 8;
      put_word(text.data(), word >> static_cast<unsigned>(8 * skip));
      put_word(text.data() + 8 - skip, tail);
      length = 16 - skip;
      count  = has_tail ? 8 - skip + count_word(tail) : count_word(word) - skip;
    }
  } else {
    auto const word = eight_digits(static_cast<std::uint32_t>(digits));
    int const  skip = __builtin_ctzll(word & 0x0f0f0f0f0f0f0f0fU) / 8;
    put_word(text.data(), word >> static_cast<unsigned>(8 * skip));
    length = 8 - skip;
    count  = count_word(word) - skip;
  }
  while (count > 1 && text[static_cast<std::size_t>(count - 1)] == '0') --count;  // a lead of "10", nothing after it

  int const  point = length + exponent;  // the value is 0.d1d2… × 10^point
  auto const shown = static_cast<std::size_t>(count);
  if (point > 0 && point <= 16) {
    auto const whole = static_cast<std::size_t>(point);
    std::memset(out, '0', 24);
    if (shown <= whole) {
      std::memcpy(out, text.data(), shown);
      std::memcpy(out + whole, ".0", 2);
      return out + whole + 2;
    }
    std::memcpy(out, text.data(), 16);
    out[whole] = '.';
    std::memcpy(out + whole + 1, text.data() + whole, shown - whole);
    return out + shown + 1;
  }
  if (point <= 0 && point > -4) {
    std::memcpy(out, "0.000", 5);
    out += 2 - point;
    std::memcpy(out, text.data(), 24);
    return out + shown;
  }
  *out++ = text[0];
  if (shown > 1) {
    *out++ = '.';
    std::memcpy(out, text.data() + 1, 20);
    out += shown - 1;
  }
  int scale = point - 1;
  *out++    = 'e';
  *out++    = scale < 0 ? '-' : '+';
  if (scale < 0) scale = -scale;
  if (scale >= 100) {
    *out++ = static_cast<char>('0' + scale / 100);
    scale %= 100;
  }
  std::memcpy(out, &two_digits[static_cast<std::size_t>(scale) * 2], 2);
  return out + 2;
}

/// A float: the shortest text that reads back as the same float.
[[nodiscard]] inline char* write_float(char* out, float value) noexcept {
  std::array<char, double_room> text{};
  auto const shortest = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  double     same     = 0;  // the double nearest to that text has it as its own shortest text
  std::from_chars(text.data(), shortest.ptr, same);
  return write_double(out, same);
}

/// The decimal text of a whole number; at most 20 characters are stored.
[[nodiscard]] inline char* write_unsigned(char* out, std::uint64_t value) noexcept {
  if (value < 100) {
    if (value >= 10) *out++ = two_digits[static_cast<std::size_t>(2 * value)];
    *out = two_digits[static_cast<std::size_t>(2 * value + 1)];
    return out + 1;
  }
  if (value >= 100000000) {
    auto const top = value / 100000000;
    out            = write_unsigned(out, top);
    put_word(out, eight_digits(static_cast<std::uint32_t>(value - top * 100000000)));
    return out + 8;
  }
  auto const word = eight_digits(static_cast<std::uint32_t>(value));
  int const  skip = __builtin_ctzll(word & 0x0f0f0f0f0f0f0f0fU) / 8;
  put_word(out, word >> static_cast<unsigned>(8 * skip));  // up to 8 bytes past the end of a short number
  return out + 8 - skip;
}

[[nodiscard]] inline char* write_signed(char* out, std::int64_t value) noexcept {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++    = '-';
    magnitude = 0 - magnitude;
  }
  return write_unsigned(out, magnitude);
}

}  // namespace tensorgate::reflect::detail
