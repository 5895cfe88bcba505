// tensorgate/http/url.hpp: where does a URL of a server lead? (RFC 3986, RFC 9110 §4.2)
#pragma once

#include <charconv>     // from_chars
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t
#include <string>       // string, to_string
#include <string_view>  // string_view

#include <tensorgate/core/hex.hpp>               // hex_value
#include <tensorgate/core/result.hpp>            // result
#include <tensorgate/core/text.hpp>              // to_lower
#include <tensorgate/http/detail/authority.hpp>  // parse_authority
#include <tensorgate/http/detail/chars.hpp>      // is_char_of
#include <tensorgate/http/errc.hpp>              // errc

namespace tensorgate::inline TENSORGATE_ABI::http {

/// A URL of a server that is to be asked: `http` or `https`, a host, a port and a target.
class url {
 public:
  /// "http://127.0.0.1/": so that a url always is one.
  url() = default;

  /// Strictly: no other scheme, no user information, no fragment, no byte that RFC 3986 does not have there, no broken
  /// escape, no blank at either end; at most 8 KiB. The host is a name in ASCII, an IPv4 address or an IPv6
  /// address in brackets.
  /// Nothing is repaired or decoded: dot segments and escapes reach the server as they are written.
  /// Fails with: errc::bad_target.
  [[nodiscard]] static result<url> parse(std::string_view text);

  [[nodiscard]] bool is_encrypted() const noexcept { return encrypted_; }
  /// In lower case, without brackets: what is resolved, and what a certificate must name.
  [[nodiscard]] std::string_view host() const noexcept {
    return bracketed_ ? std::string_view(host_).substr(1, host_.size() - 2) : std::string_view(host_);
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Path and query, as they are sent: "/a/b?c=d".
  [[nodiscard]] std::string const& target() const noexcept { return target_; }
  /// What the Host field says: the port is left out where it is the scheme's own.
  [[nodiscard]] std::string authority() const {
    bool const usual = port_ == (encrypted_ ? 443 : 80);
    return usual ? host_ : host_ + ":" + std::to_string(port_);
  }
  /// Scheme, host and port: what one pool of connections is for.
  [[nodiscard]] std::string origin() const {
    return std::string(encrypted_ ? "https://" : "http://").append(host_).append(":").append(std::to_string(port_));
  }

  /// The same server, another target.
  /// Fails with: errc::bad_target.
  [[nodiscard]] result<url> with_target(std::string_view target) const;

  friend bool operator==(url const&, url const&) = default;

 private:
  std::string   host_      = "127.0.0.1";
  std::string   target_    = "/";
  std::uint16_t port_      = 80;
  bool          encrypted_ = false;
  bool          bracketed_ = false;
};

namespace detail {

/// `path-abempty [ "?" query ]`, where an empty path stands for "/".
[[nodiscard]] constexpr bool is_origin_target(std::string_view text) noexcept {
  if (!text.empty() && text.front() != '/' && text.front() != '?') return false;
  for (std::size_t i = 0; i != text.size(); ++i) {
    bool const escape =
        text[i] == '%' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (!escape && text[i] != '?' && !is_char_of(target_char, text[i])) return false;
  }
  return true;
}

}  // namespace detail

inline result<url> url::with_target(std::string_view target) const {
  if (target.size() > 8192 || !detail::is_origin_target(target)) {
    return fail(errc::bad_target, "a URL's path or query is malformed");
  }
  url made     = *this;
  made.target_ = target.starts_with('/') ? std::string(target) : std::string("/").append(target);
  return made;
}

inline result<url> url::parse(std::string_view text) {
  if (text.size() > 8192) return fail(errc::bad_target, "a URL of more than 8 KiB");
  auto const scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return fail(errc::bad_target, "a URL without a scheme");
  std::string scheme;
  for (char const c : text.substr(0, scheme_end)) scheme.push_back(to_lower(c));
  url made;
  made.encrypted_ = scheme == "https";
  if (!made.encrypted_ && scheme != "http")
    return fail(errc::bad_target, "a URL of another scheme than http and https");

  text.remove_prefix(scheme_end + 3);
  auto const authority_end = text.find_first_of("/?#");
  auto const parts         = detail::parse_authority(text.substr(0, authority_end));
  if (!parts || parts->host.find('%') != std::string_view::npos) {
    return fail(errc::bad_target, "a URL whose authority is no host and port");
  }
  if (parts->host.front() == '[' && detail::is_ip_future(parts->host.substr(1, parts->host.size() - 2))) {
    return fail(errc::bad_target, "a URL whose address is of a future version of IP");
  }
  made.host_.clear();
  for (char const c : parts->host) made.host_.push_back(to_lower(c));
  made.bracketed_ = made.host_.front() == '[';
  made.port_      = made.encrypted_ ? 443 : 80;
  if (!parts->port.empty()) std::from_chars(parts->port.data(), parts->port.data() + parts->port.size(), made.port_);
  return made.with_target(authority_end == std::string_view::npos ? std::string_view{} : text.substr(authority_end));
}

}  // namespace tensorgate::http
