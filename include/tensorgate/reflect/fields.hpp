// tensorgate/reflect/fields.hpp: which members does an aggregate have, and what are they called?
//
//     struct order { std::string side; double leverage = 0; };
//     static_assert(field_names<order>[1] == "leverage");
//     for_each_field(one, [](std::string_view name, auto& member) { … });
//
// Plain aggregates only: no base class, no private member, no bit-field, no C array (use std::array), at most 64
// members.
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <string_view>  // string_view
#include <tuple>        // tuple, get
#include <type_traits>  // is_aggregate_v, remove_cvref_t
#include <utility>      // index_sequence

#include <tensorgate/core/abi.hpp>                 // TENSORGATE_ABI
#include <tensorgate/reflect/detail/spelling.hpp>  // spell, last_name
#include <tensorgate/reflect/detail/ties.hpp>      // with_members

// An object that is only ever pointed at: it has a name for the compiler to print, and no definition.
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
#endif

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// The most members an aggregate may have here.
inline constexpr std::size_t max_fields = 64;

namespace detail {

struct convertible_to_anything {
  template <class U>
  operator U() const noexcept;  // NOLINT(google-explicit-constructor): it must convert by itself
};

template <class T, std::size_t... I>
[[nodiscard]] consteval bool takes(std::index_sequence<I...>) noexcept {
  return requires { T{(static_cast<void>(I), convertible_to_anything{})...}; };
}

// What takes n initialisers takes fewer, so the count is found by halving.
template <class T, std::size_t Low, std::size_t High>
[[nodiscard]] consteval std::size_t count_between() noexcept {
  if constexpr (Low == High) {
    return Low;
  } else {
    constexpr std::size_t middle = (Low + High + 1) / 2;
    if constexpr (takes<T>(std::make_index_sequence<middle>{})) {
      return count_between<T, middle, High>();
    } else {
      return count_between<T, Low, middle - 1>();
    }
  }
}

template <class T>
struct field_counter {
  static_assert(std::is_aggregate_v<T>,
                "reflect: only plain aggregates have fields (no constructor, base or private member)");
  static_assert(!std::is_array_v<T>, "reflect: a C array is not an aggregate of named members; use std::array");
  static constexpr std::size_t value = count_between<T, 0, max_fields + 1>();
  static_assert(value <= max_fields, "reflect: an aggregate may have at most 64 members; nest some of them");
};

template <class T>
struct named_object {
  T value;
};
template <class T>
extern named_object<T> const pointed_at;

template <class T>
[[nodiscard]] consteval auto pointers_to_members() noexcept {
  return with_members<field_counter<T>::value>(pointed_at<T>.value,
                                               [](auto const&... members) { return std::tuple(&members...); });
}
// Never a variable: g++ without optimisation would emit it for local types, and with it a name that nobody defines.
template <class T>
using member_pointers = decltype(pointers_to_members<T>());

template <class T, std::size_t... I>
[[nodiscard]] consteval std::array<std::string_view, sizeof...(I)> spelled_fields(std::index_sequence<I...>) noexcept {
  return {last_name(spell<box{std::get<I>(pointers_to_members<T>())}>())...};
}

template <class T>
[[nodiscard]] consteval auto places_of_members() noexcept {
  return with_members<field_counter<T>::value>(pointed_at<T>.value, [](auto const&... members) {
    return std::array<void const*, sizeof...(members)>{static_cast<void const*>(&members)...};
  });
}

/// The position of a member among the members of its aggregate; `field_count` if it is not one.
template <class T, auto Member>
[[nodiscard]] consteval std::size_t index_of_member() noexcept {
  auto const        all    = places_of_members<T>();
  void const* const wanted = &(pointed_at<T>.value.*Member);
  std::size_t       index  = 0;
  while (index != all.size() && all[index] != wanted) ++index;
  return index;
}

template <class M>
struct member_pointer_parts;
template <class T, class M>
struct member_pointer_parts<M T::*> {
  using aggregate = T;
  using member    = M;
};

}  // namespace detail

/// How many members `T` has.
template <class T>
inline constexpr std::size_t field_count = detail::field_counter<std::remove_cv_t<T>>::value;

/// What the source calls them, in order.
template <class T>
inline constexpr std::array<std::string_view, field_count<T>> field_names =
    detail::spelled_fields<std::remove_cv_t<T>>(std::make_index_sequence<field_count<T>>{});

/// The type of member `I`.
template <class T, std::size_t I>
using field_type =
    std::remove_cvref_t<std::remove_pointer_t<std::tuple_element_t<I, detail::member_pointers<std::remove_cv_t<T>>>>>;

/// Which member `&T::member` is, counted from 0.
template <auto Member>
inline constexpr std::size_t field_index =
    detail::index_of_member<typename detail::member_pointer_parts<decltype(Member)>::aggregate, Member>();

/// Member `I` of `value`.
template <std::size_t I, class T>
[[nodiscard]] constexpr auto& get_field(T& value) noexcept {
  static_assert(I < field_count<T>, "reflect: the aggregate has fewer members");
  return *detail::with_members<field_count<T>>(
      value, [](auto&... members) { return std::get<I>(std::tuple<decltype(&members)...>(&members...)); });
}

/// Calls `use(name, member)` for every member in order.
template <class T, class F>
constexpr void for_each_field(T&& value, F&& use) {
  using aggregate = std::remove_cvref_t<T>;
  detail::with_members<field_count<aggregate>>(value, [&](auto&... members) {
    [[maybe_unused]] std::size_t i = 0;
    (static_cast<void>(use(field_names<aggregate>[i++], members)), ...);
  });
}

/// Calls `use(name, member)` for the member at `index`, which is less than `field_count<T>`; true if there was one.
template <class T, class F>
constexpr bool visit_field(T&& value, std::size_t index, F&& use) {
  using aggregate = std::remove_cvref_t<T>;
  return detail::with_members<field_count<aggregate>>(value, [&](auto&... members) {
    [[maybe_unused]] std::size_t i = 0;
    return ((i++ == index ? (static_cast<void>(use(field_names<aggregate>[i - 1], members)), true) : false) || ...);
  });
}

/// The named values of an enum, by value; its underlying type is fixed, as that of every `enum class` is. Those that do
/// not fit a byte are not seen; `describe<E>::names` lists such an enum.
template <class E>
inline constexpr detail::enumerator_list<E> enumerators = detail::spelled_enumerators<E>();

}  // namespace tensorgate::reflect

#if defined(__clang__)
#pragma clang diagnostic pop
#endif
