// tests/house/pages_test.cpp: every block of code in a page says how it is tested, and every link leads somewhere.
#include "house/pages/blocks.hpp"

#include <doctest/doctest.h>

#include <filesystem>  // exists
#include <string>      // string

#include "house/tree.hpp"

using namespace tensorgate::house;

TEST_CASE("the words behind a fence are understood") {
  auto const plan = [](std::string info, std::string text = "") {
    return plan_of({std::move(info), std::move(text), 7});
  };
  CHECK(plan("cpp", "int main() {}")->use == block_use::program);
  CHECK(plan("cpp name=echo", "int main() {}")->name == "echo");
  CHECK(plan("cpp", "int f();")->use == block_use::source);
  CHECK(plan("cpp fragment")->use == block_use::fragment);
  CHECK(plan("sh run")->use == block_use::script);
  CHECK(plan("sh with=demo")->name == "demo");
  CHECK(plan("toml check=outputs")->name == "outputs");
  CHECK(plan("sh untested")->use == block_use::shown);
  CHECK(plan("text")->use == block_use::shown);
  CHECK_FALSE(plan("sh"));
  CHECK_FALSE(plan("toml"));
  CHECK_FALSE(plan("cpp name=echo", "int f();"));
  CHECK_FALSE(plan("python"));
}

TEST_CASE("every block of code in a page says how it is tested") {
  for (auto const& page : pages()) {
    for (auto const& block : code_blocks(read_file(page))) {
      CHECK_MESSAGE(plan_of(block),
                    page.string() << ":" << block.line << ": \"```" << block.info << "\"; see tests/house/README.md");
    }
  }
}

TEST_CASE("every relative link of a page leads to a file") {
  for (auto const& page : pages()) {
    auto const text = read_file(page);
    for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      auto target = text.substr(at + 2, text.find_first_of(")\n", at) - at - 2);
      if (target.find("://") != std::string::npos || target.starts_with("#") || target.starts_with("mailto:")) continue;
      target = target.substr(0, target.find('#'));
      CHECK_MESSAGE(std::filesystem::exists(page.parent_path() / target), page.string() << " links " << target);
    }
  }
}
