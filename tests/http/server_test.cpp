#include <tensorgate/http/server.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "support/live_server.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/unix_socket.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using tensorgate_tests::raw_client;
using test::live_server;
using test::soon;

namespace {

std::string const get_hello = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

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
  CHECK_THROWS_AS(live_server([&](http::server_options& options) { options.listen[0].port = first.port(); }),
                  std::runtime_error);
  auto const again = net::listening::open({.port = first.port()}, 2);
  REQUIRE(!again);
  CHECK(again.error().sentence.find("another program listens there") != std::string::npos);
  CHECK(again.error().sentence.find(std::to_string(first.port())) != std::string::npos);
}

namespace {

/// An address of this host that nobody else uses: at 127.0.0.1 the port may be held by another program's connection,
/// too.
char const* const lonely = "127.84.71.9";

/// A connection from there to a port of 127.0.0.1, and its port.
std::pair<int, std::uint16_t> ask_from(char const* where, std::uint16_t port) {
  int const  asking = ::socket(AF_INET, SOCK_STREAM, 0);
  auto       from   = net::detail::socket_address::of(*net::address::parse(where), 0);
  auto const to     = net::detail::socket_address::of(*net::address::parse("127.0.0.1"), port);
  REQUIRE(::bind(asking, from.get(), from.size) == 0);
  REQUIRE(::connect(asking, to.get(), to.size) == 0);
  REQUIRE(::getsockname(asking, from.get(), &from.size) == 0);
  return {asking, from.read().second};
}

}  // namespace

TEST_CASE("a port that a closed connection still holds is waited for, and its wait is said") {
  live_server const peer;
  auto const [asking, port] = ask_from(lonely, peer.port());
  net::listen_options const wanted{.address = lonely, .port = port, .patience = std::chrono::seconds{20}};

  std::string said;
  std::thread closing([socket = asking] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    ::linger const at_once{.l_onoff = 1, .l_linger = 0};  // a reset: no minute of TIME_WAIT
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(socket);
  });
  auto const  opened = net::listening::open(wanted, 2, [&](std::string const& what) { said = what; });
  closing.join();
  REQUIRE(opened);
  CHECK(opened->port() == wanted.port);
  CHECK(said.find(std::to_string(wanted.port)) != std::string::npos);
}

