#include <tensorgate/roles/outputs/tiers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <tensorgate/codec/gzip.hpp>

#include "support/json_compare.hpp"
#include "support/ptn_generate.hpp"
#include "support/vectors.hpp"

namespace out = tensorgate::outputs;
using out::tier_mode;
using tensorgate::from_unix_millis;
using tensorgate_tests::json;
using tensorgate_tests::ptn_miner;
using tensorgate_tests::ptn_options;
using tensorgate_tests::ptn_position;
using tensorgate_tests::random_numbers;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

out::tier_set build(std::string const& raw, std::int64_t now_ms, tier_mode mode) {
  auto made = out::build_tiers(raw, from_unix_millis(now_ms), mode);
  REQUIRE(made);
  return std::move(*made);
}

std::size_t index_of(int tier) {
  return static_cast<std::size_t>(std::find(out::tier_names.begin(), out::tier_names.end(), tier) -
                                  out::tier_names.begin());
}

/// Small miners with much of their trading in the last days.
ptn_options lively(std::uint64_t seed) {
  ptn_options wanted;
  wanted.seed      = seed;
  wanted.miners    = 6;
  wanted.positions = 12;
  wanted.days      = 4;
  wanted.open      = 0.4;
  wanted.sorted    = seed % 2 == 0;
  return wanted;
}

bool was_open_at(ptn_position const& one, std::int64_t cut_ms) {
  std::vector<out::order_terms> visible;
  for (auto const& order : one.orders)
    if (order.terms.processed_ms < cut_ms) visible.push_back(order.terms);
  return !visible.empty() &&
         !rebuild(visible, *out::class_of(tensorgate_tests::ptn_pairs[one.pair].id), one.account_size).is_closed;
}

/// Changes orders of the last day, and nothing else, in all positions that the tier must not see at once.
void change_hidden_orders(std::vector<ptn_miner>& miners, int tier, random_numbers& random, std::int64_t now_ms) {
  auto const cut_ms = now_ms - day_ms;
  auto const a_time = [&] {
    return cut_ms + static_cast<std::int64_t>(random.below(static_cast<std::size_t>(day_ms)));
  };
  auto const hides    = [&](ptn_position const& one) { return tier == 0 || out::bucket_of(one.uuid) >= tier; };
  auto const is_fresh = [&](auto const& order) { return order.terms.processed_ms >= cut_ms; };
  for (auto& miner : miners) {
    for (auto& one : miner.positions) {
      bool const open_then = was_open_at(one, cut_ms);
      bool const any_fresh = std::any_of(one.orders.begin(), one.orders.end(), is_fresh);
      if (!hides(one) || (!open_then && !any_fresh)) continue;
      switch (random.below(4)) {
        case 0: std::erase_if(one.orders, is_fresh); break;
        case 1:
          for (auto& order : one.orders)
            if (is_fresh(order)) order.terms.price *= random.between(0.5, 2);
          break;
        case 2: {
          if (!open_then) break;
          std::erase_if(one.orders, is_fresh);
          auto last               = one.orders.back();
          last.uuid               = make_uuid(random);
          last.terms.leverage     = -last.terms.leverage * random.between(-1, 1);
          last.terms.type         = last.terms.leverage > 0 ? out::side::long_ : out::side::short_;
          last.terms.processed_ms = a_time();
          one.orders.push_back(last);
          break;
        }
        default: {
          if (!open_then) break;
          std::erase_if(one.orders, is_fresh);
          auto last               = one.orders.back();
          last.uuid               = make_uuid(random);
          last.terms.type         = out::side::flat;
          last.terms.processed_ms = a_time();
          one.orders.push_back(last);
        }
      }
      if (!one.orders.empty()) derive(one, random);
    }
    std::erase_if(miner.positions, [](ptn_position const& one) { return one.orders.empty(); });
    for (std::size_t more = random.below(3); more != 0; --more) {  // opened, and perhaps closed, in the last day
      ptn_options fresh;
      fresh.now_ms = now_ms;
      fresh.days   = 0.5;
      auto one     = make_position(random, fresh, random.chance(0.5));
      for (auto& order : one.orders) order.terms.processed_ms = a_time();
      while (!hides(one)) one.uuid = make_uuid(random);
      derive(one, random);
      miner.positions.insert(
          miner.positions.begin() + static_cast<std::ptrdiff_t>(random.below(miner.positions.size() + 1)), one);
    }
    // A position that closed moves to another place in the file, and a ranking by returns moves the miners.
    if (random.chance(0.5)) std::reverse(miner.positions.begin(), miner.positions.end());
  }
  std::reverse(miners.begin(), miners.end());
}

}  // namespace

