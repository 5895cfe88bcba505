// tensorgate/service/detail/config_text.hpp: durations, sizes and quoted text as a file of settings writes them.
#pragma once

#include <array>         // array
#include <charconv>      // from_chars
#include <chrono>        // duration
#include <cstdint>       // int64_t, uint64_t
#include <limits>        // numeric_limits
#include <optional>      // optional
#include <ratio>         // ratio
#include <string>        // string, to_string
#include <string_view>   // string_view
#include <system_error>  // errc

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::service::detail {

struct duration_unit {
  std::string_view name;
  std::int64_t     nanoseconds;
};
/// The first name of a length is the one that is written.
inline constexpr std::array duration_units{
    duration_unit{"ns", 1},
    duration_unit{"us", 1'000},
    duration_unit{"ms", 1'000'000},
    duration_unit{"s", 1'000'000'000},
    duration_unit{"min", 60'000'000'000},
    duration_unit{"m", 60'000'000'000},
    duration_unit{"h", 3'600'000'000'000},
    duration_unit{"d", 86'400'000'000'000},
};

/// "10s", "500ms", "1 h": a whole number and its unit. Nothing for anything else, for a missing unit, and for more
/// than 292 years.
[[nodiscard]] inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept {
  std::int64_t count = 0;
  auto const   got   = std::from_chars(text.data(), text.data() + text.size(), count);
  if (got.ec != std::errc{} || count < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(got.ptr - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (auto const& unit : duration_units) {
    if (unit.name != text) continue;
    if (count > std::numeric_limits<std::int64_t>::max() / unit.nanoseconds) return std::nullopt;
    return std::chrono::nanoseconds(count * unit.nanoseconds);
  }
  return std::nullopt;
}

/// The longest unit that tells it exactly: "90s", "2min".
[[nodiscard]] inline std::string duration_text(std::chrono::nanoseconds value) {
  auto const    count = value.count();
  duration_unit best  = duration_units[0];
  if (count == 0) return "0s";
  for (auto const& unit : duration_units) {
    if (count % unit.nanoseconds == 0 && unit.nanoseconds > best.nanoseconds) best = unit;
  }
  return std::to_string(count / best.nanoseconds) + std::string(best.name);
}

/// "64KiB", "1 MiB", "10MB", "4096": bytes.
[[nodiscard]] inline std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  struct unit {
    std::string_view name;
    std::uint64_t    bytes;
  };
  static constexpr std::array units{unit{"", 1},           unit{"B", 1},          unit{"KiB", 1ULL << 10U}, unit{"MiB", 1ULL << 20U},
                                    unit{"GiB", 1ULL << 30U}, unit{"TiB", 1ULL << 40U}, unit{"kB", 1'000},         unit{"MB", 1'000'000},
                                    unit{"GB", 1'000'000'000}, unit{"TB", 1'000'000'000'000}};
  std::uint64_t count = 0;
  auto const    got   = std::from_chars(text.data(), text.data() + text.size(), count);
  if (got.ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(got.ptr - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (auto const& one : units) {
    if (one.name != text) continue;
    if (count > std::numeric_limits<std::uint64_t>::max() / one.bytes) return std::nullopt;
    return count * one.bytes;
  }
  return std::nullopt;
}

/// A TOML basic string.
[[nodiscard]] inline std::string toml_string(std::string_view text) {
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
[[nodiscard]] inline std::string key_text(std::string_view name) {
  bool bare = !name.empty();
  for (char const one : name) {
    bare = bare && ((one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') || one == '_' || one == '-');
  }
  return bare ? std::string(name) : toml_string(name);
}

}  // namespace tensorgate::service::detail
