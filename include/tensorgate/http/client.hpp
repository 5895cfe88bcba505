// tensorgate/http/client.hpp: asks servers: HTTP/1.1 over TCP, TLS and Unix sockets, with connections kept for later.
//
//     http::client ask(loop);
//     auto const where = http::url::parse("http://127.0.0.1:8000/v1/models");
//     if (!where) co_return fail(where);
//     auto answer = co_await ask.send(http::client_request(http::method::get, *where));
//     if (!answer) co_return fail(answer);
//     auto const text = co_await answer->body();
//
// Redirects are not followed, codings are neither asked for nor decoded, nothing is cached. Nothing throws.
#pragma once

#include <algorithm>    // min
#include <chrono>       // steady_clock
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <memory>       // shared_ptr, unique_ptr
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/result.hpp>                  // result
#include <tensorgate/core/time.hpp>                    // steady_point
#include <tensorgate/http/client_request.hpp>          // client_request, client_options
#include <tensorgate/http/detail/client_dial.hpp>      // dial
#include <tensorgate/http/detail/client_exchange.hpp>  // client_exchange
#include <tensorgate/http/detail/client_pool.hpp>      // client_pool
#include <tensorgate/http/errc.hpp>                    // errc
#include <tensorgate/http/field.hpp>                   // known_field, field_view
#include <tensorgate/http/response_head.hpp>           // response_head
#include <tensorgate/http/status.hpp>                  // status
#include <tensorgate/net/asio.hpp>                     // io_context
#include <tensorgate/net/runtime.hpp>                  // runtime
#include <tensorgate/net/task.hpp>                     // task

namespace tensorgate::inline TENSORGATE_ABI::http {

/// An answer: its head is here, its body comes as it is read. It belongs to the loop that asked. Once the body was read
/// to its end, the connection may serve another request; an answer that goes away before that closes it, which is also
/// how one gives up.
class client_response {
 public:
  client_response(std::unique_ptr<detail::client_exchange> exchange, std::size_t whole_body) noexcept
      : exchange_(std::move(exchange)), whole_body_(whole_body) {}

  [[nodiscard]] status           code() const noexcept { return head().code(); }
  [[nodiscard]] std::string_view field(known_field which) const noexcept { return head().field(which); }
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept { return head().field(name); }
  /// Views into it live as long as this object, moved or not.
  [[nodiscard]] response_head const& head() const noexcept { return exchange_->head(); }

  /// The next bytes of the body; empty at its end, and from then on. They stay until the next call. While nobody reads,
  /// the server is held back.
  /// Completes: with at least one byte; at the end; after `client_options::idle` without one.
  /// Fails with: errc::truncated, bad_response, body_too_large, timed_out, cancelled.
  task<result<std::string_view>> read() { return exchange_->read(); }

  /// The rest of the body, whole, up to `limit` bytes (0: `client_options::whole_body`).
  /// Fails as `read`; body_too_large beyond the limit, by Content-Length before a byte is read.
  task<result<std::string>> body(std::size_t limit = 0) {
    if (limit == 0) limit = whole_body_;
    bool const  announced = head().body_framing() == framing::length;
    std::string text;
    if (announced && head().content_length() > limit) {
      co_return fail(errc::body_too_large, "the answer's Content-Length exceeds the limit");
    }
    if (announced) text.reserve(static_cast<std::size_t>(head().content_length()));
    while (true) {
      auto const piece = co_await read();
      if (!piece) co_return fail(piece);
      if (piece->empty()) co_return text;
      if (piece->size() > limit - text.size())
        co_return fail(errc::body_too_large, "the answer's body exceeds the limit");
      text.append(*piece);
    }
  }

  /// After the end of a chunked body: the fields behind it.
  [[nodiscard]] std::span<field_view const> trailers() const noexcept { return exchange_->trailers(); }

