// tests/support/unix_socket.hpp: sockets that are files.
#pragma once

#include <string>  // string

#include <sys/socket.h>  // socket, connect
#include <unistd.h>      // close

#include <tensorgate/net/unix_name.hpp>  // unix_name

namespace tensorgate::test {

/// A socket that is connected to the one at `path`, for the caller to close; -1 where nobody listens.
inline int connect_unix(std::string const& path) {
  int const  made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto const name = net::unix_name(path);
  if (name && ::connect(made, reinterpret_cast<::sockaddr const*>(&*name), sizeof *name) == 0) return made;
  ::close(made);
  return -1;
}

}  // namespace tensorgate::test
