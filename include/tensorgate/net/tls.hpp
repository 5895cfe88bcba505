// tensorgate/net/tls.hpp: a server's certificate, and how a new one takes its place while everything runs.
#pragma once

#include <chrono>      // milliseconds
#include <cstddef>     // size_t
#include <filesystem>  // path
#include <memory>      // shared_ptr, unique_ptr
#include <mutex>       // mutex
#include <new>         // bad_alloc
#include <string>      // string
#include <utility>     // exchange, move
#include <vector>      // vector

#include <openssl/ssl.h>  // SSL_CTX

#include <tensorgate/core/result.hpp>         // result
#include <tensorgate/net/detail/openssl.hpp>  // openssl_link, ssl_error_text
#include <tensorgate/net/errc.hpp>            // errc
#include <tensorgate/net/parts.hpp>           // parts, lifeline
#include <tensorgate/net/runtime.hpp>         // runtime
#include <tensorgate/net/stream.hpp>          // tls_acceptor
#include <tensorgate/net/watch.hpp>           // watch

namespace tensorgate::inline TENSORGATE_ABI::net {

struct tls_options {
  std::string certificate = {};    ///< PEM file: the server's certificate, then the chain
  std::string key         = {};    ///< PEM file: its private key
  bool        follow      = true;  ///< takes a new pair when the files change; at a reload in any case
  bool        tls12       = true;  ///< TLS 1.2 too; 1.3 always
};

/// The TLS side of a server: TLS 1.2 and 1.3, ALPN http/1.1. The pair is read at the start, which fails without a
/// usable one, again at each reload and when its files change. A pair that is broken or does not match leaves the one
/// before in service, and shows in health. Each connection keeps what it began with, so a change disturbs nobody.
class tls_certificate final : public tls_acceptor {
 public:
  tls_certificate(parts& app, tls_options options) : app_(app), options_(std::move(options)) {
    part self;
    self.name   = "tls";
    self.start  = [this] { return start(); };
    self.reload = [this] { return load(); };
    self.stop   = [this] { stop(); };
    self.health = [this] { return health(); };
    app.add(alive_.tied(std::move(self)));
  }
  tls_certificate(tls_certificate const&)            = delete;
  tls_certificate& operator=(tls_certificate const&) = delete;
  /// May come before the end of its program; connections keep what they began with.
  ~tls_certificate() override {
    alive_.cut();
    stop();
  }

  [[nodiscard]] std::unique_ptr<tls_link> accept(int descriptor) override {
    std::shared_ptr<::SSL_CTX> context;
    {
      std::scoped_lock const lock(mutex_);
      context = context_;
    }
    if (context == nullptr) return nullptr;
    detail::ssl_pointer ssl(::SSL_new(context.get()));  // it keeps the context
    if (ssl == nullptr) return nullptr;
    ::SSL_set_accept_state(ssl.get());
    try {
      return std::make_unique<detail::openssl_link>(std::move(ssl), descriptor);
    } catch (std::bad_alloc const&) {
      return nullptr;
    }
  }

  /// Why a start with this pair would be refused; empty when it would not.
  [[nodiscard]] static std::string fault_of(tls_options const& options) {
    std::string why;
    static_cast<void>(read_pair(options, why));
    return why;
  }

  /// Reads the pair. A failure keeps what was in force. From any thread.
  result<void> load() {
    std::scoped_lock const one_by_one(loading_);  // of two at once, the later to read is the later to be in force
    std::string            why;
    auto                   made = read_pair(options_, why);
    std::scoped_lock const lock(mutex_);
    if (made == nullptr) {
      note_ = (context_ != nullptr ? "the new certificate cannot be used, the one before stays: "
                                   : "the certificate cannot be used: ") +
              why;
      app_.say("tls", note_);
      return fail(errc::bad_certificate, "the certificate or its key cannot be used");
    }
    context_ = std::move(made);
    note_.clear();
    if (auto const age = detail::certificate_age(::SSL_CTX_get0_certificate(context_.get())); !age.empty())
      app_.say("tls", "WARNING: " + options_.certificate + ": " + std::string(age) + "; clients will refuse it");
    return {};
  }

  [[nodiscard]] part_health health() const {
    std::scoped_lock const lock(mutex_);
    part_health            said;
    said.ready = context_ != nullptr;
    said.note  = note_;
    if (context_ != nullptr && note_.empty())
      said.note = detail::certificate_age(::SSL_CTX_get0_certificate(context_.get()));
    said.degraded = !said.note.empty();
    return said;
  }