 private:
  std::unique_ptr<detail::client_exchange> exchange_;
  std::size_t                              whole_body_;
};

/// Asks servers, from one loop. Many requests may be under way at once, each on its own connection.
class client {
 public:
  explicit client(asio::io_context& loop, client_options options = {})
      : loop_(&loop),
        options_(std::move(options)),
        pool_(std::make_shared<detail::client_pool>(loop, options_.idle_connections, options_.idle_per_origin,
                                                    options_.open, options_.keep)) {}
  client(client const&)            = delete;
  client& operator=(client const&) = delete;
  /// Connections that wait are closed. Answers may outlive the client; a `send` may not.
  ~client() { pool_->close(); }

  /// Sends a request and waits for the head of its answer. On a connection that was kept and turns out to be closed, a
  /// request that nothing was sent of, or that is repeatable and got no byte of an answer, is sent once more on
  /// another. Completes: at the end of the head of the final answer; at a deadline; when the coroutine is cancelled.
  /// Fails with: errc::bad_target (https without TLS), bad_gateway (not reached, or not who it should be), unavailable
  /// (too many connections), closed, truncated, bad_response, timed_out, cancelled; what a body's producer fails with.
  task<result<client_response>> send(client_request asked) {
    auto total = steady_point::max();
    if (options_.total.count() > 0) total = std::chrono::steady_clock::now() + options_.total;
    if (asked.until()) total = std::min(total, *asked.until());
    bool const encrypted = asked.where().is_encrypted();
    if (encrypted && !options_.tls) co_return fail(errc::bad_target, "a URL of https, and no TLS to reach it by");
    auto const origin = asked.unix_path().empty() ? asked.where().origin()
                                                  : (encrypted ? "https:" : "http:") + asked.unix_path() + ":" +
                                                        std::string(asked.where().host());
    for (bool fresh = false;; fresh = true) {
      auto       link   = fresh ? nullptr : pool_->take(origin);
      bool const reused = link != nullptr;
      if (!reused) {
        if (!pool_->admit()) co_return fail(errc::unavailable, "too many connections to servers");
        detail::dial_target where(std::string(asked.where().host()), asked.where().port(), encrypted,
                                  asked.unix_path());
        admission           counted(pool_);
        auto const          until = std::min(total, std::chrono::steady_clock::now() + options_.connect);
        auto                made  = co_await detail::dial(*loop_, std::move(where), options_.tls, until);
        if (!made) co_return fail(made);
        link = std::move(*made);
        counted.keep();
      }
      auto exchange =
          std::make_unique<detail::client_exchange>(pool_, origin, std::move(link), options_, asked.verb(), total);
      auto const answered = co_await exchange->ask(asked, options_);
      if (answered) co_return client_response(std::move(exchange), options_.whole_body);
      bool const stale = reused && answered.error().code == errc::closed && !exchange->received_anything();
      bool const again = asked.is_repeatable() || !exchange->sent_anything();
      if (!stale || !again) co_return fail(answered);
    }
  }

  /// Connections that wait for another request.
  [[nodiscard]] std::size_t idle_connections() const noexcept { return pool_->idle(); }
  /// Connections in all.
  [[nodiscard]] std::size_t open_connections() const noexcept { return pool_->open(); }

 private:
  /// A connection that the pool has counted and that may not come about.
  class admission {
   public:
    explicit admission(std::shared_ptr<detail::client_pool> pool) noexcept : pool_(std::move(pool)) {}
    admission(admission const&)            = delete;
    admission& operator=(admission const&) = delete;
    ~admission() {
      if (pool_) pool_->forget();
    }
    void keep() noexcept { pool_.reset(); }

   private:
    std::shared_ptr<detail::client_pool> pool_;
  };

  asio::io_context*                    loop_;
  client_options                       options_;
  std::shared_ptr<detail::client_pool> pool_;
};

/// A client for each loop of a program.
class clients {
 public:
  explicit clients(net::runtime& loops, client_options const& options = {}) {
    for (std::size_t i = 0; i != loops.size(); ++i) each_.push_back(std::make_unique<client>(loops.loop(i), options));
  }

  /// The client of the calling loop. Only on a loop of the runtime.
  [[nodiscard]] client& here() noexcept { return *each_[net::runtime::here()]; }

 private:
  std::vector<std::unique_ptr<client>> each_;
};

}  // namespace tensorgate::http
