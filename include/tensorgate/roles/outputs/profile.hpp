// tensorgate/roles/outputs/profile.hpp: the rows and sentences of the two APIs that clients know.
#pragma once

#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>           // TENSORGATE_ABI
#include <tensorgate/roles/outputs/row.hpp>  // row

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// Which API is served.
enum class api_profile : std::uint8_t {
  v1,     ///< the data server beside a validator: keys in a JSON body or in Authorization
  v2,     ///< the API that is built into the validator: Bearer keys
  table,  ///< the rows of the configuration alone
};

/// Where the tiers below 100 come from.
enum class tier_source : std::uint8_t {
  ours,    ///< computed here, nothing of the last day in them
  compat,  ///< computed here as upstream does, its leaks included; rows are for any key, as they are upstream
  files,   ///< the validator's own tier files
};

/// Files of the validator that are compiled in; all others are rows. Relative to the data root.
struct position_files {
  static constexpr std::string_view raw         = "validation/outputs/output.json";
  static constexpr std::string_view tier_before = "validation/outputs/tiered_positions/";
  static constexpr std::string_view tier_after  = "/output.json.gz";
  static constexpr std::string_view copying     = "validation/miner_copying.json";
};

/// The path of the row that shows the similarity scores computed here while the validator writes none.
inline constexpr std::string_view copying_path = "/miner-copying";

namespace detail {

[[nodiscard]] inline row file_row(std::string path, std::vector<std::string> files) {
  row made;
  made.path  = std::move(path);
  made.files = std::move(files);
  return made;
}

[[nodiscard]] inline row member_row(std::string path, std::vector<std::string> files, std::string at, std::string by) {
  row        made = file_row(std::move(path), std::move(files));
  slice_rule rule;
  rule.at    = std::move(at);
  rule.by    = std::move(by);
  made.slice = std::move(rule);
  return made;
}

[[nodiscard]] inline row slash_row(std::string path) {
  row made;
  made.path  = std::move(path);
  made.slash = true;
  return made;
}

[[nodiscard]] inline omit_rule without_checkpoints() {
  omit_rule rule;
  rule.parameter = "checkpoints";
  rule.value     = "false";
  rule.array     = "/data";
  rule.member    = "checkpoints";
  return rule;
}

[[nodiscard]] inline lag_rule eliminations_lag() {
  lag_rule rule;
  rule.array = "/eliminations";
  rule.time  = "/elimination_initiated_time_ms";
  return rule;
}

[[nodiscard]] inline std::vector<std::string> statistics_files() {
  return {"runnable/minerstatistics.json", "runnable/minerstatistics.json.gz"};
}
[[nodiscard]] inline std::vector<std::string> checkpoint_files() {
  return {"runnable/validator_checkpoint.json", "runnable/validator_checkpoint.json.gz"};
}

/// The rows that both APIs have. They differ in what is said of a file that is not there: v1 names it in plain words,
/// as serve-outputs-ptn does, v2 has an error text, as vanta_api/rest_server.py does.
[[nodiscard]] inline std::vector<row> shared_rows(api_profile profile) {
  bool const v1      = profile == api_profile::v1;
  auto const missing = [&](row& one, std::string_view page, std::string_view error) {
    (v1 ? one.not_found_page : one.not_found) = std::string(v1 ? page : error);
  };
  std::vector<row> rows;

  row statistics  = file_row("/statistics", statistics_files());
  statistics.omit = without_checkpoints();
  missing(statistics, "../runnable/minerstatistics.json not found", "Statistics data not found");
  rows.push_back(std::move(statistics));

  row one       = member_row("/statistics/{id}/", statistics_files(), "/data", "hotkey");
  one.omit      = without_checkpoints();
  one.not_found = v1 ? "No data found" : "Statistics data not found";
  one.no_member = v1 ? "Miner ID not found" : "Miner ID {id} not found";
  rows.push_back(std::move(one));
  rows.push_back(slash_row("/statistics/{id}"));

  row eliminations = file_row("/eliminations", {"validation/eliminations.json"});
  eliminations.lag = eliminations_lag();
  missing(eliminations, "eliminations.json not found", "Eliminations data not found");
  rows.push_back(std::move(eliminations));

  row copying = file_row(std::string(copying_path), {std::string(position_files::copying)});
  missing(copying, "miner_copying.json not found", "Miner copying data not found");
  rows.push_back(std::move(copying));

  row checkpoint          = file_row("/validator-checkpoint", checkpoint_files());
  checkpoint.forbidden    = "Validator checkpoint data requires tier 100 access";
  checkpoint.gzip_unasked = !v1;
  missing(checkpoint, "../runnable/validator_checkpoint.json not found", "Checkpoint data not found");
  rows.push_back(std::move(checkpoint));
  return rows;
}

[[nodiscard]] inline std::vector<row> rows_of_v1() { return shared_rows(api_profile::v1); }

/// What v2 has besides. What the validator hands over by a call between its processes is looked for in files here; an
/// operator may name others.
[[nodiscard]] inline std::vector<row> rows_of_v2() {
  std::vector<row> rows = shared_rows(api_profile::v2);

  row perf       = member_row("/perf-ledger/{id}", checkpoint_files(), "/perf_ledgers", "");
  perf.not_found = "Perf ledger data not found for miner {id}";
  perf.no_member = perf.not_found;
  rows.push_back(std::move(perf));

  std::vector<std::string> const debt_files{"validation/debt_ledgers.json", "validation/debt_ledgers.json.gz"};
  row                            debt = file_row("/debt-ledger", debt_files);
  debt.not_found                      = "Debt ledger data not found";
  debt.gzip_unasked                   = true;
  rows.push_back(std::move(debt));
  row one_debt       = member_row("/debt-ledger/{id}", debt_files, "", "");
  one_debt.not_found = "Debt ledger data not found";
  one_debt.no_member = one_debt.not_found;
  rows.push_back(std::move(one_debt));

  row emissions       = member_row("/emissions-ledger/{id}",
                                   {"validation/emissions_ledgers.json", "validation/emissions_ledgers.json.gz"}, "", "");
  emissions.not_found = "Emissions ledger data not found";
  emissions.no_member = emissions.not_found;
  rows.push_back(std::move(emissions));

  row penalty       = member_row("/penalty-ledger/{id}",
                                 {"validation/penalty_ledgers.json", "validation/penalty_ledgers.json.gz"}, "", "");
  penalty.not_found = "Penalty ledger data not found";
  penalty.no_member = penalty.not_found;
  rows.push_back(std::move(penalty));

  row orders       = member_row("/limit-orders/{id}", {"validation/limit_orders.json"}, "", "");
  orders.not_found = "No limit orders found for miner {id}";
  orders.no_member = orders.not_found;
  rows.push_back(std::move(orders));

  row selections       = file_row("/miner-selections", {"validation/asset_selections.json"});
  selections.not_found = "Asset selection data not found";
  rows.push_back(std::move(selections));
  return rows;
}

}  // namespace detail

