// tests/house/tree.hpp: the files of the project, and the code in its pages.
#pragma once

#include <algorithm>    // sort
#include <cstddef>      // size_t
#include <filesystem>   // path, recursive_directory_iterator
#include <fstream>      // ifstream
#include <iterator>     // istreambuf_iterator
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace tensorgate::house {

inline std::filesystem::path const root = std::filesystem::path(TENSORGATE_TESTS_DIR).parent_path();

[[nodiscard]] inline std::string read_file(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The files below `folder` of the project with one of these extensions, sorted.
[[nodiscard]] inline std::vector<std::filesystem::path> files_in(std::string_view                folder,
                                                                 std::vector<std::string> const& extensions) {
  std::vector<std::filesystem::path> files;
  auto const                         start = root / folder;
  if (!std::filesystem::exists(start)) return files;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(start)) {
    if (entry.is_regular_file() &&
        std::ranges::find(extensions, entry.path().extension().string()) != extensions.end()) {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

/// The project's pages: the one at its root and those beside apps, headers and benchmarks.
[[nodiscard]] inline std::vector<std::filesystem::path> pages() {
  std::vector<std::filesystem::path> found;
  if (std::filesystem::exists(root / "README.md")) found.push_back(root / "README.md");
  for (auto const* folder : {"apps", "include", "benchmarks", "tests"}) {
    for (auto const& page : files_in(folder, {".md"})) found.push_back(page);
  }
  return found;
}

struct code_block {
  std::string info;  // what stands behind the fence: "cpp", "sh run"
  std::string text;
  std::size_t line;  // of the fence, from 1
};

/// The fenced blocks of a page.
[[nodiscard]] inline std::vector<code_block> code_blocks(std::string_view page) {
  std::vector<code_block> blocks;
  bool                    inside = false;
  std::size_t             line   = 0;
  for (std::size_t here = 0; here < page.size();) {
    auto const end  = page.find('\n', here);
    auto const text = page.substr(here, end == std::string_view::npos ? page.size() - here : end - here);
    ++line;
    if (text.starts_with("```")) {
      if (!inside) blocks.push_back({std::string(text.substr(3)), {}, line});
      inside = !inside;
    } else if (inside) {
      blocks.back().text.append(text).push_back('\n');
    }
    here = end == std::string_view::npos ? page.size() : end + 1;
  }
  return blocks;
}

}  // namespace tensorgate::house
