#include <tensorgate/reflect/pattern.hpp>

#include <string>

#include <doctest/doctest.h>

using tensorgate::reflect::pattern_program;

TEST_CASE("a pattern matches the whole text or not at all") {
  static constexpr pattern_program name("[a-z0-9-]+");
  CHECK(name.matches("a-1"));
  CHECK_FALSE(name.matches(""));
  CHECK_FALSE(name.matches("a_1"));
  CHECK_FALSE(name.matches("xA"));
  CHECK_FALSE(name.matches("a\n"));
  static constexpr pattern_program anchored("^ab$");
  CHECK(anchored.matches("ab"));
  CHECK_FALSE(anchored.matches("abc"));
  static constexpr pattern_program empty("");
  CHECK(empty.matches(""));
  CHECK_FALSE(empty.matches("a"));
}

TEST_CASE("repetitions, groups and choices mean what they mean elsewhere") {
  static constexpr pattern_program times("a{2,3}b?c*");
  CHECK(times.matches("aa"));
  CHECK(times.matches("aaabccc"));
  CHECK_FALSE(times.matches("a"));
  CHECK_FALSE(times.matches("aaaa"));
  static constexpr pattern_program open("(ab){2,}");
  CHECK(open.matches("ababab"));
  CHECK_FALSE(open.matches("ab"));
  CHECK_FALSE(open.matches("ababa"));
  static constexpr pattern_program choice("(?:red|green|b(l|r)ue)-[0-9]{2}|none");
  CHECK(choice.matches("red-01"));
  CHECK(choice.matches("brue-99"));
  CHECK(choice.matches("none"));
  CHECK_FALSE(choice.matches("red"));
  CHECK_FALSE(choice.matches("red-1"));
  static constexpr pattern_program hex("0x([0-9a-fA-F]{2}){4}");
  CHECK(hex.matches("0xDEADbeef"));
  CHECK_FALSE(hex.matches("0xDEADbee"));
  static constexpr pattern_program nothing("a{0}b");
  CHECK(nothing.matches("b"));
}

TEST_CASE("classes and escapes name sets of characters") {
  static constexpr pattern_program words(R"(\w+\s\d+\.\d*[^"\\x-z]\$)");
  CHECK(words.matches("ab_1 23.4a$"));
  CHECK_FALSE(words.matches("ab_1 23.4y$"));
  CHECK_FALSE(words.matches("ab_1 23.4\"$"));
  static constexpr pattern_program any("a.c");
  CHECK(any.matches("abc"));
  CHECK(
      any.matches("a\xc3\xa9"
                  "c"));  // one character of two bytes
  CHECK_FALSE(any.matches("a\nc"));
  CHECK_FALSE(
      any.matches("a\xff"
                  "c"));
  static constexpr pattern_program opposite(R"(\D\W\S)");
  CHECK(opposite.matches("a-b"));
  CHECK_FALSE(opposite.matches("1-b"));
  static constexpr pattern_program dash("[-a]+");
  CHECK(dash.matches("a-a"));
}

TEST_CASE("expressions that make other matchers explode take linear time") {
  static constexpr pattern_program evil("(a*)*(a|a)*(a|aa)+b");
  CHECK_FALSE(evil.matches(std::string(20000, 'a')));
  CHECK(evil.matches(std::string(20000, 'a') + "b"));
  static constexpr pattern_program counted("(a{0,8}){0,8}");
  CHECK(counted.matches(std::string(64, 'a')));
  CHECK_FALSE(counted.matches(std::string(65, 'a')));
}
