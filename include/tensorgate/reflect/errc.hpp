// tensorgate/reflect/errc.hpp: what can be wrong with a text that should become a value?
#pragma once

#include <string_view>   // string_view
#include <system_error>  // error_code, is_error_code_enum
#include <type_traits>   // true_type

#include <tensorgate/core/result.hpp>  // category_of

namespace tensorgate::inline TENSORGATE_ABI::reflect {

enum class errc {
  syntax = 1,
  encoding,
  too_deep,
  duplicate,
  missing,
  unknown,
  wrong_type,
  out_of_range,
  rule,
};

struct errc_text {
  static constexpr char const*                    room = "reflect";
  [[nodiscard]] static constexpr std::string_view of(errc value) noexcept {
    switch (value) {
      case errc::syntax: return "the text breaks the grammar";
      case errc::encoding: return "the text is not UTF-8";
      case errc::too_deep: return "the text nests too deeply";
      case errc::duplicate: return "a member stands twice";
      case errc::missing: return "a required member is missing";
      case errc::unknown: return "a member is unknown";
      case errc::wrong_type: return "a value is of another type";
      case errc::out_of_range: return "a number is out of range";
      case errc::rule: return "a value breaks a rule of its member";
    }
    return "unknown";
  }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category_of<errc, errc_text>()};
}

}  // namespace tensorgate::reflect

template <>
struct std::is_error_code_enum<tensorgate::reflect::errc> : std::true_type {};