/// The rows of a profile. With `open`, every one but the checkpoint's of v2 is for any key, as it is upstream.
[[nodiscard]] inline std::vector<row> profile_rows(api_profile profile, bool open = false) {
  std::vector<row> rows;
  if (profile == api_profile::v1) rows = detail::rows_of_v1();
  if (profile == api_profile::v2) rows = detail::rows_of_v2();
  for (auto& one : rows) {
    if (!open || (profile == api_profile::v2 && one.path == "/validator-checkpoint")) continue;
    one.tier = 0;
    one.lag.reset();
  }
  return rows;
}

/// True for the paths of positions, which the program answers without a row.
[[nodiscard]] constexpr bool is_compiled(api_profile profile, std::string_view path) noexcept {
  constexpr std::string_view of_one = "/miner-positions/";
  if (profile == api_profile::table) return false;
  if (path == "/miner-positions" || path == "/miner-hotkeys") return true;
  return path.starts_with(of_one) && path.size() > of_one.size() && path.find('/', of_one.size()) == path.npos;
}

/// The rows of a configuration, each completed by the profile's of the same path.
[[nodiscard]] inline std::vector<row> own_rows(api_profile profile, std::vector<table_row> const& said,
                                               bool open = false) {
  auto const       usual = profile_rows(profile, open);
  std::vector<row> rows;
  for (auto const& one : said) {
    row like;
    for (auto const& known : usual) {
      if (known.path == one.path) like = known;
    }
    rows.push_back(complete(one, std::move(like)));
  }
  return rows;
}

/// The rows of a configuration, and behind them those of the profile whose paths it does not name.
[[nodiscard]] inline std::vector<row> all_rows(api_profile profile, std::vector<table_row> const& said, bool open) {
  auto rows = own_rows(profile, said, open);
  for (auto& one : profile_rows(profile, open)) {
    bool taken = false;
    for (auto const& mine : rows) taken = taken || mine.path == one.path;
    if (!taken) rows.push_back(std::move(one));
  }
  return rows;
}

}  // namespace tensorgate::outputs
