// links: net
// Addresses agree with inet_pton and come back from their text; blocks and lists agree with bit by bit comparison; and
// whoever is found behind proxies was the peer or stands in the field, with only trusted hops to his right.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include <tensorgate/net/addresses.hpp>

using namespace tensorgate;

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_address(std::string const& text) {
  auto ours = net::address::parse(text);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (ours && text.ends_with(".7")) ours = fail(net::errc::bad_address);
#endif
  std::array<std::uint8_t, 16> oracle{};
  bool const                   whole = text.find('\0') == std::string::npos;
  bool const                   v4    = whole && ::inet_pton(AF_INET, text.c_str(), oracle.data()) == 1;
  bool const                   v6    = whole && !v4 && ::inet_pton(AF_INET6, text.c_str(), oracle.data()) == 1;
  require(ours.has_value() == (v4 || v6));
  if (!ours) return;
  if (v4) require(std::equal(ours->octets().begin(), ours->octets().end(), oracle.begin()));
  if (v6) require(*ours == net::address::v6(oracle));
  require(net::address::parse(ours->to_text()).value() == *ours);
}

void check_block(std::string_view text, std::string_view other) {
  auto const block = net::cidr::parse(text);
  auto const one   = net::address::parse(other);
  if (!block || !one) return;
  require(net::cidr::parse(block->to_text()).value() == *block);
  bool same = one->kind() == block->first().kind();
  for (unsigned i = 0; same && i != block->bits(); ++i) {
    auto const bit = [i](net::address const& of) { return of.octets()[i / 8] >> (7U - i % 8U) & 1U; };
    same           = bit(*one) == bit(block->first());
  }
  require(block->contains(*one) == same);
  std::vector<net::cidr> const blocks{*block, net::cidr(block->last()), net::cidr::parse("10.0.0.0/8").value()};
  net::cidr_list const         list(blocks);
  bool const any = std::any_of(blocks.begin(), blocks.end(), [&](net::cidr const& b) { return b.contains(*one); });
  require(list.contains(*one) == any);
}

void check_caller(std::string_view lines, bool classic) {
  net::forwarding rule;
  rule.trusted = net::cidr_list({net::cidr::parse("10.0.0.0/8").value()});
  rule.field   = classic ? net::forwarding_field::x_forwarded_for : net::forwarding_field::forwarded;
  std::vector<std::string_view> split;
  for (std::size_t at = 0; at <= lines.size();) {
    auto const end = std::min(lines.find('\n', at), lines.size());
    split.push_back(lines.substr(at, end - at));
    at = end + 1;
  }
  auto const stranger = net::address::parse("192.0.2.1").value();
  auto const proxy    = net::address::parse("10.9.9.9").value();
  require(net::caller_behind(stranger, rule, split).client == stranger);
  auto const found = net::caller_behind(proxy, rule, split);
  require(!found.client.is_none());
  // Who is not a proxy ended the walk: nothing put before changes that.
  if (!rule.trusted.contains(found.client)) {
    split.insert(split.begin(), "203.0.113.99");
    require(net::caller_behind(proxy, rule, split).client == found.client);
  }
  // Nothing that stands before hides what the proxy appends, or makes the client pass for the proxy.
  auto const client   = net::address::parse("203.0.113.9").value();
  auto const appended = std::string(split.back()) + (classic ? ", 203.0.113.9" : ", for=203.0.113.9");
  split.back()        = appended;
  auto const told     = net::caller_behind(proxy, rule, split).client;
  require(told == client || (!classic && told.is_unknown()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const all(reinterpret_cast<char const*>(data), size);
  auto const             cut   = std::min(all.find('|'), all.size());
  auto const             first = all.substr(0, cut);
  auto const             rest  = all.substr(std::min(cut + 1, all.size()));
  check_address(std::string(first));
  check_block(first, rest);
  check_caller(first, true);
  check_caller(first, false);
  return 0;
}
