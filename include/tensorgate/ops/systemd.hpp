// tensorgate/ops/systemd.hpp: how is the service manager told that we are ready, alive or stopping?
//
// The protocol of sd_notify(3): lines of text in one datagram to the socket that NOTIFY_SOCKET names. No library.
#pragma once

#include <cerrno>        // errno
#include <charconv>      // from_chars
#include <chrono>        // microseconds
#include <cstddef>       // offsetof
#include <cstdint>       // int64_t
#include <cstdlib>       // getenv
#include <ctime>         // clock_gettime
#include <optional>      // optional
#include <string>        // string, to_string
#include <string_view>   // string_view
#include <system_error>  // generic_category

#include <sys/socket.h>  // sendto
#include <sys/un.h>      // sockaddr_un
#include <unistd.h>      // close, getpid

#include <tensorgate/core/result.hpp>    // result
#include <tensorgate/net/unix_name.hpp>  // unix_name

namespace tensorgate::inline TENSORGATE_ABI::ops {

/// Speaks to the service manager that started this process; says nothing where there is none.
/// Calls are thread-safe: each sends one datagram of its own.
class service_manager {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  [[nodiscard]] static service_manager from_environment() {
    auto const text = [](char const* name) {
      char const* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before the threads start
      return std::string_view(value == nullptr ? "" : value);
    };
    return service_manager(std::string(text("NOTIFY_SOCKET")), text("WATCHDOG_USEC"), text("WATCHDOG_PID"));
  }

  service_manager() = default;
  /// `socket` is a path, or a name after "@" in Linux' abstract namespace; empty says that nobody listens.
  explicit service_manager(std::string socket, std::string_view watchdog_usec = {}, std::string_view watchdog_pid = {})
      : socket_(std::move(socket)) {
    std::int64_t usec = 0;
    std::int64_t pid  = 0;
    if (!read(watchdog_usec, usec) || usec <= 0) return;
    if (!watchdog_pid.empty() && (!read(watchdog_pid, pid) || pid != static_cast<std::int64_t>(::getpid()))) return;
    watchdog_ = std::chrono::microseconds(usec);
  }

  [[nodiscard]] bool present() const noexcept { return !socket_.empty(); }
  /// How often at least the manager wants to hear `alive`; nothing when it does not watch.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const noexcept { return watchdog_; }

  [[nodiscard]] result<void> ready(std::string_view status) const { return send("READY=1\nSTATUS=" + line(status)); }
  [[nodiscard]] result<void> status(std::string_view text) const { return send("STATUS=" + line(text)); }
  [[nodiscard]] result<void> alive() const { return send("WATCHDOG=1"); }
  [[nodiscard]] result<void> stopping(std::string_view status) const {
    return send("STOPPING=1\nSTATUS=" + line(status));
  }
  /// To be followed by `ready` when the reload is done. The stamp is what Type=notify-reload waits for.
  [[nodiscard]] result<void> reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    auto const usec = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
  }

  /// Sends lines as they are. Fails with: the system's code.
  [[nodiscard]] result<void> send(std::string const& lines) const {
    if (socket_.empty()) return {};
    if (socket_.size() < 2 || (socket_.front() != '/' && socket_.front() != '@')) {
      return fail(std::make_error_code(std::errc::invalid_argument),
                  "NOTIFY_SOCKET is neither a path nor a name after @");
    }
    auto to = net::unix_name(socket_);
    if (!to) {
      return fail(std::make_error_code(std::errc::filename_too_long), "NOTIFY_SOCKET is too long for a socket address");
    }
    if (socket_.front() == '@') to->sun_path[0] = '\0';
    auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    int const  fd   = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail({errno, std::generic_category()}, "no socket for the service manager");
    auto const sent =
        ::sendto(fd, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&*to), size);
    auto const error = errno;
    ::close(fd);
    if (sent < 0) return fail({error, std::generic_category()}, "the service manager did not take a notification");
    return {};
  }

 private:
  static bool read(std::string_view text, std::int64_t& value) noexcept {
    auto const got = std::from_chars(text.data(), text.data() + text.size(), value);
    return got.ec == std::errc{} && got.ptr == text.data() + text.size();
  }
  static std::string line(std::string_view text) {
    std::string made(text.substr(0, 500));
    for (auto& one : made) {
      if (static_cast<unsigned char>(one) < 0x20) one = ' ';
    }
    return made;
  }

  std::string                              socket_{};
  std::optional<std::chrono::microseconds> watchdog_{};
};

}  // namespace tensorgate::ops
