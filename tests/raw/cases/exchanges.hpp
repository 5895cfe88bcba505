// tests/raw/cases/exchanges.hpp: RFC 9110 and RFC 9112 §9: what is expected, kept, refused, reflected, pipelined.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include "../case.hpp"  // case_list, get, sized, chunked

namespace tensorgate::test::raw {

inline void add_connections(case_list& to) {
  to.group("Connection");
  auto const with = [](std::string_view version, std::string_view fields) {
    return line("GET /hello/a HTTP/" + std::string(version), fields);
  };
  to.add("none in HTTP/1.1", with("1.1", ""), "200 keep");
  for (std::string_view const value : {"close", "Close", "CLOSE", " close ", "close, x", "x, close", "x,close,y",
                                       "keep-alive, close", "close, keep-alive", ",close", "close,", "close, close"}) {
    to.add("1.1: " + shown(value), with("1.1", "Connection: " + std::string(value) + "\r\n"), "200 close");
  }
  for (std::string_view const value :
       {"keep-alive", "Keep-Alive", "x", "closed", "close-not", "not-close", "", ",", "upgrade", "host", "x, y"}) {
    to.add("1.1: " + shown(value), with("1.1", "Connection: " + std::string(value) + "\r\n"), "200 keep");
  }
  to.add("1.1: close in the second of two lines", with("1.1", "Connection: x\r\nConnection: close\r\n"), "200 close");
  to.add("1.1: close in the first of two lines", with("1.1", "Connection: close\r\nConnection: keep-alive\r\n"),
         "200 close");
  to.add("1.1: Proxy-Connection says nothing", with("1.1", "Proxy-Connection: close\r\n"), "200 keep");
  to.add("1.1: Keep-Alive says nothing", with("1.1", "Keep-Alive: timeout=1, max=1\r\n"), "200 keep");
  for (std::string_view const value : {"a b", "close x", "\"close\"", "close;q=1", "[close]"}) {
    to.add("1.1: " + shown(value), with("1.1", "Connection: " + std::string(value) + "\r\n"), "200/400 either");
  }
  to.add("none in HTTP/1.0", with("1.0", ""), "200 close");
  for (std::string_view const value : {"keep-alive", "Keep-Alive", "KEEP-ALIVE", "x, keep-alive"}) {
    to.add("1.0: " + shown(value), with("1.0", "Connection: " + std::string(value) + "\r\n"), "200 keep");
  }
  for (std::string_view const value : {"close", "keep-alive, close", "x", "", "keepalive"}) {
    to.add("1.0: " + shown(value), with("1.0", "Connection: " + std::string(value) + "\r\n"), "200 close");
  }
  to.add("1.0: Proxy-Connection says nothing", with("1.0", "Proxy-Connection: keep-alive\r\n"), "200 close");
  to.add("1.0: a body and keep-alive",
         line("POST /echo HTTP/1.0", "Connection: keep-alive\r\nContent-Length: 5\r\n") + "hello", "200 keep", "hello");
  to.add("1.0: an answer of unknown length ends with the connection",
         line("POST /stream HTTP/1.0", "Connection: keep-alive\r\nContent-Length: 5\r\n") + "hello", "200 close",
         "hello");
  to.add("1.0: 404 is kept too", line("GET /none HTTP/1.0", "Connection: keep-alive\r\n"), "404 keep");
  to.add("a handler that closes", get("/last"), "200 close", "last");
  to.add("close on a POST", sized("hello", "/echo", "Connection: close\r\n"), "200 close", "hello");
  to.add("close on an answer piece by piece", sized("hello", "/stream", "Connection: close\r\n"), "200 close", "hello");
  to.add("close on a 404", get("/none", "Connection: close\r\n"), "404 close");
  to.add("close on a HEAD", line("HEAD / HTTP/1.1", "Connection: close\r\n"), "200h close");
  to.add("close on OPTIONS *", line("OPTIONS * HTTP/1.1", "Connection: close\r\n"), "204 close");
  to.add("close on an answer that waits", get("/slow/5", "Connection: close\r\n"), "200 close", "slow");
  to.add("an upgrade that is not spoken", get("/hello/a", "Connection: Upgrade\r\nUpgrade: something/1\r\n"),
         "200 keep", "hello a");
  to.add("an upgrade to h2c",
         get("/hello/a", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
         "200 keep", "hello a");
  to.add("an upgrade to WebSocket where there is none",
         get("/hello/a",
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
             "AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
         "200 keep", "hello a");
  to.add("an upgrade in HTTP/1.0", with("1.0", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), "200 close");
  to.add("an upgrade on a POST", sized("hello", "/echo", "Connection: Upgrade\r\nUpgrade: x\r\n"), "200 keep", "hello");
}

inline void add_expectations(case_list& to) {
  to.group("Expect");
  to.add("100-continue, the body there", sized("hello", "/echo", "Expect: 100-continue\r\n"), "(100) 200 keep",
         "hello");
  to.add("in other letters", sized("hello", "/echo", "Expect: 100-CONTINUE\r\n"), "(100) 200 keep", "hello");
  to.add("chunked", chunked("5\r\nhello\r\n0\r\n\r\n", "/echo", "Expect: 100-continue\r\n"), "(100) 200 keep", "hello");
  to.add("through a handler that streams", sized("hello", "/stream", "Expect: 100-continue\r\n"), "(100) 200 keep",
         "hello");
  to.add("without a body", get("/hello/a", "Expect: 100-continue\r\n"), "200 keep", "hello a");
  to.add("with a body of nothing", sized("", "/echo", "Expect: 100-continue\r\n"), "200 keep", "");
  to.add("in HTTP/1.0 it says nothing",
         line("POST /echo HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 5\r\n") + "hello", "200 close", "hello");
  to.add("a body too large is refused before it is sent",
         post("Expect: 100-continue\r\nContent-Length: 17\r\n", "", "/small"), "413 shut");
  to.add("what is not there is told before the body is sent",
         post("Expect: 100-continue\r\nContent-Length: 5\r\n", "", "/none"), "404 shut");
  to.add("another method is told before the body is sent",
         post("Expect: 100-continue\r\nContent-Length: 5\r\n", "", "/hello/a"), "405 shut");
  to.add("an unknown one", sized("hello", "/echo", "Expect: something\r\n"), "417 close");
  to.add("an unknown one without a body", get("/hello/a", "Expect: something\r\n"), "417 close");
  to.add("an unknown one beside it", sized("hello", "/echo", "Expect: 100-continue, something\r\n"), "417 close");
  to.add("an unknown one in a second line", sized("hello", "/echo", "Expect: 100-continue\r\nExpect: something\r\n"),
         "417 close");
  to.add("nearly it", sized("hello", "/echo", "Expect: 100-continued\r\n"), "417 close");
  to.add("another number", sized("hello", "/echo", "Expect: 200-ok\r\n"), "417 close");
}

inline void add_content(case_list& to) {
  to.group("content");
  std::string_view const json = "Content-Type: application/json\r\n";
  to.add("JSON", sized(R"({"name":"n","count":1})", "/order", json), "200 keep");
  to.add("JSON with a charset",
         sized(R"({"name":"n","count":1})", "/order", "Content-Type: application/json; charset=utf-8\r\n"), "200 keep");
  to.add("JSON that breaks off", sized(R"({"name":"n")", "/order", json), "400 keep");
  to.add("JSON that is nothing", sized("", "/order", json), "400 keep");
  to.add("JSON of other types", sized(R"({"name":1,"count":"x"})", "/order", json), "422 keep");
  to.add("another media type", sized("name=n", "/order", "Content-Type: application/x-www-form-urlencoded\r\n"),
         "415 keep");
  to.add("a coding that is not known",
         sized("hello", "/order", "Content-Type: application/json\r\nContent-Encoding: x\r\n"), "415 keep");
  to.add("a malformed media type", sized("{}", "/order", "Content-Type: json\r\n"), "400/415 keep");
  to.add("204 has no length", get("/nothing"), "204 keep", "");
  to.add("304 has no body", get("/unchanged"), "304 keep", "");
  to.add("a big body", get("/big"), "200 keep");
  to.add("conditions on what has no validators",
         get("/hello/a", "If-None-Match: \"x\"\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "200 keep");
  to.add("a range of what has no ranges", get("/hello/a", "Range: bytes=0-1\r\n"), "200 keep", "hello a");
  to.add("a malformed range", get("/hello/a", "Range: bytes=x\r\n"), "200 keep", "hello a");
  to.add("a media type that nobody makes", get("/hello/a", "Accept: x/y\r\n"), "200/406 keep");
  to.add("a language that nobody speaks", get("/hello/a", "Accept-Language: x\r\n"), "200 keep");
  to.add("Max-Forwards says nothing to a server", line("OPTIONS /hello/a HTTP/1.1", "Max-Forwards: 0\r\n"), "204 keep");
  to.add("a number that is none", get("/slow/x"), "400/404/422 keep");
  to.add("a parameter that is missing", get("/reflect"), "400/422 keep");

  to.group("splitting of answers");
  for (std::string_view const value : {"%0d%0aX-Injected:%20yes", "%0aX-Injected:%20yes", "%0dX-Injected:%20yes",
                                       "a%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0a", "%E5%98%8A%E5%98%8DX-Injected:%20yes",
                                       "a%0d%0aContent-Length:%200%0d%0a%0d%0a", "a%0d%0aSet-Cookie:%20x"}) {
    to.add("value " + std::string(value), get("/reflect?value=" + std::string(value)), "200/400 keep");
  }
  to.add("a NUL", get("/reflect?value=a%00b"), "400 keep");
  to.add("a path", get("/hello/a%0d%0aX-Injected:%20yes"), "400 keep");
  to.add("a path of another resource", get("/none%0d%0aX-Injected:%20yes"), "400 keep");
  to.add("a request id", get("/hello/a", "X-Request-Id: a\"><script>\r\n"), "200 keep");
  to.add("a request id that is sound", get("/hello/a", "X-Request-Id: abc-1\r\n"), "200 keep");
}

inline void add_pipelines(case_list& to) {
  to.group("pipeline");
  auto const many = [](int count) {
    std::string all;
    for (int i = 0; i != count; ++i) all += get("/hello/" + std::to_string(i));
    return all;
  };
  auto const statuses = [](int count) {
    std::string all;
    for (int i = 0; i != count; ++i) all += "200 ";
    return all;
  };
  for (int const count : {2, 10, 100, 1000})
    to.add(std::to_string(count) + " requests", many(count), statuses(count) + "keep", "hello 0");
  to.add("a body between", get() + sized("hello") + get(), "200 200 200 keep");
  to.add("chunks between", get() + chunked("5\r\nhello\r\n0\r\n\r\n") + get(), "200 200 200 keep");
  to.add("HEAD between", get() + line("HEAD /hello/a HTTP/1.1") + get(), "200 200h 200 keep");
  to.add("204 and 304 between", get("/nothing") + get("/unchanged") + get(), "204 304 200 keep");
  to.add("404 with a body between", sized("hello", "/none") + get(), "404 200 keep");
  to.add("a refusal of the path between", get("/hello/%00") + get(), "400 200 keep");
  to.add("a slow one before a fast one", get("/slow/20") + get(), "200 200 keep", "slow");
  to.add("three slow ones", get("/slow/10") + get("/slow/5") + get("/slow/1"), "200 200 200 keep", "slow");
  to.add("a big one before a small one", get("/big") + get(), "200 200 keep");
  to.add("big ones", get("/big") + get("/big") + get("/big"), "200 200 200 keep");
  to.add("streams", sized("one", "/stream") + chunked("3\r\ntwo\r\n0\r\n\r\n", "/stream") + get(), "200 200 200 keep",
         "one");
  to.add("close ends it", get("/hello/a", "Connection: close\r\n") + get(), "200 close", "hello a");
  to.add("close in the middle", get() + get("/hello/b", "Connection: close\r\n") + get(), "200 200 close");
  to.add("HTTP/1.0 ends it", line("GET /hello/a HTTP/1.0") + get(), "200 close");
  to.add("a malformed one ends it", get() + "GET /hello/b HTTP/1.1\r\nHost : a\r\n\r\n" + get(), "200 400 close",
         "hello a");
  to.add("a malformed one behind a slow one", get("/slow/20") + "x\r\n\r\n", "200 400 close", "slow");
  to.add("a malformed chunk ends it", get() + chunked("x\r\n") + get(), "200 400 close");
  to.add("two framings end it",
         get() + post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") + get(), "200 400 close");
  to.add("a body too large ends it", get() + sized("12345678901234567", "/small") + get(), "200 413 close");
  to.add("an unfinished one behind a whole one", get() + "GET /hel", "200 wait", "hello a");
  to.add("an unfinished body behind a whole one", get() + post("Content-Length: 5\r\n", "hel"), "200 wait", "hello a");
  to.add("an upgrade between", get("/hello/a", "Connection: Upgrade\r\nUpgrade: x\r\n") + get("/hello/b"),
         "200 200 keep", "hello a");
  to.add("CONNECT ends it", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + get("/hello/b"), "501 close");
  to.add("a closing handler ends it", get("/last") + get(), "200 close", "last");
}

inline void add_ends(case_list& to) {
  to.group("end");
  std::string const whole = get();
  for (std::size_t const size : {std::size_t{1}, std::size_t{4}, std::size_t{8}, std::size_t{13}, std::size_t{21},
                                 std::size_t{22}, std::size_t{23}, std::size_t{26}, std::size_t{28}, std::size_t{30},
                                 std::size_t{31}, std::size_t{32}, std::size_t{33}}) {
    to.add("the first " + std::to_string(size) + " bytes are waited for", whole.substr(0, size), "wait");
  }
  to.add("nothing at all", "", "end");
  to.add("an empty line", "\r\n", "end");
  to.add("half a head", "GET /hello/a HTTP/1.1\r\nHost", "end");
  to.add("half a body", post("Content-Length: 6\r\n", "hel"), "400 end");
  to.add("half a chunked body", chunked("5\r\nhel"), "400 end");
  to.add("a chunked body without its last chunk", chunked("5\r\nhello\r\n"), "400 end");
  to.add("half a body, through a handler that streams", post("Content-Length: 6\r\n", "", "/stream"), "200/400 end");
  to.add("a whole request", get(), "200 end", "hello a");
  to.add("three whole requests", get() + get("/hello/b") + sized("x"), "200 200 200 end", "hello a");
  to.add("a whole request that waits", get("/slow/20"), "200 end", "slow");
  to.add("two, the first waits", get("/slow/20") + get(), "200 200 end", "slow");
  to.add("a whole body", sized("hello"), "200 end", "hello");
  to.add("a whole body through a handler that streams", sized("hello", "/stream"), "200 end", "hello");
  to.add("a big answer", get("/big"), "200 end");
  to.add("a whole request and half of one", get() + "GET /hel", "200 end", "hello a");
  to.add("a malformed one", "x\r\n\r\n", "400 end");
}

inline void add_exchanges(case_list& to) {
  add_connections(to);
  add_expectations(to);
  add_content(to);
  add_pipelines(to);
  add_ends(to);
}

}  // namespace tensorgate::test::raw
