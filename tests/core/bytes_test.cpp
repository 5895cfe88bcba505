#include <tensorgate/core/bytes.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include <tensorgate/core/hex.hpp>

namespace tg = tensorgate;

TEST_CASE("a moved-from secret holds nothing, short or long") {
  for (std::string const text : {"short", "a secret that is far too long to live inside of the object itself"}) {
    std::string     typed = text;
    tg::secret_text first{std::move(typed)};
    CHECK(std::string_view(typed.data(), 5) == std::string_view("\0\0\0\0\0", 5));  // NOLINT(bugprone-use-after-move)
    tg::secret_text second{std::move(first)};
    CHECK(second.reveal() == text);
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): the promise under test
  }
}

TEST_CASE("hexadecimal text decodes strictly and encodes in lower case") {
  auto const data = tg::from_hex("00fFa5");
  REQUIRE(data);
  CHECK(tg::to_hex(*data) == "00ffa5");
  CHECK_FALSE(tg::from_hex("0"));
  CHECK_FALSE(tg::from_hex("0x00"));
  CHECK_FALSE(tg::from_hex("0g"));
}
