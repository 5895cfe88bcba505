// tensorgate/service/detail/config_text.hpp: keys and text as TOML writes them.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// A TOML basic string.
[[nodiscard, gnu::cold]] inline std::string toml_string(std::string_view text) {
  static constexpr std::string_view digit = "0123456789abcdef";
  std::string                       made  = "\"";
  for (char const one : text) {
    auto const value = static_cast<unsigned char>(one);
    if (one == '"' || one == '\\') {
      made.push_back('\\');
      made.push_back(one);
    } else if (value < 0x20 || value == 0x7F) {
      made += "\\u00";
      made.push_back(digit[value >> 4U]);
      made.push_back(digit[value & 15U]);
    } else {
      made.push_back(one);
    }
  }
  return made + "\"";
}

/// A TOML key: bare where it may be.
[[nodiscard, gnu::cold]] inline std::string key_text(std::string_view name) {
  bool bare = !name.empty();
  for (char const one : name) {
    bare = bare && ((one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
                    one == '_' || one == '-');
  }
  return bare ? std::string(name) : toml_string(name);
}

}  // namespace tensorgate::service_detail
