#include <tensorgate/roles/outputs/keeper.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/outputs_app.hpp"

namespace tg      = tensorgate;
namespace codec   = tensorgate::codec;
namespace http    = tensorgate::http;
namespace outputs = tensorgate::outputs;
namespace fs      = std::filesystem;
using namespace std::chrono_literals;
using tensorgate_tests::read_text;

namespace {

constexpr auto sample_now = tg::from_unix_millis(1'760'000'000'000);

void one_after_the_other(std::size_t count, std::function<void(std::size_t)> const& call) {
  for (std::size_t i = 0; i != count; ++i) call(i);
}

/// A keeper over a copy of the sample tree, with a clock that the test moves.
struct kept_tree {
  tensorgate_tests::scratch_folder folder;
  outputs::snapshot_ptr            now;
  std::vector<std::string>         said;
  tg::steady_point                 clock{std::chrono::hours{1}};
  outputs::keeper                  keeper;

  explicit kept_tree(outputs::api_profile                   profile = outputs::api_profile::v1,
                     outputs::tier_source                   tiers   = outputs::tier_source::ours,
                     std::vector<outputs::table_row> const& rows    = {})
      : keeper(prepared(folder), profile, tiers,
               outputs::all_rows(profile, rows, tiers == outputs::tier_source::compat),
               outputs::keeper_events{
                   .publish = [this](outputs::snapshot_ptr next) { now = std::move(next); },
                   .say     = [this](std::string_view, std::string_view text) { said.emplace_back(text); }}) {}

  static outputs::data_config prepared(tensorgate_tests::scratch_folder const& folder) {
    auto const tree = folder.path() / "tree";
    fs::copy(tensorgate_tests::vectors_root() / "ptn/sample", tree, fs::copy_options::recursive);
    for (auto const& entry : fs::recursive_directory_iterator(folder.path())) {
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
    }
    outputs::data_config data;
    data.validation = (tree / "validation").string();
    data.state      = (folder.path() / "state").string();
    return data;
  }

  [[nodiscard]] fs::path file(std::string_view name) const { return folder.path() / "tree" / name; }
  void                   write(std::string_view name, std::string_view text) const {
    fs::create_directories(file(name).parent_path());
    std::ofstream(file(name), std::ios::trunc | std::ios::binary) << text;
  }
  void look(std::chrono::milliseconds later = 0ms, tg::unix_millis at = sample_now) {
    clock += later;
    keeper.look(clock, at, one_after_the_other);
    keeper.save_tiers();
  }
  /// True if one of the faults has these words.
  [[nodiscard]] bool fault(std::string_view words) const {
    auto const all = keeper.faults();
    return std::any_of(all.begin(), all.end(), [&](auto const& one) { return one.find(words) != std::string::npos; });
  }
  [[nodiscard]] outputs::row_file const* row(std::string_view path, std::string_view id = "") const {
    for (std::size_t i = 0; i != keeper.rows().size(); ++i) {
      if (keeper.rows()[i].path != path) continue;
      auto const found = now->rows[i]->find(id);
      return found == now->rows[i]->end() ? nullptr : &found->second;
    }
    return nullptr;
  }
};

std::string_view text_of(tg::http::representation const& what) {
  return std::get<tg::http::shared_bytes>(what.identity).view();
}

}  // namespace

TEST_CASE("the first look finds every file of a validator and computes the tiers") {
  kept_tree tree;
  tree.look();
  REQUIRE(tree.now);
  REQUIRE(tree.now->raw);
  CHECK(tree.now->raw->miners->members.size() == 20);
  CHECK(text_of(tree.now->raw->miners->whole) == read_text(tree.file("validation/outputs/output.json")));
  for (auto const& tier : tree.now->tiers) {
    REQUIRE(tier);
    CHECK(tier->count == 20);
  }
  for (auto const* const path :
       {"/statistics", "/statistics/{id}/", "/eliminations", "/validator-checkpoint", "/miner-copying"}) {
    CAPTURE(path);
    CHECK(tree.row(path) != nullptr);
  }
  CHECK(tree.keeper.faults().empty());
  CHECK(fs::exists(tree.folder.path() / "state/tiered_positions/30/output.json.gz"));
}

