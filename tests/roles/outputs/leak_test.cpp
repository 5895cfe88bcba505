// Two validators whose files differ in what the last day hides, asked the same by keys below tier 100: every byte that
// goes over the wire is the same, `Date` aside.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <tensorgate/codec/gzip.hpp>
#include <tensorgate/roles/outputs/position.hpp>

#include "support/outputs_app.hpp"
#include "support/ptn_generate.hpp"

using json      = nlohmann::ordered_json;
namespace codec = tensorgate::codec;
namespace fs    = std::filesystem;
namespace outs  = tensorgate::outputs;
using namespace std::chrono_literals;
using tensorgate_tests::outputs_app;
using tensorgate_tests::random_numbers;
using tensorgate_tests::raw_client;
using tensorgate_tests::read_text;
using tensorgate_tests::scratch_folder;

namespace {

constexpr std::int64_t now_ms = 1'760'000'000'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t cut_ms = now_ms - day_ms;

void write(fs::path const& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// What a tier below 100 sees of neither tree: the realtime figures, the raw order and the hidden orders of positions
/// that this tier does not see fresh.
class hidden_day {
 public:
  hidden_day(int tier, std::uint64_t seed) : tier_(tier), random_(seed) {}

  [[nodiscard]] json positions(json const& from) {
    std::vector<std::pair<std::string, json>> miners;
    for (auto const& [hotkey, miner] : from.items()) miners.emplace_back(hotkey, changed(hotkey, miner));
    for (std::size_t i = miners.size(); i > 1; --i) std::swap(miners[i - 1], miners[random_.below(i)]);  // other ranks
    json out = json::object();
    for (auto& [hotkey, miner] : miners) out[hotkey] = std::move(miner);
    return out;
  }

  [[nodiscard]] json eliminations(json whole) {
    auto& list = whole.at("eliminations");
    for (std::size_t i = 1 + random_.below(4); i != 0; --i) {
      json one;
      one["hotkey"]                        = tensorgate_tests::make_hotkey(random_);
      one["reason"]                        = "MAX_TOTAL_DRAWDOWN";
      one["elimination_initiated_time_ms"] = cut_ms + static_cast<std::int64_t>(random_.below(day_ms));
      auto const at                        = static_cast<std::ptrdiff_t>(random_.below(list.size() + 1));
      list.insert(list.begin() + at, std::move(one));
    }
    return whole;
  }

  /// Anything else that the validator computes from now.
  [[nodiscard]] json statistics(json whole) {
    whole["created_timestamp_ms"] = now_ms - static_cast<std::int64_t>(random_.below(60'000));
    for (auto& one : whole.at("data")) {
      one["score"] = random_.share();
      if (random_.chance(0.5)) one["checkpoints"].push_back(json{{"gain", random_.share()}, {"open_ms", now_ms - 5}});
    }
    return whole;
  }

 private:
  [[nodiscard]] bool is_hidden(json const& position) const {
    if (position.at("is_closed_position").get<bool>() && position.at("close_ms").get<std::int64_t>() < cut_ms)
      return false;
    return outs::bucket_of(position.at("position_uuid").get<std::string>()) >= tier_;
  }

  [[nodiscard]] json order(std::string_view type, double leverage, double price) {
    json one;
    one["order_type"]    = std::string(type);
    one["leverage"]      = leverage;
    one["price"]         = price;
    one["bid"]           = price;
    one["ask"]           = price;
    one["slippage"]      = 1e-5 * static_cast<double>(random_.below(10));
    one["processed_ms"]  = cut_ms + static_cast<std::int64_t>(random_.below(day_ms));  // the cut itself is hidden
    one["order_uuid"]    = tensorgate_tests::make_uuid(random_);
    one["price_sources"] = json::array();
    one["src"]           = 0;
    return one;
  }

  /// Other orders in the day of a position that was opened before it, or at all in one that was not.
  void trade(json& position) {
    auto&             orders = position.at("orders");
    std::vector<json> kept;
    for (auto& one : orders) {
      if (one.at("processed_ms").get<std::int64_t>() < cut_ms) kept.push_back(std::move(one));
    }
    auto const price = kept.empty() ? 100.0 : kept.front().at("price").get<double>();
    double     net   = 0;
    for (auto const& one : kept) net += one.at("leverage").get<double>();
    if (kept.empty()) net = random_.chance(0.5) ? 0.1 : -0.1;
    auto const        type = net > 0 ? "LONG" : "SHORT";
    std::vector<json> fresh;
    auto const        count = random_.below(5) + (kept.empty() ? 1U : 0U);
    for (std::size_t i = 0; i != count; ++i) {
      double const leverage = kept.empty() && i == 0 ? net : net * 0.1 * random_.share();
      fresh.push_back(order(type, leverage, price * random_.between(0.9, 1.1)));
    }
    bool const closes = random_.chance(0.5);
    if (closes) fresh.push_back(order("FLAT", -net, price * random_.between(0.9, 1.1)));
    std::sort(fresh.begin(), fresh.end(), [](json const& a, json const& b) {
      return a.at("processed_ms").get<std::int64_t>() < b.at("processed_ms").get<std::int64_t>();
    });
    if (closes) {  // the order that ends it is the last one
      auto const flat =
          std::find_if(fresh.begin(), fresh.end(), [](json const& one) { return one.at("order_type") == "FLAT"; });
      auto const last = fresh.back().at("processed_ms").get<std::int64_t>();
      std::rotate(flat, flat + 1, fresh.end());
      fresh.back()["processed_ms"] = std::max(last, fresh.back().at("processed_ms").get<std::int64_t>());
    }
    for (auto& one : fresh) kept.push_back(std::move(one));
    orders = kept;
    if (orders.front().at("processed_ms").get<std::int64_t>() >= cut_ms)
      position["open_ms"] = orders.front().at("processed_ms");
    position["is_closed_position"] = closes;
    position["close_ms"]           = closes ? orders.back().at("processed_ms") : json(0);
    position["position_type"]      = closes ? "FLAT" : type;
    refigure(position);
  }

  /// The validator writes these from prices of the moment.
  void refigure(json& position) {
    for (auto const* const name : {"current_return", "net_leverage", "return_at_close", "average_entry_price",
                                   "cumulative_entry_value", "realized_pnl"}) {
      if (position.contains(name)) position[name] = random_.between(0.5, 1.5);
    }
  }

  [[nodiscard]] json new_position(std::string const& hotkey, json const& like) {
    json made            = like;
    made["miner_hotkey"] = hotkey;
    std::string uuid;
    do {
      uuid = tensorgate_tests::make_uuid(random_);
    } while (outs::bucket_of(uuid) < tier_);
    made["position_uuid"] = uuid;
    made["orders"]        = json::array();
    trade(made);
    return made;
  }

  [[nodiscard]] json changed(std::string const& hotkey, json const& from) {
    json              miner = from;
    std::vector<json> all;
    for (auto const& one : from.at("positions")) {
      json position = one;
      if (is_hidden(one)) {
        bool const has_past = one.at("orders").front().at("processed_ms").get<std::int64_t>() < cut_ms;
        if (!has_past && random_.chance(0.5)) continue;  // never opened in the other tree
        trade(position);
      }
      all.push_back(std::move(position));
    }
    auto const like = from.at("positions").empty() ? sample_position_ : from.at("positions").front();
    if (!from.at("positions").empty()) sample_position_ = like;
    if (!like.is_null()) {
      for (std::size_t i = random_.below(3) + (from.at("positions").empty() ? 1 : 0); i != 0; --i)
        all.push_back(new_position(hotkey, like));
    }
    // As validators write them: closed ones by time, then open ones.
    std::multimap<std::int64_t, json> by_time;
    for (auto const& one : all)
      by_time.emplace(one.at("is_closed_position").get<bool>() ? one.at("close_ms").get<std::int64_t>() : INT64_MAX,
                      one);
    miner["positions"] = json::array();
    for (auto const& [when, one] : by_time) miner["positions"].push_back(one);
    for (auto const* const name : {"thirty_day_returns", "all_time_returns", "percentage_profitable"})
      miner[name] = random_.share();
    miner["n_positions"] = random_.below(50);
    return miner;
  }

  int            tier_;
  random_numbers random_;
  json           sample_position_;
};

/// Writes the files of one side below `root`. Both sides go through the same writer, so that only values differ.
void write_side(fs::path const& root, json const& raw, json const& eliminations, json const& statistics,
                bool gzipped_too) {
  write(root / "validation/outputs/output.json", raw.dump());
  write(root / "validation/eliminations.json", eliminations.dump());
  write(root / "runnable/minerstatistics.json", statistics.dump());
  write(root / "validation/miner_copying.json", gzipped_too ? R"({"a": 1})" : "{}");
  write(root / "runnable/validator_checkpoint.json.gz",
        codec::gzip_compress(json{{"positions", raw}, {"perf_ledgers", statistics}}.dump()));
  write(root / "validation/debt_ledgers.json", statistics.at("data").front().dump());
  for (auto const* const tier : {"0", "30", "50", "100"}) {  // the validator's own, which leak
    write(root / "validation/outputs/tiered_positions" / tier / "output.json.gz", codec::gzip_compress(raw.dump()));
  }
}

/// Everything that comes back, but for the line that tells the time.
std::string answer_to(std::uint16_t port, std::string_view method, std::string_view target, std::string_view key,
                      std::string_view fields) {
  raw_client  client{port};
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  if (!key.empty()) text.append("Authorization: Bearer ").append(key).append("\r\n");
  text.append(fields).append("\r\n");
  client.send(text);
  auto       all = client.read_all(20s);
  auto const at  = all.find("\r\nDate: ");
  REQUIRE(at != std::string::npos);
  all.erase(at, all.find("\r\n", at + 2) - at);
  return all;
}

std::string etag_of(std::string const& answer) {
  auto const at = answer.find("\r\nETag: ");
  return at == std::string::npos ? std::string() : answer.substr(at + 8, answer.find("\r\n", at + 8) - at - 8);
}

struct question {
  std::string method;
  std::string target;
  std::string fields;
};

/// Every route, asked plainly, for parts, conditionally, in each coding, and wrongly.
std::vector<question> questions(std::vector<std::string> const& hotkeys) {
  std::vector<std::string> targets{"/miner-positions",
                                   "/miner-hotkeys",
                                   "/statistics",
                                   "/statistics?checkpoints=false",
                                   "/eliminations",
                                   "/miner-copying",
                                   "/validator-checkpoint",
                                   "/debt-ledger",
                                   "/miner-selections",
                                   "/openapi.json",
                                   "/",
                                   "/nowhere",
                                   "/miner-positions/5Nobody",
                                   "/statistics/5Nobody/",
                                   "/miner-positions/",
                                   "/miner-hotkeys/"};
  for (auto const* const tier : {"0", "30", "50", "100", "", "7"})
    targets.push_back(std::string("/miner-positions?tier=") + tier);
  for (auto const& hotkey : hotkeys) {
    for (auto const* const path : {"/miner-positions/", "/perf-ledger/", "/debt-ledger/", "/limit-orders/",
                                   "/emissions-ledger/", "/penalty-ledger/"}) {
      targets.push_back(path + hotkey);
    }
    targets.push_back("/statistics/" + hotkey);
    targets.push_back("/statistics/" + hotkey + "/?checkpoints=false");
  }
  std::vector<question> all;
  for (auto const& target : targets) {
    all.push_back({"GET", target, ""});
    all.push_back({"HEAD", target, ""});
    all.push_back({"GET", target, "Accept-Encoding: gzip\r\n"});
    all.push_back({"GET", target, "Accept-Encoding: identity\r\n"});
    all.push_back({"HEAD", target, "Accept-Encoding: identity\r\n"});
    all.push_back({"GET", target, "If-Modified-Since: Thu, 09 Oct 2025 08:53:20 GMT\r\n"});
    all.push_back({"GET", target, "Range: bytes=0-99\r\n"});
    all.push_back({"GET", target, "Range: bytes=-64,0-1\r\nAccept-Encoding: identity\r\n"});
    all.push_back({"OPTIONS", target, ""});
    all.push_back({"POST", target, "Content-Length: 0\r\n"});
  }
  return all;
}

}  // namespace

TEST_CASE("what the last day hides changes no byte of any answer to a key below tier 100") {
  auto const sample = tensorgate_tests::vectors_root() / "ptn/sample";
  auto const keys   = json::parse(read_text(sample / "api_keys.json"));
  auto       raw    = json::parse(read_text(sample / "validation/outputs/output.json"));
  auto const ended  = json::parse(read_text(sample / "validation/eliminations.json"));
  auto const stats  = json::parse(read_text(sample / "runnable/minerstatistics.json"));
  // A miner who trades for the first time in one of the trees.
  std::string const newcomer = "5NewcomerWhoTradesForTheFirstTimeXXXXXXXXXXXXXXX";
  raw[newcomer]              = {{"positions", json::array()},
                                {"thirty_day_returns", 1.0},
                                {"all_time_returns", 1.0},
                                {"n_positions", 0},
                                {"percentage_profitable", 0.0}};
  std::vector<std::string> hotkeys{newcomer};
  for (auto const& [hotkey, miner] : raw.items()) {
    if (hotkeys.size() < 5) hotkeys.push_back(hotkey);
  }
  auto const asked = questions(hotkeys);

  scratch_folder folder;
  auto const     one_side = folder.path() / "one";
  write_side(one_side, raw, ended, stats, false);
  fs::copy(sample / "api_keys.json", one_side / "api_keys.json");

  auto const same = [&](outputs_app& one, outputs_app& other, std::string const& key) {
    std::size_t compared = 0;
    for (auto const& [method, target, fields] : asked) {
      CAPTURE(method);
      CAPTURE(target);
      CAPTURE(fields);
      auto const left  = answer_to(one.port(), method, target, key, fields);
      auto const right = answer_to(other.port(), method, target, key, fields);
      bool const equal = left == right;
      CHECK(equal);
      bool const is_dated =
          left.find("\r\nLast-Modified: ") != std::string::npos;  // would tell when the validator traded
      CHECK_FALSE(is_dated);
      ++compared;
      if (auto const tag = etag_of(left); !tag.empty() && method == "GET" && fields.empty()) {
        for (auto const* const name : {"If-None-Match: ", "If-Match: "}) {
          auto const condition = name + tag + "\r\n";
          bool const as_equal  = answer_to(one.port(), "GET", target, key, condition) ==
                                answer_to(other.port(), "GET", target, key, condition);
          CHECK(as_equal);
          ++compared;
        }
      }
    }
    return compared;
  };

  for (std::string const profile : {"v1", "v2"}) {
    CAPTURE(profile);
    outputs_app one{one_side, profile, {.data = "now_ms = 1760000000000\n"}};
    for (int const tier : {0, 30, 50}) {
      CAPTURE(tier);
      auto const key = keys.at("user" + std::to_string(tier)).at("key").get<std::string>();
      hidden_day day{tier, 7 + static_cast<std::uint64_t>(tier)};
      auto const other_side = folder.path() / (profile + std::to_string(tier));
      auto const other_raw  = day.positions(raw);
      REQUIRE(other_raw.dump() != raw.dump());
      REQUIRE_FALSE(other_raw.at(newcomer).at("positions").empty());
      write_side(other_side, other_raw, day.eliminations(ended), day.statistics(stats), true);
      fs::copy(sample / "api_keys.json", other_side / "api_keys.json");
      outputs_app other{other_side, profile, {.data = "now_ms = 1760000000000\n"}};

      CHECK(same(one, other, key) > 500);
      same(one, other, "");
      same(one, other, "no-such-key");

      // What a server saw before must not show either: the other tree's files are put into the first one's place, and
      // back.
      auto const whole = keys.at("user100").at("key").get<std::string>();
      auto const swap  = [&](json const& next) {
        auto const before = answer_to(other.port(), "GET", "/miner-positions?tier=100", whole, "");
        write(other.tree() / "validation/outputs/output.json", next.dump());
        auto const until = std::chrono::steady_clock::now() + 20s;
        while (answer_to(other.port(), "GET", "/miner-positions?tier=100", whole, "") == before &&
               std::chrono::steady_clock::now() < until) {
          std::this_thread::sleep_for(50ms);
        }
        CHECK(answer_to(other.port(), "GET", "/miner-positions?tier=100", whole, "") != before);
      };
      swap(raw);
      swap(day.positions(raw));
      for (std::string const& target : {"/miner-positions?tier=" + std::to_string(tier), std::string("/miner-hotkeys"),
                                        "/miner-positions/" + newcomer}) {
        bool const equal =
            answer_to(one.port(), "GET", target, key, "") == answer_to(other.port(), "GET", target, key, "");
        CHECK(equal);
      }
      auto const kept      = "state/tiered_positions/" + std::to_string(tier) + "/output.json.gz";
      bool const same_file = read_text(one.folder() / kept) == read_text(other.folder() / kept);
      CHECK(same_file);
      CHECK(other.stop() == 0);
    }
    CHECK(one.stop() == 0);
  }
}
