#include <tensorgate/reflect/json_read.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/core/time.hpp>

namespace reflect = tensorgate::reflect;
using reflect::errc;
using reflect::read_json;

namespace reading {

enum class side { LONG, SHORT, FLAT };
enum class state : int { off = 1000, on = 2000 };

struct order {
  std::string                side_text;
  double                     leverage;
  std::optional<std::string> note;
  int                        src = 0;
};

struct limits {
  int          least = 3;
  std::size_t  most{10};
  bool         strict = false;
  std::string  host   = "localhost";
  std::string  name;
  std::int64_t plain;
};

struct settings {
  limits                    outer;
  std::chrono::milliseconds wait{250};
  std::vector<int>          ports = {80};
};

struct circle {
  double r;
};
struct square {
  double w;
};

struct signup {
  std::string           type_;
  int                   age  = 1;
  std::string           name = "x";
  std::optional<double> share;
  std::vector<int>      few = {1};
  std::string           id  = "a";
};

struct strict {
  int known = 0;
};

struct inner_pair {
  int x = 1;
  int y = 2;
};
struct outer_pair {
  inner_pair a = {.x = 7};
};

struct span_of {
  int from = 0;
  int to   = 1;
};

struct position {
  std::string            id;
  reflect::other_members rest;
  int                    n = 0;
};

struct tree {
  int                   value = 0;
  std::vector<tree>     list  = {};
  std::unique_ptr<tree> next;
};

struct sized {
  std::int8_t   i8  = 0;
  std::uint8_t  u8  = 0;
  std::int16_t  i16 = 0;
  std::uint16_t u16 = 0;
  std::int32_t  i32 = 0;
  std::uint32_t u32 = 0;
  std::int64_t  i64 = 0;
  std::uint64_t u64 = 0;
};

}  // namespace reading

template <>
struct tensorgate::reflect::describe<reading::circle> {
  static constexpr std::string_view tag = "kind", tag_value = "circle";
  static constexpr auto             rules = std::tuple{reject_unknown};
};
template <>
struct tensorgate::reflect::describe<reading::square> {
  static constexpr std::string_view tag = "kind", tag_value = "square";
};
template <>
struct tensorgate::reflect::describe<reading::state> {
  static constexpr auto names = std::array{std::pair{reading::state::off, std::string_view("turned off")},
                                           std::pair{reading::state::on, std::string_view("turned on")}};
};
template <>
struct tensorgate::reflect::describe<reading::signup> {
  static constexpr auto rules =
      std::tuple{rename<&reading::signup::type_>("type"), range<&reading::signup::age>(1, 150),
                 length<&reading::signup::name>(1, 4),    at_most<&reading::signup::share>(0.5),
                 length<&reading::signup::few>(0, 2),     pattern<&reading::signup::id>("[a-z]+(-[0-9]{2})?"),
                 required<&reading::signup::age>(),       defaulted<&reading::signup::type_>()};
};
template <>
struct tensorgate::reflect::describe<reading::strict> {
  static constexpr auto rules = std::tuple{reject_unknown};
};
template <>
struct tensorgate::reflect::describe<reading::tree> {
  static constexpr auto rules = std::tuple{all_defaulted};
};
template <>
struct tensorgate::reflect::describe<reading::span_of> {
  static constexpr std::string_view check(reading::span_of const& one) {
    return one.from <= one.to ? "" : "from before to";
  }
};

namespace {

template <class T>
reflect::json_error error_of(std::string_view text, reflect::json_options const& options = {}) {
  auto const read = read_json<T>(text, options);
  REQUIRE_FALSE(read);
  return read.error();
}

struct place {
  errc             code;
  std::size_t      line;
  std::size_t      column;
  std::string_view path;
  std::string_view expected;
};

template <class T>
void check_error(std::string_view text, place const& where) {
  CAPTURE(text);
  auto const error = error_of<T>(text);
  CHECK(error.code == where.code);
  CHECK(error.line == where.line);
  CHECK(error.column == where.column);
  CHECK(error.path == where.path);
  CHECK(error.expected == where.expected);
}

}  // namespace

