// tensorgate/service/load.hpp: the settings of a program, from its defaults, a file, the environment and flags.
//
//     struct settings { server_config server; data_options data; };       // plain aggregates with defaults
//     auto const config = tg::load<settings>(argc, argv, commands);
//     if (!config) return tg::explain(config.error());
//
// Later sources win: the aggregate's own defaults, the TOML file of `--config F` (or TENSORGATE_CONFIG), variables
// (TENSORGATE_SERVER_THREADS for `server.threads`), flags (`--server.threads 2`, `--set server.threads=2`). Every
// problem names its source, the line where there is one, the setting and what was expected; an unknown setting is a
// problem too. A relative path in the file counts from the file's folder, one of a flag, a variable or a default from
// the current one. A variable TENSORGATE_… that names no setting is told on stderr and passed over: another program of
// the same environment may know it.
//
// `--check-config` also looks for what a start would need on this machine: see service/detail/config_start.hpp.
//
// An aggregate may say of itself, as static members: `program` (its name in `--version`), `summary` (a sentence for
// `--help`), `default_config` (the file that is read when none is named and it exists), `add_key` (the words that add a
// key, for whoever does not start without one; else "keys add NAME").
#pragma once

#include <algorithm>    // any_of, max, min
#include <concepts>     // same_as
#include <cstddef>      // size_t
#include <cstdio>       // fputs, stdout
#include <cstdlib>      // getenv
#include <functional>   // function
#include <memory>       // make_shared, shared_ptr
#include <optional>     // optional
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <type_traits>  // type_identity_t
#include <utility>      // move
#include <vector>       // vector

#include <unistd.h>  // environ, access

#include <tensorgate/auth/key_command.hpp>             // key_command
#include <tensorgate/core/abi.hpp>                     // TENSORGATE_VERSION
#include <tensorgate/core/result.hpp>                  // expected
#include <tensorgate/service/arguments.hpp>            // arguments
#include <tensorgate/service/config_failure.hpp>       // config_failure, explain
#include <tensorgate/service/detail/command_line.hpp>  // read_command_line, variable_of
#include <tensorgate/service/detail/config_read.hpp>   // read_setting
#include <tensorgate/service/detail/config_start.hpp>  // look_around
#include <tensorgate/service/detail/config_type.hpp>   // type_of_setting
#include <tensorgate/service/detail/config_write.hpp>  // write_table, list_settings
#include <tensorgate/service/detail/reread.hpp>        // reread_server
#include <tensorgate/service/detail/toml.hpp>          // parse_toml
#include <tensorgate/store/durable_file.hpp>           // read_file

