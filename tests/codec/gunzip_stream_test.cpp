#include <tensorgate/codec/gunzip_stream.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <tensorgate/codec/gzip.hpp>

namespace codec = tensorgate::codec;

namespace {

tensorgate::result<std::string> read_all(codec::gunzip_stream stream, std::size_t piece) {
  std::string       plain;
  std::vector<char> out(piece);
  for (;;) {
    auto const got = stream.read(out);
    if (!got) return tensorgate::fail(got);
    if (*got == 0) return plain;
    plain.append(out.data(), *got);
  }
}
tensorgate::result<std::string> read_all(std::string_view packed, std::size_t piece) {
  return read_all(codec::gunzip_stream(packed), piece);
}

// The packed bytes come in steps, the plain ones leave in pieces.
tensorgate::result<std::string> read_stepwise(std::string_view packed, std::size_t step, std::size_t piece) {
  auto more = [rest = packed, step]() mutable -> tensorgate::result<std::string_view> {
    auto const next = rest.substr(0, step);
    rest.remove_prefix(next.size());
    return next;
  };
  return read_all(codec::gunzip_stream(codec::gunzip_stream::source(more)), piece);
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

TEST_CASE("bytes that come step by step decode alike") {
  std::string text;
  for (int i = 0; i != 2000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  auto const packed = codec::gzip_compress(text) + codec::gzip_compress("") + codec::gzip_compress("tail");
  for (std::size_t const step : {1U, 2U, 5U, 1000U, 1U << 20U}) {
    CAPTURE(step);
    for (std::size_t const piece : {1U, 100U, 4096U})
      CHECK(read_stepwise(packed, step, piece).value() == text + "tail");
    for (std::size_t const lost : {1U, 9U, 30U}) {
      CHECK_FALSE(read_stepwise(std::string_view(packed).substr(0, packed.size() - lost), step, 64));
    }
    for (std::string_view const behind : {"x", "xy", "\x1f", "\x1fx"}) {
      CAPTURE(behind);
      CHECK_FALSE(read_stepwise(packed + std::string(behind), step, 64));
    }
  }
  CHECK_FALSE(read_stepwise("", 1, 64));
  codec::gunzip_stream broken{codec::gunzip_stream::source(
      []() -> tensorgate::result<std::string_view> { return tensorgate::fail(codec::errc::malformed, "deliberate"); })};
  std::vector<char>    out(16);
  CHECK(broken.read(out).error().note == "deliberate");
}
