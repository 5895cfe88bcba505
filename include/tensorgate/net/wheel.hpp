// tensorgate/net/wheel.hpp: deadlines of many connections for the price of a store each.
#pragma once

#include <algorithm>  // max
#include <chrono>     // milliseconds
#include <cstdint>    // uint64_t

#include <tensorgate/core/abi.hpp>   // TENSORGATE_ABI
#include <tensorgate/core/time.hpp>  // steady_point

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Something with a deadline on a wheel. It leaves the wheel when it is destroyed.
class wheel_node {
 public:
  using expired_fn = void (*)(wheel_node&);

  explicit wheel_node(expired_fn expired) noexcept : expired_(expired) {}
  wheel_node(wheel_node const&)            = delete;
  wheel_node& operator=(wheel_node const&) = delete;
  ~wheel_node() { unlink(); }

  [[nodiscard]] bool is_armed() const noexcept { return next_ != nullptr; }

 private:
  friend class wheel;

  wheel_node() noexcept : prev_(this), next_(this) {}  // the head of a slot, whose list is a circle

  void unlink() noexcept {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }
  void link_before(wheel_node& at) noexcept {
    prev_        = at.prev_;
    next_        = &at;
    prev_->next_ = this;
    at.prev_     = this;
  }

  wheel_node*   prev_     = nullptr;
  wheel_node*   next_     = nullptr;
  std::uint64_t deadline_ = 0;  // in ticks
  std::uint64_t visit_    = 0;  // the tick of the slot it hangs in; never later than the deadline
  expired_fn    expired_  = nullptr;
};

/// Slots of one tick each, walked in a circle. A deadline that moves away costs one store: its node is found too early
/// in its old slot and moves on then. A deadline is kept to within three ticks, never early. One thread.
class wheel {
 public:
  static constexpr std::chrono::milliseconds tick{100};
  static constexpr std::uint64_t             slot_count = 512;

  wheel() noexcept : epoch_(std::chrono::steady_clock::now()) {}

  /// Sets or moves the deadline to `after` from now, rounded up.
  void arm(wheel_node& node, std::chrono::milliseconds after) noexcept {
    node.deadline_ = latest_ + static_cast<std::uint64_t>((after + tick - std::chrono::milliseconds{1}) / tick) + 1;
    if (node.is_armed() && node.visit_ <= node.deadline_) return;
    hang(node);
  }
  static void disarm(wheel_node& node) noexcept { node.unlink(); }

  /// Brings the wheel's idea of now up to date when nobody walked it: before the first node hangs. Not from within
  /// `advance`, which must come by every slot.
  void wake(steady_point now) noexcept {
    auto const at = static_cast<std::uint64_t>((now - epoch_) / tick);
    if (at > now_) now_ = latest_ = at;
  }

  /// Walks to `now` and tells those whose deadline passed. They may arm, disarm and destroy any node.
  void advance(steady_point now) {
    latest_ = std::max(latest_, static_cast<std::uint64_t>((now - epoch_) / tick));
    while (now_ < latest_) {
      ++now_;
      wheel_node  due;
      wheel_node& slot = slots_[now_ % slot_count];
      if (slot.next_ == &slot) continue;
      due.next_        = slot.next_;
      due.prev_        = slot.prev_;
      due.next_->prev_ = &due;
      due.prev_->next_ = &due;
      slot.next_ = slot.prev_ = &slot;
      while (due.next_ != &due) {
        wheel_node& node = *due.next_;
        node.unlink();
        if (node.deadline_ > now_) {
          hang(node);
        } else {
          node.expired_(node);
        }
      }
    }
  }

  [[nodiscard]] bool is_empty() const noexcept {
    for (auto const& slot : slots_) {
      if (slot.next_ != &slot) return false;
    }
    return true;
  }

 private:
  void hang(wheel_node& node) noexcept {
    node.unlink();
    node.visit_ = node.deadline_ < now_ + slot_count ? node.deadline_ : now_ + slot_count - 1;
    node.link_before(slots_[node.visit_ % slot_count]);
  }

  steady_point  epoch_;
  std::uint64_t now_    = 0;         // the slot that was walked last
  std::uint64_t latest_ = 0;         // where the walk goes; deadlines count from there
  wheel_node    slots_[slot_count];  // NOLINT(modernize-avoid-c-arrays): nodes cannot be copied
};

}  // namespace tensorgate::net
