#include <tensorgate/http/route.hpp>

#include <random>       // mt19937_64, random_device
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <doctest/doctest.h>

#include <tensorgate/http/extract.hpp>  // to

#include "../support/exchange.hpp"

namespace {

using namespace tensorgate;
using namespace tensorgate::http;
using test::exchange;

template <fixed_string Name>
reply named(request const& r) {
  std::string text(Name.view());
  for (std::size_t i = 0; i != r.value_count; ++i) text.append("|").append(r.values[i]);
  return reply::text(std::move(text));
}

std::string body_of(exchange& to, std::string_view line) { return to.send(line).body; }

// Refuses when the field X-Refuse names it; writes down that it ran.
class noting_guard {
 public:
  explicit noting_guard(std::string_view name, guard_needs needs = guard_needs::head) : name_(name), needs_(needs) {}
  result<void> admit(request& r) const {
    r.record.caller += name_;
    if (r.head.field("x-refuse") == name_) return fail(http::errc::forbidden, "refused as asked");
    return {};
  }
  [[nodiscard]] guard_needs needs() const { return needs_; }

 private:
  std::string_view name_;
  guard_needs      needs_;
};

class waiting_guard {
 public:
  task<std::optional<reply>> admit(request& r) const {
    r.record.caller += "w";
    std::optional<reply> refused;
    if (r.head.field("x-refuse") == "w") refused = reply::text("no", status::payment_required);
    co_return refused;
  }
};

struct caller {
  std::string name;
};
struct keys_guard {
  using provides = caller;
  result<caller> admit(request& r) const {
    if (r.head.field(known_field::x_api_key).empty()) return fail(http::errc::unauthorized, "no key");
    return caller{std::string(r.head.field(known_field::x_api_key))};
  }
};
struct room {
  int number = 0;
};
struct room_guard {
  using provides = room;
  task<result<room>> admit(request& /*r*/) const {
    room const found{7};
    co_return found;
  }
};

reply greet(caller const& who) { return reply::text("hello " + who.name); }
reply greet_in(room const& where, caller const& who) {
  return reply::text(who.name + " in " + std::to_string(where.number));
}

}  // namespace

TEST_CASE("a literal beats a value and a value beats the rest, whatever the order in the table") {
  routes table{
      get<"/{rest...}">(anyone, to<&named<"rest">>()),
      get<"/a/{x}">(anyone, to<&named<"value">>()),
      get<"/a/b">(anyone, to<&named<"literal">>()),
      get<"/a/{x}/c/{y...}">(anyone, to<&named<"value-c">>()),
      get<"/a/b/d/{rest...}">(anyone, to<&named<"b-rest">>()),
      get<"/">(anyone, to<&named<"root">>()),
  };
  exchange to(table.table());
  CHECK(body_of(to, "GET /a/b") == "literal");
  CHECK(body_of(to, "GET /a/x") == "value|x");
  CHECK(body_of(to, "GET /a/x/c/y") == "value-c|x|y");
  CHECK(body_of(to, "GET /a/b/c/d") == "value-c|b|d");
  CHECK(body_of(to, "GET /a/b/d/e/f") == "b-rest|e/f");
  CHECK(body_of(to, "GET /a/x/d") == "rest|a/x/d");
  CHECK(body_of(to, "GET /z") == "rest|z");
  CHECK(body_of(to, "GET /") == "root");
}

TEST_CASE("a value is not empty, the rest does not start empty, and two slashes match nothing") {
  routes   table{get<"/v/{x}">(anyone, to<&named<"v">>()), get<"/r/{x...}">(anyone, to<&named<"r">>()),
               get<"/v/{x}/y">(anyone, to<&named<"vy">>())};
  exchange to(table.table());
  CHECK(to.send("GET /v/").code == 0);
  CHECK(to.send("GET /v//y").code == 0);
  CHECK(to.send("GET /r/").code == 0);
  CHECK(to.send("GET /r").code == 0);
  CHECK(to.send("GET /r//a").code == 0);
  CHECK(to.send("GET /r/a//b").code == 0);
  CHECK(to.send("GET //v/x").code == 0);
  CHECK(body_of(to, "GET /r/a/") == "r|a/");
  CHECK(body_of(to, "GET /r/a/b") == "r|a/b");
}

