// tests/raw/abuse.hpp: peers that mean no good, and one that only wants to be answered.
#pragma once

#include <algorithm>    // max
#include <array>        // array
#include <atomic>       // atomic
#include <cerrno>       // errno
#include <chrono>       // milliseconds, steady_clock
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t
#include <random>       // mt19937
#include <string>       // string
#include <string_view>  // string_view
#include <thread>       // thread
#include <utility>      // exchange
#include <vector>       // vector

#include <poll.h>          // poll
#include <sys/resource.h>  // setrlimit, setpriority
#include <sys/socket.h>    // send, recv
#include <unistd.h>        // close

#include "cases/all.hpp"  // all_cases
#include "player.hpp"     // dial

namespace tensorgate::test::raw {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// As many open files as the system lets this process and its children have.
inline void raise_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// A socket that is closed with its owner; never waits.
class peer {
 public:
  explicit peer(std::uint16_t port) : socket_(dial(port)) {}
  peer(peer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  peer& operator=(peer&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~peer() {
    if (socket_ >= 0) ::close(socket_);
  }

  [[nodiscard]] bool is_open() const noexcept { return socket_ >= 0; }
  /// Bytes that the socket took; 0 when it takes none now.
  std::size_t send(std::string_view text) const {
    auto const put = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return put > 0 ? static_cast<std::size_t>(put) : 0;
  }
  /// What came; `ended` is set when nothing more will.
  std::string receive(bool& ended) const {
    std::string             all;
    std::array<char, 65536> piece{};
    for (;;) {
      auto const got = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got > 0) {
        all.append(piece.data(), static_cast<std::size_t>(got));
        continue;
      }
      ended = got == 0 || errno != EAGAIN;
      return all;
    }
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }
  /// Closes so that the other side sees a reset.
  void reset() {
    linger const now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(socket_, -1));
  }

 private:
  int socket_;
};

/// Asks again and again, on a connection that it keeps and on new ones, and remembers its longest wait.
class normal_client {
 public:
  explicit normal_client(std::uint16_t port, bool opens_new = true)
      : port_(port), opens_new_(opens_new), kept_(dial(port)), thread_([this] { run(); }) {}
  normal_client(normal_client const&)            = delete;
  normal_client& operator=(normal_client const&) = delete;
  ~normal_client() {
    stop();
    ::close(kept_);
  }

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// After `stop`.
  [[nodiscard]] std::chrono::milliseconds longest() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(longest_);
  }
  [[nodiscard]] std::size_t answered() const noexcept { return answered_; }
  [[nodiscard]] std::size_t failed() const noexcept { return failed_; }

 private:
  void run() {
    // It measures the server, not the load on its own core; where that is not allowed, it waits with the load.
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, -10));
    while (!stopping_) {
      ask(kept_);
      if (opens_new_) {
        auto const began = steady_clock::now();
        int const  fresh = dial(port_);
        ask(fresh, began);
        if (fresh >= 0) ::close(fresh);
      }
      std::this_thread::sleep_for(5ms);
    }
  }
  void ask(int where, steady_clock::time_point began = steady_clock::now()) {
    std::string const text = sized("normal");
    bool              good =
        where >= 0 && ::send(where, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    std::string came;
    while (good) {
      auto const got = read_answer(came, false, false);
      if (got.whole) {
        good = got.whole->status == 200 && got.whole->body == "normal";
        break;
      }
      pollfd                 waiting{where, POLLIN, 0};
      std::array<char, 4096> piece{};
      auto const             size = ::poll(&waiting, 1, 5000) > 0 ? ::recv(where, piece.data(), piece.size(), 0) : 0;
      good                        = got.wrong.empty() && size > 0;
      if (good) came.append(piece.data(), static_cast<std::size_t>(size));
    }
    (good ? answered_ : failed_) += 1;
    longest_ = std::max(longest_, steady_clock::now() - began);
  }

  std::uint16_t          port_;
  bool                   opens_new_;
  int                    kept_;
  std::size_t            answered_ = 0;
  std::size_t            failed_   = 0;
  steady_clock::duration longest_{};
  std::atomic<bool>      stopping_{false};
  std::thread            thread_;
};

