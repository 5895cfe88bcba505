// apps/outputs/main.cpp: a validator's JSON outputs, sold by freshness tier.
#include <tensorgate/roles/outputs.hpp>
#include <tensorgate/service.hpp>

namespace tg = tensorgate;

int main(int argc, char** argv) {
  using namespace tg::table;
  auto const config = tg::load<tg::outputs::config>(argc, argv, tg::outputs::commands);
  if (!config) return tg::explain(config.error());

  tg::service          app{config->server};
  tg::auth::api_keys   keys{app, tg::outputs::key_options(*config)};
  tg::outputs::library library{app, config->data, config->profile, config->tiers, config->table};

  if (config->profile == tg::outputs::api_profile::table) {
    // clang-format off
    return app.serve(tg::outputs::errors, routes{
      get<"/{rest...}">           (keys, to<&tg::outputs::configured>(library)),
    });
    // clang-format on
  }
  // clang-format off
  return app.serve(tg::outputs::errors, routes{
    get<"/miner-positions">       (keys, to<&tg::outputs::positions>(library)),
    get<"/miner-positions/{id}">  (keys, to<&tg::outputs::miner>(library)),
    get<"/miner-hotkeys">         (keys, to<&tg::outputs::hotkeys>(library)),
    get<"/{rest...}">             (keys, to<&tg::outputs::configured>(library)),
  });
  // clang-format on
}
