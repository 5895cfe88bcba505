#include <tensorgate/http/body.hpp>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/http/write.hpp>

namespace http = tensorgate::http;
using http::errc;
using http::framing;
using namespace std::string_literals;

namespace {

struct outcome {
  std::string     data;
  std::size_t     consumed = 0;
  bool            done     = false;
  std::error_code error;
  std::string     note;
  std::string     trailers;

  friend bool operator==(outcome const&, outcome const&) = default;
};

// Decodes what comes in pieces of `step` bytes (0: random sizes), each from memory of its own.
outcome decode(std::string_view all, http::body_limits const& limits, std::size_t step, unsigned seed = 1) {
  http::chunked_decoder decoder(limits);
  outcome               result;
  std::mt19937          random(seed);
  for (std::size_t at = 0; at < all.size() && !decoder.done() && !decoder.failed();) {
    auto const        size = std::min(step == 0 ? 1 + random() % 9 : step, all.size() - at);
    std::vector<char> piece(all.begin() + static_cast<std::ptrdiff_t>(at),
                            all.begin() + static_cast<std::ptrdiff_t>(at + size));
    std::string_view  rest(piece.data(), piece.size());
    while (!rest.empty() && !decoder.done() && !decoder.failed()) {
      std::string_view data;
      auto const       took = decoder.decode(rest, data);
      CHECK(took > 0);
      result.data.append(data);
      result.consumed += took;
      rest.remove_prefix(took);
    }
    at += size;
  }
  CHECK(decoder.received() == result.data.size());
  result.done  = decoder.done();
  result.error = decoder.error();
  result.note  = std::string(decoder.note());
  if (result.done) {
    for (auto const& one : decoder.trailers())
      result.trailers.append(one.name).append("=").append(one.value).append(";");
  }
  return result;
}

outcome decode_alike(std::string_view all, http::body_limits const& limits = {}) {
  auto const whole = decode(all, limits, all.size() + 1);
  CHECK(whole == decode(all, limits, 1));
  CHECK(whole == decode(all, limits, 3));
  CHECK(whole == decode(all, limits, 0));
  return whole;
}

void ok(std::string_view text, std::string_view data, std::string_view trailers = "") {
  INFO("accepted: ", text);
  auto const result = decode_alike(std::string(text) + "GET / HTTP/1.1\r\n");
  CHECK_MESSAGE(result.done, text, " : ", result.note);
  CHECK(result.data == data);
  CHECK(result.trailers == trailers);
  CHECK(result.consumed == text.size());  // the next request is not touched
}

void bad(std::string_view text, errc wanted = errc::bad_chunk, http::body_limits const& limits = {}) {
  auto const result = decode_alike(text, limits);
  CHECK_MESSAGE(!result.done, "not refused: ", text);
  CHECK_MESSAGE(result.error == make_error_code(wanted), text, " : ", result.error.message(), " : ", result.note);
}

}  // namespace

TEST_CASE("chunks are put together") {
  ok("0\r\n\r\n", "");
  ok("5\r\nhello\r\n0\r\n\r\n", "hello");
  ok("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world");
  ok("a\r\n0123456789\r\n0\r\n\r\n", "0123456789");
  ok("A\r\n0123456789\r\n0\r\n\r\n", "0123456789");
  ok("10\r\n0123456789abcdef\r\n000\r\n\r\n", "0123456789abcdef");
  ok("0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello");
  ok("2\r\n\r\n\r\n0\r\n\r\n", "\r\n");
  ok("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n");
}

TEST_CASE("extensions of good grammar are passed over") {
  for (auto const extension : {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a=\"b\\\"c\"", ";a=\"b;c=d\"", ";a;b;c",
                               ";a=b;c=d", "; a", " ;a", "\t;\ta", ";a =b", ";a= b", ";a = b", ";a = \"b\" ; c",
                               ";a ;b", ";a=\"\t \xC3\xA9\"", ";a=\"\\\\\"", ";!#$%&'*+-.^_`|~=x"}) {
    INFO(extension);
    ok("1"s + extension + "\r\nx\r\n0\r\n\r\n", "x");
    ok("1\r\nx\r\n0"s + extension + "\r\n\r\n", "x");
  }
}

