#include <tensorgate/http/sse.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <tensorgate/http/head.hpp>
#include <tensorgate/http/openapi.hpp>

#include "support/run_task.hpp"

namespace http = tensorgate::http;
namespace sse  = tensorgate::http::sse;
using namespace std::chrono_literals;
using tensorgate::result;
using tensorgate::task;

namespace {

std::string written(sse::event const& what) {
  std::string out;
  REQUIRE(sse::append_event(out, what));
  return out;
}

using seen = std::vector<std::tuple<std::string, std::string, std::string>>;

seen read_in_pieces(std::string_view stream, std::size_t piece, sse::parser& reader) {
  seen events;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    auto const fed = reader.feed(stream.substr(at, piece),
                                 [&](sse::received_event const& e) { events.emplace_back(e.type, e.data, e.id); });
    REQUIRE(fed);
  }
  return events;
}

seen read(std::string_view stream) {
  sse::parser whole;
  auto const  events = read_in_pieces(stream, stream.size() + 1, whole);
  for (std::size_t piece = 1; piece != 5; ++piece) {
    sse::parser split;
    CHECK(read_in_pieces(stream, piece, split) == events);
  }
  return events;
}

class recorder final : public http::body_writer {
 public:
  std::string                wire;
  std::optional<http::reply> head;

  task<result<void>> start(http::reply what) override {
    head = std::move(what);
    co_return result<void>{};
  }
  task<result<void>> write(std::string_view piece) override {
    wire.append(piece);
    co_return result<void>{};
  }
  void               trailer(std::string_view, std::string_view) override {}
  [[nodiscard]] bool started() const noexcept override { return head.has_value(); }
};

task<result<void>> converse(sse::writer& out) {
  auto first = co_await out.send("hello");
  if (!first) co_return first;
  auto second = co_await out.send("tick", "1\n2");
  if (!second) co_return second;
  auto third = co_await out.beat();
  if (!third) co_return third;
  sse::event bad;
  bad.data    = "x";
  bad.type    = "a\nb";
  auto fourth = co_await out.send(bad);
  CHECK(!fourth);
  co_return co_await out.comment("one\ntwo");
}

task<result<void>> events(sse::writer& out) { co_return co_await out.open(); }

}  // namespace

TEST_CASE("an event is written field by field and ends with an empty line") {
  sse::event all;
  all.type  = "tick";
  all.id    = "42";
  all.retry = 1500ms;
  all.data  = "x";
  CHECK(written(all) == "event: tick\nid: 42\nretry: 1500\ndata: x\n\n");
  sse::event bare;
  bare.data = "";
  CHECK(written(bare) == "data: \n\n");
  CHECK(written({}) == "\n");
}

TEST_CASE("data of several lines cannot end the event or start a field") {
  for (auto const* const text : {"a\nb", "a\r\nb", "a\rb"}) {
    sse::event what;
    what.data = text;
    CHECK(written(what) == "data: a\ndata: b\n\n");
  }
  sse::event evil;
  evil.data = "x\n\nevent: forged\r\rdata: y\n";
  CHECK(written(evil) == "data: x\ndata: \ndata: event: forged\ndata: \ndata: data: y\ndata: \n\n");
  CHECK(read(written(evil)) == seen{{"message", "x\n\nevent: forged\n\ndata: y\n", ""}});
}

TEST_CASE("a line end in a type or an id is refused") {
  std::string out;
  for (auto const text : {std::string_view("a\nb"), std::string_view("a\r"), std::string_view("a\0b", 3)}) {
    sse::event typed;
    typed.data = "x";
    typed.type = text;
    CHECK(!sse::append_event(out, typed));
    sse::event named;
    named.data = "x";
    named.id   = text;
    CHECK(!sse::append_event(out, named));
  }
  CHECK(out.empty());
}

TEST_CASE("a comment is passed over by readers") {
  std::string out;
  sse::append_comment(out, "still\nhere");
  CHECK(out == ": still\n: here\n\n");
  CHECK(read(out).empty());
}

