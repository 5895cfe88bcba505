// tensorgate/net/addresses.hpp: which address is this, does a list hold it, and who stands behind a trusted proxy?
#pragma once

#include <algorithm>    // sort, upper_bound
#include <array>        // array
#include <charconv>     // to_chars
#include <compare>      // strong_ordering
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint32_t
#include <functional>   // hash
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/hex.hpp>     // hex_value
#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/core/text.hpp>    // trim_blanks, equals_ignoring_case
#include <tensorgate/net/errc.hpp>     // errc

namespace tensorgate::inline TENSORGATE_ABI::net {

/// An IP address without port and zone; or none, as a Unix socket's peer has. An IPv4 address written as an IPv6 one
/// (::ffff:192.0.2.1) is the IPv4 address, so that a list of IPv4 blocks cannot be walked around.
class address {
 public:
  enum class family : std::uint8_t { none, v4, v6, unknown };

  constexpr address() = default;

  /// From the four bytes of an IPv4 address, highest first in `value`.
  [[nodiscard]] static constexpr address v4(std::uint32_t value) noexcept {
    address made;
    made.family_ = family::v4;
    for (std::size_t i = 0; i != 4; ++i) made.bytes_[i] = static_cast<std::uint8_t>(value >> (24U - 8U * i));
    return made;
  }

  /// From sixteen bytes in network order; v4-mapped ones become IPv4.
  [[nodiscard]] static constexpr address v6(std::array<std::uint8_t, 16> const& value) noexcept {
    bool mapped = value[10] == 0xff && value[11] == 0xff;
    for (std::size_t i = 0; i != 10; ++i) mapped = mapped && value[i] == 0;
    address made;
    if (mapped) {
      made.family_ = family::v4;
      for (std::size_t i = 0; i != 4; ++i) made.bytes_[i] = value[12 + i];
    } else {
      made.family_ = family::v6;
      made.bytes_  = value;
    }
    return made;
  }

  /// Strictly: four decimal numbers without leading zeros, or RFC 4291 §2.2 text; no zone, port, brackets or blanks.
  [[nodiscard]] static constexpr result<address> parse(std::string_view text) noexcept;

  /// Of somebody whose address was not told, or not so that it can be read. It lies in no block.
  [[nodiscard]] static constexpr address unknown() noexcept {
    address made;
    made.family_ = family::unknown;
    return made;
  }

  [[nodiscard]] constexpr family kind() const noexcept { return family_; }
  [[nodiscard]] constexpr bool   is_none() const noexcept { return family_ == family::none; }
  [[nodiscard]] constexpr bool   is_unknown() const noexcept { return family_ == family::unknown; }
  [[nodiscard]] constexpr bool   is_loopback() const noexcept {
    if (family_ == family::v4) return bytes_[0] == 127;
    std::array<std::uint8_t, 16> one{};
    one[15] = 1;
    return family_ == family::v6 && bytes_ == one;
  }
  /// True for 0.0.0.0 and ::, which to a listener mean every address of the host.
  [[nodiscard]] constexpr bool is_any() const noexcept {
    return width() != 0 && bytes_ == std::array<std::uint8_t, 16>{};
  }

  /// Bits of an address of this family: 32, 128, or 0 for none and unknown.
  [[nodiscard]] constexpr unsigned width() const noexcept {
    return family_ == family::v4 ? 32U : family_ == family::v6 ? 128U : 0U;
  }
  /// The bytes in network order: 4, 16 or none.
  [[nodiscard]] constexpr std::span<std::uint8_t const> octets() const noexcept {
    return {bytes_.data(), width() / 8U};
  }

  /// The first `bits` bits, the others 0 (or all 1 with `ones`): the first and the last address of a block.
  [[nodiscard]] constexpr address masked(unsigned bits, bool ones = false) const noexcept {
    address cut = *this;
    for (unsigned i = bits; i < width(); ++i) {
      auto const bit = static_cast<std::uint8_t>(0x80U >> (i % 8U));
      if (ones) {
        cut.bytes_[i / 8U] = static_cast<std::uint8_t>(cut.bytes_[i / 8U] | bit);
      } else {
        cut.bytes_[i / 8U] = static_cast<std::uint8_t>(cut.bytes_[i / 8U] & ~bit);
      }
    }
    return cut;
  }

  /// RFC 5952 text: the longest run of zeros as "::", lower case; empty for none, "unknown" for unknown.
  [[nodiscard]] std::string to_text() const {
    std::string text;
    append_to(text);
    return text;
  }
  void append_to(std::string& out) const;

  friend constexpr auto operator<=>(address const&, address const&) = default;

