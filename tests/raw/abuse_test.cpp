// tests/raw/abuse_test.cpp: a server among peers that mean no good: others are answered, and nothing is left behind.
#include <chrono>      // milliseconds
#include <cstddef>     // size_t
#include <functional>  // function
#include <random>      // random_device
#include <string>      // string
#include <vector>      // vector

#include <doctest/doctest.h>

#include "../support/sanitizers.hpp"  // is_sanitized
#include "abuse.hpp"                  // normal_client, drip_in, …
#include "server.hpp"                 // echo_server

using namespace tensorgate::test::raw;

namespace {

using tensorgate_tests::is_sanitized;

// Sanitizers keep what is freed.
constexpr std::size_t may_grow = std::size_t{is_sanitized ? 512 : 3} * 1024 * 1024;

// Short times, so that the limits of slow peers are seen in a test of seconds.
std::vector<std::string> impatient() { return {"head_time=700", "progress_interval=700", "idle=60000", "linger=300"}; }

// One of each kind of request, so that what is kept for reuse is there before it is measured.
void warm_up(echo_server const& server) {
  for (auto const& one : all_cases().all()) {
    if (one.expect.ends_with("wait")) continue;
    player            game(server.port(), one);
    std::string const bytes = game.bytes();
    game.send(bytes);
    static_cast<void>(game.judge());
  }
}

// Lets `abuse` happen beside a normal client; what the server then has must be what it had.
void survives(echo_server& server, std::string const& what, std::function<void()> const& abuse, bool opens_new = true) {
  raise_descriptors();
  warm_up(server);
  REQUIRE(falls_to(5, [&] { return server.descriptors() > 16 ? server.descriptors() : 0; }));
  auto const    memory      = server.memory();
  auto const    descriptors = server.descriptors();
  normal_client normal(server.port(), opens_new);
  abuse();
  normal.stop();
  auto const at_peak = server.memory();
  CHECK_MESSAGE(normal.longest() < 1000ms, "a normal client waited " << normal.longest().count() << " ms");
  CHECK(normal.failed() == 0);
  CHECK(normal.answered() > 10);
  CHECK(falls_to(descriptors + 1, [&] { return server.descriptors(); }));  // the normal client's own is still there
  CHECK(falls_to(memory + may_grow, [&] { return server.memory(); }));
  MESSAGE(what << ": " << normal.answered() << " normal requests, the longest wait " << normal.longest().count()
               << " ms; memory " << memory / 1024 << " KiB before, " << at_peak / 1024 << " KiB at the end, "
               << server.memory() / 1024 << " KiB after; descriptors " << descriptors << " and "
               << server.descriptors());
}

}  // namespace

TEST_CASE("slow heads get 408, and nobody waits for them") {
  echo_server server(impatient());
  survives(server, "300 slow heads", [&] {
    auto const got = drip_in(server.port(), 300, "GET / HTTP/1.1\r\nHost: a\r\nX: ", "y", 2500ms);
    CHECK(got.late == 300);
    CHECK(got.ended == 300);
  });
  CHECK(server.stop() == 0);
}

TEST_CASE("slow bodies get 408, and nobody waits for them") {
  echo_server server(impatient());
  survives(server, "400 slow bodies", [&] {
    auto const whole = drip_in(server.port(), 200, post("Content-Length: 10000\r\n", ""), "y", 3500ms);
    CHECK(whole.late == 200);
    auto const chunks = drip_in(server.port(), 200, chunked(""), "1\r\ny\r\n", 3500ms);
    CHECK(chunks.late == 200);
  });
  CHECK(server.stop() == 0);
}

TEST_CASE("peers that send and never read are held up, cut off, and cost little") {
  echo_server server({"progress_interval=700", "idle=60000", "linger=300"});
  survives(server, "100 stopped readers", [&] {
    auto const before = server.memory();
    send_and_never_read(server.port(), 100, 500ms);
    CHECK(server.memory() < before + may_grow + std::size_t{100} * 256 * 1024);
    send_and_never_read(server.port(), 100, 2500ms);
  });
  CHECK(server.stop() == 0);
}

TEST_CASE("two thousand idle connections are no burden") {
  echo_server server({"head_time=60000"});
  survives(server, "2000 idle connections", [&] {
    auto const all = stay_idle(server.port(), 2000);
    CHECK(all.size() == 2000);
    std::this_thread::sleep_for(500ms);
  });
  CHECK(server.stop() == 0);
}

TEST_CASE("peers that come and go in every way leave nothing behind") {
  auto const seed = std::random_device{}();
  CAPTURE(seed);
  echo_server server(impatient());
  survives(server, "comers and goers", [&] { CHECK(come_and_go(server.port(), seed, 3000ms) > 100); });
  CHECK(server.stop() == 0);
}

TEST_CASE("connections beyond the limit are told so, and those within it go on") {
  echo_server server({"connections=200", "linger=300", "head_time=60000"});
  survives(
      server, "a flood of 1000 connections at a limit of 200",
      [&] {
        auto         all = stay_idle(server.port(), 1000);
        crowd_report report;
        for (auto const& one : all) one.send(get());
        for (int i = 0; i != 40; ++i) {
          look_at(all, report);
          std::this_thread::sleep_for(10ms);
        }
        CHECK(report.ended >= 700);
        CHECK(report.refused >= 8);
        CHECK(all.size() >= 190);
      },
      false);
  peer const        after(server.port());
  raw_case const    simple{.group = "", .name = "", .bytes = get(), .expect = "200 keep"};
  player            game(server.port(), simple);
  std::string const bytes = game.bytes();
  game.send(bytes);
  CHECK(game.judge().empty());
  CHECK(server.stop() == 0);
}

TEST_CASE("an idle connection costs at most 4 KiB") {
  raise_descriptors();
  echo_server server({"head_time=60000", "connections_per_address=0"});
  warm_up(server);
  constexpr std::size_t count  = 5000;
  auto const            before = server.memory();
  auto const            all    = stay_idle(server.port(), count);
  CHECK(falls_to(0, [&] { return server.descriptors() >= count ? std::size_t{0} : std::size_t{1}; }));
  std::this_thread::sleep_for(300ms);
  auto const each = (server.memory() - std::min(before, server.memory())) / count;
  MESSAGE(all.size() << " idle connections cost " << each << " bytes each");
  CHECK(all.size() == count);
  if (may_grow < std::size_t{16} * 1024 * 1024) CHECK(each <= 4096);
  CHECK(server.stop() == 0);
}
