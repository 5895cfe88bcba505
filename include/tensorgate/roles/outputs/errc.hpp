// tensorgate/roles/outputs/errc.hpp: why can a validator's file not be shown by the rules?
#pragma once

#include <string_view>   // string_view
#include <system_error>  // error_code, is_error_code_enum
#include <type_traits>   // true_type

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // category_of

namespace tensorgate::inline TENSORGATE_ABI::outputs {

enum class errc {
  malformed_file = 1,   ///< not JSON, or not of the expected shape
  unreadable_position,  ///< a member that the rules need is missing or of another type
  unknown_trade_pair,   ///< a position that must be rebuilt is of no known class of assets
};

struct errc_text {
  static constexpr char const* room = "outputs";

  [[nodiscard]] static constexpr std::string_view of(errc value) noexcept {
    switch (value) {
      case errc::malformed_file: return "the file is not what a validator writes";
      case errc::unreadable_position: return "a position cannot be read";
      case errc::unknown_trade_pair: return "a position's trade pair is unknown";
    }
    return "unknown";
  }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category_of<errc, errc_text>()};
}

}  // namespace tensorgate::outputs

template <>
struct std::is_error_code_enum<tensorgate::outputs::errc> : std::true_type {};
