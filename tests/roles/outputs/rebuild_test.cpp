#include <tensorgate/roles/outputs/rebuild.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/vectors.hpp"

namespace out = tensorgate::outputs;
using out::asset_class;
using out::order_terms;
using out::side;

namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day  = 24 * hour;

doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-12); }

}  // namespace

TEST_CASE("trade pairs are classed by their ids") {
  CHECK(out::class_of("BTCUSD") == asset_class::crypto);
  CHECK(out::class_of("DOGEUSD") == asset_class::crypto);
  CHECK(out::class_of("EURUSD") == asset_class::forex);
  CHECK(out::class_of("XAUUSD") == asset_class::forex);
  CHECK(out::class_of("GDAXI") == asset_class::indices);
  CHECK(out::class_of("NVDA") == asset_class::equities);
  for (auto const* unknown : {"", "EURUS", "EURUSDX", "eurusd", "EUR/US", "LUNA", "EURUS\xc3"})
    CHECK(!out::class_of(unknown).has_value());
}

TEST_CASE("a forex position is rebuilt as in the protocol's worked example") {
  std::int64_t const             now = 1760000000000;
  std::vector<order_terms> const orders{{side::long_, 0.2, 1.08, 1e-5, now - 5 * day},
                                        {side::long_, 0.1, 1.085, 1e-5, now - 3 * day}};
  auto const                     made = out::rebuild(orders, asset_class::forex, 100000.0);
  CHECK(!made.is_closed);
  CHECK(!made.close_ms);
  CHECK(made.open_ms == now - 5 * day);
  CHECK(made.position_type == side::long_);
  CHECK(made.net_leverage == 0.30000000000000004);
  CHECK(made.average_entry_price == about(1.0816774833333334));
  CHECK(made.current_return == about(1.000923916686759));
  CHECK(made.return_at_close == about(1.000923916686759));  // both carry intervals end on the weekend
  CHECK(made.cumulative_entry_value == about(30000.0));
}

TEST_CASE("a FLAT order of leverage nothing closes a short of 2025 with the seed's number") {
  std::int64_t const             t = 1738000000000;
  std::vector<order_terms> const orders{{side::short_, -0.1, 0.59559, 0, t}, {side::flat, 0.0, 0.5943, 0, t + hour}};
  auto const                     made = out::rebuild(orders, asset_class::forex, 100000.0);
  CHECK(made.is_closed);
  CHECK(made.close_ms == t + hour);
  CHECK(made.position_type == side::flat);
  CHECK(made.net_leverage == 0.0);
  CHECK(made.current_return == about(1.0002165919508386));
}

TEST_CASE("every closed position of the sample comes out as its validator derived it") {
  auto const  file  = tensorgate_tests::vector_json("ptn/sample/validation/outputs/output.json");
  std::size_t count = 0;
  for (auto const& [hotkey, miner] : file.items()) {
    for (auto const& one : miner["positions"]) {
      std::vector<order_terms> orders;
      for (auto const& order : one["orders"])
        orders.push_back({*out::parse_side(order["order_type"].get<std::string>()), order["leverage"], order["price"],
                          order["slippage"], order["processed_ms"]});
      auto const made =
          out::rebuild(orders, *out::class_of(one["trade_pair"][0].get<std::string>()), one["account_size"]);
      CAPTURE(one["position_uuid"].get<std::string>());
      CHECK(made.is_closed == one["is_closed_position"].get<bool>());
      CHECK(made.net_leverage == about(one["net_leverage"]));
      CHECK(made.average_entry_price == about(one["average_entry_price"]));
      CHECK(made.cumulative_entry_value == about(one["cumulative_entry_value"]));
      CHECK(made.realized_pnl == about(one["realized_pnl"]));
      CHECK(out::name_of(made.position_type) == one["position_type"].get<std::string>());
      if (!made.is_closed) continue;  // open ones are marked to the market of the moment
      CHECK(made.current_return == about(one["current_return"]));
      CHECK(made.return_at_close == about(one["return_at_close"]));
      ++count;
    }
  }
  CHECK(count == 40);
}

TEST_CASE("orders after the one that closes change nothing") {
  std::vector<order_terms> orders{{side::long_, 0.2, 100, 1e-5, 1750000000000},
                                  {side::short_, -0.3, 101, 1e-5, 1750000000000 + day}};
  auto const               closed = out::rebuild(orders, asset_class::crypto, 1000.0);
  CHECK(closed.is_closed);  // a sell of more than is held closes; it does not turn the position
  orders.push_back({side::long_, 0.4, 50, 0, 1750000000000 + 2 * day});
  auto const more = out::rebuild(orders, asset_class::crypto, 1000.0);
  CHECK(more.close_ms == closed.close_ms);
  CHECK(more.current_return == closed.current_return);
  CHECK(more.return_at_close == closed.return_at_close);
}

