#include <tensorgate/net/watch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "support/run_task.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;

namespace {

task<bool> changed_once(net::watch& watch, std::chrono::milliseconds at_latest) {
  co_return co_await watch.changed(at_latest);
}

}  // namespace

TEST_CASE("a watch tells of a file that is written beside and renamed, and rests otherwise") {
  std::string name = (std::filesystem::temp_directory_path() / "tensorgate-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  std::filesystem::path const folder = name;
  asio::io_context            loop(1);
  net::watch                  watch(loop, {folder});
  CHECK(watch.is_told());
  auto const ask = [&](std::chrono::milliseconds at_latest) {
    return test::run_task(loop, changed_once(watch, at_latest));
  };
  CHECK(!ask(30ms));
  std::ofstream(folder / "a.new") << "text";
  std::filesystem::rename(folder / "a.new", folder / "a");
  CHECK(ask(10s));
  CHECK(!ask(30ms));  // many changes are one
  std::filesystem::remove_all(folder);
  CHECK(ask(10s));
  CHECK(!watch.is_told());
  std::filesystem::create_directory(folder);
  CHECK(!ask(1ms));  // found again, and from now on told
  CHECK(watch.is_told());
  std::filesystem::remove_all(folder);
}
