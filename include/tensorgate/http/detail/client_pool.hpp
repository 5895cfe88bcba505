// tensorgate/http/detail/client_pool.hpp: which connections to servers wait to be used again?
#pragma once

#include <chrono>         // milliseconds, steady_clock
#include <cstddef>        // size_t
#include <deque>          // deque
#include <memory>         // shared_ptr, enable_shared_from_this
#include <string>         // string
#include <system_error>   // error_code
#include <unordered_map>  // unordered_map
#include <utility>        // move

#include <tensorgate/core/time.hpp>                // steady_point
#include <tensorgate/http/detail/client_link.hpp>  // client_link
#include <tensorgate/net/asio.hpp>                 // steady_timer

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// The connections of one loop, by origin. The last one that was put back is taken first: it is the least likely to
/// have been given up by its server.
class client_pool : public std::enable_shared_from_this<client_pool> {
 public:
  client_pool(asio::io_context& loop, std::size_t idle, std::size_t idle_per_origin, std::size_t open,
              std::chrono::milliseconds idle_time)
      : sweeper_(loop), idle_limit_(idle), origin_limit_(idle_per_origin), open_limit_(open), idle_time_(idle_time) {}
  client_pool(client_pool const&)            = delete;
  client_pool& operator=(client_pool const&) = delete;
  ~client_pool()                             = default;

  /// Counts connections in use and idle; false if there are as many as there may be.
  [[nodiscard]] bool admit() noexcept {
    if (open_ >= open_limit_ && !drop_oldest()) return false;
    ++open_;
    return true;
  }
  /// A connection that `admit` counted is no more.
  void forget() noexcept { --open_; }

  /// A kept connection that still seems good; null if there is none. It stays counted.
  [[nodiscard]] std::shared_ptr<client_link> take(std::string const& origin) {
    auto const found = idle_.find(origin);
    while (found != idle_.end() && !found->second.empty()) {
      auto const kept = std::move(found->second.back().link);
      found->second.pop_back();
      --idle_count_;
      if (kept->is_quiet()) return kept;
      drop(kept);
    }
    return nullptr;
  }

  /// Keeps a connection, or closes it where there are too many.
  void put(std::string const& origin, std::shared_ptr<client_link> link) {
    if (closed_ || idle_time_.count() <= 0 || idle_limit_ == 0 || origin_limit_ == 0) return drop(link);
    auto& list = idle_[origin];
    if (list.size() >= origin_limit_) {
      drop(list.front().link);
      list.pop_front();
      --idle_count_;
    } else if (idle_count_ >= idle_limit_) {
      drop_oldest();
    }
    idle_[origin].push_back(idle_one{std::move(link), std::chrono::steady_clock::now() + idle_time_});
    ++idle_count_;
    sweep_later();
  }

  /// Closes what is idle, and keeps nothing from here on.
  void close() noexcept {
    closed_ = true;
    for (auto& [origin, list] : idle_) {
      for (auto const& one : list) drop(one.link);
    }
    idle_.clear();
    idle_count_ = 0;
    sweeper_.cancel();
  }

  [[nodiscard]] std::size_t idle() const noexcept { return idle_count_; }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }

 private:
  struct idle_one {
    std::shared_ptr<client_link> link;
    steady_point                 until;
  };

  void drop(std::shared_ptr<client_link> const& link) noexcept {
    link->close();
    --open_;
  }

  /// Closes the idle connection that has waited longest; false if none is idle.
  bool drop_oldest() noexcept {
    auto oldest = idle_.end();
    for (auto at = idle_.begin(); at != idle_.end(); ++at) {
      if (!at->second.empty() && (oldest == idle_.end() || at->second.front().until < oldest->second.front().until)) {
        oldest = at;
      }
    }
    if (oldest == idle_.end()) return false;
    drop(oldest->second.front().link);
    oldest->second.pop_front();
    --idle_count_;
    return true;
  }

  void sweep_later() {
    if (sweeping_) return;
    sweeping_ = true;
    sweeper_.expires_after(idle_time_);
    sweeper_.async_wait([self = shared_from_this()](std::error_code) { self->sweep(); });
  }

  void sweep() {
    sweeping_      = false;
    auto const now = std::chrono::steady_clock::now();
    for (auto at = idle_.begin(); at != idle_.end();) {
      auto& list = at->second;
      while (!list.empty() && list.front().until <= now) {
        drop(list.front().link);
        list.pop_front();
        --idle_count_;
      }
      at = list.empty() ? idle_.erase(at) : std::next(at);
    }
    if (idle_count_ != 0 && !closed_) sweep_later();
  }

  asio::steady_timer                                    sweeper_;
  std::unordered_map<std::string, std::deque<idle_one>> idle_;
  std::size_t                                           idle_limit_;
  std::size_t                                           origin_limit_;
  std::size_t                                           open_limit_;
  std::chrono::milliseconds                             idle_time_;
  std::size_t                                           idle_count_ = 0;
  std::size_t                                           open_       = 0;
  bool                                                  sweeping_   = false;
  bool                                                  closed_     = false;
};

}  // namespace tensorgate::http::detail
