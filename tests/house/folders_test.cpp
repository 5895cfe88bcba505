// tests/house/folders_test.cpp: each app and each fuzz target has beside it what belongs to it.
#include <doctest/doctest.h>

#include <filesystem>  // directory_iterator, exists, is_empty
#include <string>      // string

#include "house/tree.hpp"

using namespace tensorgate::house;

TEST_CASE("beside an app stand its page, a sample configuration, a unit and a Containerfile") {
  for (auto const& main : files_in("apps", {".cpp"})) {
    if (main.filename() != "main.cpp" || main.parent_path().filename() == "tensorgate") continue;
    auto const folder = main.parent_path();
    auto const name   = folder.filename().string();
    for (auto const& file : {std::string("README.md"), name + ".toml", "packaging/" + name + ".service",
                             std::string("packaging/Containerfile")}) {
      CHECK_MESSAGE(std::filesystem::exists(folder / file), name << " has no " << file);
    }
  }
}

TEST_CASE("a fuzz target has a corpus and a fault that can be planted") {
  for (auto const& target : files_in("tests/fuzz", {".cpp"})) {
    auto const stem = target.stem().string();
    if (!stem.ends_with("_fuzz")) continue;
    auto const corpus = target.parent_path() / "corpus" / stem.substr(0, stem.size() - 5);
    CHECK_MESSAGE((std::filesystem::exists(corpus) && !std::filesystem::is_empty(corpus)), stem << " has no corpus");
    CHECK_MESSAGE(read_file(target).find("TENSORGATE_PLANTED_FAULT") != std::string::npos,
                  stem << " has no fault to plant");
  }
}
