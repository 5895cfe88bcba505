// tensorgate/roles/outputs/commands.hpp: what the program does besides serving.
#pragma once

#include <array>        // array
#include <cstdio>       // FILE, stdout
#include <filesystem>   // path
#include <mutex>        // mutex
#include <optional>     // nullopt
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#include <fmt/format.h>  // lines for people

#include <tensorgate/core/time.hpp>               // wall_clock
#include <tensorgate/net/parallel.hpp>            // on_every_core
#include <tensorgate/ops/terminal.hpp>            // terminal, progress_bar
#include <tensorgate/roles/outputs/config.hpp>    // config
#include <tensorgate/roles/outputs/demo.hpp>      // demo_command
#include <tensorgate/roles/outputs/tiers.hpp>     // build_tiers
#include <tensorgate/service/arguments.hpp>       // arguments
#include <tensorgate/service/config_failure.hpp>  // exit_codes
#include <tensorgate/service/key_commands.hpp>    // run_key_command
#include <tensorgate/service/load.hpp>            // command
#include <tensorgate/store/durable_file.hpp>      // read_file, write_file

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// `tiers`: the four tier files from a raw position file, offline.
inline int tiers_command(config const& settings, tensorgate::arguments words) {
  auto const raw_path = words.value("--raw");
  auto const folder   = words.value("--out");
  auto const now_ms   = words.number<std::int64_t>("--now");
  auto const level    = words.number<int>("--level");
  bool const compat   = words.flag("--compat") || settings.tiers == tier_source::compat;
  if (auto const wrong = words.complaint()) return detail::complain(*wrong);
  if (level && (*level < 1 || *level > 12)) return detail::complain("--level: expected 1 to 12");

  std::filesystem::path const from =
      raw_path ? *raw_path : (std::filesystem::path(settings.data.validation) / "outputs/output.json").string();
  std::filesystem::path const to =
      folder ? *folder : (std::filesystem::path(settings.data.state) / "tiered_positions").string();
  auto const raw = store::read_file(from, settings.data.largest_file);
  if (!raw) {
    fmt::print(stderr, "{}: {}: {}\n", from.string(), raw.error().note, raw.error().code.message());
    return exit_codes::failed;
  }

  auto const        screen = ops::terminal::of(stderr);
  ops::progress_bar bar(screen, "tiers", 1000);
  std::mutex        drawing;
  tier_options      options;
  options.level    = codec::gzip_level{level.value_or(settings.data.gzip_level)};
  options.json     = false;
  options.progress = [&](std::size_t done, std::size_t of) {
    std::lock_guard const lock(drawing);
    bar.show(of == 0 ? 1000 : done * 1000 / of);
  };
  auto const now   = now_ms                      ? from_unix_millis(*now_ms)
                     : settings.data.now_ms != 0 ? from_unix_millis(settings.data.now_ms)
                                                 : wall_clock();
  auto const built = build_tiers(*raw, now, compat ? tier_mode::compat : tier_mode::ours, options, net::on_every_core);
  if (!built) {
    fmt::print(stderr, "{}: {}\n", from.string(), built.error().note);
    return exit_codes::failed;
  }
  bar.finish();
  for (auto const& note : built->notes) fmt::print(stderr, "{}\n", note.text());
  for (auto const& tier : built->tiers) {
    auto const      path = to / std::to_string(tier.tier) / "output.json.gz";
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (auto const written = store::write_file(path, tier.gzip, 0640); !written) {
      fmt::print(stderr, "{}: {}: {}\n", path.string(), written.error().note, written.error().code.message());
      return exit_codes::failed;
    }
    fmt::print("{}: {} positions, {} orders, {} bytes\n", path.string(), tier.positions, tier.orders, tier.gzip.size());
  }
  return exit_codes::fine;
}

/// `keys`: adds, lists, revokes, imports.
inline int keys_command(config const& settings, tensorgate::arguments words) {
  tensorgate::key_commands_options options;
  options.file  = auth::key_file_of(settings.keys);
  options.tier  = std::nullopt;
  options.tiers = {tier_names.rbegin(), tier_names.rend()};
  return tensorgate::run_key_command(options, std::move(words));
}

inline constexpr std::array commands{
    tensorgate::command<config>{"keys", "adds, lists, revokes and imports API keys", &keys_command,
                                tensorgate::key_commands_usage},
    tensorgate::command<config>{
        "tiers", "computes the four tier files from a raw position file", &tiers_command,
        "  --raw FILE    the raw file; default: the validator's outputs/output.json\n"
        "  --out FOLDER  where the tiers go, <tier>/output.json.gz each; default: in the state folder\n"
        "  --now MS      the time to judge by, Unix milliseconds; default: now\n"
        "  --compat      as the validator does it, leaks included\n"
        "  --level N     of gzip, 1 to 12\n"},
    tensorgate::command<config>{
        "--demo", "serves a sample tree with a key of its own on 127.0.0.1:48888", &demo_command,
        "  --demo [FOLDER] [--port N]  the sample tree; default: the installed one. N + 1000 is for health\n"},
};

}  // namespace tensorgate::outputs
