// tensorgate/http/detail/scan.hpp: where does a run of plain field bytes end?
#pragma once

#include <bit>      // countr_zero, endian
#include <cstddef>  // size_t
#include <cstdint>  // uint32_t, uint64_t
#include <cstring>  // memcpy

#if defined(__SSE2__)
#include <emmintrin.h>  // _mm_cmpeq_epi8 and its kin
#endif

#include <tensorgate/http/detail/chars.hpp>  // is_char_of

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// The first byte of [at, end) that is a control character (HTAB too) or DEL, or `end`. Never reads beyond `end`.
[[nodiscard]] inline char const* find_control(char const* at, char const* end) noexcept {
#if defined(__SSE2__)
  auto const highest = _mm_set1_epi8(0x1F);
  auto const del     = _mm_set1_epi8(0x7F);
  for (; end - at >= 16; at += 16) {
    auto const block   = _mm_loadu_si128(reinterpret_cast<__m128i const*>(at));
    auto const control = _mm_cmpeq_epi8(_mm_min_epu8(block, highest), block);
    auto const found   = _mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(block, del)));
    if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
  }
#else
  if constexpr (std::endian::native == std::endian::little) {
    // Eight bytes at once; a borrow can only mark bytes behind the first true one, so the lowest mark is right.
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t high = ones * 0x80U;
    for (; end - at >= 8; at += 8) {
      std::uint64_t block = 0;
      std::memcpy(&block, at, sizeof block);
      std::uint64_t const control = (block - ones * 0x20U) & ~block & high;
      std::uint64_t const as_del  = block ^ (ones * 0x7FU);
      std::uint64_t const del     = (as_del - ones) & ~as_del & high;
      if (auto const found = control | del; found != 0) return at + std::countr_zero(found) / 8;
    }
  }
#endif
  while (at != end && is_char_of(value_char, *at) && *at != '\t') ++at;
  return at;
}

}  // namespace tensorgate::http::detail
