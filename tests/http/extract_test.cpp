#include <tensorgate/http/extract.hpp>

#include <cstdint>      // uint8_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <doctest/doctest.h>

#include <tensorgate/http/route.hpp>  // routes, get, post

#include "../support/exchange.hpp"

using namespace tensorgate;
using namespace tensorgate::http;
using test::exchange;

namespace {

constexpr std::string_view as_json = "Content-Type: application/json\r\n";

struct counter {
  mutable int asked = 0;
  reply       show(std::string_view id) const { return reply::text("show " + std::string(id)); }
  int         next() { return ++asked; }
};

enum class side { buy, sell };

// A role's own kind of value, read strictly.
struct even {
  int value = 0;
};

}  // namespace

template <>
struct tensorgate::reflect::text_form<even> {
  static constexpr std::string_view expected = "an even digit";
  static result<even>               parse(std::string_view text) {
    if (text.size() != 1 || text[0] < '0' || text[0] > '9' || (text[0] - '0') % 2 != 0)
      return fail(errc::wrong_type, expected);
    return even{text[0] - '0'};
  }
  static void append(std::string& out, even value) { out.append(std::to_string(value.value)); }
};

namespace {

struct page {
  int                        limit = 10;
  std::optional<std::string> after;
  std::vector<int>           only;
  bool                       full = false;
};
struct search {
  std::string text;
  side        which = side::buy;
};
struct strict_page {
  int from = 0;
};
struct span_of_time {
  int from = 0;
  int to   = 0;
};

}  // namespace

template <>
struct tensorgate::reflect::describe<page> {
  static constexpr auto rules = std::tuple{range<&page::limit>(1, 100), length<&page::after>(1, 4),
                                           length<&page::only>(0, 3), rename<&page::full>("full-text")};
};
template <>
struct tensorgate::reflect::describe<strict_page> {
  static constexpr auto rules = std::tuple{reject_unknown};
};
template <>
struct tensorgate::reflect::describe<span_of_time> {
  static constexpr std::string_view check(span_of_time const& value) {
    return value.from <= value.to ? "" : "`from` must not be after `to`";
  }
};

namespace {

reply values(counter const& state, std::string_view name, std::uint8_t small, std::string const& text, side which,
             even number, double real, bool flag) {
  ++state.asked;
  return reply::text(std::string(name) + "," + std::to_string(small) + "," + text + "," +
                     (which == side::buy ? "buy" : "sell") + "," + std::to_string(number.value) + "," +
                     std::to_string(real) + "," + (flag ? "yes" : "no"));
}

std::string paged(query<page> const& wanted) {
  std::string text =
      std::to_string(wanted->limit) + "," + wanted->after.value_or("-") + "," + (wanted->full ? "full" : "short");
  for (int const one : wanted->only) text += "," + std::to_string(one);
  return text;
}
reply show_page(query<page> wanted) { return reply::text(paged(wanted)); }
reply show_search(query<search> wanted) {
  return reply::text(wanted->text + (wanted->which == side::sell ? " sold" : " bought"));
}
int show_strict(query<strict_page> wanted) { return wanted->from; }
int show_span(query<span_of_time> wanted) { return wanted->to - wanted->from; }

struct order {
  std::string      symbol;
  double           price = 0;
  std::vector<int> lots;
};
order echo(body<order> what) { return std::move(what.value); }
reply raw(body<std::string_view> what) { return reply::text("<" + std::string(*what) + ">"); }

result<order>            failing(std::string_view /*id*/) { return fail(http::errc::not_found, "no such order"); }
expected<order, problem> own_words() { return unexpected<problem>(problem_of(status::conflict, "taken", "/symbol")); }
void                     nothing(counter const& state) { ++state.asked; }
result<void>        refusing() { return fail(std::make_error_code(std::errc::no_space_on_device), "/secret/place"); }
task<result<order>> later(std::string id) {
  order made{id, 1.5, {}};
  co_return made;
}
task<reply> later_reply(counter& state, deadline until, request const& r) {
  co_return reply::text(std::to_string(state.next()) + (until.at() == r.until ? " in time" : " late"));
}
task<void>         later_nothing() { co_return; }
task<result<void>> pieces(std::string_view id, body_reader& in, body_writer& out) {
  std::string all(id);
  while (true) {
    auto const piece = co_await in.read();
    if (!piece) co_return fail(piece);
    if (piece->empty()) break;
    all.append("|").append(*piece);
    auto const sent = co_await out.write(all);
    if (!sent) co_return sent;
    all.clear();
  }
  if (id == "fail") co_return fail(http::errc::unavailable, "gone in the middle");
  co_return result<void>{};
}
task<result<std::string>> measured(body_reader& in) {
  std::size_t size = 0;
  while (true) {
    auto const piece = co_await in.read();
    if (!piece) co_return fail(piece);
    if (piece->empty()) break;
    size += piece->size();
  }
  co_return std::to_string(size);
}

// What a room to the right does: a writer of its own over the answer.
class line_writer {
 public:
  explicit line_writer(body_writer& out) : out_(&out) {}
  task<result<void>> line(std::string text) {
    text.push_back('\n');
    co_return co_await out_->write(text);
  }

