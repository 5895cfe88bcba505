// tensorgate/net/deadline.hpp: a wait that ends in time, whatever happens.
#pragma once

#include <exception>  // exception_ptr
#include <memory>     // shared_ptr
#include <optional>   // optional
#include <utility>    // move

#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/core/time.hpp>    // steady_point
#include <tensorgate/net/errc.hpp>     // errc
#include <tensorgate/net/gate.hpp>     // gate
#include <tensorgate/net/task.hpp>     // task, as_values

namespace tensorgate::inline TENSORGATE_ABI::net {

namespace detail {

template <class T>
struct within_state {
  explicit within_state(asio::any_io_executor const& where) : clock(where) {}
  asio::steady_timer        clock;
  asio::cancellation_signal stop;
  gate                      ended;
  std::optional<result<T>>  said;
  std::exception_ptr        thrown;
  bool                      is_late  = false;
  bool                      is_ended = false;
};

}  // namespace detail

/// Runs `work` until it ends or `until` has come; then it is cancelled, and its end awaited, for it may use what the
/// caller owns.
/// Completes: when `work` has ended, also after a cancellation of the caller, which cancels it.
/// Fails with: net::errc::timed_out if it was cut short by the deadline; what it fails with; what it throws.
template <class T>
task<result<T>> within(task<result<T>> work, steady_point until) {
  auto const where = co_await asio::this_coro::executor;
  co_await asio::this_coro::throw_if_cancelled(false);
  auto const state = std::make_shared<detail::within_state<T>>(where);
  state->clock.expires_at(until);
  state->clock.async_wait([state](std::error_code failed) {
    if (failed || state->is_ended) return;
    state->is_late = true;
    state->stop.emit(asio::cancellation_type::terminal);
  });
  auto done = [state](std::exception_ptr thrown, result<T> said) {
    state->is_ended = true;
    if (thrown) {
      state->thrown = thrown;
    } else {
      state->said.emplace(std::move(said));
    }
    state->clock.cancel();
    state->ended.open();
  };
  asio::co_spawn(where, std::move(work), asio::bind_cancellation_slot(state->stop.slot(), std::move(done)));
  while (!state->is_ended) {
    auto const [stopped] = co_await state->ended.wait();
    if (!stopped) continue;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    state->stop.emit(asio::cancellation_type::terminal);
  }
  if (state->is_late && (state->thrown || !*state->said)) co_return fail(errc::timed_out, "the deadline has passed");
  if (state->thrown) std::rethrow_exception(state->thrown);
  co_return std::move(*state->said);
}

/// Waits until `when`. False: the caller was cancelled.
inline task<bool> sleep_until(steady_point when) {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, when);
  auto const [stopped] = co_await clock.async_wait(as_values);
  co_return !stopped;
}

}  // namespace tensorgate::net
