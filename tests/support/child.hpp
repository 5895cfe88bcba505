// A program started for real: its output is read, its exit code known, and it never outlives the test.
#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tensorgate_tests {

class child {
 public:
  /// Starts `words[0]` with both outputs joined; on that core alone, if one is named.
  explicit child(std::vector<std::string> words, int core = -1) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      ::dup2(pipe[1], STDOUT_FILENO);
      ::dup2(pipe[1], STDERR_FILENO);
      if (core >= 0) {
        ::cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET(core, &only);
        if (::sched_setaffinity(0, sizeof only, &only) != 0) ::_exit(126);
      }
      std::vector<char*> raw;
      for (auto& one : words) raw.push_back(one.data());
      raw.push_back(nullptr);
      ::execv(raw.front(), raw.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    out_ = pipe[0];
  }
  child(child const&)            = delete;
  child& operator=(child const&) = delete;
  ~child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
    ::close(out_);
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void                signal(int number) const { ::kill(pid_, number); }

  /// Reads until `word` was printed, the program ended, or the time is over. All that was printed so far.
  std::string const& read_until(std::string_view word, std::chrono::milliseconds patience = std::chrono::seconds{20}) {
    auto const until = std::chrono::steady_clock::now() + patience;
    while (printed_.find(word) == std::string::npos) {
      auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      pollfd waiting{out_, POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
      std::array<char, 4096> piece{};
      auto const             got = ::read(out_, piece.data(), piece.size());
      if (got <= 0) break;
      printed_.append(piece.data(), static_cast<std::size_t>(got));
    }
    return printed_;
  }

  /// Waits for the end: the exit code, or 128 and the signal's number.
  int wait() {
    read_until("\x01 never printed", std::chrono::seconds{60});
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  [[nodiscard]] std::string const& printed() const noexcept { return printed_; }

 private:
  pid_t       pid_ = -1;
  int         out_ = -1;
  std::string printed_;
};

/// Runs a program to its end.
inline std::pair<int, std::string> run(std::vector<std::string> words) {
  child     one{std::move(words)};
  int const code = one.wait();
  return {code, one.printed()};
}

}  // namespace tensorgate_tests