TEST_CASE("a port that a connection holds for longer than the patience is told so") {
  live_server const peer;
  auto const [asking, port] = ask_from(lonely, peer.port());
  auto const opened =
      net::listening::open({.address = lonely, .port = port, .patience = std::chrono::milliseconds{50}}, 1);
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
  test::temporary_folder const folder;
  auto const                   path = folder / "app.sock";
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
    int const made = test::connect_unix(path);
    REQUIRE(made >= 0);
    CHECK(exchange_on(made, get_hello).ends_with("hello"));
    ::close(made);
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a socket passed by systemd is used") {
  test::temporary_folder const folder;
  auto const                   path   = folder / "passed.sock";
  auto                         opened = net::listening::open({.unix_socket = path}, 1);
  REQUIRE(opened);
  // The passed sockets begin at descriptor 3, which may be taken here.
  int const kept = ::fcntl(net::first_inherited, F_DUPFD_CLOEXEC, 100);
  ::dup2(opened->socket_of(0), net::first_inherited);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_FDNAMES", "web", 1);
  {
    live_server server([](http::server_options& options) { options.listen[0].inherited = "web"; }, 2);
    int const   made = test::connect_unix(path);
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
}

bool accepts(std::uint16_t port) {
  try {
    raw_client const made(port);
    return true;
  } catch (std::exception const&) {
    return false;
  }
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
  // Refused, not left to wait: as soon as each loop came to it, which may be a moment after the first did.
  CHECK(soon([&] { return !accepts(server.port()); }));
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

TEST_CASE("new limits are adopted by every loop, at once for new connections and at the next request of old ones") {
  live_server server(
      [](http::server_options& options) {
        options.limits.head = 512;
        options.limits.body = 10;
      },
      2);
  std::string const long_head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(600, 'x') + "\r\n\r\n";
  std::string const body      = "POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n" + std::string(20, 'b');
  std::vector<std::unique_ptr<raw_client>> old;
  for (int i = 0; i != 8; ++i) {
    old.push_back(std::make_unique<raw_client>(server.port()));
    old.back()->send(get_hello);
    CHECK(old.back()->read().status == 200);
  }
  auto refused = std::make_unique<raw_client>(server.port());
  refused->send(long_head);
  CHECK(refused->read().status == 431);
  auto begun = std::make_unique<raw_client>(server.port());
  begun->send("GET / HTTP/1.1\r\nHo");

  http::limits wider;
  wider.connections_per_address = 12;
  server.adopt(wider);
  for (auto& one : old) {
    one->send(long_head + body);
    CHECK(one->read().status == 200);
    CHECK(one->read().body == std::string(20, 'b'));
  }
  begun->send("st: a\r\n\r\n" + long_head);
  CHECK(begun->read().status == 200);
  CHECK(begun->read().status == 200);

  http::limits narrow;
  narrow.head                    = 512;
  narrow.requests_per_connection = 1;
  narrow.connections             = 10;
  server.adopt(narrow);
  for (auto& one : old) {
    one->send(get_hello);
    auto const got = one->read();
    CHECK(got.status == 200);
    CHECK(got.field("connection") == "close");
  }
  old.clear();
  begun.reset();
  refused.reset();
  CHECK(soon([&] { return server.counts().connections == 0; }));
  // Who was counted in is counted out, whatever the limit is by then.
  for (int turn = 0; turn != 2; ++turn) {
    http::limits now;
    now.connections_per_address = 2;
    server.adopt(now);
    for (int i = 0; i != 3; ++i) {
      old.push_back(std::make_unique<raw_client>(server.port()));
      old.back()->send(get_hello);
      CHECK(old.back()->read().status == (i == 2 ? 503 : 200));
    }
    now.connections_per_address = 0;
    server.adopt(now);
    for (int i = 0; i != 3; ++i) {
      old.push_back(std::make_unique<raw_client>(server.port()));
      old.back()->send(get_hello);
      CHECK(old.back()->read().status == 200);
    }
    old.clear();
    CHECK(soon([&] { return server.counts().connections == 0; }));
  }
}

TEST_CASE("limits change under load without a failure") {
  live_server              server({}, 2);
  std::atomic<bool>        ends{false};
  std::atomic<int>         failures{0};
  std::vector<std::thread> load;
  for (int i = 0; i != 2; ++i) {
    load.emplace_back([&] {
      while (!ends) {
        raw_client one(server.port());
        for (int j = 0; j != 20; ++j) {
          one.send(get_hello + "GET /slow?1 HTTP/1.1\r\nHost: a\r\n\r\n");
          if (one.read().body != "hello" || one.read().body != "slow") ++failures;
        }
      }
    });
  }
  for (std::uint32_t i = 0; i != 200; ++i) {
    http::limits now;
    now.head                    = 1024 + i;
    now.connections_per_address = i % 3 == 0 ? 0 : 100 + i;
    server.adopt(now);
    ::usleep(1000);
  }
  ends = true;
  for (auto& one : load) one.join();
  CHECK(failures == 0);
}

TEST_CASE("a server may end before the program that it registered with, at any time") {
  net::standalone::options wanted;
  wanted.loops = 2;
  wanted.drain = 1s;
  wanted.say   = [](std::string_view) {};
  http::route_table table;
  table.match = &test::routes::match;
  http::server_options options;
  options.listen[0].port = 0;
  {
    net::standalone app(wanted);
    {
      http::server const never_started(app, options, &http::problem_json, table);
    }
    http::server other(app, options, &http::problem_json, table);
    auto         early = std::make_optional<http::server>(app, options, &http::problem_json, table);
    REQUIRE(app.start());
    raw_client idle(early->port());
    raw_client waiting(early->port());
    raw_client taking(early->port());
    idle.send(get_hello);
    CHECK(idle.read().status == 200);
    test::seen.ended = test::seen.closed = 0;
    waiting.send("GET /slow?60000 HTTP/1.1\r\nHost: a\r\n\r\n");
    taking.send("GET /produce?1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(soon([&] { return early->counts().in_flight == 2; }));
    early.reset();
    CHECK(idle.closed());
    CHECK(waiting.closed());
    CHECK(test::seen.ended == 2);
    raw_client still(other.port());
    still.send(get_hello);
    CHECK(still.read().status == 200);
    app.reload();
    app.stop();
  }
  {
    net::standalone             app(wanted);
    std::optional<http::server> late(std::in_place, app, options, &http::problem_json, table);
    REQUIRE(app.start());
    raw_client idle(late->port());
    idle.send(get_hello);
    CHECK(idle.read().status == 200);
    app.stop();
    late.reset();
  }
  {
    auto app  = std::make_optional<net::standalone>(wanted);
    auto last = std::make_optional<http::server>(*app, options, &http::problem_json, table);
    REQUIRE(app->start());
    app.reset();
    last.reset();
  }
}
