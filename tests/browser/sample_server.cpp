// tests/browser/sample_server.cpp: a small app with every kind of parameter, body, guard and answer, for the tests of
// its document and of its page. Prints its port, and ends when its standard input does.
#include <cstdio>       // printf, getchar
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <vector>       // vector

#include <tensorgate/http/openapi.hpp>    // documented
#include <tensorgate/http/problem.hpp>    // problem_json
#include <tensorgate/http/server.hpp>     // server
#include <tensorgate/http/sse.hpp>        // sse::writer
#include <tensorgate/net/standalone.hpp>  // standalone
#include <tensorgate/service/table.hpp>   // get, post, to

namespace tg = tensorgate;

namespace sample {

using tg::fail;
using tg::result;
using tg::task;
namespace http = tg::http;

struct caller {
  std::string name;
};

/// Knows one key, and how many rows of a table there are.
class keys {
 public:
  using provides = caller;
  [[nodiscard]] result<caller> admit(http::request& r) const {
    if (r.head.field(http::known_field::x_api_key) == "open sesame") return caller{"ada"};
    return fail(http::errc::unauthorized, "the key is missing or unknown");
  }
  void describe(http::openapi_operation& about) const {
    about.secured_by("api_key", R"({"type":"apiKey","in":"header","name":"X-API-Key"})");
    about.answers(http::status::unauthorized, "the key is missing or unknown");
  }
};

enum class side { buy, sell };

struct filter {
  int                        limit = 10;
  double                     above = 0;
  std::optional<std::string> symbol;
  std::vector<side>          sides;
  bool                       full = false;
  std::string                note;
};

struct leg {
  std::string symbol;
  int         lots = 1;
};
struct order {
  std::string        account;
  side               direction = side::buy;
  double             leverage  = 1;
  std::vector<leg>   legs;
  std::optional<leg> hedge;
};
struct accepted {
  std::string account;
  std::size_t legs = 0;
  std::string by;
};

accepted list(caller const& who, http::query<filter> wanted) { return {wanted->note, wanted->sides.size(), who.name}; }
result<accepted> miner(caller const& who, std::string_view id) {
  if (id == "nobody") return fail(http::errc::not_found, "there is no such miner");
  return accepted{std::string(id), 0, who.name};
}
accepted    place(caller const& who, http::body<order> what) { return {what->account, what->legs.size(), who.name}; }
http::reply page(int number, side which) {
  return http::reply::text(std::to_string(number) + (which == side::buy ? " buy" : " sell"));
}
std::string        rest(std::string_view path) { return std::string(path); }
void               forget(int /*number*/) {}
task<result<void>> ticks(http::sse::writer& out) {
  for (int i = 0; i != 3; ++i) {
    auto const       text = std::to_string(i);
    http::sse::event tick;
    tick.data       = text;
    auto const sent = co_await out.send(tick);
    if (!sent) co_return sent;
  }
  co_return result<void>{};
}

}  // namespace sample

template <>
struct tensorgate::reflect::describe<sample::filter> {
  using f = sample::filter;
  static constexpr auto rules =
      std::tuple{range<&f::limit>(1, 100), at_least<&f::above>(0.0), pattern<&f::symbol>("[A-Z]{3,6}"),
                 length<&f::sides>(0, 2),  length<&f::note>(1, 5),   text<&f::limit>("rows in an answer")};
};
template <>
struct tensorgate::reflect::describe<sample::leg> {
  using l                     = sample::leg;
  static constexpr auto rules = std::tuple{pattern<&l::symbol>("[A-Z]{3,6}"), range<&l::lots>(1, 1000)};
};
template <>
struct tensorgate::reflect::describe<sample::order> {
  using o = sample::order;
  static constexpr auto rules =
      std::tuple{length<&o::account>(1, 12), range<&o::leverage>(0.5, 2.0), length<&o::legs>(1, 3), reject_unknown};
};
template <>
struct tensorgate::http::describe_handler<&sample::list> {
  static constexpr std::string_view summary = "Lists what fits", description = "Newest first.", tag = "positions";
};
template <>
struct tensorgate::http::describe_handler<&sample::miner> {
  static constexpr std::string_view summary = "One miner's positions", tag = "positions";
  static void responses(openapi_operation& about) { about.answers(status::not_found, "there is no such miner"); }
};
template <>
struct tensorgate::http::describe_handler<&sample::place> {
  static constexpr std::string_view summary = "Places an order", tag = "orders";
};

int main() {
  using namespace tg::table;
  sample::keys const keys;
  routes             table{
      get<"/positions">(keys, to<&sample::list>()),
      get<"/positions/{id}">(keys, to<&sample::miner>()),
      post<"/orders">(keys, to<&sample::place>()),
      get<"/pages/{number}/{which}">(anyone, to<&sample::page>()),
      del<"/pages/{number}">(anyone, to<&sample::forget>()),
      get<"/files/{path...}">(anyone, to<&sample::rest>()),
      get<"/ticks">(anyone, to<&sample::ticks>()),
  };
  tg::http::documented shown(
      table, {.title = "Sample <app>", .version = "1.2.3", .description = "Every kind of parameter, body & answer."});

  tg::net::standalone      app;
  tg::http::server_options options;
  options.listen.front().port = 0;
  tg::http::server web(app, options, &tg::http::problem_json, shown.table());
  if (!app.start()) return 1;
  std::printf("%u\n", static_cast<unsigned>(web.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  app.stop();
  return 0;
}
