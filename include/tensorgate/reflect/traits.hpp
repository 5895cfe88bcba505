// tensorgate/reflect/traits.hpp: what kind of value is a type, to a reader of text?
#pragma once

#include <array>          // array
#include <chrono>         // duration
#include <concepts>       // integral
#include <cstdint>        // int64_t
#include <map>            // map
#include <memory>         // unique_ptr
#include <optional>       // optional
#include <string>         // string
#include <string_view>    // string_view
#include <tuple>          // tuple
#include <type_traits>    // is_enum_v
#include <unordered_map>  // unordered_map
#include <utility>        // pair
#include <variant>        // variant, monostate
#include <vector>         // vector

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/reflect/raw.hpp>  // raw_number, raw_json

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// Specialised by who owns a type that is written as text, in JSON as a string and in queries as it is:
///     static result<T> parse(std::string_view);
///     static void      append(std::string& out, T const&);
///     static constexpr std::string_view expected = "an SS58 address";      what an error says
///     static constexpr std::string_view pattern = "…", format = "…";       for the schema; both may be left out
template <class T>
struct text_form;

namespace detail {

template <class T>
concept has_text_form = requires(std::string_view in, std::string& out, T const& value) {
  { text_form<T>::parse(in) } -> std::same_as<result<T>>;
  text_form<T>::append(out, value);
};

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <template <class...> class Template, class... A>
inline constexpr bool is_a<Template<A...>, Template> = true;

template <class T>
inline constexpr bool is_optional = is_a<T, std::optional>;
template <class T>
inline constexpr bool is_pointer = false;
template <class T>
inline constexpr bool is_pointer<std::unique_ptr<T>> = true;

template <class T>
struct optional_content {
  using type = T;
};
template <class T>
struct optional_content<std::optional<T>> {
  using type = T;
};
template <class T>
using without_optional = typename optional_content<T>::type;

template <class T>
concept is_text = std::same_as<T, std::string> || std::same_as<T, std::string_view>;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

/// A list of named values in the order of the text.
template <class T>
inline constexpr bool is_pair_list = false;
template <class T>
inline constexpr bool is_pair_list<std::vector<std::pair<std::string, T>>> = true;

template <class T>
inline constexpr bool is_map = is_a<T, std::map> || is_a<T, std::unordered_map>;

template <class T>
inline constexpr bool is_fixed_list = is_a<T, std::tuple> || is_a<T, std::pair> || is_std_array<T>;

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

/// Milliseconds since 1970, a whole number in JSON.
template <class T>
inline constexpr bool is_time_point = std::same_as<T, std::chrono::sys_time<std::chrono::milliseconds>>;

/// Characters are not numbers: say `std::uint8_t`, or a string.
template <class T>
concept is_integer =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <class T>
concept is_raw = std::same_as<T, raw_number> || std::same_as<T, raw_json> || std::same_as<T, raw_json_view>;

template <class T>
concept is_object = std::is_aggregate_v<T> && std::is_class_v<T> && !is_std_array<T> && !is_raw<T> &&
                    !has_text_form<T> && !std::same_as<T, other_members> && !std::same_as<T, std::monostate>;

template <class T>
inline constexpr bool never = false;

}  // namespace detail

}  // namespace tensorgate::reflect