TEST_CASE("a half-written file leaves the last good one in force and is told once") {
  kept_tree  tree;
  auto const whole = read_text(tree.file("validation/outputs/output.json"));
  tree.look();
  auto const good = tree.now;
  tree.write("validation/outputs/output.json", std::string_view(whole).substr(0, whole.size() / 2));
  auto const before = tree.said.size();
  tree.look(100ms);
  tree.look(100ms);
  CHECK(tree.now->raw == good->raw);
  CHECK(tree.said.size() == before + 1);
  REQUIRE(tree.keeper.faults().size() == 1);
  CHECK(tree.keeper.faults().front().find("output.json is not JSON: line 1, column") != std::string::npos);
  CHECK(tree.keeper.faults().front().find(": expected ") != std::string::npos);
  tree.write("validation/outputs/output.json", whole);
  tree.look(100ms);
  CHECK(tree.keeper.faults().empty());
  CHECK(tree.now->raw != good->raw);
}

TEST_CASE("a file that is away for a moment stays; one that is gone for a second does not") {
  kept_tree tree;
  tree.look();
  fs::remove(tree.file("validation/eliminations.json"));
  tree.look(500ms);
  CHECK(tree.row("/eliminations") != nullptr);
  tree.look(400ms);
  CHECK(tree.row("/eliminations") != nullptr);
  tree.look(700ms);
  CHECK(tree.row("/eliminations") == nullptr);
  tree.write("validation/eliminations.json", R"({"eliminations":[]})");
  tree.look(10ms);
  CHECK(tree.row("/eliminations") != nullptr);
}

TEST_CASE("of a plain and a gzipped checkpoint the newer one answers") {
  kept_tree tree;
  tree.look();
  CHECK(tree.row("/validator-checkpoint")->from->gzipped);
  tree.write("runnable/validator_checkpoint.json", R"({"newer":true})");
  fs::last_write_time(tree.file("runnable/validator_checkpoint.json"), fs::file_time_type::clock::now() + 5s);
  tree.look();
  CHECK_FALSE(tree.row("/validator-checkpoint")->from->gzipped);
  CHECK(text_of(tree.row("/validator-checkpoint")->live->whole) == R"({"newer":true})");
}

TEST_CASE("of a large gzip the members are kept packed, and it can answer again after a newer file has gone") {
  kept_tree   tree{outputs::api_profile::v2};
  auto const  name = std::string("runnable/validator_checkpoint.json");
  auto const  one  = [](char fill) { return R"({"cps":")" + std::string(5'000'000, fill) + R"("})"; };
  std::string a = one('a'), b = one('b');
  auto const  put = [&] {
    tree.write(name + ".gz", codec::gzip_compress(R"({"perf_ledgers": {"A": )" + a + R"(, "B": )" + b + "}}"));
    tree.look();
  };
  auto const packed = [&](std::string const& id) {
    auto const& member = tree.row("/perf-ledger/{id}")->live->members.at(id);
    CHECK(http::is_empty(member.identity));
    return codec::gzip_decompress(std::get<http::shared_bytes>(member.gzip).view(), member.decoded_limit).value();
  };
  put();
  CHECK(packed("A") == a);
  CHECK(packed("B") == b);
  CHECK(tree.row("/perf-ledger/{id}")->from->text().empty());
  CHECK(http::is_empty(tree.row("/validator-checkpoint")->live->whole.identity));
  b = one('c');
  put();
  CHECK(packed("A") == a);
  CHECK(packed("B") == b);

  tree.write(name, R"({"perf_ledgers": {"A": 1}})");
  fs::last_write_time(tree.file(name), fs::file_time_type::clock::now() + 5s);
  tree.look();
  CHECK(text_of(tree.row("/perf-ledger/{id}")->live->members.at("A")) == "1");
  fs::remove(tree.file(name));
  tree.look();
  tree.look(2s);
  CHECK(packed("B") == b);
}

