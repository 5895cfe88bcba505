// tests/raw/cases/framing.hpp: RFC 9112 §6 and §7: where bodies end, and everything that could make two readers
// disagree.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include "../case.hpp"  // case_list, get, post, sized, chunked

namespace tensorgate::test::raw {

inline void add_lengths(case_list& to) {
  to.group("Content-Length");
  auto const of = [](std::string_view value, std::string_view body = "hello") {
    return post("Content-Length: " + std::string(value) + "\r\n", body);
  };
  to.add("five", of("5"), "200 keep", "hello");
  to.add("nothing", of("0", ""), "200 keep", "");
  to.add("none at all", post("", ""), "200 keep", "");
  to.add("leading zeros are decimal", of("010", "0123456789"), "200 keep", "0123456789");
  to.add("two zeros", of("00", ""), "200 keep", "");
  to.add("blanks around it", of(" \t 5 \t "), "200 keep", "hello");
  for (std::string_view const value : {"",
                                       " ",
                                       "-1",
                                       "-0",
                                       "-5",
                                       "+5",
                                       "+0",
                                       "--5",
                                       "5 5",
                                       "5\t5",
                                       "5,5",
                                       "5, 5",
                                       "5,6",
                                       "5, 6",
                                       "5,",
                                       ",5",
                                       "0,5",
                                       "5;",
                                       "5;q=1",
                                       "0x5",
                                       "0X5",
                                       "0b101",
                                       "0o5",
                                       "5x",
                                       "x5",
                                       "x",
                                       "5.0",
                                       ".5",
                                       "5.",
                                       "1e1",
                                       "5_0",
                                       "5h",
                                       "5L",
                                       "\"5\"",
                                       "'5'",
                                       "(5)",
                                       "NaN",
                                       "inf",
                                       "null",
                                       "$5",
                                       "5%",
                                       "%35",
                                       "\xC2\xB2",
                                       "\xD9\xA5",
                                       "\xEF\xBC\x95",
                                       "9223372036854775808",
                                       "18446744073709551615",
                                       "18446744073709551616",
                                       "18446744073709551621",
                                       "99999999999999999999999999",
                                       "-9223372036854775808",
                                       "4294967301x",
                                       "five",
                                       "5 GET"}) {
    to.add(shown(value), of(value), "400 close");
  }
  for (char const c : std::string_view("\x00\x01\x0b\x0c\x7f", 5)) {
    to.add("behind it " + shown(c), of(std::string("5") + c), "400 close");
    to.add("before it " + shown(c), of(c + std::string("5")), "400 close");
  }
  to.add("twice, alike", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400 close");
  to.add("twice, different", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), "400 close");
  to.add("twice, the smaller behind", post("Content-Length: 6\r\nContent-Length: 5\r\n", "hello!"), "400 close");
  to.add("twice, one zero", post("Content-Length: 0\r\nContent-Length: 5\r\n", "hello"), "400 close");
  to.add("twice, one empty", post("Content-Length: 5\r\nContent-Length:\r\n", "hello"), "400 close");
  to.add("twice, in other letters", post("Content-Length: 5\r\ncontent-length: 6\r\n", "hello!"), "400 close");
  to.add("thrice", post("Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400 close");
  to.add("twice, on a GET", get("/hello/a", "Content-Length: 0\r\nContent-Length: 0\r\n"), "400 close");
  to.add("a blank before its colon", post("Content-Length : 5\r\n", "hello"), "400 close");
  to.add("folded", post("Content-Length:\r\n 5\r\n", "hello"), "400 close");
  to.add("folded behind", post("Content-Length: 5\r\n 0\r\n", "hello"), "400 close");
  to.add("behind a bare LF", post("X: y\nContent-Length: 5\r\n", "hello"), "400 close");
  to.add("behind a bare CR", post("X: y\rContent-Length: 5\r\n", "hello"), "400 close");
  to.add("with an underscore it is another field", post("Content_Length: 5\r\n", ""), "200 keep", "");
  to.add("with another name's end it is another field", post("Content-Lengths: 5\r\nX-Content-Length: 7\r\n", ""),
         "200 keep", "");
  to.add("fewer bytes than told are waited for", of("6"), "wait");
  to.add("more bytes than told are the next request", of("5", "hello" + get("/hello/b")), "200 200 keep", "hello");
  to.add("more bytes that are no request", of("5", "hello, world\r\n\r\n"), "200 400 close", "hello");
  to.add("a body that looks like a request is a body", sized(get("/hello/b")), "200 keep", get("/hello/b"));
  to.add("a body of zero and a request behind", of("0", get("/hello/b")), "200 200 keep", "");
  to.add("a body that looks like chunks is a body", sized("0\r\n\r\n"), "200 keep", "0\r\n\r\n");
  to.add("an empty line behind the body", sized("hello") + "\r\n" + get("/hello/b"), "200 200 keep", "hello");
  to.add("a body on GET is read over", get("/hello/a", "Content-Length: 5\r\n") + "hello", "200 keep", "hello a");
  auto const hidden = get("/hello/b");
  to.add("a body on GET that is a request",
         get("/hello/a", "Content-Length: " + std::to_string(hidden.size()) + "\r\n") + hidden, "200 keep", "hello a");
  to.add("a body on HEAD is read over", line("HEAD /hello/a HTTP/1.1", "Content-Length: 5\r\n") + "hello", "200h keep");
  to.add("a body on OPTIONS is read over", line("OPTIONS /hello/a HTTP/1.1", "Content-Length: 5\r\n") + "hello",
         "204 keep");
  to.add("a body for nothing is read over", sized("hello", "/none"), "404 keep");
  to.add("a body for another method is read over", sized("hello", "/hello/a"), "405 keep");
  to.add("a big body that nobody wants", sized(std::string(200000, 'x'), "/none"), "404 either");
  to.add("a body of HTTP/1.0", line("POST /echo HTTP/1.0", "Content-Length: 5\r\n") + "hello", "200 close", "hello");
  to.add("HTTP/1.0 without a length has no body", line("POST /echo HTTP/1.0"), "200 close", "");
  to.add("the largest body of a route", sized(std::string(16, 'x'), "/small"), "200 keep");
  to.add("a byte more", sized(std::string(17, 'x'), "/small"), "413 close");
  to.add("a byte more, announced", post("Content-Length: 17\r\n", "", "/small"), "413 shut");
  to.add("the largest body", sized(std::string(1048576, 'x')), "200 keep");
  to.add("a byte more than the largest, announced", post("Content-Length: 1048577\r\n", ""), "413 close");
  to.add("a byte more than the largest, sent", sized(std::string(1048577, 'x')), "413 close");
  to.add("as much as there are numbers", post("Content-Length: 9223372036854775807\r\n", ""), "413 close");
  to.add("as much, where nobody wants it", post("Content-Length: 9223372036854775807\r\n", "", "/none"), "404 close");
  to.add("through a handler that streams", sized("hello", "/stream"), "200 keep", "hello");
  to.add("through a handler that streams, empty", sized("", "/stream"), "200 keep", "");
}

inline void add_codings(case_list& to) {
  to.group("Transfer-Encoding");
  std::string const five = "5\r\nhello\r\n0\r\n\r\n";
  auto const        of   = [&](std::string_view value) {
    return post("Transfer-Encoding: " + std::string(value) + "\r\n", five);
  };
  for (std::string_view const value : {"chunked", "Chunked", "CHUNKED", "cHuNkEd", "  chunked  ", "\tchunked\t"}) {
    to.add(shown(value), of(value), "200 keep", "hello");
  }
  to.add("its name in any case", post("tRANSFER-eNCODING: chunked\r\n", five), "200 keep", "hello");
  for (std::string_view const value :
       {"gzip, chunked", "deflate,chunked", "compress, gzip, chunked", "x, chunked", "identity, chunked"}) {
    to.add(shown(value), of(value), "400/501 close");
  }
  for (std::string_view const value : {"",
                                       " ",
                                       ",",
                                       "identity",
                                       "gzip",
                                       "x",
                                       "chunked, gzip",
                                       "chunked, identity",
                                       "chunked,chunked",
                                       "chunked, chunked",
                                       "chunked chunked",
                                       "chunked gzip",
                                       "chunked,",
                                       ",chunked",
                                       ", chunked",
                                       "chunked , ",
                                       "xchunked",
                                       "chunkedx",
                                       "x-chunked",
                                       "chunked-x",
                                       "chunk",
                                       "chunke",
                                       "chu nked",
                                       "chunked;",
                                       "chunked;q=1",
                                       "chunked; a=b",
                                       "\"chunked\"",
                                       "'chunked'",
                                       "(chunked)",
                                       "chunked:",
                                       "chunked/1",
                                       "chunked\\",
                                       "[chunked]",
                                       "chunked\xA0",
                                       "\xEF\xBB\xBF"
                                       "chunked",
                                       "\xC2\xA0"
                                       "chunked",
                                       "chunk\xC3\xA9"
                                       "d",
                                       "0chunked",
                                       "chunked0",
                                       "chunked\"",
                                       "nothing-chunked, x"}) {
    to.add(shown(value), of(value), "400/501 close");
  }
  for (char const c : std::string_view("\x00\x01\x08\x0b\x0c\x1f\x7f", 7)) {
    to.add("chunked and " + shown(c), of(std::string("chunked") + c), "400 close");
    to.add(shown(c) + " and chunked", of(c + std::string("chunked")), "400 close");
  }
  to.add("twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", five), "400 close");
  to.add("twice, first another", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", five),
         "400 close");
  to.add("twice, last another", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", five), "400 close");
  to.add("twice, first empty", post("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", five), "400 close");
  to.add("twice, two in one list", post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", five),
         "400/501 close");
  to.add("behind Content-Length", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", five), "400 close");
  to.add("before Content-Length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", five), "400 close");
  to.add("with the Content-Length that fits", post("Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", five),
         "400 close");
  to.add("with Content-Length of nothing", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", five),
         "400 close");
  to.add("another one with Content-Length", post("Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "hello"),
         "400/501 close");
  to.add("a broken one with Content-Length", post("Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n", "hello"),
         "400/501 close");
  to.add("with Content-Length, and a request hidden in it",
         post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), "400 close");
  to.add("with Content-Length, and a request behind",
         post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
              "24\r\nGET /hello/b HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n"),
         "400 close");
  to.add("in HTTP/1.0", line("POST /echo HTTP/1.0", "Transfer-Encoding: chunked\r\n") + five, "400 close");
  to.add("in HTTP/1.0 that would be kept",
         line("POST /echo HTTP/1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n") + five, "400 close");
  to.add("in HTTP/1.0 with Content-Length",
         line("POST /echo HTTP/1.0", "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n") + five, "400 close");
  to.add("a blank before its colon", post("Transfer-Encoding : chunked\r\n", five), "400 close");
  to.add("a tab before its colon", post("Transfer-Encoding\t: chunked\r\n", five), "400 close");
  to.add("a vertical tab before its colon", post("Transfer-Encoding\v: chunked\r\n", five), "400 close");
  to.add("a blank before its name", post(" Transfer-Encoding: chunked\r\n", five), "400 close");
  to.add("a blank before its name, behind another field", post("X: y\r\n Transfer-Encoding: chunked\r\n", five),
         "400 close");
  to.add("folded", post("Transfer-Encoding:\r\n chunked\r\n", five), "400 close");
  to.add("folded behind", post("Transfer-Encoding: chunked\r\n x\r\n", five), "400 close");
  to.add("folded with Content-Length", post("Content-Length: 5\r\nTransfer-Encoding:\r\n\tchunked\r\n", five),
         "400 close");
  to.add("behind a bare LF", post("X: y\nTransfer-Encoding: chunked\r\n", five), "400 close");
  to.add("behind a bare CR", post("X: y\rTransfer-Encoding: chunked\r\n", five), "400 close");
  to.add("its end a bare LF", post("Transfer-Encoding: chunked\n", five), "400 close");
  to.add("no colon", post("Transfer-Encoding chunked\r\n", five), "400 close");
  to.add("with an underscore it is another field", post("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "hello"),
         "200 keep", "hello");
  to.add("with a letter more it is another field",
         post("Transfer-Encodings: chunked\r\nContent-Length: 5\r\n", "hello"), "200 keep", "hello");
  to.add("as Content-Encoding it is another field, and no coding",
         post("Content-Encoding: chunked\r\nContent-Length: 5\r\n", "hello"), "200/415 keep");
  to.add("on GET", get("/hello/a", "Transfer-Encoding: chunked\r\n") + five, "200 keep", "hello a");
  to.add("on HEAD", line("HEAD /hello/a HTTP/1.1", "Transfer-Encoding: chunked\r\n") + five, "200h keep");
  to.add("for nothing", chunked(five, "/none"), "404 either");
  to.add("through a handler that streams", chunked(five, "/stream"), "200 keep", "hello");
  to.add("TE says nothing about it", post("TE: chunked\r\nContent-Length: 5\r\n", "hello"), "200 keep", "hello");
  to.add("TE: trailers", get("/hello/a", "TE: trailers\r\nConnection: TE\r\n"), "200 keep");
  to.add("named in Connection it still counts",
         post("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n", five), "200/400 either");
  to.add("Content-Length named in Connection still counts",
         post("Connection: content-length\r\nContent-Length: 5\r\n", "hello"), "200/400 either");
}

inline void add_framing(case_list& to) {
  add_lengths(to);
  add_codings(to);
}

}  // namespace tensorgate::test::raw
