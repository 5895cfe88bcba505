// tensorgate/net/watch.hpp: has anything changed in these folders?
#pragma once

#include <array>       // array
#include <cerrno>      // errno
#include <chrono>      // milliseconds
#include <cstddef>     // byte, size_t
#include <filesystem>  // path
#include <memory>      // shared_ptr
#include <vector>      // vector

#include <sys/inotify.h>  // inotify_init1
#include <unistd.h>       // close, read

#include <tensorgate/net/asio.hpp>  // io_context, stream_descriptor, steady_timer
#include <tensorgate/net/task.hpp>  // task

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Watches folders for files that are written, moved, made or removed in them. Where the kernel cannot tell (a network
/// file system, no watches left, a folder that does not exist yet) the interval of `changed` is what finds it.
/// On one loop; one coroutine waits at a time.
class watch {
 public:
  watch(asio::io_context& loop, std::vector<std::filesystem::path> folders)
      : folders_(std::move(folders)),
        watches_(folders_.size(), -1),
        events_(std::make_shared<asio::posix::stream_descriptor>(loop)),
        pause_(loop) {
    int const made = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (made >= 0) events_->assign(made);
    look_for_folders();
  }
  watch(watch const&)            = delete;
  watch& operator=(watch const&) = delete;
  ~watch()                       = default;

  /// True while the kernel tells of changes in every one of the folders.
  [[nodiscard]] bool is_told() const noexcept {
    if (!events_->is_open()) return false;
    for (int const one : watches_) {
      if (one < 0) return false;
    }
    return true;
  }

  /// Completes: with true soon after something changed, many changes at once being one; with false after `at_latest`
  /// or when the caller is cancelled.
  task<bool> changed(std::chrono::milliseconds at_latest) {
    look_for_folders();
    if (!events_->is_open()) {
      pause_.expires_after(at_latest);
      co_await pause_.async_wait(as_values);
      co_return false;
    }
    pause_.expires_after(at_latest);
    pause_.async_wait([events = events_](std::error_code failed) {
      if (!failed) events->cancel();
    });
    auto const [stopped] = co_await events_->async_wait(asio::posix::stream_descriptor::wait_read, as_values);
    pause_.cancel();
    if (stopped) co_return false;
    // A writer seldom writes once: what follows within a moment is the same change.
    pause_.expires_after(settle);
    auto const [paused] = co_await pause_.async_wait(as_values);
    forget_events();
    co_return !paused;
  }

 private:
  static constexpr std::chrono::milliseconds settle{50};
  static constexpr std::uint32_t wanted = IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                          IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

  void look_for_folders() {
    if (!events_->is_open()) return;
    for (std::size_t i = 0; i != folders_.size(); ++i) {
      if (watches_[i] < 0) watches_[i] = ::inotify_add_watch(events_->native_handle(), folders_[i].c_str(), wanted);
    }
  }

  // Reads all that is there. A folder that is gone, or was replaced, is looked for again.
  void forget_events() {
    alignas(::inotify_event) std::array<std::byte, 16 * 1024> buffer{};
    for (;;) {
      auto const got = ::read(events_->native_handle(), buffer.data(), buffer.size());
      if (got <= 0) return;
      for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        auto const& event = *reinterpret_cast<::inotify_event const*>(buffer.data() + at);
        at += sizeof event + event.len;
        if ((event.mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) == 0) continue;
        for (auto& one : watches_) {
          if (one != event.wd) continue;
          if ((event.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(events_->native_handle(), one);
          one = -1;
        }
      }
    }
  }

  std::vector<std::filesystem::path>              folders_;
  std::vector<int>                                watches_;  // -1: not watched now
  std::shared_ptr<asio::posix::stream_descriptor> events_;   // shared with the timer's callback, which may come late
  asio::steady_timer                              pause_;
};

}  // namespace tensorgate::net
