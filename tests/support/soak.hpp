// tests/support/soak.hpp: how long a long run takes, and which core has the server to itself.
#pragma once

#include <chrono>     // seconds
#include <cstdlib>    // getenv
#include <stdexcept>  // runtime_error
#include <string>     // stol

#include <sched.h>  // sched_setaffinity

namespace tensorgate_tests {

/// What TENSORGATE_SOAK_SECONDS says, else `usual`.
inline std::chrono::seconds soak_length(std::chrono::seconds usual) {
  char const* const named = std::getenv("TENSORGATE_SOAK_SECONDS");
  return named != nullptr ? std::chrono::seconds(std::stol(named)) : usual;
}

/// Leaves the first core to the server: this thread, and those that it starts, keep to the others until the end.
class server_apart {
 public:
  server_apart() {
    if (::sched_getaffinity(0, sizeof before_, &before_) != 0 || CPU_COUNT(&before_) < 2)
      throw std::runtime_error("a soak needs two cores: one for the server, one for the load");
    while (!CPU_ISSET(core_, &before_)) ++core_;
    auto others = before_;
    CPU_CLR(core_, &others);
    if (::sched_setaffinity(0, sizeof others, &others) != 0) throw std::runtime_error("sched_setaffinity");
  }
  server_apart(server_apart const&)            = delete;
  server_apart& operator=(server_apart const&) = delete;
  ~server_apart() { ::sched_setaffinity(0, sizeof before_, &before_); }

  /// The server's.
  [[nodiscard]] int core() const noexcept { return core_; }

 private:
  ::cpu_set_t before_{};
  int         core_ = 0;
};

}  // namespace tensorgate_tests
