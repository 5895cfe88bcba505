#include <tensorgate/codec/percent.hpp>

#include <ostream>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace codec = tensorgate::codec;
using namespace std::string_literals;

TEST_CASE("escapes decode to their bytes, once") {
  CHECK(codec::percent_decode("").value() == "");
  CHECK(codec::percent_decode("plain").value() == "plain");
  CHECK(codec::percent_decode("%41%2f%2F%00").value() == "A//\0"s);
  CHECK(codec::percent_decode("%2541").value() == "%41");
  CHECK(codec::percent_decode("a+b").value() == "a+b");
  CHECK(codec::percent_decode("a+b%2B", codec::plus_sign::blank).value() == "a b+");
}

TEST_CASE("a broken escape is refused and leaves the output alone") {
  for (auto const text : {"%", "%4", "%zz", "%4z", "%z4", "a%", "ab%1", "%%41", "% 41", "%+1", "%-1", "%0x"}) {
    INFO(text);
    auto const decoded = codec::percent_decode(text);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == codec::errc::malformed);
    std::string out = "kept";
    CHECK_FALSE(codec::append_percent_decoded(out, text));
    CHECK(out == "kept");
  }
}

TEST_CASE("only unreserved characters and those asked for stay bare") {
  CHECK(codec::percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(codec::percent_encode("a b/c") == "a%20b%2Fc");
  CHECK(codec::percent_encode("a b/c", "/") == "a%20b/c");
  CHECK(codec::percent_encode("\xC3\xA9\n\0"s) == "%C3%A9%0A%00");
}

TEST_CASE("what was encoded decodes to itself") {
  std::mt19937 random(7);
  for (int round = 0; round != 2000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = static_cast<char>(random());
    CHECK(codec::percent_decode(codec::percent_encode(text)).value() == text);
    CHECK(codec::percent_decode(codec::percent_encode(text), codec::plus_sign::blank).value() == text);
  }
}

TEST_CASE("what needs decoding is told without decoding") {
  CHECK_FALSE(codec::is_percent_encoded("a+b"));
  CHECK(codec::is_percent_encoded("a+b", codec::plus_sign::blank));
  CHECK(codec::is_percent_encoded("a%20b"));
}
