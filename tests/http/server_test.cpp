#include <tensorgate/http/server.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/resource.h>
#include <sys/un.h>

#include <doctest/doctest.h>

#include <tensorgate/net/tls.hpp>

#include "support/live_server.hpp"
#include "support/raw_client.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using tensorgate_tests::raw_client;
using test::live_server;
using test::soon;

namespace {

std::string const get_hello = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "tensorgate-XXXXXX").string();
  return ::mkdtemp(name.data()) != nullptr ? name : std::string();
}

// One exchange over a socket that is connected already.
std::string exchange_on(int socket, std::string_view text) {
  static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
  std::string           all;
  std::array<char, 512> piece{};
  while (all.find("hello") == std::string::npos) {
    auto const got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got <= 0) break;
    all.append(piece.data(), static_cast<std::size_t>(got));
  }
  return all;
}

int connect_unix(std::string const& path) {
  int const     made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  if (::connect(made, reinterpret_cast<::sockaddr const*>(&name), sizeof name) == 0) return made;
  ::close(made);
  return -1;
}

struct key_deleter {
  void operator()(::EVP_PKEY* one) const noexcept { ::EVP_PKEY_free(one); }
  void operator()(::X509* one) const noexcept { ::X509_free(one); }
};

// Writes a self-signed pair whose subject is `name`.
void write_pair(std::string const& certificate, std::string const& key, std::string const& name) {
  std::unique_ptr<::EVP_PKEY, key_deleter> pair(::EVP_EC_gen("P-256"));
  std::unique_ptr<::X509, key_deleter>     made(::X509_new());
  ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), -60);
  ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), 86400);
  ::X509_set_pubkey(made.get(), pair.get());
  auto* const subject = ::X509_get_subject_name(made.get());
  ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(name.c_str()), -1,
                               -1, 0);
  ::X509_set_issuer_name(made.get(), subject);
  ::X509_sign(made.get(), pair.get(), ::EVP_sha256());
  auto const write = [](std::string const& path, auto const& put) {
    auto const beside = path + ".new";
    auto*      file   = std::fopen(beside.c_str(), "w");
    put(file);
    std::fclose(file);
    std::filesystem::rename(beside, path);
  };
  write(certificate, [&](std::FILE* file) { ::PEM_write_X509(file, made.get()); });
  write(key, [&](std::FILE* file) { ::PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

// A TLS client that blocks.
class tls_client {
 public:
  explicit tls_client(std::uint16_t port, std::string_view protocol = "http/1.1") : socket_(port) {
    context_.reset(::SSL_CTX_new(::TLS_client_method()));
    ssl_.reset(::SSL_new(context_.get()));
    std::string offered(1, static_cast<char>(protocol.size()));
    offered.append(protocol);
    ::SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<unsigned char const*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
    ::SSL_set_tlsext_host_name(ssl_.get(), "a.example");
    ::SSL_set_fd(ssl_.get(), socket_.native());
    is_connected_ = ::SSL_connect(ssl_.get()) == 1;
  }
  ~tls_client() {
    if (is_connected_) ::SSL_shutdown(ssl_.get());
    ::ERR_clear_error();
  }
  [[nodiscard]] bool        is_connected() const { return is_connected_; }
  [[nodiscard]] std::string name() const {
    std::unique_ptr<::X509, key_deleter> const peer(::SSL_get1_peer_certificate(ssl_.get()));
    std::array<char, 64>                       text{};
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
  // Reads `size` bytes, or as many as come.
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
  // One answer with Content-Length.
  std::string read_body() {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      auto const one = read(1);
      if (one.empty()) return {};
      head += one;
    }
    auto const at = head.find("Content-Length: ");
    return at == std::string::npos ? std::string() : read(std::stoul(head.substr(at + 16)));
  }

 private:
  raw_client                                           socket_;
  std::unique_ptr<::SSL_CTX, net::detail::ssl_deleter> context_;
  std::unique_ptr<::SSL, net::detail::ssl_deleter>     ssl_;
  bool                                                 is_connected_ = false;
};

struct tls_fixture {
  std::string const                     folder      = temporary_folder();
  std::string const                     certificate = folder + "/server.pem";
  std::string const                     key         = folder + "/server.key";
  std::shared_ptr<net::tls_certificate> acceptor;
  live_server                           server;

  explicit tls_fixture(bool follow = true)
      : server([](http::server_options& options) { options.listen[0].tls = true; }, 2,
               [&](net::parts& app) {
                 write_pair(certificate, key, "first");
                 net::tls_options options;
                 options.certificate = certificate;
                 options.key         = key;
                 options.follow      = follow;
                 acceptor            = std::make_shared<net::tls_certificate>(app, options);
                 return acceptor;
               }) {}
  ~tls_fixture() {
    server.stop();
    std::filesystem::remove_all(folder);
  }
};

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

}  // namespace

TEST_CASE("several loops share one port") {
  live_server server({}, 3);
  for (int i = 0; i != 30; ++i) {
    raw_client client(server.port());
    client.send(get_hello);
    CHECK(client.read().body == "hello");
  }
  CHECK(server.counts().accepted == 30);
}

TEST_CASE("a busy port is told in one sentence, and nothing starts") {
  live_server first;
  std::string said;
  try {
    live_server second([&](http::server_options& options) { options.listen[0].port = first.port(); });
    FAIL("two servers on one port");
  } catch (std::runtime_error const&) {
  }
  auto const again = net::listening::open({.port = first.port()}, 2);
  REQUIRE(!again);
  CHECK(again.error().sentence.find("another program listens there") != std::string::npos);
  CHECK(again.error().sentence.find(std::to_string(first.port())) != std::string::npos);
}

TEST_CASE("a port that a closed connection still holds is waited for, and its wait is said") {
  live_server const peer;
  int const         asking = ::socket(AF_INET, SOCK_STREAM, 0);
  auto              to     = net::detail::socket_address::of(*net::address::parse("127.0.0.1"), peer.port());
  REQUIRE(::connect(asking, to.get(), to.size) == 0);
  REQUIRE(::getsockname(asking, to.get(), &to.size) == 0);
  net::listen_options const wanted{.port = to.read().second, .patience = std::chrono::seconds{20}};

  std::string said;
  std::thread closing([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    ::linger const at_once{.l_onoff = 1, .l_linger = 0};  // a reset: no minute of TIME_WAIT
    ::setsockopt(asking, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(asking);
  });
  auto const  opened = net::listening::open(wanted, 2, [&](std::string const& what) { said = what; });
  closing.join();
  REQUIRE(opened);
  CHECK(opened->port() == wanted.port);
  CHECK(said.find(std::to_string(wanted.port)) != std::string::npos);
}

TEST_CASE("a port that a connection holds for longer than the patience is told so") {
  live_server const peer;
  int const         asking = ::socket(AF_INET, SOCK_STREAM, 0);
  auto              to     = net::detail::socket_address::of(*net::address::parse("127.0.0.1"), peer.port());
  REQUIRE(::connect(asking, to.get(), to.size) == 0);
  REQUIRE(::getsockname(asking, to.get(), &to.size) == 0);
  auto const opened = net::listening::open({.port = to.read().second, .patience = std::chrono::milliseconds{50}}, 1);
  ::close(asking);
  REQUIRE(!opened);
  CHECK(opened.error().sentence.find("a connection of this host holds the port") != std::string::npos);
}

TEST_CASE("a public address without TLS is warned of, loopback is not") {
  live_server quiet;
  for (auto const& line : quiet.said()) CHECK(line.find("WARNING") == std::string::npos);
  live_server loud([](http::server_options& options) { options.listen[0].address = "0.0.0.0"; });
  bool        warned = false;
  for (auto const& line : loud.said()) warned = warned || line.find("WARNING") != std::string::npos;
  CHECK(warned);
}

TEST_CASE("IPv6 and a Unix socket are served, and the path is removed at the end") {
  auto const folder = temporary_folder();
  auto const path   = folder + "/app.sock";
  {
    live_server server(
        [&](http::server_options& options) {
          net::listen_options unix_socket;
          unix_socket.unix_socket = path;
          net::listen_options six;
          six.address = "::1";
          six.port    = 0;
          options.listen.push_back(unix_socket);
          options.listen.push_back(six);
        },
        2);
    int const made = connect_unix(path);
    REQUIRE(made >= 0);
    CHECK(exchange_on(made, get_hello).ends_with("hello"));
    ::close(made);
  }
  CHECK(!std::filesystem::exists(path));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a socket passed by systemd is used") {
  auto const folder = temporary_folder();
  auto const path   = folder + "/passed.sock";
  auto       opened = net::listening::open({.unix_socket = path}, 1);
  REQUIRE(opened);
  // The passed sockets begin at descriptor 3, which may be taken here.
  int const kept = ::fcntl(net::first_inherited, F_DUPFD_CLOEXEC, 100);
  ::dup2(opened->socket_of(0), net::first_inherited);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_FDNAMES", "web", 1);
  {
    live_server server([](http::server_options& options) { options.listen[0].inherited = "web"; }, 2);
    int const   made = connect_unix(path);
    REQUIRE(made >= 0);
    CHECK(exchange_on(made, get_hello).ends_with("hello"));
    ::close(made);
  }
  CHECK(std::filesystem::exists(path));  // it belongs to whoever passed it
  CHECK(!net::listening::open({.inherited = "other"}, 1));
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  if (kept >= 0) {
    ::dup2(kept, net::first_inherited);
    ::close(kept);
  } else {
    ::close(net::first_inherited);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a drain lets requests end, closes what is idle and takes nothing new") {
  live_server server({}, 2);
  raw_client  idle(server.port());
  raw_client  busy(server.port());
  idle.send(get_hello);
  CHECK(idle.read().status == 200);
  busy.send("GET /slow?400 HTTP/1.1\r\nHost: a\r\n\r\n" + get_hello);
  CHECK(soon([&] { return server.counts().in_flight == 1; }));
  std::thread stopping([&] { server.stop(); });
  CHECK(idle.closed());
  auto const got = busy.read();
  CHECK(got.body == "slow");
  CHECK(got.field("connection") == "close");
  stopping.join();
  CHECK_THROWS(raw_client(server.port()));
}

TEST_CASE("a drain has a deadline") {
  live_server server;
  raw_client  busy(server.port());
  busy.send("GET /slow?60000 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(soon([&] { return server.counts().in_flight == 1; }));
  auto const began = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - began < 6s);
  CHECK(busy.closed());
}

TEST_CASE("connections in all and per address are bounded, and those beyond are told") {
  live_server all([](http::server_options& options) { options.limits.connections = 3; });
  live_server each([](http::server_options& options) { options.limits.connections_per_address = 3; });
  for (auto const* server : {&all, &each}) {
    std::vector<std::unique_ptr<raw_client>> open;
    for (int i = 0; i != 3; ++i) {
      open.push_back(std::make_unique<raw_client>(server->port()));
      open.back()->send(get_hello);
      CHECK(open.back()->read().status == 200);
    }
    raw_client beyond(server->port());
    beyond.send(get_hello);
    auto const got = beyond.read();
    CHECK(got.status == 503);
    CHECK(got.field("retry-after") == "1");
    CHECK(beyond.closed());
    open.pop_back();
    CHECK(soon([&] { return server->counts().connections == 2; }));
    raw_client again(server->port());
    again.send(get_hello);
    CHECK(again.read().status == 200);
  }
}

TEST_CASE("two thousand idle connections cost little, disturb nobody, and their memory comes back") {
  ::rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  auto const before = files;
  files.rlim_cur    = std::min<::rlim_t>(files.rlim_max, 8192);
  ::setrlimit(RLIMIT_NOFILE, &files);
  {
    live_server                              server({}, 2);
    std::vector<std::unique_ptr<raw_client>> idle;
    for (int i = 0; i != 100; ++i) idle.push_back(std::make_unique<raw_client>(server.port()));
    auto const start = resident_kib();
    for (int i = 0; i != 2000; ++i) {
      idle.push_back(std::make_unique<raw_client>(server.port()));
      idle.back()->send(get_hello);
      CHECK(idle.back()->read().status == 200);
    }
    MESSAGE("resident KiB per idle connection, both ends: ", static_cast<double>(resident_kib() - start) / 2000.0);
    auto const began = std::chrono::steady_clock::now();
    raw_client normal(server.port());
    normal.send(get_hello);
    CHECK(normal.read().status == 200);
    CHECK(std::chrono::steady_clock::now() - began < 1s);
    idle.clear();
    CHECK(soon([&] { return server.counts().connections <= 1; }));
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("when descriptors run out those who are served stay served, and the server recovers") {
  live_server server;
  raw_client  served(server.port());
  served.send(get_hello);
  CHECK(served.read().status == 200);
  ::rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> hoard;
  auto             low = before;
  low.rlim_cur         = 256;
  ::setrlimit(RLIMIT_NOFILE, &low);
  std::vector<std::unique_ptr<raw_client>> waiting;
  for (int i = 0; i != 5; ++i) waiting.push_back(std::make_unique<raw_client>(server.port()));
  CHECK(soon([&] { return server.counts().connections == 6; }));
  waiting.clear();
  CHECK(soon([&] { return server.counts().connections == 1; }));
  int const one = ::socket(AF_INET, SOCK_STREAM, 0);
  for (int made = ::dup(0); made >= 0; made = ::dup(0)) hoard.push_back(made);
  sockaddr_in where{};
  where.sin_family      = AF_INET;
  where.sin_port        = htons(server.port());
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(one, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
  CHECK(exchange_on(one, get_hello).empty());  // closed without an answer
  ::close(one);
  served.send(get_hello);
  CHECK(served.read(false, 1s).status == 200);
  for (int const each : hoard) ::close(each);
  ::setrlimit(RLIMIT_NOFILE, &before);
  raw_client after(server.port());
  after.send(get_hello);
  CHECK(after.read(false, 3s).status == 200);
}

TEST_CASE("TLS 1.3 with ALPN is spoken, big bodies included, and other protocols are refused") {
  tls_fixture tls;
  tls_client  client(tls.server.port());
  REQUIRE(client.is_connected());
  CHECK(client.version() == "TLSv1.3");
  CHECK(client.protocol() == "http/1.1");
  client.send(get_hello + "GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n");
  client.send("GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_body() == "hello");
  CHECK(client.read_body() == test::routes::big_bytes().view());
  CHECK(client.read_body() == test::routes::big_bytes().view());
  CHECK(client.read_body() == "127.0.0.1 https");
  client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(client.read(512 * 0 + 1) == "H");
  CHECK(!tls_client(tls.server.port(), "h2").is_connected());
  raw_client plain(tls.server.port());
  plain.send(get_hello);
  CHECK(plain.closed());
}

TEST_CASE("a certificate is swapped under load without a failure, and a broken one keeps the one before") {
  tls_fixture       tls;
  std::atomic<bool> ends{false};
  std::atomic<int>  failures{0};
  std::atomic<int>  handshakes{0};
  tls_client        old(tls.server.port());
  old.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");  // half-written meanwhile
  std::thread load([&] {
    while (!ends) {
      tls_client one(tls.server.port());
      if (one.is_connected()) one.send(get_hello);
      if (!one.is_connected() || one.read_body() != "hello") ++failures;
      ++handshakes;
    }
  });
  for (int i = 0; i != 10; ++i) {
    write_pair(tls.certificate, tls.key, "number " + std::to_string(i));
    ::usleep(100000);
  }
  CHECK(soon([&] { return tls_client(tls.server.port()).name() == "number 9"; }));
  CHECK(!tls.acceptor->health().degraded);
  std::ofstream(tls.key) << "broken";
  CHECK(soon([&] { return tls.acceptor->health().degraded; }));
  CHECK(tls.acceptor->health().ready);
  CHECK(tls_client(tls.server.port()).name() == "number 9");
  ends = true;
  load.join();
  CHECK(failures == 0);
  CHECK(handshakes > 10);
  CHECK(old.read_body() == test::routes::big_bytes().view());
  write_pair(tls.certificate, tls.key, "mended");
  CHECK(soon([&] { return !tls.acceptor->health().degraded; }));
}

TEST_CASE("a TLS handshake has a deadline") {
  live_server       unused;
  std::string const folder = temporary_folder();
  {
    live_server server(
        [](http::server_options& options) {
          options.listen[0].tls    = true;
          options.limits.handshake = 200ms;
        },
        1,
        [&](net::parts& app) {
          write_pair(folder + "/c.pem", folder + "/k.pem", "name");
          net::tls_options options;
          options.certificate = folder + "/c.pem";
          options.key         = folder + "/k.pem";
          return std::make_shared<net::tls_certificate>(app, options);
        });
    raw_client silent(server.port());
    CHECK(silent.closed());
  }
  std::filesystem::remove_all(folder);
}
