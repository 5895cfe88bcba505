// tensorgate/http/client_request.hpp: what is asked of a server, and how long may it take?
#pragma once

#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <memory>       // shared_ptr
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <variant>      // variant, monostate, get_if
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>           // TENSORGATE_VERSION
#include <tensorgate/core/time.hpp>          // steady_point
#include <tensorgate/http/body.hpp>          // body_limits
#include <tensorgate/http/head.hpp>          // head_limits
#include <tensorgate/http/method.hpp>        // method
#include <tensorgate/http/reply.hpp>         // body_producer, shared_bytes
#include <tensorgate/http/url.hpp>           // url
#include <tensorgate/net/tls_connector.hpp>  // tls_connector

namespace tensorgate::inline TENSORGATE_ABI::http {

/// How a client waits and what it keeps. Sizes are in bytes.
struct client_options {
  // Time. A wait that lasts longer fails with errc::timed_out.
  std::chrono::milliseconds connect{5'000};        ///< name, connection and TLS handshake together
  std::chrono::milliseconds first_byte{30'000};    ///< from the end of the request to the end of the answer's head
  std::chrono::milliseconds idle{30'000};          ///< without a byte of a body, either way
  std::chrono::milliseconds total{0};              ///< all of it, the answer's body included; 0: no limit of its own
  std::chrono::milliseconds continue_wait{1'000};  ///< for a 100 before the body is sent without one

  // Sizes. Beyond, the answer is errc::bad_response or, for bodies, errc::body_too_large.
  head_limits head{.head = 32 * 1024, .fields = 200};
  body_limits body{.body = std::uint64_t{1} << 40U};  ///< of an answer that is read piece by piece
  std::size_t whole_body = 16 * 1024 * 1024;          ///< of an answer that is read whole
  std::size_t interim    = 16;                        ///< answers of 1xx before the final one

  // Connections; each loop has its own.
  std::size_t               open{1'024};            ///< in all; beyond: errc::unavailable
  std::size_t               idle_connections{128};  ///< kept for later, in all
  std::size_t               idle_per_origin{32};
  std::chrono::milliseconds keep{15'000};  ///< how long; 0: none is kept

  std::string                         user_agent{"tensorgate/" TENSORGATE_VERSION};  ///< empty: none is sent
  std::shared_ptr<net::tls_connector> tls{};  ///< for https; without it such a URL is errc::bad_target
};

/// One request. It owns what it holds, so it can be sent again where that is safe.
class client_request {
 public:
  struct field {
    std::string name;
    std::string value;
  };
  using body_type = std::variant<std::monostate, std::string, shared_bytes, body_producer>;

  client_request(method verb, url where) : where_(std::move(where)), verb_(verb) {}

  /// Adds a field. Those that say where a message goes and where it ends are the client's to write and are left out:
  /// Host, Connection, Content-Length, Transfer-Encoding, Expect, TE, Trailer, Upgrade, Keep-Alive, Proxy-Connection.
  client_request& with(std::string name, std::string value) {
    fields_.push_back(field{std::move(name), std::move(value)});
    return *this;
  }

  /// The body, whole. A `content_type` that is empty adds no field.
  client_request& body(std::string text, std::string content_type) {
    if (!content_type.empty()) with("Content-Type", std::move(content_type));
    body_ = std::move(text);
    length_.reset();
    return *this;
  }
  client_request& body(shared_bytes bytes, std::string content_type) {
    if (!content_type.empty()) with("Content-Type", std::move(content_type));
    body_ = std::move(bytes);
    length_.reset();
    return *this;
  }
  /// The body, made while it is sent: chunked, or of exactly `length` bytes. Such a request is never sent twice.
  client_request& body(body_producer producer, std::optional<std::uint64_t> length = {}) {
    body_   = std::move(producer);
    length_ = length;
    return *this;
  }

  /// The server is asked first whether it wants the body.
  client_request& expecting_continue() {
    expects_ = true;
    return *this;
  }
  /// By a Unix socket; the URL says only what the server is told.
  client_request& over_unix_socket(std::string path) {
    unix_path_ = std::move(path);
    return *this;
  }
  /// All of it is done by then, whatever the client's options say.
  client_request& until(steady_point when) {
    until_ = when;
    return *this;
  }
  /// Not sent a second time, even where the method allows it.
  client_request& once() {
    once_ = true;
    return *this;
  }

  [[nodiscard]] method                       verb() const noexcept { return verb_; }
  [[nodiscard]] url const&                   where() const noexcept { return where_; }
  [[nodiscard]] std::vector<field> const&    fields() const noexcept { return fields_; }
  [[nodiscard]] body_type const&             body() const noexcept { return body_; }
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept { return length_; }
  [[nodiscard]] std::string const&           unix_path() const noexcept { return unix_path_; }
  [[nodiscard]] std::optional<steady_point>  until() const noexcept { return until_; }
  [[nodiscard]] bool                         expects_continue() const noexcept { return expects_; }

  /// True if sending it twice does no more than sending it once, and it can be sent twice (RFC 9110 §9.2.2).
  [[nodiscard]] bool is_repeatable() const noexcept {
    return !once_ && is_idempotent(verb_) && !std::holds_alternative<body_producer>(body_);
  }

  /// The body as bytes; empty for none and for one that is made while it is sent.
  [[nodiscard]] std::string_view bytes() const noexcept {
    if (auto const* const text = std::get_if<std::string>(&body_)) return *text;
    if (auto const* const shared = std::get_if<shared_bytes>(&body_)) return shared->view();
    return {};
  }

 private:
  url                          where_;
  std::vector<field>           fields_;
  body_type                    body_;
  std::optional<std::uint64_t> length_;
  std::string                  unix_path_;
  std::optional<steady_point>  until_;
  method                       verb_;
  bool                         expects_ = false;
  bool                         once_    = false;
};

}  // namespace tensorgate::http
