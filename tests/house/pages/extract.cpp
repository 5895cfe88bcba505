// tests/house/pages/extract.cpp: writes the tested blocks of every page below a folder, each as the file it stands for.
//
//   <folder>/sources/<page>.<name>.cpp   programs, and sources without a main
//   <folder>/scripts/<page>.<line>.sh    "# with <program>" on the first line where one has to run beside it
//   <folder>/settings/<app>.<page>.<line>.toml
//   <folder>/projects/<page>.<line>/CMakeLists.txt
// A file that would not change is left alone, so that nothing is built again for it; others that are there go.
#include <cstdio>        // fprintf
#include <filesystem>    // create_directories, remove
#include <fstream>       // ofstream
#include <set>           // set
#include <string>        // string
#include <system_error>  // error_code

#include "house/pages/blocks.hpp"
#include "house/tree.hpp"

namespace {

using namespace tensorgate::house;

std::string flat(std::string text) {
  for (auto& c : text) {
    if (c == '/' || c == '.') c = '_';
  }
  return text;
}

/// The name of a program: `page` and `name`, or a program of the same page that a script names.
std::string program(std::string const& page, std::string const& name) { return page + "." + name; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: extract FOLDER\n");
    return 2;
  }
  std::filesystem::path const     folder = argv[1];
  std::set<std::filesystem::path> written;

  auto const write = [&](std::filesystem::path const& name, std::string const& text) {
    auto const path = folder / name;
    written.insert(path);
    std::filesystem::create_directories(path.parent_path());
    if (std::filesystem::exists(path) && read_file(path) == text) return;
    std::ofstream(path, std::ios::binary) << text;
  };

  for (auto const& page : pages()) {
    auto const where = flat(page.lexically_relative(root).string());
    for (auto const& block : code_blocks(read_file(page))) {
      auto const plan = plan_of(block);
      if (!plan) continue;
      auto const        here = where + "." + std::to_string(block.line);
      std::string const from = "#line " + std::to_string(block.line + 1) + " \"" + page.string() + "\"\n";
      switch (plan->use) {
        case block_use::program: write("sources/" + program(where, plan->name) + ".cpp", from + block.text); break;
        case block_use::source:
          write("sources/" + program(where, plan->name) + ".cpp",
                "#include <tensorgate/tensorgate.hpp>\n" + from + block.text + "\nint main() {}\n");
          break;
        case block_use::script: write("scripts/" + here + ".sh", block.text); break;
        case block_use::script_with:
          write("scripts/" + here + ".sh",
                "# with " + (plan->name == "demo" ? "demo" : program(where, plan->name)) + "\n" + block.text);
          break;
        case block_use::settings: write("settings/" + plan->name + "." + here + ".toml", block.text); break;
        case block_use::project: write("projects/" + here + "/CMakeLists.txt", block.text); break;
        case block_use::fragment:
        case block_use::shown: break;
      }
    }
  }
  for (auto const* kind : {"sources", "scripts", "settings", "projects"}) {
    std::error_code none;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder / kind, none)) {
      if (entry.is_regular_file() && !written.contains(entry.path())) std::filesystem::remove(entry.path());
    }
  }
  return 0;
}
