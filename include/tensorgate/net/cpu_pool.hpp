// tensorgate/net/cpu_pool.hpp: where does work go that would hold a loop?
#pragma once

#include <condition_variable>  // condition_variable
#include <cstddef>             // size_t
#include <deque>               // deque
#include <exception>           // exception_ptr
#include <functional>          // function
#include <memory>              // shared_ptr
#include <mutex>               // mutex
#include <optional>            // optional
#include <system_error>        // system_error
#include <thread>              // thread
#include <type_traits>         // invoke_result_t
#include <utility>             // move
#include <vector>              // vector

#include <pthread.h>       // pthread_setname_np
#include <signal.h>        // pthread_sigmask
#include <sys/resource.h>  // setpriority

#include <tensorgate/net/task.hpp>  // task, as_values

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Threads for what takes longer than about a millisecond of CPU, or blocks. Their results come back to the loop that
/// asked. A loop that has nobody to wait for it posts and forgets.
class cpu_pool {
 public:
  /// `threads`: how many; 0: one per core that this process may use.
  explicit cpu_pool(std::size_t threads = 0) {
    if (threads == 0) threads = std::thread::hardware_concurrency();
    if (threads == 0) threads = 1;
    ::sigset_t every{};
    ::sigset_t before{};
    ::sigfillset(&every);
    ::pthread_sigmask(SIG_SETMASK, &every, &before);
    for (std::size_t i = 0; i != threads; ++i) {
      threads_.emplace_back([this] { work(); });
      ::pthread_setname_np(threads_.back().native_handle(), "pool");
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  cpu_pool(cpu_pool const&)            = delete;
  cpu_pool& operator=(cpu_pool const&) = delete;
  ~cpu_pool() { stop(); }

  [[nodiscard]] std::size_t size() const noexcept { return threads_.size(); }

  /// More than a server has requests in hand, of which each waits for one thing at a time.
  static constexpr std::size_t most_waiting = 16 * 1024;

  /// Runs `todo` on a thread of the pool, some time. It must not throw.
  /// False where too many wait already (`most_waiting`): it does not run then.
  bool post(std::function<void()> todo) {
    {
      std::scoped_lock const lock(mutex_);
      if (waiting_.size() >= most_waiting) return false;
      if (is_ending_) return true;
      waiting_.push_back(std::move(todo));
    }
    wake_.notify_one();
    return true;
  }

  /// Runs `todo()` on a thread of the pool and comes back with what it returned. Give it a name and move it in: a
  /// capturing lambda written into the awaited expression is destroyed twice by g++ 12.
  /// Completes: when it ran; also if the caller was cancelled meanwhile, for the work cannot be.
  /// Fails with: what `todo` threw, thrown again here; std::system_error (resource_unavailable_try_again) where too
  /// many wait already.
  template <class Function>
  task<std::invoke_result_t<Function&>> run(Function todo) {
    using value = std::invoke_result_t<Function&>;
    auto work   = std::make_shared<job<Function, value>>(std::move(todo));
    co_await hand_over(work);
    if (work->thrown) std::rethrow_exception(work->thrown);
    if constexpr (!std::is_void_v<value>) co_return std::move(*work->made);
  }

  /// Lets running work end, drops what waits, joins. Not from a thread of the pool.
  void stop() {
    {
      std::scoped_lock const lock(mutex_);
      is_ending_ = true;
    }
    wake_.notify_all();
    for (auto& one : threads_) {
      if (one.joinable()) one.join();
    }
    waiting_.clear();
  }

 private:
  template <class Function, class Value>
  struct job {
    explicit job(Function one) : todo(std::move(one)) {}
    void operator()() noexcept {
      try {
        if constexpr (std::is_void_v<Value>) {
          todo();
        } else {
          made.emplace(todo());
        }
      } catch (...) {
        thrown = std::current_exception();
      }
    }
    struct nothing {};
    Function                                                                 todo;
    std::optional<std::conditional_t<std::is_void_v<Value>, nothing, Value>> made;
    std::exception_ptr                                                       thrown;
  };

  template <class Job>
  task<void> hand_over(std::shared_ptr<Job> work) {
    return asio::async_initiate<asio::use_awaitable_t<> const, void()>(
        [](auto handler, cpu_pool* pool, std::shared_ptr<Job> one) {
          auto const executor = asio::get_associated_executor(handler);
          auto       back     = std::make_shared<decltype(handler)>(std::move(handler));
          // The loop does not run out of work while its answer is still to come.
          auto       guard = asio::make_work_guard(executor);
          bool const taken = pool->post([one, back, executor, guard]() mutable {
            (*one)();
            one.reset();  // what it made is the caller's alone, from here on
            asio::post(executor, [back = std::move(back)]() mutable { std::move (*back)(); });
          });
          if (taken) return;
          auto const full = std::make_error_code(std::errc::resource_unavailable_try_again);
          one->thrown     = std::make_exception_ptr(std::system_error(full, "too much waits for the pool"));
          asio::post(executor, [back = std::move(back)]() mutable { std::move (*back)(); });
        },
        asio::use_awaitable, this, std::move(work));
  }

  void work() {
    // Of this thread alone, and of those it starts: the loops go first where cores are few.
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, below_loops));
    for (;;) {
      std::function<void()> todo;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
        if (is_ending_) return;
        todo = std::move(waiting_.front());
        waiting_.pop_front();
      }
      todo();
    }
  }

  static constexpr int below_loops = 10;  // nice: about a tenth of a loop's share

  std::mutex                        mutex_;
  std::condition_variable           wake_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread>          threads_;
  bool                              is_ending_ = false;
};

}  // namespace tensorgate::net
