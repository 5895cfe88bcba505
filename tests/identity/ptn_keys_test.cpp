#include <tensorgate/identity/ptn_keys.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
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
  for (auto const* key : {"k1", "k2", "k3", "k4", "k9", "k11"}) CHECK(!tier_of(table, key));
  CHECK(tier_of(table, "k5") == 50);
  CHECK(tier_of(table, "k6") == 0);
  CHECK(tier_of(table, "k7") == 200);
  CHECK(tier_of(table, "k8") == 200);
  CHECK(tier_of(table, "k10") == 100);
  CHECK(warnings == 6);
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

TEST_CASE("any user may have a key, whatever the name; what stands in lists and logs fits on a line") {
  std::string const long_name(300, 'n');
  auto const keys = parse_ptn_keys(R"({"":"first key","a\nb":"second key",")" + long_name + R"(":"third key","d":5})");
  REQUIRE(keys);
  REQUIRE(keys->keys.size() == 3);
  for (auto const& one : keys->keys) {
    CHECK(is_key_name(one.user));
    CHECK(one.user.starts_with("user-"));
    CHECK(one.user.size() == 21);
  }
  CHECK(keys->keys[0].user != keys->keys[1].user);
  CHECK(keys->warnings.size() == 1);
}

TEST_CASE("long keys are keys, up to a bound") {
  std::string const long_key(max_key_size, 'k');
  CHECK(tier_of(read(R"({"a":")" + long_key + R"("})"), long_key) == 100);
  CHECK(tier_of(read(R"({"a":")" + long_key + R"("})"), long_key.substr(1)) == std::nullopt);
  std::size_t warnings = 0;
  CHECK(read(R"({"a":")" + long_key + R"(k"})", &warnings).empty());
  CHECK(warnings == 1);
}

TEST_CASE("numbers that only Python knows refuse their entry and not the file") {
  std::size_t warnings = 0;
  auto const  table    = read(
      R"({"a":{"key":"k1","tier":NaN},"b":-Infinity,"c":{"key":"k3","tier":30,"since":[Infinity, NaN]},"NaN":"k4 NaN, -Infinity","d":{"key":NaN}})",
      &warnings);
  CHECK(!tier_of(table, "k1"));
  CHECK(tier_of(table, "k3") == 30);
  CHECK(tier_of(table, "k4 NaN, -Infinity") == 100);
  CHECK(warnings == 3);
  CHECK(tier_of(read(R"({"a \" NaN":"k\\","b":"NaN"})"), "k\\") == 100);
  for (auto const* text : {"NaN", "{NaN:1}", "{\"a\":1NaN}", "{\"a\":-NaN}", "{\"a\":NaNs}", "{\"a\":--Infinity}"}) {
    CAPTURE(text);
    CHECK(!parse_ptn_keys(text));
  }
}

TEST_CASE("of a user who stands twice the last entry counts, as in Python") {
  auto const table = read(R"({"a":{"key":"old","tier":100},"a":{"key":"new","tier":100,"tier":30}})");
  CHECK(tier_of(table, "old") == std::nullopt);
  CHECK(tier_of(table, "new") == 30);
}

TEST_CASE("an import takes the lower tier on doubles, and later ones bring its entries up to date") {
  auto const now  = from_unix_millis(1'760'000'000'000);
  auto       file = new_key_file(system_random);
  REQUIRE(enter_key(file, {.name = "own", .tier = 50}, "a key of our own", now));
  auto const import = [&](std::string_view text) {
    auto const keys = parse_ptn_keys(text);
    REQUIRE(keys);
    auto const done = import_keys(file, *keys, now);
    return std::tuple(done.added, done.changed, done.same, done.warnings.size());
  };
  auto const tier = [&](std::string_view key) { return tier_of(key_table::of(file), key); };

  CHECK(import(R"({"a":{"key":"k1","tier":100},"b":{"key":"k1","tier":30},"c":{"key":"k2","tier":100}})") ==
        std::tuple(2, 0, 0, 0));
  CHECK(tier("k1") == 30);
  CHECK(file.keys.size() == 3);
  CHECK(import(R"({"b":{"key":"k1","tier":30},"c":{"key":"k2","tier":0}})") == std::tuple(0, 1, 1, 0));
  CHECK(tier("k2") == 0);
  CHECK(import(R"({"b":{"key":"k3","tier":30}})") == std::tuple(0, 1, 0, 0));  // another key for the same user
  CHECK(tier("k1") == std::nullopt);
  CHECK(tier("k3") == 30);
  CHECK(import(R"({"d":{"key":"k3","tier":50}})") == std::tuple(0, 1, 0, 0));  // another user for the same key
  CHECK(tier("k3") == 50);
  CHECK(import(R"({"c":{"key":"k3","tier":0}})") == std::tuple(0, 1, 0, 0));  // both: two entries become one
  CHECK(tier("k3") == 0);
  CHECK(tier("k2") == std::nullopt);
  CHECK(file.keys.size() == 2);

  CHECK(import(R"({"own":{"key":"k9","tier":100},"x":{"key":"a key of our own","tier":100}})") ==
        std::tuple(0, 0, 0, 2));
  CHECK(tier("a key of our own") == 50);
  CHECK(tier("k9") == std::nullopt);
  CHECK(parse_key_file(to_text(file)));
}

TEST_CASE("what is no JSON object is an error") {
  for (auto const* text : {"", "[]", "5", "\"k\"", "{", "{\"a\":", "{\"a\":\"k\"} x"}) {
    CAPTURE(text);
    CHECK(!parse_ptn_keys(text));
  }
}