 private:
  result<void> start() {
    if (auto const loaded = load(); !loaded) return fail(loaded);
    if (!options_.follow) return {};
    auto&                              loop = app_.loops().loop(0);
    std::vector<std::filesystem::path> folders{std::filesystem::absolute(options_.certificate).parent_path()};
    auto const                         key_folder = std::filesystem::absolute(options_.key).parent_path();
    if (key_folder != folders.front()) folders.push_back(key_folder);
    following_ = std::make_shared<following>(*this, loop, std::move(folders));
    asio::co_spawn(loop, follow(following_), asio::detached);
    return {};
  }

  // What watches the files. Its coroutine may outlive the certificate, and finds nobody to tell then.
  struct following {
    following(tls_certificate& of, asio::io_context& loop, std::vector<std::filesystem::path> folders)
        : changes(loop, std::move(folders)), owner(&of) {}
    watch            changes;
    std::mutex       mutex;
    tls_certificate* owner;
  };

  static task<void> follow(std::shared_ptr<following> state) {
    std::string seen;
    for (;;) {
      if (!look(*state, seen)) co_return;
      co_await state->changes.changed(std::chrono::seconds{60});
    }
  }
  // False when nobody follows any more.
  static bool look(following& state, std::string& seen) {
    std::scoped_lock const lock(state.mutex);
    if (state.owner == nullptr) return false;
    auto now = state.owner->stamp();
    if (!seen.empty() && now != seen) static_cast<void>(state.owner->load());
    seen = std::move(now);
    return true;
  }

  void stop() {
    auto const state = std::exchange(following_, nullptr);
    if (state == nullptr) return;
    std::scoped_lock const lock(state->mutex);
    state->owner = nullptr;
  }

  // When and how big the files are; a change of either is worth a look.
  [[nodiscard]] std::string stamp() const {
    std::string all = ";";
    for (auto const& one : {options_.certificate, options_.key}) {
      std::error_code failed;
      auto const      written = std::filesystem::last_write_time(one, failed);
      if (!failed) all += std::to_string(written.time_since_epoch().count());
      auto const size = std::filesystem::file_size(one, failed);
      if (!failed) all += "," + std::to_string(size) + ";";
    }
    return all;
  }

  [[nodiscard]] static std::shared_ptr<::SSL_CTX> read_pair(tls_options const& options, std::string& why) {
    ::ERR_clear_error();
    std::shared_ptr<::SSL_CTX> made(::SSL_CTX_new(::TLS_server_method()), detail::ssl_deleter{});
    if (made == nullptr) {
      why = detail::ssl_error_text();
      return nullptr;
    }
    auto* const context = made.get();
    ::SSL_CTX_set_min_proto_version(context, options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF);
    ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
    // A key with a passphrase would ask for it at the terminal.
    bool encrypted = false;
    ::SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
    ::SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void* asked) {
      *static_cast<bool*>(asked) = true;
      return -1;
    });
    bool const certified = ::SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) == 1;
    bool const keyed = certified && ::SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) == 1;
    ::SSL_CTX_set_default_passwd_cb(context, nullptr);
    ::SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (!certified) {
      why = options.certificate + ": " + detail::ssl_error_text("it holds no certificate in PEM");
    } else if (!keyed && encrypted) {
      why = options.key + ": the key needs a passphrase; store it without one, in a file that only this program reads";
      ::ERR_clear_error();
    } else if (!keyed) {
      why = detail::ssl_key_mismatch() ? options.key + " is not the key of " + options.certificate
                                       : options.key + ": " + detail::ssl_error_text("it holds no private key in PEM");
      ::ERR_clear_error();
    } else if (::SSL_CTX_check_private_key(context) != 1) {
      why = options.key + " is not the key of " + options.certificate;
      ::ERR_clear_error();
    } else {
      return made;
    }
    return nullptr;
  }

  // RFC 7301: what we speak if the client offers it. A client that offers only others learns so at once.
  static int choose_protocol(::SSL* /*ssl*/, unsigned char const** out, unsigned char* size,
                             unsigned char const* offered, unsigned offered_size, void* /*unused*/) {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays)
    static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char*                 chosen = nullptr;
    if (::SSL_select_next_proto(&chosen, size, ours, sizeof ours, offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
  }

  parts&                     app_;
  tls_options                options_;
  std::mutex                 loading_;
  mutable std::mutex         mutex_;
  std::shared_ptr<::SSL_CTX> context_;
  std::string                note_;
  std::shared_ptr<following> following_;
  lifeline                   alive_;
};

}  // namespace tensorgate::net
