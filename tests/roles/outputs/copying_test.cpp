#include <tensorgate/roles/outputs/copying.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <tensorgate/reflect/json_write.hpp>

#include "support/ptn_generate.hpp"

namespace out = tensorgate::outputs;
using tensorgate::from_unix_millis;
using tensorgate_tests::random_numbers;

namespace {

constexpr std::int64_t now_ms    = 1760000000000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms    = 1440 * minute_ms;

struct trade {
  std::int64_t     t_ms;
  std::string_view pair;
  std::string      side;
  double           leverage;
};
struct trader {
  std::string        hotkey;
  std::vector<trade> trades;
};

std::string file_of(std::vector<trader> const& traders) {
  std::string text = "{";
  for (auto const& one : traders) {
    if (text.size() > 1) text += ", ";
    text += "\"" + one.hotkey + R"(": {"positions": [)";
    for (std::size_t i = 0; i != one.trades.size(); ++i) {
      auto const& t = one.trades[i];
      text += std::string(i == 0 ? "" : ", ") + R"({"trade_pair": [")" + std::string(t.pair) +
              R"("], "orders": [{"order_type": ")" + t.side + R"(", "leverage": )" + std::to_string(t.leverage) +
              R"(, "processed_ms": )" + std::to_string(t.t_ms) + "}]}";
    }
    text += "]}";
  }
  return text + "}";
}

/// The market that everyone trades in: each pair's trend turns every few days, and news come a few times a day.
struct market {
  std::vector<std::vector<std::pair<std::int64_t, bool>>> trends;
  std::vector<std::int64_t>                               news;
};
constexpr std::int64_t span_ms = 40 * day_ms;

market make_market(random_numbers& random) {
  market made;
  for (std::size_t i = 0; i != tensorgate_tests::ptn_pairs.size(); ++i) {
    auto& turns = made.trends.emplace_back();
    bool  up    = random.chance(0.5);
    for (auto t = now_ms - span_ms; t < now_ms;
         t += static_cast<std::int64_t>(random.between(1, 6) * static_cast<double>(day_ms)), up = !up)
      turns.emplace_back(t, up);
  }
  for (int i = 0; i != 80; ++i)
    made.news.push_back(now_ms - static_cast<std::int64_t>(random.share() * static_cast<double>(span_ms)));
  return made;
}

bool is_rising(market const& in, std::size_t pair, std::int64_t t) {
  bool up = in.trends[pair].front().second;
  for (auto const& [from, rising] : in.trends[pair])
    if (from <= t) up = rising;
  return up;
}

/// Opens with the trend nine times of ten, in the hours when markets are awake, a fifth of the time on news.
trader independent(random_numbers& random, market const& in, std::size_t positions) {
  trader made{make_hotkey(random), {}};
  while (made.trades.size() < positions * 2) {
    bool const on_news = random.chance(0.2);
    auto       t       = on_news
                             ? in.news[random.below(in.news.size())] +
                       static_cast<std::int64_t>(-std::log(1 - random.share()) * 20 * static_cast<double>(minute_ms))
                             : now_ms - static_cast<std::int64_t>(random.share() * static_cast<double>(span_ms));
    auto const hour    = t / (60 * minute_ms) % 24;
    if (t >= now_ms || (!on_news && (hour < 7 || hour > 20) && random.chance(0.8))) continue;
    auto const pair = random.below(tensorgate_tests::ptn_pairs.size());
    bool const up   = is_rising(in, pair, t) == random.chance(0.9);
    double     lev  = random.between(0.05, 0.5);
    auto const id   = tensorgate_tests::ptn_pairs[pair].id;
    made.trades.push_back({t, id, up ? "LONG" : "SHORT", up ? lev : -lev});
    made.trades.push_back(
        {t + static_cast<std::int64_t>(random.between(20, 2000)) * minute_ms, id, "FLAT", up ? -lev : lev});
  }
  return made;
}

enum class habit { steady, jittery, any_lag };

trader copier(random_numbers& random, trader const& leader, std::int64_t lag_ms, habit how) {
  trader       made{make_hotkey(random), {}};
  double const scale = random.between(0.5, 2);
  for (auto one : leader.trades) {
    if (random.chance(0.3)) continue;
    double lag = static_cast<double>(lag_ms);
    if (how == habit::jittery) lag *= random.between(0.5, 1.5);
    if (how == habit::any_lag) lag = random.between(1000, 600'000);
    one.t_ms += std::max<std::int64_t>(1, static_cast<std::int64_t>(lag));
    one.leverage *= scale;
    made.trades.push_back(one);
  }
  return made;
}

using named_pairs = std::set<std::pair<std::string, std::string>>;

named_pairs names_of(out::copying_report const& report) {
  named_pairs names;
  for (auto const& one : report.pairs) names.emplace(one.leader, one.follower);
  return names;
}

}  // namespace

TEST_CASE("copiers are found among independents in the same trend, and nobody else") {
  std::size_t copiers = 0, found = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    random_numbers      random{seed};
    auto const          in = make_market(random);
    std::vector<trader> traders;
    for (int i = 0; i != 50; ++i) traders.push_back(independent(random, in, 30 + random.below(170)));
    named_pairs                     truth;
    std::vector<std::int64_t> const lags{1000, 3000, 10'000, 30'000, 60'000, 120'000, 240'000, 400'000, 600'000};
    for (std::size_t i = 0; i != lags.size(); ++i) {
      auto const& leader = traders[i < 6 ? i : 5];  // the last ones share a leader
      auto const  one    = copier(random, leader, lags[i], static_cast<habit>((seed + i) % 3));
      truth.emplace(leader.hotkey, one.hotkey);
      traders.push_back(one);
    }
    for (std::size_t i = traders.size(); i > 1; --i) std::swap(traders[i - 1], traders[random.below(i)]);
    out::copying_tracker tracker;
    auto const           report = tracker.update(file_of(traders), from_unix_millis(now_ms));
    REQUIRE(report);
    CHECK(report->miners == traders.size());
    for (auto const& one : report->pairs) {
      CAPTURE(one.leader);
      CAPTURE(one.follower);
      CHECK(truth.contains({one.leader, one.follower}));
      CHECK(one.score > 0.9);
      CHECK(one.lag_ms <= 900'000);
    }
    for (auto const& one : names_of(*report)) found += truth.contains(one) ? 1U : 0U;
    copiers += truth.size();
  }
  MESSAGE(found << " of " << copiers << " copiers found");
  CHECK(static_cast<double>(found) >= 0.9 * static_cast<double>(copiers));
}

TEST_CASE("a crowd that reacts to the same news is not a crowd of copiers") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    random_numbers      random{seed};
    std::vector<trader> traders(40);
    for (auto& one : traders) one.hotkey = make_hotkey(random);
    for (int event = 0; event != 60; ++event) {  // everyone buys within a quarter of an hour, again and again
      auto const t = now_ms - span_ms + event * span_ms / 60;
      for (auto& one : traders)
        if (random.chance(0.7))
          one.trades.push_back({t + static_cast<std::int64_t>(random.share() * 15.0 * static_cast<double>(minute_ms)),
                                "BTCUSD", "LONG", 0.1});
    }
    out::copying_tracker tracker;
    CHECK(tracker.update(file_of(traders), from_unix_millis(now_ms))->pairs.empty());
  }
}

