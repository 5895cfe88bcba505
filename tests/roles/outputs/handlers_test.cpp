// The app started for real, asked for what the cases of the clients do not ask: who may see what when files are
// missing, how questions are read, and what rows of the operator's own change.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <tensorgate/codec/gzip.hpp>

#include "support/outputs_app.hpp"

using json      = nlohmann::ordered_json;
namespace codec = tensorgate::codec;
namespace fs    = std::filesystem;
using namespace std::chrono_literals;
using tensorgate_tests::ask;
using tensorgate_tests::raw_answer;
using tensorgate_tests::read_text;
using tensorgate_tests::running_program;

namespace {

using header_fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view wrong_tier = "{\"error\":\"Invalid tier value. Allowed values are 0, 30, 50, or 100\"}\n";
constexpr std::string_view below_100  = "{\"error\":\"Your API key does not have access to tier 100 data\"}\n";

/// The app over a copy of the sample tree, with the sample's own keys, a key a tier.
class served {
 public:
  explicit served(
      std::string_view profile, std::string_view tiers = "ours", std::string_view more = {},
      std::function<void(fs::path const&)> const& prepare = [](fs::path const&) {})
      : in_(profile, {.tiers = std::string(tiers),
                      .data  = "now_ms = 1760000000000\n",
                      .keys  = "rate = \"unlimited\"\n" + std::string(more)}) {
    in_.add_sample();
    prepare(tree());
    keys_                   = json::parse(read_text(tree() / "api_keys.json"));
    auto const [code, said] = in_.call({"keys", "import", (tree() / "api_keys.json").string()});
    if (code != 0) throw std::runtime_error("keys import: " + said);
    app_.emplace(in_.words());
  }

  [[nodiscard]] std::string key(int tier) const { return keys_.at("user" + std::to_string(tier)).at("key"); }
  [[nodiscard]] raw_answer  get(int tier, std::string_view target, header_fields fields = {},
                                std::string const& body = {}) const {
    fields.emplace_back("Authorization", "Bearer " + key(tier));
    return ask(app_->port(), "GET", target, fields, body);
  }
  [[nodiscard]] raw_answer with(header_fields const& fields, std::string_view target,
                                std::string const& body = {}) const {
    return ask(app_->port(), "GET", target, fields, body);
  }
  [[nodiscard]] std::string health() const { return ask(app_->admin(), "GET", "/healthz").body; }
  [[nodiscard]] std::string metrics() const { return ask(app_->admin(), "GET", "/metrics").body; }

  void write(std::string const& name, std::string_view text) const {
    fs::create_directories((tree() / name).parent_path());
    std::ofstream(tree() / name, std::ios::binary | std::ios::trunc) << text;
  }
  void remove(std::string const& name) const { fs::remove(tree() / name); }

  [[nodiscard]] fs::path tree() const { return in_.tree(); }
  int                    stop() { return app_->stop(); }