/// What came back to a crowd of peers.
struct crowd_report {
  std::size_t opened  = 0;
  std::size_t refused = 0;  ///< 503, or closed without a word
  std::size_t late    = 0;  ///< 408
  std::size_t ended   = 0;  ///< closed by the server, whatever it said before
};

inline void look_at(std::vector<peer>& all, crowd_report& report) {
  std::erase_if(all, [&](peer const& one) {
    bool       ended = false;
    auto const came  = one.receive(ended);
    if (came.find("HTTP/1.1 408 ") != std::string::npos) ++report.late;
    if (came.find("HTTP/1.1 503 ") != std::string::npos) ++report.refused;
    if (ended) ++report.ended;
    return ended;
  });
}

/// Each sends `head`, then a byte of `drip` every 20 ms, as long as it may.
inline crowd_report drip_in(std::uint16_t port, std::size_t count, std::string_view head, std::string_view drip,
                            std::chrono::milliseconds time) {
  crowd_report      report;
  std::vector<peer> all;
  for (std::size_t i = 0; i != count; ++i) {
    all.emplace_back(port);
    if (!all.back().is_open()) break;
    ++report.opened;
    all.back().send(head);
  }
  auto const until = steady_clock::now() + time;
  for (std::size_t at = 0; steady_clock::now() < until && !all.empty(); ++at) {
    for (auto const& one : all) one.send(drip.substr(at % drip.size(), 1));
    look_at(all, report);
    std::this_thread::sleep_for(20ms);
  }
  return report;
}

/// Each sends as many requests as the server takes, and never reads.
inline crowd_report send_and_never_read(std::uint16_t port, std::size_t count, std::chrono::milliseconds time) {
  crowd_report report;
  std::string  deep;
  while (deep.size() < 60'000) deep += get("/big") + sized("hello") + get("/hello/a") + sized("hello", "/stream");
  std::vector<peer>        all;
  std::vector<std::size_t> at(count, 0);
  for (std::size_t i = 0; i != count; ++i) {
    all.emplace_back(port);
    report.opened += all.back().is_open() ? 1U : 0U;
  }
  auto const until = steady_clock::now() + time;
  while (steady_clock::now() < until) {
    for (std::size_t i = 0; i != count; ++i)
      at[i] = (at[i] + all[i].send(std::string_view(deep).substr(at[i]))) % deep.size();
    std::this_thread::sleep_for(5ms);
  }
  return report;
}

/// Connections that say nothing, or nothing more after one request.
inline std::vector<peer> stay_idle(std::uint16_t port, std::size_t count) {
  std::vector<peer> all;
  for (std::size_t i = 0; i != count; ++i) {
    all.emplace_back(port);
    if (!all.back().is_open()) break;
    if (i % 2 == 0) all.back().send(get());
  }
  for (auto const& one : all) {
    bool ended = false;
    one.receive(ended);
  }
  return all;
}

/// Sends parts of raw cases and leaves in every way there is.
inline std::size_t come_and_go(std::uint16_t port, unsigned seed, std::chrono::milliseconds time) {
  std::mt19937 random(seed);
  auto const&  cases = all_cases().all();
  auto const   until = steady_clock::now() + time;
  std::size_t  count = 0;
  while (steady_clock::now() < until) {
    peer one(port);
    if (!one.is_open()) continue;
    ++count;
    auto const& bytes = cases[random() % cases.size()].bytes;
    auto const  part  = std::string_view(bytes).substr(0, 1 + random() % (bytes.size() + 1));
    auto const  half  = part.size() / (1 + random() % 3);
    one.send(part.substr(0, half));
    std::this_thread::sleep_for(1ms);
    one.send(part.substr(half));
    bool ended = false;
    switch (random() % 4) {
      case 0: one.reset(); break;
      case 1: one.end_sending(); break;
      case 2: one.receive(ended); break;
      default: break;
    }
  }
  return count;
}

/// Waits until `now()` is at most `bound`.
template <class Now>
bool falls_to(std::size_t bound, Now const& now, std::chrono::milliseconds patience = 8s) {
  auto const until = steady_clock::now() + patience;
  while (now() > bound) {
    if (steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

}  // namespace tensorgate::test::raw
