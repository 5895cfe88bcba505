// tensorgate/http/detail/lane.hpp: what the connections of one server on one loop share.
#pragma once

#include <algorithm>      // clamp, max
#include <array>          // array
#include <atomic>         // atomic
#include <chrono>         // steady_clock
#include <cstddef>        // size_t
#include <cstdint>        // uint64_t
#include <cstring>        // memcpy
#include <functional>     // function
#include <memory>         // unique_ptr, enable_shared_from_this
#include <mutex>          // mutex
#include <span>           // span
#include <string>         // string
#include <string_view>    // string_view
#include <unordered_map>  // unordered_map
#include <utility>        // move
#include <vector>         // vector

#if defined(__GLIBC__)
#include <malloc.h>  // malloc_trim
#endif

#include <tensorgate/core/random.hpp>           // system_random
#include <tensorgate/core/time.hpp>             // steady_point
#include <tensorgate/http/date.hpp>             // date_line
#include <tensorgate/http/detail/exchange.hpp>  // exchange
#include <tensorgate/http/detail/outbox.hpp>    // outbox
#include <tensorgate/http/endpoint.hpp>         // route_table
#include <tensorgate/http/limits.hpp>           // limits
#include <tensorgate/net/addresses.hpp>         // address, forwarding
#include <tensorgate/net/poller.hpp>            // poller

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Whether answers carry X-Request-Id.
enum class request_id_field : std::uint8_t {
  echo,    ///< when the client sent a well-formed one: that one
  always,  ///< in every answer: the client's, or ours
  off,     ///< never; the client's is not believed either
};

/// Who is told of each exchange when it is over, with `r.record` filled; on the loop that served it. Must be quick.
struct exchange_sink {
  void* self                                     = nullptr;
  void (*finished)(void* self, request const& r) = nullptr;
};

}  // namespace tensorgate::http

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// Connections by address, over all loops. An IPv6 caller has a whole /64 to himself and counts as that.
class address_table {
 public:
  /// Counts one more; how many there were. Peers on a Unix socket are not counted.
  [[nodiscard]] std::uint32_t enter(net::address const& who) {
    if (who.is_none()) return 0;
    auto const             key = key_of(who);
    auto&                  at  = shard_of(key);
    std::scoped_lock const lock(at.mutex);
    return at.counts[key]++;
  }
  void leave(net::address const& who) {
    if (who.is_none()) return;
    auto const             key = key_of(who);
    auto&                  at  = shard_of(key);
    std::scoped_lock const lock(at.mutex);
    auto const             found = at.counts.find(key);
    if (found != at.counts.end() && --found->second == 0) at.counts.erase(found);
  }

 private:
  struct shard {
    std::mutex                                      mutex;
    std::unordered_map<net::address, std::uint32_t> counts;
  };
  [[nodiscard]] static net::address key_of(net::address const& who) noexcept {
    return who.kind() == net::address::family::v6 ? who.masked(64) : who;
  }
  [[nodiscard]] shard& shard_of(net::address const& key) noexcept {
    return shards_[std::hash<net::address>{}(key) % shards_.size()];
  }
  std::array<shard, 16> shards_;
};

/// What all loops of one server share; unchanging but for the counts.
struct shared_rules {
  limits                                bounds{};  ///< at the start; each lane has those in force
  std::vector<std::string>              hosts;     ///< in lower case; empty: any
  net::forwarding                       forwarding{};
  bool                                  forwards    = false;  ///< somebody is believed
  request_id_field                      request_ids = request_id_field::echo;
  route_table                           table{};
  std::function<void(std::string_view)> report{};  ///< what a handler threw, for the log
  error_renderer                        render = nullptr;
  exchange_sink                         sink{};

  std::atomic<std::uint32_t> connections{0};
  std::atomic<std::uint32_t> in_flight{0};
  address_table              addresses;
};

/// Figures of one loop; written by it alone, read by anybody.
struct lane_counts {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};  ///< connections beyond a limit
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> cut_off{0};

  static void add(std::atomic<std::uint64_t>& count) noexcept {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
};

