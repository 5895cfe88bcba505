// tensorgate/codec/error.hpp: in which ways can encoded bytes be wrong?
#pragma once

#include <string_view>   // descriptions
#include <system_error>  // error_code, is_error_code_enum
#include <type_traits>   // true_type

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // category_of

namespace tensorgate::inline TENSORGATE_ABI::codec {

enum class errc {
  malformed = 1,  ///< the bytes break the format, or a checksum does not fit them
  too_large,      ///< what they decode to exceeds the caller's limit
  trailing_data,  ///< a complete value, and then bytes that belong to nothing
};

struct errc_text {
  static constexpr char const* room = "codec";

  [[nodiscard]] static constexpr std::string_view of(errc value) noexcept {
    switch (value) {
      case errc::malformed: return "malformed data";
      case errc::too_large: return "decoded size exceeds the limit";
      case errc::trailing_data: return "data after the end";
    }
    return "unknown";
  }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category_of<errc, errc_text>()};
}

}  // namespace tensorgate::codec

template <>
struct std::is_error_code_enum<tensorgate::codec::errc> : std::true_type {};