TEST_CASE("a report names leader and follower, the lag and where it was seen") {
  random_numbers random{1};
  auto const     in = make_market(random);
  trader         leader{"leader", {}}, follower{"follower", {}};
  for (int i = 0; i != 20; ++i) {
    auto const t = now_ms - i * day_ms;
    leader.trades.push_back({t, "EURUSD", "LONG", 0.1});
    if (i % 4 != 0) follower.trades.push_back({t + 5000, "EURUSD", "LONG", 0.2});
    leader.trades.push_back({t + 3600'000, "EURUSD", "FLAT", -0.1});
    follower.trades.push_back({t + 3600'000 + 7000, "EURUSD", "FLAT", -0.2});
  }
  std::vector<trader>  traders{follower, independent(random, in, 20), leader};
  out::copying_tracker tracker;
  auto const           report = tracker.update(file_of(traders), from_unix_millis(now_ms));
  REQUIRE(report);
  REQUIRE(report->pairs.size() == 1);
  auto const& one = report->pairs[0];
  CHECK(report->generated_ms == now_ms);
  CHECK(one.leader == "leader");
  CHECK(one.follower == "follower");
  CHECK(one.score > 0.95);
  CHECK(one.confidence > 0.999999);
  CHECK(one.lag_ms == 7000);
  CHECK(one.matched == 35);
  CHECK(one.of == 35);
  REQUIRE(one.parts.size() == 2);
  CHECK(one.parts[0].trade_pair == "EURUSD");
  CHECK(one.parts[0].side == "FLAT");
  CHECK(one.parts[0].lag_ms == 7000);
  CHECK(one.parts[1].lag_ms == 5000);
  CHECK(one.parts[1].matched == 15);
}

TEST_CASE("orders that no trader gave say nothing") {
  std::string text = "{";
  for (auto const* name : {"a", "b"}) {
    text += std::string(text.size() > 1 ? ", " : "") + "\"" + name + R"(": {"positions": [)";
    for (int i = 0; i != 30; ++i)
      text += std::string(i == 0 ? "" : ", ") +
              R"({"trade_pair": ["SPX"], "orders": [{"order_type": "FLAT", "src": 2, "processed_ms": )" +
              std::to_string(now_ms - i * day_ms + (*name == 'b' ? 50 : 0)) + "}]}";
    text += "]}";
  }
  text += "}";
  out::copying_tracker tracker;
  CHECK(tracker.update(text, from_unix_millis(now_ms))->pairs.empty());
  for (std::size_t at; (at = text.find(R"("src": 2, )")) != std::string::npos;) text.erase(at, 10);
  CHECK(tracker.update(text, from_unix_millis(now_ms))->pairs.size() == 1);
}

TEST_CASE("what a tracker counts again as files change is what a new one counts") {
  random_numbers      random{5};
  auto const          in = make_market(random);
  std::vector<trader> traders;
  for (int i = 0; i != 12; ++i) traders.push_back(independent(random, in, 60));
  for (int i = 0; i != 4; ++i)
    traders.push_back(copier(random, traders[static_cast<std::size_t>(i)], 30'000, habit::steady));
  out::copying_tracker kept;
  for (int step = 0; step != 12; ++step) {
    auto const           text = file_of(traders);
    out::copying_tracker fresh;
    auto const           a = kept.update(text, from_unix_millis(now_ms));
    auto const           b = fresh.update(text, from_unix_millis(now_ms));
    REQUIRE(a);
    REQUIRE(b);
    CHECK(tensorgate::reflect::write_json(*a) == tensorgate::reflect::write_json(*b));
    switch (step % 4) {  // one trades, one leaves, one comes, the file is shuffled
      case 0: traders[random.below(traders.size())].trades.pop_back(); break;
      case 1: traders.erase(traders.begin() + static_cast<std::ptrdiff_t>(random.below(traders.size()))); break;
      case 2: traders.push_back(copier(random, traders[2], 5000, habit::jittery)); break;
      default: std::swap(traders[0], traders[random.below(traders.size())]); break;
    }
  }
}

TEST_CASE("unreadable positions count for nothing, and a file of another shape is refused") {
  out::copying_tracker tracker;
  CHECK(
      tracker
          .update(
              R"({"a": {"positions": [1, {}, {"trade_pair": [], "orders": []}, {"trade_pair": [1], "orders": []}]}, "b": {}})",
              from_unix_millis(now_ms))
          ->miners == 2);
  for (auto const* wrong : {"", "[]", R"({"a": 1})", "{"})
    CHECK(tracker.update(wrong, from_unix_millis(now_ms)).error().code == out::errc::malformed_file);
  CHECK(tracker.update("{}", from_unix_millis(now_ms))->pairs.empty());
}
