// tensorgate/net/listener.hpp: where do connections come from, and what if descriptors run out?
#pragma once

#include <atomic>        // atomic
#include <cerrno>        // errno
#include <chrono>        // milliseconds, steady_clock
#include <cstdint>       // uint16_t, uint32_t
#include <cstdlib>       // getenv
#include <cstring>       // memcpy, strerror
#include <functional>    // function
#include <memory>        // unique_ptr
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <thread>        // sleep_for
#include <utility>       // exchange, move
#include <vector>        // vector

#include <fcntl.h>        // open, fcntl
#include <netinet/in.h>   // sockaddr_in
#include <netinet/tcp.h>  // TCP_NODELAY
#include <poll.h>         // poll
#include <signal.h>       // sigpending
#include <sys/socket.h>   // socket
#include <sys/stat.h>     // chmod, lstat
#include <unistd.h>       // close, unlink

#include <tensorgate/core/result.hpp>    // expected
#include <tensorgate/net/addresses.hpp>  // address
#include <tensorgate/net/poller.hpp>     // polled
#include <tensorgate/net/unix_name.hpp>  // unix_name

namespace tensorgate::inline TENSORGATE_ABI::net {

/// One place to listen at: an address and port, or a Unix socket, or a socket that systemd passed.
struct listen_options {
  std::string   address     = "127.0.0.1";  ///< "::" is every address of both families
  std::uint16_t port        = 8080;         ///< 0: any free one
  std::string   unix_socket = {};           ///< path; the address is not used then
  std::uint32_t unix_mode   = 0660;         ///< permissions of that path
  std::string   inherited   = {};           ///< name or number (from 0) of a passed socket; nothing else is used then
  std::uint32_t backlog     = 4096;         ///< connections that wait to be accepted, as far as the kernel allows
  bool          tls         = false;        ///< speaks TLS, with the server's certificate
  /// How long a port is waited for that a closing connection of this host holds.
  std::chrono::milliseconds patience = std::chrono::seconds{65};

  friend bool operator==(listen_options const&, listen_options const&) = default;
};

/// "127.0.0.1:8080", "[::1]:8080", "unix:/run/app.sock".
[[nodiscard]] inline std::string endpoint_text(listen_options const& where, std::uint16_t port) {
  if (!where.inherited.empty()) return "inherited:" + where.inherited;
  if (!where.unix_socket.empty()) return "unix:" + where.unix_socket;
  bool const bracketed = where.address.find(':') != std::string::npos;
  return (bracketed ? "[" + where.address + "]" : where.address) + ":" + std::to_string(port);
}

/// Why nobody can listen there, in a sentence for the operator.
struct listen_failure {
  std::error_code code{};
  std::string     sentence{};
};

/// Sockets that listen at one place, one for each loop. With TCP each loop has its own queue (SO_REUSEPORT); the others
/// share one. Closes them, and removes the path of a Unix socket that it made.
class listening {
 public:
  listening() = default;
  listening(listening&& other) noexcept
      : where_(std::move(other.where_)),
        sockets_(std::move(other.sockets_)),
        port_(other.port_),
        is_public_(other.is_public_),
        made_path_(std::exchange(other.made_path_, false)) {
    other.sockets_.clear();
  }
  listening& operator=(listening&&)      = delete;
  listening(listening const&)            = delete;
  listening& operator=(listening const&) = delete;
  ~listening() { close(); }

  /// Waits for a port that nobody listens at but that a connection of this host still holds as its own end (one that
  /// just closed does so for a minute), for as long as `where.patience` says; `say` is told of the wait.
  [[nodiscard]] static expected<listening, listen_failure> open(
      listen_options const& where, std::size_t loops, std::function<void(std::string const&)> const& say = {});

  [[nodiscard]] listen_options const& options() const noexcept { return where_; }
  [[nodiscard]] std::uint16_t         port() const noexcept { return port_; }
  [[nodiscard]] std::string           text() const { return endpoint_text(where_, port_); }
  /// True if others than this host can connect.
  [[nodiscard]] bool is_public() const noexcept { return is_public_; }
  [[nodiscard]] int  socket_of(std::size_t loop) const noexcept { return sockets_[loop]; }

  /// One loop listens no more; on its thread. When none does, whoever comes is refused instead of waiting in vain.
  void close(std::size_t loop) noexcept {
    if (sockets_[loop] >= 0) ::close(std::exchange(sockets_[loop], -1));
  }
  void close() noexcept {
    for (std::size_t i = 0; i != sockets_.size(); ++i) close(i);
    sockets_.clear();
    if (std::exchange(made_path_, false)) ::unlink(where_.unix_socket.c_str());
  }

