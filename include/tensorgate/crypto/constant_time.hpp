// tensorgate/crypto/constant_time.hpp: are two secrets equal, told in a time that does not depend on where they differ?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcpy
#include <string_view>  // string_view

#include <tensorgate/core/bytes.hpp>  // bytes_view, as_bytes

namespace tensorgate::inline TENSORGATE_ABI::crypto {

/// True if both hold the same bytes. The time depends on the length alone; lengths are not secret here, for what is
/// compared are digests, tags and heads of requests. Two words at a time: the head of every repeated request passes
/// here.
[[nodiscard]] inline bool constant_time_equal(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  using two_words = std::array<std::uint64_t, 2>;
  auto const size = left.size();
  two_words  differs{};
  auto const compare = [&](std::size_t at) {
    two_words a{};
    two_words b{};
    std::memcpy(a.data(), left.data() + at, sizeof a);
    std::memcpy(b.data(), right.data() + at, sizeof b);
    differs[0] |= a[0] ^ b[0];
    differs[1] |= a[1] ^ b[1];
  };
  constexpr auto step = sizeof(two_words);
  std::size_t    at   = 0;
  for (; size - at >= step; at += step) compare(at);
  if (at != size && size >= step) {
    compare(size - step);  // the rest, and of what was compared as much as is missing
  } else {
    for (; at != size; ++at) differs[0] |= static_cast<unsigned char>(left[at] ^ right[at]);
  }
  // Volatile: the compiler must have the whole value, so it can leave no loop at the first difference.
  std::uint64_t const volatile all = differs[0] | differs[1];
  return all == 0;
}

[[nodiscard]] inline bool constant_time_equal(bytes_view left, bytes_view right) noexcept {
  return constant_time_equal(as_text(left), as_text(right));
}

}  // namespace tensorgate::crypto
