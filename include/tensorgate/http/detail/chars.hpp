// tensorgate/http/detail/chars.hpp: which bytes does each rule of the grammar admit?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

// One bit a rule.
inline constexpr std::uint8_t token_char  = 1;   // RFC 9110 §5.6.2 tchar
inline constexpr std::uint8_t value_char  = 2;   // RFC 9110 §5.5 field-vchar, and SP and HTAB between them
inline constexpr std::uint8_t quoted_char = 4;   // RFC 9110 §5.6.4 qdtext
inline constexpr std::uint8_t target_char = 8;   // RFC 3986 pchar without "%", and "/"; not "?", which splits
inline constexpr std::uint8_t host_char   = 16;  // RFC 3986 reg-name without "%" and ",": see authority.hpp
inline constexpr std::uint8_t digit_char  = 32;
inline constexpr std::uint8_t hex_char    = 64;

inline constexpr std::array<std::uint8_t, 256> char_rules = [] {
  std::array<std::uint8_t, 256> rules{};
  auto const                    is_in = [](std::string_view set, std::size_t c) {
    return c != 0 && set.find(static_cast<char>(c)) != std::string_view::npos;
  };
  for (std::size_t c = 0; c != 256; ++c) {
    bool const digit = c >= '0' && c <= '9';
    bool const alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool const ascii = c < 128;
    unsigned   bits  = 0;
    if (alpha || digit || (ascii && is_in("!#$%&'*+-.^_`|~", c))) bits |= token_char;
    if (c == '\t' || (c >= 0x20 && c != 0x7F)) bits |= value_char;
    if ((bits & value_char) != 0 && c != '"' && c != '\\') bits |= quoted_char;
    if (alpha || digit || (ascii && is_in("-._~!$&'()*+,;=:@/", c))) bits |= target_char;
    if (alpha || digit || (ascii && is_in("-._~!$&'()*+;=", c))) bits |= host_char;
    if (digit) bits |= digit_char;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= hex_char;
    rules[c] = static_cast<std::uint8_t>(bits);
  }
  return rules;
}();

/// True if `c` belongs to one of the sets in `rules`.
[[nodiscard]] constexpr bool is_char_of(std::uint8_t rules, char c) noexcept {
  return (char_rules[static_cast<unsigned char>(c)] & rules) != 0;
}

/// True if every byte of `text` belongs to one of the sets; so is the empty text.
[[nodiscard]] constexpr bool is_text_of(std::uint8_t rules, std::string_view text) noexcept {
  for (char const c : text) {
    if (!is_char_of(rules, c)) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace tensorgate::http::detail
