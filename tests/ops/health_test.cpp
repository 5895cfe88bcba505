#include <tensorgate/ops/health.hpp>

#include <vector>

#include <doctest/doctest.h>

using namespace tensorgate;

namespace {
net::part part(std::string name, net::part_health health) {
  return {.name = std::move(name), .start = {}, .reload = {}, .drain = {}, .stop = {}, .health = [health] {
            return health;
          }};
}
}  // namespace

TEST_CASE("the report is as good as its parts, and not ready before the start is done") {
  using std::chrono::seconds;
  std::vector<net::part> parts;
  parts.push_back(part("a", {}));
  parts.push_back({.name = "silent", .start = {}, .reload = {}, .drain = {}, .stop = {}, .health = {}});
  CHECK(ops::report_health(parts, true, seconds(5)).status == "ok");
  CHECK(ops::report_health(parts, true, seconds(5)).parts.size() == 1);
  CHECK(ops::report_health(parts, false, seconds(5)).status == "not_ready");
  parts.push_back(part("b", {.ready = true, .degraded = true, .note = "an old snapshot"}));
  auto const degraded = ops::report_health(parts, true, seconds(5));
  CHECK(degraded.status == "degraded");
  CHECK(degraded.ready());
  parts.push_back(part("c", {.ready = false, .note = "no data"}));
  auto const report = ops::report_health(parts, true, seconds(5));
  CHECK(!report.ready());
  CHECK(
      ops::to_json(report) ==
      R"({"status":"not_ready","version":")" TENSORGATE_VERSION
      R"(","uptime_seconds":5,"parts":[{"name":"a","ready":true,"degraded":false,"note":""},{"name":"b","ready":true,"degraded":true,"note":"an old snapshot"},{"name":"c","ready":false,"degraded":false,"note":"no data"}]})"
      "\n");
}
