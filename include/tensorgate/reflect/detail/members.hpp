// tensorgate/reflect/detail/members.hpp: the members of an aggregate together with the rules that were made for them.
#pragma once

#include <array>        // array
#include <concepts>     // equality_comparable
#include <cstddef>      // size_t, byte
#include <cstdint>      // uint64_t
#include <cstring>      // memcmp, memset
#include <memory>       // destroy_at
#include <new>          // placement new
#include <span>         // span
#include <string_view>  // string_view
#include <tuple>        // tuple, get
#include <type_traits>  // remove_reference_t
#include <utility>      // index_sequence

#include <tensorgate/reflect/fields.hpp>  // field_names
#include <tensorgate/reflect/rules.hpp>   // describe
#include <tensorgate/reflect/traits.hpp>  // is_optional

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

inline constexpr std::tuple<> no_rules{};

template <class T>
[[nodiscard]] constexpr auto const& rules_of() noexcept {
  if constexpr (requires { describe<T>::rules; }) {
    return describe<T>::rules;
  } else {
    return no_rules;
  }
}

/// The kind of a rule, and which member it is about (`field_count` if it is about all).
struct rule_place {
  rule_kind   kind;
  std::size_t member;
};

template <class T, class Rule>
[[nodiscard]] consteval rule_place place_of_rule() {
  if constexpr (requires { Rule::member; }) {
    return {Rule::kind, field_index<Rule::member>};
  } else {
    return {Rule::kind, field_count<T>};
  }
}
template <class T, class... R>
[[nodiscard]] consteval std::array<rule_place, sizeof...(R)> places_of_rules(std::tuple<R...> const* /*rules*/) {
  return {place_of_rule<T, R>()...};
}
/// Looked up by plain loops, so that a member costs nothing for the rules of the others.
template <class T>
inline constexpr auto rule_places =
    places_of_rules<T>(static_cast<std::remove_reference_t<decltype(rules_of<T>())> const*>(nullptr));

/// How many rules of this kind the member has.
[[nodiscard]] constexpr std::size_t count_rules(std::span<rule_place const> places, rule_kind kind,
                                                std::size_t member) noexcept {
  std::size_t count = 0;
  for (auto const& one : places) count += one.kind == kind && one.member == member ? 1U : 0U;
  return count;
}
/// The place in the tuple of the one that has `skip` of them before it.
[[nodiscard]] constexpr std::size_t find_rule(std::span<rule_place const> places, rule_kind kind, std::size_t member,
                                              std::size_t skip) noexcept {
  std::size_t at = 0;
  while (places[at].kind != kind || places[at].member != member || skip-- != 0) ++at;
  return at;
}

/// Calls `use(rule)` for each rule of member `I` that is of this kind.
template <class T, std::size_t I, rule_kind Kind, class F>
constexpr void for_each_rule(F&& use) {
  constexpr auto count = count_rules(rule_places<T>, Kind, I);
  if constexpr (count != 0) {
    [&]<std::size_t... K>(std::index_sequence<K...> /*each*/) {
      (static_cast<void>(use(std::get<find_rule(rule_places<T>, Kind, I, K)>(rules_of<T>()))), ...);
    }(std::make_index_sequence<count>{});
  }
}

template <class T, std::size_t I, rule_kind Kind>
[[nodiscard]] consteval bool has_rule() {
  return count_rules(rule_places<T>, Kind, I) != 0;
}

/// A member's name in JSON.
template <class T, std::size_t I>
inline constexpr std::string_view wire_name = [] {
  std::string_view name = field_names<T>[I];
  for_each_rule<T, I, rule_kind::rename>([&](auto const& rule) { name = rule.name; });
  return name;
}();

template <class T, std::size_t... I>
[[nodiscard]] consteval std::array<std::string_view, sizeof...(I)> wire_names_of(std::index_sequence<I...>) {
  return {wire_name<T, I>...};
}
template <class T>
inline constexpr auto wire_names = wire_names_of<T>(std::make_index_sequence<field_count<T>>{});

[[nodiscard]] consteval bool are_plain_names(auto const& names) {
  for (std::size_t i = 0; i != names.size(); ++i) {
    for (char const c : names[i]) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return false;
    }
    for (std::size_t j = 0; j != i; ++j) {
      if (names[i] == names[j]) return false;
    }
  }
  return true;
}

/// `,"name":` for writing; from the second character on, what a reader compares.
template <class T, std::size_t I>
inline constexpr auto key_text = [] {
  static_assert(are_plain_names(wire_names<T>),
                "reflect: names are distinct, without quote, backslash or control characters");
  constexpr std::string_view        name = wire_name<T, I>;
  std::array<char, name.size() + 4> text{};
  std::size_t                       at = 0;
  for (char const c : {',', '"'}) text[at++] = c;
  for (char const c : name) text[at++] = c;
  for (char const c : {'"', ':'}) text[at++] = c;
  return text;
}();

/// True if the value keeps every rule of member `I`; else what was wanted, in `wanted`.
template <class T, std::size_t I, class M>
[[nodiscard]] bool keeps_rules(M const& member, std::string_view& wanted) {
  if constexpr (is_optional<M>) {
    return !member || keeps_rules<T, I>(*member, wanted);
  } else {
    for_each_rule<T, I, rule_kind::value>([&](auto const& rule) {
      if (wanted.empty()) wanted = rule.check(member);
    });
    return wanted.empty();
  }
}

