// tensorgate/auth/detail/bucket_table.hpp: a token bucket for each of many callers, in memory that does not grow.
#pragma once

#include <algorithm>    // max
#include <array>        // array
#include <bit>          // bit_ceil
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint64_t
#include <cstring>      // memcpy
#include <memory>       // unique_ptr
#include <mutex>        // mutex
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/core/random.hpp>            // random_fn
#include <tensorgate/core/time.hpp>              // steady_point
#include <tensorgate/identity/token_bucket.hpp>  // token_bucket

namespace tensorgate::inline TENSORGATE_ABI::auth::detail {

/// What a caller is known by: a name never has the bucket of an address whose bytes are the same.
enum class known_by : std::uint8_t { address, name };

/// Sixteen shards, each with a lock that is held for some nanoseconds. A caller has eight places where his bucket may
/// lie. A bucket that is full again is forgotten for a newcomer, which changes nothing for its owner. When all eight
/// are in use, newcomers of the shard share one bucket: they are slowed down, nobody else is, and no memory is taken.
class bucket_table {
 public:
  /// `callers`: room for so many, 16 bytes each, rounded up to a power of two.
  bucket_table(std::size_t callers, random_fn const& random) {
    random(std::as_writable_bytes(std::span(seed_)));
    auto const each = std::max<std::size_t>(std::bit_ceil(callers) / shard_count, ways);
    for (auto& one : shards_) one.places.resize(each);
  }

  struct answer {
    identity::bucket_answer bucket{};
    bool                    shared = false;  ///< the table was full for this caller
  };

  [[nodiscard]] answer take(known_by kind, std::string_view caller, identity::allowance const& allowed,
                            steady_point now) {
    auto const             hash = hash_of(kind, caller);
    auto&                  in   = shards_[hash % shard_count];
    auto const             at   = static_cast<std::size_t>(hash >> 8U) & (in.places.size() - 1) & ~(ways - 1);
    std::scoped_lock const held(in.mutex);
    place*                 free = nullptr;
    for (std::size_t i = 0; i != ways; ++i) {
      auto& one = in.places[at + i];
      if (one.hash == hash) return {one.bucket.take(allowed, now), false};
      if (free == nullptr && (one.hash == 0 || one.bucket.is_full(now))) free = &one;
    }
    if (free == nullptr) return {in.rest.take(allowed, now), true};
    *free = place{hash, {}};
    return {free->bucket.take(allowed, now), false};
  }

 private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t ways        = 8;

  struct place {
    std::uint64_t          hash = 0;  // 0: empty
    identity::token_bucket bucket{};
  };
  struct alignas(64) shard {
    std::mutex             mutex;
    std::vector<place>     places;
    identity::token_bucket rest;
  };

  // Seeded, so that nobody can choose callers that fall on the same places.
  [[nodiscard]] std::uint64_t hash_of(known_by kind, std::string_view caller) const noexcept {
    auto const    tag  = static_cast<std::uint64_t>(kind) << 32U;
    std::uint64_t made = seed_[0] ^ ((tag + caller.size()) * 0x9E3779B97F4A7C15U);
    while (!caller.empty()) {
      std::uint64_t piece = 0;
      auto const    size  = std::min<std::size_t>(caller.size(), sizeof(piece));
      std::memcpy(&piece, caller.data(), size);
      made = mix(made ^ piece, seed_[1]);
      caller.remove_prefix(size);
    }
    made = mix(made, seed_[2]);
    return made == 0 ? 1 : made;
  }
  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    a ^= b;
    a = (a ^ (a >> 30U)) * 0xBF58476D1CE4E5B9U;
    a = (a ^ (a >> 27U)) * 0x94D049BB133111EBU;
    return a ^ (a >> 31U);
  }

  std::array<std::uint64_t, 3>   seed_{};
  std::array<shard, shard_count> shards_;
};

}  // namespace tensorgate::auth::detail
