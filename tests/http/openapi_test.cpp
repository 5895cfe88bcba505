#include <tensorgate/http/openapi.hpp>

#include <cstdint>      // uint16_t
#include <map>          // map
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <doctest/doctest.h>

#include <tensorgate/reflect/json_read.hpp>  // read_json
#include <tensorgate/reflect/raw.hpp>        // raw_json

#include "../support/exchange.hpp"

using namespace tensorgate;
using namespace tensorgate::http;
using test::exchange;

namespace {

enum class side { buy, sell };
struct page {
  int                        limit = 10;
  std::optional<std::string> after;
  std::vector<side>          sides;
  std::string                text;
};
struct order {
  std::string symbol;
  double      price = 0;
};

struct library {
  int  rows = 2;
  void describe_paths(openapi_document& into, openapi_operation const& like) const {
    for (int i = 0; i != rows; ++i) {
      auto one    = like;
      one.path    = "/row/" + std::to_string(i) + "/{id}";
      one.summary = "row <" + std::to_string(i) + ">";
      openapi_parameter value;
      value.place    = parameter_place::path;
      value.name     = "id";
      value.required = true;
      one.parameters.push_back(value);
      into.add(std::move(one));
    }
  }
};
struct key_guard {
  [[nodiscard]] result<void> admit(request& r) const {
    if (r.head.field(known_field::x_api_key) == "k") return {};
    return fail(http::errc::unauthorized, "an API key is needed");
  }
  void describe(openapi_operation& about) const {
    about.secured_by("api_key", R"({"type":"apiKey","in":"header","name":"X-API-Key"})");
    about.answers(status::unauthorized, "the key is missing");
    openapi_header left;
    left.name   = "RateLimit-Remaining";
    left.schema = R"({"type":"integer"})";
    about.every_answer.push_back(std::move(left));
  }
};

reply         list(library const& /*state*/, query<page> /*wanted*/) { return reply::text("list"); }
result<order> one(library const& /*state*/, std::uint16_t id) { return order{std::to_string(id), 1}; }
order         put_one(body<order> what) { return *what; }
reply         configured(library const& /*state*/, std::string_view rest) { return reply::text(std::string(rest)); }
task<result<void>> stream(body_writer& out) { co_return co_await out.write("x"); }
void               nothing(side /*which*/) {}

using object = std::map<std::string, reflect::raw_json>;
object read(std::string_view text) {
  auto value = reflect::read_json<object>(text);
  REQUIRE_MESSAGE(value, text);
  return *value;
}
object at(object const& from, std::string const& name) {
  REQUIRE_MESSAGE(from.count(name) == 1, name);
  return read(from.find(name)->second.text);
}
std::string text_at(object const& from, std::string const& name) {
  return from.count(name) == 1 ? from.find(name)->second.text : "";
}

}  // namespace

template <>
struct tensorgate::reflect::describe<page> {
  static constexpr auto rules = std::tuple{range<&page::limit>(1, 100), length<&page::after>(1, 8),
                                           reflect::text<&page::limit>("rows in an answer")};
};
template <>
struct tensorgate::http::describe_handler<&list> {
  static constexpr std::string_view summary     = "Lists \"orders\"";
  static constexpr std::string_view description = "Newest first.";
  static constexpr std::string_view tag         = "orders";
  static void responses(openapi_operation& about) { about.entry(status::ok).media_type = "text/plain"; }
};

#define SAMPLE_ROUTES                                                                       \
  get<"/orders">(keys, to<&list>(state)), get<"/orders/{id}">(anyone, to<&one>(state)),     \
      put<"/orders/{id}">(anyone, to<&one>(state)), post<"/orders">(keys, to<&put_one>()),  \
      get<"/stream">(anyone, to<&stream>()), del<"/sides/{which}">(anyone, to<&nothing>()), \
      get<"/{rest...}">(keys, to<&configured>(state))

