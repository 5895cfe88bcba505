#include <tensorgate/net/deadline.hpp>

#include <chrono>
#include <system_error>

#include <doctest/doctest.h>

#include <tensorgate/net/both.hpp>

#include "support/run_task.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using test::run_task;

namespace {

task<result<void>> rest(std::chrono::milliseconds time, std::error_code then, int* cancelled) {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, time);
  auto const [stopped] = co_await clock.async_wait(net::as_values);
  if (stopped) {
    ++*cancelled;
    co_return fail(net::errc::cancelled);
  }
  if (then) co_return fail(then);
  co_return result<void>{};
}

task<result<void>> pair(std::chrono::milliseconds first, std::error_code first_then, std::chrono::milliseconds second,
                        std::error_code second_then, int* cancelled) {
  auto one   = rest(first, first_then, cancelled);
  auto other = rest(second, second_then, cancelled);
  co_return co_await net::both(std::move(one), std::move(other));
}

task<result<void>> limited(std::chrono::milliseconds work, std::chrono::milliseconds limit, int* cancelled) {
  auto       inner = rest(work, {}, cancelled);
  auto const until = std::chrono::steady_clock::now() + limit;
  co_return co_await net::within(std::move(inner), until);
}

// `both` inside of `within`: the deadline reaches both.
task<result<void>> limited_pair(int* cancelled) {
  auto       inner = pair(60s, {}, 60s, {}, cancelled);
  auto const until = std::chrono::steady_clock::now() + 10ms;
  co_return co_await net::within(std::move(inner), until);
}

}  // namespace

TEST_CASE("what takes longer than its deadline is cancelled") {
  int cancelled = 0;
  CHECK(run_task(limited(1ms, 60s, &cancelled)).has_value());
  CHECK(cancelled == 0);
  CHECK(run_task(limited(60s, 10ms, &cancelled)).error().code == net::errc::timed_out);
  CHECK(cancelled == 1);
  CHECK(run_task(limited_pair(&cancelled)).error().code == net::errc::timed_out);
  CHECK(cancelled == 3);
}