 private:
  [[nodiscard]] listen_failure failed(std::string_view what) const { return failed(errno, what); }
  [[nodiscard]] listen_failure failed(int error, std::string_view what) const {
    auto const code = std::error_code(error, std::generic_category());
    return {code, "cannot listen at " + endpoint_text(where_, where_.port) + ": " + std::string(what) + ": " +
                      code.message()};
  }
  [[nodiscard]] listen_failure wrong(std::string_view what) const {
    return {make_error_code(errc::bad_listener),
            "cannot listen at " + endpoint_text(where_, where_.port) + ": " + std::string(what)};
  }
  [[nodiscard]] expected<void, listen_failure> open_tcp(std::size_t                                    loops,
                                                        std::function<void(std::string const&)> const& say);
  [[nodiscard]] expected<void, listen_failure> open_unix(std::size_t loops);
  [[nodiscard]] expected<void, listen_failure> open_inherited(std::size_t loops);
  [[nodiscard]] expected<void, listen_failure> share(int socket, std::size_t loops);

  listen_options   where_;
  std::vector<int> sockets_;
  std::uint16_t    port_      = 0;
  bool             is_public_ = false;
  bool             made_path_ = false;
};

/// Sockets passed by systemd (sd_listen_fds(3)): those of LISTEN_FDS if LISTEN_PID is ours.
inline constexpr int             first_inherited = 3;
[[nodiscard]] inline std::size_t count_inherited() {
  char const* const pid   = std::getenv("LISTEN_PID");
  char const* const count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || std::to_string(::getpid()) != pid) return 0;
  unsigned value = 0;
  for (char const* at = count; *at != '\0'; ++at) {
    if (*at < '0' || *at > '9' || value > 1000) return 0;
    value = value * 10 + static_cast<unsigned>(*at - '0');
  }
  return value;
}

namespace detail {

struct socket_address {
  ::sockaddr_storage storage{};
  ::socklen_t        size = sizeof(::sockaddr_storage);

  [[nodiscard]] ::sockaddr*       get() noexcept { return reinterpret_cast<::sockaddr*>(&storage); }
  [[nodiscard]] ::sockaddr const* get() const noexcept { return reinterpret_cast<::sockaddr const*>(&storage); }

  [[nodiscard]] static socket_address of(address const& from, std::uint16_t port) noexcept {
    socket_address made;
    auto const     octets = from.octets();
    if (from.kind() == address::family::v4) {
      ::sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port   = htons(port);
      std::memcpy(&v4.sin_addr, octets.data(), octets.size());
      std::memcpy(&made.storage, &v4, sizeof v4);
      made.size = sizeof v4;
    } else {
      ::sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port   = htons(port);
      std::memcpy(&v6.sin6_addr, octets.data(), octets.size());
      std::memcpy(&made.storage, &v6, sizeof v6);
      made.size = sizeof v6;
    }
    return made;
  }

