#include <tensorgate/http/session.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/http/extract.hpp>
#include <tensorgate/http/problem.hpp>
#include <tensorgate/http/route.hpp>
#include <tensorgate/http/server.hpp>
#include <tensorgate/net/standalone.hpp>

#include "support/raw_client.hpp"

using namespace tensorgate;
using namespace tensorgate::http;
using namespace std::chrono_literals;
using tensorgate_tests::raw_client;

namespace {

struct counting_guard {
  std::atomic<int>* asked;
  result<void>      admit(request& /*r*/) const {
    ++*asked;
    return {};
  }
};

/// What was told of an exchange that is over.
struct told {
  std::string              head;
  std::string              id;
  std::uint64_t            repeats = 0;
  std::chrono::nanoseconds took{};
};

reply plain() { return reply::text("plain"); }
reply slow() {
  auto const until = std::chrono::steady_clock::now() + 3ms;
  while (std::chrono::steady_clock::now() < until) {
  }
  return reply::text("slow");
}
std::string shown(request const& r) {
  std::string text(r.head.target());
  text.append(" ").append(r.head.host()).append(" ").append(r.client.to_text());
  for (auto const& one : r.head.fields()) text.append(" ").append(one.name).append("=").append(one.value);
  return text;
}
reply show(request const& r) { return reply::text(shown(r)); }
reply greet(std::string_view name) { return reply::text("hello " + std::string(name)); }
reply rest(std::string_view first, std::string_view all) {
  return reply::text(std::string(first) + " and " + std::string(all));
}
reply       whole(body<std::string_view> what) { return reply::text(std::string(what.value)); }
task<reply> late(std::string_view name) {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, 1ms);
  auto const [stopped] = co_await clock.async_wait(net::as_values);
  static_cast<void>(stopped);
  auto said = reply::text("late " + std::string(name));
  co_return said;
}

/// A table in front of the routes, as a program may have one: it counts how often it is asked.
struct outer_table {
  route_table              inner;
  mutable std::atomic<int> asked{0};

  static route_match match(void const* self, request& r) {
    auto const& me = *static_cast<outer_table const*>(self);
    ++me.asked;
    return me.inner.match(me.inner.self, r);
  }
};

class typed_server {
 public:
  explicit typed_server(bool trusts = false)
      : table_(get<"/plain">(anyone, to<&plain>()), get<"/show">(guard_, to<&show>()),
               get<"/greet/{name}">(anyone, to<&greet>()), get<"/rest/{first}/{all...}">(anyone, to<&rest>()),
               get<"/late/{name}">(anyone, to<&late>()), post<"/whole">(anyone, to<&whole>()),
               get<"/slow">(anyone, to<&slow>())),
        outer_{table_.table()},
        app_(settings()) {
    server_options options;
    options.listen[0].port = 0;
    if (trusts) options.forwarding.trusted = {"127.0.0.1"};
    exchange_sink sink;
    sink.self     = this;
    sink.finished = [](void* self, request const& r) {
      auto&                  mine = *static_cast<typed_server*>(self);
      std::scoped_lock const lock(mine.mutex_);
      mine.told_.push_back({shown(r), std::string(r.id), r.repeats, r.record.ended - r.record.began});
    };
    server_.emplace(app_, options, &problem_json, route_table{&outer_, &outer_table::match}, sink);
    REQUIRE(app_.start());
  }
  ~typed_server() { app_.stop(); }

  /// All that is answered to these bytes, dates and request ids masked; nothing is sent after them. Whether a client is
  /// told to go on hangs on how much of his body is there already: that is left out.
  std::string play(std::string_view bytes) const {
    raw_client client(server_->port());
    return play(client, bytes);
  }
  static std::string play(raw_client& client, std::string_view bytes) {
    client.send(bytes);
    client.end_of_sending();
    auto              said  = client.read_all(5s);
    std::string const go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    for (auto at = said.find(go_on); at != std::string::npos; at = said.find(go_on, at)) said.erase(at, go_on.size());
    mask(said, "Date: ", '\r');
    mask(said, "\"request_id\":\"", '"');
    return said;
  }

