// tensorgate/net/unix_name.hpp: a path as the address of a Unix socket.
#pragma once

#include <optional>     // optional
#include <string_view>  // string_view

#include <sys/socket.h>  // AF_UNIX
#include <sys/un.h>      // sockaddr_un

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::net {

/// The address of the socket at that path (unix(7)); nothing where the path is too long for one.
[[nodiscard]] inline std::optional<::sockaddr_un> unix_name(std::string_view path) noexcept {
  ::sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return std::nullopt;
  path.copy(static_cast<char*>(name.sun_path), path.size());
  return name;
}

}  // namespace tensorgate::net
