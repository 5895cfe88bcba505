// tensorgate/net/errc.hpp: what can go wrong below HTTP?
#pragma once

#include <string_view>   // string_view
#include <system_error>  // error_code, is_error_code_enum
#include <type_traits>   // true_type

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // category_of

namespace tensorgate::inline TENSORGATE_ABI::net {

enum class errc {
  closed = 1,       ///< the peer ended the connection, or we did
  timed_out,        ///< a deadline passed
  cancelled,        ///< whoever waited gave up
  bad_address,      ///< text that is no IP address
  bad_prefix,       ///< text that is no address block
  bad_listener,     ///< an endpoint that cannot be listened on
  bad_certificate,  ///< a certificate or key that cannot be used
  tls,              ///< the TLS peer broke the protocol, or did not agree
  unwatchable,      ///< a path that cannot be watched
};

/// The words for each failure, as logs show them.
struct errc_text {
  static constexpr char const*                    room = "net";
  [[nodiscard]] static constexpr std::string_view of(errc value) noexcept {
    switch (value) {
      case errc::closed: return "the connection is closed";
      case errc::timed_out: return "the peer took too long";
      case errc::cancelled: return "given up by our side";
      case errc::bad_address: return "not an IP address";
      case errc::bad_prefix: return "not an address block";
      case errc::bad_listener: return "not an endpoint that can be listened on";
      case errc::bad_certificate: return "not a usable certificate and key";
      case errc::tls: return "the TLS connection failed";
      case errc::unwatchable: return "the path cannot be watched";
    }
    return "an unknown failure";
  }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category_of<errc, errc_text>()};
}

}  // namespace tensorgate::net

template <>
struct std::is_error_code_enum<tensorgate::net::errc> : std::true_type {};
