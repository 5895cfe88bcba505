#include <tensorgate/codec/gunzip_stream.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <tensorgate/codec/gzip.hpp>

namespace codec = tensorgate::codec;

namespace {

tensorgate::result<std::string> read_all(std::string_view packed, std::size_t piece) {
  codec::gunzip_stream stream{packed};
  std::string          plain;
  std::vector<char>    out(piece);
  for (;;) {
    auto const got = stream.read(out);
    if (!got) return tensorgate::fail(got);
    if (*got == 0) return plain;
    plain.append(out.data(), *got);
  }
}

}  // namespace

TEST_CASE("any size of piece gives the same bytes, also over several members") {
  std::string text;
  for (int i = 0; i != 4000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  auto const packed = codec::gzip_compress(text) + codec::gzip_compress("") + codec::gzip_compress("tail");
  for (std::size_t const piece : {1U, 7U, 4096U, 1U << 20U}) CHECK(read_all(packed, piece).value() == text + "tail");
}

TEST_CASE("what is cut, changed or followed by other bytes fails as the whole-buffer decoder does") {
  auto const packed = codec::gzip_compress("some text that is long enough to have a body");
  for (std::size_t cut = 0; cut != packed.size(); ++cut) CHECK_FALSE(read_all(packed.substr(0, cut), 64));
  auto changed               = packed;
  changed[packed.size() - 6] = static_cast<char>(changed[packed.size() - 6] ^ 1);
  CHECK(read_all(changed, 64).error().code == codec::errc::malformed);
  CHECK(read_all(packed + "x", 64).error().code == codec::errc::trailing_data);
}