TEST_CASE("the document says of each route what its types ask and give") {
  library    state;
  key_guard  keys;
  routes     table{SAMPLE_ROUTES};
  documented shown(table, openapi_info{.title = "Orders", .version = "1.2.3", .description = "A \"sample\""});
  auto const document = read(shown.document());
  CHECK(text_at(document, "openapi") == R"("3.1.0")");
  CHECK(text_at(at(document, "info"), "title") == R"("Orders")");
  CHECK(text_at(at(document, "info"), "version") == R"("1.2.3")");
  auto const paths = at(document, "paths");
  CHECK(paths.size() == 6);

  auto const list_get = at(at(paths, "/orders"), "get");
  CHECK(text_at(list_get, "operationId") == R"("get_orders")");
  CHECK(text_at(list_get, "summary") == R"("Lists \"orders\"")");
  CHECK(text_at(list_get, "tags") == R"(["orders"])");
  CHECK(text_at(list_get, "security") == R"([{"api_key":[]}])");
  auto const parameters = text_at(list_get, "parameters");
  CHECK(
      parameters.find(
          R"({"name":"limit","in":"query","description":"rows in an answer","schema":{"type":"integer","minimum":1,"maximum":100,)") !=
      std::string::npos);
  CHECK(parameters.find(R"("default":10)") != std::string::npos);
  CHECK(parameters.find(R"({"name":"after","in":"query","schema":{"type":"string","minLength":1,"maxLength":8}})") !=
        std::string::npos);
  CHECK(
      parameters.find(
          R"({"name":"sides","in":"query","schema":{"type":"array","items":{"$ref":"#/components/schemas/side"}}})") !=
      std::string::npos);
  CHECK(parameters.find(R"({"name":"text","in":"query","required":true,"schema":{"type":"string"}})") !=
        std::string::npos);
  auto const answers = at(list_get, "responses");
  for (auto const* code : {"200", "400", "401", "408", "413", "414", "417", "422", "431", "500", "503", "default"}) {
    CAPTURE(code);
    CHECK(answers.count(code) == 1);
  }
  CHECK(answers.count("415") == 0);
  CHECK(text_at(at(answers, "200"), "content") == R"({"text/plain":{}})");
  CHECK(text_at(at(answers, "401"), "content") ==
        R"({"application/json":{"schema":{"$ref":"#/components/schemas/error"}}})");
  CHECK(text_at(at(answers, "422"), "headers").find("RateLimit-Remaining") != std::string::npos);

  auto const one_get = at(at(paths, "/orders/{id}"), "get");
  CHECK(text_at(one_get, "parameters") ==
        R"([{"name":"id","in":"path","required":true,"schema":{"type":"integer","minimum":0,"maximum":65535}}])");
  CHECK(at(one_get, "responses").count("422") == 1);
  CHECK(text_at(at(at(one_get, "responses"), "200"), "content") ==
        R"({"application/json":{"schema":{"$ref":"#/components/schemas/order"}}})");
  CHECK(text_at(one_get, "security").empty());
  CHECK(at(paths, "/orders/{id}").count("put") == 1);

  auto const orders_post = at(at(paths, "/orders"), "post");
  CHECK(text_at(orders_post, "requestBody") ==
        R"({"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/order"}}}})");
  for (auto const* code : {"400", "413", "415", "422"}) CHECK(at(orders_post, "responses").count(code) == 1);

  CHECK(at(at(at(paths, "/sides/{which}"), "delete"), "responses").count("204") == 1);
  CHECK(paths.count("/{rest}") == 0);
  auto const row = at(at(paths, "/row/1/{id}"), "get");
  CHECK(text_at(row, "security") == R"([{"api_key":[]}])");
  auto const components = at(document, "components");
  CHECK(at(components, "schemas").count("order") == 1);
  CHECK(at(components, "schemas").count("error") == 1);
  CHECK(text_at(components, "securitySchemes") == R"({"api_key":{"type":"apiKey","in":"header","name":"X-API-Key"}})");
}

TEST_CASE("document and page stand beside the routes, also before a catch-all, and can be switched off") {
  library    state;
  key_guard  keys;
  routes     table{SAMPLE_ROUTES};
  documented shown(table, openapi_info{.title = "Orders"});
  exchange   to(shown.table());
  auto const document = to.send("GET /openapi.json");
  CHECK(document.code == 200);
  CHECK(document.type == "application/json");
  CHECK(document.body == shown.document());
  auto const page = to.send("GET /docs");
  CHECK(page.code == 200);
  CHECK(page.type == "text/html; charset=utf-8");
  CHECK(to.send("HEAD /docs").code == 200);
  CHECK(to.send("POST /docs").allowed == "GET, HEAD, OPTIONS");
  CHECK(to.send("GET /orders/7").body == R"({"symbol":"7","price":1.0})");
  CHECK(to.send("GET /anything", {}, "X-API-Key: k\r\n").body == "anything");

  documented hidden(table, openapi_info{}, false);
  exchange   without(hidden.table());
  CHECK(without.send("GET /docs").code == 401);
  CHECK(hidden.document().empty());
}

TEST_CASE("a table's own route at one of the two paths goes first") {
  library    state;
  routes     table{get<"/docs">(anyone, to<&list>(state))};
  documented shown(table, openapi_info{});
  exchange   to(shown.table());
  CHECK(to.send("GET /docs?text=a").body == "list");
  CHECK(to.send("GET /openapi.json").code == 200);
}

TEST_CASE("the page says all without its script, and nothing in it is unescaped") {
  library    state;
  key_guard  keys;
  routes     table{SAMPLE_ROUTES};
  documented shown(table, openapi_info{.title = "<Orders> & \"more\""});
  auto const page = shown.page();
  CHECK(page.find("<title>&lt;Orders&gt; &amp; &quot;more&quot;</title>") != std::string_view::npos);
  CHECK(page.find("row &lt;1&gt;") != std::string_view::npos);
  CHECK(page.find("integer, 1 to 100, default 10") != std::string_view::npos);
  CHECK(page.find("array of one of buy sell") != std::string_view::npos);
  CHECK(page.find("string, 1 to 8 characters") != std::string_view::npos);
  CHECK(page.find("integer, 0 to 65535") != std::string_view::npos);
  CHECK(page.find("X-API-Key") != std::string_view::npos);
  CHECK(page.find("http://") == std::string_view::npos);
  CHECK(page.find("https://") == std::string_view::npos);
  CHECK(page.find(" style=") == std::string_view::npos);
  CHECK(page.find(" onclick=") == std::string_view::npos);
}

TEST_CASE("base64 has the padding of RFC 4648") {
  CHECK(detail::base64_of(as_bytes("")).empty());
  CHECK(detail::base64_of(as_bytes("f")) == "Zg==");
  CHECK(detail::base64_of(as_bytes("fo")) == "Zm8=");
  CHECK(detail::base64_of(as_bytes("foo")) == "Zm9v");
  CHECK(detail::base64_of(as_bytes("foobar")) == "Zm9vYmFy");
}

TEST_CASE("of proofs that stand for each other one is enough, of the others all are needed") {
  openapi_operation both;
  both.path = "/both";
  both.or_secured_by("bearer", R"({"type":"http","scheme":"bearer"})");
  both.or_secured_by("api_key", R"({"type":"apiKey","in":"header","name":"X-API-Key"})");
  both.secured_by("signature", R"({"type":"apiKey","in":"header","name":"X-Signature"})");
  openapi_document document{openapi_info{}};
  document.add(std::move(both));
  auto const made = document.json();
  CHECK(made.find(R"("security":[{"bearer":[],"signature":[]},{"api_key":[],"signature":[]}])") != std::string::npos);
  CHECK(http::detail::docs_page(document).find(
            "<code>bearer</code> or <code>api_key</code> and <code>signature</code>") != std::string::npos);
}

TEST_CASE("operations whose paths read alike have names of their own, the same in the document and on the page") {
  openapi_document document{openapi_info{}};
  for (auto const* path : {"/a-b", "/a_b", "/a.b"}) {
    openapi_operation one;
    one.verb = http::method::get;
    one.path = path;
    document.add(std::move(one));
  }
  CHECK(document.operation_ids() == std::vector<std::string>{"get_a_b", "get_a_b_2", "get_a_b_3"});
  auto const made = document.json();
  auto const page = http::detail::docs_page(document);
  for (std::string const id : {"get_a_b", "get_a_b_2", "get_a_b_3"}) {
    CHECK(made.find("\"operationId\":\"" + id + "\"") != std::string::npos);
    CHECK(page.find("id=\"" + id + "\"") != std::string::npos);
    CHECK(page.find("href=\"#" + id + "\"") != std::string::npos);
  }
}
