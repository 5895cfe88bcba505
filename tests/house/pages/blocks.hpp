// tests/house/pages/blocks.hpp: how is a block of code in a page tested? Its fence says so.
#pragma once

#include <array>        // array
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include "house/tree.hpp"

namespace tensorgate::house {

enum class block_use { program, source, fragment, script, script_with, settings, project, shown };

struct block_plan {
  block_use   use;
  std::string name;  // of the program, or of what the script runs beside
};

/// What `info`, the words behind the fence, asks for; nothing if they make no sense.
[[nodiscard]] inline std::optional<block_plan> plan_of(code_block const& block) {
  auto const             gap  = block.info.find(' ');
  std::string_view const kind = std::string_view(block.info).substr(0, gap);
  std::string const      how  = gap == std::string::npos ? "" : block.info.substr(gap + 1);
  auto const             set  = [&](std::string_view word) -> std::optional<std::string> {
    return how.starts_with(word) && how.size() > word.size() ? std::optional(how.substr(word.size())) : std::nullopt;
  };

  static constexpr std::array<std::string_view, 5> no_code = {"", "text", "json", "http", "console"};
  for (auto const word : no_code) {
    if (kind == word) return block_plan{block_use::shown, {}};
  }
  if (how == "untested") return block_plan{block_use::shown, {}};
  if (kind == "cpp") {
    bool const program = block.text.find("int main(") != std::string::npos;
    if (auto name = set("name="); name && program) return block_plan{block_use::program, *name};
    if (how.empty())
      return block_plan{program ? block_use::program : block_use::source, "line" + std::to_string(block.line)};
    if (how == "fragment") return block_plan{block_use::fragment, {}};
  }
  if (kind == "sh" && how == "run") return block_plan{block_use::script, {}};
  if (kind == "sh") {
    if (auto name = set("with=")) return block_plan{block_use::script_with, *name};
  }
  if (kind == "toml") {
    if (auto app = set("check=")) return block_plan{block_use::settings, *app};
  }
  if (kind == "cmake" && how.empty()) return block_plan{block_use::project, {}};
  return std::nullopt;
}

}  // namespace tensorgate::house
