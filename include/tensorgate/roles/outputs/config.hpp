// tensorgate/roles/outputs/config.hpp: what an operator may set.
#pragma once

#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <cstdint>      // int64_t, uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <vector>       // vector

#include <tensorgate/auth/api_key.hpp>           // api_keys_options
#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/reflect/rules.hpp>          // describe
#include <tensorgate/roles/outputs/row.hpp>      // row
#include <tensorgate/service/server_config.hpp>  // server_config

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// Which API is served.
enum class api_profile : std::uint8_t {
  v1,     ///< the data server beside a validator: keys in a JSON body or as Bearer
  v2,     ///< the API that is built into the validator: Bearer keys
  table,  ///< the rows of the configuration alone
};

/// Where the tiers below 100 come from.
enum class tier_source : std::uint8_t {
  ours,    ///< computed here, nothing of the last day in them
  compat,  ///< computed here as upstream does, its leaks included; every route is open as it is upstream
  files,   ///< the validator's own tier files
};

struct data_config {
  std::string validation = "../proprietary-trading-network/validation";  ///< the validator's folder of that name
  std::string root{};           ///< what files of rows are relative to; empty: the folder above `validation`
  std::string state = "state";  ///< our own folder; the tiers that we compute are kept in it
  std::chrono::milliseconds poll =
      std::chrono::seconds{1};    ///< how often the files are looked at where the kernel tells nothing
  std::int64_t now_ms       = 0;  ///< the time to judge freshness by, Unix milliseconds; 0: the clock
  int          gzip_level   = 6;  ///< 1 to 12, of what is compressed here
  std::size_t  gzip_below   = std::size_t{16} << 20U;  ///< files up to this size are also kept compressed
  std::size_t  largest_file = std::size_t{1} << 30U;   ///< bytes; a larger file is reported and left out
  bool         copying      = true;  ///< computes /miner-copying while the validator writes nothing there
};

/// The ports of this role: 48888, as upstream, and 49888 for metrics and health.
[[nodiscard]] inline server_config default_server() {
  server_config server;
  server.listen = {*listen_address::parse("127.0.0.1:48888")};
  server.admin  = "127.0.0.1:49888";
  return server;
}

/// Everything that `outputs.toml` may say.
struct config {
  static constexpr std::string_view program = "tensorgate-outputs";
  static constexpr std::string_view summary = "Serves a validator's JSON outputs to paying clients, by freshness tier.";
  static constexpr std::string_view default_config = "/etc/tensorgate/outputs.toml";

  api_profile            profile = api_profile::v1;
  tier_source            tiers   = tier_source::ours;
  data_config            data{};
  std::vector<row>       table{};
  auth::api_keys_options keys{};
  server_config          server = default_server();
};

/// Where a profile's clients put their key, unless the configuration says otherwise.
[[nodiscard]] inline auth::api_keys_options key_options(config const& settings) {
  auto options = settings.keys;
  if (options.places.empty()) {
    options.places = {auth::key_place::bearer};
    if (settings.profile == api_profile::v1) options.places.insert(options.places.begin(), auth::key_place::body);
  }
  return options;
}

}  // namespace tensorgate::outputs

template <>
struct tensorgate::reflect::describe<tensorgate::outputs::data_config> {
  using data                  = tensorgate::outputs::data_config;
  static constexpr auto rules = std::tuple{
      text<&data::validation>("the validator's folder of that name"),
      text<&data::root>("what files of rows are relative to; empty: the folder above validation"),
      text<&data::state>("our own folder; computed tiers are kept in it"),
      text<&data::poll>("how often the files are looked at where the kernel tells nothing"),
      text<&data::now_ms>("the time to judge freshness by, Unix milliseconds; 0: the clock"),
      text<&data::gzip_level>("of what is compressed here"),
      range<&data::gzip_level>(1, 12),
      text<&data::gzip_below>("files up to this size are also kept compressed, bytes"),
      text<&data::largest_file>("a larger file is reported and left out, bytes"),
      text<&data::copying>("computes /miner-copying while the validator writes nothing there"),
  };
  static constexpr std::string_view check(data const& of) {
    bool const sound = of.poll >= std::chrono::milliseconds{50} && of.poll <= std::chrono::minutes{1};
    return sound ? "" : "poll must lie between 50ms and 1min";
  }
};

template <>
struct tensorgate::reflect::describe<tensorgate::outputs::row> {
  static std::string_view check(tensorgate::outputs::row const& one) { return tensorgate::outputs::row_fault(one); }
};
