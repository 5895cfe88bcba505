#include <tensorgate/http/client.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>

#include <tensorgate/http/url.hpp>

namespace http = tensorgate::http;
namespace net  = tensorgate::net;
using http::errc;
using http::method;
using http::status;
using tensorgate::result;
using tensorgate::task;
using namespace std::chrono_literals;

namespace {

/// What the peer does on one connection, step by step.
struct step {
  enum class kind { head, bytes, say, pause, close, reset, wait_for_end } what = kind::head;
  std::string               text{};
  std::size_t               size = 0;
  std::chrono::milliseconds time{};
};
step hear() { return {}; }                                                         // reads up to a blank line
step hear(std::size_t size) { return {.what = step::kind::bytes, .size = size}; }  // reads so many bytes
step say(std::string text) { return {.what = step::kind::say, .text = std::move(text)}; }
step pause(std::chrono::milliseconds time) { return {.what = step::kind::pause, .time = time}; }
step hang_up() { return {.what = step::kind::close}; }
step break_off() { return {.what = step::kind::reset}; }
step stay() { return {.what = step::kind::wait_for_end}; }  // until the client closes

using script = std::vector<step>;

/// A server that does what it is told, and keeps what it heard. Connections beyond the scripts are closed at once.
template <class Protocol>
class scripted_peer {
 public:
  scripted_peer(asio::io_context& loop, typename Protocol::endpoint const& where, std::vector<script> scripts)
      : acceptor_(loop, where), scripts_(std::move(scripts)), heard(scripts_.size()) {
    asio::co_spawn(loop, accept(*this), asio::detached);
  }
  scripted_peer(scripted_peer const&)            = delete;
  scripted_peer& operator=(scripted_peer const&) = delete;

 private:
  typename Protocol::acceptor acceptor_;
  std::vector<script>         scripts_;

 public:
  std::vector<std::string> heard;  ///< by connection
  std::size_t              accepted = 0;
  std::size_t              ended    = 0;  ///< connections that the client has closed, as far as the scripts look

  [[nodiscard]] std::string address() const {
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    } else {
      return acceptor_.local_endpoint().path();
    }
  }

 private:
  static task<void> accept(scripted_peer& self) {
    while (true) {
      auto [failed, socket] = co_await self.acceptor_.async_accept(net::as_values);
      if (failed) co_return;
      auto const index = self.accepted++;
      if (index >= self.scripts_.size()) continue;
      asio::co_spawn(self.acceptor_.get_executor(), play(self, std::move(socket), index), asio::detached);
    }
  }

  static task<void> play(scripted_peer& self, typename Protocol::socket socket, std::size_t index) {
    asio::steady_timer timer(socket.get_executor());
    std::string        unread;
    char               buffer[4096];
    for (auto const& one : self.scripts_[index]) {
      switch (one.what) {
        case step::kind::head:
        case step::kind::bytes:
          while (true) {
            bool const        by_size = one.what == step::kind::bytes;
            std::size_t const blank   = unread.find("\r\n\r\n");
            std::size_t const needed  = by_size ? one.size : blank == std::string::npos ? std::string::npos : blank + 4;
            if (needed <= unread.size()) {
              self.heard[index].append(unread, 0, needed);
              unread.erase(0, needed);
              break;
            }
            auto [failed, got] = co_await socket.async_read_some(asio::buffer(buffer), net::as_values);
            if (failed) {
              self.heard[index].append(unread);
              ++self.ended;
              co_return;
            }
            unread.append(static_cast<char const*>(buffer), got);
          }
          break;
        case step::kind::say: {
          auto [failed, put] = co_await asio::async_write(socket, asio::buffer(one.text), net::as_values);
          static_cast<void>(put);
          if (failed) {
            ++self.ended;
            co_return;
          }
          break;
        }
        case step::kind::pause: {
          timer.expires_after(one.time);
          auto [ignored] = co_await timer.async_wait(net::as_values);
          static_cast<void>(ignored);
          break;
        }
        case step::kind::close: co_return;
        case step::kind::reset: socket.set_option(asio::socket_base::linger(true, 0)); co_return;
        case step::kind::wait_for_end:
          while (true) {
            auto [failed, got] = co_await socket.async_read_some(asio::buffer(buffer), net::as_values);
            if (failed) break;
            self.heard[index].append(static_cast<char const*>(buffer), got);
          }
          ++self.ended;
          co_return;
      }
    }
  }
};

