// tensorgate/net/standalone.hpp: the smallest program that parts can live in.
#pragma once

#include <chrono>       // milliseconds
#include <cstdio>       // fwrite, stderr
#include <functional>   // function
#include <memory>       // unique_ptr
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <signal.h>  // sigwait, sigtimedwait, pthread_sigmask
#include <csignal>   // SIGTERM

#include <tensorgate/core/result.hpp>   // result
#include <tensorgate/net/cpu_pool.hpp>  // cpu_pool
#include <tensorgate/net/parts.hpp>     // parts
#include <tensorgate/net/runtime.hpp>   // runtime

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Owns the loops and starts, drains and stops the parts; no configuration, no admin listener. For tests, for servers
/// inside other programs, and for a program that needs no more. `service` is the whole one.
class standalone final : public parts {
 public:
  struct options {
    std::size_t                           loops = 0;      ///< 0: one per core
    std::size_t                           pool  = 1;      ///< threads for what would hold a loop
    std::chrono::milliseconds             drain{10'000};  ///< how long requests get to end
    std::function<void(std::string_view)> say{};          ///< empty: lines on stderr
  };

  standalone() : standalone(options{}) {}
  explicit standalone(options wanted) : options_(std::move(wanted)), loops_(options_.loops) {}
  ~standalone() override { stop(); }

  void                    add(part what) override { parts_.push_back(std::move(what)); }
  [[nodiscard]] runtime&  loops() override { return loops_; }
  [[nodiscard]] cpu_pool& pool() override {
    if (!pool_) pool_ = std::make_unique<cpu_pool>(options_.pool);
    return *pool_;
  }
  void say(std::string_view what, std::string_view text) override {
    std::string line(what);
    line.append(": ").append(text);
    if (options_.say) return options_.say(line);
    line.push_back('\n');
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  /// Starts the parts, then the loops. After a failure nothing runs; what failed was said.
  [[nodiscard]] result<void> start() {
    static_cast<void>(pool());
    ::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
    for (auto& one : parts_) {
      if (!one.start) continue;
      if (auto const started = one.start(); !started) return fail(started);
    }
    loops_.start();
    is_running_ = true;
    return {};
  }

  /// Drains all parts within the deadline, then ends the loops and stops the parts in the reverse order.
  void stop() {
    if (is_running_) {
      is_running_ = false;
      drain();
      loops_.stop();
    }
    for (auto one = parts_.rbegin(); one != parts_.rend(); ++one) {
      if (one->stop) one->stop();
    }
    parts_.clear();
    if (pool_) pool_->stop();
  }

  /// Has every part reload; what cannot keeps what was in force, and that is said.
  void reload() {
    for (auto& one : parts_) {
      if (!one.reload) continue;
      auto const done = one.reload();
      if (done) continue;
      auto const& why = done.error();
      say(one.name, "is as before the reload: " + (why.note.empty() ? why.code.message() : std::string(why.note)));
    }
  }

  /// `start`, then reloads at each SIGHUP until SIGINT or SIGTERM, then `stop`; a second one of these cuts the drain
  /// short. The exit code of the program.
  [[nodiscard]] int run() {
    ::sigset_t heard = ends_;
    ::sigaddset(&heard, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &heard, nullptr);
    if (!start()) return 1;
    for (int which = SIGHUP; which == SIGHUP;) {
      if (::sigwait(&heard, &which) == 0 && which == SIGHUP) reload();
    }
    heeds_signals_ = true;
    stop();
    return 0;
  }

 private:
  void drain() {
    asio::io_context   here(1);
    asio::steady_timer limit(here, options_.drain);
    std::size_t        open = 0;
    for (auto& one : parts_) open += one.drain ? 1U : 0U;
    if (open == 0) return;
    auto const ended = [&open, &limit](std::exception_ptr /*none*/) {
      if (--open == 0) limit.cancel();
    };
    for (auto& one : parts_) {
      if (one.drain) asio::co_spawn(here, one.drain(), ended);
    }
    limit.async_wait([&here](std::error_code /*passed or done*/) { here.stop(); });
    while (!here.stopped()) {
      here.run_for(std::chrono::milliseconds{20});
      ::timespec const at_once{};
      if (heeds_signals_ && ::sigtimedwait(&ends_, nullptr, &at_once) > 0) return;
    }
  }

  static ::sigset_t endings() {
    ::sigset_t made{};
    ::sigemptyset(&made);
    ::sigaddset(&made, SIGINT);
    ::sigaddset(&made, SIGTERM);
    return made;
  }

  options                   options_;
  runtime                   loops_;
  std::unique_ptr<cpu_pool> pool_;
  std::vector<part>         parts_;
  ::sigset_t                ends_          = endings();
  bool                      is_running_    = false;
  bool                      heeds_signals_ = false;  // a second signal is waited for
};

}  // namespace tensorgate::net
