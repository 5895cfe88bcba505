// Ten minutes of a subnet's files rewritten in place under load: no torn answer, no error, no growth. The server has a
// core of its own. TENSORGATE_SOAK_SECONDS sets another length.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "support/outputs_app.hpp"
#include "support/rewriting.hpp"
#include "support/soak.hpp"

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tensorgate_tests::running_program;

TEST_CASE("files rewritten for ten minutes under load: every answer is whole, memory and descriptors stay") {
  auto const                           length = tensorgate_tests::soak_length(10min);
  tensorgate_tests::server_apart const apart;
  tensorgate_tests::scratch_folder     folder;
  tensorgate_tests::rewritten_files    files{folder.path() / "data"};
  fs::create_directories(folder.path() / "validation");
  auto const config = folder.path() / "table.toml";
  std::ofstream(config) << tensorgate_tests::table_settings(folder.path());
  auto const      key30  = tensorgate_tests::add_key(config, "middle", 30);
  auto const      key100 = tensorgate_tests::add_key(config, "high", 100);
  running_program app{{tensorgate_tests::outputs_program(), "--config", config.string()}, apart.core()};

  tensorgate_tests::rewriting_counts counts;
  tensorgate_tests::rewrite_and_ask(app, files, key30, key100, 6, 1000ms, length / 10, counts);
  // The least of some looks: while a version is taken the one before is there as well.
  auto const least_opened = [&app] {
    auto least = app.descriptors();
    for (int i = 0; i != 30; ++i) {
      std::this_thread::sleep_for(100ms);
      least = std::min(least, app.descriptors());
    }
    return least;
  };
  auto const memory = app.status("VmRSS");
  auto const opened = least_opened();
  tensorgate_tests::rewrite_and_ask(app, files, key30, key100, 6, 1000ms, length - length / 10, counts);
  auto const memory_after = app.status("VmRSS");
  auto const opened_after = least_opened();

  MESSAGE(counts.answers.load(), " answers, ", counts.versions.load(), " versions; memory ", memory >> 10U, " -> ",
          memory_after >> 10U, " KiB, descriptors ", opened, " -> ", opened_after);
  for (auto const& what : counts.wrong) {
    CAPTURE(what);
    CHECK(false);
  }
  CHECK(counts.answers > 100);
  CHECK(memory_after < memory + (std::size_t{8} << 20U));
  CHECK(opened_after <= opened + 16);
  CHECK(app.stop() == 0);
}
