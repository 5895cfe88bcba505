// tests/raw/cases/chunks.hpp: RFC 9112 §7.1: chunk sizes, extensions, data and trailers.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include "../case.hpp"  // case_list, chunked

namespace tensorgate::test::raw {

inline void add_chunk_sizes(case_list& to) {
  to.group("chunk");
  std::string const end   = "0\r\n\r\n";
  auto const        sized = [&](std::string_view size) { return chunked(std::string(size) + "\r\nhello\r\n" + end); };
  to.add("one", sized("5"), "200 keep", "hello");
  to.add("none", chunked(end), "200 keep", "");
  to.add("five of one byte", chunked("1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n" + end), "200 keep", "hello");
  to.add("size in capitals", chunked("A\r\n0123456789\r\n" + end), "200 keep", "0123456789");
  to.add("size in small letters", chunked("a\r\n0123456789\r\n" + end), "200 keep", "0123456789");
  to.add("size of two digits", chunked("1a\r\nabcdefghijklmnopqrstuvwxyz\r\n" + end), "200 keep",
         "abcdefghijklmnopqrstuvwxyz");
  to.add("size with leading zeros", sized("0005"), "200 keep", "hello");
  to.add("last chunk of many zeros", chunked("5\r\nhello\r\n000\r\n\r\n"), "200 keep", "hello");
  to.add("data that looks like an end is data", chunked("5\r\n0\r\n\r\n\r\n" + end), "200 keep", "0\r\n\r\n");
  to.add("data that looks like a request is data", chunked("22\r\n" + get("/hello/b") + "\r\n" + end), "200 keep",
         get("/hello/b"));
  to.add("a request behind", chunked("5\r\nhello\r\n" + end) + get("/hello/b"), "200 200 keep", "hello");
  for (std::string_view const size : {"",
                                      " ",
                                      " 5",
                                      "\t5",
                                      "5 ",
                                      "5\t",
                                      "+5",
                                      "-5",
                                      "-0",
                                      "0x5",
                                      "0X5",
                                      "x5",
                                      "5x",
                                      "g",
                                      "G",
                                      "5g",
                                      "5h",
                                      "5_0",
                                      "5.0",
                                      "5,",
                                      "5,5",
                                      "5 5",
                                      "\"5\"",
                                      "'5'",
                                      "#5",
                                      "5:",
                                      "5=",
                                      "5\\",
                                      "5/",
                                      "10000000000000005",
                                      "100000000000000000000000000005",
                                      "FFFFFFFFFFFFFFFFF",
                                      "five",
                                      "\xEF\xBC\x95",
                                      "5\xC2\xA0"}) {
    to.add("size " + shown(size), sized(size), "400 close");
  }
  for (std::string_view const size : {"7FFFFFFFFFFFFFFF", "8000000000000000", "FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFB",
                                      "FFFFFFFF", "100000005", "100001"}) {
    to.add("huge size " + std::string(size), sized(size), "400/413 close");
  }
  for (char const c : std::string_view("\x00\x01\x0b\x0c\x7f\xff", 6)) {
    to.add("size and " + shown(c), sized(std::string("5") + c), "400 close");
    to.add(shown(c) + " and size", sized(c + std::string("5")), "400 close");
  }
  to.add("a size of 40 zeros and a digit", sized(std::string(40, '0') + "5"), "200/400 either");
  to.add("a size of 10 000 zeros", sized(std::string(10000, '0') + "5"), "400 close");
  to.add("a bare LF behind the size", chunked("5\nhello\r\n" + end), "400 close");
  to.add("a bare CR behind the size", chunked("5\rhello\r\n" + end), "400 close");
  to.add("CR CR LF behind the size", chunked("5\r\r\nhello\r\n" + end), "400 close");
  to.add("an empty line before the size", chunked("\r\n5\r\nhello\r\n" + end), "400 close");
  to.add("a bare LF before the size", chunked("\n5\r\nhello\r\n" + end), "400 close");
  to.add("a bare LF behind the data", chunked("5\r\nhello\n" + end), "400 close");
  to.add("a bare CR behind the data", chunked("5\r\nhello\r" + end), "400 close");
  to.add("two bytes of something else behind the data", chunked("5\r\nhelloXX" + end), "400 close");
  to.add("nothing behind the data", chunked("5\r\nhello" + end), "400 close");
  to.add("more data than told", chunked("5\r\nhello!\r\n" + end), "400 close");
  to.add("less data than told", chunked("6\r\nhello\r\n" + end), "400 close");
  to.add("an empty line behind the data", chunked("5\r\nhello\r\n\r\n" + end), "400 close");
  to.add("a bare LF behind the last size", chunked("5\r\nhello\r\n0\n\r\n"), "400 close");
  to.add("bare LFs at the end", chunked("5\r\nhello\r\n0\n\n"), "400 close");
  to.add("a bare LF at the very end", chunked("5\r\nhello\r\n0\r\n\n"), "400 close");
  to.add("a bare CR at the very end", chunked("5\r\nhello\r\n0\r\n\rX"), "400 close");
  to.add("CR CR LF at the very end", chunked("5\r\nhello\r\n0\r\n\r\r\n"), "400 close");
  to.add("no end is waited for", chunked("5\r\nhello\r\n"), "wait");
  to.add("half an end is waited for", chunked("5\r\nhello\r\n0\r\n"), "wait");
  to.add("an end without its LF is waited for", chunked("5\r\nhello\r\n0\r\n\r"), "wait");
  to.add("half a chunk is waited for", chunked("5\r\nhel"), "wait");
  to.add("a size without an end is waited for", chunked("5"), "wait");
  to.add("not chunked at all", chunked("hello"), "400 close");
  to.add("more than the limit of a route", chunked("10\r\n0123456789abcdef\r\n1\r\nx\r\n" + end, "/small"),
         "413 close");
  to.add("as much as the limit of a route", chunked("10\r\n0123456789abcdef\r\n" + end, "/small"), "200 keep");
  to.add("more than the limit, announced", chunked("11\r\n", "/small"), "413 close");
  to.add("malformed, through a handler that streams", chunked("x\r\nhello\r\n", "/stream"), "400 close");
}

inline void add_chunk_extensions(case_list& to) {
  to.group("chunk extension");
  auto const with = [](std::string_view extension) {
    return chunked("5" + std::string(extension) + "\r\nhello\r\n0\r\n\r\n");
  };
  for (std::string_view const extension :
       {";a", ";a=b", ";a=\"b\"", ";a;b=c", ";a=\"b;c\"", ";a=\"b\\\"c\"", ";a=\"\"", "; a", " ;a", " ; a = b",
        ";a=\"\xC3\xA9\"", ";a=\"0\"", ";!#$%&'*+-.^_`|~=1"}) {
    to.add("good: " + shown(extension), with(extension), "200 keep", "hello");
  }
  for (std::string_view const extension :
       {";",     ";;",       ";;a",       ";a;",    "; ",   ";=",     ";=b",     ";a=",  ";a==b",
        ";a=\"", ";a=\"b",   ";a=\"b\"c", ";a=b c", ";a b", ";a=b=c", ";a=b,c",  ";[a]", ";a=@",
        ";a:b",  ";a=\"b\\", ";\"a\"=b",  " a",     ",a",   ";a\xC3", ";a=\xC3", ";a/b"}) {
    to.add("bad: " + shown(extension), with(extension), "400 close");
  }
  for (char const c : std::string_view("\x00\x01\x0b\x7f\n\r", 6)) {
    to.add("name with " + shown(c), with(std::string(";a") + c + "b"), "400 close");
    to.add("value with " + shown(c), with(std::string(";a=b") + c + "c"), "400 close");
    to.add("quoted value with " + shown(c), with(std::string(";a=\"b") + c + "c\""), "400 close");
  }
  to.add("a bare LF ends it", chunked("5;a\nhello\r\n0\r\n\r\n"), "400 close");
  to.add("a bare CR ends it", chunked("5;a\rhello\r\n0\r\n\r\n"), "400 close");
  to.add("a bare LF and a request hidden in it", chunked("2;\nxx\r\n4c\r\n0\r\n\r\n" + get("/hello/b") + "0\r\n\r\n"),
         "400 close");
  to.add("behind the last size", chunked("5\r\nhello\r\n0;a=b\r\n\r\n"), "200 keep", "hello");
  to.add("a bad one behind the last size", chunked("5\r\nhello\r\n0;\r\n\r\n"), "400 close");
  to.add("of 200 bytes", with(";" + std::string(199, 'a')), "200 keep", "hello");
  to.add("of 1 000 bytes", with(";" + std::string(999, 'a')), "400 close");
  to.add("of 64 KiB", with(";" + std::string(65536, 'a')), "400 close");
  std::string many;
  for (int i = 0; i != 200; ++i) many += "1;" + std::string(200, 'a') + "\r\nx\r\n";
  to.add("200 of 200 bytes", chunked(many + "0\r\n\r\n"), "400 close");
}

inline void add_trailers(case_list& to) {
  to.group("trailer");
  auto const with = [](std::string_view lines) { return chunked("5\r\nhello\r\n0\r\n" + std::string(lines) + "\r\n"); };
  to.add("one", with("X: y\r\n"), "200 keep", "hello");
  to.add("two", with("X: y\r\nY: z\r\n"), "200 keep", "hello");
  to.add("announced", chunked("5\r\nhello\r\n0\r\nX-Sum: y\r\n\r\n", "/echo", "Trailer: X-Sum\r\n"), "200 keep",
         "hello");
  to.add("empty value", with("X:\r\n"), "200 keep", "hello");
  to.add("through a handler that streams", chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n", "/stream"), "200 keep", "hello");
  to.add("that looks like a request line", with("GET /hello/b HTTP/1.1\r\n"), "400 close");
  for (std::string_view const name :
       {"Content-Length: 5", "Transfer-Encoding: chunked", "Host: b", "Authorization: x", "Content-Type: x",
        "Content-Encoding: x", "Connection: close", "Cookie: a=b", "Trailer: x", "TE: x", "Expect: 100-continue"}) {
    to.add(std::string(name), with(std::string(name) + "\r\n"), "400 close");
  }
  for (std::string_view const line :
       {"X : y\r\n", "X\t: y\r\n", "X\r\n", ": y\r\n", " X: y\r\n", "X: y\r\n z\r\n", "X Y: z\r\n", "X: y\nY: z\r\n",
        "X: y\rY: z\r\n", "X: y\r\r\n", "X: \x01\r\n", "X: \x7f\r\n", "X\x01: y\r\n", "X\xC3: y\r\n", "[X]: y\r\n",
        "\rX: y\r\n", "\nX: y\r\n"}) {
    to.add("bad: " + shown(line), with(line), "400 close");
  }
  to.add("with a NUL", with(std::string("X: \0\r\n", 6)), "400 close");
  std::string many;
  for (int i = 0; i != 100; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  to.add("a hundred", with(many), "431 close");
  to.add("of 20 000 bytes", with("X: " + std::string(20000, 'y') + "\r\n"), "431 close");
  to.add("without an end is waited for", chunked("5\r\nhello\r\n0\r\nX: y\r\n"), "wait");
}

inline void add_chunks(case_list& to) {
  add_chunk_sizes(to);
  add_chunk_extensions(to);
  add_trailers(to);
}

}  // namespace tensorgate::test::raw
