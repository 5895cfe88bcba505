// tensorgate/http/field.hpp: names and values of fields: their grammar, and which names the server knows.
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint32_t, uint64_t
#include <optional>     // optional
#include <string_view>  // string_view
#include <type_traits>  // is_void_v, invoke_result_t

#include <tensorgate/core/abi.hpp>           // TENSORGATE_ABI
#include <tensorgate/core/text.hpp>          // equals_ignoring_case, trim_blanks, to_lower
#include <tensorgate/http/detail/chars.hpp>  // char_rules, is_blank

namespace tensorgate::inline TENSORGATE_ABI::http {

// clang-format off
/// The fields that servers, clients and gateways look at, so that a look-up costs an index. `other` is any other name.
enum class known_field : std::uint8_t {
  other,
  accept, accept_encoding, accept_language, access_control_request_headers, access_control_request_method,
  authorization, cache_control, connection, content_encoding, content_length, content_range, content_type, cookie, date,
  etag, expect, forwarded, from, host, if_match, if_modified_since, if_none_match, if_range, if_unmodified_since,
  keep_alive, last_modified, location, max_forwards, origin, pragma, proxy_authorization, proxy_connection, range,
  referer, retry_after, sec_websocket_extensions, sec_websocket_key, sec_websocket_protocol, sec_websocket_version,
  server, set_cookie, te, traceparent, trailer, transfer_encoding, upgrade, user_agent, vary, via, www_authenticate,
  x_api_key, x_forwarded_for, x_forwarded_host, x_forwarded_proto, x_real_ip, x_request_id,
};

/// Their names in lower case, in the order of the enum; the first is empty, for `other`.
inline constexpr std::array known_field_names = std::to_array<std::string_view>({
  "",
  "accept", "accept-encoding", "accept-language", "access-control-request-headers", "access-control-request-method",
  "authorization", "cache-control", "connection", "content-encoding", "content-length", "content-range", "content-type",
  "cookie", "date", "etag", "expect", "forwarded", "from", "host", "if-match", "if-modified-since", "if-none-match",
  "if-range", "if-unmodified-since", "keep-alive", "last-modified", "location", "max-forwards", "origin", "pragma",
  "proxy-authorization", "proxy-connection", "range", "referer", "retry-after", "sec-websocket-extensions",
  "sec-websocket-key", "sec-websocket-protocol", "sec-websocket-version", "server", "set-cookie", "te", "traceparent",
  "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "www-authenticate", "x-api-key",
  "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id",
});
// clang-format on

inline constexpr std::size_t known_field_count = known_field_names.size();
static_assert(known_field_count <= 64, "a head keeps one bit for each known field");
static_assert(known_field_names[static_cast<std::size_t>(known_field::x_request_id)] == "x-request-id");

/// The name in lower case; empty for `other`.
[[nodiscard]] constexpr std::string_view to_text(known_field which) noexcept {
  return known_field_names[static_cast<std::size_t>(which)];
}

namespace detail {

/// Four bytes and the length of a name, case removed, spread over 256 slots. `size` is at least 2.
[[nodiscard]] constexpr std::size_t field_slot(char const* name, std::size_t size) noexcept {
  auto const byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])) | 0x20U;
  };
  std::uint32_t key = byte(0) | (byte(size / 2) << 8U) | (byte(size - 2) << 16U) | (byte(size - 1) << 24U);
  key ^= static_cast<std::uint32_t>(size) * 0x9E3779B1U;
  return (key * 0x9CC9AF4FU) >> 24U;
}

inline constexpr std::array<known_field, 256> field_slots = [] {
  std::array<known_field, 256> slots{};
  for (std::size_t i = 1; i != known_field_count; ++i) {
    slots[field_slot(known_field_names[i].data(), known_field_names[i].size())] = static_cast<known_field>(i);
  }
  return slots;
}();

/// Holds if no two known names share a slot; a new name that breaks it wants another multiplier in `field_slot`.
inline constexpr bool has_field_slot_each = [] {
  for (std::size_t i = 1; i != known_field_count; ++i) {
    auto const slot = field_slot(known_field_names[i].data(), known_field_names[i].size());
    if (field_slots[slot] != static_cast<known_field>(i)) return false;
  }
  return true;
}();
static_assert(has_field_slot_each, "two known fields share a slot");

/// Room for the longest known name, so that sixteen bytes at a time can be compared.
inline constexpr std::size_t field_name_room = 32;

inline constexpr std::array<std::array<char, field_name_room>, known_field_count> padded_field_names = [] {
  std::array<std::array<char, field_name_room>, known_field_count> padded{};
  for (std::size_t i = 0; i != known_field_count; ++i) {
    for (std::size_t j = 0; j != known_field_names[i].size(); ++j) padded[i][j] = known_field_names[i][j];
  }
  return padded;
}();

}  // namespace detail

/// The known field of that name, in any case.
[[nodiscard]] constexpr known_field classify_field(std::string_view name) noexcept {
  if (name.size() < 2 || name.size() > detail::field_name_room) return known_field::other;
  auto const candidate = detail::field_slots[detail::field_slot(name.data(), name.size())];
  return equals_ignoring_case(name, to_text(candidate)) ? candidate : known_field::other;
}

