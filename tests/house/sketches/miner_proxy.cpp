// tests/house/sketches/miner_proxy.cpp: a door in front of a model server: signed requests, streamed both ways.
#include <chrono>       // milliseconds
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/auth/rate.hpp>        // rate
#include <tensorgate/http/client.hpp>      // clients
#include <tensorgate/http/problem.hpp>     // problem_json, from
#include <tensorgate/service/load.hpp>     // load, explain
#include <tensorgate/service/service.hpp>  // service
#include <tensorgate/service/table.hpp>    // get, post, routes, to

namespace tg = tensorgate;

namespace sketch {

using tg::fail;
using tg::result;
using tg::task;
namespace http = tg::http;

struct config {
  tg::server_config      server{};
  tg::auth::rate_options limits{};
  std::string            model = "http://127.0.0.1:8000";
};

struct hotkey {
  std::string address;
};

/// Whoever signed the body. The bytes are needed whole, up to a bound of its own.
class signed_by {
 public:
  using provides = hotkey;
  [[nodiscard]] tg::http::guard_needs needs() const { return tg::http::guard_needs::body; }
  [[nodiscard]] std::size_t           body_limit() const { return std::size_t{1} << 20U; }
  task<result<hotkey>>                admit(http::request& r) const {
    auto const signature = r.head.field("epistula-request-signature");
    if (signature.empty()) co_return fail(http::errc::unauthorized, "the request is not signed");
    hotkey found{std::string(r.head.field("epistula-signed-by"))};
    r.record.caller = found.address;
    co_return found;
  }
  void describe(http::openapi_operation& about) const {
    about.answers(http::status::unauthorized, "the signature does not hold");
  }
};

/// Sends a request on to the model and its answer back, piece by piece: an endpoint maker of its own.
class proxy {
 public:
  proxy(http::clients& through, std::string const& model, std::chrono::milliseconds wait)
      : through_(&through), model_(&model), wait_(wait) {}

  struct nothing {};
  template <class Context>
  using arguments = nothing;
  template <class Context>
  static constexpr http::body_intake intake = http::body_intake::whole;
  template <class Context>
  static constexpr bool waits = true;

  template <class Context>
  bool take(Context /*of_route*/, http::request& /*r*/, nothing& /*into*/,
            std::optional<http::problem>& /*why*/) const {
    return true;
  }

  template <class Context>
  task<std::optional<http::reply>> call(Context /*of_route*/, http::request&          r, nothing& /*taken*/,
                                        http::body_reader& /*in*/, http::body_writer& out) const {
    auto const sent = co_await forward(*through_, *model_, r, out, std::chrono::steady_clock::now() + wait_);
    std::optional<http::reply> refused;
    if (!sent) refused = r.refuse(http::from(sent.error()));
    co_return refused;
  }

  template <class Context>
  void describe(Context /*of_route*/, http::openapi_operation& about) const {
    about.body_media_type = "application/json";
    about.entry(http::status::ok);
    about.answers(http::status::bad_gateway, "the model gave no valid answer");
    about.answers(http::status::gateway_timeout, "the model took too long");
  }

 private:
  static task<result<void>> forward(http::clients& through, std::string const& model, http::request const& r,
                                    http::body_writer& out, tg::steady_point until) {
    auto where = http::url::parse(model + std::string(r.head.path()));
    if (!where) co_return fail(where);
    http::client_request asked(r.head.verb(), std::move(*where));
    asked.body(std::string(r.body), "application/json").until(until);
    auto answer = co_await through.here().send(std::move(asked));
    if (!answer) co_return fail(http::errc::bad_gateway, "the model cannot be reached");
    http::reply head(answer->code());
    auto        started = co_await out.start(std::move(head));
    while (started) {
      auto const piece = co_await answer->read();
      if (!piece) co_return fail(piece);
      if (piece->empty()) break;
      started = co_await out.write(*piece);
    }
    co_return started;
  }

  http::clients*            through_;
  std::string const*        model_;
  std::chrono::milliseconds wait_;
};

struct state_of_model {
  std::string model;
  bool        ready = true;
};
state_of_model status(config const& settings) { return {settings.model, true}; }
std::string    check(hotkey const& who, std::string_view id) { return who.address + " asks for " + std::string(id); }

}  // namespace sketch

int main(int argc, char** argv) {
  using namespace tg::table;
  auto const config = tg::load<sketch::config>(argc, argv);
  if (!config) return tg::explain(config.error());

  tg::service             app{config->server};
  tg::http::clients       model{app.loops()};
  tg::auth::rate          often{app, config->limits};
  sketch::signed_by const validators;

  // clang-format off
  return app.serve(&tg::http::problem_json, routes{
    get<"/status">     (anyone,            to<&sketch::status>(*config)),
    get<"/check/{id}"> (validators,        to<&sketch::check>()),
    post<"/inference"> (validators, often, sketch::proxy(model, config->model, 30s)),
    post<"/edit">      (validators, often, sketch::proxy(model, config->model, 2min)),
  });
  // clang-format on
}