 private:
  family                       family_ = family::none;
  std::array<std::uint8_t, 16> bytes_{};
};

namespace detail {

[[nodiscard]] constexpr bool read_v4(std::string_view text, std::span<std::uint8_t, 4> out) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i != 4; ++i) {
    if (i != 0) {
      if (at == text.size() || text[at] != '.') return false;
      ++at;
    }
    unsigned          value = 0;
    std::size_t const first = at;
    while (at != text.size() && text[at] >= '0' && text[at] <= '9' && at - first < 3) {
      value = value * 10U + static_cast<unsigned>(text[at] - '0');
      ++at;
    }
    if (at == first || value > 255U || (at - first > 1 && text[first] == '0')) return false;
    out[i] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

[[nodiscard]] constexpr bool read_v6(std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
  std::array<std::uint8_t, 16> groups{};
  std::size_t                  filled = 0;   // bytes written
  std::size_t                  gap    = 17;  // where "::" stood, in bytes; 17: nowhere
  std::size_t                  at     = 0;
  if (text.starts_with("::")) {
    gap = 0;
    at  = 2;
  }
  while (at != text.size()) {
    if (filled == 16) return false;
    std::size_t const first = at;
    unsigned          value = 0;
    while (at != text.size() && at - first < 4 && hex_value(text[at]) >= 0) {
      value = value * 16U + static_cast<unsigned>(hex_value(text[at]));
      ++at;
    }
    if (at != text.size() && text[at] == '.') {  // the last 32 bits as IPv4
      if (filled > 12) return false;
      if (!read_v4(text.substr(first), std::span<std::uint8_t, 4>(groups.data() + filled, 4))) return false;
      filled += 4;
      break;
    }
    if (at == first) return false;
    groups[filled++] = static_cast<std::uint8_t>(value >> 8U);
    groups[filled++] = static_cast<std::uint8_t>(value & 0xffU);
    if (at == text.size()) break;
    if (text[at] != ':') return false;
    ++at;
    if (at != text.size() && text[at] == ':') {
      if (gap != 17) return false;
      gap = filled;
      ++at;
    } else if (at == text.size()) {
      return false;  // a single colon at the end
    }
  }
  if (gap == 17) {
    if (filled != 16) return false;
    out = groups;
    return true;
  }
  if (filled > 14) return false;  // "::" stands for at least one group
  std::array<std::uint8_t, 16> whole{};
  for (std::size_t i = 0; i != gap; ++i) whole[i] = groups[i];
  for (std::size_t i = gap; i != filled; ++i) whole[16 - filled + i] = groups[i];
  out = whole;
  return true;
}

}  // namespace detail

constexpr result<address> address::parse(std::string_view text) noexcept {
  std::array<std::uint8_t, 16> whole{};
  if (text.find(':') == std::string_view::npos) {
    if (!detail::read_v4(text, std::span<std::uint8_t, 4>(whole.data(), 4))) return fail(errc::bad_address);
    address made;
    made.family_ = family::v4;
    made.bytes_  = whole;
    return made;
  }
  if (!detail::read_v6(text, whole)) return fail(errc::bad_address);
  return v6(whole);
}

inline void address::append_to(std::string& out) const {
  auto const number = [&out](unsigned value, int base) {
    std::array<char, 8> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr);
  };
  if (is_unknown()) out.append("unknown");
  if (family_ == family::v4) {
    for (std::size_t i = 0; i != 4; ++i) {
      if (i != 0) out.push_back('.');
      number(bytes_[i], 10);
    }
  } else if (family_ == family::v6) {
    std::size_t best    = 8;
    std::size_t longest = 1;  // a single zero group is not shortened
    for (std::size_t i = 0; i != 8;) {
      std::size_t run = 0;
      while (i + run != 8 && bytes_[2 * (i + run)] == 0 && bytes_[2 * (i + run) + 1] == 0) ++run;
      if (run > longest) {
        best    = i;
        longest = run;
      }
      i += run == 0 ? 1 : run;
    }
    for (std::size_t i = 0; i != 8; ++i) {
      if (i == best) {
        out.append("::");
        i += longest - 1;
        continue;
      }
      if (i != 0 && i != best + longest) out.push_back(':');
      number(static_cast<unsigned>(bytes_[2 * i]) << 8U | bytes_[2 * i + 1], 16);
    }
  }
}

[[nodiscard]] inline std::string to_text(address const& one) { return one.to_text(); }

/// A block of addresses, "10.0.0.0/8" or "2001:db8::/32"; a bare address is a block of one.
class cidr {
 public:
  /// A block of one.
  constexpr explicit cidr(address one) noexcept : first_(one), bits_(one.width()) {}

