#include <tensorgate/auth/rate.hpp>

#include <string>

#include <doctest/doctest.h>

#include "support/request_of.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using test::request_of;

namespace {

random_fn zeros() {
  return [](std::span<std::byte> out) {
    for (auto& one : out) one = std::byte{7};
  };
}
bool asks(auth::rate const& often, std::string_view client, steady_point at, std::string caller = {}) {
  request_of q("GET / HTTP/1.1\n", {}, client);
  q.r.record.began  = at;
  q.r.record.caller = std::move(caller);
  return often.admit(q.r).has_value();
}
constexpr steady_point start{1000s};

}  // namespace

TEST_CASE("each address has its own allowance, an IPv6 one together with its /64") {
  auth::rate const often({.allowed = {2, 60s}}, zeros());
  CHECK(asks(often, "192.0.2.1", start));
  CHECK(asks(often, "192.0.2.1", start));
  CHECK(!asks(often, "192.0.2.1", start));
  CHECK(asks(often, "192.0.2.2", start));
  CHECK(asks(often, "2001:db8::1", start));
  CHECK(asks(often, "2001:db8::2", start));
  CHECK(!asks(often, "2001:db8::3", start));
  CHECK(asks(often, "2001:db8:0:1::1", start));
  for (int i = 0; i != 5; ++i) CHECK(asks(often, "none", start));
}

TEST_CASE("by caller it counts names, and addresses where there is none") {
  auth::rate const often({.allowed = {1, 60s}, .by = auth::rate_by::caller}, zeros());
  CHECK(asks(often, "192.0.2.1", start, "alice"));
  CHECK(!asks(often, "192.0.2.2", start, "alice"));
  CHECK(asks(often, "192.0.2.1", start, "bob"));
  CHECK(asks(often, "192.0.2.1", start));
  CHECK(!asks(often, "192.0.2.1", start));
}

TEST_CASE("a name never has the bucket of an address whose bytes are the same") {
  auth::rate const often({.allowed = {1, 60s}, .by = auth::rate_by::caller}, zeros());
  CHECK(asks(often, "97.98.99.100", start, "abcd"));
  CHECK(asks(often, "97.98.99.100", start));
  CHECK(!asks(often, "97.98.99.100", start, "abcd"));
  CHECK(!asks(often, "97.98.99.100", start));
}

TEST_CASE("the answer carries the limit, what is left, and when to come again") {
  auth::rate const often({.allowed = {2, 60s}}, zeros());
  request_of       q("GET / HTTP/1.1\n");
  q.r.record.began = start;
  REQUIRE(often.admit(q.r));
  CHECK(q.answer_field("RateLimit-Limit") == "2");
  CHECK(q.answer_field("RateLimit-Remaining") == "1");
  CHECK(q.answer_field("RateLimit-Reset") == "30");
  CHECK(!q.answer_field("Retry-After"));
  REQUIRE(often.admit(q.r));
  auto const refused = often.admit(q.r);
  REQUIRE(!refused);
  CHECK(refused.error().code == http::errc::too_many_requests);
  CHECK(q.answer_field("RateLimit-Remaining") == "0");
  CHECK(q.answer_field("Retry-After") == "30");
  CHECK(q.r.record.limit_hit == "rate");
}

TEST_CASE("of two limits the one that leaves least is told") {
  auth::rate const wide({.allowed = {100, 60s}}, zeros());
  auth::rate const narrow({.allowed = {3, 60s}}, zeros());
  request_of       q("GET / HTTP/1.1\n");
  q.r.record.began = start;
  REQUIRE(narrow.admit(q.r));
  REQUIRE(wide.admit(q.r));
  CHECK(q.answer_field("RateLimit-Limit") == "3");
  CHECK(q.r.answer_fields.size() == 3);
}

TEST_CASE("a full table slows newcomers down together and leaves the others alone") {
  auth::rate const often({.allowed = {2, 60s}, .callers = 128}, zeros());
  CHECK(asks(often, "10.0.0.1", start));
  int passed = 0;
  for (int i = 2; i != 2002; ++i)
    passed += asks(often, "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), start) ? 1 : 0;
  CHECK(passed >= 127);           // as many as there are places
  CHECK(passed <= 128 + 16 * 2);  // and the shared allowance of each of the sixteen shards
  CHECK(asks(often, "10.0.0.1", start));
  CHECK(!asks(often, "10.0.0.1", start));
  // Once the buckets are full again, their places are free.
  passed = 0;
  for (int i = 0; i != 100; ++i) passed += asks(often, "10.1.0." + std::to_string(i), start + 61s) ? 1 : 0;
  CHECK(passed == 100);
}

TEST_CASE("unlimited asks nothing and adds nothing") {
  auth::rate const often({}, zeros());
  request_of       q("GET / HTTP/1.1\n");
  for (int i = 0; i != 100; ++i) CHECK(often.admit(q.r));
  CHECK(q.r.answer_fields.empty());
}