TEST_CASE("a slash at the end of a path is significant") {
  routes   table{get<"/a">(anyone, to<&named<"without">>()), get<"/b/">(anyone, to<&named<"with">>()),
               get<"/{x}/c/">(anyone, to<&named<"value">>())};
  exchange to(table.table());
  CHECK(body_of(to, "GET /a") == "without");
  CHECK(to.send("GET /a/").code == 0);
  CHECK(body_of(to, "GET /b/") == "with");
  CHECK(to.send("GET /b").code == 0);
  CHECK(body_of(to, "GET /q/c/") == "value|q");
  CHECK(to.send("GET /q/c").code == 0);
}

TEST_CASE("values and literals are compared and passed decoded, once") {
  routes table{get<"/statistics/{id}">(anyone, to<&named<"s">>()), get<"/files/{path...}">(anyone, to<&named<"f">>())};
  exchange to(table.table());
  CHECK(body_of(to, "GET /statistics/a%20b") == "s|a b");
  CHECK(body_of(to, "GET /%73tatistics/x") == "s|x");
  CHECK(body_of(to, "GET /statistics/%2541") == "s|%41");
  CHECK(body_of(to, "GET /statistics/a+b") == "s|a+b");
  CHECK(body_of(to, "GET /files/%C3%A9/b%20c") == "f|\xC3\xA9/b c");
}

TEST_CASE("a path with encoded separators, dot segments, NUL or bad UTF-8 is refused") {
  routes   table{get<"/{rest...}">(anyone, to<&named<"r">>())};
  exchange to(table.table());
  for (auto const* path : {"/a%2Fb", "/a%2fb", "/a%5Cb", "/a/../b", "/a/./b", "/..", "/a/%2e%2e/b", "/%2e", "/a%00",
                           "/%ff", "/%c0%af", "/%e9"}) {
    CAPTURE(path);
    CHECK(to.send("GET " + std::string(path)).code == -1);
  }
  CHECK(body_of(to, "GET /a/..b/.c") == "r|a/..b/.c");
}

TEST_CASE("what is allowed at a path is the union over all patterns that match it") {
  routes table{
      get<"/a/{x}">(anyone, to<&named<"1">>()), post<"/{y}/b">(anyone, to<&named<"2">>()),
      del<"/a/b">(anyone, to<&named<"3">>()),   put<"/a/{rest...}">(anyone, to<&named<"4">>()),
      patch<"/p">(anyone, to<&named<"5">>()),
  };
  exchange to(table.table());
  CHECK(to.send("PATCH /a/b").allowed == "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  CHECK(to.send("PATCH /a/c").allowed == "GET, HEAD, PUT, OPTIONS");
  CHECK(to.send("GET /x/b").allowed == "POST, OPTIONS");
  CHECK(to.send("OPTIONS /p").allowed == "PATCH, OPTIONS");
  CHECK(to.send("BREW /p").allowed == "PATCH, OPTIONS");
  CHECK(to.send("GET /nothing").allowed.empty());
  CHECK(body_of(to, "POST /a/b") == "2|a");
  CHECK(body_of(to, "GET /a/b") == "1|b");
  CHECK(body_of(to, "DELETE /a/b") == "3");
  CHECK(body_of(to, "PUT /a/b") == "4|b");
}

TEST_CASE("HEAD is answered by the GET route") {
  routes   table{get<"/a">(anyone, to<&named<"a">>()), post<"/b">(anyone, to<&named<"b">>())};
  exchange to(table.table());
  CHECK(body_of(to, "HEAD /a") == "a");
  CHECK(to.send("HEAD /b").allowed == "POST, OPTIONS");
}

TEST_CASE("a table may hold more than 64 routes") {
  routes table{
      get<"/{a}/{b}/{c}/{d}">(anyone, to<&named<"last">>()),
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): a pattern is a literal, which no function puts together
#define TEN(p)                                                                          \
  get<p "0">(anyone, to<&named<p "0">>()), get<p "1">(anyone, to<&named<p "1">>()),     \
      get<p "2">(anyone, to<&named<p "2">>()), get<p "3">(anyone, to<&named<p "3">>()), \
      get<p "4">(anyone, to<&named<p "4">>()), get<p "5">(anyone, to<&named<p "5">>()), \
      get<p "6">(anyone, to<&named<p "6">>()), get<p "7">(anyone, to<&named<p "7">>()), \
      get<p "8">(anyone, to<&named<p "8">>()), get<p "9">(anyone, to<&named<p "9">>())
      TEN("/x0"),
      TEN("/x1"),
      TEN("/x2"),
      TEN("/x3"),
      TEN("/x4"),
      TEN("/x5"),
      TEN("/x6"),
  };
#undef TEN
  exchange to(table.table());
  CHECK(body_of(to, "GET /x00") == "/x00");
  CHECK(body_of(to, "GET /x69") == "/x69");
  CHECK(body_of(to, "GET /1/2/3/4") == "last|1|2|3|4");
  CHECK(to.send("GET /x70").code == 0);
}

