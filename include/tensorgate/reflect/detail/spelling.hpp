// tensorgate/reflect/detail/spelling.hpp: how did the source spell the names of members and enumerators?
//
// The compiler prints the template arguments of a function into `__PRETTY_FUNCTION__`; an argument that points at a
// member, or is an enumerator, carries its name there. Two spellings exist:
//   g++    [with auto B = box<int const*>{(& fake<m>.wrapper<m>::value.m::name)}]     [with auto ...V = {e::a, (e)1}]
//   clang  [B = box<const int *>{&fake.value.name}]                                   [V = <e::a, (e)1>]
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <string_view>  // string_view
#include <type_traits>  // underlying_type_t
#include <utility>      // index_sequence

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// A pointer in a class: some compilers refuse a bare pointer to a member of an object as a template argument.
template <class P>
struct box {
  P pointer;
};
template <class P>
box(P) -> box<P>;

// The return type must not be a library type: g++ would print its aliases after the argument.
template <auto Box>
[[nodiscard]] constexpr char const* spell() noexcept {
  return static_cast<char const*>(__PRETTY_FUNCTION__);
}
template <auto... Values>
[[nodiscard]] constexpr char const* spell_all() noexcept {
  return static_cast<char const*>(__PRETTY_FUNCTION__);
}

template <class T>
[[nodiscard]] constexpr char const* spell_type() noexcept {
  return static_cast<char const*>(__PRETTY_FUNCTION__);
}

[[nodiscard]] constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// The last identifier of a spelled member pointer.
[[nodiscard]] constexpr std::string_view last_name(std::string_view spelled) noexcept {
  auto stop = spelled.size();
  while (stop != 0 && !is_name_character(spelled[stop - 1])) --stop;
  auto start = stop;
  while (start != 0 && is_name_character(spelled[start - 1])) --start;
  return spelled.substr(start, stop - start);
}

inline constexpr int enumerator_count = 256;
template <class E>
inline constexpr int enumerator_first = std::is_signed_v<std::underlying_type_t<E>> ? -128 : 0;

template <class E>
struct enumerator_list {
  std::array<E, enumerator_count>                values{};
  std::array<std::string_view, enumerator_count> names{};
  std::size_t                                    count = 0;
};

/// The enumerators of `E` whose values fit a byte, by value. All are printed by one function, for the sake of the
/// time it takes to compile.
template <class E>
[[nodiscard]] constexpr enumerator_list<E> spelled_enumerators() noexcept {
  constexpr auto spelled = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::string_view(spell_all<static_cast<E>(enumerator_first<E> + static_cast<int>(I))...>());
  }(std::make_index_sequence<enumerator_count>{});

  enumerator_list<E> list;
  auto               at = spelled.find('=') + 1;
  while (spelled[at] == ' ') ++at;
  ++at;  // the bracket that opens the list
  for (int i = 0; i != enumerator_count; ++i) {
    auto const start = at;
    for (int nesting = 0;; ++at) {
      char const c = spelled[at];
      if (c == '(' || c == '<' || c == '{') ++nesting;
      if ((c == ')' || c == '>' || c == '}') && --nesting < 0) break;
      if (c == ',' && nesting == 0) break;
    }
    auto const name = last_name(spelled.substr(start, at++ - start));
    if (name.front() >= '0' && name.front() <= '9') continue;  // a value without a name is printed as a cast: (e)7
    list.values[list.count]  = static_cast<E>(enumerator_first<E> + i);
    list.names[list.count++] = name;
  }
  return list;
}

}  // namespace tensorgate::reflect::detail
