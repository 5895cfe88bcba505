#include <tensorgate/roles/outputs/config.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tensorgate/service/load.hpp>

namespace outputs = tensorgate::outputs;
using outputs::api_profile;

namespace {

outputs::table_row named(std::string path) {
  outputs::table_row one;
  one.path = std::move(path);
  return one;
}

outputs::row const& find(std::vector<outputs::row> const& rows, std::string_view path) {
  for (auto const& one : rows) {
    if (one.path == path) return one;
  }
  FAIL("no such row");
  return rows.front();
}

/// What the check says, behind the place that it names.
std::string judged(outputs::config const& settings) {
  std::string inside;
  auto const  said = tensorgate::reflect::describe<outputs::config>::check(settings, inside);
  return said.empty() ? std::string() : inside + ": " + std::string(said);
}

std::string judged(api_profile profile, std::vector<outputs::table_row> rows) {
  outputs::config settings;
  settings.profile = profile;
  settings.table   = std::move(rows);
  return judged(settings);
}

}  // namespace

TEST_CASE("a row takes what it leaves out from the profile's row of the same path") {
  auto statistics = named("/statistics");
  statistics.tier = 30;
  auto ledger     = named("/perf-ledger/{id}");
  ledger.files    = {"ledgers.json"};
  auto const v1   = outputs::all_rows(api_profile::v1, {statistics}, false);
  auto const v2   = outputs::all_rows(api_profile::v2, {statistics, ledger}, false);

  auto const& one = find(v1, "/statistics");
  CHECK(one.tier == 30);
  CHECK(one.files.front() == "runnable/minerstatistics.json");
  REQUIRE(one.omit);
  CHECK(one.omit->parameter == "checkpoints");
  CHECK(one.not_found_page == "../runnable/minerstatistics.json not found");
  CHECK(find(v1, "/statistics/{id}/").tier == 100);  // each path has its own
  CHECK(v1.size() == outputs::profile_rows(api_profile::v1).size());

  CHECK(find(v2, "/statistics").not_found == "Statistics data not found");
  auto const& member = find(v2, "/perf-ledger/{id}");
  CHECK(member.files == std::vector<std::string>{"ledgers.json"});
  REQUIRE(member.slice);
  CHECK(member.slice->at == "/perf_ledgers");
  CHECK(judged(api_profile::v2, {statistics, ledger}).empty());
}

TEST_CASE("a row may replace all of the profile's") {
  auto eliminations         = named("/eliminations");
  eliminations.files        = {"other.json"};
  eliminations.tier         = 50;
  eliminations.lag          = outputs::lag_rule{.array = "/list", .time = "/at"};
  eliminations.not_found    = "nothing";
  eliminations.no_member    = "nobody";
  eliminations.forbidden    = "no";
  eliminations.gzip_unasked = true;
  auto const  rows          = outputs::all_rows(api_profile::v1, {eliminations}, false);
  auto const& one           = find(rows, "/eliminations");
  CHECK(one.files == eliminations.files);
  CHECK(one.tier == 50);
  CHECK(one.lag->array == "/list");
  CHECK(one.not_found == "nothing");
  CHECK(one.not_found_page.empty());
  CHECK(one.no_member == "nobody");
  CHECK(one.forbidden == "no");
  CHECK(one.gzip_unasked);
}

TEST_CASE("in compat a row is as open as the profile's, unless it says otherwise") {
  auto statistics = named("/statistics");
  auto copying    = named("/miner-copying");
  copying.tier    = 50;
  auto const rows = outputs::all_rows(api_profile::v2, {statistics, copying}, true);
  CHECK(find(rows, "/statistics").tier == 0);
  CHECK(find(rows, "/miner-copying").tier == 50);
  CHECK(find(rows, "/eliminations").tier == 0);
  CHECK(find(rows, "/validator-checkpoint").tier == 100);
}

TEST_CASE("rows that would never be asked are refused") {
  auto const mine = [](std::string path) {
    auto one  = named(std::move(path));
    one.files = {"a.json"};
    return one;
  };
  auto const of_program = [](std::string const& said) { return said.find("the program itself") != std::string::npos; };
  for (auto const* const path :
       {"/miner-positions", "/miner-hotkeys", "/miner-positions/best", "/docs", "/openapi.json"}) {
    CAPTURE(path);
    CHECK(of_program(judged(api_profile::v1, {mine("/fine"), mine(path)})));
    CHECK(judged(api_profile::v2, {mine("/fine"), mine(path)}).starts_with("table[1]: "));
  }
  auto one_miner  = mine("/miner-positions/{id}");
  one_miner.slice = outputs::slice_rule{};
  CHECK(of_program(judged(api_profile::v1, {one_miner})));
  CHECK(judged(api_profile::table, {one_miner, mine("/miner-positions"), mine("/miner-hotkeys")}).empty());
  CHECK(judged(api_profile::v1, {mine("/miner-positions/best/ten"), mine("/miner-positions/")}).empty());

  outputs::config without;
  without.server.docs = false;
  without.table       = {mine("/docs")};
  CHECK(judged(without).empty());

  CHECK(judged(api_profile::table, {mine("/a"), mine("/b"), mine("/a")}) == "table[2]: a row before has the same path");
}

