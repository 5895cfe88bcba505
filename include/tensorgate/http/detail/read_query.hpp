// tensorgate/http/detail/read_query.hpp: the query of a target, read into an aggregate with the rules of its members.
#pragma once

#include <array>         // array
#include <bit>           // countr_zero
#include <concepts>      // floating_point, same_as
#include <cstddef>       // size_t
#include <cstdint>       // uint64_t
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <type_traits>   // is_enum_v
#include <utility>       // index_sequence, move
#include <vector>        // vector

#include <tensorgate/core/result.hpp>      // failure
#include <tensorgate/http/problem.hpp>     // problem_of, from
#include <tensorgate/http/status.hpp>      // status
#include <tensorgate/http/target.hpp>      // for_each_query_pair
#include <tensorgate/reflect/errc.hpp>     // errc
#include <tensorgate/reflect/fields.hpp>   // field_count, get_field
#include <tensorgate/reflect/members.hpp>  // wire_names, keeps_rules, required_members
#include <tensorgate/reflect/text.hpp>     // from_text
#include <tensorgate/reflect/traits.hpp>   // has_text_form, is_a

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// What a short text can be read as.
template <class T>
concept text_value =
    reflect::detail::has_text_form<T> || std::same_as<T, bool> || reflect::detail::is_integer<T> ||
    std::floating_point<T> || reflect::detail::is_text<T> || std::is_enum_v<T> || reflect::detail::is_duration<T>;

/// Says that a part of the target (`kind` is "query parameter" or "path value") is not what was expected: 422.
[[nodiscard]] inline problem bad_value(std::string_view kind, std::string_view name, std::error_code code,
                                       std::string_view expected) {
  std::string message(kind);
  message.append(" `").append(name).append("`: expected ").append(expected);
  problem made = problem_of(status::unprocessable_content, std::move(message), "/" + std::string(name));
  made.cause   = code;
  return made;
}

inline constexpr std::string_view query_parameter = "query parameter";

/// The members of T as the query names them.
template <class T>
class query_members {
  static constexpr std::size_t count = reflect::field_count<T>;

 public:
  explicit query_members(T& into) noexcept : into_(into) {}

  /// One bit for each member that the query must have.
  [[nodiscard]] static std::uint64_t required() {
    return reflect::detail::required_members<T>() & ~optional_lists(std::make_index_sequence<count>{});
  }

  bool set(std::string_view name, std::string_view text, std::optional<problem>& why) {
    auto const&           names = reflect::detail::wire_names<T>;
    static constexpr auto set   = setters(std::make_index_sequence<count>{});
    for (std::size_t i = 0; i != count; ++i) {
      if (names[i] == name) return set[i](*this, text, why);
    }
    if constexpr (reflect::detail::rejects_unknown<T>()) {
      why = bad_value(query_parameter, "", make_error_code(reflect::errc::unknown),
                      "no parameter that is not documented");
      return false;
    }
    return true;
  }

  bool finish(std::optional<problem>& why) {
    auto const missing = required() & ~seen_;
    if (missing != 0) {
      auto const first = static_cast<std::size_t>(std::countr_zero(missing));
      auto const name  = reflect::detail::wire_names<T>[first];
      problem made = problem_of(status::unprocessable_content, "query parameter `" + std::string(name) + "` is missing",
                                "/" + std::string(name));
      made.cause   = make_error_code(reflect::errc::missing);
      why          = std::move(made);
      return false;
    }
    if (!keeps_lengths(why, std::make_index_sequence<count>{})) return false;
    if constexpr (requires { reflect::describe<T>::check(into_); }) {
      std::string_view const broken = reflect::describe<T>::check(into_);
      if (!broken.empty()) {
        why        = problem_of(status::unprocessable_content, "query: " + std::string(broken));
        why->cause = make_error_code(reflect::errc::rule);
        return false;
      }
    }
    return true;
  }

 private:
  template <std::size_t I>
  using member = reflect::field_type<T, I>;
  template <std::size_t I>
  static constexpr bool is_list = reflect::detail::is_a<member<I>, std::vector>;

  template <std::size_t I>
  static bool set_member(query_members& me, std::string_view text, std::optional<problem>& why) {
    constexpr auto name = reflect::detail::wire_name<T, I>;
    auto&          slot = reflect::get_field<I>(me.into_);
    bool const     seen = (me.seen_ >> I & 1U) != 0;
    me.seen_ |= std::uint64_t{1} << I;
    if constexpr (is_list<I>) {
      using element = typename member<I>::value_type;
      static_assert(text_value<element>,
                    "tensorgate: a member of a query is a text, a number, an enum or a type with a text_form");
      auto read = reflect::from_text<element>(text);
      if (!read) {
        why = bad_value(query_parameter, name, read.error().code, read.error().note);
        return false;
      }
      if (!seen) slot.clear();
      slot.push_back(std::move(*read));
    } else {
      using value = reflect::detail::without_optional<member<I>>;
      static_assert(text_value<value>,
                    "tensorgate: a member of a query is a text, a number, an enum or a type with a text_form");
      if (seen) return true;
      auto read = reflect::from_text<value>(text);
      if (!read) {
        why = bad_value(query_parameter, name, read.error().code, read.error().note);
        return false;
      }
      slot = std::move(*read);
      std::string_view wanted;
      if (!reflect::detail::keeps_rules<T, I>(slot, wanted)) {
        why = bad_value(query_parameter, name, make_error_code(reflect::errc::rule), wanted);
        return false;
      }
    }
    return true;
  }

  // A query says an empty list by leaving it out.
  template <std::size_t... I>
  [[nodiscard]] static constexpr std::uint64_t optional_lists(std::index_sequence<I...> /*all*/) {
    return (
        (is_list<I> && !reflect::detail::has_rule<T, I, reflect::rule_kind::presence>() ? std::uint64_t{1} << I : 0U) |
        ... | 0U);
  }

  template <std::size_t I>
  bool keeps_length(std::optional<problem>& why) const {
    if constexpr (is_list<I>) {
      std::string_view wanted;
      if (!reflect::detail::keeps_rules<T, I>(reflect::get_field<I>(into_), wanted)) {
        why =
            bad_value(query_parameter, reflect::detail::wire_name<T, I>, make_error_code(reflect::errc::rule), wanted);
        return false;
      }
    }
    return true;
  }
  template <std::size_t... I>
  bool keeps_lengths([[maybe_unused]] std::optional<problem>& why, std::index_sequence<I...> /*all*/) const {
    return (keeps_length<I>(why) && ... && true);
  }

  using setter = bool (*)(query_members&, std::string_view, std::optional<problem>&);
  template <std::size_t... I>
  [[nodiscard]] static constexpr std::array<setter, count> setters(std::index_sequence<I...> /*all*/) {
    return {&set_member<I>...};
  }

  T&            into_;
  std::uint64_t seen_ = 0;
};

/// Views in `into` point into the query or into `decoded`.
template <class T>
bool read_query(std::string_view text, std::string& decoded, T& into, std::optional<problem>& why) {
  query_members<T> members(into);
  auto const       read =
      for_each_query_pair(text, decoded, [&](query_pair const& one) { return members.set(one.name, one.value, why); });
  if (!read) why = from(read.error());
  return !why && members.finish(why);
}

}  // namespace tensorgate::http::detail