using tcp_peer = scripted_peer<asio::ip::tcp>;

asio::ip::tcp::endpoint loopback() { return {asio::ip::address_v4::loopback(), 0}; }

/// An answer, read to its end.
struct outcome {
  std::optional<tensorgate::failure> why{};
  status                             code{};
  std::string                        body{};
  std::string                        trailer{};
};

task<void> fetch_into(http::client& ask, http::client_request what, std::size_t limit, std::optional<outcome>& out) {
  outcome got;
  auto    answer = co_await ask.send(std::move(what));
  if (!answer) {
    got.why = answer.error();
    out     = std::move(got);
    co_return;
  }
  got.code  = answer->code();
  auto text = co_await answer->body(limit);
  if (text) {
    got.body = std::move(*text);
    for (auto const& one : answer->trailers()) got.trailer.append(one.name).append("=").append(one.value).append(";");
  } else {
    got.why = text.error();
  }
  out = std::move(got);
}

/// A loop, a peer with its scripts, and a client.
struct scene {
  asio::io_context loop;
  tcp_peer         peer;
  http::client     ask;

  explicit scene(std::vector<script> scripts, http::client_options options = {})
      : peer(loop, loopback(), std::move(scripts)), ask(loop, std::move(options)) {}

  [[nodiscard]] http::client_request request(method verb = method::get, std::string_view target = "/x") const {
    auto where = http::url::parse(peer.address() + std::string(target));
    REQUIRE(where);
    return http::client_request(verb, *where);
  }

  void run_until(std::function<bool()> const& done) {
    auto const late = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      REQUIRE(std::chrono::steady_clock::now() < late);
      loop.restart();
      loop.run_one_for(1s);
    }
  }

  outcome fetch(http::client_request what, std::size_t limit = 0) {
    std::optional<outcome> got;
    asio::co_spawn(loop, fetch_into(ask, std::move(what), limit, got), asio::detached);
    run_until([&] { return got.has_value(); });
    return *got;
  }
  outcome fetch() { return fetch(request()); }

  /// The peer has seen so many connections end.
  void expect_ended(std::size_t count) {
    run_until([&] { return peer.ended >= count; });
  }
};

std::string with_length(std::string const& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void expect(outcome const& got, errc code) {
  REQUIRE(got.why);
  CHECK(got.why->code == code);
}

}  // namespace

TEST_CASE("a request carries its host, its fields and nothing that could end it early") {
  scene there({{hear(), say(with_length("hello")), stay()}});
  auto  what = there.request(method::get, "/a?b=c");
  what.with("X-One", "1\r\nX-Forged: 2").with("Content-Length", "5").with("bad name", "x");
  auto const got = there.fetch(what);
  CHECK(!got.why);
  CHECK(got.code == status::ok);
  CHECK(got.body == "hello");
  auto const host = there.peer.address().substr(7);
  CHECK(there.peer.heard[0] ==
        "GET /a?b=c HTTP/1.1\r\nHost: " + host + "\r\nX-One: 1  X-Forged: 2\r\nUser-Agent: tensorgate/0.1.0\r\n\r\n");
}

TEST_CASE("a connection is kept and serves the next request") {
  scene there({{hear(), say(with_length("1")), hear(), say(with_length("22")), hear(),
                say("HTTP/1.1 204 No Content\r\n\r\n"), stay()}});
  CHECK(there.fetch().body == "1");
  CHECK(there.ask.idle_connections() == 1);
  CHECK(there.fetch().body == "22");
  CHECK(there.fetch().code == status::no_content);
  CHECK(there.peer.accepted == 1);
  CHECK(there.ask.open_connections() == 1);
}

