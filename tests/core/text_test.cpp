#include <tensorgate/core/text.hpp>

#include <doctest/doctest.h>

using namespace tensorgate;

TEST_CASE("only ASCII letters are equal in another case") {
  CHECK(equals_ignoring_case("Content-Length", "cONTENT-lENGTH"));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK_FALSE(equals_ignoring_case("\xC3\x89", "\xC3\xA9"));
  CHECK(to_lower('Z') == 'z');
  CHECK(to_lower('[') == '[');
}

TEST_CASE("blanks are cut off at the ends alone") {
  CHECK(trim_blanks(" \ta b\t ") == "a b");
  CHECK(trim_blanks("\t ").empty());
  CHECK(trim_blanks("\n a") == "\n a");
}
