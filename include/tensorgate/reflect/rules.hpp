// tensorgate/reflect/rules.hpp: what does an aggregate ask of its members, beyond their types?
//
//     struct signup { std::string type_; int age; std::string name; };
//     template <>
//     struct tensorgate::reflect::describe<signup> {
//       static constexpr auto rules = std::tuple{
//           rename<&signup::type_>("type"),
//           range<&signup::age>(1, 150),
//           length<&signup::name>(1, 64), text<&signup::name>("as it shall be shown"),
//           reject_unknown};
//     };
//
// The rules bind readers of JSON, of queries and of configs alike, and reach the JSON schema. A member that is misspelt
// does not compile.
#pragma once

#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple, apply
#include <type_traits>  // is_same_v

#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/core/utf8.hpp>              // utf8_count
#include <tensorgate/reflect/detail/phrase.hpp>  // phrase
#include <tensorgate/reflect/fields.hpp>         // field_index
#include <tensorgate/reflect/pattern.hpp>        // pattern_program
#include <tensorgate/reflect/traits.hpp>         // is_optional

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// Specialised by who owns `T`. Everything in it may be left out:
///   for an aggregate
///     static constexpr auto rules = std::tuple{…};       the words below
///     static constexpr std::string_view check(T const&);  a rule over several members; "" is good
///     static constexpr std::string_view name, text;       for the schema and its reader
///     static constexpr std::string_view tag, tag_value;   a member with a fixed value, written first; by it a reader
///                                                         tells the objects of a variant apart
///   for an enum
///     static constexpr auto names = std::array{std::pair{E::a, std::string_view("A")}, …};  all that may be written
template <class T>
struct describe {};

enum class rule_kind { rename, text, presence, presence_of_all, null_if_empty, unknown, value, path };

/// The member's name in JSON and in queries, where it cannot be the member's own.
template <auto Member>
struct rename_rule {
  static constexpr auto kind   = rule_kind::rename;
  static constexpr auto member = Member;
  std::string_view      name;
};
template <auto Member>
[[nodiscard]] constexpr rename_rule<Member> rename(std::string_view name) noexcept {
  return {name};
}

/// What the member means, for the documentation.
template <auto Member>
struct text_rule {
  static constexpr auto kind   = rule_kind::text;
  static constexpr auto member = Member;
  std::string_view      words;
};
template <auto Member>
[[nodiscard]] constexpr text_rule<Member> text(std::string_view words) noexcept {
  return {words};
}

/// Whether the member may be missing. Unsaid, a member is required unless it is an optional, or has a default
/// initializer that can be seen: any on a number, a bool, an enum or a pointer; on a class type, one that differs from
/// `{}`. A nested aggregate may be missing if each of its members may.
template <auto Member>
struct presence_rule {
  static constexpr auto kind   = rule_kind::presence;
  static constexpr auto member = Member;
  bool                  required;
};
template <auto Member>
[[nodiscard]] constexpr presence_rule<Member> required() noexcept {
  return {true};
}
template <auto Member>
[[nodiscard]] constexpr presence_rule<Member> defaulted() noexcept {
  return {false};
}

/// Every member of which nothing else is said may be missing: for settings, and where `= {}` or `= ""` stands at
/// members that cannot show it.
struct presence_of_all_rule {
  static constexpr auto kind = rule_kind::presence_of_all;
};
inline constexpr presence_of_all_rule all_defaulted{};

/// An empty optional is written as null; unsaid, it is left out.
template <auto Member>
struct null_rule {
  static constexpr auto kind   = rule_kind::null_if_empty;
  static constexpr auto member = Member;
};
template <auto Member>
[[nodiscard]] constexpr null_rule<Member> null_if_empty() noexcept {
  return {};
}

namespace detail {

[[nodiscard]] constexpr std::string_view whole_text(std::string_view text) noexcept { return text; }

}  // namespace detail

/// The member names a file or a folder. Where a file of settings gives it, a relative one counts from that file's
/// folder. `path_in` gives the end of a text that is the path; empty where none is.
template <auto Member>
struct path_rule {
  static constexpr auto kind   = rule_kind::path;
  static constexpr auto member = Member;
  std::string_view (*path_in)(std::string_view text) noexcept;
};
template <auto Member>
[[nodiscard]] constexpr path_rule<Member> file_path(
    std::string_view (*path_in)(std::string_view) noexcept = &detail::whole_text) noexcept {
  return {path_in};
}

