#include <tensorgate/identity/token_bucket.hpp>

#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace tensorgate::identity;
using namespace std::chrono_literals;

TEST_CASE("allowances are read and written alike") {
  for (auto const* text : {"600/min", "10/s", "1000/h", "5/day", "100/30s", "unlimited"}) {
    CAPTURE(text);
    REQUIRE(parse_allowance(text));
    CHECK(to_text(*parse_allowance(text)) == text);
  }
  for (auto const* text :
       {"", "/", "10", "10/", "/s", "0/s", "-1/s", "1/0s", "1/2days", "1/year", "9999999999/s", "1/1e3s", " 1/s"}) {
    CAPTURE(text);
    CHECK(!parse_allowance(text));
  }
}

TEST_CASE("a bucket gives its allowance at once, then as it refills") {
  allowance const    three{3, 3s};
  token_bucket       bucket;
  steady_point const start{1000s};
  auto               answer = bucket.take(three, start);
  CHECK(answer.allowed);
  CHECK(answer.limit == 3);
  CHECK(answer.remaining == 2);
  CHECK(answer.full_in == 1s);
  CHECK(bucket.take(three, start).remaining == 1);
  CHECK(bucket.take(three, start).remaining == 0);
  answer = bucket.take(three, start);
  CHECK(!answer.allowed);
  CHECK(answer.next_in == 1s);
  CHECK(answer.full_in == 3s);
  CHECK(!bucket.take(three, start + 999ms).allowed);
  CHECK(bucket.take(three, start + 1s).allowed);
  CHECK(!bucket.is_full(start + 3s));
  CHECK(bucket.is_full(start + 4s));
}

TEST_CASE("a refused request costs nothing, and one can be given back") {
  allowance const    one{1, 10s};
  token_bucket       bucket;
  steady_point const start{1000s};
  CHECK(bucket.take(one, start).allowed);
  for (int i = 0; i != 5; ++i) CHECK(!bucket.take(one, start + 1s).allowed);
  CHECK(bucket.take(one, start + 10s).allowed);
  bucket.give_back(one);
  CHECK(bucket.take(one, start + 10s).allowed);
}

TEST_CASE("what a longer window took does not lock out of a shorter one") {
  token_bucket       bucket;
  steady_point const start{1000s};
  allowance const    daily{.count = 2, .window = 86'400s};
  while (bucket.take(daily, start).allowed) {
  }
  allowance const quick{.count = 60, .window = 60s};
  auto const      refused = bucket.take(quick, start);
  CHECK(!refused.allowed);
  CHECK(refused.next_in == 1s);
  CHECK(bucket.take(quick, start + 1s).allowed);
}

TEST_CASE("over any window no more than twice the allowance passes, and the steady rate is kept") {
  allowance const    ten{10, 1s};
  token_bucket       bucket;
  steady_point const start{1000s};
  int                passed = 0;
  for (auto at = 0ms; at < 10s; at += 10ms) passed += bucket.take(ten, start + at).allowed ? 1 : 0;
  CHECK(passed >= 108);
  CHECK(passed <= 110);
}

TEST_CASE("without a limit everything passes") {
  token_bucket bucket;
  for (int i = 0; i != 100; ++i) CHECK(bucket.take(allowance{}, steady_point{}).allowed);
}