template <class T>
[[nodiscard]] consteval bool rejects_unknown() {
  bool reject = false;
  for_each_rule<T, field_count<T>, rule_kind::unknown>([&](auto const& rule) { reject = rule.reject; });
  return reject;
}

template <class T>
[[nodiscard]] consteval bool is_all_defaulted() {
  return has_rule<T, field_count<T>, rule_kind::presence_of_all>();
}

template <class T>
concept has_tag = requires {
  describe<T>::tag;
  describe<T>::tag_value;
};

/// The tag that the objects among some types have in common.
template <class... A>
[[nodiscard]] consteval std::string_view tag_of() {
  std::string_view            tag;
  [[maybe_unused]] auto const one = [&]<class O>(O*) {
    if constexpr (has_tag<O>) {
      if (!tag.empty() && tag != describe<O>::tag) throw "reflect: the objects of a variant share one tag";
      tag = describe<O>::tag;
    }
  };
  (one(static_cast<A*>(nullptr)), ...);
  return tag;
}

/// The member that takes what the aggregate does not have; `field_count` if there is none.
template <class T>
inline constexpr std::size_t other_members_index = []<std::size_t... I>(std::index_sequence<I...>) {
  std::size_t found = field_count<T>;
  ((std::is_same_v<field_type<T, I>, other_members> ? static_cast<void>(found = I) : static_cast<void>(0)), ...);
  return found;
}(std::make_index_sequence<field_count<T>>{});

template <class T>
[[nodiscard]] std::uint64_t required_members();

/// A default initializer on a number, a bool, an enum and the like shows in the storage: without one, making a `T`
/// leaves the bytes as they were.
template <class T>
[[nodiscard]] __attribute__((noinline)) std::uint64_t unwritten_members() {
  alignas(T) std::array<std::byte, sizeof(T)> storage;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  std::uint64_t                               unwritten = ~std::uint64_t{0};
  for (int const pattern : {0x5a, 0xa5}) {
    std::memset(storage.data(), pattern, sizeof(T));
    auto* raw = storage.data();
    __asm__ volatile("" : "+r"(raw) : : "memory");  // the bytes count, though no object owns them yet
    T* const made = ::new (static_cast<void*>(raw)) T;
    auto*    seen = reinterpret_cast<unsigned char const*>(made);
    __asm__ volatile("" : "+r"(seen) : : "memory");
    with_members<field_count<T>>(*made, [&](auto&... members) {
      std::size_t                 i   = 0;
      [[maybe_unused]] auto const one = [&](auto& member) {
        auto const offset = static_cast<std::size_t>(reinterpret_cast<std::byte const*>(&member) -
                                                     reinterpret_cast<std::byte const*>(made));
        bool       same   = true;
        for (std::size_t b = 0; b != sizeof(member); ++b) same = same && seen[offset + b] == pattern;
        if (!same) unwritten &= ~(std::uint64_t{1} << i);
        ++i;
      };
      (one(members), ...);
    });
    std::destroy_at(made);
  }
  return unwritten;
}

/// True if a value is not what its type makes by itself, so that an initializer must have made it.
template <class M>
[[nodiscard]] bool shows_initializer(M const& value, M const& bare) {
  if constexpr (is_text<M>) {
    return value != bare;
  } else if constexpr (requires { value.size(); }) {
    return value.size() != bare.size();
  } else if constexpr (is_object<M>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (shows_initializer(get_field<I>(value), get_field<I>(bare)) || ...);
    }(std::make_index_sequence<field_count<M>>{});
  } else if constexpr (is_a<M, std::variant>) {
    return value.index() != bare.index() || shows_initializer(std::get<0>(value), std::get<0>(bare));
  } else if constexpr (is_pointer<M> || is_optional<M>) {
    return static_cast<bool>(value) != static_cast<bool>(bare);
  } else if constexpr (std::equality_comparable<M>) {
    return !(value == bare);
  } else {
    return false;
  }
}

template <class T, std::size_t I>
[[nodiscard]] bool is_required(T const& fresh, std::uint64_t unwritten) {
  using M = field_type<T, I>;
  if constexpr (has_rule<T, I, rule_kind::presence>()) {
    bool required = false;
    for_each_rule<T, I, rule_kind::presence>([&](auto const& rule) { required = rule.required; });
    return required;
  } else if constexpr (is_optional<M> || is_pointer<M> || std::is_same_v<M, other_members> || is_all_defaulted<T>()) {
    return false;
  } else if constexpr (std::is_trivially_default_constructible_v<M>) {
    return (unwritten >> I & 1U) != 0;
  } else if constexpr (is_object<M>) {
    return !shows_initializer(get_field<I>(fresh), M{}) && required_members<M>() != 0;
  } else {
    return !shows_initializer(get_field<I>(fresh), M{});
  }
}

/// One bit for each member that must be there.
template <class T>
[[nodiscard]] std::uint64_t required_members() {
  static std::uint64_t const mask = []<std::size_t... I>(std::index_sequence<I...>) {
    T const                        fresh{};
    [[maybe_unused]] std::uint64_t unwritten = 0;
    if constexpr (((std::is_trivially_default_constructible_v<field_type<T, I>> &&
                    !has_rule<T, I, rule_kind::presence>()) ||
                   ...))
      unwritten = unwritten_members<T>();
    return ((is_required<T, I>(fresh, unwritten) ? std::uint64_t{1} << I : 0U) | ... | 0U);
  }(std::make_index_sequence<field_count<T>>{});
  return mask;
}

}  // namespace tensorgate::reflect::detail