  [[nodiscard]] std::uint16_t     port() const { return server_->port(); }
  [[nodiscard]] server_counts     counts() const { return server_->counts(); }
  [[nodiscard]] int               matches() const { return outer_.asked; }
  [[nodiscard]] int               guarded() const { return guarded_; }
  [[nodiscard]] std::vector<told> all_told() const {
    std::scoped_lock const lock(mutex_);
    return told_;
  }

 private:
  static net::standalone::options settings() {
    net::standalone::options made;
    made.loops = 1;
    made.drain = 3s;
    return made;
  }
  static void mask(std::string& text, std::string_view before, char end) {
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at)) {
      at += before.size();
      text.erase(at, text.find(end, at) - at);
    }
  }

  using table_type =
      decltype(routes(get<"/plain">(anyone, to<&plain>()), get<"/show">(std::declval<counting_guard&>(), to<&show>()),
                      get<"/greet/{name}">(anyone, to<&greet>()), get<"/rest/{first}/{all...}">(anyone, to<&rest>()),
                      get<"/late/{name}">(anyone, to<&late>()), post<"/whole">(anyone, to<&whole>()),
                      get<"/slow">(anyone, to<&slow>())));

  mutable std::mutex    mutex_;
  std::vector<told>     told_;
  std::atomic<int>      guarded_{0};
  counting_guard        guard_{&guarded_};
  table_type            table_;
  outer_table           outer_;
  net::standalone       app_;
  std::optional<server> server_;
};

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i != times; ++i) all.append(text);
  return all;
}

/// Heads of all kinds; each can come again on its connection.
std::vector<std::string> const heads{
    "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD /plain HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /show?a=1&b=%20 HTTP/1.1\r\nHost: a:80\r\nUser-Agent: one\r\nX-Other: two, three\r\n\r\n",
    "GET /greet/you HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /greet/%C3%A4.b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /rest/one/two/three/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /late/you HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /late/%C3%A4 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "\r\nGET /plain HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://b/show HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "GET /plain HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n",
    "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /greet/%2F HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /plain HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS /plain HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /plain HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
    "POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody",
    "POST /whole HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
};
constexpr std::string_view other = "GET /plain?another HTTP/1.1\r\nHost: somewhere.else\r\nAccept: */*\r\n\r\n";

}  // namespace

TEST_CASE("a head that comes again is answered as the first was") {
  typed_server const server;
  auto const         between = server.play(other);
  for (auto const& head : heads) {
    CAPTURE(head);
    auto const once = server.play(std::string(other) + head).substr(between.size());
    REQUIRE(once.starts_with("HTTP/1.1 "));
    CHECK(server.play(repeat(head, 5)) == repeat(once, 5));
    CHECK(server.play(head + std::string(other) + repeat(head, 2)) == once + between + repeat(once, 2));
  }
}

TEST_CASE("a head that differs from the last one in a single byte is read for what it is") {
  typed_server const server;
  auto const         between = server.play(other);
  std::string const  base    = "GET /greet/you HTTP/1.1\r\nHost: a\r\nX-Some: value\r\n\r\n";
  auto const         first   = server.play(base);
  std::mt19937       random(7);
  for (std::size_t at = 0; at != base.size(); ++at) {
    for (char const one : {'x', ' ', '\r', '\n', '/', ':', static_cast<char>(random() % 256)}) {
      auto changed = base;
      changed[at]  = one;
      CAPTURE(changed);
      auto const alone = server.play(std::string(other) + changed).substr(between.size());
      CHECK(server.play(base + changed) == first + alone);
    }
  }
}