TEST_CASE("compat gives the sample's own tier files") {
  auto const raw    = tensorgate_tests::vector_text("ptn/sample/validation/outputs/output.json");
  auto const expect = tensorgate_tests::vector_json("ptn/sample/expected.json");
  auto const made   = build(raw, expect["now_ms"].get<std::int64_t>(), tier_mode::compat);
  CHECK(made.notes.empty());
  for (auto const& one : made.tiers) {
    auto const name = std::to_string(one.tier);
    CAPTURE(name);
    auto const packed =
        tensorgate_tests::vector_text("ptn/sample/validation/outputs/tiered_positions/" + name + "/output.json.gz");
    auto const theirs = json::parse(*tensorgate::codec::gzip_decompress(packed, 10'000'000));
    CHECK(tensorgate_tests::difference(json::parse(one.json), theirs) == "");
    CHECK(one.positions == expect["tiers"][name]["positions"].get<std::size_t>());
    CHECK(one.orders == expect["tiers"][name]["orders"].get<std::size_t>());
  }
}

TEST_CASE("the gzip form holds the text, and the index finds each miner in it") {
  for (auto const mode : {tier_mode::ours, tier_mode::compat}) {
    for (bool const long_runs : {false, true}) {
      ptn_options wanted = lively(2);
      if (long_runs) wanted = {.seed = 5, .miners = 3, .positions = 250};
      auto const raw  = positions_json(make_miners(wanted));
      auto const made = build(raw, wanted.now_ms, mode);
      for (auto const& one : made.tiers) {
        auto const plain = tensorgate::codec::gzip_decompress(one.gzip, 100'000'000);
        REQUIRE(plain);
        CHECK(*plain == one.json);
        auto const parsed = json::parse(one.json);
        CHECK(parsed.size() == one.miners.size());
        std::size_t i = 0;
        for (auto const& [hotkey, miner] : parsed.items()) {
          CHECK(one.miners[i].hotkey == hotkey);
          CHECK(json::parse(one.json.substr(one.miners[i].offset, one.miners[i].size)) == miner);
          CHECK(miner["tier"] == one.tier);
          ++i;
        }
      }
    }
  }
}

TEST_CASE("tier 100 is everything, as the file has it, and the tier") {
  auto const wanted = lively(3);
  auto const raw    = positions_json(make_miners(wanted));
  for (auto const mode : {tier_mode::ours, tier_mode::compat}) {
    auto const made = build(raw, wanted.now_ms, mode);
    auto       file = json::parse(raw);
    for (auto& miner : file) miner["tier"] = 100;
    CHECK(tensorgate_tests::difference(json::parse(made.tiers[0].json), file, 0) == "");
    std::string without = made.tiers[0].json;
    for (std::size_t at; (at = without.find(R"(, "tier": 100)")) != std::string::npos;) without.erase(at, 13);
    CHECK(without == raw);
  }
}

TEST_CASE("two files that differ only in hidden orders give the same bytes below tier 100") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (int const tier : {0, 30, 50}) {
      CAPTURE(seed);
      CAPTURE(tier);
      auto const     wanted = lively(seed);
      auto           miners = make_miners(wanted);
      auto const     before = build(positions_json(miners), wanted.now_ms, tier_mode::ours);
      random_numbers random{seed * 100 + static_cast<std::uint64_t>(tier)};
      change_hidden_orders(miners, tier, random, wanted.now_ms);
      auto const after = build(positions_json(miners), wanted.now_ms, tier_mode::ours);
      auto const i     = index_of(tier);
      CHECK(before.tiers[0].json != after.tiers[0].json);
      CHECK(before.tiers[i].json == after.tiers[i].json);
      CHECK(before.tiers[i].gzip == after.tiers[i].gzip);
    }
  }
}

TEST_CASE("how the gzip form is cut into pieces tells nothing of hidden orders") {
  ptn_options wanted{.seed = 9, .miners = 4, .positions = 260, .days = 30, .open = 0.1};
  for (bool const sorted : {true, false}) {
    wanted.sorted         = sorted;
    auto           miners = make_miners(wanted);
    auto const     before = build(positions_json(miners), wanted.now_ms, tier_mode::ours);
    random_numbers random{1};
    change_hidden_orders(miners, 50, random, wanted.now_ms);
    auto const after = build(positions_json(miners), wanted.now_ms, tier_mode::ours);
    CHECK(before.tiers[1].gzip == after.tiers[1].gzip);
    CHECK(before.tiers[1].json == after.tiers[1].json);
  }
}

