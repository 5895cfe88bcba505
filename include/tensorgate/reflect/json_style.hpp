// tensorgate/reflect/json_style.hpp: the same JSON with other blanks and escapes.
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint32_t
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>   // TENSORGATE_ABI
#include <tensorgate/core/utf8.hpp>  // utf8_length

namespace tensorgate::inline TENSORGATE_ABI::reflect {

struct json_style {
  unsigned indent = 0;      // blanks a level, each member on its own line; 0: all on one line
  bool     spaced = false;  // on one line: ", " and ": ", as Python's json.dumps writes
  bool     ascii  = false;  // escape what is not ASCII, as Python's json.dumps does
};

/// Writes valid JSON again in another style. Numbers, names and their order stay as they are.
[[nodiscard]] inline std::string restyle_json(std::string_view text, json_style const& style) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  std::size_t level    = 0;
  auto const  new_line = [&] {
    if (style.indent != 0) out.append(1, '\n').append(level * style.indent, ' ');
  };
  auto const put_escape = [&](std::uint32_t unit) {
    static constexpr std::string_view digits = "0123456789abcdef";
    out.append("\\u");
    for (unsigned shift = 16; shift != 0; shift -= 4) out.push_back(digits[unit >> (shift - 4) & 15U]);
  };

  bool        in_string = false;
  auto const* end       = text.data() + text.size();
  for (auto const* at = text.data(); at != end;) {
    char const c = *at;
    if (in_string) {
      if (static_cast<unsigned char>(c) >= 0x80 && style.ascii) {
        auto const length = utf8_length(at, end);
        auto const value  = length == 0 ? 0xfffdU : utf8_value(at, length);
        if (value >= 0x10000) {
          put_escape(0xd800U + ((value - 0x10000U) >> 10U));
          put_escape(0xdc00U + ((value - 0x10000U) & 0x3ffU));
        } else {
          put_escape(value);
        }
        at += length == 0 ? 1 : length;
        continue;
      }
      out.push_back(c);
      ++at;
      if (c == '\\' && at != end) out.push_back(*at++);
      in_string = c != '"';
      continue;
    }
    ++at;
    switch (c) {
      case ' ':
      case '\n':
      case '\r':
      case '\t': break;
      case '"':
        in_string = true;
        out.push_back(c);
        break;
      case '{':
      case '[': {
        out.push_back(c);
        while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
        if (at != end && (*at == '}' || *at == ']')) {
          out.push_back(*at++);
        } else {
          ++level;
          new_line();
        }
        break;
      }
      case '}':
      case ']':
        if (level != 0) --level;
        new_line();
        out.push_back(c);
        break;
      case ',':
        out.push_back(c);
        if (style.indent == 0 && style.spaced) out.push_back(' ');
        new_line();
        break;
      case ':':
        out.push_back(c);
        if (style.indent != 0 || style.spaced) out.push_back(' ');
        break;
      default: out.push_back(c);
    }
  }
  return out;
}

}  // namespace tensorgate::reflect
