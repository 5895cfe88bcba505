// tensorgate/codec/percent.hpp: percent-encoding of URIs (RFC 3986 §2.1), both ways.
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/codec/error.hpp>  // errc
#include <tensorgate/core/hex.hpp>     // hex_value
#include <tensorgate/core/result.hpp>  // result

namespace tensorgate::inline TENSORGATE_ABI::codec {

/// How a plus sign is read: forms write a blank so, paths do not.
enum class plus_sign : std::uint8_t { itself, blank };

/// True if decoding would change the text or fail.
[[nodiscard]] constexpr bool is_percent_encoded(std::string_view text, plus_sign plus = plus_sign::itself) noexcept {
  return text.find('%') != std::string_view::npos ||
         (plus == plus_sign::blank && text.find('+') != std::string_view::npos);
}

/// Appends `text`, each `%xx` as its byte. One pass: what it yields is not decoded again. False, and `out` as it was,
/// if an escape has not two hexadecimal digits. Appends at most `text.size()` bytes.
[[nodiscard]] inline bool append_percent_decoded(std::string& out, std::string_view text,
                                                 plus_sign plus = plus_sign::itself) {
  auto const before = out.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      int const high = text.size() - i > 2 ? hex_value(text[i + 1]) : -1;
      int const low  = high >= 0 ? hex_value(text[i + 2]) : -1;
      if (low < 0) {
        out.resize(before);
        return false;
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == plus_sign::blank) {
      c = ' ';
    }
    out.push_back(c);
  }
  return true;
}

/// Fails with: codec::errc::malformed.
[[nodiscard]] inline result<std::string> percent_decode(std::string_view text, plus_sign plus = plus_sign::itself) {
  std::string out;
  out.reserve(text.size());
  if (!append_percent_decoded(out, text, plus)) return fail(errc::malformed, "a broken percent-escape");
  return out;
}

/// RFC 3986 §2.3: the characters that mean the same with and without escape.
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// Appends `text` with every byte escaped, in capitals, but unreserved characters and those in `kept`.
inline void append_percent_encoded(std::string& out, std::string_view text, std::string_view kept = {}) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (char const c : text) {
    if (is_unreserved(c) || kept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(digits[byte >> 4U]);
      out.push_back(digits[byte & 15U]);
    }
  }
}

[[nodiscard]] inline std::string percent_encode(std::string_view text, std::string_view kept = {}) {
  std::string out;
  append_percent_encoded(out, text, kept);
  return out;
}

}  // namespace tensorgate::codec