TEST_CASE("a row whose path no request can have is refused, and it is said why") {
  auto const said = [](std::string path) {
    auto one  = named(std::move(path));
    one.files = {"a.json"};
    return judged(api_profile::table, {one});
  };
  for (auto const* const path : {"/%41", "/x y", "/a?b", "/a#c", "/\xc3\xa9", "/a\\b", "/a\tb"}) {
    CAPTURE(path);
    CHECK(said(path).starts_with("table[0]: path has a character that a path cannot have: only "));
  }
  for (auto const* const path : {"/../a", "/a/./b", "/a/.."}) {
    CAPTURE(path);
    CHECK(said(path) == "table[0]: path has the segment . or .., with which no request is answered");
  }
  for (auto const* const path : {"//a", "/a//b", "/a//"}) {
    CAPTURE(path);
    CHECK(said(path) == "table[0]: path has an empty segment, with which no request is answered");
  }
  CHECK(said("/") == "table[0]: path names no segment, and rows do not answer for / alone");
  for (auto const* const path : {"/a", "/a/", "/a/b", "/.well-known/a..b", "/-._~!$&'()*+,;=:@"}) {
    CAPTURE(path);
    CHECK(said(path).empty());
  }
}

TEST_CASE("a row behind one that takes all its requests is refused, both are named") {
  auto const mine = [](std::string path) {
    auto one  = named(std::move(path));
    one.files = {one.path.find("{id}") == std::string::npos ? "a.json" : "{id}.json"};
    return one;
  };
  CHECK(judged(api_profile::table, {mine("/x/{id}"), mine("/y"), mine("/x/new")}) ==
        "table[2]: table[0], /x/{id}, takes each request for /x/new, so that this row would never be asked: it must "
        "stand before that one");
  CHECK(judged(api_profile::table, {mine("/{id}/b"), mine("/a/b")}).starts_with("table[1]: table[0], /{id}/b, "));
  CHECK(judged(api_profile::table, {mine("/x/new"), mine("/x/{id}")}).empty());
  CHECK(judged(api_profile::table, {mine("/x/{id}"), mine("/x/{id}/"), mine("/x/new/"), mine("/x/")})
            .starts_with("table[2]: table[1], /x/{id}/, "));
  CHECK(judged(api_profile::table, {mine("/x/{id}"), mine("/x/{id}/new"), mine("/x/"), mine("/{id}/new")}).empty());
}

TEST_CASE("a row's JSON pointers and its tier are such as there are") {
  auto row  = named("/a/{id}");
  row.files = {"a.json"};
  row.slice = outputs::slice_rule{.at = "/d~1e~0", .by = "key"};
  row.lag   = outputs::lag_rule{.array = "", .time = "/t"};
  row.tier  = 30;
  CHECK(judged(api_profile::table, {row}).empty());
  for (auto const* const broken : {"d", "/d~2", "/d~", "/~/d"}) {
    CAPTURE(broken);
    auto one      = row;
    one.slice->at = broken;
    CHECK(judged(api_profile::table, {one}) == "table[0]: slice.at must be a JSON pointer such as /data");
    one            = row;
    one.lag->array = broken;
    CHECK(judged(api_profile::table, {one}) == "table[0]: lag.array must be a JSON pointer such as /events");
    one           = row;
    one.lag->time = broken;
    CHECK(judged(api_profile::table, {one}) == "table[0]: lag.time must be a JSON pointer such as /timestamp_ms");
    one      = row;
    one.omit = outputs::omit_rule{.parameter = "p", .value = "v", .array = broken, .member = "m"};
    CHECK(judged(api_profile::table, {one}).find("a JSON pointer to an array") != std::string::npos);
  }
  for (int const tier : {0, 30, 50, 100, 200}) {
    row.tier = tier;
    CHECK(judged(api_profile::table, {row}).empty());
  }
  for (int const tier : {-1, 1, 31, 99, 101, 201}) {
    CAPTURE(tier);
    row.tier = tier;
    CHECK(judged(api_profile::table, {row}).starts_with("table[0]: tier must be one that keys have: 0, 30, 50 or 100"));
  }
}

TEST_CASE("a row without files is refused where the profile has none of its path") {
  CHECK(judged(api_profile::v1, {named("/scores")}).starts_with("table[0]: files names no file"));
  CHECK(judged(api_profile::table, {named("/statistics")}).starts_with("table[0]: files names no file"));
  CHECK(judged(api_profile::v1, {named("/statistics")}).empty());
}

TEST_CASE("a row's files lie below the data root") {
  for (auto const* const file :
       {"../../etc/passwd", "a/../../b.json", "..", "./a.json", "a//b.json", "a/", "/etc/passwd", ""}) {
    CAPTURE(file);
    auto one  = named("/a");
    one.files = {file};
    CHECK(judged(api_profile::table, {one}).find("data root") != std::string::npos);
  }
  auto one  = named("/a");
  one.files = {"a..b/...json"};
  CHECK(judged(api_profile::table, {one}).empty());
}

TEST_CASE("where keys are looked for follows from the profile, unless it is said") {
  outputs::config settings;
  using auth_place = tensorgate::auth::key_place;
  CHECK(outputs::key_options(settings).places == std::vector{auth_place::body, auth_place::authorization});
  settings.profile = api_profile::v2;
  CHECK(outputs::key_options(settings).places == std::vector{auth_place::bearer});
  settings.keys.places = {auth_place::header};
  CHECK(outputs::key_options(settings).places == std::vector{auth_place::header});
}

TEST_CASE("relative folders of a file count from its own") {
  namespace in    = tensorgate::service_detail;
  auto const tree = in::parse_toml("[data]\nvalidation = \"ptn/validation\"\nroot = \"..\"\n[keys]\nptn = \"k.json\"\n",
                                   "/etc/subnet/outputs.toml");
  REQUIRE(tree);
  outputs::config   settings;
  in::config_reader reader;
  in::read_setting(reader, *tree, settings, "");
  CHECK(reader.problems.empty());
  CHECK(settings.data.validation == "/etc/subnet/ptn/validation");
  CHECK(settings.data.root == "/etc/subnet/..");
  CHECK(settings.data.state == "state");
  CHECK(settings.keys.ptn == "/etc/subnet/k.json");
}