TEST_CASE("what the validator writes about copying wins over our scores, nothing written does not") {
  kept_tree tree;
  tree.look();
  auto const ours = std::string(text_of(tree.row("/miner-copying")->live->whole));
  CHECK(ours != "{}");
  tree.write("validation/miner_copying.json", R"({"a":{"b":0.9}})");
  tree.look();
  CHECK(text_of(tree.row("/miner-copying")->live->whole) == R"({"a":{"b":0.9}})");
  tree.write("validation/miner_copying.json", " [ ]\n");
  tree.look();
  CHECK(text_of(tree.row("/miner-copying")->live->whole) == ours);
}

TEST_CASE("our scores answer at once when the validator's file goes, and go with the positions") {
  kept_tree tree;
  tree.write("validation/miner_copying.json", R"({"a":{"b":0.9}})");
  tree.look();
  CHECK(text_of(tree.row("/miner-copying")->live->whole) == R"({"a":{"b":0.9}})");
  fs::remove(tree.file("validation/miner_copying.json"));
  tree.look(100ms);
  tree.look(1100ms);
  REQUIRE(tree.row("/miner-copying") != nullptr);
  CHECK(text_of(tree.row("/miner-copying")->live->whole).find("\"generated_ms\"") != std::string_view::npos);
  fs::remove(tree.file("validation/outputs/output.json"));
  tree.look(100ms);
  tree.look(1100ms);
  CHECK(tree.row("/miner-copying") == nullptr);
}

TEST_CASE("a row of the operator's own for our scores has the forms that it asks for, or none") {
  outputs::table_row copying;
  copying.path  = "/miner-copying";
  copying.files = {"validation/miner_copying.json"};
  copying.lag   = outputs::lag_rule{.array = "/events", .time = "/t"};
  copying.omit  = outputs::omit_rule{.parameter = "pairs", .value = "no", .array = "/pairs", .member = "parts"};
  kept_tree tree{outputs::api_profile::v1, outputs::tier_source::ours, {copying}};
  tree.look();
  auto const* const row = tree.row("/miner-copying");
  REQUIRE(row != nullptr);
  CHECK(row->live);
  REQUIRE(row->omitted);
  CHECK(text_of(row->omitted->whole).find("\"parts\"") == std::string_view::npos);
  CHECK_FALSE(row->lagged);
  tree.look(2min);
  CHECK(tree.row("/miner-copying")->live == row->live);
}

TEST_CASE("each file of a validator answers for itself where its tiers are served as it wrote them") {
  for (auto const profile : {outputs::api_profile::v1, outputs::api_profile::v2}) {
    kept_tree tree{profile, outputs::tier_source::files};
    tree.look();
    auto const raw = read_text(tree.file("validation/outputs/output.json"));
    fs::remove(tree.file("validation/outputs/output.json"));
    tree.look(100ms);
    tree.look(1100ms);
    CHECK((tree.now->raw != nullptr) == (profile == outputs::api_profile::v2));  // v2 has tier 100's
    for (auto const& tier : tree.now->tiers) CHECK(tier);
    fs::remove(tree.file("validation/outputs/tiered_positions/30/output.json.gz"));
    tree.look(100ms);
    tree.look(1100ms);
    CHECK(tree.now->tiers[0]);
    CHECK_FALSE(tree.now->tiers[2]);
    CHECK(tree.fault("tiered_positions/30/output.json.gz is not there"));
    tree.write("validation/outputs/output.json", raw);
    tree.look(100ms);
    CHECK(tree.now->raw);
    CHECK(tree.now->tiers[0]);
  }
}

