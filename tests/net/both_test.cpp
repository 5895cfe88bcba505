#include <tensorgate/net/both.hpp>

#include <chrono>
#include <stdexcept>
#include <system_error>

#include <doctest/doctest.h>

#include <tensorgate/net/errc.hpp>

#include "support/resting.hpp"
#include "support/run_task.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using test::rest;
using test::rest_twice;
using test::run_task;

namespace {

task<result<void>> throws_soon() {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, 1ms);
  co_await clock.async_wait(net::as_values);
  throw std::runtime_error("deliberate");
}

task<result<void>> pair_with_throw(int* cancelled) {
  auto one   = throws_soon();
  auto other = rest(60s, {}, cancelled);
  co_return co_await net::both(std::move(one), std::move(other));
}

}  // namespace

TEST_CASE("both end when both have ended, and the first failure cancels the other") {
  int        cancelled = 0;
  auto const why       = make_error_code(net::errc::closed);
  CHECK(run_task(rest_twice(1ms, {}, 5ms, {}, &cancelled)).has_value());
  CHECK(cancelled == 0);
  CHECK(run_task(rest_twice(1ms, why, 60s, {}, &cancelled)).error().code == why);
  CHECK(cancelled == 1);
  CHECK(run_task(rest_twice(60s, {}, 1ms, why, &cancelled)).error().code == why);
  CHECK(cancelled == 2);
  CHECK_THROWS_AS(run_task(pair_with_throw(&cancelled)), std::runtime_error);
  CHECK(cancelled == 3);
}