TEST_CASE("a size line of another form is refused") {
  for (auto const& line : {""s,
                           " "s,
                           " 5"s,
                           "\t5"s,
                           "5 "s,
                           "5\t"s,
                           "+5"s,
                           "-5"s,
                           "0x5"s,
                           "0X5"s,
                           "x5"s,
                           "5h"s,
                           "g"s,
                           "5,"s,
                           "5.0"s,
                           "5_0"s,
                           "5 5"s,
                           "\"5\""s,
                           "5\0"s,
                           "5\x0b"s,
                           "\x0b"
                           "5"s,
                           "5\x0c"s,
                           "5:"s,
                           "5#a"s,
                           "5=a"s,
                           "\xEF\xBC\x95"s,
                           "5;"s,
                           "5; "s,
                           "5;;a"s,
                           "5;=b"s,
                           "5;a="s,
                           "5;a= "s,
                           "5;a=;b"s,
                           "5;a;"s,
                           "5;a "s,
                           "5;a=b "s,
                           "5;a b"s,
                           "5;a=b c"s,
                           "5;a==b"s,
                           "5;a=\"b"s,
                           "5;a=\"b\"c"s,
                           "5;a=b\"c\""s,
                           "5;\"a\"=b"s,
                           "5;a=\"\n\""s,
                           "5;a=\"\0\""s,
                           "5;a=\"\x7f\""s,
                           "5;a\x01"s,
                           "5;a=\xC3\xA9"s,
                           "5;a=(b)"s,
                           "5;a=b,c"s,
                           "5;a\0b"s}) {
    INFO(line);
    bad(line + "\r\nhello\r\n0\r\n\r\n");
  }
}

TEST_CASE("a bare CR or LF is refused wherever it stands") {
  for (auto const& text : {"5\nhello\r\n0\r\n\r\n",
                           "5\rhello\r\n0\r\n\r\n",
                           "5\r\rhello\r\n0\r\n\r\n",
                           "5\n\rhello\r\n0\r\n\r\n",
                           "5\r\nhello\n0\r\n\r\n",
                           "5\r\nhello\r0\r\n\r\n",
                           "5\r\nhello\n\r0\r\n\r\n",
                           "5\r\nhello0\r\n\r\n",
                           "5\r\nhello\r\n0\n\r\n",
                           "5\r\nhello\r\n0\r\r\n\r\n",
                           "5\r\nhello\r\n0\n\n",
                           "5\r\nhello\r\n\r\n0\r\n\r\n",
                           "5\r\nhello \r\n0\r\n\r\n",
                           "5\r\nhellox\r\n0\r\n\r\n",
                           "4\r\nhello\r\n0\r\n\r\n",
                           "6\r\nhello\r\n0\r\n\r\n",
                           "\r\n5\r\nhello\r\n0\r\n\r\n",
                           "\n5\r\nhello\r\n0\r\n\r\n",
                           "5;a\nb\r\nhello\r\n0\r\n\r\n",
                           "5;a\rb\r\nhello\r\n0\r\n\r\n",
                           "5;a\n\r\nhello\r\n0\r\n\r\n",
                           "5;\nhello\r\n0\r\n\r\n",
                           "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
                           "5;a=\"\\\r\n\"\r\nhello\r\n0\r\n\r\n"}) {
    INFO(text);
    bad(text);
  }
  bad("0\r\n\n", errc::bad_trailer);
  bad("0\r\n\rX", errc::bad_chunk);
}

TEST_CASE("a size cannot wrap around") {
  http::body_limits const vast{.body = 0xFFFFFFFFFFFFFFFFU};
  bad("10000000000000000\r\n", errc::bad_chunk);
  bad("00000000000000005\r\nhello\r\n", errc::bad_chunk);
  bad("100000000000000005\r\nhello\r\n", errc::bad_chunk, vast);
  bad("FFFFFFFFFFFFFFFF\r\n", errc::bad_chunk, vast);
  bad("8000000000000000\r\n", errc::bad_chunk, vast);
  bad("FFFFFFFFFFFFFFFF0\r\n", errc::bad_chunk, vast);
  bad("7FFFFFFFFFFFFFFF\r\n", errc::body_too_large);
  auto const large = decode_alike("7FFFFFFFFFFFFFFF\r\nabc", vast);
  CHECK_FALSE(large.error);
  CHECK(large.data == "abc");
}

