// tensorgate/roles/outputs/config.hpp: what an operator may set.
#pragma once

#include <chrono>        // milliseconds
#include <cstddef>       // size_t
#include <cstdint>       // int64_t
#include <filesystem>    // path, is_directory
#include <functional>    // function
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <tuple>         // tuple
#include <utility>       // move
#include <vector>        // vector

#include <tensorgate/auth/api_key.hpp>           // api_keys_options
#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/reflect/rules.hpp>          // describe
#include <tensorgate/roles/outputs/profile.hpp>  // api_profile, table_row
#include <tensorgate/service/server_config.hpp>  // server_config

namespace tensorgate::inline TENSORGATE_ABI::outputs {

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

/// Why a start is refused for want of the validator's folder.
struct folder_fault {
  std::error_code code{};
  std::string     text{};  ///< a sentence that names it
};

/// Nothing where it can be read. What may be missing in it is no reason not to start.
[[nodiscard]] inline std::optional<folder_fault> fault_of_validation(std::filesystem::path const& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(std::filesystem::status(folder, error))) return std::nullopt;
  if (!error) error = make_error_code(std::errc::not_a_directory);
  return folder_fault{error, folder.string() + " is no folder that can be read (" + error.message() +
                                 "); name the validator's own in data.validation"};
}

/// The ports of this role: 48888, as upstream, and 49888 for metrics and health.
[[nodiscard]] inline server_config default_server() {
  server_config server;
  server.listen = {*listen_address::parse("127.0.0.1:48888")};
  server.admin  = "127.0.0.1:49888";
  return server;
}

/// The largest body of a request, bytes: it holds a key at most. Beyond it 413.
inline constexpr std::size_t largest_request = auth::api_keys::max_body;

/// Everything that `outputs.toml` may say.
struct config {
  static constexpr std::string_view program = "tensorgate-outputs";
  static constexpr std::string_view summary = "Serves a validator's JSON outputs to paying clients, by freshness tier.";
  static constexpr std::string_view default_config = "/etc/tensorgate/outputs.toml";
  static constexpr std::string_view add_key        = "keys add NAME --tier 100";

  api_profile            profile = api_profile::v1;
  tier_source            tiers   = tier_source::ours;
  data_config            data{};
  std::vector<table_row> table{};
  auth::api_keys_options keys{};
  server_config          server = default_server();
};

/// Where a profile's clients put their key, unless the configuration says otherwise.
[[nodiscard]] inline auth::api_keys_options key_options(config const& settings) {
  auto options = settings.keys;
  if (options.places.empty()) {
    options.places = {auth::key_place::bearer};
    if (settings.profile == api_profile::v1) options.places = {auth::key_place::body, auth::key_place::authorization};
  }
  return options;
}

}  // namespace tensorgate::outputs

template <>
struct tensorgate::reflect::describe<tensorgate::outputs::data_config> {
  using data                  = tensorgate::outputs::data_config;
  static constexpr auto rules = std::tuple{
      text<&data::validation>("the validator's folder of that name"),
      file_path<&data::validation>(),
      text<&data::root>("what files of rows are relative to; empty: the folder above validation"),
      file_path<&data::root>(),
      text<&data::state>("our own folder; computed tiers are kept in it"),
      file_path<&data::state>(),
      text<&data::poll>("how often the files are looked at where the kernel tells nothing"),
      text<&data::now_ms>("the time to judge freshness by, Unix milliseconds; 0: the clock"),
      text<&data::gzip_level>("of what is compressed here"),
      range<&data::gzip_level>(1, 12),
      text<&data::gzip_below>("files up to this size are also kept compressed, bytes"),
      text<&data::largest_file>("a larger file is reported and left out, bytes"),
      text<&data::copying>("computes /miner-copying while the validator writes nothing there"),
  };
  static void start_faults(data const& of, std::function<void(std::string_view, std::string)> const& tell) {
    if (auto fault = tensorgate::outputs::fault_of_validation(of.validation))
      tell("validation", std::move(fault->text));
  }
  static constexpr std::string_view check(data const& of) {
    bool const sound = of.poll >= std::chrono::milliseconds{50} && of.poll <= std::chrono::minutes{1};
    return sound ? "" : "poll must lie between 50ms and 1min";
  }
};

template <>
struct tensorgate::reflect::describe<tensorgate::outputs::table_row> {
  using row                   = tensorgate::outputs::table_row;
  static constexpr auto rules = std::tuple{
      text<&row::path>("one segment may be {id}; a last slash counts"),
      text<&row::files>("below the data root, the newest answers; empty: those of the profile's row of this path"),
      text<&row::tier>("keys below it get the lagged form, or 403 where there is none"),
      text<&row::slice>("one member, chosen by the id"),
      text<&row::lag>("entries that are too fresh for keys below the tier"),
      text<&row::omit>("a query parameter that leaves one member out of each element"),
      text<&row::gzip_unasked>("a stored .gz goes as it is to clients that say nothing of codings"),
      text<&row::slash>("leads to the same path with a slash at its end"),
      text<&row::not_found>("of a 404 without the file; {id} is replaced"),
      text<&row::no_member>("of a 404 without the member; {id} is replaced"),
      text<&row::not_found_page>("the whole of a 404 without the file, as text/html"),
      text<&row::forbidden>("of a 403"),
  };
};

template <>
struct tensorgate::reflect::describe<tensorgate::outputs::config> {
  static constexpr auto rules =
      std::tuple{text<&tensorgate::outputs::config::table>("rows of the operator's own; README.md has their words")};
  /// Rows are judged as they are in force, completed by the profile's own. `inside` names the one that is wrong.
  static std::string check(tensorgate::outputs::config const& of, std::string& inside) {
    auto const rows = tensorgate::outputs::own_rows(of.profile, of.table);
    for (std::size_t i = 0; i != rows.size(); ++i) {
      inside = "table[" + std::to_string(i) + "]";
      if (auto const bad = tensorgate::outputs::row_fault(rows[i]); !bad.empty()) return std::string(bad);
      bool const document = of.server.docs && (rows[i].path == "/docs" || rows[i].path == "/openapi.json");
      if (document || tensorgate::outputs::is_compiled(of.profile, rows[i].path))
        return "the program itself answers this path, so that the row would never be asked";
      for (std::size_t before = 0; before != i; ++before) {
        if (rows[before].path == rows[i].path) return "a row before has the same path";
        if (!tensorgate::outputs::hides(rows[before].path, rows[i].path)) continue;
        return "table[" + std::to_string(before) + "], " + rows[before].path + ", takes each request for " +
               rows[i].path + ", so that this row would never be asked: it must stand before that one";
      }
    }
    return {};
  }
};
