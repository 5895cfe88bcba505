// tensorgate/net/tls_connector.hpp: who gives a connection of ours its TLS side?
#pragma once

#include <memory>       // unique_ptr
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>    // TENSORGATE_ABI
#include <tensorgate/net/stream.hpp>  // tls_link

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Begins TLS on connections to servers; net/tls_client.hpp makes one. Used on any loop.
class tls_connector {
 public:
  tls_connector()                                = default;
  tls_connector(tls_connector const&)            = delete;
  tls_connector& operator=(tls_connector const&) = delete;
  virtual ~tls_connector()                       = default;

  /// `host` is the name or the address, without brackets, that the server's certificate must be for.
  /// Null when there is no memory for it.
  [[nodiscard]] virtual std::unique_ptr<tls_link> connect(int descriptor, std::string_view host) = 0;
};

}  // namespace tensorgate::net
