#include <tensorgate/net/cpu_pool.hpp>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <doctest/doctest.h>

#include "support/run_task.hpp"

using namespace tensorgate;
using test::run_task;

namespace {

task<std::string> ask_pool(net::cpu_pool& pool, std::string text) {
  auto work = [text = std::move(text)] { return text + "!"; };
  co_return co_await pool.run(std::move(work));
}

task<int> ask_pool_to_throw(net::cpu_pool& pool) {
  auto work = []() -> int { throw std::runtime_error("deliberate"); };
  co_return co_await pool.run(std::move(work));
}

task<std::string> ask_full_pool(net::cpu_pool& pool) {
  auto work = [] { return std::string("done"); };
  try {
    co_return co_await pool.run(std::move(work));
  } catch (std::system_error const& full) {
    co_return full.code() == std::errc::resource_unavailable_try_again ? "full" : "other";
  }
}

}  // namespace

TEST_CASE("the pool gives back what the work returned or threw, on the asking loop") {
  net::cpu_pool pool(2);
  CHECK(run_task(ask_pool(pool, "a text that does not fit into a short string")) ==
        "a text that does not fit into a short string!");
  CHECK_THROWS_AS(run_task(ask_pool_to_throw(pool)), std::runtime_error);
}

TEST_CASE("a pool for which too much waits takes no more, and says so") {
  net::cpu_pool           pool(1);
  std::mutex              mutex;
  std::condition_variable told;
  bool                    runs = false;
  bool                    goes = false;
  auto const              wait = [&] {
    std::unique_lock lock(mutex);
    runs = true;
    told.notify_all();
    told.wait(lock, [&] { return goes; });
  };
  REQUIRE(pool.post(wait));
  {
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return runs; });
  }
  std::size_t taken = 0;
  while (pool.post(wait)) ++taken;
  CHECK(taken == net::cpu_pool::most_waiting);
  CHECK(run_task(ask_full_pool(pool)) == "full");
  {
    std::scoped_lock const lock(mutex);
    goes = true;
  }
  told.notify_all();
  pool.stop();
}