/// One field line: its views point into the bytes that were parsed.
struct field_view {
  std::string_view name{};
  std::string_view value{};  ///< without the blanks around it
  known_field      id = known_field::other;
};

/// 1*tchar (RFC 9110 §5.6.2).
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && detail::is_text_of(detail::token_char, text);
}

/// What may stand in a field line of ours: no control byte but HTAB. The empty value is one.
[[nodiscard]] constexpr bool is_field_value(std::string_view text) noexcept {
  return detail::is_text_of(detail::value_char, text);
}

namespace detail {

/// The end of the quoted-string that begins at `at` (behind its closing quote), or npos if it is none.
[[nodiscard]] constexpr std::size_t end_of_quoted(std::string_view text, std::size_t at) noexcept {
  for (++at; at < text.size(); ++at) {
    char const c = text[at];
    if (c == '"') return at + 1;
    if (c == '\\') {
      if (++at == text.size() || !is_char_of(value_char, text[at])) return std::string_view::npos;
    } else if (!is_char_of(quoted_char, c)) {
      return std::string_view::npos;
    }
  }
  return std::string_view::npos;
}

/// The first `mark` outside quoted-strings from `at` on, or the end; npos if a quoted-string does not end.
[[nodiscard]] constexpr std::size_t find_unquoted(std::string_view text, char mark, std::size_t at) noexcept {
  while (at < text.size() && text[at] != mark) {
    if (text[at] == '"') {
      at = end_of_quoted(text, at);
      if (at == std::string_view::npos) return at;
    } else {
      ++at;
    }
  }
  return at;
}

template <class Fn, class... Args>
constexpr bool goes_on(Fn& fn, Args const&... args) {
  if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Args const&...>>) {
    fn(args...);
    return true;
  } else {
    return static_cast<bool>(fn(args...));
  }
}

}  // namespace detail

/// Calls `fn(std::string_view)` with each member of a comma-separated list (RFC 9110 §5.6.1), blanks removed; commas
/// in quoted-strings do not split, empty members are passed over. A `fn` that returns false ends it.
/// False if `fn` ended it or a quoted-string does not end.
template <class Fn>
constexpr bool for_each_list_item(std::string_view list, Fn&& fn) {
  for (std::size_t at = 0; at < list.size();) {
    auto const end = detail::find_unquoted(list, ',', at);
    if (end == std::string_view::npos) return false;
    auto const item = trim_blanks(list.substr(at, end - at));
    if (!item.empty() && !detail::goes_on(fn, item)) return false;
    at = end + 1;
  }
  return true;
}

/// One `name=value` behind a semicolon.
struct parameter {
  std::string_view name{};
  std::string_view value{};         ///< of a quoted-string: what is between the quotes, still escaped
  bool             quoted = false;  ///< it is one: each `\c` in it stands for `c`
};

/// A member of a list, split from its parameters: "text/html" and ";q=0.5;level=1".
struct parameterised {
  std::string_view value{};
  std::string_view parameters{};  ///< from the first semicolon on
};

[[nodiscard]] constexpr parameterised split_parameters(std::string_view item) noexcept {
  auto const end = detail::find_unquoted(item, ';', 0);
  if (end == std::string_view::npos || end == item.size()) return {.value = trim_blanks(item), .parameters = {}};
  return {.value = trim_blanks(item.substr(0, end)), .parameters = item.substr(end)};
}

/// Calls `fn(parameter)` with each parameter (RFC 9110 §5.6.6): blanks around semicolons are allowed, around the
/// equals sign they are not. A `fn` that returns false ends it. False if `fn` ended it or the grammar is broken.
template <class Fn>
constexpr bool for_each_parameter(std::string_view text, Fn&& fn) {
  while (true) {
    text = trim_blanks(text);
    if (text.empty()) return true;
    if (text.front() != ';') return false;
    text = trim_blanks(text.substr(1));
    if (text.empty() || text.front() == ';') continue;  // an empty parameter is allowed and says nothing
    auto const equals = text.find('=');
    if (equals == std::string_view::npos || !is_token(text.substr(0, equals))) return false;
    parameter  one{.name = text.substr(0, equals), .value = {}, .quoted = false};
    auto const from = equals + 1;
    auto       end  = from;
    if (from < text.size() && text[from] == '"') {
      end = detail::end_of_quoted(text, from);
      if (end == std::string_view::npos) return false;
      one.value  = text.substr(from + 1, end - from - 2);
      one.quoted = true;
    } else {
      while (end < text.size() && detail::is_char_of(detail::token_char, text[end])) ++end;
      if (end == from) return false;
      one.value = text.substr(from, end - from);
    }
    if (!detail::goes_on(fn, one)) return false;
    text = text.substr(end);
  }
}

/// 1*DIGIT up to 2^63 - 1, so that sums of two lengths cannot wrap; nothing for a sign, a blank, a list or more.
[[nodiscard]] constexpr std::optional<std::uint64_t> parse_content_length(std::string_view text) noexcept {
  constexpr std::uint64_t most = 0x7FFFFFFFFFFFFFFFU;
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char const c : text) {
    if (!detail::is_char_of(detail::digit_char, c)) return std::nullopt;
    auto const digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace tensorgate::http
