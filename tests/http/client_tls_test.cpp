#include <tensorgate/net/tls_client.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <asio/ssl.hpp>
#include <asio/write.hpp>

#include <tensorgate/http/client.hpp>

namespace http = tensorgate::http;
namespace net  = tensorgate::net;
namespace fs   = std::filesystem;
using tensorgate::task;

namespace {

/// A certificate for `names` (as a subjectAltName), signed by itself, in files that go away.
struct identity {
  fs::path certificate = fs::temp_directory_path() / ("client_tls." + std::to_string(::getpid()) + ".crt");
  fs::path key         = fs::temp_directory_path() / ("client_tls." + std::to_string(::getpid()) + ".key");

  explicit identity(std::string const& names) {
    ::EVP_PKEY* const pair = ::EVP_EC_gen("P-256");
    ::X509* const     made = ::X509_new();
    REQUIRE(pair != nullptr);
    ::X509_set_version(made, 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(made), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(made), -60);
    ::X509_gmtime_adj(::X509_getm_notAfter(made), 3600);
    ::X509_set_pubkey(made, pair);
    auto* const name = ::X509_get_subject_name(made);
    ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("tests"), -1, -1, 0);
    ::X509_set_issuer_name(made, name);
    auto* const also = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    ::X509_add_ext(made, also, -1);
    ::X509_EXTENSION_free(also);
    ::X509_sign(made, pair, ::EVP_sha256());
    std::FILE* file = std::fopen(certificate.c_str(), "w");
    ::PEM_write_X509(file, made);
    std::fclose(file);
    file = std::fopen(key.c_str(), "w");
    ::PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    ::X509_free(made);
    ::EVP_PKEY_free(pair);
  }
  identity(identity const&)            = delete;
  identity& operator=(identity const&) = delete;
  ~identity() {
    fs::remove(certificate);
    fs::remove(key);
  }
};

/// Answers every request on every connection with `answer`, then ends the connection if asked to: with a goodbye or
/// without one.
struct tls_peer {
  asio::ip::tcp::acceptor acceptor;
  asio::ssl::context      context{asio::ssl::context::tls_server};
  std::string             answer;
  bool                    says_goodbye = false;
  bool                    hangs_up     = false;
  std::size_t             accepted     = 0;
  std::string             name;  ///< what the client asked for by SNI
  std::string             protocol;

  tls_peer(asio::io_context& loop, identity const& who, std::string text)
      : acceptor(loop, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)), answer(std::move(text)) {
    context.use_certificate_chain_file(who.certificate.string());
    context.use_private_key_file(who.key.string(), asio::ssl::context::pem);
    ::SSL_CTX_set_alpn_select_cb(
        context.native_handle(),
        [](::SSL*, unsigned char const** out, unsigned char* size, unsigned char const* in, unsigned, void*) {
          *out  = in + 1;
          *size = in[0];
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    asio::co_spawn(loop, accept(*this), asio::detached);
  }

  static task<void> accept(tls_peer& self) {
    while (true) {
      auto [failed, socket] = co_await self.acceptor.async_accept(net::as_values);
      if (failed) co_return;
      ++self.accepted;
      asio::co_spawn(self.acceptor.get_executor(), serve(self, std::move(socket)), asio::detached);
    }
  }
  static task<void> serve(tls_peer& self, asio::ip::tcp::socket socket) {
    asio::ssl::stream<asio::ip::tcp::socket> stream(std::move(socket), self.context);
    auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::server, net::as_values);
    if (refused) co_return;
    char const* const name      = ::SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    self.name                   = name != nullptr ? name : "";
    unsigned char const* chosen = nullptr;
    unsigned             size   = 0;
    ::SSL_get0_alpn_selected(stream.native_handle(), &chosen, &size);
    self.protocol.assign(reinterpret_cast<char const*>(chosen), size);
    std::string heard;
    char        buffer[4096];
    while (true) {
      auto [failed, got] = co_await stream.async_read_some(asio::buffer(buffer), net::as_values);
      if (failed) co_return;
      heard.append(static_cast<char const*>(buffer), got);
      if (heard.find("\r\n\r\n") == std::string::npos) continue;
      heard.clear();
      auto [lost, put] = co_await asio::async_write(stream, asio::buffer(self.answer), net::as_values);
      static_cast<void>(put);
      if (lost) co_return;
      if (!self.hangs_up) continue;
      if (self.says_goodbye) {
        auto [ended] = co_await stream.async_shutdown(net::as_values);
        static_cast<void>(ended);
      }
      co_return;
    }
  }
};

