// tensorgate/ops/detail/loop_metrics.hpp: what one loop counts, written by it alone and read by whoever asks.
#pragma once

#include <algorithm>    // max, min
#include <array>        // array
#include <atomic>       // atomic
#include <bit>          // bit_ceil, bit_width
#include <chrono>       // nanoseconds
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcpy
#include <memory>       // unique_ptr
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/http/method.hpp>   // method
#include <tensorgate/http/request.hpp>  // exchange_record
#include <tensorgate/http/status.hpp>   // status

namespace tensorgate::inline TENSORGATE_ABI::ops::detail {

/// A count with one writer. Readers see some recent value; the writer pays for no bus lock.
class owned_count {
 public:
  void add(std::uint64_t by) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t read() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Upper bounds of the latency histogram, in nanoseconds; one more cell counts what is slower.
inline constexpr std::array<std::uint64_t, 17> latency_bounds{
    50'000,      100'000,       250'000,       500'000,       1'000'000,     2'500'000,
    5'000'000,   10'000'000,    25'000'000,    50'000'000,    100'000'000,   250'000'000,
    500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};
inline constexpr std::size_t latency_cells = latency_bounds.size() + 1;

/// For each bit width the first bound that a number of that width can be below: at most two comparisons remain.
inline constexpr auto latency_first = [] {
  std::array<std::uint8_t, 65> first{};
  for (std::size_t width = 0; width != first.size(); ++width) {
    auto const  least = width == 0 ? 0U : std::uint64_t{1} << (width - 1);
    std::size_t cell  = 0;
    while (cell != latency_bounds.size() && latency_bounds[cell] < least) ++cell;
    first[width] = static_cast<std::uint8_t>(cell);
  }
  return first;
}();

[[nodiscard]] constexpr std::size_t latency_cell(std::uint64_t nanoseconds) noexcept {
  std::size_t cell = latency_first[static_cast<std::size_t>(std::bit_width(nanoseconds))];
  while (cell != latency_bounds.size() && latency_bounds[cell] < nanoseconds) ++cell;
  return cell;
}

/// The counts of one route, method and status on one loop.
struct alignas(64) exchange_counts {
  char const*                            key = nullptr;  ///< where the pattern's text lies: compared first, never read
  std::string                            route;
  http::method                           verb   = http::method::get;
  http::status                           status = http::status::ok;
  owned_count                            bytes_in, bytes_out, nanoseconds;
  std::array<owned_count, latency_cells> latency{};
};

/// Counts under short static names: limits that were hit, reasons of refusals.
class named_counts {
 public:
  static constexpr std::size_t room = 48;

  void add(std::string_view name) noexcept {
    for (std::size_t i = 0; i != room; ++i) {
      auto const* known = cells_[i].name.load(std::memory_order_relaxed);
      if (known == nullptr) {
        cells_[i].size = name.size();
        cells_[i].name.store(name.data(), std::memory_order_release);
        known = name.data();
      }
      if (std::string_view(known, cells_[i].size) == name || i + 1 == room) {
        cells_[i].count.add(1);
        return;
      }
    }
  }
  template <class F>
  void for_each(F&& use) const {
    for (auto const& one : cells_) {
      auto const* name = one.name.load(std::memory_order_acquire);
      if (name != nullptr) use(std::string_view(name, one.size), one.count.read());
    }
  }

 private:
  struct place {
    std::atomic<char const*> name{nullptr};
    std::size_t              size = 0;
    owned_count              count;
  };
  std::array<place, room> cells_{};
};

/// Everything that one loop counts. Only that loop writes.
class alignas(64) loop_metrics {
 public:
  /// Different combinations of route, method and status that are told apart; later ones count as the route "(other)".
  static constexpr std::size_t room = 1024;

  void finished(http::exchange_record const& what, http::method verb) {
    auto& counts = find(what, verb);
    auto  took   = std::chrono::nanoseconds(what.ended - what.began).count();
    auto  spent  = static_cast<std::uint64_t>(std::max<decltype(took)>(took, 0));
    counts.latency[latency_cell(spent)].add(1);
    counts.nanoseconds.add(spent);
    counts.bytes_out.add(what.bytes_out);
    if (what.bytes_in != 0) counts.bytes_in.add(what.bytes_in);
    if (!what.limit_hit.empty()) limits.add(what.limit_hit);
    if (!what.refusal.empty()) refusals.add(what.refusal);
    if (what.cut_off) cut_off.add(1);
  }

  template <class F>
  void for_each(F&& use) const {
    for (auto const& cell : cells_) {
      auto const* counts = cell.load(std::memory_order_acquire);
      if (counts != nullptr) use(*counts);
    }
  }

  loop_metrics()                               = default;
  loop_metrics(loop_metrics const&)            = delete;
  loop_metrics& operator=(loop_metrics const&) = delete;
  ~loop_metrics() {
    for (auto const& cell : cells_) delete cell.load(std::memory_order_acquire);
  }

  named_counts limits;
  named_counts refusals;
  owned_count  cut_off;

 private:
  static constexpr std::size_t cells = std::bit_ceil(room * 2);

  static bool is(exchange_counts const& counts, std::string_view route, http::method verb,
                 http::status status) noexcept {
    // A run-time table may be replaced by one whose text lies at the same place, so the text decides.
    return counts.status == status && counts.verb == verb && counts.route == route;
  }

  /// Length, first and last letters: enough to spread patterns, and the same for equal texts at different places.
  static std::uint64_t ends_of(std::string_view route) noexcept {
    std::uint64_t first = 0;
    std::uint64_t last  = 0;
    auto const    size  = std::min<std::size_t>(route.size(), sizeof(first));
    if (size != 0) {
      std::memcpy(&first, route.data(), size);
      std::memcpy(&last, route.data() + route.size() - size, size);
    }
    return first ^ (last * 0xC2B2AE3D27D4EB4FU) ^ route.size();
  }

  exchange_counts& find(http::exchange_record const& what, http::method verb) {
    if (last_ != nullptr && last_->key == what.route.data() && is(*last_, what.route, verb, what.code)) return *last_;
    auto const mixed = (ends_of(what.route) ^ (static_cast<std::uint64_t>(what.code) << 20U) ^
                        (static_cast<std::uint64_t>(verb) << 32U)) *
                       0x9E3779B97F4A7C15U;
    auto at = static_cast<std::size_t>(mixed >> 40U) % cells;
    while (true) {
      auto* counts = cells_[at].load(std::memory_order_relaxed);
      if (counts == nullptr) break;
      if (is(*counts, what.route, verb, what.code)) return *(last_ = counts);
      at = (at + 1) % cells;
    }
    if (used_ >= room && what.route != other) {
      auto rest  = http::exchange_record{};
      rest.route = other;  // by class alone, so that these are few
      rest.code  = static_cast<http::status>(static_cast<unsigned>(what.code) / 100 * 100);
      return find(rest, http::method::other);
    }
    auto made    = std::make_unique<exchange_counts>();
    made->key    = what.route.data();
    made->route  = std::string(what.route);
    made->verb   = verb;
    made->status = what.code;
    ++used_;
    cells_[at].store(made.get(), std::memory_order_release);
    return *(last_ = made.release());
  }

  static constexpr std::string_view other = "(other)";

  exchange_counts*                                 last_ = nullptr;
  std::size_t                                      used_ = 0;
  std::array<std::atomic<exchange_counts*>, cells> cells_{};
};

}  // namespace tensorgate::ops::detail
