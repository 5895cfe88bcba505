#include <tensorgate/http/session.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/live_server.hpp"
#include "support/raw_client.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using tensorgate_tests::raw_client;
using tensorgate_tests::request;
using test::live_server;
using test::soon;

namespace {

std::string many(int count, std::string_view one) {
  std::string text;
  while (count-- > 0) text.append(one);
  return text;
}

std::uint16_t port_of(int socket, decltype(::getsockname)* which) {
  sockaddr_in at{};
  socklen_t   size = sizeof at;
  return which(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0 && at.sin_family == AF_INET ? ntohs(at.sin_port)
                                                                                                 : std::uint16_t{0};
}

// From here on the connection takes some thousand bytes and no more until the client reads.
void narrow(live_server const& server, raw_client& client) {
  client.send(request("GET /"));
  REQUIRE(client.read().body == "hello");
  int const size = 4096;
  ::setsockopt(client.native(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  auto const here = port_of(client.native(), &::getsockname);
  int        ends = 0;
  for (int i = 3; i != 1024; ++i) {
    if (port_of(i, &::getpeername) != here || port_of(i, &::getsockname) != server.port()) continue;
    ::setsockopt(i, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ++ends;
  }
  REQUIRE(ends == 1);
}

// Takes what comes as fast as any.
void widen(raw_client const& client) {
  int const size = 1024 * 1024;
  ::setsockopt(client.native(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void reset(raw_client const& client) {
  linger const at_once{1, 0};
  ::setsockopt(client.native(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  ::connect(client.native(), &nobody, sizeof nobody);
}

}  // namespace

TEST_CASE("a head that does not end is refused without a byte of what other connections sent") {
  live_server       server([](auto& o) { o.limits.head_time = 300ms; });
  std::string const opening = "GET /who HTTP/1.1\r\nHost: a\r\nX-Request-Id: ";
  raw_client        stalled(server.port());
  stalled.send(opening + "mine-mine-mine-mine\r\n");
  raw_client other(server.port());
  for (int i = 0; i != 100; ++i) {
    other.send("GET /who HTTP/1.1\r\nHost: a\r\nAuthorization:" + std::string(opening.size() - 42, ' ') +
               "theirs-theirs-theirs\r\n\r\n");
    REQUIRE(other.read().status == 200);
    ::usleep(10000);
  }
  auto const got = stalled.read();
  CHECK(got.status == 408);
  CHECK(got.field("x-request-id") == "mine-mine-mine-mine");
}

TEST_CASE("a piece of a body stays while the handler holds it, also when the connection is gone") {
  live_server server([](auto& o) { o.limits.answer = 100ms; });
  for (bool const goes : {true, false}) {
    CAPTURE(goes);
    test::seen.ended = test::seen.torn = 0;
    raw_client client(server.port());
    client.send(request(goes ? "POST /hold-piece?300" : "POST /hold-piece?2500", "Content-Length: 5000\r\n",
                        std::string(3000, 'z')));
    ::usleep(50000);
    if (goes) {
      reset(client);
    } else {
      CHECK(client.read().status == 503);  // the handler does not hear
    }
    CHECK(soon([] { return test::seen.ended == 1; }));
    CHECK(test::seen.torn == 0);
  }
}

TEST_CASE("a handler that wakes the handler of another connection leaves each its own answers") {
  live_server server;
  for (int i = 0; i != 20; ++i) {
    raw_client waits(server.port());
    raw_client wakes(server.port());
    waits.send(request("GET /subscribe") + request("GET /target?waits"));
    ::usleep(20000);
    wakes.send(request("GET /target?wakes") + request("POST /publish", "Content-Length: 0\r\n") + request("GET /"));
    CHECK(wakes.read().body == "/target?wakes wakes");
    CHECK(wakes.read().body == "published");
    CHECK(wakes.read().body == "hello");
    CHECK(waits.read().body == "news");
    CHECK(waits.read().body == "/target?waits waits");
  }
}

TEST_CASE("answers before a handler that waits are sent while it does") {
  live_server server;
  raw_client  client(server.port());
  narrow(server, client);
  client.send(many(3, request("GET /mid")) + request("GET /slow?2500"));
  ::usleep(50000);
  auto const began = std::chrono::steady_clock::now();
  for (int i = 0; i != 3; ++i) CHECK(client.read().body.size() == 15000);
  CHECK(std::chrono::steady_clock::now() - began < 2s);
  CHECK(client.read().body == "slow");
}

TEST_CASE("the answer for a handler that takes too long goes behind the answers before it") {
  live_server server([](auto& o) { o.limits.answer = 100ms; });
  raw_client  client(server.port());
  narrow(server, client);
  client.send(many(4, request("GET /mid")));  // as much as the client's end has announced room for
  CHECK(soon([&] { return server.records().size() == 5; }));
  ::usleep(50000);
  client.send(many(4, request("GET /mid")) + request("GET /deaf-for?2500"));
  CHECK(soon([&] { return server.records().size() == 10; }));
  widen(client);
  for (int i = 0; i != 8; ++i) CHECK(client.read().body == std::string(15000, 'm'));
  CHECK(client.read().status == 503);
  CHECK(client.closed());
}

TEST_CASE("a head that has begun is no request, however slowly the answers before it are taken") {
  live_server server([](auto& o) { o.limits.head_time = 1500ms; });
  raw_client  client(server.port());
  narrow(server, client);
  auto const next = request("GET /target?next");
  client.send(many(3, request("GET /mid")) + next.substr(0, 20));
  ::usleep(50000);
  for (int i = 0; i != 3; ++i) CHECK(client.read().body.size() == 15000);
  ::usleep(50000);
  CHECK(server.records().size() == 4);
  client.send(next.substr(20));
  CHECK(client.read().body == "/target?next next");
  CHECK(server.records().size() == 5);

  // The rest of it has its time, as that of any other.
  client.send(many(3, request("GET /mid")) + next.substr(0, 20));
  ::usleep(50000);
  for (int i = 0; i != 3; ++i) CHECK(client.read().body.size() == 15000);
  CHECK(client.read().status == 408);

  // And the connection that is cut off has none that was not answered.
  raw_client other(server.port());
  narrow(server, other);
  other.send(many(3, request("GET /mid")) + next.substr(0, 20));
  ::usleep(50000);
  auto const before = server.records().size();
  reset(other);
  CHECK(soon([&] { return server.counts().connections == 1; }));
  CHECK(server.records().size() == before);
}

TEST_CASE("a HEAD ends whoever writes a body without end") {
  live_server server;
  raw_client  client(server.port());
  test::seen.ended = 0;
  client.send(request("HEAD /ticks") + request("GET /"));
  auto const head = client.read(true);
  CHECK(head.status == 200);
  CHECK(client.read().body == "hello");
  CHECK(test::seen.ended == 1);
  auto const records = server.records();
  REQUIRE(records.size() == 2);
  CHECK(!records[0].cut_off);
}

TEST_CASE("an answer to a body that was asked for by nobody is the last one") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("POST /early", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  auto const got = client.read();
  CHECK(got.body == "early");
  CHECK(got.field("connection") == "close");
  // A body that is on its way is passed over.
  raw_client sends(server.port());
  sends.send(request("POST /early", "Expect: 100-continue\r\nContent-Length: 50\r\n", std::string(30, 'b')));
  CHECK(sends.read().body == "early");
  sends.send(std::string(20, 'b') + request("GET /"));
  CHECK(sends.read().body == "hello");
}

TEST_CASE("a refusal that is written piece by piece does not read the body as requests") {
  live_server server({}, 1, {}, [](http::problem const& what, http::request const&) {
    http::body_producer made = [](http::body_writer& out) { return out.write("refused"); };
    return http::reply::of(std::move(made), "text/plain", what.code);
  });
  raw_client  client(server.port());
  auto const  body = request("GET /target?smuggled");
  client.send(request("POST /none", "Content-Length: " + std::to_string(body.size()) + "\r\n", body.substr(0, 5)));
  CHECK(client.read().body == "refused");
  client.send(body.substr(5) + request("GET /target?next"));
  CHECK(client.read().body == "/target?next next");
}

TEST_CASE("a refusal that the peer takes slowly is told of with the request it answers") {
  live_server server({}, 1, {}, [](http::problem const& what, http::request const&) {
    return http::reply::text(std::string(200'000, 'r'), what.code);
  });
  for (bool const is_sound : {true, false}) {
    CAPTURE(is_sound);
    raw_client client(server.port());
    narrow(server, client);
    client.send(is_sound ? request("GET /none") : std::string("GET /none HTTP/1.1\r\nHost : a\r\n"));
    ::usleep(50000);
    raw_client other(server.port());
    other.send(request("GET /target?others"));
    CHECK(other.read().status == 200);
    widen(client);
    auto const got = client.read();
    CHECK(got.status == (is_sound ? 404 : 400));
    CHECK(got.body.size() == 200'000);
    CHECK(soon([&] { return server.records().size() == (is_sound ? 3U : 6U); }));
    CHECK(server.records().back().target == "/none");
  }
}

TEST_CASE("who exceeds the limit of his address takes no more than a few connections from the others") {
  live_server                              server([](auto& o) {
    o.limits.connections             = 50;
    o.limits.connections_per_address = 5;
  });
  std::vector<std::unique_ptr<raw_client>> greedy;
  for (int i = 0; i != 80; ++i) greedy.push_back(std::make_unique<raw_client>(server.port()));
  CHECK(soon([&] { return server.counts().accepted == 80; }));
  CHECK(server.counts().refused == 75);
  CHECK(server.counts().connections == 21);
  greedy[10]->send(request("GET /"));
  CHECK(greedy[10]->read().status == 503);
  CHECK(greedy[79]->closed());
  greedy.clear();
  CHECK(soon([&] { return server.counts().connections == 0; }));
  raw_client later(server.port());
  later.send(request("GET /"));
  CHECK(later.read().body == "hello");
}

TEST_CASE("of several lines that say the scheme the proxy's own counts") {
  live_server server([](auto& o) { o.forwarding.trusted = {"127.0.0.1"}; });
  raw_client  client(server.port());
  client.send(
      request("GET /who", "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n"));
  CHECK(client.read().body == "198.51.100.1 http");
  client.send(request("GET /who", "X-Forwarded-For: \", 203.0.113.9\r\n"));
  CHECK(client.read().body == "203.0.113.9 http");
}

TEST_CASE("a body that nobody wants must come as fast as one that is read") {
  live_server server([](auto& o) {
    o.limits.progress_interval = 200ms;
    o.limits.progress          = 100;
  });
  for (std::size_t const step : {std::size_t{1}, std::size_t{100}}) {
    CAPTURE(step);
    raw_client client(server.port());
    client.send(request("POST /refused", "Content-Length: 5000\r\n"));
    CHECK(client.read().status == 401);
    std::size_t sent = 0;
    while (sent < 3000 && !client.closed(50ms)) {
      client.send(std::string(step, 'x'));
      sent += step;
    }
    CHECK((sent == 3000) == (step == 100));
  }
}

TEST_CASE("an answer that its reader leaves is told of with the bytes that had left") {
  live_server server;
  std::size_t got = 0;
  {
    raw_client reads(server.port());
    reads.send(request("GET /ticks"));
    CHECK(soon([&] { return (got += reads.read_all(20ms).size()) > 100; }));
  }
  CHECK(soon([&] { return !server.records().empty(); }));
  auto const record = server.records().back();
  CHECK(record.cut_off);
  CHECK(record.bytes_out >= got);
}

TEST_CASE("a quiet stream ends some time after its reader has said that he sends no more") {
  live_server server([](auto& o) { o.limits.progress_interval = 300ms; });
  raw_client  client(server.port());
  test::seen.ended = test::seen.closed = 0;
  client.send(request("GET /whisper"));
  ::usleep(50000);
  client.end_of_sending();
  CHECK(soon([] { return test::seen.ended == 1; }));
  CHECK(test::seen.closed == 1);
  // One that goes on being written is his to read.
  test::seen.ended = 0;
  raw_client reads(server.port());
  reads.send(request("GET /ticks"));
  reads.end_of_sending();
  CHECK(reads.read_all(1500ms).size() > 500);
  CHECK(test::seen.ended == 0);
}
