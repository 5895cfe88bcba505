// tensorgate/reflect/detail/scan.hpp: where in a text does the next byte stand that needs a decision?
#pragma once

#include <bit>      // countr_zero
#include <cstddef>  // size_t
#include <cstdint>  // uint64_t
#include <cstring>  // memcpy

#if defined(__SSE2__)
#include <emmintrin.h>  // part of every x86-64
#endif

#include <tensorgate/core/abi.hpp>                    // TENSORGATE_ABI
#include <tensorgate/reflect/detail/number_read.hpp>  // get_word

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

[[nodiscard]] inline bool is_plain(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\';
}

/// The high bit of each byte that is a quote, a backslash, a control character or not ASCII. Bytes after the first
/// marked one may be marked in error.
[[nodiscard]] inline std::uint64_t special_bytes(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones  = 0x0101010101010101U;
  std::uint64_t const     quote = word ^ (ones * '"');
  std::uint64_t const     slash = word ^ (ones * '\\');
  return ((quote - ones) | (slash - ones) | (word - ones * 0x20U) | word) & (ones * 0x80U);
}

/// The first byte of [at, end) that is not plain text inside a JSON string.
[[nodiscard]] inline char const* find_special(char const* at, char const* end) noexcept {
#if defined(__SSE2__)
  __m128i const quote = _mm_set1_epi8('"');
  __m128i const slash = _mm_set1_epi8('\\');
  __m128i const blank = _mm_set1_epi8(0x20);  // signed: what is not ASCII lies below it too
  while (end - at >= 16) {
    __m128i const text = _mm_loadu_si128(reinterpret_cast<__m128i const*>(at));
    __m128i const hits = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
                                      _mm_cmplt_epi8(text, blank));
    auto const    mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  while (end - at >= 8) {
    auto const marks = special_bytes(get_word(at));
    if (marks != 0) return at + std::countr_zero(marks) / 8;
    at += 8;
  }
  while (at != end && is_plain(*at)) ++at;
  return at;
}

/// True if `Size` bytes are the same; the loads of words overlap where it is no multiple of them.
template <std::size_t Size>
[[nodiscard]] inline bool same_bytes(char const* a, char const* b) noexcept {
  auto const differ = [&]<class Word>(Word, std::size_t at) {
    Word left{};
    Word right{};
    std::memcpy(&left, a + at, sizeof(Word));
    std::memcpy(&right, b + at, sizeof(Word));
    return left ^ right;
  };
  if constexpr (Size >= 8) {
    std::uint64_t difference = differ(std::uint64_t{}, Size - 8);
    for (std::size_t at = 0; at + 8 < Size; at += 8) difference |= differ(std::uint64_t{}, at);
    return difference == 0;
  } else if constexpr (Size >= 4) {
    return (differ(std::uint32_t{}, 0) | differ(std::uint32_t{}, Size - 4)) == 0;
  } else {
    for (std::size_t at = 0; at != Size; ++at) {
      if (a[at] != b[at]) return false;
    }
    return true;
  }
}

[[nodiscard]] inline bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

[[nodiscard]] __attribute__((noinline)) inline char const* skip_blanks_slowly(char const* at,
                                                                              char const* end) noexcept {
  constexpr std::uint64_t blanks = 0x2020202020202020U;
  while (at != end && is_blank(*at)) {
    ++at;
    while (end - at >= 8 && get_word(at) == blanks) at += 8;  // indentation
  }
  return at;
}

/// The first byte that is no blank; most often there is none, or one, to skip.
[[nodiscard]] __attribute__((always_inline)) inline char const* skip_blanks(char const* at, char const* end) noexcept {
  if (at != end && *at == ' ') ++at;
  if (at != end && static_cast<unsigned char>(*at) <= 0x20) [[unlikely]] {
    return skip_blanks_slowly(at, end);
  }
  return at;
}

}  // namespace tensorgate::reflect::detail