TEST_CASE("a validator of profile v2 has no raw file: tier 100's or a checkpoint's positions are those of now") {
  for (auto const tiers : {outputs::tier_source::ours, outputs::tier_source::compat, outputs::tier_source::files}) {
    kept_tree tree{outputs::api_profile::v2, tiers};
    fs::remove(tree.file("validation/outputs/output.json"));
    tree.look();
    REQUIRE(tree.now->raw);
    CHECK(tree.now->raw->miners->members.size() == 20);
    CHECK(text_of(tree.now->raw->miners->whole).find("\"tier\"") == std::string_view::npos);
    for (auto const& tier : tree.now->tiers) REQUIRE(tier);
    CHECK(tree.row("/miner-copying") != nullptr);
    CHECK(tree.keeper.faults().empty());

    auto const hotkeys = std::string(text_of(tree.now->raw->hotkeys));
    fs::remove(tree.file("validation/outputs/tiered_positions/100/output.json.gz"));
    tree.look(100ms);
    tree.look(1100ms);
    REQUIRE(tree.now->raw);
    CHECK(text_of(tree.now->raw->hotkeys) == hotkeys);
    CHECK((tree.now->tiers[0] != nullptr) == (tiers != outputs::tier_source::files));

    fs::remove(tree.file("runnable/validator_checkpoint.json.gz"));
    tree.look(100ms);
    tree.look(1100ms);
    CHECK_FALSE(tree.now->raw);
    CHECK(tree.fault("tiered_positions/100/output.json.gz is not there"));
  }
}

TEST_CASE("of a raw file that profile v2's validator no longer writes and tier 100's the newer one counts") {
  kept_tree  tree{outputs::api_profile::v2};
  auto const now = fs::file_time_type::clock::now();
  tree.write("validation/outputs/output.json", R"({"left over": {"positions": []}})");
  fs::last_write_time(tree.file("validation/outputs/output.json"), now - 24h);
  fs::last_write_time(tree.file("validation/outputs/tiered_positions/100/output.json.gz"), now);
  tree.look();
  CHECK(tree.now->raw->count == 20);
  tree.write("validation/outputs/output.json", R"({"written again": {"positions": []}})");
  fs::last_write_time(tree.file("validation/outputs/output.json"), now + 1h);
  tree.look(1s);
  CHECK(tree.now->raw->count == 1);
}

TEST_CASE("a whole file of an unexpected shape is served as far as it can be, and shows among the faults") {
  auto const eliminations = std::string("validation/eliminations.json");
  for (bool const before : {false, true}) {
    CAPTURE(before);
    for (auto const* const text : {"{}", "[]", R"({"eliminations":null})", R"({"eliminations":{"a":1}})"}) {
      CAPTURE(text);
      kept_tree tree;
      if (before) tree.look();
      tree.write(eliminations, text);
      tree.look(1s);
      auto const* const row = tree.row("/eliminations");
      REQUIRE(row != nullptr);
      CHECK(text_of(row->live->whole) == text);
      bool const is_empty = std::string_view(text).size() == 2;
      CHECK((row->lagged != nullptr) == is_empty);
      CHECK(tree.fault("eliminations.json: expected "));
      CHECK(tree.fault(" at /eliminations"));
      tree.write(eliminations, R"({"eliminations":[]})");
      tree.look(1s);
      CHECK(tree.keeper.faults().empty());
    }
  }
}

TEST_CASE("an entry whose time is in another unit is hidden from lower tiers, and shows among the faults") {
  auto const entry = [](std::string_view hotkey, std::string_view time) {
    return "{\"hotkey\":\"" + std::string(hotkey) + "\",\"elimination_initiated_time_ms\":" + std::string(time) + "}";
  };
  kept_tree tree;
  for (auto const* const time : {"1759999999", "0", "-5", "\"soon\""}) {
    CAPTURE(time);
    tree.write("validation/eliminations.json",
               "{\"eliminations\":[" + entry("old", "1700000000000") + "," + entry("odd", time) + "]}");
    tree.look(1s);
    auto const* const row = tree.row("/eliminations");
    REQUIRE(row != nullptr);
    REQUIRE(row->lagged != nullptr);
    CHECK(text_of(row->live->whole).find("odd") != std::string_view::npos);
    CHECK(text_of(row->lagged->whole) == "{\"eliminations\":[" + entry("old", "1700000000000") + "]}");
    CHECK(
        tree.fault("eliminations.json: expected Unix milliseconds at /elimination_initiated_time_ms of each element of "
                   "/eliminations"));
  }
  tree.write("validation/eliminations.json", "{\"eliminations\":[" + entry("old", "1700000000000") + "]}");
  tree.look(1s);
  CHECK(tree.keeper.faults().empty());
}

