#include <tensorgate/roles/outputs/position.hpp>

#include <doctest/doctest.h>

#include <string>

#include "support/json_compare.hpp"
#include "support/vectors.hpp"

namespace out = tensorgate::outputs;
using out::tier_mode;
using tensorgate::from_unix_millis;
using tensorgate_tests::json;

namespace {

/// What a vector says of a position in one tier, against what we show.
void check_shown(json const& expect, std::string const& raw,
                 tensorgate::result<std::optional<out::shown_position>> const& shown) {
  REQUIRE(shown);
  if (expect == "erased") {
    CHECK(!shown->has_value());
    return;
  }
  REQUIRE(shown->has_value());
  if (expect == "unchanged") {
    CHECK((*shown)->json() == raw);  // to the byte
    return;
  }
  auto const before = json::parse(raw);
  auto const after  = json::parse((*shown)->json());
  for (auto const& [key, value] : expect.items()) {
    CAPTURE(key);
    if (key == "n_orders") {
      CHECK(after["orders"].size() == value.get<std::size_t>());
      CHECK((*shown)->orders == value.get<std::size_t>());
    } else {
      CHECK(tensorgate_tests::difference(after[key], value) == "");
    }
  }
  // Nothing comes or goes, and what does not follow from the orders stays.
  auto left = before.begin();
  for (auto right = after.begin(); right != after.end(); ++left, ++right) {
    REQUIRE(left != before.end());
    CHECK(left.key() == right.key());
  }
  for (auto const* key : {"miner_hotkey", "position_uuid", "trade_pair"}) CHECK(before[key] == after[key]);
  for (std::size_t i = 0; i != after["orders"].size(); ++i) CHECK(after["orders"][i] == before["orders"][i]);
}

std::string order_json(std::string const& type, double leverage, double price, std::int64_t t) {
  return R"({"order_type": ")" + type + R"(", "leverage": )" + json(leverage).dump() + R"(, "price": )" +
         json(price).dump() + R"(, "processed_ms": )" + std::to_string(t) + "}";
}
std::string position_json(std::string const& orders, std::string const& derived,
                          std::string const& pair = R"(["EURUSD", "EUR/USD"])") {
  return R"({"position_uuid": "u", "trade_pair": )" + pair + R"(, "orders": [)" + orders + "], " + derived + "}";
}

constexpr std::int64_t now_ms = 1760000000000;
constexpr std::int64_t cut_ms = now_ms - 86400000;

}  // namespace

TEST_CASE("every case of the tier rule is shown as its vector says") {
  auto const file = tensorgate_tests::vector_json("ptn/tier_rule_cases.json");
  auto const now  = from_unix_millis(file["now_ms"].get<std::int64_t>());
  CHECK(file["cases"].size() >= 13);
  for (auto const& one : file["cases"]) {
    CAPTURE(one["name"].get<std::string>());
    auto const raw  = one["position"].dump();
    auto const read = out::read_position(raw);
    REQUIRE(read);
    CHECK(out::bucket_of(read->uuid) == one["bucket"].get<int>());
    for (auto const& [tier, expect] : one["expect"].items()) {
      CAPTURE(tier);
      check_shown(expect, raw, out::show_position(*read, std::stoi(tier), now, tier_mode::compat));
      bool const was_open = expect == "unchanged" && !read->is_closed && read->order_ms.back() < cut_ms;
      // Ours differs in one thing: what was open a day ago is rebuilt, touched since or not.
      if (!was_open) check_shown(expect, raw, out::show_position(*read, std::stoi(tier), now, tier_mode::ours));
    }
  }
}

TEST_CASE("every real position is shown as its vector says") {
  auto const file = tensorgate_tests::vector_json("ptn/real_capture.json");
  auto const now  = from_unix_millis(file["now_ms"].get<std::int64_t>());
  for (auto const& one : file["cases"]) {
    for (auto const& position : one["positions"]) {
      auto const uuid = position["position_uuid"].get<std::string>();
      CAPTURE(uuid);
      auto const raw  = position.dump();
      auto const read = out::read_position(raw);
      REQUIRE(read);
      for (auto const& [tier, expect] : one["expect"].items())
        check_shown(expect[uuid], raw, out::show_position(*read, std::stoi(tier), now, tier_mode::compat));
    }
  }
}

TEST_CASE("buckets are those of the protocol's examples") {
  CHECK(out::bucket_of("1f3f427f-6cbe-497c-af11-2fbef2ca3c10") == 11);
  CHECK(out::bucket_of("d40580d0-3f3e-4f8a-9b88-e1d2220da8fe") == 41);
}

