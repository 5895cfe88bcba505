// tensorgate/net/tls_client.hpp: TLS to servers: is it the one that we meant?
#pragma once

#include <array>         // array
#include <memory>        // shared_ptr, unique_ptr
#include <new>           // bad_alloc
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move

#include <openssl/ssl.h>     // SSL_CTX
#include <openssl/x509v3.h>  // X509_VERIFY_PARAM_set1_host

#include <tensorgate/core/result.hpp>         // result
#include <tensorgate/net/asio.hpp>            // make_address
#include <tensorgate/net/detail/openssl.hpp>  // openssl_link
#include <tensorgate/net/errc.hpp>            // errc
#include <tensorgate/net/tls_connector.hpp>   // tls_connector

namespace tensorgate::inline TENSORGATE_ABI::net {

struct tls_client_options {
  std::string authorities = {};    ///< PEM file of those who are believed; empty: the system's
  bool        verify      = true;  ///< off, anybody may answer: for tests alone
};

/// TLS 1.2 and 1.3 to servers, with SNI and ALPN http/1.1. The server's certificate must lead to an authority that is
/// believed and name the host that was asked for; a wildcard stands for one whole label.
class tls_client final : public tls_connector {
 public:
  /// Fails with: errc::bad_certificate (the authorities cannot be read), tls (the library cannot start).
  [[nodiscard]] static result<std::shared_ptr<tls_connector>> make(tls_client_options const& options = {}) {
    detail::ssl_context_pointer context(::SSL_CTX_new(::TLS_client_method()));
    if (context == nullptr) return fail(errc::tls, "TLS cannot be started");
    auto* const raw = context.get();
    ::SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    ::SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (options.verify) {
      int const read = options.authorities.empty() ? ::SSL_CTX_set_default_verify_paths(raw)
                                                   : ::SSL_CTX_load_verify_file(raw, options.authorities.c_str());
      ::ERR_clear_error();
      if (read != 1) return fail(errc::bad_certificate, "the file of certificate authorities cannot be read");
      ::SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    }
    static constexpr std::array<unsigned char, 9> offered{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    if (::SSL_CTX_set_alpn_protos(raw, offered.data(), offered.size()) != 0)
      return fail(errc::tls, "TLS cannot be started");
    return std::shared_ptr<tls_connector>(new tls_client(std::move(context), options.verify));
  }

  [[nodiscard]] std::unique_ptr<tls_link> connect(int descriptor, std::string_view host) override {
    detail::ssl_pointer ssl(::SSL_new(context_.get()));
    if (ssl == nullptr) return nullptr;
    ::SSL_set_connect_state(ssl.get());
    std::string const name(host);
    std::error_code   no_address;
    static_cast<void>(asio::ip::make_address(name, no_address));
    bool const is_name = static_cast<bool>(no_address);
    bool       set     = !is_name || ::SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;  // an address is no SNI
    if (verify_) {
      auto* const wanted = ::SSL_get0_param(ssl.get());
      ::X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      set = set && (is_name ? ::X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size())
                            : ::X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str())) == 1;
    }
    if (!set) return nullptr;
    try {
      return std::make_unique<detail::openssl_link>(std::move(ssl), descriptor);
    } catch (std::bad_alloc const&) {
      return nullptr;
    }
  }

 private:
  tls_client(detail::ssl_context_pointer context, bool verify) noexcept
      : context_(std::move(context)), verify_(verify) {}

  detail::ssl_context_pointer context_;
  bool                        verify_;
};

}  // namespace tensorgate::net