TEST_CASE("a file that several rows need is one fault, told once for each version, and told when it is good again") {
  auto const statistics = std::string("runnable/minerstatistics.json");
  auto const lines      = [](kept_tree const& tree, std::string_view words) {
    return std::count_if(tree.said.begin(), tree.said.end(),
                              [&](auto const& one) { return one.find(words) != std::string::npos; });
  };
  kept_tree tree;
  tree.look();
  auto const good = read_text(tree.file(statistics));
  tree.write(statistics, R"({"data":{}})");
  tree.look(1s);
  CHECK(tree.keeper.faults().size() == 1);
  CHECK(tree.fault("minerstatistics.json: expected an array at /data; the last good version stays"));
  CHECK(lines(tree, "minerstatistics.json: expected an array at /data") == 1);
  tree.look(1s);
  CHECK(lines(tree, "minerstatistics.json") == 1);
  tree.write(statistics, good);
  tree.look(1s);
  CHECK(tree.keeper.faults().empty());
  CHECK(lines(tree, "minerstatistics.json has the expected shape again") == 1);
  CHECK(lines(tree, "minerstatistics.json") == 2);

  tree.said.clear();
  tree.write(statistics, good.substr(0, good.size() / 2));
  for (int i = 0; i != 5; ++i) tree.look(1s);
  CHECK(lines(tree, "minerstatistics.json is not JSON") == 1);
  CHECK(tree.keeper.faults().size() == 1);
  tree.write(statistics, "{");
  for (int i = 0; i != 5; ++i) tree.look(1s);
  CHECK(lines(tree, "minerstatistics.json is not JSON") == 2);
  CHECK(tree.keeper.faults().size() == 1);
  tree.write(statistics, good);
  tree.look(1s);
  tree.look(1s);
  CHECK(lines(tree, "minerstatistics.json is whole again, and in force") == 1);
  CHECK(tree.said.size() == 3);
  CHECK(tree.keeper.faults().empty());

  // What was never told to be broken is not told to be whole, nor is what has gone meanwhile.
  tree.said.clear();
  tree.write(statistics, good.substr(0, good.size() / 2));
  tree.look(1s);
  tree.write(statistics, good);
  tree.look(1s);
  CHECK(tree.said.empty());
  tree.write(statistics, R"({"data":{}})");
  tree.look(1s);
  tree.write(statistics, "{");
  tree.look(1s);
  tree.look(1s);
  CHECK(tree.keeper.faults().size() == 1);
  CHECK(tree.fault("minerstatistics.json is not JSON"));
  fs::remove(tree.file(statistics));
  tree.look(1s);
  tree.look(2s);
  CHECK(tree.keeper.faults().empty());
  tree.said.clear();
  tree.write(statistics, good);
  tree.look(1s);
  CHECK(tree.said.empty());
}

TEST_CASE("statistics without data are served whole, with and without checkpoints") {
  for (auto const* const text : {"{}", R"({"data":{}})"}) {
    CAPTURE(text);
    kept_tree tree;
    tree.write("runnable/minerstatistics.json", text);
    tree.look();
    auto const* const row = tree.row("/statistics");
    REQUIRE(row != nullptr);
    CHECK(text_of(row->live->whole) == text);
    CHECK(row->omitted == row->live);
    CHECK(tree.row("/statistics/{id}/") == nullptr);
    CHECK(tree.fault("minerstatistics.json: expected "));
    auto const said = tree.said.size();
    tree.look(2min);
    CHECK(tree.said.size() == said);
  }
}

