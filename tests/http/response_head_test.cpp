#include <tensorgate/http/response_head.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace http = tensorgate::http;
using http::framing;
using http::method;
using http::parse_state;
using namespace std::string_literals;

namespace {

// Parses whole and byte by byte; both must say the same.
parse_state parse(std::string_view text, http::response_head& head, method asked = method::get,
                  http::head_limits limits = {}) {
  http::response_parser parser(limits);
  auto const            state = parser.parse(text, asked, head);
  if (state == parse_state::complete) CHECK(parser.consumed() == text.size());
  if (state == parse_state::failed) CHECK(parser.error() == http::errc::bad_response);

  http::response_parser slow(limits);
  http::response_head   other;
  auto                  slow_state = parse_state::need_more;
  std::vector<char>     kept;
  for (std::size_t i = 1; i <= text.size() && slow_state == parse_state::need_more; ++i) {
    std::vector<char> part(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i));
    slow_state = slow.parse({part.data(), part.size()}, asked, other);
    kept       = std::move(part);
  }
  CHECK(slow_state == state);
  CHECK(slow.note() == parser.note());
  if (state == parse_state::complete) {
    CHECK(other.body_framing() == head.body_framing());
    CHECK(other.fields().size() == head.fields().size());
    CHECK(other.reason_text() == head.reason_text());
  }
  return state;
}

framing framing_of(std::string_view text, method asked = method::get) {
  http::response_head head;
  CHECK(parse(text, head, asked) == parse_state::complete);
  return head.body_framing();
}

bool refused(std::string const& text) {
  http::response_head head;
  return parse(text, head) == parse_state::failed;
}

}  // namespace

TEST_CASE("a response head says what it says") {
  http::response_head head;
  REQUIRE(parse("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX: y\r\n\r\n", head) == parse_state::complete);
  CHECK(head.code() == http::status::not_found);
  CHECK(head.reason_text() == "Not Found");
  CHECK(head.minor_version() == 1);
  CHECK(head.body_framing() == framing::length);
  CHECK(head.content_length() == 5);
  CHECK(head.field("x") == "y");
  CHECK(head.keep_alive());
  CHECK_FALSE(head.is_interim());
  REQUIRE(parse("HTTP/1.1 100\r\n\r\n", head) == parse_state::complete);
  CHECK(head.is_interim());
  CHECK(head.reason_text().empty());
  REQUIRE(parse("HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n", head) == parse_state::complete);
  CHECK_FALSE(head.keep_alive());
  REQUIRE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", head) == parse_state::complete);
  CHECK_FALSE(head.keep_alive());
  REQUIRE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", head) ==
          parse_state::complete);
  CHECK(head.keep_alive());
  REQUIRE(parse("HTTP/1.1 200 OK\r\n\r\n", head) == parse_state::complete);
  CHECK_FALSE(head.keep_alive());
}

TEST_CASE("method, status and fields decide how the body ends") {
  CHECK(framing_of("HTTP/1.1 200 OK\r\n\r\n") == framing::until_close);
  CHECK(framing_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == framing::chunked);
  CHECK(framing_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", method::head) == framing::none);
  CHECK(framing_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", method::head) == framing::none);
  CHECK(framing_of("HTTP/1.1 200 OK\r\n\r\n", method::connect) == framing::none);
  CHECK(framing_of("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n", method::connect) == framing::length);
  for (auto const code : {"100", "101", "103", "204", "304"}) {
    CHECK(framing_of("HTTP/1.1 "s + code + " x\r\nContent-Length: 9\r\n\r\n") == framing::none);
  }
}

TEST_CASE("an answer that could be read in two ways is refused") {
  for (auto const& text : {"http/1.1 200 OK\r\n"s, "HTTP/2 200\r\n"s, "HTTP/2.0 200 OK\r\n"s, "HTTP/1.1  200 OK\r\n"s,
                           "HTTP/1.1 20 OK\r\n"s, "HTTP/1.1 2000 OK\r\n"s, "HTTP/1.1 099 OK\r\n"s,
                           "HTTP/1.1 600 OK\r\n"s, "HTTP/1.1 200 O\0K\r\n"s, "HTTP/1.1 200 OK\n"s,
                           "HTTP/1.1 200 OK\rX\r\n"s, "\r\nHTTP/1.1 200 OK\r\n"s, "ICY 200 OK\r\n"s}) {
    INFO(text);
    CHECK(refused(text + "\r\n"));
  }
  for (auto const line : {"Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1, 1", "Content-Length: +1",
                          "Content-Length: ", "Content-Length: 1\r\nTransfer-Encoding: chunked",
                          "Transfer-Encoding: chunked\r\nContent-Length: 1", "Transfer-Encoding: gzip",
                          "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked",
                          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "X: a\r\n b", " X: a", "X : a",
                          ": a", "X", "X: a\nY: b", "X: a\rb"}) {
    INFO(line);
    CHECK(refused("HTTP/1.1 200 OK\r\n"s + line + "\r\n\r\n"));
  }
  CHECK(refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("a response head has limits") {
  http::response_head head;
  std::string         many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i != 101; ++i) many += "X: y\r\n";
  CHECK(parse(many + "\r\n", head) == parse_state::failed);
  CHECK(parse("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'y') + "\r\n\r\n", head) == parse_state::failed);
  CHECK(parse("HTTP/1.1 200 OK\r\n\r\n", head, method::get, {.head = 10}) == parse_state::failed);
}
