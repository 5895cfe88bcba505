#include <tensorgate/auth/address_list.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/http/guard.hpp>

#include "support/request_of.hpp"

using namespace tensorgate;
using test::request_of;

namespace {
net::cidr_list list(std::vector<std::string> const& texts) {
  auto made = net::cidr_list::parse(texts);
  REQUIRE(made);
  return *made;
}
bool admits(auth::address_list const& guard, std::string_view client) {
  return guard.admit(request_of("GET / HTTP/1.1\n", {}, client).get()).has_value();
}
}  // namespace

TEST_CASE("deny is asked first, an empty allow lets in everybody else") {
  auth::address_list const open;
  CHECK(open.empty());
  CHECK(admits(open, "192.0.2.1"));
  auth::address_list const denied({}, list({"192.0.2.0/24", "2001:db8::/32"}));
  CHECK(!admits(denied, "192.0.2.1"));
  CHECK(!admits(denied, "2001:db8::1"));
  CHECK(admits(denied, "198.51.100.1"));
  auth::address_list const both(list({"192.0.2.0/24"}), list({"192.0.2.7"}));
  CHECK(admits(both, "192.0.2.1"));
  CHECK(!admits(both, "192.0.2.7"));
  CHECK(!admits(both, "198.51.100.1"));
  CHECK(!admits(both, "2001:db8::1"));
}

TEST_CASE("an IPv4 address written as IPv6 does not walk around the list, and a Unix socket has no address") {
  auth::address_list const denied({}, list({"192.0.2.0/24"}));
  CHECK(!admits(denied, "::ffff:192.0.2.1"));
  auth::address_list const allowed(list({"192.0.2.0/24"}), {});
  CHECK(admits(allowed, "none"));
}

TEST_CASE("whose address is not known is let in only where nobody is kept out") {
  auto const unknown = net::address::unknown();
  CHECK(auth::address_list().admits(unknown));
  CHECK(!auth::address_list({}, list({"192.0.2.0/24"})).admits(unknown));
  CHECK(!auth::address_list(list({"0.0.0.0/0", "::/0"}), {}).admits(unknown));
}

TEST_CASE("a refusal is a 403 that says why in the record") {
  auth::address_list const denied({}, list({"192.0.2.0/24"}));
  request_of               q("GET / HTTP/1.1\n");
  auto const               refused = denied.admit(q.r);
  REQUIRE(!refused);
  CHECK(refused.error().code == http::errc::forbidden);
  CHECK(q.r.record.refusal == "address");
}

TEST_CASE("an address does not say who asks, so a route needs another guard beside it") {
  static_assert(http::guard<auth::address_list>);
  static_assert(!http::says_who<auth::address_list>);
}
