#include <tensorgate/net/addresses.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include <doctest/doctest.h>

using namespace tensorgate;
using net::address;
using net::cidr;
using net::cidr_list;

namespace {

address at(std::string_view text) { return address::parse(text).value(); }

cidr_list list(std::vector<std::string> texts) { return cidr_list::parse(texts).value(); }

}  // namespace

TEST_CASE("an address is read strictly, as inet_pton reads it") {
  for (std::string const text : {"0.0.0.0",
                                 "127.0.0.1",
                                 "255.255.255.255",
                                 "256.1.1.1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "01.2.3.4",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "1..3.4",
                                 "",
                                 ".",
                                 "1.2.3.a",
                                 "::",
                                 "::1",
                                 "1::",
                                 "2001:db8::1",
                                 "1:2:3:4:5:6:7:8",
                                 "1:2:3:4:5:6:7::",
                                 "::2:3:4:5:6:7:8",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1::2::3",
                                 ":::",
                                 ":1",
                                 "1:",
                                 "12345::",
                                 "g::",
                                 "::1.2.3.4",
                                 "64:ff9b::192.0.2.1",
                                 "1:2:3:4:5:6:1.2.3.4",
                                 "1:2:3:4:5:6:7:1.2.3.4",
                                 "::1.2.3",
                                 "1.2.3.4::",
                                 "fe80::1%eth0",
                                 "[::1]",
                                 "ABCD::EF01",
                                 "1:2:3:4::5:6:7:8",
                                 "::1.2.3.400"}) {
    CAPTURE(text);
    std::array<unsigned char, 16> oracle{};
    bool const                    v4   = ::inet_pton(AF_INET, text.c_str(), oracle.data()) == 1;
    bool const                    v6   = !v4 && ::inet_pton(AF_INET6, text.c_str(), oracle.data()) == 1;
    auto const                    ours = address::parse(text);
    REQUIRE(ours.has_value() == (v4 || v6));
    if (ours && ours->kind() == address::family::v6) {
      CHECK(std::equal(oracle.begin(), oracle.end(), ours->octets().begin()));
    }
  }
}

