// tensorgate/http/detail/client_dial.hpp: how does a connection to a server come about?
#pragma once

#include <algorithm>     // copy_n
#include <cerrno>        // errno
#include <chrono>        // steady_clock
#include <cstddef>       // size_t
#include <cstdint>       // uint16_t
#include <memory>        // shared_ptr, make_shared
#include <optional>      // optional
#include <string>        // string
#include <system_error>  // error_code
#include <utility>       // move
#include <vector>        // vector

#include <netinet/in.h>   // IPPROTO_TCP
#include <netinet/tcp.h>  // TCP_NODELAY
#include <sys/socket.h>   // socket, connect

#include <tensorgate/core/result.hpp>              // result
#include <tensorgate/core/text.hpp>                // equals_ignoring_case
#include <tensorgate/core/time.hpp>                // steady_point
#include <tensorgate/http/detail/client_link.hpp>  // client_link
#include <tensorgate/http/errc.hpp>                // errc
#include <tensorgate/net/asio.hpp>                 // ip::tcp::resolver
#include <tensorgate/net/task.hpp>                 // task
#include <tensorgate/net/tls_connector.hpp>        // tls_connector
#include <tensorgate/net/unix_name.hpp>            // unix_name

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// The other end of a connection.
class dial_target {
 public:
  dial_target() = default;
  dial_target(std::string host, std::uint16_t port, bool encrypted, std::string unix_path)
      : host_(std::move(host)), unix_path_(std::move(unix_path)), port_(port), encrypted_(encrypted) {}

  [[nodiscard]] std::string const& host() const noexcept { return host_; }
  [[nodiscard]] std::string const& unix_path() const noexcept { return unix_path_; }
  [[nodiscard]] std::uint16_t      port() const noexcept { return port_; }
  [[nodiscard]] bool               is_encrypted() const noexcept { return encrypted_; }

 private:
  std::string   host_;
  std::string   unix_path_;  // empty: by host and port
  std::uint16_t port_      = 0;
  bool          encrypted_ = false;
};

using endpoints = std::vector<asio::ip::tcp::endpoint>;

/// The addresses of a host. A resolver that does not come back by `until` is left behind.
/// Fails with: errc::bad_gateway (no such name), timed_out, cancelled.
inline task<result<endpoints>> resolve(asio::io_context& loop, std::string host, std::uint16_t port,
                                       steady_point until) {
  endpoints       found;
  std::error_code no_address;
  auto const      address = asio::ip::make_address(host, no_address);
  if (!no_address) {
    found.emplace_back(address, port);
    co_return found;
  }
  if (equals_ignoring_case(host, "localhost")) {  // asked of no resolver (RFC 6761 §6.3)
    found.emplace_back(asio::ip::address_v4::loopback(), port);
    found.emplace_back(asio::ip::address_v6::loopback(), port);
    co_return found;
  }
  struct asking {
    explicit asking(asio::io_context& on) : resolver(on), timer(on) {}
    asio::ip::tcp::resolver  resolver;
    asio::steady_timer       timer;
    std::optional<endpoints> answer;
  };
  auto const state = std::make_shared<asking>(loop);
  state->timer.expires_at(until);
  state->resolver.async_resolve(host, std::to_string(port), asio::ip::tcp::resolver::numeric_service,
                                [state](std::error_code failed, asio::ip::tcp::resolver::results_type const& results) {
                                  state->answer.emplace();
                                  if (!failed) {
                                    for (auto const& one : results) state->answer->push_back(one.endpoint());
                                  }
                                  state->timer.cancel();
                                });
  auto const [expired] = co_await state->timer.async_wait(net::as_values);
  if (state->answer) {
    if (state->answer->empty()) co_return fail(errc::bad_gateway, "the server's name has no address");
    co_return std::move(*state->answer);
  }
  state->resolver.cancel();
  if (expired) co_return fail(errc::cancelled);
  co_return fail(errc::timed_out, "the server's name was not resolved in time");
}

/// One attempt.
/// Fails with: errc::bad_gateway (refused, unreachable), unavailable (no descriptor), timed_out, cancelled.
inline task<result<std::shared_ptr<client_link>>> connect_to(asio::io_context& loop, ::sockaddr_storage address,
                                                             ::socklen_t size, steady_point until) {
  int const descriptor = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return fail(errc::unavailable, "the system has no descriptor for another connection");
  auto made = client_link::make(loop, descriptor);
  if (!made) co_return fail(made);
  auto const link = *made;
  if (address.ss_family != AF_UNIX) {
    int const one = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  if (::connect(descriptor, reinterpret_cast<::sockaddr const*>(&address), size) == 0) co_return link;
  if (errno == EINPROGRESS) {
    auto const ready = co_await link->wait(readiness::write, until);
    if (!ready) {
      link->close();
      co_return fail(ready);
    }
    int         failed = 0;
    ::socklen_t length = sizeof failed;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failed, &length);
    if (failed == 0) co_return link;
  }
  link->close();
  co_return fail(errc::bad_gateway, "the server cannot be reached");
}

/// A connection, encrypted if the target is: each address of the host in turn, with its share of the time.
/// Fails with: errc::bad_gateway, unavailable, timed_out, cancelled.
inline task<result<std::shared_ptr<client_link>>> dial(asio::io_context& loop, dial_target where,
                                                       std::shared_ptr<net::tls_connector> tls, steady_point until) {
  std::shared_ptr<client_link> link;
  if (!where.unix_path().empty()) {
    auto const name = net::unix_name(where.unix_path());
    if (!name) co_return fail(errc::bad_target, "the path of a Unix socket is too long");
    ::sockaddr_storage address{};
    std::copy_n(reinterpret_cast<char const*>(&*name), sizeof *name, reinterpret_cast<char*>(&address));
    auto made = co_await connect_to(loop, address, sizeof *name, until);
    if (!made) co_return fail(made);
    link = *made;
  } else {
    auto const found = co_await resolve(loop, where.host(), where.port(), until);
    if (!found) co_return fail(found);
    failure why{};
    for (std::size_t i = 0; i != found->size() && !link; ++i) {
      auto const         now   = std::chrono::steady_clock::now();
      auto const         share = (until - now) / static_cast<int>(found->size() - i);
      ::sockaddr_storage address{};
      auto const&        one = (*found)[i];
      std::copy_n(reinterpret_cast<char const*>(one.data()), one.size(), reinterpret_cast<char*>(&address));
      auto made = co_await connect_to(loop, address, static_cast<::socklen_t>(one.size()), now + share);
      if (made) {
        link = *made;
      } else {
        why = made.error();
        if (why.code == errc::cancelled || why.code == errc::unavailable) break;
      }
    }
    if (!link) co_return fail(why);
  }
  if (where.is_encrypted()) {
    auto side = tls->connect(link->descriptor(), where.host());
    if (!side) {
      link->close();
      co_return fail(errc::unavailable, "no memory for a TLS connection");
    }
    link->encrypt(std::move(side));
    auto const greeted = co_await link->shake_hands(until);
    if (!greeted) {
      link->close();
      co_return fail(greeted);
    }
  }
  co_return link;
}

}  // namespace tensorgate::http::detail
