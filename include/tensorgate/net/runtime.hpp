// tensorgate/net/runtime.hpp: a loop per core, and nothing shared between them.
#pragma once

#include <cstddef>  // size_t, ptrdiff_t
#include <latch>    // latch
#include <memory>   // make_shared, unique_ptr
#include <thread>   // thread
#include <utility>  // forward
#include <vector>   // vector

#include <pthread.h>  // pthread_setname_np
#include <signal.h>   // pthread_sigmask

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI
#include <tensorgate/net/asio.hpp>  // io_context

namespace tensorgate::inline TENSORGATE_ABI::net {

namespace detail {
/// The index of the loop that this thread runs; npos on other threads.
inline thread_local std::size_t loop_here = static_cast<std::size_t>(-1);
}  // namespace detail

/// The loops of a program: an io_context and a thread each. Signals are blocked on these threads.
class runtime {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  /// `loops`: how many; 0: one per core that this process may use.
  explicit runtime(std::size_t loops = 0) {
    if (loops == 0) loops = std::thread::hardware_concurrency();
    if (loops == 0) loops = 1;
    loops_.reserve(loops);
    for (std::size_t i = 0; i != loops; ++i) loops_.push_back(std::make_unique<one>());
  }
  runtime(runtime const&)            = delete;
  runtime& operator=(runtime const&) = delete;
  ~runtime() { stop(); }

  [[nodiscard]] std::size_t       size() const noexcept { return loops_.size(); }
  [[nodiscard]] asio::io_context& loop(std::size_t index) noexcept { return loops_[index]->context; }

  /// The index of the calling thread's loop, or npos.
  [[nodiscard]] static std::size_t here() noexcept { return detail::loop_here; }

  /// Starts the threads. What was posted before runs first.
  void start() {
    ::sigset_t every{};
    ::sigset_t before{};
    ::sigfillset(&every);
    ::pthread_sigmask(SIG_SETMASK, &every, &before);
    for (std::size_t i = 0; i != loops_.size(); ++i) {
      auto& mine = *loops_[i];
      if (mine.thread.joinable()) continue;
      mine.thread = std::thread([&mine, i] {
        detail::loop_here = i;
        mine.context.run();
        detail::loop_here = npos;
      });
      ::pthread_setname_np(mine.thread.native_handle(), "loop");
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  /// Ends the loops after the function that each is in, and waits for the threads. Not from a loop.
  void stop() {
    for (auto& each : loops_) each->context.stop();
    for (auto& each : loops_) {
      if (each->thread.joinable()) each->thread.join();
    }
  }

  /// True between `start` and `stop`.
  [[nodiscard]] bool is_running() const noexcept { return !loops_.empty() && loops_.front()->thread.joinable(); }

  /// Runs `todo(index)` on every loop and waits until it has run on all; where no loop runs, here. Not from a loop, nor
  /// while another thread starts or stops the loops.
  template <class Function>
  void on_each_done(Function const& todo) {
    if (!is_running()) {
      for (std::size_t i = 0; i != loops_.size(); ++i) todo(i);
      return;
    }
    auto const left = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(loops_.size()));
    on_each([&todo, left](std::size_t i) {
      todo(i);
      left->count_down();
    });
    left->wait();
  }

  /// Runs `todo(index)` on every loop, soon. It is copied.
  template <class Function>
  void on_each(Function const& todo) {
    for (std::size_t i = 0; i != loops_.size(); ++i) {
      asio::post(loops_[i]->context, [todo, i]() mutable { todo(i); });
    }
  }

 private:
  struct one {
    asio::io_context                                           context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::thread                                                thread;
  };
  std::vector<std::unique_ptr<one>> loops_;
};

}  // namespace tensorgate::net
