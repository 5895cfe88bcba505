// tensorgate/codec/gzip.hpp: gzip (RFC 1952), whole buffers, both ways, with a limit on what may come out.
#pragma once

#include <algorithm>    // clamp, max, min
#include <cstddef>      // size_t
#include <cstdint>      // uint32_t
#include <memory>       // unique_ptr
#include <new>          // bad_alloc
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // exchange

#include <libdeflate.h>  // the DEFLATE engine

#include <tensorgate/codec/error.hpp>  // errc
#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // result

namespace tensorgate::inline TENSORGATE_ABI::codec {

/// How hard the compressor tries, 1 (fastest) to 12 (smallest). On position files of miners level 7 is about as small
/// as zlib's 6 and 8 as zlib's 9; 10 and above cost seconds per ten megabytes.
struct gzip_level {
  int value = 6;

  friend bool operator==(gzip_level, gzip_level) = default;
};

namespace detail {

struct free_compressor {
  void operator()(libdeflate_compressor* one) const noexcept { libdeflate_free_compressor(one); }
};
struct free_decompressor {
  void operator()(libdeflate_decompressor* one) const noexcept { libdeflate_free_decompressor(one); }
};

/// The calling thread's compressor. A thread keeps the one that it used last: tables of 0.1 to 9 MB by level.
[[nodiscard]] inline libdeflate_compressor& compressor(gzip_level level) {
  thread_local std::unique_ptr<libdeflate_compressor, free_compressor> kept;
  thread_local gzip_level                                              kept_level{0};

  gzip_level const wanted{std::clamp(level.value, 1, 12)};
  if (!kept || kept_level != wanted) {
    kept.reset();  // before the next: never two sets of tables
    kept.reset(libdeflate_alloc_compressor(wanted.value));
    if (!kept) throw std::bad_alloc{};
    kept_level = wanted;
  }
  return *kept;
}

[[nodiscard]] inline libdeflate_decompressor& decompressor() {
  thread_local std::unique_ptr<libdeflate_decompressor, free_decompressor> const kept{libdeflate_alloc_decompressor()};
  if (!kept) throw std::bad_alloc{};
  return *kept;
}

}  // namespace detail

/// One gzip member with no name and no time in it, so that equal input gives equal bytes.
[[nodiscard]] inline std::string gzip_compress(std::string_view plain, gzip_level level = {}) {
  auto&       engine = detail::compressor(level);
  std::string packed(libdeflate_gzip_compress_bound(&engine, plain.size()), '\0');
  // Cannot fail: the bound is the engine's own.
  packed.resize(libdeflate_gzip_compress(&engine, plain.data(), plain.size(), packed.data(), packed.size()));
  packed.shrink_to_fit();
  return packed;
}

/// Decodes one or more concatenated members (RFC 1952 §2.2) into at most `limit` bytes.
/// The output buffer grows geometrically towards `limit`; the size that a member claims for itself is only checked.
/// Fails with: malformed (also: no bytes at all), too_large, trailing_data (what follows the last member is not one).
[[nodiscard]] inline result<std::string> gzip_decompress(std::string_view packed, std::size_t limit) {
  auto&       engine = detail::decompressor();
  std::string plain;
  std::size_t used = 0;  // bytes of `plain` that hold output
  for (bool first = true; first || !packed.empty(); first = false) {
    if (!first && (packed.size() < 2 || packed[0] != '\x1f' || packed[1] != '\x8b'))
      return fail(errc::trailing_data, "bytes after the last gzip member");
    // DEFLATE gains at most 1032:1, so a small input never makes a large buffer.
    std::size_t step = std::min(limit - used, std::max<std::size_t>(packed.size() * 4, 512));
    for (;;) {
      plain.resize(std::max(plain.size(), used + step));
      std::size_t taken = 0;
      std::size_t made  = 0;
      // One byte of room is always named: with none the engine could not tell an empty member from a full buffer.
      char       spare   = 0;
      bool const no_room = plain.size() == used;
      auto const outcome =
          libdeflate_gzip_decompress_ex(&engine, packed.data(), packed.size(), no_room ? &spare : plain.data() + used,
                                        no_room ? 1 : plain.size() - used, &taken, &made);
      if (outcome == LIBDEFLATE_SUCCESS) {
        if (made > limit - used) return fail(errc::too_large, "decoded data exceeds the limit");
        used += made;
        packed.remove_prefix(taken);
        break;
      }
      if (outcome != LIBDEFLATE_INSUFFICIENT_SPACE) return fail(errc::malformed, "not a whole, intact gzip member");
      std::size_t const room = plain.size() - used;
      if (room == limit - used) return fail(errc::too_large, "decoded data exceeds the limit");
      step = room > (limit - used) / 2 ? limit - used : room * 2;
    }
  }
  plain.resize(used);
  return plain;
}

/// The same into memory of the caller's; how much of it holds output then. Fails with: as above, too_large where it
/// does not fit.
[[nodiscard]] inline result<std::size_t> gzip_decompress_into(std::string_view packed, std::span<char> out) {
  auto&       engine = detail::decompressor();
  std::size_t used   = 0;
  for (bool first = true; first || !packed.empty(); first = false) {
    if (!first && (packed.size() < 2 || packed[0] != '\x1f' || packed[1] != '\x8b'))
      return fail(errc::trailing_data, "bytes after the last gzip member");
    std::size_t taken   = 0;
    std::size_t made    = 0;
    char        spare   = 0;
    bool const  no_room = used == out.size();
    auto const  outcome =
        libdeflate_gzip_decompress_ex(&engine, packed.data(), packed.size(), no_room ? &spare : out.data() + used,
                                      no_room ? 1 : out.size() - used, &taken, &made);
    if (outcome == LIBDEFLATE_INSUFFICIENT_SPACE || (no_room && made != 0))
      return fail(errc::too_large, "decoded data exceeds the limit");
    if (outcome != LIBDEFLATE_SUCCESS) return fail(errc::malformed, "not a whole, intact gzip member");
    used += made;
    packed.remove_prefix(taken);
  }
  return used;
}

/// CRC-32 as gzip uses it; `so_far` continues an earlier one.
[[nodiscard]] inline std::uint32_t crc32(std::string_view data, std::uint32_t so_far = 0) noexcept {
  return libdeflate_crc32(so_far, data.data(), data.size());
}

}  // namespace tensorgate::codec