task<void> fetch_into(http::client& ask, http::client_request what,
                      std::optional<tensorgate::result<std::string>>& out) {
  auto answer = co_await ask.send(std::move(what));
  if (!answer) {
    out = tensorgate::fail(answer);
    co_return;
  }
  out = co_await answer->body();
}

tensorgate::result<std::string> fetch(asio::io_context& loop, http::client& ask, std::string const& text) {
  auto const where = http::url::parse(text);
  REQUIRE(where);
  std::optional<tensorgate::result<std::string>> got;
  asio::co_spawn(loop, fetch_into(ask, http::client_request(http::method::get, *where), got), asio::detached);
  auto const late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!got) {
    REQUIRE(std::chrono::steady_clock::now() < late);
    loop.restart();
    loop.run_one_for(std::chrono::seconds(1));
  }
  return *got;
}

http::client_options trusting(identity const& who) {
  net::tls_client_options believes;
  believes.authorities = who.certificate.string();
  auto const made      = net::tls_client::make(believes);
  REQUIRE(made);
  http::client_options options;
  options.tls = *made;
  return options;
}

constexpr auto hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace

TEST_CASE("a server whose certificate is believed and names it is asked over TLS, and its connection kept") {
  identity const   who("DNS:localhost,IP:127.0.0.1");
  asio::io_context loop;
  tls_peer         peer(loop, who, hello);
  http::client     ask(loop, trusting(who));
  auto const       port = std::to_string(peer.acceptor.local_endpoint().port());
  for (int i = 0; i != 3; ++i) {
    auto const got = fetch(loop, ask, "https://127.0.0.1:" + port + "/");
    REQUIRE(got);
    CHECK(*got == "hello");
  }
  CHECK(peer.accepted == 1);
  CHECK(peer.name.empty());
  CHECK(peer.protocol == "http/1.1");
  CHECK(fetch(loop, ask, "https://localhost:" + port + "/"));
  CHECK(peer.name == "localhost");
}

TEST_CASE("a server that nobody vouches for, or that has another name, is not asked") {
  identity const   who("DNS:example.org");
  asio::io_context loop;
  tls_peer         peer(loop, who, hello);
  auto const       where = "https://127.0.0.1:" + std::to_string(peer.acceptor.local_endpoint().port()) + "/";
  http::client     named(loop, trusting(who));
  auto const       other = fetch(loop, named, where);
  REQUIRE(!other);
  CHECK(other.error().code == http::errc::bad_gateway);

  auto const by_system = net::tls_client::make();
  REQUIRE(by_system);
  http::client_options options;
  options.tls = *by_system;
  http::client strange(loop, options);
  CHECK(!fetch(loop, strange, where));

  net::tls_client_options anybody;
  anybody.verify = false;
  options.tls    = *net::tls_client::make(anybody);
  http::client careless(loop, options);
  CHECK(fetch(loop, careless, where));
}

TEST_CASE("a body that lasts until the end of a TLS connection is whole only after a goodbye") {
  for (bool const goodbye : {true, false}) {
    identity const   who("IP:127.0.0.1");
    asio::io_context loop;
    tls_peer         peer(loop, who, "HTTP/1.1 200 OK\r\n\r\nhello");
    peer.hangs_up     = true;
    peer.says_goodbye = goodbye;
    http::client ask(loop, trusting(who));
    auto const   got =
        fetch(loop, ask, "https://127.0.0.1:" + std::to_string(peer.acceptor.local_endpoint().port()) + "/");
    CHECK(got.has_value() == goodbye);
    if (!goodbye) CHECK(got.error().code == http::errc::truncated);
  }
}

TEST_CASE("a file of authorities that cannot be read is told") {
  net::tls_client_options missing;
  missing.authorities = "/nonexistent";
  auto const made     = net::tls_client::make(missing);
  REQUIRE(!made);
  CHECK(made.error().code == net::errc::bad_certificate);
}