struct lane : std::enable_shared_from_this<lane>, private net::wheel_node {
  static constexpr std::uint64_t             few_ticks    = 4096;
  static constexpr std::size_t               scratch_size = 64 * 1024;
  static constexpr std::size_t               all_turns    = 1024 * 1024;
  static constexpr std::size_t               least_turn   = 4 * 1024;
  static constexpr std::size_t               beside_size  = 16 * 1024;
  static constexpr std::size_t               pool_size    = 64;  // exchanges kept for reuse
  static constexpr std::size_t               pool_calm    = 4;   // of those, when most connections have gone
  static constexpr std::size_t               crowd        = 16;  // connections whose memory is worth a look
  static constexpr std::chrono::milliseconds calm{1000};         // from when most have gone to that look
  static constexpr std::chrono::seconds      trim_pause{30};     // from one to the next

  lane(std::shared_ptr<shared_rules> common, asio::io_context& where, std::size_t at)
      : wheel_node(&lane::on_calm),
        rules(std::move(common)),
        loop(where),
        poll(net::poller::of(where)),
        index(at),
        bounds(rules->bounds),
        heads(heads_of(bounds)),
        // NOLINTNEXTLINE(modernize-avoid-c-arrays): left uninitialised
        scratch_(new char[scratch_size]) {
    std::array<std::byte, sizeof ids_> seed{};
    system_random(seed);
    std::memcpy(&ids_, seed.data(), sizeof ids_);
  }
  lane(lane const&)            = delete;
  lane& operator=(lane const&) = delete;
  ~lane()                      = default;

  /// New bounds, between events of this loop. A head in hand, a body in hand and a deadline that runs keep the old.
  void adopt(limits const& wanted) {
    bounds = wanted;
    heads  = heads_of(bounds);
    pool_.clear();
    quick_.reset();
  }

  [[nodiscard]] std::span<char> scratch() noexcept { return {scratch_.get(), scratch_size}; }

  /// While one of these lives, a connection takes requests out of the scratch and gathers its answers in `out`. A plain
  /// handler may then resume the coroutine of another connection, which must leave both alone.
  class in_use {
   public:
    explicit in_use(lane& of) noexcept : lane_(of) { lane_.is_in_use_ = true; }
    in_use(in_use const&)            = delete;
    in_use& operator=(in_use const&) = delete;
    ~in_use() { lane_.is_in_use_ = false; }

   private:
    lane& lane_;
  };
  [[nodiscard]] bool is_in_use() const noexcept { return is_in_use_; }

  /// Room for what must be encrypted: beside the scratch while that holds requests.
  [[nodiscard]] std::span<char> spare() {
    if (!is_in_use_) return scratch();
    if (!beside_) beside_.reset(new char[beside_size]);
    return {beside_.get(), beside_size};
  }

  /// Reads the clocks; once for whatever a connection does in one go.
  void look_at_clock() noexcept {
    now    = std::chrono::steady_clock::now();
    ticks_ = processor_ticks();
  }
  /// Reads them again, unless `now` is that of a microsecond or two ago: of pipelined requests each takes less, and the
  /// clock costs a tenth of it.
  void glance_at_clock() noexcept {
    if (auto const ticks = processor_ticks(); ticks - ticks_ >= few_ticks || ticks == 0) look_at_clock();
  }
  /// The Date line. The wall clock is asked once a second.
  [[nodiscard]] std::string_view date_text() {
    if (now >= date_until_) [[unlikely]]
      renew_date();
    return date_text_;
  }

  [[nodiscard, gnu::cold]] std::unique_ptr<exchange> lend() {
    if (pool_.empty()) return std::make_unique<exchange>(heads);
    auto one = std::move(pool_.back());
    pool_.pop_back();
    return one;
  }
  void give_back(std::unique_ptr<exchange> one) {
    one->reset();
    one->parser.limit(heads);
    if (pool_.size() < pool_size) pool_.push_back(std::move(one));
  }

  /// Bytes that one connection may send at a time.
  [[nodiscard]] std::size_t share() const noexcept { return fair_share(open_); }