  /// Refuses a prefix that is too long, has a sign or leading zeros, and an address with bits beyond its prefix, which
  /// is a slip more often than not.
  [[nodiscard]] static constexpr result<cidr> parse(std::string_view text) noexcept {
    auto const slash = text.find('/');
    auto const base  = address::parse(text.substr(0, slash));
    if (!base) return fail(errc::bad_prefix, "not an IP address or a block of them");
    if (slash == std::string_view::npos) return cidr(*base);
    auto const digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) {
      return fail(errc::bad_prefix, "the prefix length is not a number");
    }
    unsigned bits = 0;
    for (char const one : digits) {
      if (one < '0' || one > '9') return fail(errc::bad_prefix, "the prefix length is not a number");
      bits = bits * 10U + static_cast<unsigned>(one - '0');
    }
    // A block of v4-mapped addresses is a block of IPv4.
    if (base->kind() == address::family::v4 && text.substr(0, slash).find(':') != std::string_view::npos) {
      if (bits < 96U) return fail(errc::bad_prefix, "a block of IPv4-mapped addresses has at least 96 bits");
      bits -= 96U;
    }
    if (bits > base->width()) return fail(errc::bad_prefix, "the prefix is longer than the address");
    if (base->masked(bits) != *base) return fail(errc::bad_prefix, "the address has bits beyond its prefix");
    cidr made(*base);
    made.bits_ = bits;
    return made;
  }

  [[nodiscard]] constexpr address  first() const noexcept { return first_; }
  [[nodiscard]] constexpr address  last() const noexcept { return first_.masked(bits_, true); }
  [[nodiscard]] constexpr unsigned bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr bool     contains(address const& one) const noexcept {
    return one.kind() == first_.kind() && !one.is_none() && one.masked(bits_) == first_;
  }
  [[nodiscard]] std::string to_text() const { return first_.to_text() + "/" + std::to_string(bits_); }

  friend constexpr bool operator==(cidr const&, cidr const&) = default;

 private:
  address  first_;
  unsigned bits_;
};

/// Many blocks, asked in logarithmic time. "0.0.0.0/0" holds every IPv4 address and no IPv6 one.
class cidr_list {
 public:
  cidr_list() = default;
  explicit cidr_list(std::vector<cidr> blocks) : blocks_(std::move(blocks)) {
    ranges_.reserve(blocks_.size());
    for (auto const& one : blocks_) ranges_.push_back({one.first(), one.last()});
    std::ranges::sort(ranges_, {}, &range::first);
    // Blocks nest or are disjoint: one that begins within its predecessor is part of it.
    std::size_t kept = 0;
    for (auto const& one : ranges_) {
      if (kept != 0 && one.first <= ranges_[kept - 1].last) continue;
      ranges_[kept++] = one;
    }
    ranges_.resize(kept);
  }

  /// Fails at the first text that is no block.
  [[nodiscard]] static result<cidr_list> parse(std::span<std::string const> texts) {
    std::vector<cidr> blocks;
    blocks.reserve(texts.size());
    for (auto const& text : texts) {
      auto const one = cidr::parse(text);
      if (!one) return fail(one);
      blocks.push_back(*one);
    }
    return cidr_list(std::move(blocks));
  }

  [[nodiscard]] bool contains(address const& one) const noexcept {
    auto const after = std::ranges::upper_bound(ranges_, one, {}, &range::first);
    return !one.is_none() && after != ranges_.begin() && one <= (after - 1)->last;
  }
  [[nodiscard]] bool                     empty() const noexcept { return blocks_.empty(); }
  [[nodiscard]] std::vector<cidr> const& blocks() const noexcept { return blocks_; }

 private:
  struct range {
    address first;
    address last;
  };
  std::vector<cidr>  blocks_;
  std::vector<range> ranges_;  // sorted, disjoint
};

/// Which field a proxy writes. Only one is believed: a proxy that writes one passes the other on as the client sent it.
enum class forwarding_field : std::uint8_t { x_forwarded_for, forwarded };

/// Whom we believe when he says for whom he asks.
struct forwarding {
  cidr_list        trusted{};            ///< proxies; empty: nobody is believed
  bool             unix_socket = false;  ///< a peer on a Unix socket is a proxy too
  forwarding_field field       = forwarding_field::x_forwarded_for;

  [[nodiscard]] bool believes(address const& peer) const noexcept {
    return peer.is_none() ? unix_socket : trusted.contains(peer);
  }
};

/// The caller that is left after the trusted proxies were taken away.
struct forwarded_caller {
  address          client{};  ///< unknown where a trusted proxy tells of one that cannot be read
  std::string_view scheme{};  ///< "http" or "https" as the proxy next to the client saw it; empty when none said
};

namespace detail {

[[nodiscard]] constexpr bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  for (char const one : text) {
    if (one < '0' || one > '9') return false;
  }
  return true;
}

