// tensorgate/roles/outputs/commands.hpp: what the program does besides serving.
#pragma once

#include <array>        // array
#include <cstdio>       // FILE, stdout
#include <cstdlib>      // mkdtemp
#include <filesystem>   // path, copy
#include <mutex>        // mutex
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#include <unistd.h>  // execv

#include <fmt/format.h>  // lines for people

#include <tensorgate/core/random.hpp>             // system_random
#include <tensorgate/core/time.hpp>               // wall_clock
#include <tensorgate/identity/api_key.hpp>        // new_key_file, add_key
#include <tensorgate/net/parallel.hpp>            // on_every_core
#include <tensorgate/ops/terminal.hpp>            // terminal, progress_bar
#include <tensorgate/roles/outputs/config.hpp>    // config
#include <tensorgate/roles/outputs/profile.hpp>   // position_files
#include <tensorgate/roles/outputs/tiers.hpp>     // build_tiers
#include <tensorgate/service/arguments.hpp>       // arguments
#include <tensorgate/service/config_failure.hpp>  // exit_codes
#include <tensorgate/service/key_commands.hpp>    // run_key_command
#include <tensorgate/service/load.hpp>            // command
#include <tensorgate/store/durable_file.hpp>      // read_file, write_file

namespace tensorgate::inline TENSORGATE_ABI::outputs {

namespace detail {

inline int complain(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
  return exit_codes::refused;
}

}  // namespace detail

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
  options.tier  = 100;
  options.tiers = {tier_names.rbegin(), tier_names.rend()};
  return tensorgate::run_key_command(options, std::move(words));
}

/// `--demo`: serves a copy of a sample tree with a key of its own, and says how to ask.
inline int demo_command(config const& /*unused*/, tensorgate::arguments words) {
  auto const sample = words.word();
  if (auto const wrong = words.complaint()) return detail::complain(*wrong);
  std::filesystem::path const tree = sample ? *sample : "/usr/share/tensorgate/outputs/sample";
  if (!std::filesystem::is_directory(tree / "validation"))
    return detail::complain(tree.string() + ": expected a sample tree with a folder called validation");

  auto folder = (std::filesystem::temp_directory_path() / "tensorgate-outputs-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return detail::complain(folder + ": the folder cannot be made");
  std::filesystem::path const own = folder;
  std::error_code             error;
  std::filesystem::copy(tree, own / "tree", std::filesystem::copy_options::recursive, error);
  if (error) return detail::complain(tree.string() + ": " + error.message());

  auto                keys = identity::new_key_file(system_random);
  identity::key_grant grant;
  grant.name     = "demo";
  auto const key = identity::add_key(keys, grant, system_random, wall_clock());
  if (!key) return detail::complain(key.error().note);
  auto const kept     = store::write_file(own / "keys.json", identity::to_text(keys), 0600);
  auto const settings = fmt::format(
      "# A demonstration; the sample's last day ended on 2025-10-09.\n"
      "[data]\nvalidation = \"{0}/tree/validation\"\nstate = \"{0}/state\"\nnow_ms = 1760000000000\n"
      "[server]\nlisten = [\"127.0.0.1:48888\"]\n"
      "[keys]\nfile = \"{0}/keys.json\"\n",
      folder);
  auto const written = store::write_file(own / "outputs.toml", settings, 0600);
  if (!kept || !written) return detail::complain(folder + ": the files of the demonstration cannot be written");

  fmt::print(
      "Serving {0} on http://127.0.0.1:48888 (documentation: http://127.0.0.1:48888/docs)\n"
      "The key of this demonstration, a key of tier 100: {1}\n\n"
      "Try, in another terminal:\n"
      "  curl -X GET http://127.0.0.1:48888/miner-hotkeys -H 'Content-Type: application/json' -d '{{\"api_key\": "
      "\"{1}\"}}'\n"
      "  curl 'http://127.0.0.1:48888/miner-positions?tier=30' -H 'Authorization: Bearer {1}' -o positions.json.gz\n"
      "  curl 'http://127.0.0.1:48888/statistics?checkpoints=false' -H 'Authorization: Bearer {1}'\n\n",
      tree.string(), key->reveal());
  std::fflush(stdout);

  std::string          program = "/proc/self/exe";
  std::string          flag    = "--config";
  std::string          file    = (own / "outputs.toml").string();
  std::array<char*, 4> call{program.data(), flag.data(), file.data(), nullptr};
  ::execv(program.c_str(), call.data());
  return detail::complain("the program cannot be started again");
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
    tensorgate::command<config>{"--demo", "serves a sample tree with a key of its own on 127.0.0.1:48888",
                                &demo_command, "  --demo [FOLDER]  the sample tree; default: the installed one\n"},
};

}  // namespace tensorgate::outputs
