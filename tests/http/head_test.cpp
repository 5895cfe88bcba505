#include <tensorgate/http/head.hpp>

#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace http = tensorgate::http;
using http::errc;
using http::framing;
using http::known_field;
using http::parse_state;
using namespace std::string_literals;

namespace {

struct outcome {
  parse_state     state = parse_state::need_more;
  std::error_code error;
  std::string     note;
  std::size_t     consumed = 0;
  std::string     seen;  // everything that the head says

  friend bool operator==(outcome const&, outcome const&) = default;
};

std::string describe(http::request_head const& head) {
  std::string text;
  text.append(head.method_text()).append("|").append(head.target()).append("|").append(head.path()).append("|");
  text.append(head.has_query() ? "?" : "-").append(head.query()).append("|").append(head.scheme()).append("|");
  text.append(head.authority()).append("|").append(head.host()).append("|").append(head.port()).append("|");
  text.append(std::to_string(head.minor_version())).append("|");
  text.append(std::to_string(static_cast<int>(head.body_framing()))).append("|");
  text.append(std::to_string(head.content_length())).append("|").append(head.keep_alive() ? "k" : "c");
  text.append(head.expects_continue() ? "e" : "-").append(head.upgrade()).append("\n");
  for (auto const& one : head.fields()) text.append(one.name).append("=").append(one.value).append("\n");
  return text;
}

// Feeds ever longer prefixes, each from memory of its own, so that a view into old memory is an error that ASan sees.
outcome parse_in_steps(std::string_view all, std::vector<std::size_t> const& ends, http::head_limits limits = {}) {
  http::head_parser  parser(limits);
  http::request_head head;
  outcome            result;
  for (auto const end : ends) {
    auto const part = std::string(all.substr(0, end));
    auto const kept = std::vector<char>(part.begin(), part.end());
    result.state    = parser.parse({kept.data(), kept.size()}, head);
    if (result.state == parse_state::need_more && end != ends.back()) continue;
    result.error = parser.error();
    result.note  = std::string(parser.note());
    if (result.state == parse_state::complete) result.consumed = parser.consumed();
    if (result.state != parse_state::need_more) result.seen = describe(head);
    return result;
  }
  return result;
}

outcome parse_whole(std::string_view all, http::head_limits limits = {}) {
  return parse_in_steps(all, {all.size()}, limits);
}

std::vector<std::size_t> each_byte(std::size_t size) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i <= size; ++i) ends.push_back(i);
  return ends;
}

outcome parse_alike(std::string_view all, http::head_limits limits = {}) {
  auto const whole = parse_whole(all, limits);
  auto const bytes = parse_in_steps(all, each_byte(all.size()), limits);
  CHECK(whole == bytes);
  return whole;
}

void ok(std::string const& text) {
  auto const result = parse_alike(text);
  INFO("accepted: " << text);
  CHECK_MESSAGE(result.state == parse_state::complete, text, " : ", result.note);
  CHECK(result.consumed == text.size());
}

void bad(std::string const& text, errc wanted) {
  auto const result = parse_alike(text);
  CHECK_MESSAGE(result.state == parse_state::failed, "not refused: ", text);
  CHECK_MESSAGE(result.error == make_error_code(wanted), text, " : ", result.error.message(), " : ", result.note);
}

// A request with one thing in it that is tried.
std::string with_target(std::string const& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string with_line(std::string const& line) { return "POST / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n"; }
std::string with_host(std::string const& host) { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"; }

}  // namespace

TEST_CASE("a small head says what it says") {
  http::head_parser  parser;
  http::request_head head;
  std::string const  text = "GET /a/b?c=d&e HTTP/1.1\r\nHost: example.com:8080\r\nX-One:  two \t\r\nAccept:*/*\r\n\r\nrest";
  REQUIRE(parser.parse(text, head) == parse_state::complete);
  CHECK(parser.consumed() == text.size() - 4);
  CHECK(head.verb() == http::method::get);
  CHECK(head.method_text() == "GET");
  CHECK(head.target() == "/a/b?c=d&e");
  CHECK(head.form() == http::target_form::origin);
  CHECK(head.path() == "/a/b");
  CHECK(head.has_query());
  CHECK(head.query() == "c=d&e");
  CHECK(head.authority() == "example.com:8080");
  CHECK(head.host() == "example.com");
  CHECK(head.port() == "8080");
  CHECK(head.minor_version() == 1);
  CHECK(head.fields().size() == 3);
  CHECK(head.fields()[1].name == "X-One");
  CHECK(head.fields()[1].value == "two");
  CHECK(head.fields()[1].id == known_field::other);
  CHECK(head.field(known_field::accept) == "*/*");
  CHECK(head.field("x-ONE") == "two");
  CHECK(head.field("ACCEPT") == "*/*");
  CHECK(head.field("absent").empty());
  CHECK(head.count(known_field::host) == 1);
  CHECK(head.count(known_field::cookie) == 0);
  CHECK(head.body_framing() == framing::none);
  CHECK(head.keep_alive());
  CHECK_FALSE(head.has_body());

  std::string const moved = text;
  head.rebase(moved.data());
  CHECK(head.target().data() == moved.data() + 4);
  CHECK(head.fields()[0].name.data() == moved.data() + 25);
}

TEST_CASE("requests of good form are accepted") {
  ok("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
  ok("GET / HTTP/1.0\r\n\r\n");
  ok("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
  ok(with_line("Content-Length: 0"));
  ok(with_line("Transfer-Encoding: Chunked"));
}

TEST_CASE("what two readers could take in two ways is refused") {
  bad(with_line("Content-Length: 5\r\nTransfer-Encoding: chunked"), errc::bad_framing);
  bad(with_line("Transfer-Encoding: gzip, chunked"), errc::unsupported_transfer_coding);
  bad(with_host("a b"), errc::bad_host);
}

TEST_CASE("a target of wrong bytes is refused") {
  bad(with_target("/a#b"), errc::bad_target);
}