TEST_CASE("bodies end by length, by the last chunk or by the end of the connection") {
  scene      there({{hear(), say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), pause(5ms),
                     say("2;x=y\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"), hear(), say("HTTP/1.1 200 OK\r\n\r\nuntil "), pause(5ms),
                     say("the end"), hang_up()}});
  auto const chunked = there.fetch();
  CHECK(chunked.body == "abcde");
  CHECK(chunked.trailer == "X-Sum=5;");
  auto const closed = there.fetch();
  CHECK(!closed.why);
  CHECK(closed.body == "until the end");
  CHECK(there.peer.accepted == 1);
  CHECK(there.ask.open_connections() == 0);
}

TEST_CASE("answers to HEAD, 204 and 304 have no body whatever their fields say") {
  scene there({{hear(), say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), hear(),
                say("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"), hear(),
                say("HTTP/1.1 204 No Content\r\n\r\n"), hear(), say(with_length("x")), stay()}});
  CHECK(there.fetch(there.request(method::head)).body.empty());
  CHECK(there.fetch().code == status::not_modified);
  CHECK(there.fetch().code == status::no_content);
  CHECK(there.fetch().body == "x");
  CHECK(there.peer.accepted == 1);
}

TEST_CASE("a server that says close is not asked again on that connection") {
  scene there({{hear(), say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1"), stay()},
               {hear(), say("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n2"), stay()},
               {hear(), say("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n3"), stay()}});
  CHECK(there.fetch().body == "1");
  CHECK(there.fetch().body == "2");
  CHECK(there.fetch().body == "3");
  CHECK(there.peer.accepted == 3);
  CHECK(there.ask.idle_connections() == 1);
}

TEST_CASE("bytes behind an answer are never taken for the next one") {
  scene there(
      {{hear(), say(with_length("1") + with_length("forged")), stay()}, {hear(), say(with_length("2")), stay()}});
  CHECK(there.fetch().body == "1");
  CHECK(there.ask.idle_connections() == 0);
  CHECK(there.fetch().body == "2");

  scene late({{hear(), say(with_length("1")), pause(5ms), say(with_length("forged")), stay()},
              {hear(), say(with_length("2")), stay()}});
  CHECK(late.fetch().body == "1");
  late.loop.restart();
  late.loop.run_for(30ms);
  CHECK(late.fetch().body == "2");
}

TEST_CASE("a kept connection that the server has closed is found out before it is used") {
  scene there({{hear(), say(with_length("1")), hang_up()}, {hear(), say(with_length("2")), stay()}});
  CHECK(there.fetch().body == "1");
  there.loop.restart();
  there.loop.run_for(20ms);
  auto const got = there.fetch(there.request(method::post));
  CHECK(!got.why);
  CHECK(got.body == "2");
}

TEST_CASE("what a kept connection loses is sent again if that is safe, and only then") {
  std::vector<script> const lossy{{hear(), say(with_length("1")), hear(), hang_up()},
                                  {hear(), say(with_length("2")), stay()}};
  scene                     get(lossy);
  CHECK(get.fetch().body == "1");
  CHECK(get.fetch().body == "2");
  CHECK(get.peer.accepted == 2);

  scene post(lossy);
  CHECK(post.fetch().body == "1");
  expect(post.fetch(post.request(method::post)), errc::closed);
  CHECK(post.peer.accepted == 1);

  scene once(lossy);
  CHECK(once.fetch().body == "1");
  expect(once.fetch(once.request().once()), errc::closed);

  // A fresh connection is not stale: its loss is news.
  scene fresh({{hear(), hang_up()}, {hear(), say(with_length("2")), stay()}});
  expect(fresh.fetch(), errc::closed);
  CHECK(fresh.peer.accepted == 1);

  // An answer that has begun is not asked for twice.
  scene begun({{hear(), say(with_length("1")), hear(), say("HTTP/1.1 200"), hang_up()},
               {hear(), say(with_length("2")), stay()}});
  CHECK(begun.fetch().body == "1");
  expect(begun.fetch(), errc::truncated);
}

TEST_CASE("answers that are cut off are told apart from whole ones") {
  for (auto const* const text : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    CAPTURE(text);
    scene there({{hear(), say(text), hang_up()}});
    expect(there.fetch(), errc::truncated);
    CHECK(there.ask.open_connections() == 0);
  }
  scene reset({{hear(), say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), pause(5ms), break_off()}});
  expect(reset.fetch(), errc::truncated);
  scene silent({{hear(), hang_up()}});
  expect(silent.fetch(), errc::closed);
}

