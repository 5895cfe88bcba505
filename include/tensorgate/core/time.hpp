// tensorgate/core/time.hpp: points in time, and clocks that are arguments.
#pragma once

#include <chrono>      // system_clock, steady_clock
#include <cstdint>     // int64_t
#include <functional>  // function

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// Milliseconds since 1970-01-01 UTC, as protocols write them.
using unix_millis = std::chrono::sys_time<std::chrono::milliseconds>;

/// A point on the clock that never jumps: deadlines and durations.
using steady_point = std::chrono::steady_clock::time_point;

/// Where a part asks for the date. Tests pass their own; programs pass `wall_clock`.
using clock_fn = std::function<unix_millis()>;

[[nodiscard]] inline unix_millis wall_clock() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

[[nodiscard]] constexpr unix_millis from_unix_millis(std::int64_t value) noexcept {
  return unix_millis{std::chrono::milliseconds{value}};
}
[[nodiscard]] constexpr std::int64_t to_unix_millis(unix_millis value) noexcept {
  return value.time_since_epoch().count();
}

}  // namespace tensorgate