TEST_CASE("the matcher agrees with a plain reading of the patterns on random paths") {
  routes table{
      get<"/">(anyone, to<&named<"/">>()),
      get<"/a">(anyone, to<&named<"/a">>()),
      get<"/a/">(anyone, to<&named<"/a/">>()),
      get<"/a/b">(anyone, to<&named<"/a/b">>()),
      get<"/a/{x}">(anyone, to<&named<"/a/{x}">>()),
      get<"/{x}">(anyone, to<&named<"/{x}">>()),
      get<"/a/{x}/b">(anyone, to<&named<"/a/{x}/b">>()),
      get<"/a/{x...}">(anyone, to<&named<"/a/{x...}">>()),
      get<"/b/{x}/{y}/a">(anyone, to<&named<"/b/{x}/{y}/a">>()),
      get<"/{x...}">(anyone, to<&named<"/{x...}">>()),
  };
  std::vector<std::string_view> const by_precedence{"/",      "/a",        "/a/",          "/a/b", "/a/{x}/b",
                                                    "/a/{x}", "/a/{x...}", "/b/{x}/{y}/a", "/{x}", "/{x...}"};
  auto const                          split = [](std::string_view path) {
    std::vector<std::string_view> parts;
    for_each_segment(path, [&](std::string_view part) { parts.push_back(part); });
    return parts;
  };
  auto const fits = [&](std::string_view pattern, std::string_view path) {
    auto const want = split(pattern);
    auto const have = split(path);
    for (std::size_t i = 0; i + 1 < have.size(); ++i) {
      if (have[i].empty()) return false;
    }
    for (std::size_t i = 0; i != want.size(); ++i) {
      if (i == have.size()) return false;
      if (want[i] == "{x...}") return !have[i].empty();
      if (want[i].starts_with('{') ? have[i].empty() : want[i] != have[i]) return false;
    }
    return want.size() == have.size();
  };
  auto const      seed = std::random_device{}();
  std::mt19937_64 random(seed);
  INFO("seed " << seed);
  exchange to(table.table());
  for (int round = 0; round != 20000; ++round) {
    std::string path;
    for (auto parts = random() % 5 + 1; parts != 0; --parts)
      path += "/" + std::string(std::vector{"a", "b", "", "c"}[random() % 4]);
    std::string_view expected;
    for (auto const one : by_precedence) {
      if (fits(one, path)) {
        expected = one;
        break;
      }
    }
    auto const said = to.send("GET " + path);
    if (said.body.substr(0, said.body.find('|')) != expected) {
      CAPTURE(path);
      CHECK(said.body == expected);
    }
  }
}

TEST_CASE("guards run in the order of the route, and the first that refuses ends it") {
  noting_guard const a("a");
  noting_guard const b("b");
  routes             table{get<"/x">(a, b, anyone, to<&named<"x">>())};
  exchange           to(table.table());
  CHECK(to.send("GET /x").code == 200);
  CHECK(to.request().record.caller == "ab");
  auto const refused = to.send("GET /x", {}, "X-Refuse: a\r\n");
  CHECK(refused.code == 403);
  CHECK(refused.body == R"({"error":{"code":"forbidden","message":"refused as asked","request_id":"id-1"}})");
  CHECK(to.request().record.caller == "a");
  CHECK(to.request().record.refusal == "forbidden");
}

struct number {
  int value = 0;
};
int twice(body<number> of) { return of->value * 2; }

