#include <tensorgate/net/tls.hpp>

#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>

#include <tensorgate/http/server.hpp>

#include "support/live_server.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using tensorgate_tests::raw_client;
using test::live_server;
using test::soon;
using test::tls_client;
using test::write_pair;

namespace {

std::string const get_hello = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
std::string const get_big   = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";

struct tls_fixture {
  test::temporary_folder const          folder;
  std::string const                     certificate = folder / "server.pem";
  std::string const                     key         = folder / "server.key";
  std::shared_ptr<net::tls_certificate> acceptor;
  live_server                           server;

  explicit tls_fixture(std::function<void(http::server_options&, net::tls_options&)> const& tweak = {})
      : server(
            [&](http::server_options& options) {
              net::tls_options unused;
              options.listen[0].tls = true;
              if (tweak) tweak(options, unused);
            },
            2,
            [&](net::parts& app) {
              http::server_options unused;
              net::tls_options     options;
              options.certificate = certificate;
              options.key         = key;
              write_pair(certificate, key, "first");
              if (tweak) tweak(unused, options);
              acceptor = std::make_shared<net::tls_certificate>(app, options);
              return acceptor;
            }) {}
  ~tls_fixture() { server.stop(); }
};

}  // namespace

TEST_CASE("TLS 1.3 with ALPN is spoken, big bodies included") {
  tls_fixture tls;
  tls_client  client(tls.server.port());
  REQUIRE(client.is_connected());
  CHECK(client.version() == "TLSv1.3");
  CHECK(client.protocol() == "http/1.1");
  client.send(get_hello + get_big + "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
  client.send("GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_body() == "hello");
  CHECK(client.read_body() == test::routes::big_bytes().view());
  CHECK(client.read_body() == test::routes::big_bytes().view());
  CHECK(client.read_body() == "127.0.0.1 https");
  client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(client.read(1) == "H");
  raw_client plain(tls.server.port());
  plain.send(get_hello);
  CHECK(plain.closed());
}

TEST_CASE("clients of TLS 1.2 alone and of 1.3 alone are served, older ones are not") {
  tls_fixture tls;
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    tls_client client(tls.server.port(), {.oldest = version, .newest = version});
    REQUIRE(client.is_connected());
    CHECK(client.version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    CHECK(client.protocol() == "http/1.1");
    client.send(get_hello + get_big);
    CHECK(client.read_body() == "hello");
    CHECK(client.read_body() == test::routes::big_bytes().view());
  }
  CHECK(!tls_client(tls.server.port(), {.oldest = TLS1_VERSION, .newest = TLS1_1_VERSION}).is_connected());

  tls_fixture newest([](http::server_options&, net::tls_options& options) { options.tls12 = false; });
  CHECK(!tls_client(newest.server.port(), {.newest = TLS1_2_VERSION}).is_connected());
  CHECK(tls_client(newest.server.port()).is_connected());
}

TEST_CASE("ALPN chooses http/1.1 wherever it stands, offers of others alone are refused, and none is needed") {
  tls_fixture tls;
  auto const  port = tls.server.port();
  tls_client  browser(port, {.protocols = {"h2", "http/1.1"}});
  REQUIRE(browser.is_connected());
  CHECK(browser.protocol() == "http/1.1");
  tls_client none(port, {.protocols = {}});
  REQUIRE(none.is_connected());
  CHECK(none.protocol().empty());
  none.send(get_hello);
  CHECK(none.read_body() == "hello");
  // RFC 7301 §3.2: no_application_protocol.
  tls_client const other(port, {.protocols = {"h2"}});
  CHECK(!other.is_connected());
  CHECK(other.refusal().find("no application protocol") != std::string::npos);
}

TEST_CASE("a certificate is sent with the chain that it rests on") {
  auto const  root         = test::make_certificate({.name = "root", .is_authority = true});
  auto const  intermediate = test::make_certificate({.name = "intermediate", .issuer = &root, .is_authority = true});
  auto const  leaf         = test::make_certificate({.name = "leaf", .issuer = &intermediate});
  tls_fixture tls;
  auto const  trusted = tls.folder / "root.pem";
  test::write_certificates(trusted, {&root});
  test::write_certificates(tls.certificate, {&leaf, &intermediate});
  test::write_key(tls.key, leaf);
  REQUIRE(tls.acceptor->load());
  tls_client client(tls.server.port(), {.trusted = trusted});
  REQUIRE(client.is_connected());
  CHECK(client.name() == "leaf");
  client.send(get_hello);
  CHECK(client.read_body() == "hello");
  test::write_certificates(tls.certificate, {&leaf});
  REQUIRE(tls.acceptor->load());
  CHECK(!tls_client(tls.server.port(), {.trusted = trusted}).is_connected());
}

TEST_CASE("where hosts are named, one that TLS was not asked for is misdirected") {
  tls_fixture tls([](http::server_options& options, net::tls_options&) { options.hosts = {"a.example", "b.example"}; });
  auto const  ask = [&](std::string const& server, std::string const& host) {
    tls_client client(tls.server.port(), {.server = server});
    REQUIRE(client.is_connected());
    client.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    return client.read_head().substr(9, 3);
  };
  CHECK(ask("a.example", "a.example") == "200");
  CHECK(ask("A.Example", "a.eXample:8443") == "200");
  CHECK(ask("", "b.example") == "200");
  CHECK(ask("a.example", "b.example") == "421");
  CHECK(ask("a.example", "c.example") == "421");
  CHECK(ask("c.example", "c.example") == "421");
}

TEST_CASE("a certificate is swapped under load without a failure, and a broken one keeps the one before") {
  tls_fixture       tls;
  std::atomic<bool> ends{false};
  std::atomic<int>  failures{0};
  std::atomic<int>  handshakes{0};
  std::atomic<int>  halves{0};
  tls_client        old(tls.server.port());
  old.send(get_big);  // half-written through all of it
  std::thread load([&] {
    while (!ends) {
      tls_client one(tls.server.port());
      if (one.is_connected()) one.send(get_hello);
      if (!one.is_connected() || one.read_body() != "hello") ++failures;
      ++handshakes;
    }
  });
  // Answers of which a part is read, then the rest after a swap or two.
  std::thread slow([&] {
    while (!ends) {
      tls_client one(tls.server.port());
      one.send(get_big);
      auto const first = one.read_head().empty() ? std::string() : one.read(1000);
      ::usleep(150'000);
      auto const whole = first + one.read(test::routes::big_bytes().size() - first.size());
      if (whole != test::routes::big_bytes().view()) ++failures;
      ++halves;
    }
  });
  for (int i = 0; i != 15; ++i) {
    write_pair(tls.certificate, tls.key, "number " + std::to_string(i));
    ::usleep(100000);
  }
  CHECK(soon([&] { return tls_client(tls.server.port()).name() == "number 14"; }));
  CHECK(!tls.acceptor->health().degraded);
  std::ofstream(tls.key) << "broken";
  CHECK(soon([&] { return tls.acceptor->health().degraded; }));
  CHECK(tls.acceptor->health().ready);
  CHECK(tls_client(tls.server.port()).name() == "number 14");
  ends = true;
  load.join();
  slow.join();
  CHECK(failures == 0);
  CHECK(handshakes > 10);
  CHECK(halves > 2);
  CHECK(old.read_body() == test::routes::big_bytes().view());
  write_pair(tls.certificate, tls.key, "mended");
  CHECK(soon([&] { return !tls.acceptor->health().degraded; }));
}

TEST_CASE("a TLS handshake has a deadline, and what is no TLS gets no further") {
  tls_fixture tls([](http::server_options& options, net::tls_options&) { options.limits.handshake = 200ms; });
  raw_client  silent(tls.server.port());
  CHECK(silent.closed());
  raw_client half(tls.server.port());
  half.send(std::string_view("\x16\x03\x01\x02", 4));  // a record that never comes whole
  CHECK(half.closed());
  for (std::string const& text :
       {std::string(5000, 'x'), std::string(5000, '\0'), std::string("\x16\x03\x01\xff\xff", 5), get_hello}) {
    raw_client garbage(tls.server.port());
    garbage.send(text);
    CHECK(garbage.closed());
  }
  tls_client after(tls.server.port());
  after.send(get_hello);
  CHECK(after.read_body() == "hello");
  CHECK(soon([&] { return tls.server.counts().connections == 1; }));
}

TEST_CASE("a client may not renegotiate, and a connection that breaks off without a goodbye disturbs nobody") {
  tls_fixture tls;
  tls_client  old(tls.server.port(), {.newest = TLS1_2_VERSION});
  REQUIRE(old.is_connected());
  old.send(get_hello);
  CHECK(old.read_body() == "hello");
  ::SSL_renegotiate(old.native());
  CHECK(::SSL_do_handshake(old.native()) != 1);
  {
    tls_client gone(tls.server.port());
    gone.send(get_big);
    CHECK(gone.read(1000).size() == 1000);
    ::SSL_set_quiet_shutdown(gone.native(), 1);
  }
  tls_client after(tls.server.port());
  after.send(get_hello);
  CHECK(after.read_body() == "hello");
}