  /// The address and the port; none and 0 for what is no IP address.
  [[nodiscard]] std::pair<address, std::uint16_t> read() const noexcept {
    if (storage.ss_family == AF_INET) {
      ::sockaddr_in v4{};
      std::memcpy(&v4, &storage, sizeof v4);
      return {address::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
    }
    if (storage.ss_family == AF_INET6) {
      ::sockaddr_in6               v6{};
      std::array<std::uint8_t, 16> octets{};
      std::memcpy(&v6, &storage, sizeof v6);
      std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
      return {address::v6(octets), ntohs(v6.sin6_port)};
    }
    return {};
  }
};

inline bool set_option(int socket, int level, int name, int value) noexcept {
  return ::setsockopt(socket, level, name, &value, sizeof value) == 0;
}

/// True if a signal that ends programs waits behind this thread's mask.
inline bool asked_to_end() noexcept {
  ::sigset_t pending;
  return ::sigpending(&pending) == 0 && (::sigismember(&pending, SIGTERM) == 1 || ::sigismember(&pending, SIGINT) == 1);
}

/// True unless a connection to it is refused: a port can be in use without anybody who listens. Somebody who does not
/// accept within a second is there too.
inline bool is_answered(socket_address const& at) noexcept {
  int const asking = ::socket(at.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (asking < 0) return true;
  int why = ::connect(asking, at.get(), at.size) == 0 ? 0 : errno;
  if (why == EINPROGRESS) {
    ::pollfd    waiting{asking, POLLOUT, 0};
    ::socklen_t size = sizeof why;
    if (::poll(&waiting, 1, 1000) == 1) ::getsockopt(asking, SOL_SOCKET, SO_ERROR, &why, &size);
  }
  ::close(asking);
  return why != ECONNREFUSED;
}

}  // namespace detail

inline expected<listening, listen_failure> listening::open(listen_options const& where, std::size_t loops,
                                                           std::function<void(std::string const&)> const& say) {
  listening made;
  made.where_ = where;
  expected<void, listen_failure> opened;
  if (!where.inherited.empty()) {
    opened = made.open_inherited(loops);
  } else if (!where.unix_socket.empty()) {
    opened = made.open_unix(loops);
  } else {
    opened = made.open_tcp(loops, say);
  }
  if (!opened) return unexpected<listen_failure>(std::move(opened).error());
  return made;
}

inline expected<void, listen_failure> listening::open_tcp(std::size_t                                    loops,
                                                          std::function<void(std::string const&)> const& say) {
  using refusal   = unexpected<listen_failure>;
  auto const host = address::parse(where_.address);
  if (!host) return refusal(wrong("not an IP address"));
  is_public_        = !host->is_loopback();
  port_             = where_.port;
  int const  family = host->kind() == address::family::v4 ? AF_INET : AF_INET6;
  auto       name   = detail::socket_address::of(*host, port_);
  auto const bind   = [&](bool shared) {
    int const made = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) return made;
    bool const bound =
        detail::set_option(made, SOL_SOCKET, SO_REUSEADDR, 1) &&
        (!shared || detail::set_option(made, SOL_SOCKET, SO_REUSEPORT, 1)) &&
        detail::set_option(made, IPPROTO_TCP, TCP_NODELAY, 1) &&
        (family == AF_INET || detail::set_option(made, IPPROTO_IPV6, IPV6_V6ONLY, host->is_any() ? 0 : 1)) &&
        ::bind(made, name.get(), name.size) == 0;
    if (bound) return made;
    int const why = errno;
    ::close(made);
    errno = why;
    return -1;
  };
  // Sockets that share a port would share it with another program's too; the first one, alone, sees whether it is free.
  if (port_ != 0) {
    auto const until = std::chrono::steady_clock::now() + where_.patience;
    bool       told  = false;
    int        alone = bind(false);
    for (; alone < 0; alone = bind(false)) {
      if (errno != EADDRINUSE) return refusal(failed("it cannot be bound"));
      if (detail::is_answered(name)) return refusal(failed(EADDRINUSE, "another program listens there"));
      if (std::chrono::steady_clock::now() >= until || detail::asked_to_end())
        return refusal(failed(EADDRINUSE, "a connection of this host holds the port"));
      if (!std::exchange(told, true) && say) {
        say("waiting for " + endpoint_text(where_, port_) +
            ": a closing connection of this host holds the port, for up to a minute");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    ::close(alone);
  }
  for (std::size_t i = 0; i != loops; ++i) {
    int const made = bind(true);
    if (made < 0) return refusal(failed("it cannot be bound"));
    sockets_.push_back(made);
    if (::listen(made, static_cast<int>(where_.backlog)) != 0) return refusal(failed("it cannot listen"));
    if (port_ == 0) {
      name.size = sizeof name.storage;
      ::getsockname(made, name.get(), &name.size);
      port_ = name.read().second;
    }
  }
  return {};
}

inline expected<void, listen_failure> listening::open_unix(std::size_t loops) {
  using refusal   = unexpected<listen_failure>;
  auto const name = unix_name(where_.unix_socket);
  if (!name) return refusal(wrong("the path is too long for a socket"));
  auto const* const address = reinterpret_cast<::sockaddr const*>(&*name);

  int const made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return refusal(failed("no socket"));
  sockets_.push_back(made);
  if (::bind(made, address, sizeof *name) != 0) {
    if (errno != EADDRINUSE) return refusal(failed("it cannot be bound"));
    // A socket that nobody listens at is what a program left that could not clean up. Connecting to a file of another
    // kind is refused in the same way, so the kind is asked first.
    struct ::stat about{};
    if (::lstat(where_.unix_socket.c_str(), &about) == 0 && !S_ISSOCK(about.st_mode)) {
      return refusal(wrong("there is a file at this path that is no socket"));
    }
    int const  other = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool const stale = other >= 0 && ::connect(other, address, sizeof *name) != 0 && errno == ECONNREFUSED;
    if (other >= 0) ::close(other);
    if (!stale) return refusal(wrong("another program listens there"));
    if (::unlink(where_.unix_socket.c_str()) != 0 || ::bind(made, address, sizeof *name) != 0) {
      return refusal(failed("it cannot be bound"));
    }
  }
  made_path_ = true;
  if (::chmod(where_.unix_socket.c_str(), where_.unix_mode) != 0) return refusal(failed("its mode cannot be set"));
  if (::listen(made, static_cast<int>(where_.backlog)) != 0) return refusal(failed("it cannot listen"));
  return share(made, loops);
}

inline expected<void, listen_failure> listening::open_inherited(std::size_t loops) {
  using refusal           = unexpected<listen_failure>;
  auto const        count = count_inherited();
  int               found = -1;
  char const* const names = std::getenv("LISTEN_FDNAMES");
  std::string_view  rest  = names != nullptr ? names : "";
  for (std::size_t i = 0; i != count; ++i) {
    auto const name = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if ((!name.empty() && name == where_.inherited) || std::to_string(i) == where_.inherited) {
      found = first_inherited + static_cast<int>(i);
      break;
    }
  }
  if (found < 0) return refusal(wrong("no such socket was passed to this program (LISTEN_FDS, LISTEN_PID)"));
  int         listens = 0;
  ::socklen_t size    = sizeof listens;
  if (::getsockopt(found, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    return refusal(wrong("what was passed is no listening socket"));
  }
  // Ours is a copy, so that the passed one stays for a reload.
  int const made = ::fcntl(found, F_DUPFD_CLOEXEC, 0);
  if (made < 0) return refusal(failed("it cannot be used"));
  sockets_.push_back(made);
  ::fcntl(made, F_SETFL, ::fcntl(made, F_GETFL) | O_NONBLOCK);
  detail::set_option(made, IPPROTO_TCP, TCP_NODELAY, 1);  // fails for a Unix socket, which has no delay
  detail::socket_address address;
  ::getsockname(made, address.get(), &address.size);
  auto const [host, port] = address.read();
  port_                   = port;
  is_public_              = !host.is_none() && !host.is_loopback();
  return share(made, loops);
}

inline expected<void, listen_failure> listening::share(int socket, std::size_t loops) {
  for (std::size_t i = 1; i < loops; ++i) {
    int const copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return unexpected<listen_failure>(failed("no descriptor for a loop"));
    sockets_.push_back(copy);
  }
  return {};
}

/// Accepts on one loop and hands on what it accepted. When descriptors are gone it says no to those who wait by
/// accepting and closing them one at a time with a descriptor kept in reserve, rests a moment, and goes on: the loop
/// neither spins nor dies, and recovers by itself.
class acceptor final : private polled, private wheel_node {
 public:
  using accepted_fn = void (*)(void* self, int descriptor, address const& peer);

  acceptor(poller& where, int socket, void* self, accepted_fn accepted)
      : polled(&acceptor::on_ready),
        wheel_node(&acceptor::on_rested),
        poller_(where),
        socket_(socket),
        reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
        self_(self),
        accepted_(accepted) {}
  acceptor(acceptor const&)            = delete;
  acceptor& operator=(acceptor const&) = delete;
  ~acceptor() { stop(); }

  /// On the loop's thread, as everything of this class. The socket stays its owner's.
  /// Where the system cannot watch the socket now, it is tried again and again.
  void start() {
    if (!join(poller_, socket_, EPOLLIN)) return;
    shortages_.fetch_add(1, std::memory_order_relaxed);
    poller_.arm(*this, rest);
  }

  /// Accepts whoever waits already, then no more.
  void stop() {
    if (!is_watched() && !is_armed() && reserve_ < 0) return;
    for (int i = 0; i != 1024 && accept_one(); ++i) {
    }
    leave();
    wheel::disarm(*this);
    if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
  }

  /// How often descriptors, or memory for them, were gone. From any thread.
  [[nodiscard]] std::uint64_t shortages() const noexcept { return shortages_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::chrono::milliseconds rest{200};
  static constexpr int                       batch = 64;  // accepted in one go

  static void on_ready(polled& self, std::uint32_t /*events*/) {
    auto& mine = static_cast<acceptor&>(self);
    for (int i = 0; i != batch && mine.accept_one(); ++i) {
    }
  }
  static void on_rested(wheel_node& self) {
    auto& mine = static_cast<acceptor&>(self);
    if (mine.reserve_ < 0) mine.reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    mine.start();
  }

  bool accept_one() {
    detail::socket_address peer;
    int const              made = ::accept4(socket_, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made >= 0) {
      accepted_(self_, made, peer.read().first);
      return true;
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: be_short(); return false;
      case EAGAIN: return false;
      default: return true;  // a connection that ended before it was accepted
    }
  }

  void be_short() {
    shortages_.fetch_add(1, std::memory_order_relaxed);
    if (reserve_ >= 0) {
      ::close(std::exchange(reserve_, -1));
      int const unlucky = ::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (unlucky >= 0) ::close(unlucky);
      reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    leave();
    poller_.arm(*this, rest);
  }

  poller&                    poller_;
  int                        socket_;
  int                        reserve_;
  void*                      self_;
  accepted_fn                accepted_;
  std::atomic<std::uint64_t> shortages_{0};
};

}  // namespace tensorgate::net
