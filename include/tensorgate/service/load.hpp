// tensorgate/service/load.hpp: the settings of a program, from its defaults, a file, the environment and flags.
//
//     struct settings { server_config server; data_options data; };       // plain aggregates with defaults
//     auto const config = tg::load<settings>(argc, argv, commands);
//     if (!config) return tg::explain(config.error());
//
// Later sources win: the aggregate's own defaults, the TOML file of `--config F` (or TENSORGATE_CONFIG), variables
// (TENSORGATE_SERVER_THREADS for `server.threads`), flags (`--server.threads 2`, `--set server.threads=2`). Every problem
// names its source, the line where there is one, the setting and what was expected; an unknown setting is a problem too.
//
// An aggregate may say of itself, as static members: `program` (its name in `--version`), `summary` (a sentence for
// `--help`), `default_config` (the file that is read when none is named and it exists).
#pragma once

#include <algorithm>    // max
#include <concepts>     // same_as
#include <cstdio>       // fputs, stdout
#include <cstdlib>      // getenv
#include <memory>       // make_shared, shared_ptr
#include <optional>     // optional
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <type_traits>  // type_identity_t
#include <utility>      // move
#include <vector>       // vector

#include <unistd.h>  // environ, access

#include <tensorgate/core/abi.hpp>                     // TENSORGATE_VERSION
#include <tensorgate/core/result.hpp>                  // expected
#include <tensorgate/service/arguments.hpp>            // arguments
#include <tensorgate/service/config_failure.hpp>       // config_failure, explain
#include <tensorgate/service/detail/command_line.hpp>  // read_command_line
#include <tensorgate/service/detail/config_read.hpp>   // read_setting
#include <tensorgate/service/detail/config_write.hpp>  // to_toml, list_settings
#include <tensorgate/service/detail/reread.hpp>        // reread_server
#include <tensorgate/service/detail/toml.hpp>          // parse_toml
#include <tensorgate/store/durable_file.hpp>           // read_file

