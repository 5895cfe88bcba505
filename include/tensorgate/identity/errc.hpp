// tensorgate/identity/errc.hpp: what can be wrong with who somebody says he is?
#pragma once

#include <string_view>   // string_view
#include <system_error>  // error_code, is_error_code_enum
#include <type_traits>   // true_type

#include <tensorgate/core/result.hpp>  // category_of

namespace tensorgate::inline TENSORGATE_ABI::identity {

enum class errc {
  bad_name = 1,
  duplicate_name,
  unknown_name,
  bad_key,
  known_key,
};

struct errc_text {
  static constexpr char const*                    room = "identity";
  [[nodiscard]] static constexpr std::string_view of(errc value) noexcept {
    switch (value) {
      case errc::bad_name: return "a name has 1 to 128 bytes and no control characters";
      case errc::duplicate_name: return "the name is taken";
      case errc::unknown_name: return "there is no key of that name";
      case errc::bad_key: return "a key has 1 to 256 bytes";
      case errc::known_key: return "the key is known under another name";
    }
    return "unknown";
  }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category_of<errc, errc_text>()};
}

}  // namespace tensorgate::identity

template <>
struct std::is_error_code_enum<tensorgate::identity::errc> : std::true_type {};