TEST_CASE("a loss of everything leaves a return of nothing") {
  std::vector<order_terms> const orders{{side::long_, 5, 100, 0, 1750000000000},
                                        {side::long_, 0.1, 70, 0, 1750000000000 + hour}};
  CHECK(out::rebuild(orders, asset_class::forex, 1000.0).current_return == 0.0);
}

TEST_CASE("the next mark is strictly later") {
  std::int64_t const midnight = 1760054400000;
  CHECK(out::detail::until_next_mark(midnight, asset_class::crypto) == 4 * hour);
  CHECK(out::detail::until_next_mark(midnight + 4 * hour, asset_class::crypto) == 8 * hour);
  CHECK(out::detail::until_next_mark(midnight + 4 * hour - 1, asset_class::crypto) == 1);
  CHECK(out::detail::until_next_mark(midnight + 23 * hour, asset_class::crypto) == 5 * hour);
  CHECK(out::detail::until_next_mark(midnight + 21 * hour, asset_class::forex) == 24 * hour);
  CHECK(out::detail::until_next_mark(midnight + 20 * hour, asset_class::equities) == hour);
}

TEST_CASE("the largest leverage of an interval counts what was held at its borders") {
  std::vector<order_terms> const orders{
      {side::long_, 1, 1, 0, 100}, {side::long_, 2, 1, 0, 200}, {side::short_, -1, 1, 0, 300}};
  auto const largest = [&](std::int64_t from, std::int64_t to) {
    out::detail::running_net at{orders};
    return out::detail::largest_leverage(at, from, to);
  };
  CHECK(largest(100, 150) == 1);  // an order at the start counts what it left
  CHECK(largest(150, 180) == 1);  // none inside: what the next one found
  CHECK(largest(150, 200) == 3);
  CHECK(largest(200, 250) == 3);
  CHECK(largest(250, 260) == 3);
  CHECK(largest(300, 400) == 2);
  CHECK(largest(250, 400) == 3);
  CHECK(largest(500, 600) == 2);  // none left: the last state
}

TEST_CASE("fees follow the rule of their time") {
  std::vector<order_terms> old_crypto{{side::long_, 0.4, 100, 0, 1713000000000},
                                      {side::flat, -0.4, 100, 0, 1713000000000 + day}};
  CHECK(out::rebuild(old_crypto, asset_class::crypto, 0).return_at_close == about(1 - 0.001 * 0.4));
  CHECK(out::rebuild(old_crypto, asset_class::indices, 0).return_at_close == about(1 - 0.00009 * 0.4));

  std::vector<order_terms> spread{{side::long_, 0.4, 100, 0, 1715000000000},
                                  {side::flat, -0.4, 100, 0, 1715000000000 + day}};
  CHECK(out::rebuild(spread, asset_class::crypto, 0).return_at_close == about(1 - 0.001 * 0.8));  // no carry yet
  CHECK(out::rebuild(spread, asset_class::forex, 0).return_at_close == about(1.0));

  // Tuesday 2025-06-10 12:00 to Thursday 12:00: two charges. The first interval ends on Tuesday at 21:00; the second,
  // by upstream's slip, 8 h later, on Wednesday, which counts three times.
  std::int64_t const       tuesday = 1749556800000;
  std::vector<order_terms> carried{{side::long_, 1, 100, 0, tuesday}, {side::flat, -1, 100, 0, tuesday + 2 * day}};
  double const             daily = std::exp(std::log(0.97) / 365);
  CHECK(out::rebuild(carried, asset_class::forex, 0).return_at_close == about(daily * daily * daily * daily));

  // From Monday 12:00, three charges: intervals of 8 h after the first end on Monday, Tuesday and Tuesday.
  std::vector<order_terms> longer{{side::long_, 1, 100, 0, tuesday - day}, {side::flat, -1, 100, 0, tuesday + 2 * day}};
  CHECK(out::rebuild(longer, asset_class::forex, 0).return_at_close == about(daily * daily * daily));
  CHECK(out::rebuild(longer, asset_class::equities, 0).return_at_close ==
        about(std::exp(std::log(1 - 0.0525) / 365 * 3)));
}
