// tensorgate/service/detail/command_line.hpp: what do the words of a command line ask for?
//
// The flags are the settings themselves, so a table of flags would be written from them anyway; what is left is to
// split words, which this file does. (CLI11 around the same table took 7.5 s of compile time in every program; this
// takes none.)
#pragma once

#include <algorithm>    // find
#include <cstddef>      // size_t
#include <optional>     // optional
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <tensorgate/core/result.hpp>                  // expected
#include <tensorgate/service/config_failure.hpp>       // config_problem
#include <tensorgate/service/detail/config_tree.hpp>   // nearest
#include <tensorgate/service/detail/config_write.hpp>  // setting

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

struct command_line {
  struct given {
    std::string path;
    std::string value;
    std::string flag;  ///< as it was written, for errors
  };
  std::string              config{};  ///< the file; empty when none is named
  std::vector<given>       settings{};
  bool                     help = false, version = false, check = false, print = false, json = false;
  std::string              command{};
  std::vector<std::string> rest{};  ///< what belongs to the command
};

/// `--server.drain-deadline` names the setting `server.drain_deadline`.
[[nodiscard, gnu::cold]] inline std::string setting_path(std::string_view flag) {
  std::string path(flag);
  for (auto& one : path) {
    if (one == '-') one = '_';
  }
  return path;
}

/// Reads the words behind the program's name. In front of a command each flag is ours; behind it only `--config`,
/// `--set`, `--json`, `--help` and settings with a dot are, up to a `--`.
[[nodiscard, gnu::cold]] inline expected<command_line, config_problem> read_command_line(
    std::span<char const* const> words, std::vector<setting> const& settings,
    std::vector<std::string> const& commands) {
  command_line made;
  auto const   refuse = [](std::string_view flag, std::string said) {
    return unexpected<config_problem>(config_problem{.source = std::string(flag), .said = std::move(said)});
  };
  bool ours = true;
  for (std::size_t i = 0; i != words.size(); ++i) {
    std::string_view const word       = words[i];
    bool const             within     = !made.command.empty();
    bool const             is_command = !within && std::find(commands.begin(), commands.end(), word) != commands.end();
    if (!ours || is_command || word.size() < 2 || word.front() != '-') {
      if (within) {
        made.rest.emplace_back(word);
      } else {
        for (auto const& known : commands) {
          if (known == word) made.command = known;
        }
        if (made.command.empty()) {
          std::vector<std::string_view> const names(commands.begin(), commands.end());
          auto const                          meant = nearest(word, names);
          return refuse(word, commands.empty() ? std::string("this program takes flags only; see --help")
                              : meant.empty()  ? std::string("there is no such command; see --help")
                                               : "there is no such command; did you mean " + std::string(meant) + "?");
        }
      }
      continue;
    }
    if (word == "--") {
      ours = false;
      if (within) made.rest.emplace_back(word);
      continue;
    }
    auto const equals = word.find('=');
    auto const name   = word.substr(0, equals);
    auto value = equals == std::string_view::npos ? std::optional<std::string>{} : std::string(word.substr(equals + 1));
    auto const next = [&]() -> std::optional<std::string> {
      if (value) return value;
      if (i + 1 == words.size()) return std::nullopt;
      return std::string(words[++i]);
    };
    if (name == "--help" || name == "-h") {
      made.help = true;
    } else if (name == "--json") {
      made.json = true;
      if (within) made.rest.emplace_back(word);
    } else if (name == "--config" || name == "-c") {
      auto const file = next();
      if (!file || file->empty()) return refuse(name, "expected the name of a file behind it");
      made.config = *file;
    } else if (name == "--set") {
      auto const pair = next();
      auto const at   = pair ? pair->find('=') : std::string::npos;
      if (!pair || at == std::string::npos || at == 0)
        return refuse(name, "expected name=value behind it, as in --set server.threads=2");
      made.settings.push_back(
          {setting_path(pair->substr(0, at)), pair->substr(at + 1), "--set " + pair->substr(0, at)});
    } else if (!within && (name == "--version" || name == "-V")) {
      made.version = true;
    } else if (!within && name == "--check-config") {
      made.check = true;
    } else if (!within && name == "--print-config") {
      made.print = true;
    } else {
      auto const     path  = name.starts_with("--") ? setting_path(name.substr(2)) : std::string{};
      setting const* found = nullptr;
      for (auto const& one : settings) {
        if (one.by_text && one.path == path) found = &one;
      }
      if (within && (found == nullptr || path.find('.') == std::string::npos)) {
        made.rest.emplace_back(word);
        continue;
      }
      if (found == nullptr) {
        std::vector<std::string>      flags{"--help",         "--version",      "--config", "--set",
                                       "--check-config", "--print-config", "--json"};
        std::vector<std::string_view> names;
        for (auto const& one : settings) {
          if (one.by_text) flags.push_back("--" + one.path);
        }
        names.assign(flags.begin(), flags.end());
        auto const meant = nearest(name, names);
        return refuse(name, meant.empty() ? std::string("there is no such flag; see --help")
                                          : "there is no such flag; did you mean " + std::string(meant) + "?");
      }
      auto given = found->truth && !value ? std::optional<std::string>("true") : next();
      if (!given) return refuse(name, "expected " + found->type + " behind it");
      made.settings.push_back({path, std::move(*given), std::string(name)});
    }
  }
  return made;
}

inline constexpr std::string_view variable_prefix = "TENSORGATE_";

/// The variable that gives a setting: TENSORGATE_SERVER_DRAIN for `server.drain`.
[[nodiscard, gnu::cold]] inline std::string variable_of(std::string_view path) {
  std::string name(variable_prefix);
  for (char const one : path)
    name.push_back(one == '.' ? '_' : one >= 'a' && one <= 'z' ? static_cast<char>(one - 'a' + 'A') : one);
  return name;
}

}  // namespace tensorgate::service_detail
