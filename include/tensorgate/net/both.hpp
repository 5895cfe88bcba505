// tensorgate/net/both.hpp: two things at once that share one fate.
#pragma once

#include <array>      // array
#include <cstddef>    // size_t
#include <exception>  // exception_ptr
#include <memory>     // shared_ptr
#include <optional>   // optional
#include <utility>    // move

#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/net/gate.hpp>     // gate
#include <tensorgate/net/task.hpp>     // task

namespace tensorgate::inline TENSORGATE_ABI::net {

namespace detail {

struct both_state {
  gate                                     ended;
  std::size_t                              left = 2;
  std::optional<failure>                   first;
  std::exception_ptr                       thrown;
  std::array<asio::cancellation_signal, 2> stop;

  void cancel_all() {
    for (auto& one : stop) one.emit(asio::cancellation_type::terminal);
  }
};

inline void start_of_both(asio::any_io_executor const& where, std::shared_ptr<both_state> const& state,
                          std::size_t index, task<result<void>> work) {
  auto done = [state, index](std::exception_ptr thrown, result<void> said) {
    if (thrown && !state->thrown && !state->first) state->thrown = thrown;
    if (!thrown && !said && !state->first && !state->thrown) state->first = said.error();
    --state->left;
    if (state->left != 0 && (thrown || !said)) state->stop[1 - index].emit(asio::cancellation_type::terminal);
    if (state->left == 0) state->ended.open();
  };
  asio::co_spawn(where, std::move(work), asio::bind_cancellation_slot(state->stop[index].slot(), std::move(done)));
}

}  // namespace detail

/// Runs both on the caller's loop. The first failure cancels the other.
/// Completes: when both have ended, also after a cancellation of the caller, which cancels both.
/// Fails with: the first failure; what one of them threw is thrown again here.
inline task<result<void>> both(task<result<void>> one, task<result<void>> other) {
  auto const where = co_await asio::this_coro::executor;
  co_await asio::this_coro::throw_if_cancelled(false);
  auto const state = std::make_shared<detail::both_state>();
  detail::start_of_both(where, state, 0, std::move(one));
  detail::start_of_both(where, state, 1, std::move(other));
  while (state->left != 0) {
    auto const [stopped] = co_await state->ended.wait();
    if (!stopped) continue;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    state->cancel_all();
  }
  if (state->thrown) std::rethrow_exception(state->thrown);
  if (state->first) co_return fail(*state->first);
  co_return result<void>{};
}

}  // namespace tensorgate::net
