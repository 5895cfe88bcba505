// tests/support/unix_socket.hpp: sockets that are files.
#pragma once

#include <string>  // string

#include <sys/socket.h>  // socket, connect
#include <sys/un.h>      // sockaddr_un
#include <unistd.h>      // close

namespace tensorgate::test {

inline ::sockaddr_un unix_name(std::string const& path) {
  ::sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  return name;
}

/// A socket that is connected to the one at `path`, for the caller to close; -1 where nobody listens.
inline int connect_unix(std::string const& path) {
  int const  made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto const name = unix_name(path);
  if (::connect(made, reinterpret_cast<::sockaddr const*>(&name), sizeof name) == 0) return made;
  ::close(made);
  return -1;
}

}  // namespace tensorgate::test