TEST_CASE("compat leaks what ours hides") {  // so that the two tests above are known to see something
  auto const     wanted = lively(4);
  auto           miners = make_miners(wanted);
  auto const     before = build(positions_json(miners), wanted.now_ms, tier_mode::compat);
  random_numbers random{1};
  change_hidden_orders(miners, 0, random, wanted.now_ms);
  auto const after = build(positions_json(miners), wanted.now_ms, tier_mode::compat);
  CHECK(before.tiers[3].json != after.tiers[3].json);
}

TEST_CASE("every higher tier shows all orders of the lower one, and no tier shows a fresh order of another bucket") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto const wanted = lively(seed);
    auto const raw    = positions_json(make_miners(wanted));
    for (auto const mode : {tier_mode::ours, tier_mode::compat}) {
      auto const                         made = build(raw, wanted.now_ms, mode);
      std::map<std::string, std::size_t> above;  // orders seen of each position, one tier up
      for (auto const& one : made.tiers) {
        std::map<std::string, std::size_t> here;
        auto const                         parsed = json::parse(one.json);
        for (auto const& miner : json::parse(one.json)) {
          for (auto const& position : miner["positions"]) {
            auto const uuid = position["position_uuid"].get<std::string>();
            here[uuid]      = position["orders"].size();
            if (one.tier != 100) CHECK(above[uuid] >= here[uuid]);
            for (auto const& order : position["orders"])
              if (order["processed_ms"].get<std::int64_t>() >= wanted.now_ms - day_ms)
                CHECK(out::bucket_of(uuid) < one.tier);
          }
        }
        above = here;
      }
    }
  }
}

TEST_CASE("our aggregates follow from what is shown") {
  auto const wanted = lively(7);
  auto const made   = build(positions_json(make_miners(wanted)), wanted.now_ms, tier_mode::ours);
  for (auto const& one : made.tiers) {
    if (one.tier == 100) continue;
    std::string last;
    auto const  parsed = json::parse(one.json);
    for (auto const& [hotkey, miner] : parsed.items()) {
      CHECK(last < hotkey);
      last             = hotkey;
      double       all = 1, month = 1, wins = 0;
      std::int64_t closed = 0;
      for (auto const& position : miner["positions"]) {
        if (!position["is_closed_position"].get<bool>()) continue;
        double const value = position["return_at_close"];
        ++closed;
        all *= value;
        wins += value > 1 ? 1 : 0;
        if (position["open_ms"].get<std::int64_t>() > wanted.now_ms - 30 * day_ms) month *= value;
      }
      CHECK(miner["n_positions"] == closed);
      CHECK(miner["all_time_returns"].get<double>() == doctest::Approx(all).epsilon(1e-12));
      CHECK(miner["thirty_day_returns"].get<double>() == doctest::Approx(month).epsilon(1e-12));
      CHECK(miner["percentage_profitable"].get<double>() ==
            doctest::Approx(closed == 0 ? 0 : wins / static_cast<double>(closed)));
    }
  }
}

TEST_CASE("a miner without positions, or with none to be seen, stays with an empty list") {
  std::int64_t const now_ms = 1760000000000;
  std::string const  raw =
      R"({"b": {"positions": [], "n_positions": 3, "mood": 7}, "a": {"positions": [{"position_uuid": "x",)"
      R"( "trade_pair": ["EURUSD"], "orders": [{"order_type": "LONG", "leverage": 1, "price": 1, "processed_ms": 1759999999999}],)"
      R"( "is_closed_position": false}], "tier": 5}})";
  auto const ours = build(raw, now_ms, tier_mode::ours);
  CHECK(
      ours.tiers[3].json ==
      R"({"a": {"positions": [], "thirty_day_returns": 1.0, "all_time_returns": 1.0, "n_positions": 0, "percentage_profitable": 0.0, "tier": 0}, )"
      R"("b": {"positions": [], "thirty_day_returns": 1.0, "all_time_returns": 1.0, "n_positions": 0, "percentage_profitable": 0.0, "tier": 0}})");
  auto const compat = build(raw, now_ms, tier_mode::compat);
  CHECK(compat.tiers[3].json ==
        R"({"b": {"positions": [], "n_positions": 3, "mood": 7, "tier": 0}, "a": {"positions": [], "tier": 0}})");
  CHECK(build("{}", now_ms, tier_mode::ours).tiers[3].json == "{}");
}