TEST_CASE("an address is printed in the short form") {
  for (auto const& [in, out] :
       std::vector<std::pair<std::string, std::string>>{{"0:0:0:0:0:0:0:0", "::"},
                                                        {"0:0:0:0:0:0:0:1", "::1"},
                                                        {"1:0:0:0:0:0:0:0", "1::"},
                                                        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
                                                        {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
                                                        {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
                                                        {"192.0.2.33", "192.0.2.33"}}) {
    CHECK(at(in).to_text() == out);
    CHECK(at(out) == at(in));
  }
  CHECK(address().to_text().empty());
}

TEST_CASE("a v4-mapped address is the IPv4 address") {
  CHECK(at("::ffff:192.0.2.1") == at("192.0.2.1"));
  CHECK(at("::ffff:c000:201") == at("192.0.2.1"));
  CHECK(at("::192.0.2.1") != at("192.0.2.1"));
  CHECK(list({"192.0.2.0/24"}).contains(at("::ffff:192.0.2.77")));
  CHECK(cidr::parse("::ffff:192.0.2.0/120").value() == cidr::parse("192.0.2.0/24").value());
  CHECK(!cidr::parse("::ffff:0:0/90"));
}

TEST_CASE("a block is an address and a prefix length, and nothing beyond it") {
  CHECK(cidr::parse("10.0.0.0/8")->contains(at("10.255.1.2")));
  CHECK(!cidr::parse("10.0.0.0/8")->contains(at("11.0.0.0")));
  CHECK(cidr::parse("0.0.0.0/0")->contains(at("8.8.8.8")));
  CHECK(!cidr::parse("0.0.0.0/0")->contains(at("::8")));
  CHECK(cidr::parse("::/0")->contains(at("2001:db8::1")));
  CHECK(cidr::parse("192.0.2.1")->bits() == 32);
  for (std::string_view const bad : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1",
                                     "10.0.0.0/ 8", "/8", "10.0.0.0/8/8", "::/129", "2001:db8::1/32", "banana"}) {
    CAPTURE(bad);
    CHECK(!cidr::parse(bad));
  }
  CHECK(cidr::parse("2001:db8::/32")->last() == at("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
  CHECK(cidr::parse("10.0.0.0/9")->to_text() == "10.0.0.0/9");
}

TEST_CASE("a list holds what one of its blocks holds") {
  auto const some = list({"10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "172.16.0.0/12", "10.200.0.0/16"});
  for (std::string_view const in :
       {"10.0.0.0", "10.1.2.3", "10.255.255.255", "192.0.2.7", "2001:db8:1::", "172.31.0.1"}) {
    CAPTURE(in);
    CHECK(some.contains(at(in)));
  }
  for (std::string_view const out :
       {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "2001:db9::", "172.32.0.0", "::1"}) {
    CAPTURE(out);
    CHECK(!some.contains(at(out)));
  }
  CHECK(!some.contains(address()));
  CHECK(!cidr_list().contains(at("::")));
}

TEST_CASE("the caller behind trusted proxies is the last hop that a trusted one tells of") {
  net::forwarding rule;
  rule.trusted      = list({"10.0.0.0/8", "fd00::/8"});
  auto const behind = [&](std::string_view peer, std::vector<std::string_view> lines) {
    return net::caller_behind(at(peer), rule, lines).client.to_text();
  };
  CHECK(behind("192.0.2.1", {"198.51.100.1"}) == "192.0.2.1");  // a stranger's word
  CHECK(behind("10.0.0.1", {}) == "10.0.0.1");
  CHECK(behind("10.0.0.1", {"198.51.100.1"}) == "198.51.100.1");
  CHECK(behind("10.0.0.1", {"203.0.113.9, 198.51.100.1"}) == "198.51.100.1");  // what the client made up is left of him
  CHECK(behind("10.0.0.1", {"203.0.113.9", "198.51.100.1"}) == "198.51.100.1");
  CHECK(behind("10.0.0.1", {"198.51.100.1, 10.0.0.2"}) == "198.51.100.1");
  CHECK(behind("10.0.0.1", {"198.51.100.1", "10.0.0.2"}) == "198.51.100.1");
  CHECK(behind("10.0.0.1", {"10.0.0.3,10.0.0.2"}) == "10.0.0.3");
  CHECK(behind("10.0.0.1", {"198.51.100.1, banana, 10.0.0.2"}) == "unknown");  // malformed: never the proxy
  CHECK(behind("10.0.0.1", {"198.51.100.1,"}) == "unknown");
  CHECK(behind("10.0.0.1", {"unknown"}) == "unknown");
  CHECK(behind("10.0.0.1", {"198.51.100.1:4711"}) == "198.51.100.1");
  CHECK(behind("10.0.0.1", {"[2001:db8::1]:4711"}) == "2001:db8::1");
  CHECK(behind("10.0.0.1", {"2001:db8::1"}) == "2001:db8::1");
  CHECK(behind("10.0.0.1", {"198.51.100.1:port"}) == "unknown");
  CHECK(behind("10.0.0.1", {"\"198.51.100.1"}) == "unknown");
  // Nothing that a client writes swallows what the proxy appends: the field knows no quotes.
  CHECK(behind("10.0.0.1", {"\", 203.0.113.9"}) == "203.0.113.9");
  CHECK(behind("10.0.0.1", {"\"a, 203.0.113.9, 10.0.0.2"}) == "203.0.113.9");
  CHECK(behind("::ffff:10.0.0.1", {"198.51.100.1"}) == "198.51.100.1");
}

TEST_CASE("the scheme is what the trusted proxy says") {
  net::forwarding rule;
  rule.trusted = list({"10.0.0.0/8"});
  std::vector<std::string_view> const lines{"198.51.100.1"};
  CHECK(net::caller_behind(at("10.0.0.1"), rule, lines, "HTTPS").scheme == "https");
  CHECK(net::caller_behind(at("10.0.0.1"), rule, lines, "http, https").scheme == "https");
  CHECK(net::caller_behind(at("10.0.0.1"), rule, lines, "\", https").scheme == "https");
  CHECK(net::caller_behind(at("10.0.0.1"), rule, lines, "gopher").scheme.empty());
  CHECK(net::caller_behind(at("192.0.2.1"), rule, lines, "https").scheme.empty());
}

TEST_CASE("Forwarded is read by its grammar, and only where it is the believed field") {
  net::forwarding rule;
  rule.trusted      = list({"10.0.0.0/8"});
  rule.field        = net::forwarding_field::forwarded;
  auto const behind = [&](std::vector<std::string_view> lines) {
    return net::caller_behind(at("10.0.0.1"), rule, lines);
  };
  CHECK(behind({"for=198.51.100.1;proto=https"}).client == at("198.51.100.1"));
  CHECK(behind({"for=198.51.100.1;proto=https"}).scheme == "https");
  CHECK(behind({"For=\"[2001:db8:cafe::17]:4711\""}).client == at("2001:db8:cafe::17"));
  CHECK(behind({"for=203.0.113.1, for=198.51.100.1;by=10.0.0.1, for=10.0.0.2"}).client == at("198.51.100.1"));
  CHECK(behind({"for=203.0.113.1, for=_hidden, for=10.0.0.2"}).client.is_unknown());
  CHECK(behind({"for=unknown"}).client.is_unknown());
  CHECK(behind({"proto=https"}).client.is_unknown());
  CHECK(behind({"for=198.51.100.1;for=198.51.100.2"}).client.is_unknown());
  CHECK(behind({"for=\"198.51.100.1"}).client.is_unknown());
  CHECK(behind({"for=\", for=203.0.113.9"}).client.is_unknown());
  CHECK(behind({"for=\", for=\"[2001:db8::1]:4711\""}).client.is_unknown());
  CHECK(behind({"for=\"\\, for=203.0.113.9"}).client.is_unknown());
  CHECK(!rule.believes(address::unknown()));
  CHECK(address::unknown().to_text() == "unknown");
  CHECK(behind({"for=203.0.113.1;host=\"a,b\", for=10.0.0.7;host=\"x;y,z\""}).client == at("203.0.113.1"));
}

TEST_CASE("a proxy on a Unix socket is believed only where that is said") {
  net::forwarding                     rule;
  std::vector<std::string_view> const lines{"198.51.100.1"};
  CHECK(net::caller_behind(address(), rule, lines).client.is_none());
  rule.unix_socket = true;
  CHECK(net::caller_behind(address(), rule, lines).client == at("198.51.100.1"));
}