TEST_CASE("an aggregate is read in any order, with blanks anywhere") {
  for (std::string_view const text : {R"({"side_text":"LONG","leverage":-0.5,"note":"n","src":2})",
                                      R"( { "src" : 2 , "note" : "n","leverage":-0.5, "side_text": "LONG" } )",
                                      "{\n\t\"leverage\":\r\n-0.5,\"unknown\":[{\"a\":1}],\"note\":\"n\",\"\\u0073rc\":"
                                      "2,\"side_text\":\"L\\u004fNG\"}"}) {
    CAPTURE(text);
    auto const read = read_json<reading::order>(text);
    REQUIRE(read);
    CHECK(read->side_text == "LONG");
    CHECK(read->leverage == -0.5);
    CHECK(read->note == "n");
    CHECK(read->src == 2);
  }
}

TEST_CASE("members without a default are required, others keep it") {
  check_error<reading::order>(R"({"side_text":"x"})", {errc::missing, 1, 1, "/leverage", "a member that is required"});
  auto const read = read_json<reading::order>(R"({"side_text":"x","leverage":1})");
  REQUIRE(read);
  CHECK(read->src == 0);
  CHECK_FALSE(read->note);

  check_error<reading::limits>(R"({})", {errc::missing, 1, 1, "/name", "a member that is required"});
  check_error<reading::limits>(R"({"name":""})", {errc::missing, 1, 1, "/plain", "a member that is required"});
  auto const limits = read_json<reading::limits>(R"({"name":"n","plain":1})");
  REQUIRE(limits);
  CHECK(limits->least == 3);
  CHECK(limits->most == 10);
  CHECK(limits->host == "localhost");
  check_error<reading::settings>(R"({})", {errc::missing, 1, 1, "/outer", "a member that is required"});
  CHECK(read_json<reading::settings>(R"({"outer":{"name":"n","plain":1}})"));
}

TEST_CASE("reading into an object keeps what the text leaves out") {
  reading::limits into{.least = 7, .most = 8, .strict = true, .host = "h", .name = "", .plain = 0};
  REQUIRE(reflect::read_json_into(into, R"({"most":9,"name":"x","plain":2})"));
  CHECK(into.least == 7);
  CHECK(into.most == 9);
  CHECK(into.strict);
}

TEST_CASE("rules bind, and say what they wanted") {
  CHECK(read_json<reading::signup>(R"({"type":"t","age":150,"name":"añbc","share":0.5,"few":[1,2],"id":"ab-12"})"));
  check_error<reading::signup>(R"({"type":"t"})", {errc::missing, 1, 1, "/age", "a member that is required"});
  check_error<reading::signup>(R"({"age":0})", {errc::rule, 1, 8, "/age", "a number from 1 to 150"});
  check_error<reading::signup>(R"({"age":151})", {errc::rule, 1, 8, "/age", "a number from 1 to 150"});
  check_error<reading::signup>(R"({"age":1,"name":""})", {errc::rule, 1, 17, "/name", "a text of 1 to 4 characters"});
  check_error<reading::signup>(R"({"age":1,"name":"abcde"})",
                               {errc::rule, 1, 17, "/name", "a text of 1 to 4 characters"});
  check_error<reading::signup>(R"({"age":1,"share":0.51})", {errc::rule, 1, 18, "/share", "a number of at most 0.5"});
  check_error<reading::signup>(R"({"age":1,"few":[1,2,3]})", {errc::rule, 1, 16, "/few", "a list of 0 to 2 elements"});
  check_error<reading::signup>(R"({"age":1,"id":"ab-1"})",
                               {errc::rule, 1, 15, "/id", "a text that matches [a-z]+(-[0-9]{2})?"});
  check_error<reading::span_of>(R"({"from":2,"to":1})", {errc::rule, 1, 1, "", "from before to"});
}

