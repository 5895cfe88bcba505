#include <tensorgate/roles/outputs/keeper.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/outputs_app.hpp"

namespace tg      = tensorgate;
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

  explicit kept_tree(outputs::api_profile profile = outputs::api_profile::v1,
                     outputs::tier_source tiers = outputs::tier_source::ours, std::vector<outputs::row> rows = {})
      : keeper(prepared(folder), profile, tiers,
               outputs::all_rows(profile, std::move(rows), tiers == outputs::tier_source::compat),
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

TEST_CASE("eliminations of the last day are lagged, and appear by themselves when a day old") {
  kept_tree tree;
  tree.write(
      "validation/eliminations.json",
      R"({"eliminations": [{"hotkey": "a", "elimination_initiated_time_ms": 1759999999999}, {"hotkey": "b", "elimination_initiated_time_ms": 1}]})");
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
  outputs::row scores;
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
