// tensorgate/net/signals.hpp: what the operator asks by signal.
#pragma once

#include <functional>  // function
#include <utility>     // move
#include <vector>      // vector

#include <signal.h>  // pthread_sigmask, sigaction
#include <csignal>   // SIGTERM

#include <tensorgate/net/asio.hpp>  // io_context, signal_set

namespace tensorgate::inline TENSORGATE_ABI::net {

/// A peer that hangs up is told by an error code, not by a signal that ends the program.
inline void ignore_broken_pipes() {
  struct ::sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignored, nullptr);
}

/// Calls a function on a loop for each signal of a set, until it is destroyed or told to stop; on that loop's thread.
class signals {
 public:
  /// At least one thread of the program must not block these signals; the threads of net/runtime.hpp and
  /// net/cpu_pool.hpp block all.
  signals(asio::io_context& loop, std::vector<int> const& which, std::function<void(int)> heard)
      : set_(loop), heard_(std::move(heard)) {
    for (int const one : which) set_.add(one);
    listen();
  }
  signals(signals const&)            = delete;
  signals& operator=(signals const&) = delete;
  ~signals()                         = default;

  void stop() {
    is_stopped_ = true;
    set_.cancel();
  }

 private:
  void listen() {
    set_.async_wait([this](std::error_code stopped, int which) {
      if (stopped) return;
      heard_(which);
      if (!is_stopped_) listen();
    });
  }

  asio::signal_set         set_;
  std::function<void(int)> heard_;
  bool                     is_stopped_ = false;
};

}  // namespace tensorgate::net
