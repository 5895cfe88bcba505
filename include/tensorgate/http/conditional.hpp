// tensorgate/http/conditional.hpp: does the caller already have this, or still mean it? (RFC 9110 §8.8, §13)
#pragma once

#include <chrono>       // sys_seconds
#include <cstdint>      // uint8_t
#include <optional>     // optional
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/text.hpp>    // trim_blanks
#include <tensorgate/http/date.hpp>    // parse_date
#include <tensorgate/http/method.hpp>  // method

namespace tensorgate::inline TENSORGATE_ABI::http {

/// An entity tag: what stands between the quotes, and whether it is weak.
struct entity_tag {
  std::string_view opaque{};
  bool             weak = false;

  friend bool operator==(entity_tag const&, entity_tag const&) = default;
};

/// Equal bytes: for ranges and for changing what is stored (§8.8.3.2). A weak tag equals nothing, itself included.
[[nodiscard]] constexpr bool matches_strongly(entity_tag const& a, entity_tag const& b) noexcept {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}

/// Equal meaning: for answers out of a cache.
[[nodiscard]] constexpr bool matches_weakly(entity_tag const& a, entity_tag const& b) noexcept {
  return a.opaque == b.opaque;
}

namespace detail {

/// etagc of §8.8.3: a visible byte that is no quote, or one above ASCII. A backslash escapes nothing.
[[nodiscard]] constexpr bool is_etag_char(char c) noexcept {
  auto const byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

/// Takes one entity-tag from the front of `text`; nothing, and `text` as it was, if none stands there.
[[nodiscard]] constexpr std::optional<entity_tag> take_entity_tag(std::string_view& text) noexcept {
  entity_tag tag{.opaque = {}, .weak = text.starts_with("W/")};
  auto       rest = text.substr(tag.weak ? 2 : 0);
  if (!rest.starts_with('"')) return std::nullopt;
  rest.remove_prefix(1);
  std::size_t size = 0;
  while (size < rest.size() && is_etag_char(rest[size])) ++size;
  if (size == rest.size() || rest[size] != '"') return std::nullopt;
  tag.opaque = rest.substr(0, size);
  text       = rest.substr(size + 1);
  return tag;
}

}  // namespace detail

/// The value of an ETag field: exactly one tag.
[[nodiscard]] constexpr std::optional<entity_tag> parse_entity_tag(std::string_view text) noexcept {
  auto const tag = detail::take_entity_tag(text);
  if (!text.empty()) return std::nullopt;
  return tag;
}

enum class tag_list_outcome : std::uint8_t {
  no_match,   ///< well-formed, and none of the tags is ours; "*" where there is nothing
  match,      ///< one of the tags is ours, or "*" where there is something
  malformed,  ///< neither "*" nor a list of tags; tags before the fault may have been ours, they do not count
};

/// Looks for `current` in the value of If-Match or If-None-Match: "*" or a list of tags (§13.1.1, §13.1.2).
/// Without `exists` nothing matches; without a tag of ours only "*" does.
[[nodiscard]] constexpr tag_list_outcome find_tag(std::string_view list, std::optional<entity_tag> const& current,
                                                  bool exists, bool strongly) noexcept {
  list = trim_blanks(list);
  if (list == "*") return exists ? tag_list_outcome::match : tag_list_outcome::no_match;
  bool found = false;
  bool any   = false;
  while (true) {
    list = trim_blanks(list);
    if (list.empty()) break;
    if (list.front() == ',') {  // empty members are allowed (§5.6.1.2)
      list.remove_prefix(1);
      continue;
    }
    auto const tag = detail::take_entity_tag(list);
    if (!tag) return tag_list_outcome::malformed;
    any = true;
    if (exists && current) {
      found = found || (strongly ? matches_strongly(*tag, *current) : matches_weakly(*tag, *current));
    }
    list = trim_blanks(list);
    if (!list.empty() && list.front() != ',') return tag_list_outcome::malformed;
  }
  if (!any) return tag_list_outcome::malformed;
  return found ? tag_list_outcome::match : tag_list_outcome::no_match;
}

/// What a request says about what it has: the values of the fields, several lines of a list joined with a comma.
struct conditions {
  std::optional<std::string_view> if_match{};
  std::optional<std::string_view> if_none_match{};
  std::optional<std::string_view> if_modified_since{};
  std::optional<std::string_view> if_unmodified_since{};
  std::optional<std::string_view> if_range{};
};

/// What is true of the representation that would be sent.
struct validators {
  bool                                    exists = true;
  std::optional<entity_tag>               etag{};
  std::optional<std::chrono::sys_seconds> last_modified{};
};

enum class condition_outcome : std::uint8_t {
  proceed,              ///< do what the method says
  not_modified,         ///< 304
  precondition_failed,  ///< 412
};

/// Decides in the order of §13.2.2. Values that cannot be read: a date counts for nothing; a tag list holds for none
/// of our tags, so that If-Match refuses and If-None-Match lets the answer be sent.
[[nodiscard]] inline condition_outcome evaluate(conditions const& asked, validators const& current,
                                                method verb) noexcept {
  bool const reads = verb == method::get || verb == method::head;

  if (asked.if_match) {
    if (find_tag(*asked.if_match, current.etag, current.exists, true) != tag_list_outcome::match) {
      return condition_outcome::precondition_failed;
    }
  } else if (asked.if_unmodified_since && current.last_modified) {
    auto const since = parse_date(*asked.if_unmodified_since);
    if (since && *current.last_modified > *since) return condition_outcome::precondition_failed;
  }

  if (asked.if_none_match) {
    if (find_tag(*asked.if_none_match, current.etag, current.exists, false) == tag_list_outcome::match) {
      return reads ? condition_outcome::not_modified : condition_outcome::precondition_failed;
    }
  } else if (reads && asked.if_modified_since && current.last_modified) {
    auto const since = parse_date(*asked.if_modified_since);
    if (since && *current.last_modified <= *since) return condition_outcome::not_modified;
  }
  return condition_outcome::proceed;
}

/// True if the Range of this request may be served: it has no If-Range, or one that names exactly what would be sent
/// (§13.1.5). A weak tag and a date of another spelling or second do not.
[[nodiscard]] inline bool allows_ranges(conditions const& asked, validators const& current) noexcept {
  if (!asked.if_range) return true;
  auto const text = trim_blanks(*asked.if_range);
  if (auto const tag = parse_entity_tag(text)) return current.etag && matches_strongly(*tag, *current.etag);
  auto const date = parse_date(text);
  return date && current.last_modified && *date == *current.last_modified;
}

}  // namespace tensorgate::http
