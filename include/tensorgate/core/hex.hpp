// tensorgate/core/hex.hpp: bytes as hexadecimal text and back.
#pragma once

#include <cstddef>      // byte, size_t
#include <cstdint>      // uint8_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/bytes.hpp>  // bytes, bytes_view

namespace tensorgate::inline TENSORGATE_ABI {

/// The value of one hexadecimal digit of either case, or -1.
[[nodiscard]] constexpr int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// Lower-case hexadecimal, two digits a byte, no prefix.
[[nodiscard]] inline std::string to_hex(bytes_view data) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string                       text;
  text.reserve(data.size() * 2);
  for (auto const one : data) {
    auto const value = std::to_integer<std::uint8_t>(one);
    text.push_back(digits[value >> 4U]);
    text.push_back(digits[value & 15U]);
  }
  return text;
}

/// Exactly two digits a byte, either case, no prefix and no blanks; anything else is nothing.
[[nodiscard]] inline std::optional<bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  bytes data;
  data.reserve(text.size() / 2);
  for (std::size_t i = 0; i != text.size(); i += 2) {
    int const high = hex_value(text[i]);
    int const low  = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    data.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return data;
}

}  // namespace tensorgate
