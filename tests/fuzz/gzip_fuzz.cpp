// links: codec
// needs: z
// Properties of gzip: what we pack, whole or in pieces, comes back; nothing longer than the limit comes out; and
// whatever zlib, asked for one member after the other, accepts, we accept with the same bytes, whole, into the caller's
// memory, and piece by piece. (libdeflate takes a little more than zlib: it does not look at a header's own checksum,
// for one.)
#include <tensorgate/codec/gunzip_stream.hpp>
#include <tensorgate/codec/gzip.hpp>
#include <tensorgate/codec/gzip_join.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <zlib.h>  // the oracle

namespace {

namespace codec = tensorgate::codec;

constexpr std::size_t largest = std::size_t{1} << 20;

/// What zlib makes of `packed`, if it is whole members and nothing else, and at most `largest` bytes.
std::optional<std::string> zlib_decompress(std::string_view packed) {
  std::string plain(largest + 1, '\0');
  std::size_t used = 0;
  do {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return std::nullopt;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    stream.next_in   = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in  = static_cast<uInt>(packed.size());
    stream.next_out  = reinterpret_cast<Bytef*>(plain.data() + used);
    stream.avail_out = static_cast<uInt>(plain.size() - used);
    auto const end   = inflate(&stream, Z_FINISH);
    used             = plain.size() - stream.avail_out;
    packed           = packed.substr(packed.size() - stream.avail_in);
    inflateEnd(&stream);
    if (end != Z_STREAM_END || used > largest) return std::nullopt;
  } while (!packed.empty());
  plain.resize(used);
  return plain;
}

/// What the stream makes of `packed` in pieces of `step` bytes, if it takes it and it is at most `largest` bytes.
std::optional<std::string> streamed(std::string_view packed, std::size_t step) {
  codec::gunzip_stream stream(packed);
  std::string          plain;
  plain.reserve(largest + step);
  while (plain.size() <= largest) {
    auto const had = plain.size();
    plain.resize(had + step);
    auto const got = stream.read({plain.data() + had, step});
    if (!got) return std::nullopt;
    plain.resize(had + *got);
    if (*got == 0) return plain;
  }
  return std::nullopt;
}

/// Decoding into memory of the caller's agrees with decoding whole, in its answer and in its refusals.
bool agrees(std::string_view packed, std::size_t limit) {
  auto const  whole = codec::gzip_decompress(packed, limit);
  std::string room(limit + 1, '#');
  auto const  used = codec::gzip_decompress_into(packed, {room.data(), limit});
  if (room.back() != '#' || whole.has_value() != used.has_value()) return false;
  return whole ? std::string_view(room).substr(0, *used) == *whole : whole.error().code == used.error().code;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  if (input.empty()) return 0;

  codec::gzip_level const level{input[0] & 7};  // 8 and above would only slow the search
  auto const              packed = codec::gzip_compress(input, level);
  auto                    back   = codec::gzip_decompress(packed, size);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (back && size == 9) back->pop_back();
#endif
  if (!back || *back != input || zlib_decompress(packed) != input) __builtin_trap();
  if (codec::gzip_decompress(packed, size - 1).has_value()) __builtin_trap();

  codec::gzip_joiner joiner;
  auto const         cut = static_cast<unsigned char>(input[0]) % (size + 1);
  joiner.add(codec::pack_piece(input.substr(0, cut), level));
  joiner.add(codec::pack_piece(input.substr(cut), level));
  if (zlib_decompress(joiner.finish()) != input) __builtin_trap();

  auto const ours   = codec::gzip_decompress(input, largest);
  auto const theirs = zlib_decompress(input);
  if (ours && ours->size() > largest) __builtin_trap();
  if (theirs && (!ours || *ours != *theirs)) __builtin_trap();
  if (ours && !ours->empty() && codec::gzip_decompress(input, ours->size() - 1)) __builtin_trap();

  auto const fits = ours ? ours->size() : std::size_t{4096};
  if (!agrees(input, fits) || (fits != 0 && !agrees(input, fits - 1))) __builtin_trap();
  if (!agrees(packed, size) || !agrees(packed, size - 1)) __builtin_trap();
  auto const step = 1 + static_cast<unsigned char>(input.back()) * std::size_t{37};
  if (streamed(input, step) != theirs || streamed(packed, step) != input) __builtin_trap();
  return 0;
}
