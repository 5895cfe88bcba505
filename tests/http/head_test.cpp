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
  std::string const  text =
      "GET /a/b?c=d&e HTTP/1.1\r\nHost: example.com:8080\r\nX-One:  two \t\r\nAccept:*/*\r\n\r\nrest";
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
  ok("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  ok("GET / HTTP/1.2\r\nHost: a\r\n\r\n");
  ok("GET / HTTP/1.9\r\nHost: a\r\n\r\n");
  ok("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n");
  ok("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
  ok("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n");
  ok("get / HTTP/1.1\r\nHost: a\r\n\r\n");              // another method, for the router to refuse
  ok("!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n");  // every special character of a token
  ok("A / HTTP/1.1\r\nHost: a\r\n\r\n");
  ok(std::string(32, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (auto const target : {"/",
                            "//",
                            "/a",
                            "/a/b/",
                            "/?",
                            "/?a=b",
                            "/a?b?c",
                            "/?/?:@",
                            "/%20",
                            "/%00",
                            "/%ff",
                            "/a%2Fb",
                            "/..",
                            "/./",
                            "/-._~!$&'()*+,;=:@",
                            "/?-._~!$&'()*+,;=:@/",
                            "http://a",
                            "http://a/",
                            "http://a?b",
                            "HTTP://A/b",
                            "https://a:443/b?c",
                            "http://[::1]/",
                            "http://[::1]:80",
                            "http://a:/",
                            "http://%61/",
                            "/http://b/",
                            "/:80",
                            "/a:b@c"}) {
    ok(with_target(target));
  }
  for (auto const line : {"X: y",
                          "X:y",
                          "X:\ty",
                          "X: \t y \t ",
                          "X:",
                          "X: ",
                          "X: \t",
                          "x: a\tb",
                          "X: caf\xC3\xA9",
                          "X: \xFF\x80",
                          "!#$%&'*+-.^_`|~09aZ: x",
                          "Content_Length: 5",
                          "X-Content-Length: 5",
                          "Content-Length: 0",
                          "Content-Length: 5",
                          "content-length: 5",
                          "CONTENT-LENGTH:5",
                          "Content-Length:\t5\t",
                          "Content-Length: 007",
                          "Content-Length: 9223372036854775807",
                          "Transfer-Encoding: chunked",
                          "transfer-encoding:CHUNKED",
                          "Transfer-Encoding:\t Chunked \t",
                          "Connection: close",
                          "Connection: keep-alive, upgrade",
                          "Connection: ,close,,",
                          "Connection:",
                          "Connection: X-Hop, TE",
                          "Connection: close\r\nConnection: keep-alive",
                          "Connection: Host",
                          "TE: trailers",
                          "Trailer: X-Sum",
                          "Upgrade: websocket",
                          "Expect: 100-continue",
                          "Expect: 100-CONTINUE",
                          "Accept: */*\r\nAccept: text/html",
                          "Cookie: a=\"b\"; c=d",
                          "X: \"unclosed",
                          "X: a:b::c",
                          "X: y\r\nX: z"}) {
    ok(with_line(line));
  }
}

TEST_CASE("a Host of good form is accepted") {
  for (auto const host : {"a",
                          "example.com",
                          "EXAMPLE.com.",
                          "a-b_c~d",
                          "127.0.0.1",
                          "127.0.0.1:80",
                          "a:1",
                          "a:65535",
                          "a:080",
                          "a:",
                          "localhost:8080",
                          "xn--bcher-kva.example",
                          "%C3%BC.example",
                          "%61",
                          "a!$&'()*+;=",
                          "[::]",
                          "[::1]",
                          "[::1]:8080",
                          "[1:2:3:4:5:6:7:8]",
                          "[1::8]",
                          "[1:2:3:4:5:6:7::]",
                          "[::2:3:4:5:6:7:8]",
                          "[::ffff:127.0.0.1]",
                          "[1:2:3:4:5:6:127.0.0.1]",
                          "[fe80::AbCd]",
                          "[v1.a:b]",
                          "999.999.999.999",
                          "1",
                          "0",
                          "..",
                          "-"}) {
    ok(with_host(host));
  }
}

TEST_CASE("a Host that is no host and port is refused") {
  for (auto const& host : {""s,
                           " "s,
                           "\t"s,
                           "a b"s,
                           "a\tb"s,
                           "a,b"s,
                           "a, b"s,
                           "a,"s,
                           ",a"s,
                           ","s,
                           "user@a"s,
                           "user:pw@a"s,
                           "@a"s,
                           "a@"s,
                           "a/"s,
                           "a/b"s,
                           "/"s,
                           "http://a"s,
                           "http://a/"s,
                           "a?"s,
                           "a?b"s,
                           "a#b"s,
                           "a\\b"s,
                           "a\"b\""s,
                           "\"a\""s,
                           "<a>"s,
                           "a>"s,
                           "{a}"s,
                           "a|b"s,
                           "a^b"s,
                           "a`b"s,
                           "a%"s,
                           "a%2"s,
                           "a%zz"s,
                           "a%00"s,
                           "a%2fb"s,
                           "a%40b"s,
                           "a%20"s,
                           "a%0a"s,
                           "a%3a80"s,
                           "%2e%2f"s,
                           ":"s,
                           ":80"s,
                           "a:b"s,
                           "a:80b"s,
                           "a:b80"s,
                           "a:+80"s,
                           "a:-1"s,
                           "a:8 0"s,
                           "a: 80"s,
                           "a :80"s,
                           "a:80:80"s,
                           "a::80"s,
                           "a:65536"s,
                           "a:99999"s,
                           "a:100000"s,
                           "a:0"s,
                           "a:00000"s,
                           "a:000080"s,
                           "a:0x50"s,
                           "a:80,"s,
                           "a:80/"s,
                           "a:80@b"s,
                           "a:\xD9\xA1"s,
                           "::1"s,
                           "1::"s,
                           "[::1"s,
                           "::1]"s,
                           "["s,
                           "]"s,
                           "[]"s,
                           "[]:80"s,
                           "[::1]80"s,
                           "[::1]a"s,
                           "[::1]:"s + "x"s,
                           "[::1]:65536"s,
                           "[::1]::80"s,
                           "[[::1]]"s,
                           "[::1]]"s,
                           "a[::1]"s,
                           "[a]"s,
                           "[1]"s,
                           "[1:2]"s,
                           "[:1]"s,
                           "[1:]"s,
                           "[:::]"s,
                           "[1::2::3]"s,
                           "[1:2:3:4:5:6:7]"s,
                           "[1:2:3:4:5:6:7:8:9]"s,
                           "[1:2:3:4:5:6:7:8::]"s,
                           "[::1:2:3:4:5:6:7:8]"s,
                           "[12345::]"s,
                           "[g::]"s,
                           "[::1%eth0]"s,
                           "[::1%25eth0]"s,
                           "[fe80::1%25]"s,
                           "[127.0.0.1]"s,
                           "[::256.0.0.1]"s,
                           "[::1.2.3]"s,
                           "[::1.2.3.4.5]"s,
                           "[::01.2.3.4]"s,
                           "[::1.2.3.4:5]"s,
                           "[::ffff:127.0.0.1:80]"s,
                           "[ ::1]"s,
                           "[::1 ]"s,
                           "[v.a]"s,
                           "[v1]"s,
                           "[v1.]"s,
                           "[vg.a]"s,
                           "[v1.a/b]"s,
                           "a\x80"s,
                           "b\xC3\xBC"
                           "cher.example"s,
                           "\xFF"s,
                           "a;\x7f"s}) {
    auto const code = host.find('\x7f') == std::string::npos ? errc::bad_host : errc::bad_field;
    bad(with_host(host), code);
  }
  bad("GET / HTTP/1.1\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.2\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.0\r\nHost:\r\n\r\n", errc::bad_host);
  bad("GET http://a/ HTTP/1.1\r\n\r\n", errc::bad_host);
  bad("GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", errc::bad_host);
  bad("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", errc::bad_host);
  bad("OPTIONS * HTTP/1.1\r\n\r\n", errc::bad_host);
  bad("CONNECT a:1 HTTP/1.1\r\n\r\n", errc::bad_host);
  bad("GET / HTTP/1.1\r\nHost : a\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\n Host: a\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"s, errc::bad_field);
}

TEST_CASE("the target's authority wins over Host") {
  http::head_parser  parser;
  http::request_head head;
  REQUIRE(parser.parse("GET HTTPS://Right.example:8443?q HTTP/1.1\r\nHost: wrong.example\r\n\r\n", head) ==
          parse_state::complete);
  CHECK(head.form() == http::target_form::absolute);
  CHECK(head.scheme() == "https");
  CHECK(head.authority() == "Right.example:8443");
  CHECK(head.host() == "Right.example");
  CHECK(head.port() == "8443");
  CHECK(head.path() == "/");
  CHECK(head.query() == "q");
  CHECK(head.has_query());
  CHECK(head.field(known_field::host) == "wrong.example");

  parser.reset();
  REQUIRE(parser.parse("CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n", head) == parse_state::complete);
  CHECK(head.form() == http::target_form::authority);
  CHECK(head.verb() == http::method::connect);
  CHECK(head.host() == "[::1]");
  CHECK(head.port() == "443");
  CHECK(head.path().empty());

  parser.reset();
  REQUIRE(parser.parse("OPTIONS * HTTP/1.1\r\nHost: a:\r\n\r\n", head) == parse_state::complete);
  CHECK(head.form() == http::target_form::asterisk);
  CHECK(head.path() == "*");
  CHECK(head.host() == "a");
  CHECK(head.port().empty());

  parser.reset();
  REQUIRE(parser.parse("GET / HTTP/1.0\r\n\r\n", head) == parse_state::complete);
  CHECK(head.authority().empty());
  CHECK(head.host().empty());
  CHECK(head.scheme().empty());
}

TEST_CASE("a malformed request line is refused") {
  auto const line = [](std::string const& text) { return text + "\r\nHost: a\r\n\r\n"; };
  for (auto const& text : {" GET / HTTP/1.1"s,
                           "\tGET / HTTP/1.1"s,
                           "GET  / HTTP/1.1"s,
                           "GET\t/ HTTP/1.1"s,
                           "GET\t/\tHTTP/1.1"s,
                           "GET /"s,

                           "GET"s,
                           "GET "s,
                           " "s,
                           "GET  "s,
                           "\nGET / HTTP/1.1"s,
                           "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1"s,
                           "\r\n\nGET / HTTP/1.1"s,
                           "\n\nGET / HTTP/1.1"s,
                           "\rGET / HTTP/1.1"s,
                           "\r\rGET / HTTP/1.1"s,
                           "\0GET / HTTP/1.1"s,
                           "G\0ET / HTTP/1.1"s,
                           "GET\0 / HTTP/1.1"s,
                           "G(T / HTTP/1.1"s,
                           "GET, / HTTP/1.1"s,
                           "\"GET\" / HTTP/1.1"s,
                           "G\xC3\x89T / HTTP/1.1"s,
                           "GET:/ HTTP/1.1"s,
                           "GET/ HTTP/1.1"s,
                           "{GET} / HTTP/1.1"s,
                           "\x16\x03\x01\x02\x00"s,
                           "\x80\x2e\x01"s,
                           ": / HTTP/1.1"s,
                           "\xEF\xBB\xBFGET / HTTP/1.1"s,
                           "GET / HTTP/1.1 "s,
                           "GET / HTTP/1.1\t"s,
                           "GET / HTTP/1.1 x"s,
                           "GET / HTTP/1.1\r"s,
                           "GET / HTTP/1.11"s,
                           "GET / HTTP/1.1,"s}) {
    bad(line(text), errc::bad_request_line);
  }
  for (auto const& text : {"GET / "s,           "GET / http/1.1"s,
                           "GET / HTTP/1"s,     "GET / HTTP/1."s,
                           "GET / HTTP/.1"s,    "GET / HTTP/1,1"s,
                           "GET / HTTP 1.1"s,   "GET / HTTP/ 1.1"s,
                           "GET / HTTP/1 .1"s,  "GET / HTTP/1. 1"s,
                           "GET / HTTP/+1.1"s,  "GET / HTTP/01.1"s,
                           "GET / HTTP/10.1"s,  "GET / HTTP/1.x"s,
                           "GET / HTTP/x.1"s,   "GET / HTTP/"s,
                           "GET / HTTP"s,       "GET / Http/1.1"s,
                           "GET / HTTPS/1.1"s,  "GET / XHTTP/1.1"s,
                           "GET / HTTP/2"s,     "GET / HTTP\\1.1"s,
                           "GET / ICY/1.1"s,    "GET / 1.1"s,
                           "GET /  HTTP/1.1"s,  "GET / \tHTTP/1.1"s,
                           "GET / x HTTP/1.1"s, "GET /a b HTTP/1.1"s,
                           "GET / \0HTTP/1.1"s, "GET / HTTP/\xEF\xBC\x91.1"s,
                           "GET / HTTP/1\0.1"s, "GET / HTTP/-1.1"s,
                           "GET / SIP/2.0"s}) {
    bad(line(text), errc::bad_version);
  }
  for (auto const version : {"0.9", "0.0", "2.0", "2.1", "3.0", "9.9"})
    bad(line("GET / HTTP/"s + version), errc::version_not_supported);
  bad("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", errc::version_not_supported);
  bad("GET / HTTP/1.1\nHost: a\r\n\r\n", errc::bad_request_line);
  bad("GET / HTTP/1.1\n\rHost: a\r\n\r\n", errc::bad_request_line);
  bad("GET / HTTP/1.1\rHost: a\r\n\r\n", errc::bad_request_line);
  bad("GET / HTTP/1.1\r\rHost: a\r\n\r\n", errc::bad_request_line);
  bad("GET /\n\n", errc::bad_request_line);
  bad("GET /\r\n\r\n", errc::bad_request_line);
  bad(line(std::string(33, 'M') + " / HTTP/1.1"), errc::unsupported_method);
  bad(std::string(5000, 'A'), errc::unsupported_method);
}

TEST_CASE("a malformed target is refused") {
  for (auto const& target : {"/a#b"s,
                             "#"s,
                             "/#"s,
                             "/a\"b"s,
                             "/<a>"s,
                             "/a\\b"s,
                             "\\"s,
                             "/a^b"s,
                             "/a`b"s,
                             "/{a}"s,
                             "/a|b"s,
                             "/a%"s,
                             "/a%4"s,
                             "/a%zz"s,
                             "/a%4z"s,
                             "/%%20"s,
                             "/%u002f"s,
                             "/?a=%"s,
                             "/?a=%g0"s,
                             "/[a]"s,
                             "/?a[]=b"s,
                             "/a\xC3\xA9"s,
                             "/\xFF"s,
                             "/a\0b"s,
                             "/a\x01"s,
                             "/a\x7f"s,
                             "/a\tb"s,
                             "/a\x0b"s,
                             "/a\x0c"s,
                             "\x01"s,
                             "a"s,
                             "a/b"s,
                             "."s,
                             ".."s,
                             "?a"s,
                             "?"s,
                             "@"s,
                             "a@b"s,
                             "**"s,
                             "*/"s,
                             "*?"s,
                             "/\x1b[31m"s,
                             "*a"s,
                             "a:80"s,
                             "localhost"s,
                             "localhost:80"s,
                             "http:"s,
                             "http:/"s,
                             "http://"s,
                             "http:///"s,
                             "http:///a"s,
                             "http://?a"s,
                             "http:a"s,
                             "http:/a"s,
                             "https://"s,
                             "ftp://a/"s,
                             "file:///etc/passwd"s,
                             "ws://a/"s,
                             "httpx://a/"s,
                             "xhttp://a/"s,
                             "http//a"s,
                             "://a"s,
                             "//"s + "\\"s,
                             "http://a b/"s.substr(0, 8) + "\x01"s,
                             "http://u@a/"s,
                             "http://u:p@a/"s,
                             "http://@a/"s,
                             "http://a:b/"s,
                             "http://a:65536/"s,
                             "http://a:0/"s,
                             "http://a:-1/"s,
                             "http://a:80:80/"s,
                             "http://:80/"s,
                             "http://[::1/"s,
                             "http://::1]/"s,
                             "http://[::1]a/"s,
                             "http://[]/"s,
                             "http://[g]/"s,
                             "http://a,b/"s,
                             "http://a%/"s,
                             "http://a%2fb/"s,
                             "http://a%00/"s,
                             "http://a/[b]"s,
                             "http://[::1]/[b]"s,
                             "http://a/?[b]"s,
                             "http://a#b"s,
                             "http://a/#b"s,
                             "http://a\\b/"s,
                             "http://a/\\"s,
                             "http:\\\\a\\"s,
                             "javascript:alert(1)"s,
                             "data:,x"s,
                             "urn:a:b"s,
                             "mailto:a@b"s}) {
    bad(with_target(target), errc::bad_target);
  }
  for (auto const method : {"GET", "POST", "HEAD", "PUT", "DELETE", "TRACE", "PATCH", "OPTIONSX", "options"}) {
    bad(method + " * HTTP/1.1\r\nHost: a\r\n\r\n"s, errc::bad_target);
  }
  for (auto const target : {"/", "*", "a", "a:", "a:0", "a:65536", ":443", "a:443/", "a:443?b", "http://a:443/",
                            "http://a:443", "u@a:443", "[::1]", "[::1]:", "[::1:443", "::1:443", "a:b", "a,b:1"}) {
    bad("CONNECT "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n", errc::bad_target);
  }
}

TEST_CASE("a malformed field line is refused") {
  for (auto const& text : {"X"s,
                           "X y"s,
                           ":"s,
                           ": y"s,
                           " : y"s,
                           "X : y"s,
                           "X\t: y"s,
                           "X \t : y"s,
                           "X y: z"s,
                           " X: y"s,
                           "\tX: y"s,
                           "X: y\r\n z"s,
                           "X: y\r\n\tz"s,
                           "X:\r\n y"s,
                           "X: y\r\n "s,
                           "X: y\r\n \r\n z"s,
                           "X: y\nZ: z"s,
                           "X: y\n"s,
                           "X: y\rZ: z"s,
                           "X: y\r"s,
                           "X: y\r\r"s,
                           "X: y\n\nGET /b HTTP/1.1"s,
                           "X: a\0b"s,
                           "X: \0"s,
                           "X\0: a"s,
                           "\0X: a"s,
                           "\0: a"s,
                           "X: a\x01"s,
                           "X: a\x08"s,
                           "X: a\x0b"
                           "b"s,
                           "X: a\x0c"
                           "b"s,
                           "X: a\x1b[0m"s,
                           "X: a\x1f"s,
                           "X: a\x7f"s,
                           "X\x7f: a"s,
                           "X\x01: a"s,
                           "X\x0b: a"s,
                           "X(: a"s,
                           "X): a"s,
                           "X<: a"s,
                           "X>: a"s,
                           "X@: a"s,
                           "X,: a"s,
                           "X;: a"s,
                           "X\\: a"s,
                           "X\": a"s,
                           "\"X\": a"s,
                           "X/: a"s,
                           "X[: a"s,
                           "X]: a"s,
                           "X?: a"s,
                           "X=: a"s,
                           "X{: a"s,
                           "X}: a"s,
                           "X\xC3\xA9: a"s,
                           "\xEF\xBB\xBFX: a"s,
                           "\xA0X: a"s,
                           "X\xA0: a"s,
                           "\nX: a"s,
                           "\rX: a"s,
                           "X\n: a"s,
                           "X\r: a"s,
                           "X\r\n: a"s,
                           "Content-Length\x0b: 5"s,
                           "Content-Length\0: 5"s,
                           "Content\rLength: 5"s,
                           "Content\r\nLength: 5"s,
                           "Transfer\rEncoding: chunked"s,
                           "Transfer\x0d"
                           "Encoding:chunked\x20\x20\x20\x20\x20\x20\x20\x20"s,
                           "Content-Length : 5"s,
                           "Content-Length\t: 5"s,
                           " Content-Length: 5"s,
                           "\tContent-Length: 5"s,
                           "Content-Length 5"s,
                           "Content Length: 5"s,
                           "Content-Length\xA0: 5"s,
                           "Transfer-Encoding : chunked"s,
                           "Transfer-Encoding\t: chunked"s,
                           " Transfer-Encoding: chunked"s,
                           "\tTransfer-Encoding: chunked"s,
                           "Transfer-Encoding\r\n: chunked"s,
                           "Transfer-Encoding: chunked\r\n , x"s,
                           "Transfer-Encoding:\x0b"
                           "chunked"s,
                           "Transfer-Encoding: \x0c"
                           "chunked"s,
                           "Transfer-Encoding: chunked\0"s,
                           "Transfer-Encoding:\0chunked"s,
                           "Transfer-Encoding: chunked\x01"s,
                           "Transfer-Encoding\x0b: chunked"s,
                           "X: y\rTransfer-Encoding: chunked"s,
                           "X: y\nTransfer-Encoding: chunked"s,
                           "X: y\n\rTransfer-Encoding: chunked"s,
                           "Foo: bar\r\n\rTransfer-Encoding: chunked"s,
                           "\x1d"
                           "Transfer-Encoding: chunked"s,
                           "Transfer-Encoding: chunked\n"s,
                           "Transfer-Encoding\n: chunked"s,
                           "GET / HTTP/1.1"s,
                           "[Host]: a"s,
                           "Host a"s}) {
    bad(with_line(text), errc::bad_field);
  }
  bad("GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\n : a\r\nHost: a\r\n\r\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\nHost: a\n\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\nHost: a\r\n\n", errc::bad_field);
  bad("GET / HTTP/1.1\r\nHost: a\r\n\rX", errc::bad_field);
  bad("GET / HTTP/1.1\r\n\n", errc::bad_field);
  for (auto const line : {"Connection: \"close\"", "Connection: a b", "Connection: close;x", "Connection: (x)",
                          "Connection: a=b", "Connection: \"", "Connection: clo\xC3\xA9se"}) {
    bad(with_line(line), errc::bad_field);
  }
  for (auto const line : {"Expect: 200-ok", "Expect: 100-continue, x", "Expect: 100-continue;q=1", "Expect: 100",
                          "Expect: \"100-continue\"", "Expect: 100 continue"}) {
    bad(with_line(line), errc::expectation_failed);
  }
}

TEST_CASE("a Content-Length that is not one plain number is refused") {
  for (auto const value : {"",
                           " ",
                           "+5",
                           "-5",
                           "-0",
                           "+0",
                           "5 5",
                           "5,5",
                           "5, 5",
                           "5,",
                           ",5",
                           "5, 6",
                           "5;a",
                           "0x5",
                           "0X5",
                           "5h",
                           "5.0",
                           "5e1",
                           "5_0",
                           "1'0",
                           "\"5\"",
                           "'5'",
                           "five",
                           "a",
                           "5a",
                           "a5",
                           "0b1",
                           "0o5",
                           "5\t5",
                           "--5",
                           "++5",
                           "5-",
                           "5+",
                           "%35",
                           "\xD9\xA5",
                           "5\xA0",
                           "\xA0"
                           "5",
                           "\xEF\xBC\x95",
                           "9223372036854775808",
                           "18446744073709551615",
                           "18446744073709551616",
                           "18446744073709551621",
                           "99999999999999999999999999",
                           "chunked",
                           "identity",
                           "0,0",
                           "null",
                           "Infinity",
                           "NaN",
                           "(5)",
                           "5\\",
                           "5:5",
                           "1 0"}) {
    bad(with_line("Content-Length: "s + value), errc::bad_content_length);
  }
  for (auto const lines : {"Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
                           "Content-Length: 0\r\nX: y\r\ncontent-length: 0",
                           "Content-Length: 5\r\nContent-Length:", "Content-Length: 0\r\nContent-Length: 44"}) {
    bad(with_line(lines), errc::bad_content_length);
  }
  bad("GET / HTTP/1.0\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", errc::bad_content_length);
}

TEST_CASE("a Transfer-Encoding other than chunked is refused") {
  for (auto const value : {"",
                           ",",
                           "xchunked",
                           "chunkedx",
                           "chunke",
                           "x-chunked",
                           "chunked-x",
                           "chunk",
                           "chunked,",
                           ",chunked",
                           ", chunked",
                           "chunked, ",
                           "chunked,,",
                           "chunked, chunked",
                           "chunked,chunked",
                           "chunked, gzip",
                           "chunked, identity",
                           "identity",
                           "identity, x",
                           "identity, chunked, identity",
                           "gzip",
                           "deflate",
                           "compress",
                           "x-gzip",
                           "cow",
                           "chunked;q=1",
                           "chunked;a",
                           "chunked;",
                           "chunked ; a=b",
                           "gzip, chunked;a=b",
                           "\"chunked\"",
                           "'chunked'",
                           "chunked chunked",
                           "chu nked",
                           "chunked\tx",
                           "chun\tked",
                           "[chunked]",
                           "(chunked)",
                           "chunked=1",
                           "chunked:",
                           "chunked/1",
                           "chunked\\",
                           "gzip chunked",
                           "gzip;chunked",
                           "gzip,\"chunked\"",
                           "gzip;a, chunked",
                           "gzip;a=, chunked",
                           "gzip;=b, chunked",
                           "@, chunked",
                           "gzip, @, chunked",
                           "gzip;a=\"b, chunked",
                           "chunked, gzip, chunked",
                           "\xA0"
                           "chunked",
                           "chunked\xA0",
                           "chunked\xC2\xA0",
                           "chunk\xC5\xA7"
                           "ed",
                           "%63hunked",
                           "5",
                           "null",
                           "trailers",
                           "identity, identity",
                           "gzip, deflate",
                           "chunked,x"}) {
    bad(with_line("Transfer-Encoding: "s + value), errc::bad_transfer_encoding);
  }
  for (auto const value : {"gzip, chunked", "gzip,chunked", "x, chunked", "identity, chunked",
                           "gzip;level=9, deflate, chunked", ",gzip,,chunked", "gzip;a=\"b,c\", Chunked"}) {
    bad(with_line("Transfer-Encoding: "s + value), errc::unsupported_transfer_coding);
  }
  for (auto const lines :
       {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
        "Transfer-Encoding: chunked\r\nX: y\r\ntransfer-encoding: gzip",
        "Transfer-Encoding: chunked\r\nTransfer-encoding: cow",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"}) {
    bad(with_line(lines), errc::bad_transfer_encoding);
  }
  for (auto const lines :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nTransfer-Encoding: identity",
        "Content-Length: 5\r\nX: y\r\nTransfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nContent-Length:", "Content-Length: 5\r\nTransfer-Encoding:"}) {
    bad(with_line(lines), errc::bad_framing);
  }
  bad("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", errc::bad_transfer_encoding);
  bad(with_line("Transfer-Encoding:\r\n chunked"), errc::bad_transfer_encoding);  // the line alone is one already
  bad(with_line("Transfer-Encoding: \r\n\tchunked"), errc::bad_transfer_encoding);
  bad("POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      errc::bad_transfer_encoding);
}

TEST_CASE("fields decide framing, persistence and expectations") {
  auto const read = [](std::string const& text, auto const& question) {
    http::head_parser  parser;
    http::request_head head;
    REQUIRE(parser.parse(text, head) == parse_state::complete);
    return question(head);
  };
  auto const keeps = [&](std::string const& text) {
    return read(text, [](auto const& head) { return head.keep_alive(); });
  };
  CHECK(keeps(with_line("X: y")));
  CHECK(keeps(with_line("Connection: keep-alive")));
  CHECK(keeps(with_line("Connection: closed")));
  CHECK_FALSE(keeps(with_line("Connection: close")));
  CHECK_FALSE(keeps(with_line("Connection: x, CLOSE")));
  CHECK_FALSE(keeps(with_line("Connection: close, keep-alive")));
  CHECK_FALSE(keeps(with_line("Connection: keep-alive\r\nConnection: close")));
  CHECK_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));

  auto const waits = [&](std::string const& text) {
    return read(text, [](auto const& head) { return head.expects_continue(); });
  };
  CHECK(waits(with_line("Expect: 100-continue\r\nContent-Length: 1")));
  CHECK(waits(with_line("Transfer-Encoding: chunked\r\nexpect: 100-Continue")));
  CHECK_FALSE(waits(with_line("Expect: 100-continue")));
  CHECK_FALSE(waits(with_line("Expect: 100-continue\r\nContent-Length: 0")));
  CHECK_FALSE(waits("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));

  auto const upgrade = [&](std::string const& text) {
    return read(text, [](auto const& head) { return std::string(head.upgrade()); });
  };
  CHECK(upgrade(with_line("Connection: Upgrade\r\nUpgrade: websocket")) == "websocket");
  CHECK(upgrade(with_line("Upgrade: websocket")) == "");
  CHECK(upgrade("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n") == "");

  auto const frames = [&](std::string const& text) {
    return read(text, [](auto const& head) { return std::pair(head.body_framing(), head.content_length()); });
  };
  CHECK(frames(with_line("X: y")) == std::pair(framing::none, std::uint64_t{0}));
  CHECK(frames(with_line("Content-Length: 0012")) == std::pair(framing::length, std::uint64_t{12}));
  CHECK(frames(with_line("Content-Length: 9223372036854775807")) ==
        std::pair(framing::length, std::uint64_t{9223372036854775807}));
  CHECK(frames(with_line("Transfer-Encoding: chunked")) == std::pair(framing::chunked, std::uint64_t{0}));
}

TEST_CASE("a refusal does not wait for the rest of the head") {
  auto const at_once = [](std::string const& text, errc wanted) {
    auto const result = parse_alike(text);
    INFO(text);
    CHECK(result.state == parse_state::failed);
    CHECK(result.error == make_error_code(wanted));
  };
  at_once("\n", errc::bad_request_line);
  at_once("\x16", errc::bad_request_line);
  at_once("GET  ", errc::bad_request_line);
  at_once("GET /#", errc::bad_target);
  at_once("GET /%z", errc::bad_target);
  at_once("GET / h", errc::bad_version);
  at_once("GET / HTTP/1.1\n", errc::bad_request_line);
  at_once("GET / HTTP/2.0\r\n", errc::version_not_supported);
  at_once("GET x HTTP/1.1\r\n", errc::bad_target);
  at_once("GET / HTTP/1.1\r\n ", errc::bad_field);
  at_once("GET / HTTP/1.1\r\nX ", errc::bad_field);
  at_once("GET / HTTP/1.1\r\nX: \x01", errc::bad_field);
  at_once("GET / HTTP/1.1\r\nX: y\n", errc::bad_field);
  at_once("GET / HTTP/1.1\r\nHost: a b\r\n", errc::bad_host);
  at_once("POST / HTTP/1.1\r\nContent-Length: x\r\n", errc::bad_content_length);
  at_once("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", errc::bad_framing);
}

TEST_CASE("a head that is not whole is waited for") {
  std::string const text =
      "\r\nPOST /a?b HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\nX-Longer-Than-Most: and a value\tof some "
      "length\r\n\r\n";
  for (std::size_t size = 0; size != text.size(); ++size) {
    CHECK(parse_whole(text.substr(0, size)).state == parse_state::need_more);
  }
  CHECK(parse_whole(text).state == parse_state::complete);
}

TEST_CASE("limits of a head have their answers, in every split") {
  auto const limited = [](std::string const& text, http::head_limits limits) {
    auto const result = parse_alike(text, limits);
    return result.state == parse_state::failed ? result.error : std::error_code{};
  };
  std::string const start = "GET / HTTP/1.1\r\nHost: a\r\n";
  // The whole head.
  auto const padded = [&](std::size_t size) {
    return start + "X: " + std::string(size - start.size() - 7, 'y') + "\r\n\r\n";
  };
  CHECK(padded(300).size() == 300);
  CHECK_FALSE(limited(padded(300), {.head = 300}));
  CHECK(limited(padded(301), {.head = 300}) == errc::head_too_large);
  CHECK(limited(padded(5000), {.head = 300}) == errc::head_too_large);
  CHECK(limited(start + "X: " + std::string(600, 'y'), {.head = 300}) == errc::head_too_large);
  CHECK(limited(start + std::string(600, 'y'), {.head = 300}) == errc::head_too_large);
  CHECK(limited(padded(20000), {}) == errc::head_too_large);
  // The number of fields.
  auto const many = [&](std::size_t fields) {
    std::string text = start;
    for (std::size_t i = 1; i != fields; ++i) text += "X: y\r\n";
    return text;
  };
  CHECK_FALSE(limited(many(100) + "\r\n", {}));
  CHECK(limited(many(101) + "\r\n", {}) == errc::too_many_fields);
  CHECK(limited(many(100) + "X", {}) == errc::too_many_fields);
  CHECK_FALSE(limited(many(100) + "\r", {}));
  // The target.
  auto const target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  CHECK_FALSE(limited(target(8192), {}));
  CHECK(limited(target(8193), {}) == errc::target_too_long);
  CHECK(limited(target(8193).substr(0, 8197), {}) == errc::target_too_long);
  CHECK_FALSE(limited(target(8192).substr(0, 8196), {}));
  CHECK(limited(target(30000), {}) == errc::target_too_long);
  CHECK(limited("GET /" + std::string(18, 'a') + "%41 HTTP/1.1\r\n", {.target = 20}) == errc::target_too_long);
  CHECK(limited("GET /" + std::string(16, 'a') + "%zz HTTP/1.1\r\n", {.target = 20}) == errc::bad_target);
  CHECK(limited("GET /" + std::string(400, 'a'), {.head = 300}) == errc::target_too_long);
  CHECK(limited(start + "Host: b\r\n" + std::string(600, 'y'), {.head = 300}) ==
        errc::bad_host);  // what comes first decides
}

namespace {

// Some of what requests are made of, good and bad.
std::string random_head(std::mt19937& random) {
  static std::vector<std::string> const starts{
      "GET / HTTP/1.1\r\n",  "POST /a/b?c=d HTTP/1.1\r\n", "GET http://b:80/%41 HTTP/1.1\r\n",
      "GET / HTTP/1.0\r\n",  "\r\nPUT /x HTTP/1.1\r\n",    "OPTIONS * HTTP/1.1\r\n",
      "GET /%4 HTTP/1.1\r\n"};
  static std::vector<std::string> const lines{
      "Host: a:80\r\n",           "Host: a:80\r\n",
      "Content-Length: 5\r\n",    "Transfer-Encoding: chunked\r\n",
      "Connection: close\r\n",    "X-Some-Thing: \t a value of forty bytes and more, so there\r\n",
      "Accept: */*\r\n",          "accept-encoding:gzip\r\n",
      "Cookie: a=b\tc\r\n",       "X:\r\n",
      "Expect: 100-continue\r\n", "User-Agent: x/1.0 (y; z)\r\n"};
  static std::string const noise = "\r\n :\t\0\x01/%;,=\"aZ9\x7f\xC3"s;
  std::string              text  = starts[random() % starts.size()];
  for (std::size_t i = random() % 6; i != 0; --i) text += lines[random() % lines.size()];
  text += "\r\n";
  if (random() % 2 == 0) {  // one byte goes wrong
    auto const at = random() % text.size();
    switch (random() % 3) {
      case 0: text[at] = noise[random() % noise.size()]; break;
      case 1: text.erase(at, 1); break;
      default: text.insert(at, 1, noise[random() % noise.size()]); break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("any split of a head is parsed alike") {
  std::mt19937 random(20240607);
  int          good     = 0;
  int          bad_ones = 0;
  for (int round = 0; round != 6000; ++round) {
    auto const               text  = random_head(random);
    auto const               whole = parse_whole(text);
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end < text.size();)
      ends.push_back(end = std::min<std::size_t>(text.size(), end + 1 + random() % 20));
    INFO(text);
    CHECK(parse_in_steps(text, ends) == whole);
    good += whole.state == parse_state::complete ? 1 : 0;
    bad_ones += whole.state == parse_state::failed ? 1 : 0;
  }
  CHECK(good > 1000);
  CHECK(bad_ones > 1000);
}

TEST_CASE("bytes behind a head change nothing of it") {
  std::mt19937 random(3);
  for (int round = 0; round != 2000; ++round) {
    auto const text  = random_head(random);
    auto const alone = parse_whole(text);
    if (alone.state == parse_state::need_more) continue;
    INFO(text);
    for (auto const behind : {"GET /b HTTP/1.1\r\nHost: b\r\n\r\n", "\r\n", "X: y\r\n\r\n",
                              "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"}) {
      CHECK(parse_whole(text + behind) == alone);
    }
  }
}

TEST_CASE("what a head said is forgotten by the next") {
  http::head_parser  parser;
  http::request_head head;
  REQUIRE(parser.parse("POST http://b:1/c?d HTTP/1.0\r\nContent-Length: 5\r\nConnection: close, upgrade\r\nExpect: "
                       "100-continue\r\nUpgrade: x\r\nCookie: e\r\n\r\n",
                       head) == parse_state::complete);
  parser.reset();
  std::string const text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  REQUIRE(parser.parse(text, head) == parse_state::complete);
  CHECK(describe(head) == parse_whole(text).seen);
  CHECK_FALSE(head.has(known_field::cookie));
  CHECK(head.field(known_field::cookie).empty());
  CHECK(head.field("cookie").empty());
  parser.reset();
  CHECK(parser.parse("GET x", head) == parse_state::need_more);
  CHECK(parser.parse("GET x HTTP/1.1\r\n", head) == parse_state::failed);
  CHECK(head.verb() == http::method::get);
  CHECK(head.target() == "x");
  CHECK(head.fields().empty());
  CHECK(parser.parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n", head) == parse_state::failed);  // until it is reset
}

TEST_CASE("every known field is found by its name in any case") {
  for (std::size_t i = 1; i != http::known_field_count; ++i) {
    auto const id   = static_cast<known_field>(i);
    auto       name = std::string(http::to_text(id));
    for (int form = 0; form != 3; ++form) {
      if (form == 1) name[0] = static_cast<char>(name[0] - 32);
      if (form == 2) {
        for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      }
      CHECK(http::classify_field(name) == id);
      std::string value = "x";
      if (id == known_field::content_length) value = "1";
      if (id == known_field::transfer_encoding) value = "chunked";
      if (id == known_field::expect) value = "100-continue";
      auto const text = "GET / HTTP/1.1\r\n" + (id == known_field::host ? "" : "Host: a\r\n"s) + name + ":" + value +
                        "\r\n\r\n                                ";
      http::head_parser  parser;
      http::request_head head;
      REQUIRE(parser.parse(text, head) == parse_state::complete);
      CHECK(head.has(id));
      CHECK(head.field(id) == value);
      CHECK(head.fields().back().id == id);
      // One letter off is another name, whatever it does to the bits of the letter.
      for (std::size_t at = 0; at != name.size(); ++at) {
        for (char const other : {static_cast<char>(name[at] ^ 0x20), static_cast<char>(name[at] ^ 0x01), '!', '_'}) {
          auto near = name;
          near[at]  = other;
          if (tensorgate::equals_ignoring_case(near, name)) continue;
          CHECK(http::classify_field(near) != id);
          auto const near_text =
              "GET / HTTP/1.1\r\nHost: a\r\n" + near + ":" + value + "\r\n\r\n                                ";
          parser.reset();
          if (parser.parse(near_text, head) == parse_state::complete) CHECK(head.fields().back().id != id);
        }
      }
    }
  }
}