namespace tensorgate::inline TENSORGATE_ABI {

/// A command of a program: `outputs keys add alice`. It gets the words behind its name and the settings, and returns
/// the exit code. `--json` is handed on among the words.
template <class T>
struct command {
  std::string_view name;
  std::string_view help;  ///< one line
  int (*run)(T const& config, arguments words);
  std::string_view usage{};  ///< more lines, for `<name> --help`
};

namespace service_detail {

struct program_words {
  std::string_view name;
  std::string_view summary;
  std::string_view default_config;
  std::string_view add_key;
};

template <class T>
[[nodiscard]] program_words words_of(char const* called) {
  program_words words{called == nullptr ? "tensorgate" : called, {}, {}, "keys add NAME"};
  words.name = words.name.substr(words.name.find_last_of('/') + 1);
  if constexpr (requires { T::program; }) words.name = T::program;
  if constexpr (requires { T::summary; }) words.summary = T::summary;
  if constexpr (requires { T::default_config; }) words.default_config = T::default_config;
  if constexpr (requires { T::add_key; }) words.add_key = T::add_key;
  return words;
}

[[nodiscard, gnu::cold]] inline std::string help_text(
    program_words const& program, std::vector<setting> const& settings,
    std::vector<std::pair<std::string, std::string>> const& commands) {
  std::string out =
      "usage: " + std::string(program.name) + " [flags]" + (commands.empty() ? "" : " [command …]") + "\n";
  if (!program.summary.empty()) out += std::string(program.summary) + "\n";
  if (!commands.empty()) {
    out += "\ncommands (<command> --help tells more):\n";
    std::size_t width = 0;
    for (auto const& [name, help] : commands) width = std::max(width, name.size());
    for (auto const& [name, help] : commands)
      out += "  " + name + std::string(width - name.size() + 2, ' ') + help + "\n";
  }
  out +=
      "\nflags:\n"
      "  --config F, -c F    read settings from the TOML file F (variable TENSORGATE_CONFIG)\n"
      "  --set NAME=VALUE    give one setting; lists with commas\n"
      "  --check-config      say what is wrong with the settings, or missing for a start, and end\n"
      "  --print-config      print all settings as they stand, as a TOML file, and end\n"
      "  --json              print data as JSON where data is printed\n"
      "  --version, -V       print the version and end\n"
      "  --help, -h          print this and end\n";
  if (!program.default_config.empty())
    out += "Without --config, " + std::string(program.default_config) + " is read if it exists.\n";
  out +=
      "\nsettings: a flag --NAME VALUE, a variable TENSORGATE_NAME (capitals, \"_\" for \".\"), or NAME in the file:\n";
  for (auto const& one : settings) {
    out += "  " + std::string(one.by_text ? "--" : "") + one.path;
    if (!one.standard.empty()) out += " = " + one.standard;
    out += "\n      ";
    if (!one.words.empty()) out += one.words + "; ";
    out += one.type + "\n";
  }
  return out;
}

/// Calls `use(name, value)` for each variable that is for programs of the house.
template <class F>
void for_each_variable(char const* const* environment, F use) {
  for (auto const* one = environment; one != nullptr && *one != nullptr; ++one) {
    std::string_view const text = *one;
    auto const             at   = text.find('=');
    if (text.starts_with(variable_prefix) && at != std::string_view::npos) use(text.substr(0, at), text.substr(at + 1));
  }
}

/// Tells of variables that look like ours and name no setting. They stop nothing: an environment is shared.
[[gnu::cold]] inline void tell_of_variables(std::vector<setting> const& settings, char const* const* environment,
                                            std::function<void(std::string)> const& say) {
  std::vector<std::string> names{"TENSORGATE_CONFIG"};
  for (auto const& one : settings) {
    if (one.by_text) names.push_back(variable_of(one.path));
  }
  std::vector<std::string_view> known;  // without the prefix, which is near to anything that has it
  known.reserve(names.size());
  for (auto const& one : names) known.push_back(std::string_view(one).substr(variable_prefix.size()));
  for_each_variable(environment, [&](std::string_view name, std::string_view) {
    auto const ours = name.substr(variable_prefix.size());
    if (std::ranges::find(known, ours) != known.end()) return;
    auto       said = "environment variable " + std::string(name) + ": there is no such setting, so it changes nothing";
    auto const meant = nearest(ours, known);
    say(meant.empty() ? said : said + "; did you mean " + std::string(variable_prefix) + std::string(meant) + "?");
  });
}

/// Everything but the types: reads the sources and puts them over one another.
[[nodiscard, gnu::cold]] inline expected<config_node, config_failure> gather(command_line const&         given,
                                                                             program_words const&        program,
                                                                             std::vector<setting> const& settings,
                                                                             char const* const*          environment) {
  config_node root;
  root.is = config_node::kind::table;

  std::vector<std::pair<std::string, std::string>> variables;
  for_each_variable(environment,
                    [&](std::string_view name, std::string_view value) { variables.emplace_back(name, value); });
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
  if (file.empty() && !program.default_config.empty() &&
      ::access(std::string(program.default_config).c_str(), F_OK) == 0) {
    file = std::string(program.default_config);
  }
  if (!file.empty()) {
    auto const text = store::read_file(file, max_config_size);
    if (!text) {
      auto const& why = text.error();
      return unexpected<config_failure>(
          config_failure{{config_problem{.source = file, .said = std::string(why.note) + ": " + why.code.message()}}});
    }
    auto tree = parse_toml(*text, file);
    if (!tree) return unexpected<config_failure>(config_failure{{tree.error()}});
    root = std::move(*tree);
  }
  for (auto const& one : settings) {
    auto const name = variable_of(one.path);
    if (!one.by_text) continue;
    if (auto const* value = variable(name)) {
      put_text(root, one.path, *value,
               config_origin{std::make_shared<std::string const>("environment variable " + name)});
    }
  }
  for (auto const& one : given.settings) {
    put_text(root, one.path, one.value, config_origin{std::make_shared<std::string const>("flag " + one.flag)});
  }
  return root;
}

/// What the words of a command line come to.
struct request_of_program {
  program_words              words{};
  std::vector<setting>       settings{};
  command_line               given{};
  std::optional<std::size_t> chosen{};  ///< which command
};

[[nodiscard, gnu::cold]] inline unexpected<config_failure> done(int code) {
  return unexpected<config_failure>(config_failure{{}, code});
}

/// A command without its types.
struct command_words {
  std::string_view name;
  std::string_view help;
  std::string_view usage;
};

/// Reads the command line; `--help` and `--version` are answered here.
[[nodiscard, gnu::cold]] inline expected<request_of_program, config_failure> understand(
    int argc, char const* const* argv, program_words const& words, setting_type const& type, void const* standard,
    std::vector<command_words> const& commands) {
  request_of_program made{.words = words};
  list_settings(made.settings, type, standard, "");
  std::vector<std::string>                         names;
  std::vector<std::pair<std::string, std::string>> helps;
  for (auto const& one : commands) {
    names.emplace_back(one.name);
    helps.emplace_back(one.name, one.help);
  }
  auto given = read_command_line({argv + (argc > 0 ? 1 : 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)},
                                 made.settings, names);
  if (!given) return unexpected<config_failure>(config_failure{{given.error()}});
  made.given = std::move(*given);
  for (std::size_t i = 0; i != commands.size(); ++i) {
    if (commands[i].name == made.given.command) made.chosen = i;
  }
  if (made.given.help) {
    if (made.chosen) {
      auto const& one = commands[*made.chosen];
      std::fputs((std::string(words.name) + " " + std::string(one.name) + ": " + std::string(one.help) + "\n" +
                  std::string(one.usage))
                     .c_str(),
                 stdout);
    } else {
      std::fputs(help_text(words, made.settings, helps).c_str(), stdout);
    }
    return done(exit_codes::fine);
  }
  if (made.given.version) {
    std::fputs((std::string(words.name) + " " TENSORGATE_VERSION "\n").c_str(), stdout);
    return done(exit_codes::fine);
  }
  return made;
}

/// How keys are added, for whoever refuses to start without one.
[[gnu::cold]] inline void tell_of_keys(request_of_program const& asked, std::vector<command_words> const& commands) {
  if (!std::ranges::any_of(commands, [](command_words const& one) { return one.name == "keys"; })) return;
  auto const& file    = asked.given.config;
  auth::key_command() = std::string(asked.words.name) + (file.empty() ? "" : " --config " + file) + " " +
                        std::string(asked.words.add_key);
}

/// Reads all sources into `out`; empty when they are sound, and where that is asked, when a start would find what it
/// needs.
[[nodiscard, gnu::cold]] inline std::optional<config_failure> read_all(request_of_program const& asked,
                                                                       setting_type const& type, void* out) {
  auto const tree = gather(asked.given, asked.words, asked.settings, ::environ);
  if (!tree) return tree.error();
  config_reader reader;
  read_setting(reader, *tree, type, out, "");
  if (reader.problems.empty() && asked.given.check) look_around(reader, *tree, type, out, "");
  if (!reader.problems.empty()) return config_failure{std::move(reader.problems)};
  return std::nullopt;
}

/// `--check-config` and `--print-config`; true when one of them was asked for.
[[nodiscard, gnu::cold]] inline bool shows_settings(command_line const& given, setting_type const& type,
                                                    void const* value) {
  if (given.check) {
    std::fputs("the settings are sound, and what a start needs is there\n", stdout);
  } else if (given.print) {
    std::string text;
    write_table(text, type, value, "");
    std::fputs(text.c_str(), stdout);
  }
  return given.check || given.print;
}

/// Each setting and its value, as far as it stands on one line; secrets have none.
[[nodiscard, gnu::cold]] inline std::vector<setting> texts_of(setting_type const& type, void const* value) {
  std::vector<setting> made;
  list_settings(made, type, value, "");
  return made;
}

/// Names the settings that a reload does not follow and that differ from those of the start. `is_followed` knows the
/// members of the server.
[[gnu::cold]] inline void name_changes(std::vector<setting> const& first, std::vector<setting> const& now,
                                       bool (*is_followed)(std::string_view),
                                       std::function<void(std::string_view)> const& say) {
  auto const follows = [&](std::string_view path) {
    constexpr std::string_view server = "server.";
    if (!path.starts_with(server)) return false;
    path.remove_prefix(server.size());
    return is_followed(path.substr(0, path.find('.')));
  };
  for (std::size_t i = 0; i != std::min(first.size(), now.size()); ++i) {
    auto const& path = now[i].path;
    if (!follows(path) && first[i].path == path && first[i].standard != now[i].standard)
      say(path + " has changed, which counts from the next start on");
  }
}

}  // namespace service_detail

/// The settings, or what is wrong with them; also when the program has already done what it was asked.
template <class T>
[[nodiscard]] expected<T, config_failure> load(int argc, char const* const* argv,
                                               std::type_identity_t<std::span<command<T> const>> commands = {}) {
  namespace in                      = service_detail;
  static constexpr auto const& type = in::type_of_setting<T>;

  std::vector<in::command_words> names;
  for (auto const& one : commands) names.push_back({one.name, one.help, one.usage});
  expected<T, config_failure> made{T{}};
  auto const asked = in::understand(argc, argv, in::words_of<T>(argc > 0 ? argv[0] : nullptr), type, &*made, names);
  if (!asked) return unexpected<config_failure>(asked.error());
  in::tell_of_keys(*asked, names);
  in::tell_of_variables(asked->settings, ::environ,
                        [](std::string const& said) { std::fputs(("warning: " + said + "\n").c_str(), stderr); });
  if (auto wrong = in::read_all(*asked, type, &*made)) return unexpected<config_failure>(std::move(*wrong));
  if (in::shows_settings(asked->given, type, &*made)) return in::done(exit_codes::fine);
  if (asked->chosen) return in::done(commands[*asked->chosen].run(*made, arguments(asked->given.rest)));
  if constexpr (requires { requires std::same_as<decltype(T::server), server_config>; }) {
    in::reread_server = [again = *asked,
                         first = in::texts_of(type, &*made)](auto const& say) -> std::shared_ptr<server_config const> {
      T fresh{};
      if (auto const wrong = in::read_all(again, type, &fresh)) {
        for (auto const& problem : wrong->problems) say(problem.sentence());
        return nullptr;
      }
      in::name_changes(first, in::texts_of(type, &fresh), &decltype(T::server)::is_followed, say);
      return std::make_shared<server_config const>(std::move(fresh.server));
    };
  }
  return made;
}

}  // namespace tensorgate