TEST_CASE("unknown members are skipped, refused or collected") {
  CHECK(read_json<reading::circle>(R"({"r":1,"kind":"circle"})"));
  check_error<reading::strict>(R"({"known":1,"nown":2})",
                               {errc::unknown, 1, 12, "/nown", "only members that are known here"});
  CHECK(read_json<reading::strict>(R"({"nown":2})", {.unknown = reflect::unknown_members::skip}));
  CHECK_FALSE(read_json<reading::order>(R"({"side_text":"x","leverage":1,"z":1})",
                                        {.unknown = reflect::unknown_members::reject}));
  check_error<reading::order>(R"({"side_text":"x","leverage":1,"z":[1,]})", {errc::syntax, 1, 38, "/z", "a value"});

  auto const kept = read_json<reading::position>(R"({"b":[1, 2.50],"id":"i","a":{"x":1e2},"n":1})");
  REQUIRE(kept);
  REQUIRE(kept->rest.list.size() == 2);
  CHECK(kept->rest.list[0].first == "b");
  CHECK(kept->rest.list[0].second.text == "[1, 2.50]");
  CHECK(kept->rest.list[1].second.text == R"({"x":1e2})");
  CHECK(kept->n == 1);
  check_error<reading::position>(R"({"id":"","b":1,"b":2})", {errc::duplicate, 1, 16, "/b", "each member once"});
}

TEST_CASE("a member that stands twice is an error, unless the last shall win") {
  check_error<reading::order>(R"({"side_text":"x","leverage":1,"leverage":2})",
                              {errc::duplicate, 1, 42, "/leverage", "each member once"});
  check_error<reading::order>(R"({"side_text":"x","leverage":1,"l\u0065verage":2})",
                              {errc::duplicate, 1, 47, "/leverage", "each member once"});
  check_error<std::map<std::string, int>>(R"({"a":1,"a":2})", {errc::duplicate, 1, 8, "/a", "each key once"});
  CHECK(error_of<std::vector<std::pair<std::string, int>>>(R"({"a":1,"b":3,"a":2})").code == errc::duplicate);
  reflect::json_options const last{.duplicates = reflect::duplicate_members::last_wins};
  CHECK(read_json<reading::order>(R"({"side_text":"x","leverage":1,"leverage":2})", last)->leverage == 2);
  CHECK(read_json<std::map<std::string, int>>(R"({"a":1,"a":2})", last)->at("a") == 2);
  auto const list = read_json<std::vector<std::pair<std::string, int>>>(R"({"a":1,"b":3,"a":2})", last);
  REQUIRE(list);
  CHECK(*list == std::vector<std::pair<std::string, int>>{{"b", 3}, {"a", 2}});
}

TEST_CASE("integers are exact and must fit") {
  auto const full = read_json<reading::sized>(
      R"({"i8":-128,"u8":255,"i16":-32768,"u16":65535,"i32":-2147483648,"u32":4294967295,"i64":-9223372036854775808,"u64":18446744073709551615})");
  REQUIRE(full);
  CHECK(full->i8 == -128);
  CHECK(full->i64 == std::numeric_limits<std::int64_t>::min());
  CHECK(full->u64 == std::numeric_limits<std::uint64_t>::max());
  for (std::string_view const text :
       {R"({"i8":128})", R"({"i8":-129})", R"({"u8":256})", R"({"u8":-1})", R"({"i64":9223372036854775808})",
        R"({"i64":-9223372036854775809})", R"({"u64":18446744073709551616})", R"({"u64":28446744073709551615})",
        R"({"u64":100000000000000000000})", R"({"i64":99999999999999999999})"}) {
    CAPTURE(text);
    CHECK(error_of<reading::sized>(text).code == errc::out_of_range);
  }
  CHECK(read_json<reading::sized>(R"({"u8":-0})")->u8 == 0);
  check_error<reading::sized>(R"({"i32":1.0})", {errc::wrong_type, 1, 8, "/i32", "a whole number"});
  check_error<reading::sized>(R"({"i32":1e3})", {errc::wrong_type, 1, 8, "/i32", "a whole number"});
  check_error<reading::sized>(R"({"i32":01})", {errc::syntax, 1, 8, "/i32", "a whole number"});
}

TEST_CASE("doubles take every form of a JSON number, and no other") {
  CHECK(*read_json<double>("-1.5e2") == -150);
  CHECK(*read_json<double>("0.30000000000000004") == 0.1 + 0.2);
  CHECK(*read_json<double>("7") == 7);
  CHECK(std::signbit(*read_json<double>("-0")));
  CHECK(*read_json<double>("1e-400") == 0);
  CHECK(*read_json<float>("0.1") == 0.1F);
  CHECK(error_of<double>("1e400").code == errc::out_of_range);
  for (std::string_view const text :
       {"+1", ".5", "5.", "1e", "1e+", "0x1", "01", "-", "--1", "NaN", "Infinity", "1_0", "1.e1",
        "\xef\xbb\xbf"
        "1"}) {
    CAPTURE(text);
    CHECK_FALSE(read_json<double>(text));
  }
}

