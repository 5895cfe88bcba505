// tensorgate/http/detail/pattern.hpp: what does a route's pattern match, and is it well-formed?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// The order is the order of precedence: a literal beats a value, a value beats the rest.
enum class part_kind : std::uint8_t {
  literal,  ///< this text; empty only as the last part, where it stands for a trailing slash
  value,    ///< `{name}`: one segment that is not empty
  rest,     ///< `{name...}`: one segment or more, of which only the last may be empty; stands last
};

/// What lies between two slashes of a pattern.
struct pattern_part {
  part_kind        kind = part_kind::literal;
  std::string_view text{};  ///< the literal, or the name
};

enum class pattern_fault : std::uint8_t {
  none,
  no_leading_slash,
  empty_segment,
  dot_segment,
  unbalanced_brace,
  mixed_segment,
  bad_name,
  repeated_name,
  rest_not_last,
  bad_character,
  too_many_parts,
  too_many_values,
};

/// A pattern, taken apart at compile time.
struct pattern {
  static constexpr std::size_t max_parts  = 24;
  static constexpr std::size_t max_values = 16;  // as request::max_values

  std::array<pattern_part, max_parts> parts{};
  std::size_t                         count  = 0;
  std::size_t                         values = 0;  ///< parts that are not literal
  pattern_fault                       fault  = pattern_fault::none;

  [[nodiscard]] constexpr bool has_rest() const noexcept {
    return count != 0 && parts[count - 1].kind == part_kind::rest;
  }
};

/// RFC 3986 §3.3 `pchar` without percent-encoding: a literal is written as it reads after decoding.
[[nodiscard]] constexpr bool is_literal_char(char c) noexcept {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

[[nodiscard]] constexpr bool is_name(std::string_view text) noexcept {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (char const c : text) {
    bool const good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!good) return false;
  }
  return true;
}

[[nodiscard]] constexpr pattern_fault read_part(std::string_view segment, bool last, pattern_part& into) noexcept {
  bool const braces = segment.find_first_of("{}") != std::string_view::npos;
  if (!braces) {
    if (segment.empty() && !last) return pattern_fault::empty_segment;
    if (segment == "." || segment == "..") return pattern_fault::dot_segment;
    for (char const c : segment) {
      if (!is_literal_char(c)) return pattern_fault::bad_character;
    }
    into = {part_kind::literal, segment};
    return pattern_fault::none;
  }
  auto const opened = segment.find('{');
  auto const closed = segment.find('}');
  if (opened == std::string_view::npos || closed == std::string_view::npos || closed < opened) {
    return pattern_fault::unbalanced_brace;
  }
  if (opened != 0 || closed != segment.size() - 1) return pattern_fault::mixed_segment;
  auto       name = segment.substr(1, segment.size() - 2);
  bool const rest = name.size() >= 3 && name.substr(name.size() - 3) == "...";
  if (rest) name = name.substr(0, name.size() - 3);
  if (name.find('{') != std::string_view::npos) return pattern_fault::unbalanced_brace;
  if (!is_name(name)) return pattern_fault::bad_name;
  if (rest && !last) return pattern_fault::rest_not_last;
  into = {rest ? part_kind::rest : part_kind::value, name};
  return pattern_fault::none;
}

[[nodiscard]] constexpr pattern parse_pattern(std::string_view text) noexcept {
  pattern made;
  if (text.empty() || text[0] != '/') {
    made.fault = pattern_fault::no_leading_slash;
    return made;
  }
  text.remove_prefix(1);
  for (bool last = false; !last;) {
    auto const end = text.find('/');
    last           = end == std::string_view::npos;
    if (made.count == pattern::max_parts) {
      made.fault = pattern_fault::too_many_parts;
      return made;
    }
    auto& part = made.parts[made.count];
    made.fault = read_part(text.substr(0, end), last, part);
    if (made.fault != pattern_fault::none) return made;
    if (part.kind != part_kind::literal) {
      for (std::size_t i = 0; i != made.count; ++i) {
        if (made.parts[i].kind != part_kind::literal && made.parts[i].text == part.text) {
          made.fault = pattern_fault::repeated_name;
          return made;
        }
      }
      ++made.values;
    }
    ++made.count;
    if (!last) text.remove_prefix(end + 1);
  }
  if (made.values > pattern::max_values) made.fault = pattern_fault::too_many_values;
  return made;
}

/// True if some path matches both.
[[nodiscard]] constexpr bool overlap(pattern const& a, pattern const& b) noexcept {
  for (std::size_t i = 0;; ++i) {
    if (i == a.count || i == b.count) return a.count == b.count;
    auto const& left  = a.parts[i];
    auto const& right = b.parts[i];
    // The rest takes whatever follows, if it starts with a segment that is not empty.
    bool const left_empty  = left.kind == part_kind::literal && left.text.empty();
    bool const right_empty = right.kind == part_kind::literal && right.text.empty();
    if (left.kind == part_kind::rest) return !right_empty;
    if (right.kind == part_kind::rest) return !left_empty;
    bool const both_literal = left.kind == part_kind::literal && right.kind == part_kind::literal;
    if (both_literal ? left.text != right.text : left_empty || right_empty) return false;
  }
}

/// True if every path that matches `a` matches `b`.
[[nodiscard]] constexpr bool within(pattern const& a, pattern const& b) noexcept {
  for (std::size_t i = 0;; ++i) {
    if (i == a.count || i == b.count) return a.count == b.count;
    auto const& left       = a.parts[i];
    auto const& right      = b.parts[i];
    bool const  left_empty = left.kind == part_kind::literal && left.text.empty();
    if (right.kind == part_kind::rest) return !left_empty;
    if (left.kind == part_kind::rest) return false;
    if (right.kind == part_kind::value ? left_empty : left.kind != part_kind::literal || left.text != right.text) {
      return false;
    }
  }
}

/// True if two patterns of one method match a common path and neither is the more specific one; equal ones are.
[[nodiscard]] constexpr bool ambiguous(pattern const& a, pattern const& b) noexcept {
  return overlap(a, b) && within(a, b) == within(b, a);
}

/// True if `a` is tried before `b`: a literal before a value before the rest, from the left. Of two patterns that
/// match one path the more specific one comes first.
[[nodiscard]] constexpr bool comes_before(pattern const& a, pattern const& b) noexcept {
  for (std::size_t i = 0; i != a.count && i != b.count; ++i) {
    if (a.parts[i].kind != b.parts[i].kind) return a.parts[i].kind < b.parts[i].kind;
  }
  return false;
}

}  // namespace tensorgate::http::detail
