// tensorgate/service/config_failure.hpp: what is wrong with the settings, and where was it written?
#pragma once

#include <cstddef>      // size_t
#include <cstdio>       // fputs
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// One thing that is wrong. `field` is the dotted path of the setting; `said` the sentence for the operator.
struct config_problem {
  std::string source{};    ///< a file's name, "environment variable X", "flag --x"; empty when the whole is meant
  std::size_t line   = 0;  ///< from 1; 0 where there are no lines
  std::size_t column = 0;
  std::string field{};
  std::string said{};

  /// "outputs.toml:12:8: server.threads: expected an integer from 0 to 1024, found text"
  [[nodiscard]] std::string sentence() const {
    std::string made = source;
    if (line != 0) made += ":" + std::to_string(line) + ":" + std::to_string(column);
    if (!made.empty()) made += ": ";
    if (!field.empty()) made += field + ": ";
    return made + said;
  }
};

/// Why there are no settings to run with. Without problems the program has already done what it was asked
/// (`--help`, `--check-config`, a command) and `exit_code` says how that went.
struct config_failure {
  std::vector<config_problem> problems{};
  int                         exit_code = 2;
};

namespace exit_codes {
inline constexpr int fine    = 0;
inline constexpr int failed  = 1;  ///< while running
inline constexpr int refused = 2;  ///< wrong settings or arguments: starting again changes nothing
}  // namespace exit_codes

/// Prints what is wrong, a line for each problem, and gives the exit code of the program.
[[nodiscard]] inline int explain(config_failure const& why) {
  for (auto const& problem : why.problems) std::fputs(("error: " + problem.sentence() + "\n").c_str(), stderr);
  return why.exit_code;
}

}  // namespace tensorgate
