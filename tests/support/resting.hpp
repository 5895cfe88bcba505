// tests/support/resting.hpp: work that does nothing but wait, fail and be cancelled.
#pragma once

#include <chrono>
#include <system_error>
#include <utility>

#include <tensorgate/core/result.hpp>
#include <tensorgate/net/both.hpp>
#include <tensorgate/net/errc.hpp>
#include <tensorgate/net/task.hpp>

namespace tensorgate::test {

/// Waits for `time`, then fails with `then` if that is an error. Counts in `cancelled` when it was cut short.
inline task<result<void>> rest(std::chrono::milliseconds time, std::error_code then, int* cancelled) {
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

/// Two of them at once.
inline task<result<void>> rest_twice(std::chrono::milliseconds first, std::error_code first_then,
                                     std::chrono::milliseconds second, std::error_code second_then, int* cancelled) {
  auto one   = rest(first, first_then, cancelled);
  auto other = rest(second, second_then, cancelled);
  co_return co_await net::both(std::move(one), std::move(other));
}

}  // namespace tensorgate::test
