#include <tensorgate/codec/gzip.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace tg = tensorgate;
using tg::codec::errc;
using tg::codec::gzip_compress;
using tg::codec::gzip_decompress;
using tg::codec::gzip_decompress_into;

namespace {

std::string sample_text(std::size_t size) {
  std::mt19937 numbers{7};
  std::string  text;
  while (text.size() < size) text += "{\"price\": " + std::to_string(numbers() % 100000) + "}, ";
  text.resize(size);
  return text;
}

/// "hello hello" as zlib's level 9 packs it, with a file name field: not made by our own compressor.
constexpr unsigned char foreign_member[] = {0x1f, 0x8b, 8,    8,    0,    0,    0,    0,    2, 3,    'a',
                                            0,    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0, 0x91, 0};

}  // namespace

TEST_CASE("every level and size comes back as it was") {
  for (std::size_t const size : {0U, 1U, 2U, 100U, 65535U, 300000U}) {
    auto const text = sample_text(size);
    for (int level = 1; level <= 12; ++level) {
      CAPTURE(size);
      CAPTURE(level);
      auto const packed = gzip_compress(text, {level});
      auto const back   = gzip_decompress(packed, size);
      REQUIRE(back);
      CHECK(*back == text);
    }
  }
}

TEST_CASE("levels outside 1 to 12 are taken as the nearest") {
  auto const text = sample_text(5000);
  CHECK(gzip_compress(text, {-3}) == gzip_compress(text, {1}));
  CHECK(gzip_compress(text, {99}) == gzip_compress(text, {12}));
}

TEST_CASE("equal input gives equal bytes, on every thread") {
  auto const               text = sample_text(40000);
  auto const               here = gzip_compress(text);
  std::vector<std::string> there(3);
  {
    std::vector<std::jthread> threads;
    for (auto& slot : there) threads.emplace_back([&] { slot = gzip_compress(text); });
  }
  for (auto const& one : there) CHECK(one == here);
  CHECK(here.substr(0, 10) == std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
}

TEST_CASE("the limit is exact, and a bomb stops at it") {
  std::string const zeros(10'000'000, '\0');
  auto const        packed = gzip_compress(zeros, {9});
  CHECK(packed.size() < 20000);
  CHECK(gzip_decompress(packed, zeros.size()).has_value());
  for (std::size_t const limit : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, zeros.size() - 1}) {
    auto const refused = gzip_decompress(packed, limit);
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::too_large);
  }
}

TEST_CASE("memory of the caller's is filled as far as it goes, and not a byte beyond") {
  auto const text   = sample_text(70000);
  auto const packed = gzip_compress(text.substr(0, 50000)) + gzip_compress("") + gzip_compress(text.substr(50000));
  for (std::size_t const more : {0U, 1U, 5000U}) {
    CAPTURE(more);
    std::string room(text.size() + more + 1, '#');
    auto const  used = gzip_decompress_into(packed, {room.data(), text.size() + more});
    REQUIRE(used);
    CHECK(*used == text.size());
    CHECK(room.substr(0, *used) == text);
    CHECK(room.back() == '#');
  }
  for (std::size_t const size :
       {std::size_t{0}, std::size_t{1}, std::size_t{49999}, std::size_t{50000}, text.size() - 1}) {
    CAPTURE(size);
    std::string room(text.size(), '#');
    auto const  refused = gzip_decompress_into(packed, {room.data(), size});
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::too_large);
    CHECK(room.find_first_not_of('#', size) == std::string::npos);
  }
}

TEST_CASE("what is refused whole is refused into the caller's memory") {
  std::string room(10000, '\0');
  auto const  into = [&](std::string_view packed) {
    auto const used = gzip_decompress_into(packed, room);
    return used ? std::error_code{} : used.error().code;
  };
  auto const packed = gzip_compress(sample_text(3000));
  for (std::size_t size = 0; size < packed.size(); ++size)
    CHECK(into(std::string_view(packed).substr(0, size)) == errc::malformed);
  CHECK(into(packed + "garbage") == errc::trailing_data);
  CHECK(into(packed + "\x1f\x8b") == errc::malformed);
  auto claims = packed;
  for (std::size_t i = claims.size() - 4; i < claims.size(); ++i) claims[i] = '\xff';
  CHECK(into(claims) == errc::malformed);
  auto const nothing = gzip_decompress_into(gzip_compress(""), {});
  REQUIRE(nothing);
  CHECK(*nothing == 0);
}

TEST_CASE("an empty member fits a limit of nothing") {
  auto const back = gzip_decompress(gzip_compress(""), 0);
  REQUIRE(back);
  CHECK(back->empty());
}

TEST_CASE("concatenated members decode to concatenated text, and share the limit") {
  auto const packed = gzip_compress("one, ") + gzip_compress("") + gzip_compress("two");
  auto const back   = gzip_decompress(packed, 8);
  REQUIRE(back);
  CHECK(*back == "one, two");
  CHECK(gzip_decompress(packed, 7).error().code == errc::too_large);
}

TEST_CASE("what follows the last member is refused") {
  auto const packed = gzip_compress("text");
  for (std::string const& tail :
       {std::string(1, '\0'), std::string("\x1f"), std::string("\x1fx"), std::string("garbage")})
    CHECK(gzip_decompress(packed + tail, 100).error().code == errc::trailing_data);
  CHECK(gzip_decompress(packed + "\x1f\x8b", 100).error().code == errc::malformed);
}

TEST_CASE("cut or altered members are refused") {
  auto const text   = sample_text(3000);
  auto const packed = gzip_compress(text);
  for (std::size_t size = 0; size < packed.size(); ++size)
    CHECK(gzip_decompress(std::string_view(packed).substr(0, size), 10000).error().code == errc::malformed);
  std::mt19937 numbers{11};
  for (int round = 0; round < 2000; ++round) {
    auto       altered = packed;
    auto const at      = numbers() % altered.size();
    altered[at]        = static_cast<char>(altered[at] ^ static_cast<char>(1U << (numbers() % 8)));
    auto const back    = gzip_decompress(altered, 10000);
    if (back) {
      CAPTURE(at);
      CHECK(*back == text);  // the time, the system, padding bits: what no checksum covers
    }
  }
}

TEST_CASE("a false claim of size neither allocates nor passes") {
  auto packed = gzip_compress("short");
  for (std::size_t i = packed.size() - 4; i < packed.size(); ++i) packed[i] = '\xff';
  CHECK(gzip_decompress(packed, std::size_t{1} << 40).error().code == errc::malformed);
}

TEST_CASE("members of another writer, with optional fields, are read") {
  std::string packed(reinterpret_cast<char const*>(foreign_member), sizeof foreign_member);
  auto const  sum = tg::codec::crc32("hello hello");
  for (unsigned shift = 0; shift < 32; shift += 8) packed += static_cast<char>(sum >> shift);
  packed += std::string("\x0b\0\0\0", 4);
  auto const back = gzip_decompress(packed, 100);
  REQUIRE(back);
  CHECK(*back == "hello hello");
}

TEST_CASE("a checksum can be taken in pieces") {
  CHECK(tg::codec::crc32("123456789") == 0xcbf43926U);
  CHECK(tg::codec::crc32("6789", tg::codec::crc32("12345")) == 0xcbf43926U);
  CHECK(tg::codec::crc32("") == 0);
}
