// tensorgate/net/detail/openssl.hpp: TLS over a socket that does not block, for either side.
#pragma once

#include <cerrno>        // errno
#include <cstddef>       // size_t
#include <cstdint>       // intptr_t
#include <memory>        // unique_ptr
#include <new>           // bad_alloc
#include <span>          // span
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // generic_category
#include <utility>       // move

#include <openssl/bio.h>         // BIO
#include <openssl/decodererr.h>  // ERR_LIB_OSSL_DECODER
#include <openssl/err.h>         // ERR_clear_error
#include <openssl/pem.h>         // PEM_R_NO_START_LINE
#include <openssl/ssl.h>         // SSL
#include <openssl/x509.h>        // X509_cmp_current_time

#include <sys/socket.h>  // recv, send

#include <tensorgate/net/stream.hpp>  // tls_link, transfer

namespace tensorgate::inline TENSORGATE_ABI::net::detail {

struct ssl_deleter {
  void operator()(::SSL* one) const noexcept { ::SSL_free(one); }
  void operator()(::SSL_CTX* one) const noexcept { ::SSL_CTX_free(one); }
  void operator()(::BIO_METHOD* one) const noexcept { ::BIO_meth_free(one); }
};
using ssl_pointer         = std::unique_ptr<::SSL, ssl_deleter>;
using ssl_context_pointer = std::unique_ptr<::SSL_CTX, ssl_deleter>;

/// The text of the library's first error, and forgets all. `no_pem`: what it means when a file holds nothing of that
/// kind.
[[nodiscard]] inline std::string ssl_error_text(std::string_view no_pem = {}) {
  auto const code = ::ERR_get_error();
  auto const last = ::ERR_peek_last_error();
  ::ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  for (auto const one : {code, last}) {
    bool const empty_pem = ERR_GET_LIB(one) == ERR_LIB_PEM && ERR_GET_REASON(one) == PEM_R_NO_START_LINE;
    bool const nothing   = ERR_GET_LIB(one) == ERR_LIB_OSSL_DECODER;
    if (one != 0 && !no_pem.empty() && (empty_pem || nothing)) return std::string(no_pem);
  }
  char const* const text = code != 0 ? ::ERR_reason_error_string(code) : nullptr;
  return text != nullptr ? text : "unknown";
}

/// True if the library's last error is that a key belongs to another certificate.
[[nodiscard]] inline bool ssl_key_mismatch() noexcept {
  auto const code = ::ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_X509 &&
         (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH || ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
}

/// "it has expired", "it is not valid yet"; empty while it is valid.
[[nodiscard]] inline std::string_view certificate_age(::X509 const* of) noexcept {
  auto const* const from = of != nullptr ? ::X509_get0_notBefore(of) : nullptr;
  auto const* const to   = of != nullptr ? ::X509_get0_notAfter(of) : nullptr;
  if (to != nullptr && ::X509_cmp_current_time(to) < 0) return "the certificate has expired";
  if (from != nullptr && ::X509_cmp_current_time(from) > 0) return "the certificate is not valid yet";
  return {};
}

/// How a link reads and writes its socket: as OpenSSL's own BIO, but without SIGPIPE. Null when there is no memory.
[[nodiscard]] inline ::BIO_METHOD* socket_bio() {
  auto const make = [] {
    std::unique_ptr<::BIO_METHOD, ssl_deleter> made(
        ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tensorgate socket"));
    if (made == nullptr) return made;
    ::BIO_meth_set_create(made.get(), [](::BIO* bio) {
      ::BIO_set_init(bio, 1);
      return 1;
    });
    ::BIO_meth_set_write_ex(made.get(), [](::BIO* bio, char const* data, std::size_t size, std::size_t* written) {
      int const to = static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio)));
      ::BIO_clear_retry_flags(bio);
      auto const put = ::send(to, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) ::BIO_set_retry_write(bio);
      *written = put > 0 ? static_cast<std::size_t>(put) : 0;
      return put > 0 ? 1 : 0;
    });
    ::BIO_meth_set_read_ex(made.get(), [](::BIO* bio, char* data, std::size_t size, std::size_t* read) {
      int const from = static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio)));
      ::BIO_clear_retry_flags(bio);
      auto const got = ::recv(from, data, size, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) ::BIO_set_retry_read(bio);
      if (got == 0) ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
      *read = got > 0 ? static_cast<std::size_t>(got) : 0;
      return got > 0 ? 1 : 0;
    });
    ::BIO_meth_set_ctrl(made.get(), [](::BIO* bio, int what, long /*number*/, void* /*data*/) -> long {
      if (what == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
      return what == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  };
  static auto const method = make();
  return method.get();
}

/// A TLS connection; the handshake's side is chosen by whoever made `ssl`.
class openssl_link final : public tls_link {
 public:
  /// Takes over `ssl`, which has no BIO yet. Throws `std::bad_alloc`.
  openssl_link(ssl_pointer ssl, int descriptor) : ssl_(std::move(ssl)) {
    ::BIO* const bio = socket_bio() != nullptr ? ::BIO_new(socket_bio()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
    ::SSL_set_bio(ssl_.get(), bio, bio);
    ::SSL_set_mode(ssl_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  }

  transfer handshake() override {
    ::ERR_clear_error();
    int const done = ::SSL_do_handshake(ssl_.get());
    if (done != 1) return outcome(done, 0);
    if (char const* name = ::SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name); name != nullptr) {
      server_name_ = name;
      for (char& one : server_name_) {
        if (one >= 'A' && one <= 'Z') one = static_cast<char>(one + ('a' - 'A'));
      }
    }
    return {transfer_state::moved, 0};
  }

  transfer read(std::span<char> into) override {
    ::ERR_clear_error();
    std::size_t got  = 0;
    int const   done = ::SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
    return outcome(done, got);
  }

  transfer write(std::string_view out) override {
    if (out.empty()) return {transfer_state::moved, 0};
    ::ERR_clear_error();
    std::size_t put  = 0;
    int const   done = ::SSL_write_ex(ssl_.get(), out.data(), out.size(), &put);
    return outcome(done, put);
  }

  transfer say_goodbye() override {
    if (::SSL_in_init(ssl_.get()) != 0) return {transfer_state::failed, 0};
    ::ERR_clear_error();
    int const done = ::SSL_shutdown(ssl_.get());
    if (done >= 0) return {transfer_state::moved, 0};
    return outcome(done, 0);
  }

  [[nodiscard]] bool             has_buffered() const noexcept override { return ::SSL_pending(ssl_.get()) > 0; }
  [[nodiscard]] std::string_view server_name() const noexcept override { return server_name_; }

  [[nodiscard]] ::SSL* native() noexcept { return ssl_.get(); }

 private:
  transfer outcome(int done, std::size_t bytes) noexcept {
    if (done > 0) return {transfer_state::moved, bytes};
    switch (::SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ: return {transfer_state::wants_read, 0};
      case SSL_ERROR_WANT_WRITE: return {transfer_state::wants_write, 0};
      case SSL_ERROR_ZERO_RETURN: return {transfer_state::ended, 0};
      default: return {transfer_state::failed, 0};
    }
  }

  ssl_pointer ssl_;
  std::string server_name_;
};

}  // namespace tensorgate::net::detail
