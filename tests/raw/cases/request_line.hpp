// tests/raw/cases/request_line.hpp: RFC 9112 §2 and §3: the request line, its method, target and version.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include "../case.hpp"  // case_list, line, get

namespace tensorgate::test::raw {

inline void add_methods(case_list& to) {
  to.group("method");
  to.add("GET", get(), "200 keep", "hello a");
  to.add("HEAD has no body", line("HEAD /hello/a HTTP/1.1"), "200h keep");
  to.add("HEAD of the front", line("HEAD / HTTP/1.1"), "200h keep");
  to.add("HEAD of what is not there", line("HEAD /none HTTP/1.1"), "404h keep");
  to.add("HEAD of a route that only takes POST", line("HEAD /echo HTTP/1.1"), "405h keep");
  to.add("HEAD with a bad Host", "HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n", "400h close");
  to.add("HEAD in HTTP/1.0", line("HEAD / HTTP/1.0"), "200h close");
  to.add("HEAD of a big body", line("HEAD /big HTTP/1.1"), "200h keep");
  to.add("HEAD of a route that waits", line("HEAD /slow/5 HTTP/1.1"), "200h keep");
  to.add("OPTIONS of a route", line("OPTIONS /hello/a HTTP/1.1"), "204 keep");
  to.add("OPTIONS of what is not there", line("OPTIONS /none HTTP/1.1"), "404 keep");
  to.add("OPTIONS *", line("OPTIONS * HTTP/1.1"), "204 keep");
  to.add("OPTIONS * in HTTP/1.0", line("OPTIONS * HTTP/1.0"), "204 close");
  to.add("OPTIONS * with a body", line("OPTIONS * HTTP/1.1", "Content-Length: 5\r\n") + "hello", "204 keep");
  to.add("OPTIONS with an absolute target without a path", line("OPTIONS http://a HTTP/1.1"), "204 keep");
  to.add("TRACE is not supported", line("TRACE /hello/a HTTP/1.1"), "405 keep");
  to.add("DELETE of a route that only takes GET", line("DELETE /hello/a HTTP/1.1"), "405 keep");
  to.add("PATCH of a route that takes PUT and DELETE", line("PATCH /names/a HTTP/1.1"), "405 keep");
  to.add("PUT", line("PUT /names/a HTTP/1.1", "Content-Length: 1\r\n") + "b", "200 keep", "a=b");
  to.add("DELETE", line("DELETE /names/a HTTP/1.1"), "204 keep");
  to.add("DELETE with a body", line("DELETE /names/a HTTP/1.1", "Content-Length: 3\r\n") + "abc", "204 keep");
  to.add("GET of a route that only takes POST", get("/echo"), "405 keep");
  to.add("POST of a route that only takes GET", sized("x", "/hello/a"), "405 keep");
  for (std::string_view const name :
       {"BREW", "PROPFIND", "get", "Get", "gET", "post", "GETS", "GE", "G", "X-METHOD", "!#$%&'*+-.^_`|~09"}) {
    to.add("unknown method " + std::string(name), line(std::string(name) + " /hello/a HTTP/1.1"), "501 keep");
  }
  to.add("unknown method with a body", line("BREW / HTTP/1.1", "Content-Length: 5\r\n") + "hello", "501 keep");
  to.add("method of 32 bytes", line(std::string(32, 'M') + " / HTTP/1.1"), "501 keep");
  to.add("method of 33 bytes", line(std::string(33, 'M') + " / HTTP/1.1"), "501 close");
  to.add("method of 10 000 bytes", line(std::string(10000, 'M') + " / HTTP/1.1"), "501 close");
  for (char const c : std::string_view("()<>@,;:\\\"/[]?={}\x00\x01\x1f\x7f\x80\xff", 23)) {
    to.add("method with " + shown(c), line(std::string("G") + c + "T / HTTP/1.1"), "400 close");
  }
  to.add("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "501 close");
  to.add("CONNECT of a path", line("CONNECT / HTTP/1.1"), "400 close");
  to.add("CONNECT without a port", line("CONNECT a HTTP/1.1"), "400 close");
  to.add("CONNECT of port 0", line("CONNECT a:0 HTTP/1.1"), "400 close");
  to.add("CONNECT of a URI", line("CONNECT http://a:80/ HTTP/1.1"), "400 close");
}

inline void add_versions(case_list& to) {
  to.group("version");
  to.add("HTTP/1.0", line("GET /hello/a HTTP/1.0"), "200 close", "hello a");
  for (char const minor : std::string_view("23456789")) {
    to.add(std::string("HTTP/1.") + minor + " is served as 1.1", line(std::string("GET /hello/a HTTP/1.") + minor),
           "200 keep", "hello a");
  }
  for (std::string_view const version : {"HTTP/0.9", "HTTP/0.0", "HTTP/2.0", "HTTP/2.1", "HTTP/3.0", "HTTP/9.9"}) {
    to.add(std::string(version), line("GET / " + std::string(version)), "505 close");
  }
  for (std::string_view const version :
       {"HTTP/1",     "HTTP/1.",      "HTTP/.1",   "HTTP/",       "HTTP",         "HTTP/11.1",   "HTTP/1.10",
        "HTTP/1.11",  "HTTP/01.1",    "HTTP/1.01", "HTTP/1,1",    "HTTP/1;1",     "http/1.1",    "Http/1.1",
        "HTTPS/1.1",  "HTTP 1.1",     "HTTP/ 1.1", "HTTP /1.1",   "HTTP/1. 1",    "HTTP/1 .1",   "HTTP/-1.1",
        "HTTP/+1.1",  "HTTP/1.1x",    "HTTP/A.B",  "HTTP/1.A",    "HTTP/1.x",     "HTTP//1.1",   "HTTP\\1.1",
        "ICY/1.1",    "HTCPCP/1.0",   "HTTP1.1",   "/1.1",        "1.1",          "HTTP/1.1.1",  "HTTP/1.1 HTTP/1.1",
        "HTTP/1.1 ",  "HTTP/1.1\t",   " HTTP/1.1", "\tHTTP/1.1",  "HTTP/1.1\x01", "HTTP/\xff.1", "XTTP/1.1",
        "HTTP/0x1.1", "HTTP/1.1;q=1", "HTTP/2",    "HTTP/one.one"}) {
    to.add("version " + shown(version), line("GET / " + std::string(version)), "400 close");
  }
  to.add("no version", "GET /\r\n", "400 close");
  to.add("no version, and an empty line", "GET /\r\n\r\n", "400 close");
  to.add("no version, but a blank", "GET / \r\n\r\n", "400 close");
  to.add("no version, but fields", "GET /\r\nHost: a\r\n\r\n", "400 close");
}

inline void add_lines(case_list& to) {
  to.group("request line");
  to.add("two blanks before the target", line("GET  /hello/a HTTP/1.1"), "400 close");
  to.add("two blanks before the version", line("GET /hello/a  HTTP/1.1"), "400 close");
  to.add("a tab before the target", line("GET\t/hello/a HTTP/1.1"), "400 close");
  to.add("a tab before the version", line("GET /hello/a\tHTTP/1.1"), "400 close");
  to.add("a form feed before the version", line("GET /hello/a\fHTTP/1.1"), "400 close");
  to.add("a vertical tab before the target", line("GET\v/hello/a HTTP/1.1"), "400 close");
  to.add("a blank at the beginning", line(" GET /hello/a HTTP/1.1"), "400 close");
  to.add("a tab at the beginning", line("\tGET /hello/a HTTP/1.1"), "400 close");
  to.add("a blank in the target", line("GET /hello/a b HTTP/1.1"), "400 close");
  to.add("no target", line("GET HTTP/1.1"), "400 close");
  to.add("an empty target", line("GET  HTTP/1.1"), "400 close");
  to.add("no method", line("/hello/a HTTP/1.1"), "400 close");
  to.add("an empty method", line(" /hello/a HTTP/1.1"), "400 close");
  to.add("four words", line("GET /hello/a HTTP/1.1 more"), "400 close");
  to.add("a bare LF ends the line", "GET /hello/a HTTP/1.1\nHost: a\r\n\r\n", "400 close");
  to.add("a bare CR ends the line", "GET /hello/a HTTP/1.1\rHost: a\r\n\r\n", "400 close");
  to.add("CR CR LF ends the line", "GET /hello/a HTTP/1.1\r\r\nHost: a\r\n\r\n", "400 close");
  to.add("LF CR ends the line", "GET /hello/a HTTP/1.1\n\rHost: a\r\n\r\n", "400 close");
  to.add("LF throughout", "GET /hello/a HTTP/1.1\nHost: a\n\n", "400 close");
  to.add("CR throughout", "GET /hello/a HTTP/1.1\rHost: a\r\r", "400 close");
  to.add("a bare CR within the line", line("GET /hello\r/a HTTP/1.1"), "400 close");
  to.add("a bare LF within the line", line("GET /hello\n/a HTTP/1.1"), "400 close");
  to.add("one empty line before it", "\r\n" + get(), "200 keep", "hello a");
  to.add("four empty lines before it", "\r\n\r\n\r\n\r\n" + get(), "200 keep", "hello a");
  to.add("five empty lines before it", "\r\n\r\n\r\n\r\n\r\n" + get(), "400 close");
  to.add("a bare LF before it", "\n" + get(), "400 close");
  to.add("a bare CR before it", "\r" + get(), "400 close");
  to.add("a line of one blank before it", " \r\n" + get(), "400 close");
  to.add("a NUL before it", std::string(1, '\0') + get(), "400 close");
  to.add("a byte order mark before it", "\xEF\xBB\xBF" + get(), "400 close");
  to.add("words before it", "Extra line" + get(), "400 close");
  to.add("an answer instead of a request", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "400 close");
  to.add("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400/505 close");
  to.add("a TLS greeting",
         std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 some random bytes of a hello\r\n\r\n", 44),
         "400 close");
  to.add("another protocol's greeting", "SSH-2.0-client\r\n", "400 close");
  to.add("binary rubbish", std::string("\x00\xff\xfe\x80\x90\x12\x34\r\n\r\n", 11), "400 close");
  to.add("letters without an end are waited for", "GET", "wait");
  to.add("only a colon", ":\r\n\r\n", "400 close");
}

inline void add_targets(case_list& to) {
  to.group("target");
  to.add("a query", get("/hello/a?x=1"), "200 keep", "hello a");
  to.add("an empty query", get("/hello/a?"), "200 keep", "hello a");
  to.add("slashes and question marks in the query", get("/hello/a?b=/c?d"), "200 keep", "hello a");
  to.add("every byte that a segment may have", get("/hello/-._~!$&'()*+,;=:@09azAZ"), "200 keep",
         "hello -._~!$&'()*+,;=:@09azAZ");
  to.add("an escaped letter", get("/hello/%41"), "200 keep", "hello A");
  to.add("an escaped escape is decoded once", get("/hello/%2541"), "200 keep", "hello %41");
  to.add("an escaped blank", get("/hello/%20"), "200 keep", "hello  ");
  to.add("an escaped letter beyond ASCII", get("/hello/%C3%A9"), "200 keep", "hello \xC3\xA9");
  to.add("a plus sign in the path is a plus sign", get("/hello/a+b"), "200 keep", "hello a+b");
  to.add("three dots", get("/hello/..."), "200 keep", "hello ...");
  to.add("another path", get("/none"), "404 keep");
  to.add("the same in capitals is another path", get("/HELLO/a"), "404 keep");
  to.add("a slash more is another path", get("/hello/a/"), "404 keep");
  to.add("two slashes are not one", get("//hello/a"), "404 keep");
  to.add("two slashes within are not one", get("/hello//a"), "404 keep");
  to.add("an escaped pattern is no pattern", get("/%7Bname%7D"), "404 keep");
  for (std::string_view const path :
       {"/hello/%00",    "/hello/a%00b",  "/hello/%2F",       "/hello/%2f",          "/hello/%5C",    "/hello/..",
        "/hello/.",      "/../hello/a",   "/./hello/a",       "/hello/../hello/a",   "/hello/%2e%2e", "/hello/%2E",
        "/hello/.%2e",   "/hello/%2e./a", "/hello/%0D%0A",    "/hello/%0a",          "/hello/%7F",    "/hello/%1b",
        "/hello/%C0%AF", "/hello/%FF",    "/hello/%ED%A0%80", "/hello/%F4%90%80%80", "/hello/%E2%82", "/hello/%80"}) {
    to.add("path " + std::string(path), get(path), "400 keep");
  }
  for (std::string_view const target :
       {"/%", "/%4", "/%zz", "/%4g", "/%g4", "/%%", "/%u0041", "/a?%", "/a?x=%1", "/a?x=%qq", "/% 41"}) {
    to.add("broken escape " + std::string(target), get(target), "400 close");
  }
  for (char const c : std::string_view("\"<>\\^`{|}[]#\x00\x01\x08\x0b\x1f\x7f\x80\xc3\xff", 21)) {
    to.add("path with " + shown(c), get(std::string("/hello/a") + c + "b"), "400 close");
    to.add("query with " + shown(c), get(std::string("/hello/a?b") + c + "c"), "400 close");
  }
  to.add("an absolute URI", line("GET http://a/hello/a HTTP/1.1"), "200 keep", "hello a");
  to.add("an absolute URI with a port", line("GET http://a:8080/hello/a HTTP/1.1"), "200 keep", "hello a");
  to.add("an absolute URI in capitals", line("GET HTTP://A/hello/a HTTP/1.1"), "200 keep", "hello a");
  to.add("an absolute URI of https", line("GET https://a/hello/a HTTP/1.1"), "200 keep", "hello a");
  to.add("an absolute URI without a path", line("GET http://a HTTP/1.1"), "200 keep", "front");
  to.add("an absolute URI with a query and no path", line("GET http://a?x HTTP/1.1"), "200 keep", "front");
  to.add("an absolute URI of IPv6", line("GET http://[::1]/hello/a HTTP/1.1"), "200 keep", "hello a");
  to.add("an absolute URI that differs from Host wins", line("GET http://other/hello/a HTTP/1.1"), "200 keep",
         "hello a");
  to.add("an absolute URI without Host", "GET http://a/hello/a HTTP/1.1\r\n\r\n", "400 close");
  to.add("an absolute URI with a bad Host", "GET http://a/hello/a HTTP/1.1\r\nHost: a b\r\n\r\n", "400 close");
  to.add("an absolute URI with two Hosts", line("GET http://a/hello/a HTTP/1.1", "Host: a\r\n"), "400 close");
  to.add("an absolute URI in HTTP/1.0 without Host", "GET http://a/hello/a HTTP/1.0\r\n\r\n", "200 close", "hello a");
  for (std::string_view const target : {"http://",
                                        "http:///hello/a",
                                        "http:/a/hello/a",
                                        "http:a",
                                        "http",
                                        "http:",
                                        "http://user@a/",
                                        "http://user:secret@a/",
                                        "http://@a/",
                                        "http://a:x/",
                                        "http://a:0/",
                                        "http://a:65536/",
                                        "http://a:-1/",
                                        "http://[::1/",
                                        "http://::1/",
                                        "http://[::1]x/",
                                        "http://[]/",
                                        "http://a,b/",
                                        "http://a\\b/",
                                        "http://a%/",
                                        "ftp://a/",
                                        "file:///etc/passwd",
                                        "javascript:alert(1)",
                                        "data:,x",
                                        "urn:x",
                                        "ws://a/",
                                        "//",
                                        "a",
                                        "hello/a",
                                        "a:80",
                                        "?x",
                                        "#x",
                                        "/hello/a#x",
                                        "*",
                                        "**",
                                        "*/",
                                        "a/b",
                                        ".",
                                        "..",
                                        "../hello/a",
                                        "@",
                                        "/hello/a http://b/"}) {
    to.add("target " + std::string(target), get(target), target == "//" ? "404 keep" : "400 close");
  }
  to.add("the longest target", get("/hello/" + std::string(8192 - 7, 'a')), "200 keep");
  to.add("a byte more than the longest target", get("/hello/" + std::string(8192 - 6, 'a')), "414 close");
  to.add("the longest target with a query", get("/hello/a?" + std::string(8192 - 9, 'q')), "200 keep", "hello a");
  to.add("a byte more, in the query", get("/hello/a?" + std::string(8192 - 8, 'q')), "414 close");
  to.add("a target too long by an escape", get("/" + std::string(8190, 'a') + "%41"), "414 close");
  to.add("a target of 20 000 bytes", get("/" + std::string(20000, 'a')), "414 close");
  to.add("a target of 100 000 bytes", get("/" + std::string(100000, 'a')), "414 close");
  to.add("a target too long without an end", "GET /" + std::string(9000, 'a'), "414 close");
  to.add("an absolute URI too long", get("http://a/" + std::string(8192, 'a')), "414 close");
}

inline void add_request_lines(case_list& to) {
  add_methods(to);
  add_versions(to);
  add_lines(to);
  add_targets(to);
}

}  // namespace tensorgate::test::raw
