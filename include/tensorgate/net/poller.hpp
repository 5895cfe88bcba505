// tensorgate/net/poller.hpp: which descriptors of this loop are ready, and who is told?
#pragma once

#include <array>         // array
#include <cerrno>        // errno
#include <chrono>        // milliseconds
#include <cstddef>       // size_t
#include <cstdint>       // uint32_t
#include <system_error>  // system_error
#include <utility>       // exchange

#include <sys/epoll.h>  // epoll_wait
#include <unistd.h>     // close

#include <tensorgate/core/abi.hpp>   // TENSORGATE_ABI
#include <tensorgate/net/asio.hpp>   // io_context, stream_descriptor, steady_timer
#include <tensorgate/net/wheel.hpp>  // wheel

namespace tensorgate::inline TENSORGATE_ABI::net {

class poller;

/// A descriptor that a poller watches. It leaves the poller when it is destroyed, also while events are told.
class polled {
 public:
  using ready_fn = void (*)(polled&, std::uint32_t events);

  explicit polled(ready_fn ready) noexcept : ready_(ready) {}
  polled(polled const&)            = delete;
  polled& operator=(polled const&) = delete;
  ~polled() { leave(); }

  /// Starts to watch for `events` (EPOLLIN, EPOLLOUT, EPOLLRDHUP; errors and hang-ups always), level-triggered.
  /// Fails with the system's error.
  [[nodiscard]] std::error_code join(poller& where, int descriptor, std::uint32_t events);
  /// Changes what is watched for.
  void want(std::uint32_t events) noexcept;
  void leave() noexcept;

  [[nodiscard]] std::uint32_t wanted() const noexcept { return events_; }
  [[nodiscard]] bool          is_watched() const noexcept { return where_ != nullptr; }

 private:
  friend class poller;

  ready_fn      ready_;
  poller*       where_      = nullptr;
  int           descriptor_ = -1;
  std::uint32_t events_     = 0;
};

/// An epoll of our own, level-triggered, which Asio watches as one descriptor: a ready connection costs its read and
/// its write and no system call more. (Asio's own wait costs a further epoll_ctl or a failing read each time.) While
/// many are ready the loop stays here, and looks at what else Asio has every few hundred events. One per io_context;
/// all calls on its thread. Holds the loop's wheel of deadlines as well.
class poller final : public asio::execution_context::service {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): how Asio names a service
  static inline asio::execution_context::id id;

  explicit poller(asio::execution_context& owner)
      : service(owner),
        descriptor_(::epoll_create1(EPOLL_CLOEXEC)),
        outer_(static_cast<asio::io_context&>(owner)),
        ticker_(static_cast<asio::io_context&>(owner)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    outer_.assign(descriptor_);
  }
  poller(poller const&)            = delete;
  poller& operator=(poller const&) = delete;
  ~poller() override               = default;

  [[nodiscard]] static poller& of(asio::io_context& loop) { return asio::use_service<poller>(loop); }

  void arm(wheel_node& node, std::chrono::milliseconds after) {
    if (!ticking_) {
      wheel_.wake(std::chrono::steady_clock::now());
      tick();
    }
    wheel_.arm(node, after);
  }

 private:
  friend class polled;

  // Told in one go; more than that many ready ones are told in the next.
  static constexpr std::size_t batch = 256;
  // With fewer ready ones than this the loop is not busy, and Asio looks next.
  static constexpr int busy = 4;
  // Events told before Asio gets its turn, some two milliseconds of small requests.
  static constexpr int patience = 512;

  void shutdown() override {
    outer_.close();
    ticker_.cancel();
  }

  void watch() {
    if (waiting_ || count_ == 0) return;
    waiting_ = true;
    outer_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code failed) {
      waiting_ = false;
      if (failed) return;
      serve();
      watch();
    });
  }

  void serve() {
    for (int told = 0; told < patience;) {
      auto const ready = ::epoll_wait(descriptor_, events_.data(), static_cast<int>(events_.size()), 0);
      if (ready <= 0) return;
      size_ = static_cast<std::size_t>(ready);
      for (at_ = 0; at_ != size_; ++at_) {
        auto& event = events_[at_];
        if (event.data.ptr != nullptr) {
          auto& one = *static_cast<polled*>(event.data.ptr);
          one.ready_(one, event.events);
        }
      }
      size_ = at_ = 0;
      if (ready < busy) return;
      told += ready;
    }
  }

  // Events that were fetched but not told yet are not told to one that has left.
  void forget(polled const* one) noexcept {
    for (std::size_t i = at_; i < size_; ++i) {
      if (events_[i].data.ptr == one) events_[i].data.ptr = nullptr;
    }
  }

  void tick() {
    ticking_ = true;
    ticker_.expires_after(wheel::tick);
    ticker_.async_wait([this](std::error_code failed) {
      // Whoever is told may arm again: until all are, the wheel is at work.
      if (!failed) wheel_.advance(std::chrono::steady_clock::now());
      ticking_ = false;
      if (!failed && !wheel_.is_empty()) tick();
    });
  }

  int                                   descriptor_;
  asio::posix::stream_descriptor        outer_;  // owns the descriptor
  asio::steady_timer                    ticker_;
  bool                                  waiting_ = false;
  bool                                  ticking_ = false;
  std::size_t                           count_   = 0;  // watched
  std::size_t                           at_      = 0;
  std::size_t                           size_    = 0;
  std::array<struct epoll_event, batch> events_{};
  wheel                                 wheel_;
};

inline std::error_code polled::join(poller& where, int descriptor, std::uint32_t events) {
  struct epoll_event event{};
  event.events   = events;
  event.data.ptr = this;
  if (::epoll_ctl(where.descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0) return {errno, std::generic_category()};
  where_      = &where;
  descriptor_ = descriptor;
  events_     = events;
  ++where.count_;
  where.watch();
  return {};
}

inline void polled::want(std::uint32_t events) noexcept {
  if (where_ == nullptr || events == events_) return;
  struct epoll_event event{};
  event.events   = events;
  event.data.ptr = this;
  ::epoll_ctl(where_->descriptor_, EPOLL_CTL_MOD, descriptor_, &event);
  events_ = events;
}

inline void polled::leave() noexcept {
  if (where_ == nullptr) return;
  ::epoll_ctl(where_->descriptor_, EPOLL_CTL_DEL, descriptor_, nullptr);
  where_->forget(this);
  --where_->count_;
  where_ = nullptr;
}

}  // namespace tensorgate::net