/// What becomes of members that the aggregate does not have; unsaid, they are skipped.
struct unknown_rule {
  static constexpr auto kind = rule_kind::unknown;
  bool                  reject;
};
inline constexpr unknown_rule reject_unknown{true};
inline constexpr unknown_rule ignore_unknown{false};

/// A number between two bounds, both allowed.
template <auto Member, class N>
struct range_rule {
  static constexpr auto kind   = rule_kind::value;
  static constexpr auto member = Member;
  N                     least;
  N                     most;
  bool                  has_least;
  bool                  has_most;
  detail::phrase<72>    wanted;

  [[nodiscard]] constexpr std::string_view check(N value) const noexcept {
    return (has_least && !(value >= least)) || (has_most && !(value <= most)) ? wanted.view() : std::string_view{};
  }
};
template <auto Member>
using ranged_number = detail::without_optional<typename detail::member_pointer_parts<decltype(Member)>::member>;

template <auto Member>
[[nodiscard]] constexpr auto range(ranged_number<Member> least, ranged_number<Member> most) noexcept {
  detail::phrase<72> wanted;
  wanted.add("a number from ").add_number(least).add(" to ").add_number(most);
  return range_rule<Member, ranged_number<Member>>{least, most, true, true, wanted};
}
template <auto Member>
[[nodiscard]] constexpr auto at_least(ranged_number<Member> least) noexcept {
  detail::phrase<72> wanted;
  wanted.add("a number of at least ").add_number(least);
  return range_rule<Member, ranged_number<Member>>{least, {}, true, false, wanted};
}
template <auto Member>
[[nodiscard]] constexpr auto at_most(ranged_number<Member> most) noexcept {
  detail::phrase<72> wanted;
  wanted.add("a number of at most ").add_number(most);
  return range_rule<Member, ranged_number<Member>>{{}, most, false, true, wanted};
}

namespace detail {
template <class V>
concept has_length = is_text<V> || requires(V const& value) { value.size(); };
}  // namespace detail

/// How many characters a text has (not bytes), or how many elements a container.
template <auto Member>
struct length_rule {
  static constexpr auto kind   = rule_kind::value;
  static constexpr auto member = Member;
  std::size_t           least;
  std::size_t           most;
  detail::phrase<72>    wanted;

  template <class V>
  [[nodiscard]] constexpr std::string_view check(V const& value) const noexcept {
    std::size_t size = 0;
    if constexpr (detail::is_text<V>) {
      size = utf8_count(value);
    } else if constexpr (detail::has_length<V>) {
      size = value.size();
    }
    return size < least || size > most ? wanted.view() : std::string_view{};
  }
};
template <auto Member>
[[nodiscard]] constexpr length_rule<Member> length(std::size_t least, std::size_t most) noexcept {
  using value = detail::without_optional<typename detail::member_pointer_parts<decltype(Member)>::member>;
  static_assert(detail::has_length<value>,
                "tensorgate: `length` counts the characters of a text or the elements of a list; of a number, say "
                "`range`, `at_least` or `at_most`");
  detail::phrase<72> wanted;
  wanted.add(detail::is_text<value> ? "a text of " : "a list of ").add_number(least).add(" to ").add_number(most);
  wanted.add(detail::is_text<value> ? " characters" : " elements");
  return {least, most, wanted};
}

/// A text that matches as a whole; `pattern.hpp` says which expressions are understood.
template <auto Member>
struct pattern_rule {
  static constexpr auto kind   = rule_kind::value;
  static constexpr auto member = Member;
  pattern_program       program;
  std::string_view      source;
  detail::phrase<160>   wanted;

  [[nodiscard]] std::string_view check(std::string_view value) const noexcept {
    return program.matches(value) ? std::string_view{} : wanted.view();
  }
};
template <auto Member>
[[nodiscard]] consteval pattern_rule<Member> pattern(std::string_view source) {
  using value = detail::without_optional<typename detail::member_pointer_parts<decltype(Member)>::member>;
  static_assert(detail::is_text<value>, "tensorgate: `pattern` is a rule of a text");
  detail::phrase<160> wanted;
  wanted.add("a text that matches ").add(source);
  return {pattern_program(source), source, wanted};
}

}  // namespace tensorgate::reflect