  /// Bytes that one connection may have read at a time, so that deep pipelines of many do not make the others wait.
  [[nodiscard]] std::size_t turn() const noexcept {
    return std::clamp(all_turns / (open_ + 1), least_turn, scratch_size);
  }

  /// Connections come and go. When most of a crowd has gone, what it needed goes back to the system.
  void opened() noexcept { most_ = std::max(most_, ++open_); }
  void closed() {
    --open_;
    if (most_ >= crowd && open_ <= most_ / 2 && !is_armed()) poll.arm(*this, calm);
  }

  /// The one that is used for requests that are answered at once.
  [[nodiscard]] exchange& quick() {
    if (!quick_) [[unlikely]]
      quick_ = lend();
    return *quick_;
  }
  [[nodiscard]] std::unique_ptr<exchange> take_quick() { return std::move(quick_); }

  /// Leaves the loop; on its thread.
  void rest() { net::wheel::disarm(*this); }

  /// A number that does not repeat and does not tell how many came before.
  [[nodiscard]] std::uint64_t next_id() noexcept {
    // The finalizer of SplitMix64: a bijection of the counter.
    std::uint64_t mixed = ids_ += 0x9e3779b97f4a7c15ULL;
    mixed               = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed               = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ mixed >> 31U;
  }

  std::shared_ptr<shared_rules> rules;
  asio::io_context&             loop;
  net::poller&                  poll;
  std::size_t                   index;
  limits                        bounds;  ///< in force
  head_limits                   heads;   ///< of them, those of a head
  steady_point                  now{};
  opening_lines                 openings;
  outbox                        out;  ///< of the connection in hand; empty between events
  lane_counts                   counts;
  session*                      first    = nullptr;  ///< of all open connections
  bool                          draining = false;

 private:
  [[gnu::cold, gnu::noinline]] void renew_date() {
    auto const wall = wall_clock();
    date_text_      = date_.at(wall);
    openings.forget();
    date_until_ = now + std::chrono::milliseconds{1000} - wall.time_since_epoch() % std::chrono::milliseconds{1000};
  }

  /// A counter that each cycle or so of the processor increases, and that is read in some twenty of them; 0 where there
  /// is none.
  [[nodiscard]] static std::uint64_t processor_ticks() noexcept {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
  }

  static head_limits heads_of(limits const& all) noexcept {
    return {.head = all.head, .fields = all.fields, .target = all.target};
  }

  static void on_calm(wheel_node& self) {
    auto& mine = static_cast<lane&>(self);
    if (mine.open_ <= mine.most_ / 2) {
      if (mine.pool_.size() > pool_calm) mine.pool_.resize(pool_calm);
      // The look at the whole heap takes its time: crowds that come and go all the time do not have it done each time.
      auto const now = std::chrono::steady_clock::now();
      if (now < mine.trim_from_) {
        mine.poll.arm(mine, std::chrono::ceil<std::chrono::milliseconds>(mine.trim_from_ - now));
        return;
      }
      mine.trim_from_ = now + trim_pause;
#if defined(__GLIBC__)
      ::malloc_trim(0);  // by itself the allocator gives back the top of its heap alone, not the holes in it
#endif
    }
    mine.most_ = mine.open_;
  }

  std::size_t                            open_      = 0;  // connections
  std::size_t                            most_      = 0;  // of them, since the last look
  bool                                   is_in_use_ = false;
  steady_point                           trim_from_{};
  std::unique_ptr<char[]>                scratch_;  // NOLINT(modernize-avoid-c-arrays)
  std::unique_ptr<char[]>                beside_;   // NOLINT(modernize-avoid-c-arrays)
  std::vector<std::unique_ptr<exchange>> pool_;
  std::unique_ptr<exchange>              quick_;
  date_line                              date_;
  std::string_view                       date_text_;
  steady_point                           date_until_{};
  std::uint64_t                          ids_   = 0;
  std::uint64_t                          ticks_ = 0;  // of the processor, at `now`
};

}  // namespace tensorgate::http::detail
