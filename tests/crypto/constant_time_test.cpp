#include <tensorgate/crypto/constant_time.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include <tensorgate/core/bytes.hpp>

namespace tg = tensorgate;
using tg::crypto::constant_time_equal;

TEST_CASE("texts are equal if every byte of them is, at any length and any alignment") {
  for (std::size_t size = 0; size != 40; ++size) {
    for (std::size_t offset = 0; offset != 8; ++offset) {
      std::string const left(size, 'a');
      std::string const padded = std::string(offset, '.') + left;
      auto const        right  = std::string_view(padded).substr(offset);
      CHECK(constant_time_equal(left, right));
      for (std::size_t at = 0; at != size; ++at) {
        auto other = left;
        other[at]  = static_cast<char>(other[at] ^ '\x80');
        CHECK_FALSE(constant_time_equal(other, right));
        CHECK_FALSE(constant_time_equal(right, other));
      }
    }
  }
}

TEST_CASE("texts of different lengths are not equal") {
  CHECK_FALSE(constant_time_equal("", "a"));
  CHECK_FALSE(constant_time_equal("abcdefgh", "abcdefghi"));
  CHECK_FALSE(constant_time_equal("abcdefghi", "abcdefgh"));
}

TEST_CASE("bytes are compared as texts are") {
  CHECK(constant_time_equal(tg::as_bytes("abc"), tg::as_bytes("abc")));
  CHECK(constant_time_equal(tg::bytes_view(), tg::bytes_view()));
  CHECK_FALSE(constant_time_equal(tg::as_bytes("abc"), tg::as_bytes("abd")));
}
