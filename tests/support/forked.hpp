// tests/support/forked.hpp: a function that runs in a process of its own, for what a process has but one of: signals,
// limits, inherited sockets.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace tensorgate::test {

/// The child ends with what the function returns, 99 when it throws. Not while other threads run.
class forked {
 public:
  template <class Function>
  explicit forked(Function&& run) : pid_(::fork()) {
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ != 0) return;
    int code = 99;
    try {
      code = std::forward<Function>(run)();
    } catch (...) {
      code = 99;
    }
    ::_exit(code);
  }
  forked(forked const&)            = delete;
  forked& operator=(forked const&) = delete;
  ~forked() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void                signal(int number) const { ::kill(pid_, number); }

  /// Its exit code, or 128 and the number of the signal that ended it; -1 if it goes on for longer than `patience`.
  int wait(std::chrono::milliseconds patience = std::chrono::seconds{20}) {
    auto const until  = std::chrono::steady_clock::now() + patience;
    int        status = 0;
    for (;;) {
      auto const ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) break;
      if (std::chrono::steady_clock::now() > until) return -1;
      ::usleep(2000);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

}  // namespace tensorgate::test
