// tensorgate/ops/health.hpp: is the program alive, may it be sent requests, and which part says otherwise?
#pragma once

#include <chrono>       // seconds
#include <cstdint>      // int64_t
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>            // TENSORGATE_VERSION
#include <tensorgate/net/parts.hpp>           // part_health
#include <tensorgate/reflect/json_write.hpp>  // write_json

namespace tensorgate::inline TENSORGATE_ABI::ops {

/// One part as the page shows it: {"name":"keys","ready":true,"degraded":false,"note":"3 in force"}.
struct part_report {
  std::string name{};
  bool        ready    = true;
  bool        degraded = false;
  std::string note{};
};

/// The page. `status` is "ok", "degraded" (it answers, but not at its best) or "not_ready".
struct health_report {
  std::string              status = "ok";
  std::string              version{TENSORGATE_VERSION};
  std::int64_t             uptime_seconds = 0;
  std::vector<part_report> parts{};

  [[nodiscard]] bool ready() const noexcept { return status != "not_ready"; }
};

/// Asks the parts. `serving` is false before the start is done and from the drain on.
[[nodiscard]] inline health_report report_health(std::vector<net::part> const& parts, bool serving,
                                                 std::chrono::seconds uptime) {
  health_report made;
  made.uptime_seconds = uptime.count();
  if (!serving) made.status = "not_ready";
  for (auto const& part : parts) {
    if (!part.health) continue;
    auto const said = part.health();
    made.parts.push_back({part.name, said.ready, said.degraded, said.note});
    if (!said.ready) made.status = "not_ready";
    if (said.degraded && made.ready()) made.status = "degraded";
  }
  return made;
}

[[nodiscard]] inline std::string to_json(health_report const& report) { return reflect::write_json(report) + "\n"; }

}  // namespace tensorgate::ops