TEST_CASE("enums are read by name, by the source's or by the hook's") {
  CHECK(*read_json<reading::side>(R"("SHORT")") == reading::side::SHORT);
  CHECK(*read_json<reading::side>(R"("SH\u004fRT")") == reading::side::SHORT);
  check_error<reading::side>(R"("short")", {errc::rule, 1, 1, "", "one of: LONG, SHORT, FLAT"});
  CHECK(error_of<reading::side>("1").code == errc::wrong_type);
  CHECK(*read_json<reading::state>(R"("turned on")") == reading::state::on);
  CHECK_FALSE(read_json<reading::state>(R"("on")"));
}

TEST_CASE("containers of the standard library are read") {
  using many       = std::tuple<int, std::string, std::pair<double, bool>, std::array<int, 2>>;
  auto const tuple = read_json<many>(R"([1,"two",[3.5,true],[4,5]])");
  REQUIRE(tuple);
  CHECK(*tuple == many{1, "two", {3.5, true}, {4, 5}});
  check_error<many>(R"([1,"two",[3.5,true],[4,5],6])", {errc::rule, 1, 27, "/4", "no more elements"});
  check_error<many>(R"([1])", {errc::rule, 1, 1, "", "an array with more elements"});
  auto const map = read_json<std::unordered_map<std::string, std::vector<bool>>>(R"({"b":[true,false],"a\n":[]})");
  REQUIRE(map);
  CHECK(map->at("b") == std::vector<bool>{true, false});
  CHECK(map->contains("a\n"));
  CHECK(read_json<std::map<int, int>>(R"({"1":2,"-3":4})")->at(-3) == 4);
  check_error<std::map<int, int>>(R"({"x":2})", {errc::rule, 1, 2, "/x", "a whole number"});
  auto const list = read_json<std::vector<std::pair<std::string, std::optional<int>>>>(R"({"z":1,"a":null})");
  REQUIRE(list);
  CHECK((*list)[0].first == "z");
  CHECK_FALSE((*list)[1].second);
  CHECK(*read_json<std::string_view>(R"("plain")") == "plain");
  check_error<std::string_view>(R"("pl\u0061in")", {errc::rule, 1, 1, "", "a string without escapes"});
  auto const deep = read_json<reading::tree>(R"({"value":1,"list":[{"value":2,"next":{}}],"next":null})");
  REQUIRE(deep);
  CHECK(deep->list[0].next->value == 0);
  CHECK_FALSE(deep->next);
}

TEST_CASE("times and types with a text of their own are read") {
  CHECK(read_json<reading::settings>(R"({"outer":{"name":"n","plain":1},"wait":"2s"})")->wait ==
        std::chrono::seconds{2});
  CHECK(error_of<std::chrono::milliseconds>(R"("2 s")").code == errc::rule);
  CHECK(*read_json<tensorgate::unix_millis>("1760000000000") == tensorgate::from_unix_millis(1760000000000));
  CHECK(read_json<reflect::byte_count>(R"("16KiB")")->value == 16384);
}

TEST_CASE("the tag of an object is a member like others: required, right, and there once") {
  using shape = std::variant<reading::circle, reading::square>;
  CHECK(reflect::read_json<reading::circle>(R"({"kind":"circle","r":1})"));
  CHECK(reflect::read_json<reading::circle>(R"({"r":1,"k\u0069nd":"c\u0069rcle"})"));
  CHECK(reflect::read_json<reading::circle>(R"({"r":1})").error().code == reflect::errc::missing);
  CHECK(reflect::read_json<reading::circle>(R"({"kind":"square","r":1})").error().code == reflect::errc::rule);
  CHECK(reflect::read_json<reading::circle>(R"({"kind":1,"r":1})").error().code == reflect::errc::wrong_type);
  for (auto const* twice :
       {R"({"kind":"circle","kind":"square","r":1})", R"({"kind":"circle","kind":"circle","r":1})"}) {
    CAPTURE(twice);
    CHECK(reflect::read_json<shape>(twice).error().code == reflect::errc::duplicate);
    CHECK(reflect::read_json<reading::circle>(twice).error().code == reflect::errc::duplicate);
  }
  reflect::json_options const last{.duplicates = reflect::duplicate_members::last_wins};
  auto const                  chosen = reflect::read_json<shape>(R"({"kind":"square","kind":"circle","r":1})", last);
  REQUIRE(chosen);
  CHECK(std::holds_alternative<reading::circle>(*chosen));
}