TEST_CASE("a writer sends the head with the first event, and each event as it comes") {
  recorder    wire;
  sse::writer out(wire);
  CHECK(tensorgate::test::run_task(converse(out)).has_value());
  REQUIRE(wire.head);
  CHECK(wire.head->content_type() == "text/event-stream");
  CHECK(wire.head->fields().front().value == "no-cache");
  CHECK(wire.wire == "data: hello\n\nevent: tick\ndata: 1\ndata: 2\n\n:\n\n: one\n: two\n\n");
}

TEST_CASE("a client that reconnects says what it has seen") {
  std::string const bytes = "GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 7\r\n\r\n";
  http::request     r;
  http::head_parser parser;
  REQUIRE(parser.parse(bytes, r.head) == http::parse_state::complete);
  CHECK(sse::last_event_id(r) == "7");
}

TEST_CASE("a reader sees the events of the standard's examples, in any split") {
  CHECK(read("data: YHOO\ndata: +2\ndata: 10\n\n") == seen{{"message", "YHOO\n+2\n10", ""}});
  CHECK(read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n") ==
        seen{{"message", "first event", "1"}, {"message", "second event", ""}, {"message", " third event", ""}});
  CHECK(read("data\n\ndata\ndata\n\ndata:") == seen{{"message", "", ""}, {"message", "\n", ""}});
  CHECK(read("data:test\n\ndata: test\n\n") == seen{{"message", "test", ""}, {"message", "test", ""}});
}

TEST_CASE("lines end in CRLF, CR or LF, and a byte order mark may stand first") {
  CHECK(read("\xEF\xBB\xBF"
             "data: a\r\n\r\nevent: b\rdata: c\r\rdata: d\n\n") ==
        seen{{"message", "a", ""}, {"b", "c", ""}, {"message", "d", ""}});
  CHECK(read("data: a\r\n\n\r\ndata: b\n\r\n") == seen{{"message", "a", ""}, {"message", "b", ""}});
}

TEST_CASE("an event without data is none, but its id counts") {
  CHECK(read("event: x\nid: 9\n\ndata: y\n\n") == seen{{"message", "y", "9"}});
  CHECK(read(std::string_view("id: a\nid: b\0c\ndata: y\n\n", 24)) == seen{{"message", "y", "a"}});
  CHECK(read("data: cut off\n").empty());
  CHECK(read("DATA: x\nfoo: y\n\n").empty());
}

TEST_CASE("the reader keeps the server's wish for reconnecting") {
  sse::parser reader;
  read_in_pieces("retry: 3000\n\nid: 5\n\n", 3, reader);
  CHECK(reader.retry() == 3000ms);
  CHECK(reader.last_id() == "5");
  read_in_pieces("retry: -1\nretry: 3s\nretry:\n\n", 3, reader);
  CHECK(reader.retry() == 3000ms);
}

TEST_CASE("a line or an event beyond the limit ends the reading") {
  auto const  ignore = [](sse::received_event const&) {};
  sse::parser one_line(16);
  CHECK(one_line.feed("data: 0123456789", ignore));
  CHECK(!one_line.feed("x", ignore));
  CHECK(!one_line.feed("\n\n", ignore));
  sse::parser one_event(16);
  CHECK(one_event.feed("data: 01234567\n", ignore));
  CHECK(!one_event.feed("data: 01234567\n\n", ignore));
}

TEST_CASE("the document of the API says that an answer is a stream of events") {
  http::routes const     table{http::get<"/ticks">(http::anyone, http::to<&events>())};
  http::documented const shown(table, http::openapi_info{});
  auto const             answer = shown.document().find("\"200\":");
  REQUIRE(answer != std::string_view::npos);
  CHECK(shown.document().substr(answer).find(R"("content":{"text/event-stream":{)") != std::string_view::npos);
}
