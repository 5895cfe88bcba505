// tensorgate/http/target.hpp: what do the path and the query of a target mean, once decoded?
#pragma once

#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/codec/percent.hpp>      // append_percent_decoded
#include <tensorgate/core/hex.hpp>           // hex_value
#include <tensorgate/core/result.hpp>        // result
#include <tensorgate/core/utf8.hpp>          // is_utf8
#include <tensorgate/http/detail/chars.hpp>  // is_char_of
#include <tensorgate/http/errc.hpp>          // errc
#include <tensorgate/http/field.hpp>         // detail::goes_on

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Calls `fn(std::string_view)` with each segment of a path that begins with "/": "/a/b" has two, "/" one empty one,
/// "/a/" and "//" end in an empty one, so a slash at the end is significant. A `fn` that returns false ends it.
/// False if `fn` ended it or there is no "/" at the beginning.
template <class Fn>
constexpr bool for_each_segment(std::string_view path, Fn&& fn) {
  if (path.empty() || path[0] != '/') return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto const segment = path.substr(0, path.find('/'));
    if (!detail::goes_on(fn, segment)) return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

/// The path with its escapes decoded, once. As encoded separators are refused, it has the segments that the encoded
/// path has, each decoded after splitting. The result is `raw` itself if nothing is encoded; else it lives in
/// `decoded`, which is overwritten. Refused, never repaired: a path without "/" at its beginning; bytes that RFC 3986
/// does not have in a path; broken escapes; encoded "/" and "\"; segments "." and "..", in whatever spelling; encoded
/// control bytes, DEL and NUL among them; what is no UTF-8 after decoding. Fails with: http::errc::bad_path.
[[nodiscard]] inline result<std::string_view> decode_path(std::string_view raw, std::string& decoded) {
  if (raw.empty() || raw[0] != '/') return fail(errc::bad_path, "a path begins with a slash");
  bool encoded = false;
  for (char const one : raw) {
    if (detail::is_char_of(detail::target_char, one)) continue;
    if (one != '%') return fail(errc::bad_path, "a byte that no path may have");
    encoded = true;
  }
  auto path = raw;
  if (encoded) {
    decoded.clear();
    decoded.reserve(raw.size());
    bool beyond_ascii = false;
    for (std::size_t i = 0; i != raw.size(); ++i) {
      char c = raw[i];
      if (c == '%') {
        int const high = raw.size() - i > 2 ? hex_value(raw[i + 1]) : -1;
        int const low  = high >= 0 ? hex_value(raw[i + 2]) : -1;
        if (low < 0) return fail(errc::bad_path, "a broken percent-escape");
        c = static_cast<char>(high * 16 + low);
        i += 2;
        if (c == '/' || c == '\\') return fail(errc::bad_path, "an encoded separator");
        if (!detail::is_char_of(detail::value_char, c) || c == '\t')
          return fail(errc::bad_path, "an encoded control byte");
        beyond_ascii = beyond_ascii || high >= 8;
      }
      decoded.push_back(c);
    }
    if (beyond_ascii && !is_utf8(decoded)) return fail(errc::bad_path, "a path that is no UTF-8");
    path = decoded;
  }
  for (auto at = path.find("/."); at != std::string_view::npos; at = path.find("/.", at + 1)) {
    auto const rest = path.substr(at + 1, path.find('/', at + 1) - at - 1);
    if (rest == "." || rest == "..") return fail(errc::bad_path, "a dot segment");
  }
  return path;
}

/// One `name=value` of a query, decoded.
struct query_pair {
  std::string_view name{};
  std::string_view value{};
  bool             has_value = false;  ///< false for a name without "="
};

/// Pairs in one query: 100 unless the caller says otherwise. More are refused.
inline constexpr std::size_t most_query_pairs = 100;

/// Calls `fn(query_pair)` with each pair of a query (`a=1&b=x+y`), decoded once, a plus sign as a blank, in order;
/// empty pairs are passed over. The views point into `query`, or into `decoded`, which is overwritten and must outlive
/// them. A `fn` that returns false ends it, which is no failure; the rest is then not checked. Fails with:
/// http::errc::bad_query: broken escapes, what is no UTF-8 after decoding, an encoded NUL, too many pairs.
template <class Fn>
[[nodiscard]] result<void> for_each_query_pair(std::string_view query, std::string& decoded, Fn&& fn,
                                               std::size_t most = most_query_pairs) {
  decoded.clear();
  if (codec::is_percent_encoded(query, codec::plus_sign::blank))
    decoded.reserve(query.size());  // views stay: no growth
  std::string_view why;
  auto const       decode = [&](std::string_view text) -> std::string_view {
    if (codec::is_percent_encoded(text, codec::plus_sign::blank)) {
      auto const from = decoded.size();
      if (!codec::append_percent_decoded(decoded, text, codec::plus_sign::blank)) why = "a broken percent-escape";
      text = std::string_view(decoded).substr(from);
    }
    if (text.find('\0') != std::string_view::npos) why = "a NUL in the query";
    if (!is_utf8(text)) why = "a query that is no UTF-8";
    return text;
  };
  for (std::size_t pairs = 0; !query.empty();) {
    auto const text = query.substr(0, query.find('&'));
    query.remove_prefix(text.size() + (text.size() < query.size() ? 1U : 0U));
    if (text.empty()) continue;
    if (++pairs > most) return fail(errc::bad_query, "more pairs in the query than the limit");
    auto const equals = text.find('=');
    bool const valued = equals != std::string_view::npos;
    auto const name   = decode(text.substr(0, equals));
    auto const value  = valued ? decode(text.substr(equals + 1)) : std::string_view{};
    if (!why.empty()) return fail(errc::bad_query, why);
    query_pair const one{.name = name, .value = value, .has_value = valued};
    if (!detail::goes_on(fn, one)) return {};
  }
  return {};
}

}  // namespace tensorgate::http
