#include <tensorgate/net/runtime.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace std::chrono_literals;

TEST_CASE("each loop runs on a thread of its own and knows its index") {
  net::runtime     loops(3);
  std::atomic<int> sum{0};
  CHECK(net::runtime::here() == net::runtime::npos);
  loops.start();
  loops.on_each([&sum](std::size_t index) {
    if (net::runtime::here() == index) sum += static_cast<int>(index) + 1;
  });
  for (int i = 0; i != 1000 && sum != 6; ++i) std::this_thread::sleep_for(1ms);
  CHECK(sum == 6);
}
