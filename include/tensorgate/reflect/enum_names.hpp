// tensorgate/reflect/enum_names.hpp: what is a value of an enum called in text, and which value has a name?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <optional>     // optional
#include <string_view>  // string_view
#include <utility>      // pair, index_sequence

#include <tensorgate/reflect/detail/phrase.hpp>  // phrase
#include <tensorgate/reflect/fields.hpp>         // enumerators
#include <tensorgate/reflect/rules.hpp>          // describe

namespace tensorgate::inline TENSORGATE_ABI::reflect {

namespace detail {

template <class E, std::size_t... I>
[[nodiscard]] constexpr std::array<std::pair<E, std::string_view>, sizeof...(I)> enum_pairs(
    std::index_sequence<I...>) noexcept {
  return {std::pair<E, std::string_view>(enumerators<E>.values[I], enumerators<E>.names[I])...};
}

}  // namespace detail

/// The values of an enum with their names, as `describe<E>::names` lists them or as the source spells them.
template <class E>
inline constexpr auto enum_names = [] {
  if constexpr (requires { describe<E>::names; }) {
    return describe<E>::names;
  } else {
    static_assert(enumerators<E>.count != 0, "reflect: no enumerator fits a byte; list them in describe<E>::names");
    return detail::enum_pairs<E>(std::make_index_sequence<enumerators<E>.count>{});
  }
}();

/// The name of a value; empty if it has none.
template <class E>
[[nodiscard]] constexpr std::string_view name_of(E value) noexcept {
  for (auto const& [known, name] : enum_names<E>) {
    if (known == value) return name;
  }
  return {};
}

template <class E>
[[nodiscard]] constexpr std::optional<E> value_named(std::string_view wanted) noexcept {
  for (auto const& [value, name] : enum_names<E>) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

/// `one of: LONG, SHORT, FLAT`
template <class E>
inline constexpr auto enum_choices = [] {
  detail::phrase<160> words;
  words.add("one of: ");
  bool first = true;
  for (auto const& [value, name] : enum_names<E>) {
    if (!first) words.add(", ");
    words.add(name);
    first = false;
  }
  return words;
}();

}  // namespace tensorgate::reflect
