#include <tensorgate/http/write.hpp>

#include <ostream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <tensorgate/http/body.hpp>

namespace http = tensorgate::http;
using namespace std::string_literals;

namespace {

std::string line(http::status code) {
  std::string out;
  http::append_status_line(out, code);
  return out;
}

std::string field(std::string_view name, std::string_view value) {
  std::string out;
  http::append_field(out, name, value);
  return out;
}

}  // namespace

TEST_CASE("a status line has version, code and reason") {
  CHECK(http::status_line(http::status::ok) == "HTTP/1.1 200 OK\r\n");
  CHECK(line(http::status::ok) == "HTTP/1.1 200 OK\r\n");
  CHECK(line(http::status::request_header_fields_too_large) == "HTTP/1.1 431 Request Header Fields Too Large\r\n");
  CHECK(line(static_cast<http::status>(299)) == "HTTP/1.1 299 \r\n");
  CHECK(line(static_cast<http::status>(599)) == "HTTP/1.1 599 \r\n");
  CHECK(http::status_line(static_cast<http::status>(299)).empty());
  CHECK(http::reason(http::status::not_found) == "Not Found");
  CHECK(http::reason(static_cast<http::status>(299)).empty());
  for (unsigned code = 100; code != 600; ++code) {
    auto const text = line(static_cast<http::status>(code));
    CHECK(text.substr(0, 9) == "HTTP/1.1 ");
    CHECK(text.substr(9, 3) == std::to_string(code));
    CHECK(text[12] == ' ');
    CHECK(text.substr(text.size() - 2) == "\r\n");
  }
}

TEST_CASE("statuses without a body are known") {
  CHECK(http::is_bodiless(http::status::no_content));
  CHECK(http::is_bodiless(http::status::not_modified));
  CHECK(http::is_bodiless(http::status::continue_));
  CHECK_FALSE(http::is_bodiless(http::status::reset_content));
  CHECK_FALSE(http::is_bodiless(http::status::ok));
}

TEST_CASE("a field is one line, whatever is in its value") {
  CHECK(field("Content-Type", "text/plain") == "Content-Type: text/plain\r\n");
  CHECK(field("X", "") == "X: \r\n");
  CHECK(field("X", "a\r\nSet-Cookie: b=c") == "X: a  Set-Cookie: b=c\r\n");
  CHECK(field("X", "\r\n\r\n<html>") == "X:     <html>\r\n");
  CHECK(field("X", "a\0b"s) == "X: a b\r\n");
  CHECK(field("X", "a\nb") == "X: a b\r\n");
  CHECK(field("X", "a\x7f\x1b[31m") == "X: a  [31m\r\n");
  CHECK(field("X", "caf\xC3\xA9") == "X: caf\xC3\xA9\r\n");
}

TEST_CASE("a name that is no token is left out") {
  CHECK(field("", "x") == "");
  CHECK(field("A B", "x") == "");
  CHECK(field("A:", "x") == "");
  CHECK(field("A\r\nB", "x") == "");
}

TEST_CASE("lengths are written in decimal and chunks in hexadecimal") {
  std::string out;
  http::append_content_length(out, 0);
  http::append_content_length(out, 18446744073709551615U);
  CHECK(out == "Content-Length: 0\r\nContent-Length: 18446744073709551615\r\n");
  out.clear();
  http::append_chunk_head(out, 1);
  http::append_chunk_head(out, 0x1A2B);
  http::append_chunk_head(out, 0xFFFFFFFFFFFFFFFFU);
  CHECK(out == "1\r\n1a2b\r\nffffffffffffffff\r\n");
}
