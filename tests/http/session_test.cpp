#include <tensorgate/http/session.hpp>

#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/live_server.hpp"
#include "support/raw_client.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using tensorgate_tests::raw_client;
using tensorgate_tests::request;
using test::live_server;
using test::soon;

namespace {

std::string with_body(std::string_view line, std::string_view body, std::string_view fields = {}) {
  return request(line, "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields), body);
}

}  // namespace

TEST_CASE("a request is answered, with its length and a date, and the connection stays") {
  live_server server;
  raw_client  client(server.port());
  for (int i = 0; i != 3; ++i) {
    client.send(request("GET /"));
    auto const got = client.read();
    CHECK(got.status == 200);
    CHECK(got.body == "hello");
    CHECK(got.field("content-length") == "5");
    CHECK(got.field("date").size() == 29);
    CHECK(!got.has("connection"));
    CHECK(!got.has("x-request-id"));
  }
}

TEST_CASE("a sequence of requests gets the same answers however its bytes are split") {
  live_server       server;
  std::string const text =
      request("GET /target?1") + with_body("POST /whole", "two") + request("GET /slow?1") +
      request("POST /whole", "Transfer-Encoding: chunked\r\n", "2\r\nth\r\n3\r\nree\r\n0\r\n\r\n") +
      with_body("POST /stream", "four") + with_body("POST /refused", "five") + request("HEAD /target") +
      request("GET /nothing") + request("GET /target?last");
  auto const check = [&](std::vector<std::string> const& pieces) {
    raw_client client(server.port());
    for (auto const& piece : pieces) client.send(piece);
    CHECK(client.read().body == "/target?1 1");
    CHECK(client.read().body == "two");
    CHECK(client.read().body == "slow");
    CHECK(client.read().body == "three");
    CHECK(client.read().body == "four");
    CHECK(client.read().status == 401);
    CHECK(client.read(true).status == 200);
    CHECK(client.read().status == 204);
    CHECK(client.read().body == "/target?last last");
  };
  check({text});
  for (std::size_t at = 1; at < text.size(); ++at) {
    CAPTURE(at);
    check({text.substr(0, at), text.substr(at)});
  }
  auto const   seed = std::random_device{}();
  std::mt19937 random(seed);
  CAPTURE(seed);
  for (int round = 0; round != 40; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      auto const size = 1 + random() % (round % 2 == 0 ? 7 : 60);
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    check(pieces);
  }
}

TEST_CASE("a chunked body of which a part is there already is read once") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("POST /whole", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n4\r\nde"));
  ::usleep(50000);
  client.send("fg\r\n0\r\n\r\n");
  CHECK(client.read().body == "abcdefg");
}

TEST_CASE("byte by byte is enough") {
  live_server server;
  raw_client  client(server.port());
  for (char const one : with_body("POST /whole", "body")) client.send({&one, 1});
  CHECK(client.read().body == "body");
}

TEST_CASE("two hundred pipelined requests are answered in order") {
  live_server server;
  raw_client  client(server.port());
  std::string text;
  for (int i = 0; i != 200; ++i) text += request("GET /target?" + std::to_string(i));
  client.send(text);
  for (int i = 0; i != 200; ++i) CHECK(client.read().body == "/target?" + std::to_string(i) + " " + std::to_string(i));
}

TEST_CASE("HEAD has the head of GET and no body") {
  live_server server;
  raw_client  client(server.port());
  for (std::string_view const path : {"/", "/big", "/file", "/produce?1", "/slow?1"}) {
    CAPTURE(path);
    client.send(request("HEAD " + std::string(path)));
    auto const head = client.read(true);
    CHECK(head.status == 200);
    if (path == "/big" || path == "/file") CHECK(head.field("content-length") == "8388608");
  }
  client.send(request("GET /"));
  CHECK(client.read().body == "hello");
}

TEST_CASE("big bodies arrive whole, from memory and from a file") {
  live_server server;
  raw_client  client(server.port());
  for (std::string_view const path : {"/big", "/file", "/big", "/file"}) {
    client.send(request("GET " + std::string(path)) + request("GET /"));
    CHECK(client.read().body == test::routes::big_bytes().view());
    CHECK(client.read().body == "hello");
  }
}

TEST_CASE("what no route has is 404, another method 405 with Allow, OPTIONS tells it") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /none"));
  auto got = client.read();
  CHECK(got.status == 404);
  CHECK(got.body.find("not_found") != std::string::npos);
  client.send(request("POST /"));
  got = client.read();
  CHECK(got.status == 405);
  CHECK(got.field("allow") == "GET, HEAD, OPTIONS");
  client.send(request("OPTIONS /whole"));
  got = client.read();
  CHECK(got.status == 204);
  CHECK(got.field("allow") == "POST, OPTIONS");
  client.send(request("OPTIONS *"));
  CHECK(client.read().status == 204);
  client.send(request("BREW /"));
  CHECK(client.read().status == 501);
  client.send(request("TRACE /"));
  CHECK(client.read().status == 405);
  client.send(request("GET http://a/target?x"));
  CHECK(client.read().status == 200);
}

