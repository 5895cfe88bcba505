// tensorgate/ops/detail/byte_ring.hpp: records of bytes from one thread to another, without a lock and within a bound.
#pragma once

#include <algorithm>    // max
#include <atomic>       // atomic
#include <bit>          // bit_ceil
#include <cstddef>      // byte, size_t
#include <cstdint>      // uint64_t, uint32_t
#include <cstring>      // memcpy
#include <memory>       // unique_ptr
#include <string_view>  // string_view
#include <utility>      // exchange

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::ops::detail {

/// One thread reserves and commits, one other consumes. A record is contiguous; when there is no room for it, it is
/// refused and counted, and the writer never waits.
class byte_ring {
 public:
  /// At least 64 KiB, rounded up to a power of two.
  explicit byte_ring(std::size_t size)
      : size_(std::bit_ceil(std::max<std::size_t>(size, 64UL << 10U))), data_(std::make_unique<char[]>(size_)) {}

  /// Room for a record of `size` bytes, or null. `commit` makes it visible.
  [[nodiscard]] char* reserve(std::size_t size) noexcept {
    auto const whole = frame(size);
    auto       at    = static_cast<std::size_t>(head_ & (size_ - 1));
    auto const skip  = at + whole > size_ ? size_ - at : 0;
    if (head_ + skip + whole - seen_tail_ > size_) {
      seen_tail_ = tail_.load(std::memory_order_acquire);
      if (head_ + skip + whole - seen_tail_ > size_) {
        dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        return nullptr;
      }
    }
    if (skip != 0) {
      put_size(at, skipped);
      head_ += skip;
      at = 0;
    }
    put_size(at, static_cast<std::uint32_t>(size));
    reserved_ = whole;
    return data_.get() + at + sizeof(std::uint32_t);
  }
  /// Returns true, once, when the ring becomes more than half full: the reader should be woken.
  bool commit() noexcept {
    head_ += reserved_;
    published_.store(head_, std::memory_order_release);
    if (head_ - seen_tail_ > size_ / 2) seen_tail_ = tail_.load(std::memory_order_acquire);
    bool const was_full = std::exchange(is_half_full_, head_ - seen_tail_ > size_ / 2);
    return is_half_full_ && !was_full;
  }

  /// Calls `use(record)` for what is there, in order, and makes its room free. Returns how many there were.
  template <class F>
  std::size_t consume(F&& use) {
    auto const  until = published_.load(std::memory_order_acquire);
    auto        tail  = tail_.load(std::memory_order_relaxed);
    std::size_t count = 0;
    while (tail != until) {
      auto const    at   = static_cast<std::size_t>(tail & (size_ - 1));
      std::uint32_t size = 0;
      std::memcpy(&size, data_.get() + at, sizeof(size));
      if (size == skipped) {
        tail += size_ - at;
        continue;
      }
      use(std::string_view(data_.get() + at + sizeof(size), size));
      tail += frame(size);
      ++count;
      // Room is given back in pieces, so that a long batch does not make the writer drop.
      if (count % 64 == 0) tail_.store(tail, std::memory_order_release);
    }
    tail_.store(tail, std::memory_order_release);
    return count;
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t skipped = 0xFFFFFFFFU;

  static constexpr std::size_t frame(std::size_t size) noexcept {
    return (size + sizeof(std::uint32_t) + 7) & ~std::size_t{7};
  }
  void put_size(std::size_t at, std::uint32_t size) noexcept { std::memcpy(data_.get() + at, &size, sizeof(size)); }

  std::size_t             size_;
  std::unique_ptr<char[]> data_;                 // NOLINT(modernize-avoid-c-arrays): never grows
  alignas(64) std::uint64_t head_          = 0;  // the writer's
  std::uint64_t              seen_tail_    = 0;
  std::size_t                reserved_     = 0;
  bool                       is_half_full_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  alignas(64) std::atomic<std::uint64_t> published_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};  // the reader's
};

}  // namespace tensorgate::ops::detail
