#include <tensorgate/roles/outputs/slice.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "support/json_compare.hpp"
#include "support/vectors.hpp"

namespace out = tensorgate::outputs;
using tensorgate::from_unix_millis;
using tensorgate_tests::json;

namespace {

constexpr std::string_view text =
    R"( {"a": {"b/c": [10, {"~": "x"}], "": 1}, "data": [{"hotkey": "k1", "v": 1, "checkpoints": [1, {"z": 2}]},)"
    R"( {"checkpoints": [], "hotkey": "k2"}, {"hotkey": 7}, {"checkpoints": null}, {"nobody": 1}, 5, {"hotkey": "k1"}]} )";

}  // namespace

TEST_CASE("a pointer names a value, as its own bytes") {
  CHECK(*out::value_at(text, "") == text.substr(1, text.size() - 2));
  CHECK(*out::value_at(text, "/a/b~1c/0") == "10");
  CHECK(*out::value_at(text, "/a/b~1c/1/~0") == R"("x")");
  CHECK(*out::value_at(text, "/a/") == "1");
  CHECK(*out::value_at(text, "/data/1") == R"({"checkpoints": [], "hotkey": "k2"})");
  for (auto const* wrong : {"a", "/b", "/a/b", "/data/7", "/data/01", "/data/-", "/data/-1", "/data/x", "/data/",
                            "/data/5/x", "/a/~", "/a/~2", "/data/99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK(out::value_at(text, wrong).error().code == out::errc::malformed_file);
  }
  CHECK(!out::value_at("{", "/a"));
  CHECK(out::value_at("[]", "/events").error().note == "a member of an object rather than of an array");
  CHECK(out::value_at("[]", "/0").error().note == "an element");
  CHECK(out::value_at("{}", "/events").error().note == "a member");
}

TEST_CASE("an object gives its members by key, an array its elements by a member") {
  auto const members = out::members_by_key(text, "/a");
  REQUIRE(members);
  CHECK(members->size() == 2);
  CHECK((*members)[0] == std::pair<std::string, std::string_view>{"b/c", R"([10, {"~": "x"}])"});
  CHECK(!out::members_by_key(text, "/data"));

  auto const elements = out::elements_by_member(text, "/data", "hotkey");
  REQUIRE(elements);
  REQUIRE(elements->size() == 4);
  CHECK((*elements)[1] == std::pair<std::string, std::string_view>{"k2", R"({"checkpoints": [], "hotkey": "k2"})"});
  CHECK((*elements)[2].first == "7");
  CHECK(!out::elements_by_member(text, "/a", "hotkey"));
}

TEST_CASE("the slices of the sample are those that a JSON reader finds") {
  auto const positions = tensorgate_tests::vector_text("ptn/sample/validation/outputs/output.json");
  auto const miners    = out::members_by_key(positions, "");
  REQUIRE(miners);
  auto const parsed = json::parse(positions);
  CHECK(miners->size() == parsed.size());
  for (auto const& [hotkey, slice] : *miners) CHECK(json::parse(slice) == parsed[hotkey]);

  auto const statistics = tensorgate_tests::vector_text("ptn/sample/runnable/minerstatistics.json");
  auto const scores     = out::elements_by_member(statistics, "/data", "hotkey");
  REQUIRE(scores);
  auto rest = json::parse(statistics);
  CHECK(scores->size() == rest["data"].size());
  for (std::size_t i = 0; i != scores->size(); ++i) {
    CHECK(json::parse((*scores)[i].second) == rest["data"][i]);
    rest["data"][i].erase("checkpoints");
  }
  CHECK(json::parse(*out::without_member(statistics, "/data", "checkpoints")) == rest);
}

TEST_CASE("a member is cut out of each element, and every other byte stays") {
  CHECK(*out::without_member(text, "/data", "checkpoints") ==
        R"( {"a": {"b/c": [10, {"~": "x"}], "": 1}, "data": [{"hotkey": "k1", "v": 1},)"
        R"( {"hotkey": "k2"}, {"hotkey": 7}, {}, {"nobody": 1}, 5, {"hotkey": "k1"}]} )");
  CHECK(*out::without_member(text, "/data", "none") == text);
  CHECK(*out::without_member("[{\"m\" : 1 , \"n\":2},{ \"m\":3 },{\"n\":1,\"m\":\"}\",\"o\":3}]", "", "m") ==
        "[{\"n\":2},{  },{\"n\":1,\"o\":3}]");
  CHECK(!out::without_member(text, "/a", "checkpoints"));
  CHECK(!out::without_member(text, "/nothing", "checkpoints"));
}

TEST_CASE("a member is cut out of each value of a map") {
  CHECK(
      out::without_member_of_values(R"( {"a": {"x": 1, "tier": 100}, "b": {"tier": 100}, "c": 5} )", "tier").value() ==
      R"( {"a": {"x": 1}, "b": {}, "c": 5} )");
  CHECK(out::without_member_of_values("{}", "tier").value() == "{}");
  CHECK_FALSE(out::without_member_of_values("[]", "tier"));
}

TEST_CASE("fresh entries are left out, and those whose time cannot be read") {
  std::string const eliminations =
      R"({"eliminations": [{"hotkey": "a", "t": 1700000000099}, {"hotkey": "b", "t": 1700000000100},)"
      R"( {"hotkey": "c", "t": 1700000000101}, {"hotkey": "d"}, {"hotkey": "e", "t": "1"}, 5,)"
      R"( {"hotkey": "f", "t": 1700000000005.5}], "more": [1]})";
  auto const lagged = out::lag_array(eliminations, "/eliminations", "/t", from_unix_millis(1700000000100));
  REQUIRE(lagged);
  CHECK(
      lagged->text ==
      R"({"eliminations": [{"hotkey": "a", "t": 1700000000099}, {"hotkey": "f", "t": 1700000000005.5}], "more": [1]})");
  CHECK_FALSE(lagged->all_timed);
  auto const nested =
      out::lag_array("[[[100000000000]], [[100000000002]]]", "", "/0/0", from_unix_millis(100000000002));
  REQUIRE(nested);
  CHECK(nested->text == "[[[100000000000]]]");
  CHECK(nested->all_timed);
  CHECK(out::lag_array("[]", "", "/t", from_unix_millis(2))->text == "[]");
}

TEST_CASE("an entry whose time cannot be in Unix milliseconds is left out, and told of") {
  auto const now = from_unix_millis(1760000000000);
  for (auto const* time : {"1759999999", "1759999999.5", "0", "-5", "-1759999999999", "99999999999", "1759999999999000",
                           "1e300", "-1e300", "null", "true", "\"1700000000000\"", "[]"}) {
    CAPTURE(time);
    auto const lagged = out::lag_array("[{\"t\": " + std::string(time) + "}, {\"t\": 1700000000000}]", "", "/t", now);
    REQUIRE(lagged);
    CHECK(lagged->text == R"([{"t": 1700000000000}])");
    CHECK_FALSE(lagged->all_timed);
  }
  auto const fresh = out::lag_array(R"([{"t": 1759999999999}, {"t": 1760000000000}])", "", "/t", now);
  REQUIRE(fresh);
  CHECK(fresh->text == R"([{"t": 1759999999999}])");
  CHECK(fresh->all_timed);
}

TEST_CASE("what was left out leaves no trace in the bytes") {
  std::string const with = "{\"e\": [\n {\"t\": 1700000000001},\n {\"t\": 1700000000009},\n {\"t\": 1700000000002}\n]}";
  std::string const without = "{\"e\": [\n {\"t\": 1700000000001},\n {\"t\": 1700000000002}\n]}";
  auto const        cut     = from_unix_millis(1700000000005);
  CHECK(out::lag_array(with, "/e", "/t", cut)->text == out::lag_array(without, "/e", "/t", cut)->text);
  CHECK(out::lag_array(without, "/e", "/t", cut)->text.find("1700000000002") != std::string::npos);
}

TEST_CASE("a list that is not where it should be is an error, never an empty list") {
  for (auto const* wrong : {"{}", R"({"e": {}})", R"({"e": 1})", "[]", "", R"({"e": [1})"}) {
    CAPTURE(wrong);
    CHECK(out::lag_array(wrong, "/e", "/t", from_unix_millis(5)).error().code == out::errc::malformed_file);
  }
}

TEST_CASE("the sample's old eliminations stay as they stand in the file") {
  auto const file = tensorgate_tests::vector_text("ptn/sample/validation/eliminations.json");
  CHECK(out::lag_array(file, "/eliminations", "/elimination_initiated_time_ms",
                       from_unix_millis(1760000000000 - 86400000))
            ->text == file);
  CHECK(json::parse(
            out::lag_array(file, "/eliminations", "/elimination_initiated_time_ms", from_unix_millis(1758681943096))
                ->text)["eliminations"]
            .size() == 1);
}