TEST_CASE("a member that is unknown here may not stand twice either") {
  reflect::json_options const skip{.unknown = reflect::unknown_members::skip};
  CHECK(reflect::read_json<reading::strict>(R"({"known":1,"zz":1,"yy":2})", skip));
  auto const again = reflect::read_json<reading::strict>(R"({"known":1,"zz":1,"yy":2,"z\u007a":3})", skip);
  REQUIRE(!again);
  CHECK(again.error().code == reflect::errc::duplicate);
  CHECK(again.error().path == "/zz");
}

TEST_CASE("forty thousand unknown members take no longer than they must") {
  std::string many = "{\"known\":1";
  for (int i = 0; i != 40'000; ++i) many += ",\"a" + std::to_string(i) + "\":0";
  many += "}";
  reflect::json_options const skip{.unknown = reflect::unknown_members::skip};
  CHECK(reflect::read_json<reading::strict>(many, skip));
  std::string const twice = many.substr(0, many.size() - 1) + ",\"a0\":1}";
  CHECK(reflect::read_json<reading::strict>(twice, skip).error().code == reflect::errc::duplicate);
  reflect::json_options const last{.duplicates = reflect::duplicate_members::last_wins};
  auto const                  pairs = reflect::read_json<std::vector<std::pair<std::string, int>>>(twice, last);
  REQUIRE(pairs);
  CHECK(pairs->size() == 40'001);
  CHECK(pairs->back() == std::pair<std::string, int>("a0", 1));
}

TEST_CASE("of a member that stands twice the last counts whole") {
  reflect::json_options const last{.unknown    = reflect::unknown_members::skip,
                                   .duplicates = reflect::duplicate_members::last_wins};
  auto const read = reflect::read_json<reading::outer_pair>(R"({"a":{"x":9,"y":3},"a":{"y":8}})", last);
  REQUIRE(read);
  CHECK(read->a.x == 7);
  CHECK(read->a.y == 8);
}

TEST_CASE("a number that a float cannot hold is refused") {
  CHECK(reflect::read_json<float>("3.4028234e38").value() > 3e38F);
  CHECK(reflect::read_json<float>("1e39").error().code == reflect::errc::out_of_range);
  CHECK(reflect::read_json<float>("-1e39").error().code == reflect::errc::out_of_range);
  CHECK(reflect::read_json<double>("1e39"));
}

TEST_CASE("a variant goes by the kind of value, and by the tag of objects") {
  using any = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<int>,
                           std::map<std::string, int>>;
  CHECK(read_json<any>("null")->index() == 0);
  CHECK(read_json<any>("true")->index() == 1);
  CHECK(read_json<any>("12")->index() == 2);
  CHECK(read_json<any>("1.5")->index() == 3);
  CHECK(read_json<any>(R"("x")")->index() == 4);
  CHECK(read_json<any>("[1]")->index() == 5);
  CHECK(read_json<any>(R"({"a":1})")->index() == 6);
  CHECK(read_json<std::variant<int, double>>("3")->index() == 0);
  check_error<std::variant<int, bool>>(R"("x")", {errc::wrong_type, 1, 1, "", "a value of another type"});

  using shape = std::variant<reading::circle, reading::square>;
  CHECK(std::get<reading::square>(*read_json<shape>(R"({"w":2,"kind":"square"})")).w == 2);
  CHECK(std::get<reading::circle>(*read_json<shape>(R"({"kind":"c\u0069rcle","r":3})")).r == 3);
  check_error<shape>(R"({"r":1})", {errc::missing, 1, 1, "/kind", "a member that is required"});
  check_error<shape>(R"({"kind":"dot"})", {errc::rule, 1, 1, "/kind", "a kind that is known here"});
  check_error<shape>(R"({"kind":"circle","r":1,"w":2})",
                     {errc::unknown, 1, 24, "/w", "only members that are known here"});
  check_error<std::vector<shape>>(R"([{"kind":"circle","r":"x"}])", {errc::wrong_type, 1, 23, "/0/r", "a number"});
}

TEST_CASE("raw values keep their text") {
  CHECK(read_json<reflect::raw_number>("115792089237316195423570985008687907853269984665640564039457584007913129639935")
            ->text.size() == 78);
  CHECK_FALSE(read_json<reflect::raw_number>("1.2.3"));
  CHECK(read_json<std::vector<reflect::raw_json>>(R"([ {"a" : 1} , 2.50, "x\n" ])")->at(0).text == R"({"a" : 1})");
  std::string const text = R"({"k": [1, 2]})";
  CHECK(read_json<std::map<std::string, reflect::raw_json_view>>(text)->at("k").text == "[1, 2]");
}

TEST_CASE("errors name the line, the column in characters, and the path") {
  check_error<std::vector<reading::order>>("[\n  {\"side_text\": \"\xc3\xa9\xc3\xa9\", \"leverage\": \"x\"}]",
                                           {errc::wrong_type, 2, 35, "/0/leverage", "a number"});
  check_error<std::map<std::string, std::vector<int>>>(R"({"a/b~c":[1,null]})",
                                                       {errc::wrong_type, 1, 13, "/a~1b~0c/1", "a whole number"});
  check_error<std::vector<int>>("[1 2]", {errc::syntax, 1, 4, "", "',' or ']'"});
  check_error<std::vector<int>>("[1,]", {errc::syntax, 1, 4, "/1", "a whole number"});
  check_error<std::vector<int>>("[1", {errc::syntax, 1, 3, "", "',' or ']'"});
  check_error<reading::strict>(R"({"known":1,})", {errc::syntax, 1, 12, "", "a member's name in quotes"});
  check_error<reading::strict>(R"({"known" 1})", {errc::syntax, 1, 10, "", "':' after the member's name"});
  check_error<reading::strict>(R"({"known":1}})", {errc::syntax, 1, 12, "", "the end of the text"});
  check_error<reading::strict>("", {errc::syntax, 1, 1, "", "an object"});
  check_error<reading::strict>("[]", {errc::wrong_type, 1, 1, "", "an object"});
  check_error<bool>("tru", {errc::wrong_type, 1, 1, "", "true or false"});
  check_error<std::string>("\"a\nb\"", {errc::syntax, 1, 3, "", "no control character in a string"});
  check_error<std::string>("\"a\xff\"", {errc::encoding, 1, 3, "", "UTF-8"});
  check_error<std::string>(R"("\ud800x")", {errc::encoding, 1, 2, "", "a pair of surrogates"});
  check_error<std::string>(R"("\q")", {errc::syntax, 1, 2, "", "an escape of JSON"});
  check_error<std::string>(R"("\u12g4")", {errc::syntax, 1, 2, "", "four hexadecimal digits"});
  check_error<std::string>(R"("abc)", {errc::syntax, 1, 5, "", "'\"' at the end of the string"});
  auto const error = error_of<reading::strict>("{\n\"known\": x}");
  CHECK(error.text() == "line 2, column 10, /known: expected a whole number");
  tensorgate::failure const why = error;
  CHECK(why.code == make_error_code(errc::syntax));
  CHECK(why.code.message() == "the text breaks the grammar");
  CHECK(std::string_view(why.code.category().name()) == "reflect");
}

TEST_CASE("nesting is bounded, for values that are read and for those that are skipped") {
  auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(read_json<reflect::raw_json>(nested(64)));
  CHECK(error_of<reflect::raw_json>(nested(65)).code == errc::too_deep);
  CHECK(read_json<reflect::raw_json>(nested(1024), {.max_depth = 5000}));
  CHECK_FALSE(read_json<reflect::raw_json>(nested(1025), {.max_depth = 5000}));
  std::string deep;
  for (int i = 0; i != 33; ++i) deep += R"({"list":[)";
  CHECK(error_of<reading::tree>(deep).code == errc::too_deep);
  CHECK(error_of<reading::position>(R"({"x":)" + nested(64) + "}").code == errc::too_deep);
  CHECK(read_json<reading::strict>(R"({"x":[]})", {.max_depth = 2, .unknown = reflect::unknown_members::skip}));
  CHECK(error_of<reflect::raw_json>(std::string(1000000, '[')).code == errc::too_deep);
}