TEST_CASE("a body has a limit, which the size line decides before the data") {
  http::body_limits const ten{.body = 10};
  CHECK(decode_alike("a\r\n0123456789\r\n0\r\n\r\n", ten).done);
  CHECK(decode_alike("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", ten).done);
  bad("b\r\n", errc::body_too_large, ten);
  bad("b;a", errc::body_too_large, ten);
  bad("5\r\n01234\r\n6\r\n", errc::body_too_large, ten);
  bad("a\r\n0123456789\r\n1\r\n", errc::body_too_large, ten);
  bad("1\r\n", errc::body_too_large, {.body = 0});
  CHECK(decode_alike("0\r\n\r\n", {.body = 0}).done);
}

TEST_CASE("extensions have limits, for each chunk and for all") {
  auto const long_one = [](std::size_t size) { return "1;" + std::string(size - 1, 'a') + "\r\nx\r\n"; };
  CHECK(decode_alike(long_one(256) + "0\r\n\r\n").done);
  bad(long_one(257) + "0\r\n\r\n");
  bad("1;" + std::string(400, 'a'));
  bad("1;a=\"" + std::string(400, 'a'));
  bad("1 " + std::string(400, ' '));
  bad("0;" + std::string(400, 'a'));
  std::string many;
  for (int i = 0; i != 64; ++i) many += long_one(256);
  CHECK(decode_alike(many + "0\r\n\r\n").done);
  bad(many + long_one(2) + "0\r\n\r\n");
}

TEST_CASE("trailer fields follow the grammar of fields") {
  ok("0\r\nX: y\r\n\r\n", "", "X=y;");
  ok("1\r\nx\r\n0\r\nX:y\r\nZ: \t z \t\r\nE:\r\n\r\n", "x", "X=y;Z=z;E=;");
  ok("0\r\nETag: \"a\"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", "",
     "ETag=\"a\";Date=Sun, 06 Nov 1994 08:49:37 GMT;");
  ok("0\r\nContent-MD5: \xC3\xA9\r\n\r\n", "", "Content-MD5=\xC3\xA9;");
  for (auto const& lines :
       {"X\r\n"s, ":y\r\n"s, "X : y\r\n"s, "X\t: y\r\n"s, " X: y\r\n"s, "\tX: y\r\n"s, "X: y\r\n z\r\n"s,
        "X: y\r\n\tz\r\n"s, "X: y\nZ: z\r\n"s, "X: y\rZ: z\r\n"s, "X: a\0b\r\n"s, "X: a\x7f\r\n"s, "X\0: a\r\n"s,
        "X(: a\r\n"s, "\n"s, "X: y\r\r\n"s, "GET / HTTP/1.1\r\nHost: a\r\n"s, "\xC3\xA9: y\r\n"s}) {
    INFO(lines);
    bad("0\r\n" + lines + "\r\n", errc::bad_trailer);
  }
}

TEST_CASE("what must be known before a body cannot come behind it") {
  for (auto const name : {"Content-Length",
                          "content-length",
                          "Transfer-Encoding",
                          "Host",
                          "Connection",
                          "Content-Encoding",
                          "Content-Type",
                          "Content-Range",
                          "Authorization",
                          "Cookie",
                          "Set-Cookie",
                          "Expect",
                          "Trailer",
                          "TE",
                          "Upgrade",
                          "If-Match",
                          "If-None-Match",
                          "Range",
                          "Cache-Control",
                          "Max-Forwards",
                          "X-API-Key",
                          "X-Forwarded-For",
                          "Forwarded",
                          "X-Request-ID",
                          "Proxy-Authorization",
                          "Origin"}) {
    INFO(name);
    bad("0\r\n"s + name + ": 5\r\n\r\n", errc::bad_trailer);
  }
}