TEST_CASE("answers that break the grammar or could be read in two ways are refused") {
  for (auto const* const text :
       {"ICY 200 OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n",
        " HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 \n12345\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"}) {
    CAPTURE(text);
    scene there({{hear(), say(text), stay()}});
    expect(there.fetch(), errc::bad_response);
    CHECK(there.ask.open_connections() == 0);
    there.expect_ended(1);
  }
}

TEST_CASE("interim answers are passed over, a flood of them is not") {
  scene some(
      {{hear(), say("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + with_length("x")),
        stay()}});
  CHECK(some.fetch().body == "x");
  std::string flood;
  for (int i = 0; i != 17; ++i) flood += "HTTP/1.1 102 Processing\r\n\r\n";
  scene many({{hear(), say(flood + with_length("x")), stay()}});
  expect(many.fetch(), errc::bad_response);
}

TEST_CASE("heads and bodies beyond the limits are given up") {
  scene head({{hear(), say("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x')), stay()}});
  expect(head.fetch(), errc::bad_response);
  std::string fields = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i != 201; ++i) fields += "X: y\r\n";
  scene lines({{hear(), say(fields + "\r\n"), stay()}});
  expect(lines.fetch(), errc::bad_response);

  scene announced({{hear(), say("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"), stay()}});
  expect(announced.fetch(announced.request(), 10), errc::body_too_large);
  announced.expect_ended(1);
  scene chunked(
      {{hear(), say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345\r\n"), stay()}});
  expect(chunked.fetch(chunked.request(), 10), errc::body_too_large);
  scene endless({{hear(), say("HTTP/1.1 200 OK\r\n\r\n12345678901"), stay()}});
  expect(endless.fetch(endless.request(), 10), errc::body_too_large);

  http::client_options few;
  few.body.body = 10;
  scene streamed({{hear(), say("HTTP/1.1 200 OK\r\n\r\n12345678901"), stay()}}, few);
  expect(streamed.fetch(), errc::body_too_large);
}

TEST_CASE("each wait has its deadline") {
  http::client_options hasty;
  hasty.first_byte = 30ms;
  hasty.idle       = 30ms;
  scene silent({{hear(), stay()}}, hasty);
  expect(silent.fetch(), errc::timed_out);
  silent.expect_ended(1);
  scene slow_head({{hear(), say("HTTP/1.1 "), pause(10ms), say("200"), stay()}}, hasty);
  expect(slow_head.fetch(), errc::timed_out);
  scene slow_body({{hear(), say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1"), stay()}}, hasty);
  expect(slow_body.fetch(), errc::timed_out);

  http::client_options whole;
  whole.total = 50ms;
  script drip{hear(), say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")};
  for (int i = 0; i != 100; ++i) {
    drip.push_back(say("x"));
    drip.push_back(pause(5ms));
  }
  scene dripping({drip}, whole);
  expect(dripping.fetch(), errc::timed_out);

  scene until({{hear(), stay()}});
  auto  soon = until.request();
  soon.until(std::chrono::steady_clock::now() + 30ms);
  expect(until.fetch(soon), errc::timed_out);
}

TEST_CASE("a server that is not there is a bad gateway") {
  std::string gone;
  {
    asio::io_context        loop;
    asio::ip::tcp::acceptor one(loop, loopback());
    gone = "http://127.0.0.1:" + std::to_string(one.local_endpoint().port()) + "/";
  }
  scene      there({});
  auto const where = http::url::parse(gone);
  REQUIRE(where);
  expect(there.fetch(http::client_request(method::get, *where)), errc::bad_gateway);
  auto const nowhere = http::url::parse("http://no-such-name.invalid/");
  REQUIRE(nowhere);
  auto const got = there.fetch(http::client_request(method::get, *nowhere));
  CHECK(got.why);
  auto const secret = http::url::parse("https://127.0.0.1/");
  REQUIRE(secret);
  expect(there.fetch(http::client_request(method::get, *secret)), errc::bad_target);
  CHECK(there.ask.open_connections() == 0);
}

TEST_CASE("a whole body is sent with its length, an empty one where the method calls for it") {
  scene there({{hear(), hear(5), say(with_length("1")), hear(), say(with_length("2")), hear(), hear(300'000),
                say(with_length("3")), stay()}});
  CHECK(there.fetch(there.request(method::post).body("hello", "text/plain")).body == "1");
  CHECK(there.fetch(there.request(method::post)).body == "2");
  auto const large = std::string(300'000, 'x');
  CHECK(there.fetch(there.request(method::put).body(http::shared_bytes::own(large), "")).body == "3");
  auto const& heard = there.peer.heard[0];
  CHECK(heard.find("Content-Type: text/plain\r\n") != std::string::npos);
  CHECK(heard.find("Content-Length: 5\r\n\r\nhello") != std::string::npos);
  CHECK(heard.find("Content-Length: 0\r\n\r\n") != std::string::npos);
  CHECK(heard.ends_with(large));
}

namespace {

task<result<void>> three_pieces(http::body_writer& out) {
  auto one = co_await out.write("abc");
  if (!one) co_return one;
  auto two = co_await out.write("");
  if (!two) co_return two;
  auto three = co_await out.write("de");
  out.trailer("X-Sum", "5");
  co_return three;
}

task<result<void>> fails_midway(http::body_writer& out) {
  auto one = co_await out.write("abc");
  if (!one) co_return one;
  co_return tensorgate::fail(errc::internal, "the producer gave up");
}

}  // namespace

TEST_CASE("a body that is made while it is sent is chunked, or has the length that was promised") {
  scene there({{hear(), hear(30), say(with_length("1")), hear(), hear(5), say(with_length("2")), stay()}});
  CHECK(there.fetch(there.request(method::post).body(three_pieces)).body == "1");
  CHECK(
      there.peer.heard[0].ends_with("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"));
  CHECK(there.fetch(there.request(method::post).body(three_pieces, 5)).body == "2");
  CHECK(there.peer.heard[0].ends_with("Content-Length: 5\r\n\r\nabcde"));

  scene broken({{stay()}, {stay()}, {stay()}});
  expect(broken.fetch(broken.request(method::post).body(three_pieces, 4)), errc::internal);
  expect(broken.fetch(broken.request(method::post).body(three_pieces, 6)), errc::internal);
  auto const given_up = broken.fetch(broken.request(method::post).body(fails_midway));
  expect(given_up, errc::internal);
  CHECK(given_up.why->note == "the producer gave up");
  broken.expect_ended(3);
}

namespace {

struct endless_body {
  std::shared_ptr<std::size_t> written = std::make_shared<std::size_t>(0);
};

task<result<void>> write_forever(std::shared_ptr<std::size_t> written, http::body_writer& out) {
  std::string const piece(64 * 1024, 'x');
  while (true) {
    auto const sent = co_await out.write(piece);
    if (!sent) co_return sent;
    *written += piece.size();
  }
}

}  // namespace

TEST_CASE("a server that answers before it has read the request is heard") {
  for (bool const closes : {false, true}) {
    scene        there({{hear(), say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig"), pause(30ms),
                  closes ? hang_up() : pause(1s)}});
    endless_body body;
    http::body_producer producer = [written = body.written](http::body_writer& out) {
      return write_forever(written, out);
    };
    auto const got = there.fetch(there.request(method::post).body(producer));
    CHECK(!got.why);
    CHECK(got.code == status::content_too_large);
    CHECK(got.body == "big");
    CHECK(there.ask.idle_connections() == 0);
  }
}

TEST_CASE("a server that does not read suspends the producer, up to the deadline") {
  http::client_options hasty;
  hasty.idle = 100ms;
  scene               there({{hear(), pause(3s)}}, hasty);
  endless_body        body;
  http::body_producer producer = [written = body.written](http::body_writer& out) {
    return write_forever(written, out);
  };
  expect(there.fetch(there.request(method::post).body(producer)), errc::timed_out);
  CHECK(*body.written < 32U * 1024 * 1024);
}

TEST_CASE("a server that begins a head, does not end it and reads no more is given up at the deadline") {
  http::client_options hasty;
  hasty.idle = 150ms;
  for (std::size_t const size : {16UL * 1024 + 1, 20UL * 1024, 31UL * 1024}) {
    scene there({{hear(), say("HTTP/1.1 200 OK\r\nX: " + std::string(size - 20, 'x')), pause(600ms)}}, hasty);
    auto  what = there.request(method::put);
    what.body(std::string(32UL * 1024 * 1024, 'u'), "text/plain");
    auto const began = std::clock();
    expect(there.fetch(std::move(what)), errc::timed_out);
    CHECK(static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC < 0.1);
  }
}

TEST_CASE("a server is asked whether it wants the body") {
  http::client_options hasty;
  hasty.continue_wait = 30ms;
  scene wants({{hear(), say("HTTP/1.1 100 Continue\r\n\r\n"), hear(5), say(with_length("1")), stay()}}, hasty);
  CHECK(wants.fetch(wants.request(method::post).body("hello", "").expecting_continue()).body == "1");
  CHECK(wants.peer.heard[0].find("Expect: 100-continue\r\n") != std::string::npos);

  scene      refuses({{hear(), say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"), stay()}}, hasty);
  auto const refused = refuses.fetch(refuses.request(method::post).body("hello", "").expecting_continue());
  CHECK(refused.code == status::unauthorized);
  CHECK(refuses.ask.idle_connections() == 0);
  refuses.expect_ended(1);
  CHECK(refuses.peer.heard[0].find("hello") == std::string::npos);

  scene silent({{hear(), hear(5), say(with_length("3")), stay()}}, hasty);
  CHECK(silent.fetch(silent.request(method::post).body("hello", "").expecting_continue()).body == "3");
}

namespace {

task<void> read_slowly(http::client& ask, http::client_request what, std::size_t& received, bool& done) {
  auto answer = co_await ask.send(std::move(what));
  REQUIRE(answer);
  auto               executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  timer.expires_after(50ms);
  auto [ignored] = co_await timer.async_wait(net::as_values);
  static_cast<void>(ignored);
  while (true) {
    auto const piece = co_await answer->read();
    REQUIRE(piece);
    if (piece->empty()) break;
    received += piece->size();
  }
  auto const again = co_await answer->read();
  CHECK(again);
  CHECK(again->empty());
  done = true;
}

task<void> ask_and_drop(http::client& ask, http::client_request what, bool& done) {
  auto answer = co_await ask.send(std::move(what));
  CHECK(answer);
  done = true;
}

task<void> wait_for_answer(http::client& ask, http::client_request what, std::optional<tensorgate::failure>& why) {
  auto const answer = co_await ask.send(std::move(what));
  if (!answer) why = answer.error();
}

}  // namespace

TEST_CASE("an answer is read piece by piece") {
  std::string const large(5'000'000, 'x');
  scene             there({{hear(), say(with_length(large)), stay()}});
  std::size_t       received = 0;
  bool              done     = false;
  asio::co_spawn(there.loop, read_slowly(there.ask, there.request(), received, done), asio::detached);
  there.run_until([&] { return done; });
  CHECK(received == large.size());
  CHECK(there.ask.idle_connections() == 1);
}

TEST_CASE("an answer without a body gives its connection back, also where nobody reads it") {
  scene there({{hear(), say("HTTP/1.1 204 No Content\r\n\r\n"), hear(), say(with_length("2")), stay()}});
  bool  done = false;
  asio::co_spawn(there.loop, ask_and_drop(there.ask, there.request(), done), asio::detached);
  there.run_until([&] { return done; });
  CHECK(there.ask.idle_connections() == 1);
  CHECK(there.fetch().body == "2");
  CHECK(there.peer.accepted == 1);
}

TEST_CASE("an answer that is dropped closes its connection") {
  scene there({{hear(), say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1"), stay()}});
  bool  done = false;
  asio::co_spawn(there.loop, ask_and_drop(there.ask, there.request(), done), asio::detached);
  there.run_until([&] { return done; });
  CHECK(there.ask.open_connections() == 0);
  there.expect_ended(1);
}

TEST_CASE("a request is given up when its coroutine is cancelled") {
  scene                              there({{hear(), stay()}});
  std::optional<tensorgate::failure> why;
  asio::cancellation_signal          signal;
  bool                               done = false;
  asio::co_spawn(there.loop, wait_for_answer(there.ask, there.request(), why),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
  there.run_until([&] { return there.peer.heard[0].find("\r\n\r\n") != std::string::npos; });
  signal.emit(asio::cancellation_type::terminal);
  there.run_until([&] { return done; });
  REQUIRE(why);
  CHECK(why->code == errc::cancelled);
  there.expect_ended(1);
}

TEST_CASE("connections are kept for a while and in limited number") {
  http::client_options few;
  few.keep = 30ms;
  scene there({{hear(), say(with_length("1")), stay()}, {hear(), say(with_length("2")), stay()}}, few);
  CHECK(there.fetch().body == "1");
  there.expect_ended(1);
  CHECK(there.ask.open_connections() == 0);

  http::client_options none;
  none.keep = 0ms;
  scene never({{hear(), say(with_length("1")), stay()}}, none);
  CHECK(never.fetch().body == "1");
  CHECK(never.ask.open_connections() == 0);

  http::client_options one;
  one.open = 1;
  scene                              busy({{hear(), stay()}, {hear(), say(with_length("2")), stay()}}, one);
  std::optional<tensorgate::failure> why;
  asio::co_spawn(busy.loop, wait_for_answer(busy.ask, busy.request(), why), asio::detached);
  busy.run_until([&] { return !busy.peer.heard[0].empty(); });
  expect(busy.fetch(), errc::unavailable);
}

TEST_CASE("a server is asked over a Unix socket") {
  auto const name = std::filesystem::temp_directory_path() / ("client_test." + std::to_string(::getpid()));
  std::filesystem::remove(name);
  asio::io_context                            loop;
  scripted_peer<asio::local::stream_protocol> peer(
      loop, asio::local::stream_protocol::endpoint(name.string()),
      {{hear(), say(with_length("unix")), hear(), say(with_length("again")), stay()}});
  http::client ask(loop);
  for (auto const* const expected : {"unix", "again"}) {
    http::client_request what(method::get, *http::url::parse("http://inside/x"));
    what.over_unix_socket(name.string());
    std::optional<outcome> got;
    asio::co_spawn(loop, fetch_into(ask, std::move(what), 0, got), asio::detached);
    while (!got) {
      loop.restart();
      loop.run_one();
    }
    CHECK(!got->why);
    CHECK(got->body == expected);
  }
  CHECK(peer.heard[0].find("Host: inside\r\n") != std::string::npos);
  CHECK(peer.accepted == 1);
  std::filesystem::remove(name);
}
