#include <tensorgate/codec/gzip_join.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace tg = tensorgate;
using tg::codec::gzip_joiner;
using tg::codec::pack_piece;

namespace {

std::string noisy_text(std::mt19937& numbers, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text += "{\"price\": " + std::to_string(numbers() % 1000);
    if (numbers() % 50 == 0)
      for (int i = 0; i < 300; ++i) text += static_cast<char>(numbers() & 0xffU);  // what does not compress is stored
  }
  text.resize(size);
  return text;
}

/// One gzip member and nothing after it, read by another decoder.
std::string zlib_reads(std::string_view packed, std::size_t size) {
  std::string plain(size + 1, '\0');
  z_stream    engine{};
  REQUIRE(inflateInit2(&engine, 15 + 16) == Z_OK);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  engine.next_in   = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  engine.avail_in  = static_cast<uInt>(packed.size());
  engine.next_out  = reinterpret_cast<Bytef*>(plain.data());
  engine.avail_out = static_cast<uInt>(plain.size());
  CHECK(inflate(&engine, Z_FINISH) == Z_STREAM_END);
  CHECK(engine.avail_in == 0);
  plain.resize(plain.size() - engine.avail_out);
  inflateEnd(&engine);
  return plain;
}

}  // namespace

TEST_CASE("joined pieces are one ordinary gzip member of the joined text") {
  std::mt19937 numbers{3};
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    std::string text;
    gzip_joiner joiner;
    for (std::size_t pieces = numbers() % 6; pieces != 0; --pieces) {
      auto const part = noisy_text(numbers, numbers() % (round % 5 == 0 ? 400000U : 3000U));
      joiner.add(pack_piece(part, {static_cast<int>(1 + numbers() % 12)}));
      text += part;
    }
    auto const packed = joiner.finish();
    auto const back   = tg::codec::gzip_decompress(packed, text.size());
    REQUIRE(back);
    CHECK(*back == text);
    CHECK(zlib_reads(packed, text.size()) == text);
    CHECK(zlib_reads(joiner.finish(), 0).empty());  // as new
  }
}

TEST_CASE("a piece serves in any place of any file") {
  std::mt19937 numbers{4};
  auto const   shared = noisy_text(numbers, 50000);
  auto const   piece  = pack_piece(shared);
  for (std::string const& around : {std::string{}, std::string{"a"}, std::string(1000, 'b')}) {
    gzip_joiner joiner;
    joiner.add(pack_piece(around));
    joiner.add(piece);
    joiner.add(piece);
    joiner.add(pack_piece(around));
    CHECK(zlib_reads(joiner.finish(), 200000) == around + shared + shared + around);
  }
}

TEST_CASE("a piece ends on a byte whatever bit its blocks end on") {
  std::string text;
  for (int size = 1; size < 200; ++size) {
    text += static_cast<char>('a' + size * size % 23);
    gzip_joiner joiner;
    joiner.add(pack_piece(text, {1 + size % 12}));
    joiner.add(pack_piece("}", {6}));
    CHECK(zlib_reads(joiner.finish(), 300) == text + "}");
  }
}