TEST_CASE("in our tiers an open position looks the same whether it was touched in the last day or not") {
  auto const now   = from_unix_millis(now_ms);
  auto const first = order_json("LONG", 0.2, 1.08, cut_ms - 100);
  auto const untouched =
      position_json(first, R"("current_return": 1.5, "close_ms": 0, "net_leverage": 0.2, "is_closed_position": false)");
  auto const added =
      position_json(first + ", " + order_json("LONG", 0.3, 1.09, cut_ms),
                    R"("current_return": 0.9, "close_ms": 0, "net_leverage": 0.5, "is_closed_position": false)");
  auto const closed = position_json(
      first + ", " + order_json("FLAT", -0.2, 1.10, now_ms - 5),
      R"("current_return": 1.02, "close_ms": 1759999999995, "net_leverage": 0.0, "is_closed_position": true)");
  std::string seen;
  for (auto const& raw : {untouched, added, closed}) {
    auto const read  = out::read_position(raw);
    auto const shown = out::show_position(*read, 0, now, tier_mode::ours);
    REQUIRE(shown);
    REQUIRE(shown->has_value());
    if (seen.empty()) seen = (*shown)->json();
    CHECK((*shown)->json() == seen);
  }
  auto const parsed = json::parse(seen);
  CHECK(parsed["close_ms"].is_null());
  CHECK(parsed["is_closed_position"] == false);
  CHECK(parsed["current_return"] == 1.0);

  // The validator's own result tells them apart: that is what ours is for.
  auto const read = out::read_position(untouched);
  CHECK((*out::show_position(*read, 0, now, tier_mode::compat))->json() == untouched);
}

TEST_CASE("orders behind the end of a position are not seen either, and cost it nothing else") {
  auto const before = order_json("LONG", 0.2, 1.08, cut_ms - 300) + ", " + order_json("FLAT", -0.2, 1.09, cut_ms - 200);
  auto const derived =
      R"("close_ms": )" + std::to_string(cut_ms - 200) + R"(, "return_at_close": 1.25, "is_closed_position": true)";
  auto const settled = position_json(before, derived);
  auto const later   = position_json(before + ", " + order_json("LONG", 0.1, 1.0, cut_ms + 5), derived);
  for (auto const& raw : {settled, later}) {
    auto const read  = out::read_position(raw);
    auto const shown = out::show_position(*read, 0, from_unix_millis(now_ms), tier_mode::ours);
    CHECK((*shown)->json() == settled);
    CHECK((*shown)->orders == 2);
  }
}

TEST_CASE("what cannot be rebuilt is an error, what needs no rebuild is shown") {
  auto const now    = from_unix_millis(now_ms);
  auto const orders = order_json("LONG", 0.2, 1.08, cut_ms - 100) + ", " + order_json("LONG", 0.2, 1.08, cut_ms + 100);
  auto const open   = R"("close_ms": null, "is_closed_position": false)";
  auto const shown  = [&](std::string const& raw, int tier) {
    auto const read = out::read_position(raw);
    REQUIRE(read);
    return out::show_position(*read, tier, now, tier_mode::compat);
  };
  for (auto const* pair : {R"(["DOGWIFHAT", "x"])", "[]", "null", "7", "[7]"}) {
    CAPTURE(pair);
    auto const refused = shown(position_json(orders, open, pair), 0);
    REQUIRE(!refused);
    CHECK(refused.error().code == out::errc::unknown_trade_pair);
    CHECK(shown(position_json(orders, open, pair), 100).has_value());
  }
  for (auto const* order :
       {R"({"processed_ms": 5})", R"({"order_type": "SIDEWAYS", "leverage": 1, "price": 1, "processed_ms": 5})",
        R"({"order_type": "LONG", "leverage": 1e308, "price": 1e308, "processed_ms": 5})",
        R"({"order_type": "LONG", "leverage": 0, "price": 0, "processed_ms": 5})"}) {
    CAPTURE(order);
    CHECK(shown(position_json(std::string(order) + ", " + orders, open), 0).error().code ==
          out::errc::unreadable_position);
  }
}

TEST_CASE("a position without what the rule needs is not read") {
  for (auto const* raw :
       {"{}", "[]", "null", "", "{", R"({"position_uuid": 7, "orders": [], "is_closed_position": true})",
        R"({"position_uuid": "u", "orders": [{}], "is_closed_position": true})",
        R"({"position_uuid": "u", "orders": [{"processed_ms": 0.5}], "is_closed_position": true})",
        R"({"position_uuid": "u", "orders": [{"processed_ms": 1e300}], "is_closed_position": true})",
        R"({"position_uuid": "u", "orders": [], "is_closed_position": "no"})"}) {
    CAPTURE(raw);
    auto const read = out::read_position(raw);
    REQUIRE(!read);
    CHECK(read.error().code == out::errc::unreadable_position);
  }
  CHECK(out::read_position(R"({"position_uuid": "u", "orders": [{"processed_ms": 5.0}], "is_closed_position": true})")
            .has_value());
}