 private:
  tensorgate_tests::installation in_;
  json                           keys_;
  std::optional<running_program> app_;
};

bool soon(std::function<bool()> const& so) {
  auto const until = std::chrono::steady_clock::now() + 10s;
  while (!so()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

std::string plain(raw_answer const& answer) {
  return answer.field("content-encoding") == "gzip"
             ? codec::gzip_decompress(answer.body, std::size_t{1} << 28U).value_or("")
             : answer.body;
}

std::string first_hotkey(fs::path const& tree) {
  return json::parse(read_text(tree / "validation/outputs/output.json")).begin().key();
}

}  // namespace

TEST_CASE("a file that goes takes its own answers along and no others, and brings them back") {
  std::string const raw    = "validation/outputs/output.json";
  std::string const tier30 = "validation/outputs/tiered_positions/30/output.json.gz";
  for (std::string const profile : {"v1", "v2"}) {
    CAPTURE(profile);
    bool const v1 = profile == "v1";
    served     app{profile, "files"};
    auto const hotkey = first_hotkey(app.tree());
    auto const one    = "/miner-positions/" + hotkey;
    auto const bytes  = read_text(app.tree() / raw);
    auto const packed = read_text(app.tree() / tier30);
    auto const tiers  = [&] {
      return app.get(100, "/miner-positions?tier=30").status == 200 &&
             app.get(100, "/miner-positions?tier=100").status == 200 && app.get(0, one).status == 200;
    };
    CHECK(tiers());
    app.remove(raw);
    if (v1) {
      CHECK(soon([&] { return app.get(100, "/miner-positions").status == 404; }));
      CHECK(app.get(100, "/miner-positions").body == "outputs/output.json not found");
      CHECK(app.get(100, one).body == "outputs/output.json not found");
      CHECK(app.get(100, "/miner-hotkeys").body == "outputs/output.json not found");
      CHECK(app.health().find("output.json is not there") != std::string::npos);
    } else {
      std::this_thread::sleep_for(1500ms);
      CHECK(app.get(100, one).status == 200);  // tier 100's file has it too
    }
    CHECK(tiers());
    app.write(raw, bytes);
    CHECK(soon([&] { return app.get(100, one).status == 200 && app.get(100, "/miner-positions").status == 200; }));
    CHECK(tiers());

    app.remove(tier30);
    CHECK(soon([&] { return app.get(30, "/miner-positions?tier=30").status == 404; }));
    auto const lost = [&](std::string const& target) { return app.get(30, target).body; };
    if (v1) {
      CHECK(lost("/miner-positions?tier=30") == "outputs/tiered_positions/30/output.json.gz not found");
      CHECK(lost(one) == "outputs/tiered_positions/30/output.json.gz not found");
      CHECK(lost("/miner-hotkeys") == "outputs/tiered_positions/30/output.json.gz not found");
    } else {
      CHECK(lost("/miner-positions?tier=30") == "{\"error\":\"Data not found\"}\n");
      CHECK(lost(one) == "{\"error\":\"Miner ID " + hotkey + " not found\"}\n");
      CHECK(lost("/miner-hotkeys") == "{\"error\":\"No miner hotkeys found\"}\n");
    }
    CHECK(app.get(50, one).status == 200);
    CHECK(app.health().find("tiered_positions/30/output.json.gz is not there") != std::string::npos);
    app.write(tier30, packed);
    CHECK(soon([&] { return app.get(30, one).status == 200; }));
    CHECK(soon([&] { return app.health().find("is not there") == std::string::npos; }));
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("a tree as validators of profile v2 leave it answers every question of positions") {
  for (std::string const tiers : {"ours", "compat", "files"}) {
    CAPTURE(tiers);
    std::string hotkey;
    served      app{"v2", tiers, "", [&](fs::path const& tree) {
                 hotkey = first_hotkey(tree);
                 fs::remove(tree / "validation/outputs/output.json");
               }};
    for (int const tier : {0, 30, 50, 100}) {
      CHECK(app.get(tier, "/miner-positions?tier=" + std::to_string(tier)).status == 200);
      CHECK(app.get(tier, "/miner-positions/" + hotkey).status == 200);
      CHECK(app.get(tier, "/miner-hotkeys").status == 200);
    }
    CHECK(app.get(100, "/miner-positions").status == 200);
    CHECK(app.health().find("is not there") == std::string::npos);
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("a whole file of another shape is served, and shows in health and metrics") {
  served app{"v1", "ours", "", [](fs::path const& tree) {
               std::ofstream(tree / "validation/eliminations.json", std::ios::trunc) << "{}";
               std::ofstream(tree / "runnable/minerstatistics.json", std::ios::trunc) << R"({"data":{}})";
             }};
  CHECK(plain(app.get(100, "/eliminations")) == "{}");
  CHECK(plain(app.get(0, "/eliminations")) == "{}");
  CHECK(plain(app.get(100, "/statistics")) == R"({"data":{}})");
  CHECK(plain(app.get(100, "/statistics?checkpoints=false")) == R"({"data":{}})");
  CHECK(app.get(100, "/statistics/5A/").body == "{\"error\":\"No data found\"}\n");
  CHECK(app.health().find("eliminations.json: expected") != std::string::npos);
  CHECK(app.health().find("minerstatistics.json: expected an array at /data") != std::string::npos);
  CHECK(app.metrics().find("\ntensorgate_outputs_files_in_fault 2\n") != std::string::npos);
  app.write("validation/eliminations.json", R"({"eliminations":null})");
  CHECK(soon([&] { return plain(app.get(100, "/eliminations")) == R"({"eliminations":null})"; }));
  CHECK(app.get(0, "/eliminations").body == "eliminations.json not found");
  app.write("validation/eliminations.json", R"({"eliminations":[]})");
  app.write("runnable/minerstatistics.json", R"({"data":[{"hotkey":"5A"}]})");
  CHECK(soon([&] { return app.get(100, "/statistics/5A/").body == R"({"hotkey":"5A"})"; }));
  CHECK(soon([&] { return app.metrics().find("\ntensorgate_outputs_files_in_fault 0\n") != std::string::npos; }));
  CHECK(app.get(100, "/statistics/5B/").body == "{\"error\":\"Miner ID not found\"}\n");
  CHECK(app.stop() == 0);
}

TEST_CASE("metrics know a request by its row, whoever it is from") {
  served     app{"v1"};
  auto const counted = [&](std::string const& route, int status) {
    auto const line = "\ntensorgate_requests_total{route=\"" + route + "\",method=\"GET\",status=\"" +
                      std::to_string(status) + "\"} 1\n";
    return soon([&] { return app.metrics().find(line) != std::string::npos; });
  };
  CHECK(app.get(100, "/statistics").status == 200);
  CHECK(app.get(100, "/statistics/nobody/").status == 404);
  CHECK(app.get(100, "/statistics/nobody").status == 308);
  CHECK(app.get(30, "/validator-checkpoint").status == 403);
  CHECK(app.get(100, "/nothing/here").status == 404);
  CHECK(app.with({{"Authorization", "Bearer wrong"}}, "/eliminations").status == 401);
  CHECK(counted("/statistics", 200));
  CHECK(counted("/statistics/{id}/", 404));
  CHECK(counted("/statistics/{id}", 308));
  CHECK(counted("/validator-checkpoint", 403));
  CHECK(counted("/eliminations", 401));
  CHECK(counted("/{rest...}", 404));
  CHECK(app.metrics().find("nobody") == std::string::npos);
  CHECK(app.stop() == 0);
}

TEST_CASE("a tier is read as the clients' servers read it, in both profiles") {
  for (std::string const profile : {"v1", "v2"}) {
    CAPTURE(profile);
    served app{profile, "files"};
    for (auto const* const target : {"?tier", "?tier=", "?tier=%ff", "?tier=30%00", "?tier=+30", "?tier=030",
                                     "?tier=7&tier=30", "?tier=-0", "?tier=30.0", "?%74ier=31", "?tier=%2530"}) {
      CAPTURE(target);
      auto const answer = app.get(100, std::string("/miner-positions") + target);
      CHECK(answer.status == 400);
      CHECK(answer.body == wrong_tier);
    }
    for (auto const* const target :
         {"?tier=%33%30", "?x=%ff&tier=30", "?%74ier=30", "?&&tier=30&tier=0", "?x=%00&tier=30"}) {
      CAPTURE(target);
      auto const answer = app.get(30, std::string("/miner-positions") + target);
      CHECK(answer.status == 200);
      CHECK(answer.body == read_text(app.tree() / "validation/outputs/tiered_positions/30/output.json.gz"));
    }
    CHECK(app.get(100, "/miner-positions?tier=%zz").status == 400);  // no target of HTTP at all
    auto const whole   = plain(app.get(100, "/statistics"));
    auto const without = plain(app.get(100, "/statistics?x=%ff&checkpoints=FALSE"));
    CHECK(without.size() < whole.size());
    CHECK(plain(app.get(100, "/statistics?checkpoints=true&checkpoints=false")) == whole);
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("what is stored as gzip is sent so to whoever takes gzip at all") {
  served     app{"v1", "files"};
  auto const stored = read_text(app.tree() / "validation/outputs/tiered_positions/30/output.json.gz");
  for (auto const* const accepts : {"gzip;q=0.5, identity", "gzip;q=0.001, identity;q=1", "gzip, deflate, br", "*"}) {
    CAPTURE(accepts);
    CHECK(app.get(30, "/miner-positions?tier=30", {{"Accept-Encoding", accepts}}).body == stored);
  }
  for (auto const* const accepts : {"identity", "gzip;q=0", "br"}) {
    CAPTURE(accepts);
    auto const answer = app.get(30, "/miner-positions?tier=30", {{"Accept-Encoding", accepts}});
    CHECK(answer.status == 200);
    CHECK(answer.field("content-encoding").empty());
    CHECK(answer.body == codec::gzip_decompress(stored, std::size_t{1} << 28U).value());
  }
  CHECK(app.stop() == 0);
}

TEST_CASE("keys stand where each profile's clients put them, in bodies of at most 256 KiB") {
  std::string const large(256 * 1024 + 1, ' ');
  {
    served     app{"v1"};
    auto const code = [&](std::string const& value, std::string const& body = {}) {
      return app.with({{"Authorization", value}}, "/miner-positions", body).status;
    };
    auto const key = app.key(100);
    CHECK(code("Bearer " + key + " extra") == 200);
    CHECK(code("Token " + key) == 200);
    CHECK(code(key) == 401);
    CHECK(code("Bearer " + key, "{bad") == 400);
    CHECK(code("Bearer " + key, "{}") == 200);
    CHECK(code("Bearer " + key, "[]") == 401);
    CHECK(code("Bearer " + key, large) == 413);
    CHECK(app.stop() == 0);
  }
  {
    served     app{"v2"};
    auto const code = [&](std::string const& value, std::string const& body = {}) {
      return app.with({{"Authorization", value}}, "/miner-positions", body).status;
    };
    auto const key = app.key(100);
    CHECK(code("Bearer " + key + " extra") == 401);
    CHECK(code("Token " + key) == 401);
    CHECK(code("BEARER " + key) == 200);
    CHECK(code("Bearer " + key, std::string(256 * 1024, ' ')) == 200);
    for (std::string const target :
         {"/miner-positions", "/miner-hotkeys", "/miner-positions/x", "/statistics", "/nope"})
      CHECK(app.with({{"Authorization", "Bearer " + key}}, target, large).status == 413);
    CHECK(app.with({{"Authorization", "Bearer " + key}}, "/a/%2e%2e/b").body == "{\"error\":\"Bad request\"}\n");
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("in compat a key still has its tier of positions, and rows are open as they are upstream") {
  for (std::string const profile : {"v1", "v2"}) {
    CAPTURE(profile);
    served app{profile, "compat"};
    for (auto const* const target : {"/miner-positions", "/miner-positions?tier=100"}) {
      CHECK(app.get(0, target).status == 403);
      CHECK(app.get(0, target).body == below_100);
    }
    CHECK(app.get(0, "/miner-positions?tier=0").status == 200);
    auto const hotkey = first_hotkey(app.tree());
    CHECK(app.get(0, "/miner-positions/" + hotkey).body != app.get(100, "/miner-positions/" + hotkey).body);
    for (auto const* const target : {"/statistics", "/eliminations", "/miner-copying"})
      CHECK(app.get(0, target).status == 200);
    CHECK(app.get(0, "/validator-checkpoint").status == (profile == "v1" ? 200 : 403));
    CHECK(app.get(0, "/miner-hotkeys").body == app.get(100, "/miner-hotkeys").body);
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("a row of the operator's own lowers a route's tier and leaves the rest as the profile has it") {
  served     app{"v1", "files",
             "[[table]]\npath = \"/statistics\"\ntier = 30\n[[table]]\npath = \"/statistics/{id}/\"\ntier = 50\n"};
  auto const hotkey = first_hotkey(app.tree());
  CHECK(app.get(0, "/statistics").status == 403);
  CHECK(app.get(0, "/statistics").body == "{\"error\":\"Your API key does not have access to tier 30 data\"}\n");
  auto const whole = plain(app.get(30, "/statistics"));
  CHECK(whole == read_text(app.tree() / "runnable/minerstatistics.json"));
  CHECK(plain(app.get(30, "/statistics?checkpoints=false")).size() < whole.size());
  CHECK(app.get(30, "/statistics/" + hotkey + "/").status == 403);
  CHECK(app.get(50, "/statistics/" + hotkey + "/").status == 200);
  app.remove("runnable/minerstatistics.json");
  CHECK(soon([&] { return app.get(30, "/statistics").status == 404; }));
  CHECK(app.get(30, "/statistics").body == "../runnable/minerstatistics.json not found");
  CHECK(app.get(50, "/statistics/" + hotkey + "/").body == "{\"error\":\"No data found\"}\n");
  CHECK(app.stop() == 0);
}

TEST_CASE("what a key is shown is for no other's cache, wherever the key was") {
  served      app{"v1"};
  auto const  body = "{\"api_key\":\"" + app.key(100) + "\"}";
  std::string tag;
  for (auto const& [target, status] : std::vector<std::pair<std::string, int>>{
           {"/eliminations", 200}, {"/miner-positions?tier=30", 200}, {"/miner-positions/nobody", 404}}) {
    CAPTURE(target);
    auto const answer = app.with({}, target, body);
    CHECK(answer.status == status);
    CHECK(answer.field("cache-control") == "private, no-cache");
    if (target == "/eliminations") tag = answer.field("etag");
  }
  auto const same = app.with({{"If-None-Match", tag}}, "/eliminations", body);
  CHECK(same.status == 304);
  CHECK(same.field("cache-control") == "private, no-cache");
  CHECK(app.get(0, "/validator-checkpoint").status == 403);
  CHECK(app.get(0, "/validator-checkpoint").field("cache-control") == "private, no-cache");
  CHECK(!app.with({}, "/eliminations").has("cache-control"));
  CHECK(app.stop() == 0);
}

TEST_CASE("a row of the operator's own for the scores computed here serves what can be made of them") {
  served app{"v1", "ours",
             "[[table]]\npath = \"/miner-copying\"\nfiles = [\"validation/miner_copying.json\"]\n"
             "lag = { array = \"/events\", time = \"/t\" }\n"
             "omit = { parameter = \"parts\", value = \"no\", array = \"/pairs\", member = \"parts\" }\n"};
  CHECK(app.get(100, "/miner-copying").status == 200);
  CHECK(app.get(100, "/miner-copying?parts=no").status == 200);
  CHECK(app.get(0, "/miner-copying").status == 404);
  CHECK(app.get(0, "/miner-copying?parts=no").status == 404);
  app.remove("validation/miner_copying.json");
  std::this_thread::sleep_for(1500ms);
  CHECK(app.get(100, "/miner-copying").status == 200);
  CHECK(app.stop() == 0);
}

TEST_CASE("ledgers, orders and selections of profile v2 are served from files, to keys of tier 100") {
  served app{"v2", "files", "", [](fs::path const& tree) {
               std::ofstream(tree / "validation/debt_ledgers.json") << R"({"5A":{"debt":[1]}})";
               std::ofstream(tree / "validation/emissions_ledgers.json.gz", std::ios::binary)
                   << codec::gzip_compress(R"({"5A":{"emissions":[2]}})");
               std::ofstream(tree / "validation/penalty_ledgers.json") << R"({"5A":{"penalty":[3]}})";
               std::ofstream(tree / "validation/limit_orders.json") << R"({"5A":[{"order":4}]})";
               std::ofstream(tree / "validation/asset_selections.json") << R"({"5A":"crypto"})";
               std::ofstream(tree / "runnable/validator_checkpoint.json.gz", std::ios::binary)
                   << codec::gzip_compress(R"({"positions":{},"perf_ledgers":{"5A":{"cps":[5]}}})");
             }};
  for (auto const& [target, body] :
       std::vector<std::pair<std::string, std::string>>{{"/debt-ledger", R"({"5A":{"debt":[1]}})"},
                                                        {"/debt-ledger/5A", R"({"debt":[1]})"},
                                                        {"/emissions-ledger/5A", R"({"emissions":[2]})"},
                                                        {"/penalty-ledger/5A", R"({"penalty":[3]})"},
                                                        {"/limit-orders/5A", R"([{"order":4}])"},
                                                        {"/perf-ledger/5A", R"({"cps":[5]})"},
                                                        {"/miner-selections", R"({"5A":"crypto"})"}}) {
    CAPTURE(target);
    CHECK(app.get(100, target).status == 200);
    CHECK(plain(app.get(100, target)) == body);
    CHECK(app.get(50, target).body == below_100);
    CHECK(app.with({}, target).status == 401);
  }
  CHECK(app.get(100, "/limit-orders/5B").body == "{\"error\":\"No limit orders found for miner 5B\"}\n");
  CHECK(app.stop() == 0);
}

TEST_CASE("the document says of each route what it gives") {
  served     app{"v1", "files", "[[table]]\npath = \"/scores/{id}\"\nfiles = [\"scores/{id}.json\"]\ntier = 30\n"};
  auto const document = json::parse(app.with({}, "/openapi.json").body);
  auto const answers = [&](std::string const& path) { return document.at("paths").at(path).at("get").at("responses"); };
  CHECK_FALSE(answers("/statistics/{id}").contains("200"));  // only the way to the path with a slash
  CHECK(answers("/statistics/{id}").contains("308"));
  CHECK(answers("/statistics/{id}/").contains("200"));
  CHECK(answers("/scores/{id}").contains("403"));
  auto const too_large = answers("/miner-hotkeys").at("413").at("description").get<std::string>();
  CHECK(too_large.find("256 KiB") != std::string::npos);
  auto const& tier = document.at("paths").at("/miner-positions").at("get").at("parameters").at(0);
  CHECK(tier.at("name") == "tier");
  CHECK(tier.at("schema").at("enum") == json::parse(R"(["0","30","50","100"])"));
  CHECK(app.stop() == 0);
}

TEST_CASE("with a validator's file of keys alone nothing else is looked for") {
  tensorgate_tests::installation const at{"v2"};
  at.add_sample();
  auto words = at.words();
  words.insert(words.end(), {"--keys.file=", "--keys.ptn=" + (at.tree() / "api_keys.json").string()});
  running_program app{words};
  auto const      health = ask(app.admin(), "GET", "/healthz").body;
  CHECK(health.find("keys.json") == std::string::npos);
  CHECK(health.find("\"degraded\":true") == std::string::npos);
  CHECK(app.stop() == 0);
}

TEST_CASE("a folder above the validator's own is told apart, one that is not there is said so") {
  tensorgate_tests::installation const at;
  at.add_sample();
  static_cast<void>(at.key("one", 100));
  auto words = at.words();
  words.push_back("--data.validation=" + at.tree().string());
  running_program app{words};
  CHECK(app.says("holds a folder called validation: name that one in data.validation"));
  CHECK(app.stop() == 0);
  words.back()            = "--data.validation=" + (at.tree() / "nothing").string();
  auto const [code, said] = tensorgate_tests::run(words);
  CHECK(code == 1);
  CHECK(said.find("No such file or directory") != std::string::npos);
}