/// An address with or without a port: "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80".
[[nodiscard]] constexpr result<address> read_node(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    auto const end = text.find(']');
    if (end == std::string_view::npos) return fail(errc::bad_address);
    auto const rest = text.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return fail(errc::bad_address);
    auto const inner = text.substr(1, end - 1);
    if (inner.find(':') == std::string_view::npos) return fail(errc::bad_address);
    return address::parse(inner);
  }
  auto const colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    if (!is_port(text.substr(colon + 1))) return fail(errc::bad_address);
    return address::parse(text.substr(0, colon));
  }
  return address::parse(text);
}

[[nodiscard]] constexpr std::string_view known_scheme(std::string_view text) noexcept {
  if (equals_ignoring_case(text, "https")) return "https";
  if (equals_ignoring_case(text, "http")) return "http";
  return {};
}

/// Where the last element of a list begins that separates by commas and knows no quotes.
[[nodiscard]] constexpr std::size_t last_plain_element(std::string_view list) noexcept { return list.rfind(',') + 1; }

/// The same where commas within quoted strings do not count; npos when a quoted string does not end.
[[nodiscard]] constexpr std::size_t last_quoting_element(std::string_view list) noexcept {
  std::size_t begin  = 0;
  bool        quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (quoted && list[i] == '\\') {
      ++i;
    } else if (list[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && list[i] == ',') {
      begin = i + 1;
    }
  }
  return quoted ? std::string_view::npos : begin;
}

/// The `for` and `proto` of one element of Forwarded (RFC 7239 §4); an element without a usable `for` is malformed.
[[nodiscard]] constexpr result<forwarded_caller> read_forwarded(std::string_view element) noexcept {
  forwarded_caller said;
  bool             has_for = false;
  while (!element.empty()) {
    std::size_t end    = 0;
    bool        quoted = false;
    for (; end < element.size() && (quoted || element[end] != ';'); ++end) {
      if (element[end] == '"') quoted = !quoted;
      if (quoted && element[end] == '\\') return fail(errc::bad_address);  // no node needs an escape
    }
    auto const pair = trim_blanks(element.substr(0, end));
    element.remove_prefix(end == element.size() ? end : end + 1);
    auto const equals = pair.find('=');
    if (equals == std::string_view::npos) return fail(errc::bad_address);
    auto const name  = pair.substr(0, equals);
    auto       value = pair.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (equals_ignoring_case(name, "for")) {
      auto const node = read_node(value);
      if (has_for || !node) return fail(errc::bad_address);
      said.client = *node;
      has_for     = true;
    } else if (equals_ignoring_case(name, "proto")) {
      said.scheme = known_scheme(value);
    }
  }
  if (!has_for) return fail(errc::bad_address);
  return said;
}

}  // namespace detail

/// Who asks: walks the lines of the believed field from the right, for each proxy appends its own peer there, and goes
/// on as long as the hop it stands at is trusted. What is malformed, obfuscated or unknown ends the walk: the caller is
/// unknown then, and never the proxy that told of him. What stands left of an untrusted hop is his word, and is not
/// read.
/// `lines` are the field's values in the order of the message; `proto` is X-Forwarded-Proto (only with
/// X-Forwarded-For).
[[nodiscard]] inline forwarded_caller caller_behind(address const& peer, forwarding const& rule,
                                                    std::span<std::string_view const> lines,
                                                    std::string_view                  proto = {}) noexcept {
  forwarded_caller at{peer, {}};
  if (!rule.believes(peer)) return at;
  bool const classic = rule.field == forwarding_field::x_forwarded_for;
  if (classic) {
    at.scheme = detail::known_scheme(trim_blanks(proto.substr(detail::last_plain_element(proto))));
  }
  for (std::size_t line = lines.size(); line-- != 0;) {
    auto rest = lines[line];
    for (;;) {
      auto const begin   = classic ? detail::last_plain_element(rest) : detail::last_quoting_element(rest);
      auto const element = begin == std::string_view::npos ? std::string_view() : trim_blanks(rest.substr(begin));
      if (classic) {
        at.client = detail::read_node(element).value_or(address::unknown());
      } else {
        at = detail::read_forwarded(element).value_or(forwarded_caller{address::unknown(), at.scheme});
      }
      if (!rule.trusted.contains(at.client)) return at;
      if (begin == 0) break;
      rest = rest.substr(0, begin - 1);
    }
  }
  return at;
}

}  // namespace tensorgate::net

template <>
struct std::hash<tensorgate::net::address> {
  [[nodiscard]] std::size_t operator()(tensorgate::net::address const& one) const noexcept {
    auto const octets = one.octets();
    return std::hash<std::string_view>{}({reinterpret_cast<char const*>(octets.data()), octets.size()});
  }
};
