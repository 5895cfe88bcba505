// tensorgate/crypto/constant_time.hpp: are two secrets equal, told in a time that does not depend on where they differ?
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcpy
#include <string_view>  // string_view

#include <tensorgate/core/bytes.hpp>  // bytes_view, as_bytes

namespace tensorgate::inline TENSORGATE_ABI::crypto {

/// True if both hold the same bytes. The time depends on the length alone; lengths are not secret here, for what is
/// compared are digests, tags and heads of requests. A word at a time: the head of every repeated request passes here.
[[nodiscard]] inline bool constant_time_equal(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  auto const*   l       = left.data();
  auto const*   r       = right.data();
  auto          size    = left.size();
  std::uint64_t differs = 0;
  std::uint64_t a       = 0;
  std::uint64_t b       = 0;
  for (; size >= sizeof a; size -= sizeof a, l += sizeof a, r += sizeof a) {
    std::memcpy(&a, l, sizeof a);
    std::memcpy(&b, r, sizeof b);
    differs |= a ^ b;
  }
  for (; size != 0; --size) differs |= static_cast<unsigned char>(*l++ ^ *r++);
  // Volatile: the compiler must have the whole value, so it can leave no loop at the first difference.
  std::uint64_t const volatile all = differs;
  return all == 0;
}

[[nodiscard]] inline bool constant_time_equal(bytes_view left, bytes_view right) noexcept {
  return constant_time_equal(as_text(left), as_text(right));
}

}  // namespace tensorgate::crypto