namespace tensorgate::inline TENSORGATE_ABI {

/// A command of a program: `outputs keys add alice`. It gets the words behind its name and the settings, and returns the
/// exit code. `--json` is handed on among the words.
template <class T>
struct command {
  std::string_view name;
  std::string_view help;   ///< one line
  int (*run)(T const& config, arguments words);
  std::string_view usage{};  ///< more lines, for `<name> --help`
};

namespace service_detail {

struct program_words {
  std::string_view name;
  std::string_view summary;
  std::string_view default_config;
};

template <class T>
[[nodiscard]] program_words words_of(char const* called) {
  program_words words{called == nullptr ? "tensorgate" : called, {}, {}};
  words.name = words.name.substr(words.name.find_last_of('/') + 1);
  if constexpr (requires { T::program; }) words.name = T::program;
  if constexpr (requires { T::summary; }) words.summary = T::summary;
  if constexpr (requires { T::default_config; }) words.default_config = T::default_config;
  return words;
}

[[nodiscard]] inline std::string help_text(program_words const& program, std::vector<setting> const& settings,
                                           std::vector<std::pair<std::string, std::string>> const& commands) {
  std::string out = "usage: " + std::string(program.name) + " [flags]" + (commands.empty() ? "" : " [command …]") + "\n";
  if (!program.summary.empty()) out += std::string(program.summary) + "\n";
  if (!commands.empty()) {
    out += "\ncommands (<command> --help tells more):\n";
    std::size_t width = 0;
    for (auto const& [name, help] : commands) width = std::max(width, name.size());
    for (auto const& [name, help] : commands) out += "  " + name + std::string(width - name.size() + 2, ' ') + help + "\n";
  }
  out +=
      "\nflags:\n"
      "  --config F, -c F    read settings from the TOML file F (variable TENSORGATE_CONFIG)\n"
      "  --set NAME=VALUE    give one setting; lists with commas\n"
      "  --check-config      say whether the settings are sound, and end\n"
      "  --print-config      print all settings as they stand, as a TOML file, and end\n"
      "  --json              print data as JSON where data is printed\n"
      "  --version, -V       print the version and end\n"
      "  --help, -h          print this and end\n";
  if (!program.default_config.empty()) out += "Without --config, " + std::string(program.default_config) + " is read if it exists.\n";
  out += "\nsettings: a flag --NAME VALUE, a variable TENSORGATE_NAME (capitals, \"_\" for \".\"), or NAME in the file:\n";
  for (auto const& one : settings) {
    out += "  " + std::string(one.by_text ? "--" : "") + one.path;
    if (!one.standard.empty()) out += " = " + one.standard;
    out += "\n      ";
    if (!one.words.empty()) out += one.words + "; ";
    out += one.type + "\n";
  }
  return out;
}

/// Everything but the types: reads the sources and puts them over one another.
[[nodiscard]] inline expected<config_node, config_failure> gather(command_line const& given, program_words const& program,
                                                                  std::vector<setting> const& settings, char const* const* environment) {
  config_node root;
  root.is = config_node::kind::table;

  std::vector<std::pair<std::string, std::string>> variables;
  for (auto const* one = environment; one != nullptr && *one != nullptr; ++one) {
    std::string_view const text = *one;
    auto const             at   = text.find('=');
    if (text.starts_with("TENSORGATE_") && at != std::string_view::npos) variables.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  auto const variable = [&](std::string_view name) -> std::string const* {
    for (auto const& [known, value] : variables) {
      if (known == name) return &value;
    }
    return nullptr;
  };

  std::string file = given.config;
  if (file.empty()) {
    if (auto const* named = variable("TENSORGATE_CONFIG")) file = *named;
  }
  if (file.empty() && !program.default_config.empty() && ::access(std::string(program.default_config).c_str(), F_OK) == 0) {
    file = std::string(program.default_config);
  }
  if (!file.empty()) {
    auto const text = store::read_file(file, max_config_size);
    if (!text) {
      auto const& why = text.error();
      return unexpected<config_failure>(config_failure{{config_problem{.source = file, .said = std::string(why.note) + ": " + why.code.message()}}});
    }
    auto tree = parse_toml(*text, file);
    if (!tree) return unexpected<config_failure>(config_failure{{tree.error()}});
    root = std::move(*tree);
  }
  for (auto const& one : settings) {
    auto const name = variable_of(one.path);
    if (!one.by_text) continue;
    if (auto const* value = variable(name)) {
      put_text(root, one.path, *value, config_origin{std::make_shared<std::string const>("environment variable " + name)});
    }
  }
  for (auto const& one : given.settings) {
    put_text(root, one.path, one.value, config_origin{std::make_shared<std::string const>("flag " + one.flag)});
  }
  return root;
}

template <class T>
[[nodiscard]] expected<T, config_failure> read_all(command_line const& given, program_words const& program, std::vector<setting> const& settings) {
  auto const tree = gather(given, program, settings, ::environ);
  if (!tree) return unexpected<config_failure>(tree.error());
  expected<T, config_failure> made{T{}};
  config_reader               reader;
  read_setting(reader, *tree, *made, "");
  if (!reader.problems.empty()) return unexpected<config_failure>(config_failure{std::move(reader.problems)});
  return made;
}

}  // namespace service_detail

/// The settings, or what is wrong with them; also when the program has already done what it was asked.
template <class T>
[[nodiscard]] expected<T, config_failure> load(int argc, char const* const* argv,
                                               std::type_identity_t<std::span<command<T> const>> commands = {}) {
  namespace in = service_detail;
  auto const done = [](int code) { return unexpected<config_failure>(config_failure{{}, code}); };
  auto const words = in::words_of<T>(argc > 0 ? argv[0] : nullptr);

  std::vector<in::setting> settings;
  in::list_settings(settings, T{}, "");
  std::vector<std::string>                         names;
  std::vector<std::pair<std::string, std::string>> helps;
  for (auto const& one : commands) {
    names.emplace_back(one.name);
    helps.emplace_back(one.name, one.help);
  }
  auto const given = in::read_command_line({argv + (argc > 0 ? 1 : 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}, settings, names);
  if (!given) return unexpected<config_failure>(config_failure{{given.error()}});

  command<T> const* chosen = nullptr;
  for (auto const& one : commands) {
    if (one.name == given->command) chosen = &one;
  }
  if (given->help) {
    if (chosen != nullptr) {
      std::fputs((std::string(words.name) + " " + std::string(chosen->name) + ": " + std::string(chosen->help) + "\n" + std::string(chosen->usage)).c_str(), stdout);
    } else {
      std::fputs(in::help_text(words, settings, helps).c_str(), stdout);
    }
    return done(exit_codes::fine);
  }
  if (given->version) {
    std::fputs((std::string(words.name) + " " TENSORGATE_VERSION "\n").c_str(), stdout);
    return done(exit_codes::fine);
  }

  auto made = in::read_all<T>(*given, words, settings);
  if (!made) return made;

  if (given->check) {
    std::fputs("the settings are sound\n", stdout);
    return done(exit_codes::fine);
  }
  if (given->print) {
    std::fputs(in::to_toml(*made).c_str(), stdout);
    return done(exit_codes::fine);
  }
  if (chosen != nullptr) return done(chosen->run(*made, arguments(given->rest)));
  if constexpr (requires { requires std::same_as<decltype(T::server), server_config>; }) {
    in::reread_server = [again = *given, words, settings](auto const& say) -> std::shared_ptr<server_config const> {
      auto fresh = in::read_all<T>(again, words, settings);
      if (fresh) return std::make_shared<server_config const>(std::move(fresh->server));
      for (auto const& problem : fresh.error().problems) say(problem.sentence());
      return nullptr;
    };
  }
  return made;
}

}  // namespace tensorgate