TEST_CASE("a head that has more, or less, than the last one is read for what it is") {
  typed_server const server;
  std::string const  base  = "GET /greet/you HTTP/1.1\r\nHost: a\r\n\r\n";
  auto const         first = server.play(base);
  for (std::size_t size = 0; size != base.size(); ++size) {
    CAPTURE(size);
    CHECK(server.play(base + base.substr(0, size)) == first);
  }
  CHECK(server.play(base + "GET /greet/you HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" + base) == repeat(first, 3));
}

TEST_CASE("requests of all kinds, split at random, are answered as each of them alone") {
  typed_server const       server;
  std::vector<std::string> answers;
  for (auto const& head : heads) answers.push_back(server.play(head));
  auto const   seed = std::random_device{}();
  std::mt19937 random(seed);
  CAPTURE(seed);
  std::uint64_t const before = server.counts().requests;
  std::uint64_t       sent   = 0;
  for (int round = 0; round != 60; ++round) {
    std::string text;
    std::string wanted;
    for (std::size_t i = 0, which = 0; i != 40; ++i) {
      if (i == 0 || random() % 3 == 0) which = random() % heads.size();
      text += heads[which];
      wanted += answers[which];
      ++sent;
    }
    raw_client client(server.port());
    for (std::size_t at = 0; at < text.size();) {
      auto const size = 1 + random() % (round % 3 == 0 ? 20 : round % 3 == 1 ? 400 : 20000);
      if (at + size >= text.size()) {
        CHECK(typed_server::play(client, text.substr(at)) == wanted);
      } else {
        client.send(text.substr(at, size));
      }
      at += size;
    }
  }
  CHECK(server.counts().requests == before + sent);
}

TEST_CASE("each request is matched once, guarded once and has an id of its own") {
  typed_server const server;
  server.play(repeat("GET /show HTTP/1.1\r\nHost: a\r\n\r\n", 10) +
              repeat("GET /late/x HTTP/1.1\r\nHost: a\r\n\r\n", 3));
  CHECK(server.matches() == 13);
  CHECK(server.guarded() == 10);
  std::vector<std::string> ids;
  for (auto const& one : server.all_told()) ids.push_back(one.id);
  REQUIRE(ids.size() == 13);
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(ids.front().size() == 16);
}

TEST_CASE("heads with one number are the same; that of a head that comes again stays") {
  typed_server const server;
  for (int round = 0; round != 3; ++round) {
    for (auto const& head : heads) server.play(head + head + std::string(other) + head);
  }
  std::map<std::uint64_t, std::string> known;
  for (auto const& one : server.all_told()) {
    if (one.repeats == 0) continue;
    auto const [found, fresh] = known.emplace(one.repeats, one.head);
    CHECK(found->second == one.head);
  }
  CHECK(known.size() > heads.size());

  typed_server const same;
  same.play(repeat(other, 4));
  auto const told = same.all_told();
  REQUIRE(told.size() == 4);
  CHECK(told[0].repeats != 0);
  for (auto const& one : told) CHECK(one.repeats == told[0].repeats);
}

TEST_CASE("of pipelined requests each is timed by itself") {
  typed_server const server;
  std::string const  quick = "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n";
  server.play(repeat(quick, 3) + "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + repeat(quick, 3));
  auto const told = server.all_told();
  REQUIRE(told.size() == 7);
  CHECK(told[3].took >= 3ms);
  for (auto const& one : told) CHECK(one.took >= 0ns);
}

TEST_CASE("a head that comes again is told by whom it comes anew") {
  typed_server const server(true);
  std::string const  one = "GET /show HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n";
  std::string const  two = "GET /show HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.2\r\n\r\n";
  auto const         got = server.play(one + one + two + two + one);
  std::vector<int>   seen;
  for (auto at = got.find(" 10.0.0."); at != std::string::npos; at = got.find(" 10.0.0.", at + 1))
    seen.push_back(got[at + 8] - '0');
  CHECK(seen == std::vector<int>{1, 1, 2, 2, 1});
}