 private:
  body_writer* out_;
};
task<result<void>> lines(line_writer& out) {
  for (int i = 0; i != 3; ++i) {
    auto const sent = co_await out.line("line " + std::to_string(i));
    if (!sent) co_return sent;
  }
  co_return result<void>{};
}

struct user_agent {
  std::string_view text;
};
std::string agent(user_agent who) { return std::string(who.text); }

task<void>  a_moment() { co_return; }
task<reply> refer(std::string_view const& name, int const& number, std::string const& word, query<page> const& wanted,
                  body<order> const& what, user_agent const& who, deadline const& until, request const& r) {
  std::string said(name);
  co_await a_moment();
  said.append(",").append(std::to_string(number)).append(",").append(word).append(",").append(paged(wanted));
  said.append(",").append(what->symbol).append(",").append(std::to_string(what->lots.size()));
  said.append(",").append(who.text).append(until.at() == r.until ? ",in time" : ",late");
  co_return reply::text(said);
}
task<reply> refer_raw(body<std::string_view> const& what) {
  co_await a_moment();
  co_return reply::text(std::string(*what));
}

}  // namespace

template <>
struct tensorgate::http::extractor<user_agent> {
  using slot = std::monostate;
  static bool take(request& r, slot& /*into*/, std::optional<problem>& why) {
    if (!r.head.field(known_field::user_agent).empty()) return true;
    why = problem_of(status::bad_request, "say who you are");
    return false;
  }
  static user_agent give(slot& /*taken*/, request& r) { return user_agent{r.head.field(known_field::user_agent)}; }
};

TEST_CASE("path values bind in order and are read as their types") {
  counter  state;
  routes   table{get<"/v/{a}/{b}/{c}/{d}/{e}/{f}/{g}">(anyone, to<&values>(state))};
  exchange to(table.table());
  CHECK(to.send("GET /v/x%20y/255/t/sell/4/0.5/true").body == "x y,255,t,sell,4,0.500000,yes");
  CHECK(state.asked == 1);
  auto const bad = to.send("GET /v/x/256/t/sell/4/0.5/true");
  CHECK(bad.code == 422);
  CHECK(
      bad.body ==
      R"({"error":{"code":"unprocessable_content","message":"path value `b`: expected a whole number in the range of its type","request_id":"id-1","path":"/b"}})");
  CHECK(to.send("GET /v/x/-1/t/sell/4/0.5/true").code == 422);
  CHECK(to.send("GET /v/x/1/t/hold/4/0.5/true").body.find("path value `d`") != std::string::npos);
  CHECK(to.send("GET /v/x/1/t/buy/3/0.5/true").body.find("expected an even digit") != std::string::npos);
  CHECK(to.send("GET /v/x/1/t/buy/2/nan/true").code == 422);
  CHECK(to.send("GET /v/x/1/t/buy/2/1e3/yes").code == 422);
  CHECK(state.asked == 1);
}