TEST_CASE("a broken head is told with date and body, once, and ends the connection") {
  live_server server;
  for (auto const& [text, status] : std::vector<std::pair<std::string, int>>{
           {"GET / HTTP/1.1\nHost: a\n\n", 400},
           {"GET / HTTP/1.1\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
           {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
           {"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
           {"GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
           {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x') + "\r\n\r\n", 431}}) {
    CAPTURE(text.substr(0, 60));
    raw_client client(server.port());
    client.send(text + request("GET /"));
    auto const got = client.read();
    CHECK(got.status == status);
    CHECK(got.has("date"));
    CHECK(got.field("connection") == "close");
    CHECK(got.body.find("\"error\"") != std::string::npos);
    CHECK(client.closed());
    CHECK(client.read(false, 10ms).status == 0);
  }
}

TEST_CASE("HTTP/1.0 closes unless asked not to, and gets no chunks") {
  live_server server;
  {
    raw_client client(server.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    auto const got = client.read();
    CHECK(got.body == "hello");
    CHECK(got.field("connection") == "close");
    CHECK(client.closed());
  }
  {
    raw_client client(server.port());
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(client.read().field("connection") == "keep-alive");
    client.send("GET /produce?1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    auto const got = client.read();
    CHECK(!got.has("transfer-encoding"));
    CHECK(got.field("connection") == "close");
    CHECK(got.body.size() == 1024 * 1024);
  }
}

TEST_CASE("Connection: close is kept to") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /", "Connection: close\r\n") + request("GET /"));
  CHECK(client.read().field("connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("100 is sent when the body is wanted, and a refusal instead when it is not") {
  live_server server;
  {
    raw_client client(server.port());
    client.send(request("POST /whole", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
    ::usleep(20000);
    client.send("body");
    CHECK(client.read().body == "body");
  }
  {
    raw_client client(server.port());
    client.send(request("POST /refused", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
    auto const got = client.read();
    CHECK(got.status == 401);
    CHECK(got.field("connection") == "close");
    CHECK(client.closed());
  }
  {
    raw_client client(server.port());
    client.send(request("POST /whole", "Content-Length: 4000000\r\nExpect: 100-continue\r\n"));
    CHECK(client.read().status == 413);
    CHECK(client.closed());
  }
}

TEST_CASE("a body at its limit is taken and one past it is 413, by length and by chunks") {
  live_server       server([](http::server_options& options) { options.limits.body = 1000; });
  std::string const at(1000, 'x');
  std::string const past(1001, 'x');
  raw_client        client(server.port());
  client.send(with_body("POST /whole", at));
  CHECK(client.read().body == at);
  client.send(request("POST /whole", "Transfer-Encoding: chunked\r\n", "3e8\r\n" + at + "\r\n0\r\n\r\n"));
  CHECK(client.read().body == at);
  client.send(with_body("POST /whole", past));
  CHECK(client.read().status == 413);
  raw_client other(server.port());
  other.send(request("POST /whole", "Transfer-Encoding: chunked\r\n", "3e9\r\n" + past + "\r\n0\r\n\r\n"));
  CHECK(other.read().status == 413);
  raw_client third(server.port());
  third.send(request("POST /whole", "Content-Length: 100000000\r\n"));  // refused before a byte of it came
  CHECK(third.read().status == 413);
  CHECK(soon([&] { return server.records().size() >= 5; }));
  CHECK(server.records().back().limit == "body");
}

TEST_CASE("a small unwanted body is skipped, a big one ends the connection") {
  live_server server;
  {
    raw_client client(server.port());
    client.send(request("POST /refused", "Content-Length: 5000\r\n"));
    CHECK(client.read().status == 401);
    client.send(std::string(5000, 'x') + request("GET /"));
    CHECK(client.read().body == "hello");
  }
  {
    raw_client client(server.port());
    client.send(request("POST /refused", "Content-Length: 5000000\r\n"));
    auto const got = client.read();
    CHECK(got.status == 401);
    CHECK(got.field("connection") == "close");
    client.send(std::string(5000000, 'x'));  // is read and dropped: the answer is not lost by a reset
    CHECK(client.closed());
  }
}

TEST_CASE("a handler that throws gives 500, is told of in the log, and the connection stays") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /fails") + request("GET /"));
  CHECK(client.read().status == 500);
  CHECK(client.read().body == "hello");
  CHECK(server.said().back().find("deliberate") != std::string::npos);
}

TEST_CASE("bodies stream through, chunked both ways, with trailers") {
  live_server server;
  raw_client  client(server.port());
  std::string body;
  for (int i = 0; i != 300000; ++i) body += static_cast<char>('a' + i % 26);
  std::string chunks;
  for (std::size_t at = 0; at < body.size(); at += 7777) {
    auto const piece = body.substr(at, 7777);
    char       size[32];
    std::snprintf(size, sizeof size, "%zx;ext=1\r\n", piece.size());
    chunks += size + piece + "\r\n";
  }
  auto const sent = request("POST /stream", "Transfer-Encoding: chunked\r\n", chunks + "0\r\nX-Trailer: 1\r\n\r\n");
  // The peer must read while it sends: an echo holds no more than what fits between the two.
  std::thread sender(
      [&] { client.send(sent + request("GET /") + request("POST /stream?trailer", "Content-Length: 2\r\n", "ab")); });
  CHECK(client.read().body == body);
  CHECK(client.read().body == "hello");
  CHECK(client.read_all(300ms).ends_with("2\r\nab\r\n0\r\nX-End: yes\r\n\r\n"));
  sender.join();
}

TEST_CASE("a streamed answer of known length is sent as it is") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /sized") + request("GET /"));
  auto const got = client.read();
  CHECK(got.body == "hello world");
  CHECK(!got.has("transfer-encoding"));
  CHECK(client.read().body == "hello");
}

TEST_CASE("a producer that fails is cut off where the peer can see it") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /break?1"));
  auto const got = client.read(false, 2s);
  CHECK(got.status == 200);
  CHECK(got.body.size() <= 1024 * 1024);
  CHECK(client.closed());
  CHECK(soon([&] { return !server.records().empty(); }));
  CHECK(server.records().back().cut_off);
}

TEST_CASE("a head that takes too long is 408, an idle connection is closed, and a body that stalls is 408") {
  live_server server([](http::server_options& options) {
    options.limits.head_time         = 200ms;
    options.limits.idle              = 200ms;
    options.limits.progress_interval = 300ms;
  });
  raw_client  head(server.port());
  raw_client  idle(server.port());
  raw_client  fresh(server.port());
  raw_client  body(server.port());
  head.send("GET / HTTP/1.1\r\nHost: a\r\n");
  idle.send(request("GET /"));
  body.send(request("POST /whole", "Content-Length: 10\r\n", "part"));
  CHECK(idle.read().status == 200);
  CHECK(head.read().status == 408);
  CHECK(head.closed());
  CHECK(idle.closed());
  CHECK(fresh.closed());
  CHECK(body.read().status == 408);
  CHECK(body.closed());
}

TEST_CASE("a peer that stops reading is cut off after a while, and others are served meanwhile") {
  live_server server([](http::server_options& options) { options.limits.progress_interval = 300ms; });
  raw_client  stopped(server.port());
  raw_client  producing(server.port());
  std::string deep;
  for (int i = 0; i != 100; ++i) deep += request("GET /big");
  stopped.send(deep);
  producing.send(request("GET /produce?1000"));
  for (int i = 0; i != 20; ++i) {
    raw_client normal(server.port());
    normal.send(request("GET /"));
    CHECK(normal.read(false, 1s).body == "hello");
  }
  CHECK(soon([&] { return server.counts().cut_off >= 2; }));
  CHECK(soon([&] { return server.counts().connections == 0 || server.counts().connections == 20; }));
}

TEST_CASE("a producer is suspended while its peer does not read, and goes on when he does") {
  live_server server;
  raw_client  client(server.port());
  test::seen.produced = 0;
  client.send(request("GET /produce?64"));
  std::uint64_t before = 0;
  CHECK(soon([&] {
    auto const now = test::seen.produced.load();
    if (now != 0 && now == before) return true;
    before = now;
    ::usleep(100000);
    return false;
  }));
  CHECK(before < 32U * 1024 * 1024);
  CHECK(client.read().body.size() == 64U * 1024 * 1024);
}

TEST_CASE("a handler learns that its peer is gone") {
  live_server server;
  test::seen.ended = test::seen.closed = 0;
  {
    raw_client client(server.port());
    client.send(request("GET /produce?1000"));
    CHECK(client.read(true).status == 200);
  }
  CHECK(soon([] { return test::seen.closed == 1; }));
  {
    raw_client client(server.port());
    client.send(request("POST /stream", "Content-Length: 100\r\n", "part"));
    ::usleep(50000);
  }
  CHECK(soon([] { return test::seen.closed == 2; }));
  CHECK(soon([&] { return server.counts().in_flight == 0; }));
}

TEST_CASE("a client that has said everything still gets its answer, but not for ever") {
  live_server server([](http::server_options& options) { options.limits.half_closed = 300ms; });
  test::seen.ended = test::seen.closed = 0;
  raw_client quick(server.port());
  quick.send(request("GET /") + request("GET /slow?50"));
  quick.end_of_sending();
  CHECK(quick.read().body == "hello");
  CHECK(quick.read().body == "slow");
  CHECK(quick.closed());
  raw_client gone(server.port());
  gone.send(request("GET /slow?60000"));
  gone.end_of_sending();
  CHECK(gone.closed());
  CHECK(soon([] { return test::seen.closed == 1; }));
}

TEST_CASE("a handler that takes too long is cancelled, and its caller told 503") {
  live_server server([](http::server_options& options) { options.limits.answer = 200ms; });
  test::seen.ended = test::seen.closed = 0;
  raw_client client(server.port());
  client.send(request("GET /slow?60000"));
  auto const got = client.read();
  CHECK(got.status == 503);
  CHECK(got.body.find("too long") != std::string::npos);
  CHECK(client.closed());
  CHECK(soon([] { return test::seen.closed == 1; }));
}

TEST_CASE("a handler whose caller goes away is given up, and what it held is released") {
  live_server server([](http::server_options& options) { options.limits.half_closed = 200ms; });
  test::seen.held = 0;
  {
    raw_client reset(server.port());
    raw_client closes(server.port());
    for (auto* one : {&reset, &closes}) one->send(request("GET /hold?60000"));
    CHECK(soon([] { return test::seen.held == 4; }));
    ::linger const at_once{1, 0};
    ::setsockopt(reset.native(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  CHECK(soon([] { return test::seen.held == 0; }));
  CHECK(soon([&] { return server.counts().in_flight == 0 && server.counts().connections == 0; }));
  CHECK(soon([&] { return server.records().size() == 2; }));
  for (auto const& one : server.records()) CHECK(one.cut_off);
  CHECK(server.counts().cut_off == 2);
}

TEST_CASE("a handler whose deadline passes is unwound before its caller is told 503") {
  live_server server([](http::server_options& options) { options.limits.answer = 200ms; });
  test::seen.held = 0;
  raw_client client(server.port());
  client.send(request("GET /hold?60000"));
  CHECK(soon([] { return test::seen.held == 2; }));
  CHECK(client.read().status == 503);
  CHECK(test::seen.held == 0);
  CHECK(client.closed());
  CHECK(soon([&] { return server.records().size() == 1; }));
  CHECK(server.records()[0].code == http::status::service_unavailable);
  CHECK(server.records()[0].limit == "answer");
  CHECK(server.records()[0].route == "/hold");
  CHECK(!server.records()[0].cut_off);
  for (auto const& line : server.said()) CHECK(line.find("threw") == std::string::npos);
}

TEST_CASE("a handler that does not hear holds neither its caller nor the end of the server") {
  test::seen.held = 0;
  {
    live_server server([](http::server_options& options) { options.limits.answer = 200ms; });
    raw_client  client(server.port());
    client.send(request("GET /deaf?2000"));
    CHECK(client.read(false, 4s).status == 503);
    CHECK(client.closed());
    CHECK(server.records().size() == 1);
    CHECK(test::seen.held == 2);
    CHECK(soon([] { return test::seen.held == 0; }));
    CHECK(soon([&] { return server.counts().in_flight == 0; }));
    CHECK(server.records().size() == 1);  // told once
    raw_client last(server.port());
    last.send(request("GET /deaf?600000"));
    CHECK(soon([] { return test::seen.held == 2; }));
  }
  CHECK(test::seen.held == 0);
}

TEST_CASE("a drain's deadline unwinds the handlers that are left") {
  test::seen.held = 0;
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /hold?600000"));
  CHECK(soon([] { return test::seen.held == 2; }));
  server.stop();
  CHECK(test::seen.held == 0);
  CHECK(client.closed());
  CHECK(server.records().size() == 1);
  CHECK(server.records()[0].cut_off);
}

TEST_CASE("requests in flight are bounded") {
  live_server server([](http::server_options& options) { options.limits.in_flight = 2; });
  raw_client  one(server.port());
  raw_client  two(server.port());
  raw_client  three(server.port());
  one.send(request("GET /slow?300"));
  two.send(request("GET /slow?300"));
  CHECK(soon([&] { return server.counts().in_flight == 2; }));
  three.send(request("GET /slow?1"));
  auto const got = three.read();
  CHECK(got.status == 503);
  CHECK(got.field("retry-after") == "1");
  CHECK(one.read().status == 200);
  CHECK(two.read().status == 200);
  three.send(request("GET /slow?1"));
  CHECK(three.read().status == 200);
}

TEST_CASE("the last request that a connection may make says close") {
  live_server server([](http::server_options& options) { options.limits.requests_per_connection = 3; });
  raw_client  client(server.port());
  client.send(request("GET /") + request("GET /") + request("GET /") + request("GET /"));
  CHECK(!client.read().has("connection"));
  CHECK(!client.read().has("connection"));
  CHECK(client.read().field("connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("a request id comes back when the client sent a well-formed one") {
  live_server server;
  raw_client  client(server.port());
  client.send(request("GET /none", "X-Request-Id: abc-123\r\n"));
  auto got = client.read();
  CHECK(got.field("x-request-id") == "abc-123");
  CHECK(got.body.find("abc-123") != std::string::npos);
  client.send(request("GET /none", "X-Request-Id: a b\r\n"));
  got = client.read();
  CHECK(!got.has("x-request-id"));
  CHECK(got.body.find("a b") == std::string::npos);
}

TEST_CASE("other hosts are 421 where hosts are named") {
  live_server server([](http::server_options& options) { options.hosts = {"api.example"}; });
  raw_client  client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: API.example:8080\r\n\r\n");
  CHECK(client.read().status == 200);
  client.send("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n");
  CHECK(client.read().status == 421);
}

TEST_CASE("trusted proxies are believed, others are not") {
  live_server trusting([](http::server_options& options) { options.forwarding.trusted = {"127.0.0.0/8"}; });
  live_server strict;
  auto const  text = request("GET /who", "X-Forwarded-For: 203.0.113.1, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n");
  raw_client  one(trusting.port());
  one.send(text);
  CHECK(one.read().body == "198.51.100.7 https");
  raw_client two(strict.port());
  two.send(text);
  CHECK(two.read().body == "127.0.0.1 http");
}