TEST_CASE("positions of an unexpected shape leave the last good ones in force, and show among the faults") {
  kept_tree tree;
  tree.look();
  auto const good = tree.now;
  tree.write("validation/outputs/output.json", "[]");
  tree.look(1s);
  CHECK(tree.now->raw == good->raw);
  CHECK(tree.now->tiers == good->tiers);
  CHECK(tree.fault("output.json: expected a map of miners; the last good version stays"));
  fs::remove(tree.file("validation/outputs/output.json"));
  tree.look(1s);
  tree.look(1100ms);
  CHECK_FALSE(tree.now->raw);
  CHECK_FALSE(tree.fault("expected a map"));

  kept_tree files{outputs::api_profile::v1, outputs::tier_source::files};
  files.look();
  auto const tier = files.now->tiers[2];
  files.write("validation/outputs/tiered_positions/30/output.json.gz", tg::codec::gzip_compress("[1]"));
  files.look(1s);
  CHECK(files.now->tiers[2] == tier);
  CHECK(files.fault("30/output.json.gz: expected a map of miners; the last good version stays"));
  files.write("validation/outputs/tiered_positions/30/output.json.gz", tg::codec::gzip_compress("{}"));
  files.look(1s);
  CHECK(files.now->tiers[2]->count == 0);
  CHECK(files.keeper.faults().empty());
}

TEST_CASE("a ledger of an unexpected shape leaves the last good one in force") {
  kept_tree tree{outputs::api_profile::v2};
  tree.write("validation/penalty_ledgers.json", "[1]");
  tree.look();
  CHECK(tree.row("/penalty-ledger/{id}") == nullptr);
  CHECK(tree.fault("penalty_ledgers.json: expected an object"));
  tree.write("validation/penalty_ledgers.json", R"({"5A":{"sum":1}})");
  tree.look(1s);
  REQUIRE(tree.row("/penalty-ledger/{id}") != nullptr);
  tree.write("validation/penalty_ledgers.json", "7 ");
  tree.look(1s);
  CHECK(text_of(tree.row("/penalty-ledger/{id}")->live->members.at("5A")) == R"({"sum":1})");
  CHECK(tree.fault("penalty_ledgers.json: expected an object; the last good version stays"));
}

TEST_CASE("eliminations of the last day are lagged, and appear by themselves when a day old") {
  kept_tree tree;
  tree.write(
      "validation/eliminations.json",
      R"({"eliminations": [{"hotkey": "a", "elimination_initiated_time_ms": 1759999999999}, {"hotkey": "b", "elimination_initiated_time_ms": 1700000000000}]})");
  tree.look();
  auto const* const row = tree.row("/eliminations");
  CHECK(text_of(row->live->whole).find("\"a\"") != std::string_view::npos);
  CHECK(text_of(row->lagged->whole).find("\"a\"") == std::string_view::npos);
  CHECK(text_of(row->lagged->whole).find("\"b\"") != std::string_view::npos);
  CHECK_FALSE(row->lagged->whole.last_modified);
  tree.look(2min, sample_now + 25h);
  CHECK(text_of(tree.row("/eliminations")->lagged->whole).find("\"a\"") != std::string_view::npos);
}

TEST_CASE("a row may name a file for each id, and ids come and go with the files") {
  outputs::table_row scores;
  scores.path  = "/scores/{id}";
  scores.files = {"scores/{id}.json"};
  kept_tree tree{outputs::api_profile::table, outputs::tier_source::ours, {scores}};
  tree.write("scores/alpha.json", "[1]");
  tree.write("scores/.hidden.json", "[2]");
  tree.write("scores/broken.json", "[");
  tree.look();
  REQUIRE(tree.row("/scores/{id}", "alpha") != nullptr);
  CHECK(tree.row("/scores/{id}", "broken") == nullptr);
  CHECK(tree.row("/scores/{id}", ".hidden") == nullptr);
  tree.write("scores/beta.json", "[3]");
  fs::remove(tree.file("scores/alpha.json"));
  tree.look();
  CHECK(tree.row("/scores/{id}", "beta") != nullptr);
  tree.look(2s);
  CHECK(tree.row("/scores/{id}", "alpha") == nullptr);
}
