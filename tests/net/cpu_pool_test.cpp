#include <tensorgate/net/cpu_pool.hpp>

#include <stdexcept>
#include <string>
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

}  // namespace

TEST_CASE("the pool gives back what the work returned or threw, on the asking loop") {
  net::cpu_pool pool(2);
  CHECK(run_task(ask_pool(pool, "a text that does not fit into a short string")) ==
        "a text that does not fit into a short string!");
  CHECK_THROWS_AS(run_task(ask_pool_to_throw(pool)), std::runtime_error);
}
