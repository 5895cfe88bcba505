#include <tensorgate/http/range.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace http = tensorgate::http;

namespace {

/// "0-4,7-9" for a partial answer, "whole" or "none" otherwise.
std::string shown(std::string_view field, std::uint64_t size, http::range_limits limits = {.gap = 0}) {
  auto const chosen = http::choose_ranges(field, size, limits);
  if (chosen.outcome() == http::range_outcome::whole) return "whole";
  if (chosen.outcome() == http::range_outcome::unsatisfiable) return "none";
  std::string text;
  for (auto const& one : chosen.ranges()) {
    text += (text.empty() ? "" : ",") + std::to_string(one.first) + "-" + std::to_string(one.last);
  }
  return text;
}

}  // namespace

TEST_CASE("one range names its first and last byte, its first, or how many of the last") {
  CHECK(shown("bytes=0-0", 10) == "0-0");
  CHECK(shown("bytes=2-5", 10) == "2-5");
  CHECK(shown("bytes=2-", 10) == "2-9");
  CHECK(shown("bytes=-3", 10) == "7-9");
  CHECK(shown("bytes=-30", 10) == "0-9");
  CHECK(shown("bytes=2-900", 10) == "2-9");
  CHECK(shown("BYTES=2-5", 10) == "2-5");
  CHECK(shown("bytes= 2-5 ", 10) == "2-5");
}

TEST_CASE("a range that lies behind the end is not satisfiable") {
  CHECK(shown("bytes=10-", 10) == "none");
  CHECK(shown("bytes=10-20", 10) == "none");
  CHECK(shown("bytes=-0", 10) == "none");
  CHECK(shown("bytes=99999999999999999999999-", 10) == "none");
  CHECK(shown("bytes=0-99999999999999999999999", 10) == "0-9");
  CHECK(shown("bytes=10-,-0,40-50", 10) == "none");
  CHECK(shown("bytes=10-,0-1", 10) == "0-1");
}

TEST_CASE("an empty representation has no parts to ask for") {
  CHECK(shown("bytes=0-", 0) == "whole");
  CHECK(shown("bytes=-5", 0) == "whole");
}

TEST_CASE("a range field that breaks the grammar counts for nothing") {
  for (auto const* const field : {"",
                                  "bytes",
                                  "bytes=",
                                  "bytes=,",
                                  "bytes=-",
                                  "bytes=5-2",
                                  "bytes=a-b",
                                  "bytes=1-2x",
                                  "bytes=+1-2",
                                  "bytes=1 -2",
                                  "bytes 1-2",
                                  "items=1-2",
                                  "bytes=1-2,x",
                                  "bytes=1-2;3-4",
                                  "bytes=0-1,5-2",
                                  "bytes==1-2",
                                  "bytes=1--2",
                                  "=1-2",
                                  "bytes =1-2",
                                  "bytes=0x1-2",
                                  "bytes=\"1-2\"",
                                  "bytes=1-2,\""}) {
    CAPTURE(field);
    CHECK(shown(field, 10) == "whole");
  }
}

TEST_CASE("several ranges keep the order in which they were asked for") {
  CHECK(shown("bytes=50-59,0-9,-5", 100) == "50-59,0-9,95-99");
  CHECK(shown("bytes=,50-59,, 0-9 ,", 100) == "50-59,0-9");
}

TEST_CASE("ranges that overlap or touch are joined, where the earliest of them stood") {
  CHECK(shown("bytes=0-9,5-14", 100) == "0-14");
  CHECK(shown("bytes=0-9,10-14", 100) == "0-14");
  CHECK(shown("bytes=0-9,11-14", 100) == "0-9,11-14");
  CHECK(shown("bytes=0-9,11-14", 100, {.gap = 1}) == "0-14");
  CHECK(shown("bytes=80-89,0-9,50-90", 100) == "50-90,0-9");
  CHECK(shown("bytes=0-1,20-21,0-30,90-91", 100) == "0-30,90-91");
  CHECK(shown("bytes=0-,0-,0-,0-", 100) == "0-99");
}

TEST_CASE("more ranges than the limits are answered with everything") {
  std::string many = "bytes=0-0";
  for (int i = 1; i != 16; ++i) many += "," + std::to_string(i * 10) + "-" + std::to_string(i * 10);
  CHECK(shown(many, 1000) != "whole");
  CHECK(shown(many + ",900-", 1000) == "whole");

  std::string overlapping = "bytes=0-";
  for (int i = 1; i != 64; ++i) overlapping += ",0-";
  CHECK(shown(overlapping, 1000) == "0-999");
  CHECK(shown(overlapping + ",0-", 1000) == "whole");
  CHECK(shown(overlapping + ",0-", 1000, {.asked = 5000}) == "whole");
}

TEST_CASE("content-range is written in the words of the protocol") {
  CHECK(http::content_range({.first = 2, .last = 5}, 10) == "bytes 2-5/10");
  CHECK(http::content_range_of_none(10) == "bytes */10");
}

static_assert(http::choose_ranges("bytes=1-2", 10).ranges().front() == http::byte_range{.first = 1, .last = 2});
