#include <tensorgate/core/utf8.hpp>

#include <ostream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using tensorgate::is_utf8;
using namespace std::string_literals;

TEST_CASE("text of every length of character is UTF-8, wherever it stands") {
  for (auto const& one : {"a"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
                          "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s, "\0"s}) {
    for (std::size_t before = 0; before != 10; ++before) {
      for (std::size_t behind = 0; behind != 10; ++behind)
        CHECK(is_utf8(std::string(before, 'x') + one + std::string(behind, 'y')));
    }
  }
  CHECK(is_utf8(""));
}

TEST_CASE("overlong forms, surrogates, cut and stray bytes are not UTF-8") {
  for (auto const& one : {"\x80"s,
                          "\xBF"s,
                          "\xC0\x80"s,
                          "\xC1\xBF"s,
                          "\xC2"s,
                          "\xC2"
                          "a"s,
                          "\xC2\xC2"s,
                          "\xE0\x80\x80"s,
                          "\xE0\x9F\xBF"s,
                          "\xE1\x80"s,
                          "\xE1\x80"
                          "a"s,
                          "\xED\xA0\x80"s,
                          "\xED\xBF\xBF"s,
                          "\xF0\x80\x80\x80"s,
                          "\xF0\x8F\xBF\xBF"s,
                          "\xF0\x90\x80"s,
                          "\xF1\x80\x80"
                          "a"s,
                          "\xF4\x90\x80\x80"s,
                          "\xF5\x80\x80\x80"s,
                          "\xF8\x88\x80\x80\x80"s,
                          "\xFE"s,
                          "\xFF"s}) {
    for (std::size_t before = 0; before != 10; ++before) {
      CHECK_FALSE(is_utf8(std::string(before, 'x') + one));
      CHECK_FALSE(is_utf8(std::string(before, 'x') + one + "yyyyyyyyyy"));
    }
  }
}
