// tensorgate/net/stream.hpp: bytes to and from a peer, plain or encrypted, without waiting.
#pragma once

#include <cerrno>       // errno
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint64_t
#include <memory>       // unique_ptr
#include <span>         // span
#include <string_view>  // string_view
#include <utility>      // exchange, move

#include <sys/sendfile.h>  // sendfile
#include <sys/socket.h>    // recv, send
#include <sys/uio.h>       // iovec
#include <unistd.h>        // close

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::net {

/// What one attempt to move bytes came to.
enum class transfer_state : std::uint8_t {
  moved,        ///< some bytes, perhaps not all
  wants_read,   ///< none now: try again when the socket is readable
  wants_write,  ///< none now: try again when the socket is writable
  ended,        ///< the peer said that nothing more will come
  failed,       ///< the connection is broken
};
struct transfer {
  transfer_state state = transfer_state::failed;
  std::size_t    bytes = 0;
};

/// The TLS side of a stream; net/tls.hpp has the one there is. Streams without TLS never see its library.
class tls_link {
 public:
  tls_link()                           = default;
  tls_link(tls_link const&)            = delete;
  tls_link& operator=(tls_link const&) = delete;
  virtual ~tls_link()                  = default;

  /// `moved` when the handshake is done.
  virtual transfer handshake()                 = 0;
  virtual transfer read(std::span<char> into)  = 0;
  virtual transfer write(std::string_view out) = 0;
  /// Tells the peer that nothing more will be sent (close_notify); `moved` when it is told.
  virtual transfer say_goodbye() = 0;
  /// True when decrypted bytes wait in memory, of which the socket knows nothing.
  [[nodiscard]] virtual bool has_buffered() const noexcept = 0;
  /// The name that the client asked for, in lower case; empty when none.
  [[nodiscard]] virtual std::string_view server_name() const noexcept = 0;
};

/// Gives connections their TLS side. Shared by the loops; what it hands out keeps the certificate it began with.
class tls_acceptor {
 public:
  tls_acceptor()                               = default;
  tls_acceptor(tls_acceptor const&)            = delete;
  tls_acceptor& operator=(tls_acceptor const&) = delete;
  virtual ~tls_acceptor()                      = default;
  /// Null when there is no memory for it.
  [[nodiscard]] virtual std::unique_ptr<tls_link> accept(int descriptor) = 0;
};

/// A connected socket that does not block, and its TLS side if it has one. Owns the descriptor.
class stream {
 public:
  stream() = default;
  explicit stream(int descriptor, std::unique_ptr<tls_link> tls = nullptr) noexcept
      : tls_(std::move(tls)), descriptor_(descriptor) {}
  stream(stream&& other) noexcept : tls_(std::move(other.tls_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  stream& operator=(stream&& other) noexcept {
    std::swap(tls_, other.tls_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  stream(stream const&)            = delete;
  stream& operator=(stream const&) = delete;
  ~stream() { close(); }

  [[nodiscard]] int       descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] tls_link* tls() const noexcept { return tls_.get(); }
  /// What is sent and received from here on goes through `link`.
  void encrypt(std::unique_ptr<tls_link> link) noexcept { tls_ = std::move(link); }

  transfer read(std::span<char> into) noexcept {
    if (tls_ != nullptr) return tls_->read(into);
    for (;;) {
      auto const got = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
      if (got > 0) return {transfer_state::moved, static_cast<std::size_t>(got)};
      if (got == 0) return {transfer_state::ended, 0};
      if (errno != EINTR) return refused(transfer_state::wants_read);
    }
  }

  /// `more` says that other bytes follow at once, so that they may share a packet.
  transfer write(std::string_view out, bool more = false) noexcept {
    if (tls_ != nullptr) return tls_->write(out);
    for (;;) {
      auto const put = ::send(descriptor_, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
      if (put >= 0) return {transfer_state::moved, static_cast<std::size_t>(put)};
      if (errno != EINTR) return refused(transfer_state::wants_write);
    }
  }

  /// Two pieces in one call; with TLS the first alone. `more` as above.
  transfer write(std::string_view first, std::string_view second, bool more = false) noexcept {
    if (tls_ != nullptr || first.empty()) return write(first.empty() ? second : first, more);
    // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast): sendmsg reads only
    ::iovec pieces[2]{{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
    ::msghdr message{};
    message.msg_iov    = pieces;
    message.msg_iovlen = 2;
    for (;;) {
      auto const put = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
      if (put >= 0) return {transfer_state::moved, static_cast<std::size_t>(put)};
      if (errno != EINTR) return refused(transfer_state::wants_write);
    }
  }

  /// From a file, without copying; not with TLS. `ended`: the file is shorter than that.
  transfer write_file(int file, std::uint64_t offset, std::size_t size) noexcept {
    auto at = static_cast<::off_t>(offset);
    for (;;) {
      auto const put = ::sendfile(descriptor_, file, &at, size);
      if (put > 0) return {transfer_state::moved, static_cast<std::size_t>(put)};
      if (put == 0) return {transfer_state::ended, 0};
      if (errno != EINTR) return refused(transfer_state::wants_write);
    }
  }

  /// Nothing more will be sent; what was sent still arrives, and what comes can be read.
  void end_sending() noexcept { ::shutdown(descriptor_, SHUT_WR); }

  /// The peer sees a broken connection instead of an end: for answers that are not whole.
  void reset() noexcept {
    if (descriptor_ < 0) return;
    ::linger const at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  void close() noexcept {
    tls_.reset();
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  static transfer refused(transfer_state direction) noexcept {
    return {errno == EAGAIN || errno == EWOULDBLOCK ? direction : transfer_state::failed, 0};
  }

  std::unique_ptr<tls_link> tls_;
  int                       descriptor_ = -1;
};

}  // namespace tensorgate::net
