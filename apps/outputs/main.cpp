// apps/outputs/main.cpp: a validator's JSON outputs, sold by freshness tier.
#include <tensorgate/roles/outputs.hpp>
#include <tensorgate/service.hpp>

namespace tg = tensorgate;

int main(int argc, char** argv) {
  using namespace tg::table;
  auto const config = tg::load<tg::outputs::config>(argc, argv, tg::outputs::commands);
  if (!config) return tg::explain(config.error());

  tg::service                  app{config->server};
  tg::auth::api_keys           keys{app, tg::outputs::key_options(*config)};
  tg::outputs::library         library{app, config->data, config->profile, config->tiers, config->table};
  tg::outputs::row_guard const rows{library};
  auto const                   errors = tg::outputs::errors_of(config->profile);
  largest_body const           small{tg::outputs::largest_request};

  if (config->profile == tg::outputs::api_profile::table) {
    // clang-format off
    return app.serve(errors, routes{
      get<"/{rest...}">           (rows, keys, small, to<&tg::outputs::configured>(library)),
    });
    // clang-format on
  }
  // clang-format off
  return app.serve(errors, routes{
    get<"/miner-positions">       (keys, small, to<&tg::outputs::positions>(library)),
    get<"/miner-positions/{id}">  (keys, small, to<&tg::outputs::miner>(library)),
    get<"/miner-hotkeys">         (keys, small, to<&tg::outputs::hotkeys>(library)),
    get<"/{rest...}">             (rows, keys, small, to<&tg::outputs::configured>(library)),
  });
  // clang-format on
}
