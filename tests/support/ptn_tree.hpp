// tests/support/ptn_tree.hpp: a whole tree as a validator leaves it, of any size, the same for the same seed.
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <filesystem>   // path, create_directories
#include <fstream>      // ofstream
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/codec/gzip.hpp>           // gzip_compress
#include <tensorgate/roles/outputs/tiers.hpp>  // build_tiers

#include "support/ptn_generate.hpp"

namespace tensorgate_tests {

struct ptn_tree {
  ptn_options positions{};
  std::size_t checkpoints = 3;      ///< of each miner in the statistics
  std::size_t ledger      = 4;      ///< entries of each miner's performance ledger
  bool        tiers       = false;  ///< also the validator's own tier files
};

/// minerstatistics.json.
inline std::string statistics_json(std::vector<ptn_miner> const& miners, ptn_tree const& wanted,
                                   random_numbers& random) {
  std::string out = R"({"version": "8.0.0", "created_timestamp_ms": )";
  put(out, wanted.positions.now_ms);
  out += R"(, "created_date": "generated", "data": [)";
  std::size_t rank = 0;
  for (auto const& miner : miners) {
    if (rank++ != 0) out += ", ";
    out.append(R"({"hotkey": ")").append(miner.hotkey).append(R"(", "rank": {"value": )").append(std::to_string(rank));
    out += R"(}, "weight": {"value": )";
    put(out, rounded(random.share(), 9));
    out += R"(}, "checkpoints": [)";
    for (std::size_t i = 0; i != wanted.checkpoints; ++i) {
      auto const open = wanted.positions.now_ms - static_cast<std::int64_t>(i + 1) * 28'800'000;
      if (i != 0) out += ", ";
      out += R"({"open_ms": )";
      put(out, open);
      out += R"(, "accum_ms": 21600000, "gain": )";
      put(out, rounded(random.share() * 0.1, 9));
      out += R"(, "loss": )";
      put(out, -rounded(random.share() * 0.1, 9));
      out += R"(, "n_updates": )";
      put(out, static_cast<std::int64_t>(random.below(20'000)));
      out += R"(, "prev_portfolio_ret": 1.0, "last_update_ms": )";
      put(out, open + 28'800'000);
      out += "}";
    }
    out += "]}";
  }
  return out + "]}";
}

/// eliminations.json: every fifth miner, the first of them within the last day.
inline std::string eliminations_json(std::vector<ptn_miner> const& miners, ptn_tree const& wanted,
                                     random_numbers& random) {
  std::string out = R"({"eliminations": [)";
  for (std::size_t i = 0; i < miners.size(); i += 5) {
    auto const hours = i == 0 ? 2 : 48 + static_cast<std::int64_t>(random.below(400));
    if (i != 0) out += ", ";
    out.append(R"({"hotkey": ")").append(miners[i].hotkey).append(R"(", "reason": "MAX_TOTAL_DRAWDOWN", "dd": )");
    put(out, rounded(random.share(), 6));
    out += R"(, "elimination_initiated_time_ms": )";
    put(out, wanted.positions.now_ms - hours * 3'600'000);
    out += "}";
  }
  return out + "]}";
}

/// validator_checkpoint.json.
inline std::string checkpoint_json(std::vector<ptn_miner> const& miners, ptn_tree const& wanted,
                                   random_numbers& random) {
  std::string out = R"({"version": "8.0.0", "created_timestamp_ms": )";
  put(out, wanted.positions.now_ms);
  out +=
      R"(, "created_date": "generated", "challengeperiod": {}, "miner_account_sizes": {}, "eliminations": [], "positions": )";
  out += positions_json(miners);
  out += R"(, "perf_ledgers": {)";
  for (auto const& miner : miners) {
    if (&miner != miners.data()) out += ", ";
    out.append("\"").append(miner.hotkey).append(R"(": {"cps": [)");
    for (std::size_t i = 0; i != wanted.ledger; ++i) {
      if (i != 0) out += ", ";
      out += R"({"accum_ms": 21600000, "gain": )";
      put(out, rounded(random.share() * 0.1, 9));
      out += R"(, "last_update_ms": )";
      put(out, wanted.positions.now_ms - static_cast<std::int64_t>(i) * 21'600'000);
      out += R"(, "loss": )";
      put(out, -rounded(random.share() * 0.1, 9));
      out += R"(, "n_updates": 100, "prev_portfolio_ret": 1.0})";
    }
    out += "]}";
  }
  return out + R"(}, "asset_selections": {}})";
}

/// Writes every file below `root`, in place, as a validator does.
inline void write_ptn_tree(std::filesystem::path const& root, ptn_tree const& wanted) {
  auto const write = [&](std::string_view name, std::string_view text) {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary | std::ios::trunc) << text;
  };
  auto const     miners = make_miners(wanted.positions);
  random_numbers random{wanted.positions.seed + 1};
  auto const     raw = positions_json(miners);
  write("validation/outputs/output.json", raw);
  write("validation/eliminations.json", eliminations_json(miners, wanted, random));
  write("validation/miner_copying.json", "{}");
  write("runnable/minerstatistics.json", statistics_json(miners, wanted, random));
  write("runnable/validator_checkpoint.json.gz",
        tensorgate::codec::gzip_compress(checkpoint_json(miners, wanted, random)));
  if (!wanted.tiers) return;
  auto const set = tensorgate::outputs::build_tiers(raw, tensorgate::from_unix_millis(wanted.positions.now_ms),
                                                    tensorgate::outputs::tier_mode::compat);
  for (auto const& tier : set.value().tiers) {
    write("validation/outputs/tiered_positions/" + std::to_string(tier.tier) + "/output.json.gz", tier.gzip);
  }
}

}  // namespace tensorgate_tests
