// tests/soak/raw_soak_test.cpp: minutes of abuse, round after round: no growth, and others are answered throughout.
#include <algorithm>  // max, min
#include <chrono>     // seconds
#include <cstddef>    // size_t
#include <random>     // random_device
#include <string>     // string
#include <thread>     // thread
#include <vector>     // vector

#include <doctest/doctest.h>

#include "../raw/abuse.hpp"     // normal_client, drip_in, …
#include "../raw/server.hpp"    // echo_server
#include "../support/soak.hpp"  // soak_length, server_apart

using namespace tensorgate::test::raw;

TEST_CASE("every kind of abuse at once, for minutes, leaves a server as it was") {
  raise_descriptors();
  auto const seed = std::random_device{}();
  MESSAGE("seed " << seed);
  tensorgate_tests::server_apart const apart;
  echo_server server({"head_time=1500", "progress_interval=1500", "idle=60000", "linger=300"}, apart.core());
  auto const  until       = steady_clock::now() + tensorgate_tests::soak_length(2min);
  std::size_t first       = 0;  // memory after the first round
  std::size_t worst       = 0;  // after any later one
  std::size_t descriptors = 0;
  std::chrono::milliseconds longest{0};
  unsigned                  round = 0;
  do {
    normal_client            normal(server.port());
    auto const               port = server.port();
    std::vector<std::thread> abusers;
    abusers.emplace_back([&] { drip_in(port, 400, "GET / HTTP/1.1\r\nHost: a\r\nX: ", "y", 5000ms); });
    abusers.emplace_back([&] { drip_in(port, 200, post("Content-Length: 100000\r\n", "", "/stream"), "y", 5000ms); });
    abusers.emplace_back([&] { drip_in(port, 200, chunked(""), "1\r\ny\r\n", 5000ms); });
    abusers.emplace_back([&] { send_and_never_read(port, 200, 5000ms); });
    abusers.emplace_back([&] { come_and_go(port, seed + round, 5000ms); });
    {
      auto const all = stay_idle(port, 2000);
      CHECK(all.size() == 2000);
      for (auto& one : abusers) one.join();
    }
    normal.stop();
    longest = std::max(longest, normal.longest());
    CHECK_MESSAGE(normal.longest() < 1000ms,
                  "round " << round << ": a normal client waited " << normal.longest().count() << " ms");
    CHECK(normal.failed() == 0);
    CHECK(falls_to(20, [&] { return server.descriptors(); }));
    std::this_thread::sleep_for(1500ms);
    if (round == 0) {
      first       = server.memory();
      descriptors = server.descriptors();
    }
    worst = std::max(worst, server.memory());
    ++round;
  } while (steady_clock::now() < until);
  MESSAGE(round << " rounds: the longest wait " << longest.count() << " ms; memory " << first / 1024
                << " KiB after the first, at most " << worst / 1024 << " KiB after any");
  // Crowds that come and go are given their memory back at most twice a minute.
  CHECK(worst <= first + std::size_t{32} * 1024 * 1024);
  CHECK(falls_to(first + std::size_t{3} * 1024 * 1024, [&] { return server.memory(); }, 40s));
  CHECK(server.descriptors() <= descriptors + 1);
  CHECK(server.stop() == 0);
}

TEST_CASE("ten thousand idle connections cost at most 4 KiB each, and their memory goes back") {
  raise_descriptors();
  echo_server           server({"head_time=120000", "idle=120000", "connections_per_address=0"});
  constexpr std::size_t count  = 10'000;
  auto const            before = server.memory();
  {
    auto const all = stay_idle(server.port(), count);
    CHECK(all.size() == count);
    CHECK(falls_to(0, [&] { return server.descriptors() >= count ? std::size_t{0} : std::size_t{1}; }));
    std::this_thread::sleep_for(500ms);
    auto const each = (server.memory() - std::min(before, server.memory())) / count;
    MESSAGE(count << " idle connections cost " << each << " bytes each");
    CHECK(each <= 4096);
  }
  CHECK(falls_to(before + std::size_t{1024} * 1024, [&] { return server.memory(); }, 15s));
  CHECK(server.stop() == 0);
}