TEST_CASE("a query is an aggregate: defaults, optionals, lists, rules, renamed members") {
  routes   table{get<"/p">(anyone, to<&show_page>())};
  exchange to(table.table());
  CHECK(to.send("GET /p").body == "10,-,short");
  CHECK(to.send("GET /p?limit=100&after=abcd&full-text=true&only=1&only=2").body == "100,abcd,full,1,2");
  CHECK(to.send("GET /p?after=a+%C3%A9").body == "10,a \xC3\xA9,short");
  CHECK(to.send("GET /p?limit=5&limit=7&nobody=knows").body == "5,-,short");
  CHECK(to.send("GET /p?full=true").body == "10,-,short");
  auto const past = to.send("GET /p?limit=101");
  CHECK(past.code == 422);
  CHECK(
      past.body ==
      R"({"error":{"code":"unprocessable_content","message":"query parameter `limit`: expected a number from 1 to 100","request_id":"id-1","path":"/limit"}})");
  for (auto const* line : {"limit=0", "limit=", "limit", "limit=ten", "limit=1e1", "limit=%2b1",
                           "after=", "after=abcde", "only=1&only=2&only=3&only=4", "only=x", "full-text=1"}) {
    CAPTURE(line);
    CHECK(to.send("GET /p?" + std::string(line)).code == 422);
  }
  CHECK(to.send("GET /p?after=%ff").code == 400);
}

TEST_CASE("a missing member of a query is named, and an aggregate may refuse what it does not know") {
  routes   table{get<"/s">(anyone, to<&show_search>()), get<"/strict">(anyone, to<&show_strict>()),
               get<"/span">(anyone, to<&show_span>())};
  exchange to(table.table());
  CHECK(to.send("GET /s?text=a&which=sell").body == "a sold");
  auto const missing = to.send("GET /s?which=sell");
  CHECK(missing.code == 422);
  CHECK(missing.body.find("query parameter `text` is missing") != std::string::npos);
  CHECK(to.send("GET /s?text=a&which=hold").code == 422);
  CHECK(to.send("GET /strict?from=1").body == "1");
  CHECK(to.send("GET /strict?form=1").code == 422);
  CHECK(to.send("GET /span?from=1&to=3").body == "2");
  CHECK(to.send("GET /span?from=4&to=3").body.find("`from` must not be after `to`") != std::string::npos);
}

TEST_CASE("a body of another kind, a broken one and a wrong one are told apart") {
  routes     table{post<"/o">(anyone, to<&echo>()), patch<"/raw">(anyone, to<&raw>())};
  exchange   to(table.table());
  auto const good = to.send("POST /o", R"({"symbol":"BTC","price":1.5,"lots":[1,2]})", as_json);
  CHECK(good.code == 200);
  CHECK(good.type == "application/json");
  CHECK(good.body == R"({"symbol":"BTC","price":1.5,"lots":[1,2]})");
  CHECK(
      to.send("POST /o", R"({"symbol":"B","lots":[]})", "Content-Type: Application/JSON; charset=\"UTF-8\"\r\n").code ==
      200);
  CHECK(to.send("POST /o", R"({"symbol":"B","lots":[]})", "Content-Type: application/problem+json\r\n").code == 200);
  for (auto const* type : {"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
                           "application/jsonp", "application/+json", "json", "application/json; a"}) {
    CAPTURE(type);
    CHECK(to.send("POST /o", "{}", "Content-Type: " + std::string(type) + "\r\n").code == 415);
  }
  CHECK(to.send("POST /o", "{}").code == 415);
  CHECK(to.request().answer_fields.at(0).name == "Accept");
  CHECK(to.send("POST /o", "{}", "Content-Type: application/json\r\nContent-Encoding: br\r\n").code == 415);
  CHECK(to.send("POST /o", "{}", "Content-Type: application/json\r\nContent-Type: text/plain\r\n").code == 415);
  CHECK(to.send("POST /o", "{}",
                "Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n")
            .code == 415);
  CHECK(to.request().answer_fields.at(0).name == "Accept-Encoding");

  auto const broken = to.send("POST /o", "{\n\"symbol\": }", as_json);
  CHECK(broken.code == 400);
  CHECK(broken.body.find("malformed JSON at line 2, column 11") != std::string::npos);
  CHECK(to.send("POST /o", "", as_json).code == 400);
  auto const wrong = to.send("POST /o", R"({"symbol":"B","lots":[1,"x"]})", as_json);
  CHECK(wrong.code == 422);
  CHECK(wrong.body.find(R"("path":"/lots/1")") != std::string::npos);
  CHECK(to.send("POST /o", R"({"price":1})", as_json).code == 422);

  CHECK(to.send("PATCH /raw", "any\x01thing", "Content-Type: text/odd\r\n").body == "<any\x01thing>");
  CHECK(to.send("PATCH /raw").body == "<>");
}

