// tests/raw/pressure.hpp: bodies of any size, each way, with peers that stop for a while: who is held up, and what does
// it cost?
#pragma once

#include <algorithm>    // max
#include <array>        // array
#include <cerrno>       // errno
#include <charconv>     // from_chars
#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <thread>       // sleep_for

#include <poll.h>        // poll
#include <sys/socket.h>  // send, recv
#include <unistd.h>      // close

#include <doctest/doctest.h>

#include "../support/raw_client.hpp"  // ask
#include "../support/sanitizers.hpp"  // is_sanitized
#include "player.hpp"                 // dial
#include "server.hpp"                 // echo_server

namespace tensorgate::test::raw {

/// Sanitizers keep what is freed, and shadow what is used.
inline constexpr std::size_t may_add = std::size_t{tensorgate_tests::is_sanitized ? 64 : 1} * 1024 * 1024;

/// The largest growth of a server's own memory since the start.
class growth {
 public:
  explicit growth(echo_server const& of) : of_(of), before_(of.memory()) {}
  void look() {
    auto const now = of_.memory();
    most_          = std::max(most_, now > before_ ? now - before_ : 0);
  }
  [[nodiscard]] std::size_t most() const noexcept { return most_; }

 private:
  echo_server const& of_;
  std::size_t        before_;
  std::size_t        most_ = 0;
};

inline std::uint64_t number_after(std::string const& text, std::string_view name) {
  std::uint64_t value = 0;
  auto const    at    = text.find(name);
  if (at != std::string::npos) std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
  return value;
}
/// What the server's handlers have handed over, or taken.
inline std::uint64_t progress_of(echo_server const& server, std::string_view which) {
  auto const said = tensorgate_tests::ask(server.port(), "GET", "/progress").body;
  return number_after(said, "\"" + std::string(which) + "\":");
}

/// What `now()` comes to when it stands still for `rest`, or has not within half a minute: a busy machine fills the
/// kernel's buffers in its own time.
inline std::uint64_t still_for(std::chrono::milliseconds rest, auto&& now) {
  auto const until =
      std::chrono::steady_clock::now() + std::max<std::chrono::milliseconds>(3 * rest, std::chrono::seconds{30});
  for (auto seen = now();;) {
    std::this_thread::sleep_for(rest);
    auto const then = now();
    if (then == seen || std::chrono::steady_clock::now() >= until) {
      CHECK(then == seen);
      return then;
    }
    seen = then;
  }
}

/// The server sends; the client stops reading until nothing has moved for `rest`.
inline void check_download(echo_server const& server, std::uint64_t mebibytes, std::chrono::milliseconds rest) {
  int const         from = dial(server.port());
  std::string const text = "GET /produce/" + std::to_string(mebibytes) + " HTTP/1.0\r\n\r\n";
  REQUIRE(::send(from, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  growth                       memory(server);
  std::array<char, 256 * 1024> piece{};
  std::uint64_t                got    = 0;
  bool                         rested = false;
  for (;;) {
    auto const size = ::recv(from, piece.data(), piece.size(), 0);
    if (size <= 0) break;
    got += static_cast<std::uint64_t>(size);
    if (!rested && got > 8U * 1024 * 1024) {
      rested = true;
      CHECK(still_for(rest, [&] { return progress_of(server, "produced"); }) < mebibytes * 1024 * 1024);
      memory.look();
    }
    if (got % 1024 < 16) memory.look();
  }
  memory.look();
  ::close(from);
  CHECK(rested);
  CHECK(got > mebibytes * 1024 * 1024);
  CHECK(got < mebibytes * 1024 * 1024 + 4096);
  CHECK_MESSAGE(memory.most() <= may_add, memory.most() << " bytes more while sending");
}

/// The server takes; the client stops sending until nothing has moved for `rest`.
inline void check_upload(echo_server const& server, std::uint64_t mebibytes, std::chrono::milliseconds rest) {
  tensorgate_tests::raw_client to(server.port());
  std::uint64_t const          all = mebibytes * 1024 * 1024;
  to.send("POST /swallow HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(all) + "\r\n\r\n");
  growth            memory(server);
  std::string const piece(std::size_t{256} * 1024, 'u');
  for (std::uint64_t sent = 0; sent != all; sent += piece.size()) {
    if (sent == all / 2) {
      CHECK(still_for(rest, [&] { return progress_of(server, "swallowed"); }) == sent);
    }
    to.send(piece);
    if (sent % (all / 16) == 0) memory.look();
  }
  CHECK(to.read().body == std::to_string(all));
  memory.look();
  CHECK_MESSAGE(memory.most() <= may_add, memory.most() << " bytes more while taking");
}

/// The server gives back what it takes; the client sends without reading until it can send no more for `rest`, then
/// goes on both ways. The bytes that come back are those that went.
inline void check_both_ways(echo_server const& server, std::uint64_t mebibytes, std::chrono::milliseconds rest) {
  int const           peer = dial(server.port());
  std::uint64_t const all  = mebibytes * 1024 * 1024;
  std::string const   head =
      "POST /pipe HTTP/1.0\r\nContent-Length: " + std::to_string(all) + "\r\n\r\n";  // 1.0: the answer has no chunks
  REQUIRE(::send(peer, head.data(), head.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(head.size()));
  std::string pattern(std::size_t{251} * 1024, '\0');  // 251 is prime: no two pieces of the size of a buffer are alike
  for (std::size_t i = 0; i != pattern.size(); ++i) pattern[i] = static_cast<char>(i * 31 % 251);
  growth                       memory(server);
  std::uint64_t                sent = 0;
  std::uint64_t                got  = 0;
  std::string                  answer_head;
  bool                         in_body  = false;
  bool                         is_alike = true;
  std::array<char, 256 * 1024> piece{};
  auto const                   send_some = [&] {
    while (sent != all) {
      auto const at = static_cast<std::size_t>(sent % pattern.size());
      auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(pattern.size() - at, all - sent));
      auto const put = ::send(peer, pattern.data() + at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put <= 0) return;
      sent += static_cast<std::uint64_t>(put);
    }
  };
  // Nothing is read yet: the handler waits with what it cannot write, and so takes nothing either.
  CHECK(still_for(rest, [&] {
          send_some();
          return sent;
        }) < all);
  memory.look();
  for (bool ended = false; !ended;) {
    send_some();
    pollfd waiting{peer, static_cast<short>(sent != all ? POLLIN | POLLOUT : POLLIN), 0};
    if (::poll(&waiting, 1, 10'000) <= 0) break;
    auto const size = ::recv(peer, piece.data(), piece.size(), MSG_DONTWAIT);
    ended           = size == 0 || (size < 0 && errno != EAGAIN);
    if (size <= 0) continue;
    std::string_view in(piece.data(), static_cast<std::size_t>(size));
    if (!in_body) {
      answer_head.append(in);
      auto const end = answer_head.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      in_body = true;
      in.remove_prefix(in.size() - (answer_head.size() - end - 4));
    }
    while (!in.empty()) {
      auto const at   = static_cast<std::size_t>(got % pattern.size());
      auto const part = in.substr(0, pattern.size() - at);
      is_alike        = is_alike && part == std::string_view(pattern).substr(at, part.size());
      got += part.size();
      in.remove_prefix(part.size());
    }
    if (got % 256 < 8) memory.look();
  }
  memory.look();
  ::close(peer);
  CHECK(sent == all);
  CHECK(got == all);
  CHECK(is_alike);
  CHECK_MESSAGE(memory.most() <= may_add, memory.most() << " bytes more both ways");
}

inline void check_back_pressure(std::uint64_t mebibytes, std::chrono::milliseconds rest) {
  echo_server server;
  // What the first of each kind costs stays: buffers that are kept for the next.
  check_download(server, 64, std::chrono::milliseconds{400});
  check_upload(server, 64, std::chrono::milliseconds{400});
  check_both_ways(server, 64, std::chrono::milliseconds{400});
  check_download(server, mebibytes, rest);
  check_upload(server, mebibytes, rest);
  check_both_ways(server, mebibytes, rest);
  CHECK(server.stop() == 0);
}

}  // namespace tensorgate::test::raw
