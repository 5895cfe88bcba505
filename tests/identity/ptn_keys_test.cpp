#include <tensorgate/identity/ptn_keys.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace tensorgate::identity;

namespace ptn_vectors {

struct reload_step {
  std::string                                             file;
  std::vector<std::pair<std::string, std::optional<int>>> expect;
};
struct reload_case {
  std::string              name;
  std::vector<reload_step> steps;
};
struct vector_file {
  std::vector<reload_case> cases;
};

}  // namespace ptn_vectors

namespace {

using ptn_vectors::vector_file;

std::string vector_text(std::string const& name) {
  char const* const root = std::getenv("TENSORGATE_VECTORS");
  auto const path = (root != nullptr ? std::string(root) : std::string(TENSORGATE_TESTS_DIR) + "/vectors") + "/" + name;
  std::ifstream in(path);
  REQUIRE_MESSAGE(in, "missing vectors: " << path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::optional<int> tier_of(key_table const& table, std::string_view key) {
  auto const* found = table.find(key);
  return found == nullptr ? std::nullopt : std::optional(found->tier);
}
key_table read(std::string_view text, std::size_t* warnings = nullptr) {
  auto keys = parse_ptn_keys(text);
  REQUIRE(keys);
  if (warnings != nullptr) *warnings = keys->warnings.size();
  return table_of(std::move(*keys), system_random);
}

}  // namespace

TEST_CASE("the reload sequences of the vectors end as they should") {
  auto const file = reflect::read_json<vector_file>(vector_text("ptn/api_keys_cases.json"));
  REQUIRE_MESSAGE(file, (file ? "" : file.error().text()));
  CHECK(file->cases.size() >= 8);
  for (auto const& one : file->cases) {
    CAPTURE(one.name);
    key_table in_force;
    for (auto const& step : one.steps) {
      CAPTURE(step.file);
      if (auto keys = parse_ptn_keys(step.file)) in_force = table_of(std::move(*keys), system_random);
      for (auto const& [key, tier] : step.expect) {
        CAPTURE(key);
        CHECK(tier_of(in_force, key) == tier);
      }
    }
  }
}

TEST_CASE("a tier that is no integer refuses its entry, an integer between tiers means the lower one") {
  std::size_t warnings = 0;
  auto const  table    = read(
      R"({"a":{"key":"k1","tier":"50"},"b":{"key":"k2","tier":50.0},"c":{"key":"k3","tier":true},"d":{"key":"k4","tier":null},
    "e":{"key":"k5","tier":75},"f":{"key":"k6","tier":29},"g":{"key":"k7","tier":200},"h":{"key":"k8","tier":99999999999999999999},
    "i":{"key":"k9","tier":-1},"j":{"key":"k10","tier":199},"k":{"key":"k11","tier":5e1}})",
      &warnings);
  for (auto const* key : {"k1", "k2", "k3", "k9", "k11"}) CHECK(!tier_of(table, key));
  CHECK(tier_of(table, "k5") == 50);
  CHECK(tier_of(table, "k6") == 0);
  CHECK(tier_of(table, "k7") == 200);
  CHECK(tier_of(table, "k8") == 200);
  CHECK(tier_of(table, "k10") == 100);
  CHECK(warnings >= 5);
}

TEST_CASE("two users with one key have the lower tier") {
  CHECK(tier_of(read(R"({"a":{"key":"k","tier":100},"b":{"key":"k","tier":30}})"), "k") == 30);
  CHECK(tier_of(read(R"({"a":{"key":"k","tier":0},"b":"k"})"), "k") == 0);
}

TEST_CASE("entries that hold no key are skipped with a warning that does not name a key") {
  auto const keys =
      parse_ptn_keys(R"({"a":[],"b":"","c":{"tier":30},"d":{"key":["secret"]},"e":{"key":""},"f":"good key"})");
  REQUIRE(keys);
  REQUIRE(keys->keys.size() == 1);
  CHECK(keys->keys[0].user == "f");
  CHECK(keys->warnings.size() == 5);
  for (auto const& one : keys->warnings) CHECK(one.find("secret") == std::string::npos);
}

TEST_CASE("what is no JSON object is an error") {
  for (auto const* text : {"", "[]", "5", "\"k\"", "{", "{\"a\":", "{\"a\":\"k\"} x"}) {
    CAPTURE(text);
    CHECK(!parse_ptn_keys(text));
  }
}
