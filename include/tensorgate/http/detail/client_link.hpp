// tensorgate/http/detail/client_link.hpp: one connection to a server, and how a coroutine waits for it.
#pragma once

#include <cerrno>        // errno
#include <cstddef>       // size_t
#include <cstdint>       // uint8_t
#include <memory>        // shared_ptr, unique_ptr, enable_shared_from_this
#include <span>          // span
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move

#include <sys/socket.h>  // recv

#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/core/time.hpp>    // steady_point
#include <tensorgate/http/errc.hpp>    // errc
#include <tensorgate/net/asio.hpp>     // stream_descriptor, steady_timer, as_values
#include <tensorgate/net/stream.hpp>   // stream, transfer
#include <tensorgate/net/task.hpp>     // task

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// What ends a wait.
enum class readiness : std::uint8_t { read = 1, write = 2, either = 3 };

/// A socket that does not block, watched by its loop; one coroutine uses it at a time. Waits of the loop that are under
/// way keep it alive; `close` ends them.
class client_link : public std::enable_shared_from_this<client_link> {
 public:
  /// Owns the descriptor from here on, also where it fails (errc::unavailable).
  [[nodiscard]] static result<std::shared_ptr<client_link>> make(asio::io_context& loop, int descriptor) {
    auto            made = std::make_shared<client_link>(loop, net::stream(descriptor));
    std::error_code refused;
    made->waiter_.assign(descriptor, refused);
    if (refused) return fail(errc::unavailable, "the system cannot watch another connection");
    return made;
  }
  client_link(asio::io_context& loop, net::stream of) : timer_(loop), waiter_(loop), stream_(std::move(of)) {}
  client_link(client_link const&)            = delete;
  client_link& operator=(client_link const&) = delete;
  ~client_link() { close(); }

  [[nodiscard]] int  descriptor() const noexcept { return stream_.descriptor(); }
  [[nodiscard]] bool is_open() const noexcept { return stream_.descriptor() >= 0; }

  /// What is sent and received from here on goes through `tls`.
  void encrypt(std::unique_ptr<net::tls_link> tls) noexcept { tls_ = std::move(tls); }

  void close() noexcept {
    if (!is_open()) return;
    if (tls_) tls_->say_goodbye();
    tls_.reset();
    // Without this Asio would close the descriptor too.
    if (waiter_.is_open()) static_cast<void>(waiter_.release());
    stream_.close();
    timer_.cancel();
  }

  /// True while the peer has neither ended nor said anything: else a kept connection is of no use.
  [[nodiscard]] bool is_quiet() const noexcept {
    if (!is_open() || (tls_ && tls_->has_buffered())) return false;
    char       one = 0;
    auto const got = ::recv(stream_.descriptor(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  /// Waits for the socket.
  /// Completes: when it is ready, perhaps spuriously; at `until`; when the coroutine is cancelled; at `close`.
  /// Fails with: errc::timed_out, cancelled, closed.
  task<result<void>> wait(readiness what, steady_point until) {
    auto const self = shared_from_this();
    watch(what);
    timer_.expires_at(until);
    while (!is_ready(what)) {
      auto const [ended] = co_await timer_.async_wait(net::as_values);
      if (is_ready(what)) break;
      if (!is_open()) co_return fail(errc::closed, "the connection was closed");
      if (!ended) co_return fail(errc::timed_out, "the server took too long");
      auto const state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return fail(errc::cancelled);
      watch(what);
      timer_.expires_at(until);
    }
    if (reads(what)) readable_ = false;
    if (writes(what)) writable_ = false;
    co_return result<void>{};
  }

  /// Some bytes into `into`, at least one; 0 at the end of what the peer sends.
  /// Fails with: errc::closed (broken), timed_out, cancelled.
  task<result<std::size_t>> read(std::span<char> into, steady_point until) {
    while (true) {
      auto const got = tls_ ? tls_->read(into) : stream_.read(into);
      switch (got.state) {
        case net::transfer_state::moved: co_return got.bytes;
        case net::transfer_state::ended: co_return std::size_t{0};
        case net::transfer_state::failed: co_return fail(errc::closed, "the connection is broken");
        default: break;
      }
      auto const ready = co_await wait(direction(got.state), until);
      if (!ready) co_return fail(ready);
    }
  }

  /// One attempt to read.
  [[nodiscard]] net::transfer try_read(std::span<char> into) noexcept {
    return tls_ ? tls_->read(into) : stream_.read(into);
  }

  /// One attempt to send; what did not fit is left to the caller.
  [[nodiscard]] net::transfer try_write(std::string_view out) noexcept {
    return tls_ ? tls_->write(out) : stream_.write(out);
  }

  /// The TLS handshake.
  /// Fails with: errc::bad_gateway (the peer is not who it should be, or speaks no TLS), timed_out, cancelled.
  task<result<void>> shake_hands(steady_point until) {
    while (true) {
      auto const got = tls_->handshake();
      if (got.state == net::transfer_state::moved) co_return result<void>{};
      if (got.state == net::transfer_state::ended || got.state == net::transfer_state::failed) {
        co_return fail(errc::bad_gateway, "the TLS handshake with the server failed");
      }
      auto const ready = co_await wait(direction(got.state), until);
      if (!ready) co_return fail(ready);
    }
  }

  [[nodiscard]] static readiness direction(net::transfer_state state) noexcept {
    return state == net::transfer_state::wants_write ? readiness::write : readiness::read;
  }

  [[nodiscard]] static bool reads(readiness what) noexcept { return (static_cast<unsigned>(what) & 1U) != 0; }
  [[nodiscard]] static bool writes(readiness what) noexcept { return (static_cast<unsigned>(what) & 2U) != 0; }

 private:
  [[nodiscard]] bool is_ready(readiness what) const noexcept {
    return (reads(what) && readable_) || (writes(what) && writable_);
  }

  /// A wait of the loop lasts until its event comes, over several waits of ours; only then the next one is begun.
  void watch(readiness what) {
    if (reads(what) && !readable_ && !reading_) {
      reading_ = true;
      waiter_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code why) {
        self->reading_  = false;
        self->readable_ = why != asio::error::operation_aborted;
        self->timer_.cancel();
      });
    }
    if (writes(what) && !writable_ && !writing_) {
      writing_ = true;
      waiter_.async_wait(asio::posix::stream_descriptor::wait_write, [self = shared_from_this()](std::error_code why) {
        self->writing_  = false;
        self->writable_ = why != asio::error::operation_aborted;
        self->timer_.cancel();
      });
    }
  }

  asio::steady_timer             timer_;
  asio::posix::stream_descriptor waiter_;
  std::unique_ptr<net::tls_link> tls_;
  net::stream                    stream_;
  bool                           reading_  = false;
  bool                           writing_  = false;
  bool                           readable_ = false;
  bool                           writable_ = false;
};

}  // namespace tensorgate::http::detail