TEST_CASE("what a handler returns becomes the answer") {
  counter  state;
  routes   table{get<"/failing/{id}">(anyone, to<&failing>()), get<"/own">(anyone, to<&own_words>()),
               del<"/nothing">(anyone, to<&nothing>(state)), get<"/refusing">(anyone, to<&refusing>()),
               get<"/later/{id}">(anyone, to<&later>()),     get<"/reply">(anyone, to<&later_reply>(state)),
               put<"/void">(anyone, to<&later_nothing>())};
  exchange to(table.table());
  CHECK(to.send("GET /failing/1").code == 404);
  CHECK(to.send("GET /own").body ==
        R"({"error":{"code":"conflict","message":"taken","request_id":"id-1","path":"/symbol"}})");
  CHECK(to.send("DELETE /nothing").code == 204);
  CHECK(state.asked == 1);
  auto const full = to.send("GET /refusing");
  CHECK(full.code == 507);
  CHECK(full.body.find("secret") == std::string::npos);
  CHECK(to.send("GET /later/a%20b").body == R"({"symbol":"a b","price":1.5,"lots":[]})");
  CHECK(to.send("GET /reply").body == "2 in time");
  CHECK(to.send("PUT /void").code == 204);
}

TEST_CASE("what a handler that waits takes by reference is there when it begins, and when it goes on") {
  routes     table{post<"/refer/{name}/{number}/{word}">(anyone, to<&refer>()), put<"/raw">(anyone, to<&refer_raw>())};
  exchange   to(table.table());
  auto const said =
      to.send("POST /refer/a%20long%20enough%20name/7/another%20long%20word?limit=5",
              R"({"symbol":"a symbol of some length","lots":[1,2]})", std::string(as_json) + "User-Agent: tester\r\n");
  CHECK(said.body == "a long enough name,7,another long word,5,-,short,a symbol of some length,2,tester,in time");
  CHECK(to.send("PUT /raw", "a body of some length").body == "a body of some length");
}

TEST_CASE("bodies and answers go piece by piece") {
  routes     table{post<"/pieces/{id}">(anyone, to<&pieces>()), post<"/measured">(anyone, to<&measured>()),
               get<"/lines">(anyone, to<&lines>())};
  exchange   to(table.table());
  auto const said = to.send("POST /pieces/a", "123456789");
  CHECK(to.route()->intake == body_intake::streamed);
  CHECK(said.streamed);
  CHECK(said.body == "a|123|456|789");
  CHECK(!said.cut_off);
  CHECK(to.send("POST /pieces/fail", "123").cut_off);
  auto const never = to.send("POST /pieces/fail");
  CHECK(never.code == 503);
  CHECK(!never.streamed);
  auto const empty = to.send("POST /pieces/none");
  CHECK(empty.code == 200);
  CHECK(to.send("POST /measured", "1234").body == R"("4")");
  auto const text = to.send("GET /lines");
  CHECK(to.route()->intake == body_intake::whole);
  CHECK(text.body == "line 0\nline 1\nline 2\n");
}

TEST_CASE("member functions are handlers of their object, and state may change") {
  counter state;
  routes  table{get<"/show/{id}">(anyone, to<&counter::show>(state)), post<"/next">(anyone, to<&counter::next>(state))};
  exchange to(table.table());
  CHECK(to.send("GET /show/9").body == "show 9");
  CHECK(to.send("POST /next").body == "1");
  CHECK(to.send("POST /next").body == "2");
}

TEST_CASE("a type of one's own comes out of the request by its extractor") {
  routes   table{get<"/agent">(anyone, to<&agent>())};
  exchange to(table.table());
  CHECK(to.send("GET /agent", {}, "User-Agent: curl\r\n").body == R"("curl")");
  CHECK(to.send("GET /agent").code == 400);
}
