// tensorgate/codec/gzip_join.hpp: how can files that share most of their text be packed without packing it twice?
//
// Each stretch of text becomes a run of DEFLATE blocks that refers to nothing outside itself and ends on a byte (RFC
// 1951 §3.2.4, an empty stored block). Such pieces may stand in any order in any number of files; a file made of them
// is one ordinary gzip member, which every client reads, unlike one of several members.
#pragma once

#include <algorithm>    // max
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint32_t, uint64_t
#include <new>          // bad_alloc
#include <stdexcept>    // logic_error
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // exchange, move

#include <zlib.h>  // inflate, which stops between blocks; crc32_combine

#include <tensorgate/codec/gzip.hpp>  // compressor, gzip_level
#include <tensorgate/core/abi.hpp>    // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::codec {

/// A stretch of text, packed so that it can be joined with others.
struct gzip_piece {
  std::string   blocks;    ///< whole DEFLATE blocks, none of them marked as the last, ending on a byte
  std::uint32_t crc  = 0;  ///< of the text
  std::uint64_t size = 0;  ///< of the text, bytes
};

namespace detail {

/// Where a DEFLATE stream's last block begins and where it ends, in bits from the start.
struct last_block {
  std::uint64_t begin = 0;
  std::uint64_t end   = 0;
};

/// `stream` is one that our own compressor has just made. Decodes it to count its bits: about a twentieth of the time
/// that packing took.
[[nodiscard]] inline last_block find_last_block(std::string_view stream) {
  z_stream engine{};
  if (inflateInit2(&engine, -15) != Z_OK) throw std::bad_alloc{};
  thread_local std::array<unsigned char, 65536> scratch;

  last_block    out;
  std::uint64_t fed = 0;
  for (bool last = false; !last;) {
    if (engine.avail_in == 0) {  // possibly nothing is left, and the engine still holds output
      auto const next = stream.substr(static_cast<std::size_t>(fed), std::size_t{1} << 30U);  // zlib counts in 32 bits
      // zlib reads through a pointer to mutable bytes without writing to them.
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
      engine.next_in  = reinterpret_cast<Bytef*>(const_cast<char*>(next.data()));
      engine.avail_in = static_cast<uInt>(next.size());
      fed += next.size();
    }
    engine.next_out  = scratch.data();
    engine.avail_out = static_cast<uInt>(scratch.size());
    if (inflate(&engine, Z_BLOCK) != Z_OK) {
      inflateEnd(&engine);
      throw std::logic_error("the compressor made a stream that does not decode");
    }
    constexpr int between_blocks = 128;
    constexpr int after_last     = 64;
    if ((engine.data_type & between_blocks) == 0) continue;
    auto const unread            = static_cast<std::uint64_t>(engine.data_type & 7);
    auto const position          = (fed - engine.avail_in) * 8 - unread;
    last                         = (engine.data_type & after_last) != 0;
    (last ? out.end : out.begin) = position;
  }
  inflateEnd(&engine);
  return out;
}

}  // namespace detail

/// Packs one stretch. The first 32 KiB find nothing to refer to: stretches of 256 KiB lose about one hundredth against
/// one stream, stretches of 32 KiB about a tenth.
[[nodiscard]] inline gzip_piece pack_piece(std::string_view plain, gzip_level level = {}) {
  gzip_piece out;
  if (plain.empty()) return out;
  // A thread keeps its room, up to a few megabytes: fresh pages for each piece would cost as much as a tenth of
  // packing.
  thread_local std::string room;
  constexpr std::size_t    most_kept = std::size_t{4} << 20U;

  auto& engine = detail::compressor(level);
  room.resize(std::max(room.size(), libdeflate_deflate_compress_bound(&engine, plain.size()) + 8));
  auto const made = libdeflate_deflate_compress(&engine, plain.data(), plain.size(), room.data(), room.size());
  auto const last = detail::find_last_block(std::string_view(room).substr(0, made));

  auto& header = room[static_cast<std::size_t>(last.begin / 8)];
  header       = static_cast<char>(static_cast<unsigned char>(header) & ~(1U << (last.begin % 8)));
  // An empty stored block: three bits of zero, zeros up to the byte's end, a length of nothing and its complement.
  auto const whole = static_cast<std::size_t>((last.end + 3 + 7) / 8);
  out.blocks.reserve(whole + 4);
  out.blocks.assign(room, 0, made);
  out.blocks.resize(whole, '\0');
  out.blocks.append("\0\0\xff\xff", 4);
  out.crc  = crc32(plain);
  out.size = plain.size();
  if (room.size() > most_kept) room = {};
  return out;
}

/// Makes one gzip member out of pieces.
class gzip_joiner {
 public:
  gzip_joiner() : out_("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) {}  // no name, no time: as gzip_compress writes it

  void reserve(std::size_t packed_size) { out_.reserve(packed_size + 20); }

  void add(gzip_piece const& piece) {
    out_ += piece.blocks;
    crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, piece.crc, static_cast<z_off_t>(piece.size)));
    size_ += piece.size;
  }

  /// The whole file; the joiner is then as new.
  [[nodiscard]] std::string finish() {
    out_.append("\x03\0", 2);  // an empty block with fixed codes, marked as the last
    append_little_endian(crc_);
    append_little_endian(static_cast<std::uint32_t>(size_));
    return std::move(std::exchange(*this, gzip_joiner{}).out_);
  }

 private:
  void append_little_endian(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) out_ += static_cast<char>((value >> shift) & 0xffU);
  }

  std::string   out_;
  std::uint32_t crc_  = 0;
  std::uint64_t size_ = 0;
};

}  // namespace tensorgate::codec
