// tensorgate/http/detail/authority.hpp: is this a host and a port, and nothing else?
#pragma once

#include <cstddef>      // size_t
#include <optional>     // optional
#include <string_view>  // string_view

#include <tensorgate/core/hex.hpp>           // hex_value
#include <tensorgate/http/detail/chars.hpp>  // is_char_of
#include <tensorgate/net/addresses.hpp>      // address

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// `host [":" port]` taken apart. The host of an IP literal keeps its brackets.
struct authority_parts {
  std::string_view host{};
  std::string_view port{};  ///< empty when absent
};

/// RFC 3986 IPvFuture, without its brackets: "v1.fe80".
[[nodiscard]] constexpr bool is_ip_future(std::string_view text) noexcept {
  if (text.size() < 4 || to_lower(text[0]) != 'v') return false;
  std::size_t at = 1;
  while (at != text.size() && hex_value(text[at]) >= 0) ++at;
  if (at == 1 || at == text.size() || text[at] != '.' || ++at == text.size()) return false;
  for (char const c : text.substr(at)) {
    if (!is_char_of(host_char, c) && c != ':' && c != ',') return false;
  }
  return true;
}

/// The parts of `uri-host [":" port]` (RFC 9110 §7.2), or nothing. Stricter than the grammar where laxity has no use:
/// the host is not empty; a comma is not part of a name, for it is what merged lines leave behind; an escape stands
/// for a letter, a digit or a byte beyond ASCII; a port has at most five digits and lies in 1 to 65535. An empty port
/// is allowed, as the grammar has it. User information is never part of it.
[[nodiscard]] constexpr std::optional<authority_parts> parse_authority(std::string_view text) noexcept {
  std::size_t at = 0;
  if (!text.empty() && text[0] == '[') {
    auto const close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    auto const inside = text.substr(1, close - 1);
    bool const ipv6   = inside.find(':') != std::string_view::npos && net::address::parse(inside);
    if (!ipv6 && !is_ip_future(inside)) return std::nullopt;
    at = close + 1;
  } else {
    while (at != text.size()) {
      char const c = text[at];
      if (is_char_of(host_char, c)) {
        ++at;
      } else if (c == '%') {
        if (text.size() - at < 3) return std::nullopt;
        int const high = hex_value(text[at + 1]);
        int const low  = hex_value(text[at + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        int const byte = high * 16 + low;
        if (byte < 0x80 && !is_char_of(host_char, static_cast<char>(byte))) return std::nullopt;
        at += 3;
      } else {
        break;
      }
    }
    if (at == 0) return std::nullopt;
  }
  authority_parts parts{.host = text.substr(0, at), .port = {}};
  if (at == text.size()) return parts;
  if (text[at] != ':') return std::nullopt;
  parts.port = text.substr(at + 1);
  if (parts.port.size() > 5) return std::nullopt;
  unsigned number = 0;
  for (char const c : parts.port) {
    if (!is_char_of(digit_char, c)) return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  if (!parts.port.empty() && (number == 0 || number > 65535)) return std::nullopt;
  return parts;
}

}  // namespace tensorgate::http::detail