TEST_CASE("trailers have limits") {
  std::string many = "0\r\n";
  for (int i = 0; i != 32; ++i) many += "X: y\r\n";
  CHECK(decode_alike(many + "\r\n").done);
  bad(many + "X: y\r\n\r\n", errc::trailer_too_large);
  bad("0\r\nX: " + std::string(9000, 'y'), errc::trailer_too_large);
  bad("0\r\n" + std::string(9000, 'y'), errc::trailer_too_large);
}

TEST_CASE("a body that was written in chunks is read as itself") {
  std::mt19937 random(5);
  for (int round = 0; round != 300; ++round) {
    std::string body;
    std::string wire;
    for (std::size_t chunks = random() % 6; chunks != 0; --chunks) {
      std::string part(1 + random() % 300, ' ');
      for (char& c : part) c = static_cast<char>(random());
      http::append_chunk_head(wire, part.size());
      wire.append(part).append(http::chunk_end);
      body += part;
    }
    bool const trailed = round % 2 == 0;
    if (trailed) {
      wire.append(http::last_chunk_before_trailers);
      http::append_field(wire, "Digest", "x y");
      wire.append(http::end_of_head);
    } else {
      wire.append(http::last_chunk);
    }
    ok(wire, body, trailed ? "Digest=x y;" : "");
  }
}

TEST_CASE("a body of stated length takes that and no more") {
  http::body_decoder body;
  std::string_view   data;
  body.start(framing::length, 5);
  CHECK_FALSE(body.done());
  CHECK(body.remaining() == 5);
  CHECK(body.decode("hel", data) == 3);
  CHECK(data == "hel");
  CHECK(body.decode("loGET", data) == 2);
  CHECK(data == "lo");
  CHECK(body.done());
  CHECK(body.decode("GET", data) == 0);
  CHECK(data.empty());
  CHECK(body.received() == 5);
  body.start(framing::length, 0);
  CHECK(body.done());
  body.start(framing::none, 0);
  CHECK(body.done());
  CHECK(body.decode("GET", data) == 0);
}

TEST_CASE("a stated length beyond the limit fails before any byte") {
  http::body_decoder body;
  std::string_view   data;
  body.start(framing::length, 11, {.body = 10});
  CHECK(body.failed());
  CHECK(body.error() == errc::body_too_large);
  CHECK_FALSE(body.done());
  CHECK(body.decode("hello", data) == 0);
  body.start(framing::length, 10, {.body = 10});
  CHECK_FALSE(body.failed());
}

TEST_CASE("a body that lasts until the end of the connection ends there") {
  http::body_decoder body;
  std::string_view   data;
  body.start(framing::until_close, 0, {.body = 10});
  CHECK(body.decode("01234", data) == 5);
  CHECK_FALSE(body.done());
  body.finish();
  CHECK(body.done());
  CHECK_FALSE(body.failed());
  body.start(framing::until_close, 0, {.body = 4});
  CHECK(body.decode("01234", data) == 4);
  CHECK(body.error() == errc::body_too_large);
  body.start(framing::length, 5);
  CHECK(body.decode("hel", data) == 3);
  body.finish();
  CHECK(body.error() == errc::truncated);
  body.start(framing::chunked, 0);
  CHECK(body.decode("5\r\nhel", data) == 6);
  body.finish();
  CHECK(body.error() == errc::truncated);
  CHECK(body.received() == 3);
  body.start(framing::chunked, 0);
  CHECK_FALSE(body.failed());
}

TEST_CASE("a decoder that was used forgets the body before") {
  http::body_decoder body;
  std::string_view   data;
  body.start(framing::chunked, 0);
  CHECK(body.decode("0\r\nX: y\r\n\r\n", data) == 11);
  CHECK(body.done());
  CHECK(body.trailers().size() == 1);
  body.start(framing::none, 0);
  CHECK(body.trailers().empty());
  body.start(framing::chunked, 0);
  CHECK(body.decode("zz", data) > 0);
  CHECK(body.failed());
  body.start(framing::length, 1);
  CHECK_FALSE(body.failed());
}
