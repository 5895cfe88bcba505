// tests/support/tls.hpp: certificates made on the spot, and a client that speaks TLS as it is told to.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <tensorgate/net/detail/openssl.hpp>

#include "raw_client.hpp"

namespace tensorgate::test {

struct x509_deleter {
  void operator()(::EVP_PKEY* one) const noexcept { ::EVP_PKEY_free(one); }
  void operator()(::X509* one) const noexcept { ::X509_free(one); }
};

/// A certificate and its key.
struct certified {
  std::unique_ptr<::EVP_PKEY, x509_deleter> key;
  std::unique_ptr<::X509, x509_deleter>     certificate;
};

struct wanted_certificate {
  std::string      name         = "first";
  certified const* issuer       = nullptr;  ///< null: signed by itself
  bool             is_authority = false;
  long             from         = -60;  ///< seconds from now
  long             to           = 86'400;
};

inline certified make_certificate(wanted_certificate const& wanted) {
  certified made{std::unique_ptr<::EVP_PKEY, x509_deleter>(::EVP_EC_gen("P-256")),
                 std::unique_ptr<::X509, x509_deleter>(::X509_new())};
  auto*     x = made.certificate.get();
  ::X509_set_version(x, 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(x), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(x), wanted.from);
  ::X509_gmtime_adj(::X509_getm_notAfter(x), wanted.to);
  ::X509_set_pubkey(x, made.key.get());
  auto* const subject = ::X509_get_subject_name(x);
  ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(wanted.name.c_str()),
                               -1, -1, 0);
  ::X509_set_issuer_name(
      x, wanted.issuer != nullptr ? ::X509_get_subject_name(wanted.issuer->certificate.get()) : subject);
  if (wanted.is_authority) {
    auto* const may_sign = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    ::X509_add_ext(x, may_sign, -1);
    ::X509_EXTENSION_free(may_sign);
  }
  ::X509_sign(x, wanted.issuer != nullptr ? wanted.issuer->key.get() : made.key.get(), ::EVP_sha256());
  return made;
}

/// Replaces the file whole, so that nobody reads a half of it.
template <class Put>
void write_pem(std::string const& path, Put const& put) {
  auto const beside = path + ".new";
  auto*      file   = std::fopen(beside.c_str(), "w");
  put(file);
  std::fclose(file);
  std::filesystem::rename(beside, path);
}
inline void write_certificates(std::string const& path, std::vector<certified const*> const& chain) {
  write_pem(path, [&](std::FILE* file) {
    for (auto const* one : chain) ::PEM_write_X509(file, one->certificate.get());
  });
}
/// `passphrase`: empty for none.
inline void write_key(std::string const& path, certified const& of, std::string const& passphrase = {}) {
  write_pem(path, [&](std::FILE* file) {
    auto const* const phrase = reinterpret_cast<unsigned char const*>(passphrase.data());
    ::PEM_write_PrivateKey(file, of.key.get(), passphrase.empty() ? nullptr : ::EVP_aes_256_cbc(),
                           passphrase.empty() ? nullptr : phrase, static_cast<int>(passphrase.size()), nullptr,
                           nullptr);
  });
}
/// Writes a self-signed pair whose subject is `name`.
inline void write_pair(std::string const& certificate, std::string const& key, std::string const& name) {
  auto const made = make_certificate({.name = name});
  write_certificates(certificate, {&made});
  write_key(key, made);
}

struct tls_wishes {
  std::vector<std::string> protocols = {"http/1.1"};  ///< by ALPN; empty: the extension is not sent
  std::string              server    = "a.example";   ///< by SNI; empty: none
  int                      oldest    = 0;             ///< TLS1_2_VERSION …; 0: any
  int                      newest    = 0;
  std::string              trusted   = {};  ///< a PEM file of authorities: then the chain is verified
};

/// A TLS client that blocks.
class tls_client {
 public:
  explicit tls_client(std::uint16_t port, tls_wishes const& wishes = {}) : socket_(port) {
    context_.reset(::SSL_CTX_new(::TLS_client_method()));
    ::SSL_CTX_set_min_proto_version(context_.get(), wishes.oldest);
    ::SSL_CTX_set_max_proto_version(context_.get(), wishes.newest);
    if (!wishes.trusted.empty()) {
      ::SSL_CTX_load_verify_file(context_.get(), wishes.trusted.c_str());
      ::SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }
    ssl_.reset(::SSL_new(context_.get()));
    std::string offered;
    for (auto const& one : wishes.protocols) offered.append(1, static_cast<char>(one.size())).append(one);
    if (!offered.empty()) {
      ::SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<unsigned char const*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    }
    if (!wishes.server.empty()) ::SSL_set_tlsext_host_name(ssl_.get(), wishes.server.c_str());
    ::SSL_set_fd(ssl_.get(), socket_.native());
    is_connected_ = ::SSL_connect(ssl_.get()) == 1;
    if (!is_connected_) refusal_ = net::detail::ssl_error_text();
  }
  tls_client(tls_client const&)            = delete;
  tls_client& operator=(tls_client const&) = delete;
  ~tls_client() {
    if (is_connected_) ::SSL_shutdown(ssl_.get());
    ::ERR_clear_error();
  }
  [[nodiscard]] bool               is_connected() const { return is_connected_; }
  [[nodiscard]] std::string const& refusal() const { return refusal_; }
  [[nodiscard]] ::SSL*             native() const { return ssl_.get(); }
  [[nodiscard]] std::string        name() const {
    std::unique_ptr<::X509, x509_deleter> const peer(::SSL_get1_peer_certificate(ssl_.get()));
    std::array<char, 64>                        text{};
    if (peer != nullptr)
      ::X509_NAME_get_text_by_NID(::X509_get_subject_name(peer.get()), NID_commonName, text.data(), text.size());
    return text.data();
  }
  [[nodiscard]] std::string version() const { return ::SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string protocol() const {
    unsigned char const* text = nullptr;
    unsigned             size = 0;
    ::SSL_get0_alpn_selected(ssl_.get(), &text, &size);
    return {reinterpret_cast<char const*>(text), size};
  }
  void send(std::string_view text) { ::SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }
  /// Reads `size` bytes, or as many as come.
  std::string read(std::size_t size) {
    std::string all;
    while (all.size() < size) {
      std::array<char, 16384> piece{};
      int const got = ::SSL_read(ssl_.get(), piece.data(), static_cast<int>(std::min(piece.size(), size - all.size())));
      if (got <= 0) break;
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  std::string read_head() {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      auto const one = read(1);
      if (one.empty()) break;
      head += one;
    }
    return head;
  }
  /// One answer with Content-Length.
  std::string read_body() {
    auto const head = read_head();
    auto const at   = head.find("Content-Length: ");
    return at == std::string::npos ? std::string() : read(std::stoul(head.substr(at + 16)));
  }

 private:
  tensorgate_tests::raw_client                         socket_;
  std::unique_ptr<::SSL_CTX, net::detail::ssl_deleter> context_;
  std::unique_ptr<::SSL, net::detail::ssl_deleter>     ssl_;
  bool                                                 is_connected_ = false;
  std::string                                          refusal_;
};

}  // namespace tensorgate::test
