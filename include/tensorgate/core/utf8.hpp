// tensorgate/core/utf8.hpp: is this text UTF-8, and how is a character written in it?
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint32_t, uint64_t
#include <cstring>      // memcpy
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// The length of the character at `at`, which is not `end`; 0 if the bytes are not UTF-8 by RFC 3629 §4: an overlong
/// form, a surrogate, a value above U+10FFFF, a cut or stray byte.
[[nodiscard]] inline std::size_t utf8_length(char const* at, char const* end) noexcept {
  auto const     byte      = [&](int i) { return static_cast<unsigned char>(at[i]); };
  auto const     continues = [&](int i) { return (byte(i) & 0xc0U) == 0x80U; };
  auto const     left      = end - at;
  unsigned const lead      = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (lead > 0xf4 || left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return 4;
}

/// The value of a character whose length `utf8_length` gave.
[[nodiscard]] inline std::uint32_t utf8_value(char const* at, std::size_t length) noexcept {
  auto const byte = [&](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  if (length == 1) return byte(0);
  if (length == 2) return (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU);
  if (length == 3) return (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
  return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3fU) << 12U | (byte(2) & 0x3fU) << 6U | (byte(3) & 0x3fU);
}

/// Stores up to four bytes; returns the end.
[[nodiscard]] inline char* put_utf8(char* out, std::uint32_t value) noexcept {
  auto const put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xc0U | value >> 6U);
    put(0x80U | (value & 0x3fU));
  } else if (value < 0x10000) {
    put(0xe0U | value >> 12U);
    put(0x80U | (value >> 6U & 0x3fU));
    put(0x80U | (value & 0x3fU));
  } else {
    put(0xf0U | value >> 18U);
    put(0x80U | (value >> 12U & 0x3fU));
    put(0x80U | (value >> 6U & 0x3fU));
    put(0x80U | (value & 0x3fU));
  }
  return out;
}

/// How many characters a valid text has.
[[nodiscard]] inline std::size_t utf8_count(std::string_view text) noexcept {
  std::size_t count = 0;
  for (char const c : text) count += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1U : 0U;
  return count;
}

/// True if `text` is UTF-8 by RFC 3629 §4.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  auto const*       at  = text.data();
  auto const* const end = at + text.size();
  while (at != end) {
    if (end - at >= 8) {
      std::uint64_t block = 0;
      std::memcpy(&block, at, sizeof block);
      if ((block & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    auto const length = utf8_length(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace tensorgate
