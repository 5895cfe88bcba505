// tests/house/sketches/outputs.cpp: a validator's outputs, sold by tier: state, keys, path values, a query, rows of a
// table.
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/auth/api_key.hpp>     // api_keys, key
#include <tensorgate/http/problem.hpp>     // problem_json
#include <tensorgate/service/load.hpp>     // load, explain
#include <tensorgate/service/service.hpp>  // service
#include <tensorgate/service/table.hpp>    // get, routes, to

namespace tg = tensorgate;

namespace sketch {

enum class tier { live = 0, day = 1 };

struct config {
  tg::server_config          server{};
  tg::auth::api_keys_options keys{};
  std::string                tree = "data";
};

class library {
 public:
  explicit library(std::string const& tree) : tree_(tree) {}
  [[nodiscard]] std::string const& tree() const noexcept { return tree_; }
  void describe_paths(tg::http::openapi_document& into, tg::http::openapi_operation const& like) const {
    auto row = like;
    row.path = "/eliminations";
    into.add(std::move(row));
  }

 private:
  std::string tree_;
};

struct choice {
  tier which = tier::live;
};

tg::http::reply positions(library const& from, tg::auth::key const& caller, tg::http::query<choice> wanted) {
  return tg::http::reply::json("{}").with("X-Tree",
                                          from.tree() + caller.name + (wanted->which == tier::day ? "day" : ""));
}
tg::result<tg::http::reply> miner(library const& /*from*/, tg::auth::key const& /*caller*/, std::string_view id) {
  if (id.empty()) return tg::fail(tg::http::errc::not_found, "there is no such miner");
  return tg::http::reply::json("{}");
}
tg::result<tg::http::reply> configured(library const& /*from*/, std::string_view /*path*/) {
  return tg::fail(tg::http::errc::not_found, "no row has this path");
}

}  // namespace sketch

int main(int argc, char** argv) {
  using namespace tg::table;
  auto const config = tg::load<sketch::config>(argc, argv);
  if (!config) return tg::explain(config.error());

  tg::service        app{config->server};
  tg::auth::api_keys keys{app, config->keys};
  sketch::library    library{config->tree};

  // clang-format off
  return app.serve(&tg::http::problem_json, routes{
    get<"/miner-positions">     (keys, to<&sketch::positions>(library)),
    get<"/miner-positions/{id}">(keys, to<&sketch::miner>(library)),
    get<"/{rest...}">           (keys, to<&sketch::configured>(library)),
  });
  // clang-format on
}