TEST_CASE("a position that cannot be judged is left out below tier 100, and noted") {
  std::string const raw =
      R"({"m": {"positions": [{"position_uuid": "p1", "trade_pair": ["LUNA9"], "is_closed_position": false, "orders": [)"
      R"({"order_type": "LONG", "leverage": 1, "price": 1, "processed_ms": 5}, )"
      R"({"order_type": "LONG", "leverage": 1, "price": 1, "processed_ms": 1759999999999}]}, {"odd": 1}]}})";
  for (auto const mode : {tier_mode::ours, tier_mode::compat}) {
    auto const made = build(raw, 1760000000000, mode);
    CHECK(json::parse(made.tiers[0].json)["m"]["positions"].size() == 2);
    for (std::size_t i = 1; i != 4; ++i)
      CHECK(json::parse(made.tiers[i].json)["m"]["positions"].size() ==
            (out::bucket_of("p1") < out::tier_names[i] ? 1U : 0U));
    REQUIRE(made.notes.size() == 2);
    CHECK(made.notes[0].why.code == out::errc::unknown_trade_pair);
    CHECK(made.notes[0].position_uuid == "p1");
    CHECK(made.notes[1].why.code == out::errc::unreadable_position);
    CHECK(made.notes[0].text() ==
          "position p1 of m is left out below tier 100: a position's trade pair is unknown, expected a trade pair of a "
          "known class");
  }
}

TEST_CASE("a file of another shape is refused") {
  for (auto const* raw : {"", "[]", "null", "{", R"({"a": 1})", R"({"a": {}})", R"({"a": {"positions": {}}})",
                          R"({"a": {"positions": []}} x)", R"({"a": {"positions": []}, "a": {"positions": []}})"}) {
    CAPTURE(raw);
    auto const made = out::build_tiers(raw, from_unix_millis(0), tier_mode::ours);
    REQUIRE(!made);
    CHECK(made.error().code == out::errc::malformed_file);
  }
}

TEST_CASE("threads and a cache change no byte, and progress ends at the end") {
  ptn_options const       wanted{.seed = 8, .miners = 6, .positions = 150};
  auto const              raw   = positions_json(make_miners(wanted));
  auto const              plain = build(raw, wanted.now_ms, tier_mode::ours);
  out::tier_cache         cache;
  out::parallel_for const on_three = [](std::size_t count, std::function<void(std::size_t)> const& call) {
    std::atomic<std::size_t>  next{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i != 3; ++i)
      threads.emplace_back([&] {
        for (std::size_t at = next++; at < count; at = next++) call(at);
      });
  };
  for (int round = 0; round != 3; ++round) {
    std::atomic<bool> done{false};
    out::tier_options options;
    options.progress = [&](std::size_t at, std::size_t of) {
      if (at == of) done = true;
    };
    auto const made =
        out::build_tiers(raw, from_unix_millis(wanted.now_ms), tier_mode::ours, options, on_three, &cache);
    REQUIRE(made);
    CHECK(done);
    CHECK(cache.size() != 0);
    for (std::size_t i = 0; i != made->tiers.size(); ++i) {
      CHECK(made->tiers[i].json == plain.tiers[i].json);
      CHECK(made->tiers[i].gzip == plain.tiers[i].gzip);
    }
  }
}

TEST_CASE("nothing changes before the time that a build names, and something at it") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    auto const wanted = lively(seed);
    auto const raw    = positions_json(make_miners(wanted));
    for (auto const mode : {tier_mode::ours, tier_mode::compat}) {
      auto now_ms = wanted.now_ms;
      auto before = build(raw, now_ms, mode);
      for (int steps = 0; steps != 5; ++steps) {
        REQUIRE(before.next_change);
        auto const then  = tensorgate::to_unix_millis(*before.next_change);
        auto const still = build(raw, then - 1, mode);
        auto const moved = build(raw, then, mode);
        bool       any   = false;
        for (std::size_t i = 0; i != 4; ++i) {
          CHECK(still.tiers[i].json == before.tiers[i].json);
          any = any || moved.tiers[i].json != before.tiers[i].json;
        }
        before = build(raw, then, mode);
        if (any) break;
      }
    }
  }
}