TEST_CASE("a guard that needs the body, or decoded arguments, waits for them, and those behind it wait too") {
  noting_guard const head("h");
  noting_guard const whole("b", guard_needs::body);
  noting_guard const late("l");
  noting_guard const decoded("d", guard_needs::decoded);
  routes             table{post<"/x">(head, whole, late, decoded, to<&twice>())};
  exchange           to(table.table());
  auto const         json = "Content-Type: application/json\r\n";

  CHECK(to.send("POST /x", R"({"value":21})", json).body == "42");
  CHECK(to.request().record.caller == "hbld");
  CHECK(to.send("POST /x", R"({"value":"no"})", json).code == 422);
  CHECK(to.request().record.caller == "hbl");
  CHECK(to.send("POST /x", R"({"value":1})", "Content-Type: application/json\r\nX-Refuse: d\r\n").code == 403);

  auto const& route = *to.route();
  auto&       r     = to.request();
  r.next_guard      = 0;
  r.record.caller.clear();
  CHECK(!route.admit(route.self, r));
  CHECK(r.record.caller == "h");
  CHECK(r.next_guard == 1);
}

TEST_CASE("a route with a waiting guard waits as a whole") {
  noting_guard const  a("a");
  noting_guard const  d("d", guard_needs::decoded);
  waiting_guard const w;
  routes              table{post<"/x">(a, w, d, to<&twice>()), get<"/y">(d, to<&named<"y">>())};
  exchange            to(table.table());
  auto const          json = "Content-Type: application/json\r\n";
  CHECK(to.send("POST /x", R"({"value":4})", json).body == "8");
  CHECK(to.request().record.caller == "awd");
  CHECK(to.send("POST /x", R"({"value":4})", "X-Refuse: w\r\n").code == 402);
  CHECK(to.request().record.refusal == "refused");
  CHECK(to.send("POST /x", R"({"value":4})", "X-Refuse: a\r\n").code == 403);
  CHECK(to.send("POST /x", R"({"value":4})").code == 415);
  CHECK(to.request().record.caller == "aw");
  CHECK(!to.route()->admit);
  CHECK(!to.route()->answer);
  CHECK(to.send("GET /y").code == 200);
  CHECK(static_cast<bool>(to.route()->answer));
}

TEST_CASE("handlers get what guards provide") {
  keys_guard const keys;
  room_guard const rooms;
  routes           table{get<"/one">(keys, to<&greet>()), get<"/two">(keys, rooms, to<&greet_in>())};
  exchange         to(table.table());
  CHECK(to.send("GET /one", {}, "X-API-Key: ada\r\n").body == "hello ada");
  CHECK(to.send("GET /one").code == 401);
  CHECK(to.send("GET /two", {}, "X-API-Key: ada\r\n").body == "ada in 7");
}

TEST_CASE("where everybody may call, nothing is asked before the handler") {
  routes     table{get<"/open">(anyone, to<&named<"open">>()),
               get<"/limited">(anyone, largest_body(10), to<&named<"l">>())};
  exchange   to(table.table());
  auto const asks = [&] { return to.route()->admit != nullptr || to.route()->admit_waiting != nullptr; };
  CHECK(to.send("GET /open").body == "open");
  CHECK(!asks());
  CHECK(to.send("GET /limited").body == "l");
  CHECK(asks());
  static_assert(says_who<anyone_guard> && !says_who<largest_body>);
}

TEST_CASE("the smallest body limit that anyone names holds, and none means the server's") {
  routes   table{post<"/a">(anyone, largest_body(100), largest_body(50), to<&named<"a">>()),
               post<"/b">(anyone, to<&named<"b">>())};
  exchange to(table.table());
  to.send("POST /a");
  CHECK(to.route()->body_limit == 50);
  to.send("POST /b");
  CHECK(to.route()->body_limit == 0);
}

TEST_CASE("a table knows its routes") {
  routes table{get<"/a">(anyone, to<&named<"a">>()), post<"/b/{c}">(anyone, to<&named<"b">>())};
  CHECK(table.has(method::get, "/a"));
  CHECK(!table.has(method::post, "/a"));
  std::string all;
  table.for_each([&](auto const& one) { all += std::string(std::remove_cvref_t<decltype(one)>::context::text) + ";"; });
  CHECK(all == "/a;/b/{c};");
}

TEST_CASE("an empty table matches nothing") {
  routes<>   table;
  exchange   to(table.table());
  auto const said = to.send("GET /");
  CHECK(said.code == 0);
  CHECK(said.allowed.empty());
}
