// tensorgate/reflect/validate.hpp: does a value that was not read from JSON keep the rules of its type?
#pragma once

#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // index_sequence
#include <variant>      // visit

#include <tensorgate/reflect/detail/members.hpp>  // keeps_rules, wire_name
#include <tensorgate/reflect/json_error.hpp>      // pointer_step
#include <tensorgate/reflect/text.hpp>            // to_text
#include <tensorgate/reflect/traits.hpp>          // is_object

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// The first rule that a value breaks.
struct violation {
  std::string      path;     // RFC 6901, as in json_error: "/orders/3/leverage"
  std::string_view message;  // what was wanted: "a number from 1 to 10"
};

template <class T>
[[nodiscard]] std::optional<violation> validate(T const& value);

namespace detail {

template <class T, std::size_t I, class M>
[[nodiscard]] std::optional<violation> validate_member(M const& member) {
  std::optional<violation> found;
  if constexpr (std::same_as<M, other_members>) return found;
  std::string_view wanted;
  if (!keeps_rules<T, I>(member, wanted)) {
    found.emplace(std::string{}, wanted);
  } else {
    found = validate(member);
  }
  if (found) found->path.insert(0, pointer_step(wire_name<T, I>));
  return found;
}

}  // namespace detail

/// Looks into members, elements, optionals and alternatives; nothing if every rule is kept. Readers of JSON apply the
/// same rules by themselves; this is for values from queries, flags and other files.
template <class T>
[[nodiscard]] std::optional<violation> validate(T const& value) {
  std::optional<violation> found;
  if constexpr (detail::is_object<T>) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      static_cast<void>(((found = detail::validate_member<T, I>(get_field<I>(value)), !found) && ...));
    }(std::make_index_sequence<field_count<T>>{});
    if constexpr (requires { describe<T>::check(value); }) {
      if (!found) {
        std::string_view const wanted = describe<T>::check(value);
        if (!wanted.empty()) found.emplace(std::string{}, wanted);
      }
    }
  } else if constexpr (detail::is_optional<T> || detail::is_pointer<T>) {
    if (value) found = validate(*value);
  } else if constexpr (detail::is_map<T> || detail::is_pair_list<T>) {
    for (auto const& [key, one] : value) {
      found = validate(one);
      if (found) {
        found->path.insert(0, pointer_step(to_text(key)));
        break;
      }
    }
  } else if constexpr (detail::is_a<T, std::vector>) {
    for (std::size_t i = 0; i != value.size() && !found; ++i) {
      found = validate<typename T::value_type>(value[i]);
      if (found) found->path.insert(0, "/" + std::to_string(i));
    }
  } else if constexpr (detail::is_fixed_list<T>) {
    std::apply(
        [&](auto const&... elements) {
          std::size_t                 i   = 0;
          [[maybe_unused]] auto const one = [&](auto const& element) {
            found = validate(element);
            if (found) found->path.insert(0, "/" + std::to_string(i));
            ++i;
            return !found;
          };
          static_cast<void>((one(elements) && ...));
        },
        value);
  } else if constexpr (detail::is_a<T, std::variant>) {
    found = std::visit([](auto const& one) { return validate(one); }, value);
  }
  return found;
}

}  // namespace tensorgate::reflect
