#include <tensorgate/reflect/json_write.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/core/time.hpp>
#include <tensorgate/reflect/json_read.hpp>

namespace reflect = tensorgate::reflect;
using reflect::write_json;

namespace writing {

enum class side { LONG, SHORT };
struct order {
  std::string                side_text;
  double                     leverage = 0;
  std::optional<std::string> note;
  std::optional<double>      vwap;
  side                       way = side::LONG;
};
struct dot {
  int                  x = 0;
  std::unique_ptr<dot> next;
};
struct kept {
  int                    a = 0;
  reflect::other_members rest;
};
struct nothing {};

}  // namespace writing

template <>
struct tensorgate::reflect::describe<writing::order> {
  static constexpr auto rules =
      std::tuple{rename<&writing::order::side_text>("order-type"), null_if_empty<&writing::order::vwap>()};
};
template <>
struct tensorgate::reflect::describe<writing::dot> {
  static constexpr std::string_view tag = "kind", tag_value = "dot";
};

TEST_CASE("members are written in their order, under their names, without empty optionals") {
  writing::order one{.side_text = "LONG", .leverage = 0.5, .note = {}, .vwap = {}, .way = writing::side::SHORT};
  CHECK(write_json(one) == R"({"order-type":"LONG","leverage":0.5,"vwap":null,"way":"SHORT"})");
  one.note = "n";
  one.vwap = 1;
  CHECK(write_json(one) == R"({"order-type":"LONG","leverage":0.5,"note":"n","vwap":1.0,"way":"SHORT"})");
  CHECK(write_json(writing::nothing{}) == "{}");
  writing::dot dot;
  dot.next    = std::make_unique<writing::dot>();
  dot.next->x = 2;
  CHECK(write_json(dot) == R"({"kind":"dot","x":0,"next":{"kind":"dot","x":2}})");
  CHECK(write_json(writing::kept{1, {{{"b\"", {"[1, 2]"}}}}}) == R"({"a":1,"b\"":[1, 2]})");
}

TEST_CASE("values of the standard library are written") {
  CHECK(write_json(std::vector<bool>{true, false}) == "[true,false]");
  CHECK(write_json(std::map<std::string, std::optional<int>>{{"a", 1}, {"b", std::nullopt}}) == R"({"a":1,"b":null})");
  CHECK(write_json(std::map<int, int>{{-1, 2}}) == R"({"-1":2})");
  CHECK(write_json(std::vector<std::pair<std::string, int>>{{"z", 1}, {"a", 2}}) == R"({"z":1,"a":2})");
  CHECK(write_json(std::tuple<int, std::string_view, std::array<int, 2>>{1, "x", {2, 3}}) == R"([1,"x",[2,3]])");
  CHECK(write_json(std::variant<std::monostate, int>{}) == "null");
  CHECK(write_json(std::variant<std::monostate, int>{5}) == "5");
  CHECK(write_json(std::chrono::milliseconds{1500}) == R"("1500ms")");
  CHECK(write_json(tensorgate::unix_millis{std::chrono::milliseconds{1760000000000}}) == "1760000000000");
  CHECK(write_json(reflect::raw_number{"123456789012345678901234567890"}) == "123456789012345678901234567890");
  CHECK(write_json(reflect::raw_json_view{"{\"a\" :1}"}) == "{\"a\" :1}");
  std::string out = "x=";
  reflect::append_json(out, 5);
  CHECK(out == "x=5");
}

TEST_CASE("integers are written whole") {
  CHECK(write_json(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(write_json(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(write_json(std::int8_t{-128}) == "-128");
  CHECK(write_json(std::uint8_t{255}) == "255");
  std::mt19937_64 random(1);
  for (int i = 0; i != 100000; ++i) {
    auto const value = random() >> (random() % 64);
    if (write_json(value) != std::to_string(value)) FAIL_CHECK(value);
  }
}

TEST_CASE("doubles are the shortest text, as Python spells it") {
  CHECK(write_json(0.1 + 0.2) == "0.30000000000000004");
  CHECK(write_json(7e-05) == "7e-05");
  CHECK(write_json(0.0001) == "0.0001");
  CHECK(write_json(1e16) == "1e+16");
  CHECK(write_json(9999999999999998.0) == "9999999999999998.0");
  CHECK(write_json(123456789012345680.0) == "1.2345678901234568e+17");
  CHECK(write_json(-0.0) == "-0.0");
  CHECK(write_json(100000.0) == "100000.0");
  CHECK(write_json(5e-324) == "5e-324");
  CHECK(write_json(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(write_json(2.2250738585072014e-308) == "2.2250738585072014e-308");
  CHECK(write_json(1e23) == "1e+23");
  CHECK(write_json(9007199254740993.0) == "9007199254740992.0");
  CHECK(write_json(0.1F) == "0.1");
  CHECK(write_json(16777216.0F) == "16777216.0");
  CHECK(write_json(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(write_json(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("strings are escaped where JSON asks for it, whatever their length") {
  CHECK(write_json(std::string("\"\\\b\f\n\r\t\x01\x1f\x7f/")) == "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
  CHECK(write_json(std::string("a\0b", 3)) == "\"a\\u0000b\"");
  CHECK(write_json(std::string_view("é😀")) == "\"é😀\"");
  CHECK(write_json(std::string_view("a\xff\xc3")) == "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  for (std::size_t size = 0; size < 6000; size += size < 40 ? 1 : 97) {
    std::string const plain(size, 'x');
    CHECK(write_json(plain) == '"' + plain + '"');
    for (std::size_t const at : {std::size_t{0}, size / 2, size}) {
      std::string text = plain;
      text.insert(at, "\n\xc3\xa9");
      std::string wanted = plain;
      wanted.insert(at, "\\n\xc3\xa9");
      CHECK(write_json(text) == '"' + wanted + '"');
      CHECK(*reflect::read_json<std::string>(write_json(text)) == text);
    }
  }
}

TEST_CASE("a long list crosses the buffer unharmed") {
  std::vector<std::pair<std::string, double>> list;
  std::string                                 wanted = "{";
  for (int i = 0; i != 5000; ++i) {
    list.emplace_back("key" + std::to_string(i), i + 0.5);
    wanted += (i == 0 ? "\"key" : ",\"key") + std::to_string(i) + "\":" + std::to_string(i) + ".5";
  }
  CHECK(write_json(list) == wanted + "}");
  CHECK(*reflect::read_json<std::vector<std::pair<std::string, double>>>(write_json(list)) == list);
}

TEST_CASE("a style changes blanks and escapes only") {
  std::map<std::string, std::vector<int>> const map{{"a", {1, 2}}, {"b", {}}, {"ü", {3}}};
  CHECK(write_json(map, {.spaced = true}) == R"({"a": [1, 2], "b": [], "ü": [3]})");
  CHECK(write_json(map, {.ascii = true}) == R"({"a":[1,2],"b":[],"\u00fc":[3]})");
  CHECK(write_json(map, {.indent = 2}) ==
        "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": [],\n  \"ü\": [\n    3\n  ]\n}");
  CHECK(reflect::restyle_json(R"( [ "\" {,:😀" , { } ] )", {.ascii = true}) == R"(["\" {,:\ud83d\ude00",{}])");
}
