#include <tensorgate/net/deadline.hpp>

#include <chrono>
#include <system_error>

#include <doctest/doctest.h>

#include <tensorgate/net/both.hpp>

#include "support/resting.hpp"
#include "support/run_task.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using test::rest;
using test::rest_twice;
using test::run_task;

namespace {

task<result<void>> limited(std::chrono::milliseconds work, std::chrono::milliseconds limit, int* cancelled) {
  auto       inner = rest(work, {}, cancelled);
  auto const until = std::chrono::steady_clock::now() + limit;
  co_return co_await net::within(std::move(inner), until);
}

// `both` inside of `within`: the deadline reaches both.
task<result<void>> limited_pair(int* cancelled) {
  auto       inner = rest_twice(60s, {}, 60s, {}, cancelled);
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
