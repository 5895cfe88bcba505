// tests/raw/cases/fields.hpp: RFC 9112 §5 and §3.2: field lines, their limits, and Host.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include "../case.hpp"  // case_list, get

namespace tensorgate::test::raw {

inline void add_field_lines(case_list& to) {
  to.group("field");
  to.add("no blank behind the colon", get("/hello/a", "X:y\r\n"), "200 keep");
  to.add("many blanks around the value", get("/hello/a", "X: \t  y \t \r\n"), "200 keep");
  to.add("an empty value", get("/hello/a", "X:\r\n"), "200 keep");
  to.add("a value of blanks", get("/hello/a", "X:  \t \r\n"), "200 keep");
  to.add("a value with a tab", get("/hello/a", "X: a\tb\r\n"), "200 keep");
  to.add("every byte that a name may have", get("/hello/a", "!#$%&'*+-.^_`|~09azAZ: y\r\n"), "200 keep");
  to.add("a name of one letter twice", get("/hello/a", "X: y\r\nX: z\r\n"), "200 keep");
  to.add("a colon in the value", get("/hello/a", "X: a:b:c\r\n"), "200 keep");
  to.add("two colons", get("/hello/a", "X:: y\r\n"), "200 keep");
  to.add("names in any case", "GET /hello/a HTTP/1.1\r\nhOsT: a\r\ncOnNeCtIoN: ClOsE\r\n\r\n", "200 close");
  to.add("a blank before the colon", get("/hello/a", "X : y\r\n"), "400 close");
  to.add("a tab before the colon", get("/hello/a", "X\t: y\r\n"), "400 close");
  to.add("a blank before the colon of Host", "GET /hello/a HTTP/1.1\r\nHost : a\r\n\r\n", "400 close");
  to.add("a blank in the name", get("/hello/a", "X Y: y\r\n"), "400 close");
  to.add("an empty name", get("/hello/a", ": y\r\n"), "400 close");
  to.add("only a colon", get("/hello/a", ":\r\n"), "400 close");
  to.add("no colon", get("/hello/a", "X\r\n"), "400 close");
  to.add("no colon, two words", get("/hello/a", "X y\r\n"), "400 close");
  to.add("a line of one blank", get("/hello/a", " \r\n"), "400 close");
  to.add("a line folded by a blank", get("/hello/a", "X: y\r\n z\r\n"), "400 close");
  to.add("a line folded by a tab", get("/hello/a", "X: y\r\n\tz\r\n"), "400 close");
  to.add("a line folded to nothing", get("/hello/a", "X: y\r\n \r\n"), "400 close");
  to.add("an empty value folded", get("/hello/a", "X:\r\n y\r\n"), "400 close");
  to.add("the first line folded", "GET /hello/a HTTP/1.1\r\n Host: a\r\n\r\n", "400 close");
  to.add("the first line folded by a tab", "GET /hello/a HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n", "400 close");
  to.add("a fold before Host", "GET /hello/a HTTP/1.1\r\nX: y\r\n Host: a\r\n\r\n", "400 close");
  to.add("a bare LF ends a line", get("/hello/a", "X: y\nY: z\r\n"), "400 close");
  to.add("a bare CR ends a line", get("/hello/a", "X: y\rY: z\r\n"), "400 close");
  to.add("CR CR LF ends a line", get("/hello/a", "X: y\r\r\n"), "400 close");
  to.add("a bare CR at the end of a value", get("/hello/a", "X: y\r \r\n"), "400 close");
  to.add("a bare CR before a name", get("/hello/a", "\rX: y\r\n"), "400 close");
  to.add("a bare LF ends the head", "GET /hello/a HTTP/1.1\r\nHost: a\r\n\n", "400 close");
  to.add("a bare LF behind the last line and CRLF", "GET /hello/a HTTP/1.1\r\nHost: a\n\r\n", "400 close");
  to.add("a bare CR ends the head", "GET /hello/a HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", "400 close");
  for (int byte = 0; byte != 256; ++byte) {
    char const c     = static_cast<char>(byte);
    bool const token = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
    bool const sample =
        byte <= 0x20 || (byte >= 0x21 && byte <= 0x7F) || byte == 0x80 || byte == 0xA0 || byte == 0xC3 || byte == 0xFF;
    if (!token && sample && c != ':')
      to.add("name with " + shown(c), get("/hello/a", std::string("X") + c + "Y: z\r\n"), "400 close");
    bool const control = (byte < 0x20 && c != '\t') || byte == 0x7F;
    if (control) to.add("value with " + shown(c), get("/hello/a", std::string("X: y") + c + "z\r\n"), "400 close");
  }
  for (char const c : std::string_view("\x80\x85\xa0\xc3\xff")) {
    to.add("value with " + shown(c), get("/hello/a", std::string("X: y") + c + "z\r\n"), "200 keep");
  }
  to.add("a control byte in the value of Host", std::string("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"), "400 close");
  to.add("a name that begins with a control byte", get("/hello/a", "\x01X: y\r\n"), "400 close");
  to.add("a value that begins with a NUL", get("/hello/a", std::string("X: \0y\r\n", 7)), "400 close");
  to.add("fields that hold requests are fields", get("/hello/a", "X: GET /hello/b HTTP/1.1\r\n"), "200 keep",
         "hello a");
}

inline void add_field_limits(case_list& to) {
  to.group("limits of a head");
  auto const lines = [](int count) {
    std::string all;
    for (int i = 0; i != count; ++i) all += "X-" + std::to_string(i) + ": y\r\n";
    return all;
  };
  to.add("a hundred lines", get("/hello/a", lines(99)), "200 keep");
  to.add("a hundred and one lines", get("/hello/a", lines(100)), "431 close");
  to.add("a thousand lines", get("/hello/a", lines(1000)), "431 close");
  to.add("ten thousand lines", get("/hello/a", lines(10000)), "431 close");
  auto const rest = get("/hello/a", "X: \r\n").size();
  to.add("16 KiB", get("/hello/a", "X: " + std::string(16384 - rest, 'y') + "\r\n"), "200 keep");
  to.add("16 KiB and a byte", get("/hello/a", "X: " + std::string(16385 - rest, 'y') + "\r\n"), "431 close");
  to.add("a value of 100 000 bytes", get("/hello/a", "X: " + std::string(100000, 'y') + "\r\n"), "431 close");
  to.add("a name of 20 000 bytes", get("/hello/a", std::string(20000, 'X') + ": y\r\n"), "431 close");
  to.add("a value that never ends", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'y'), "431 close");
  to.add("a value of 10 000 blanks", get("/hello/a", "X:" + std::string(10000, ' ') + "y\r\n"), "200 keep");
  to.add("a long cookie", get("/hello/a", "Cookie: " + std::string(8000, 'c') + "\r\n"), "200 keep");
  to.add("a long Host", "GET /hello/a HTTP/1.1\r\nHost: " + std::string(300, 'a') + "\r\n\r\n", "200 keep");
}

inline void add_hosts(case_list& to) {
  to.group("Host");
  auto const with = [](std::string_view value, std::string_view version = "1.1") {
    return "GET /hello/a HTTP/" + std::string(version) + "\r\nHost: " + std::string(value) + "\r\n\r\n";
  };
  for (std::string_view const host : {"a",
                                      "a:80",
                                      "a:",
                                      "a:65535",
                                      "a:1",
                                      "127.0.0.1",
                                      "127.0.0.1:8080",
                                      "999.1.2.3",
                                      "[::1]",
                                      "[::1]:80",
                                      "[::]",
                                      "[1:2:3:4:5:6:7:8]",
                                      "[::ffff:1.2.3.4]",
                                      "[2001:DB8::1]:443",
                                      "[v1.x]",
                                      "A.EXAMPLE",
                                      "a_b",
                                      "a-b",
                                      "-a",
                                      "a.",
                                      "xn--e1afmkfd",
                                      "a%41",
                                      "%C3%A9",
                                      "sub.domain.example.com:8080",
                                      "a;b=c",
                                      "a!b",
                                      "a~b",
                                      "  a  "}) {
    to.add("good: " + shown(host), with(host), "200 keep", "hello a");
  }
  for (std::string_view const host : {"",
                                      " ",
                                      "\t",
                                      ":",
                                      ":80",
                                      "a b",
                                      "a\tb",
                                      "a, b",
                                      "a,b",
                                      "a,",
                                      ",a",
                                      "a:x",
                                      "a:80x",
                                      "a:-1",
                                      "a:+80",
                                      "a:0",
                                      "a:00",
                                      "a:65536",
                                      "a:99999",
                                      "a:123456",
                                      "a:80:80",
                                      "a::80",
                                      "a: 80",
                                      "a :80",
                                      "a:80 ",
                                      "a:8 0",
                                      "user@a",
                                      "user:secret@a",
                                      "@a",
                                      "a@",
                                      "@",
                                      "a:80@b",
                                      "[::1",
                                      "::1]",
                                      "::1",
                                      "[::1]x",
                                      "[::1]:x",
                                      "[::1]80",
                                      "[::1]]",
                                      "[[::1]]",
                                      "[]",
                                      "[:]",
                                      "[:::]",
                                      "[::g]",
                                      "[12345::]",
                                      "[1:2:3:4:5:6:7]",
                                      "[1:2:3:4:5:6:7:8:9]",
                                      "[1::2::3]",
                                      "[::1%25lo]",
                                      "[::1%lo]",
                                      "[127.0.0.1]",
                                      "[a]",
                                      "[v.x]",
                                      "[v1]",
                                      "[v1.]",
                                      "[::1.2.3]",
                                      "[::256.1.1.1]",
                                      "a/b",
                                      "a/",
                                      "/",
                                      "/a",
                                      "a?x",
                                      "?",
                                      "a#x",
                                      "#",
                                      "a\\b",
                                      "\\",
                                      "http://a",
                                      "http://a/",
                                      "//a",
                                      "a%",
                                      "a%4",
                                      "a%zz",
                                      "a%2F",
                                      "a%00",
                                      "a%20",
                                      "a%40b",
                                      "a%3A80",
                                      "a\"b",
                                      "a<b",
                                      "a>b",
                                      "a^b",
                                      "a`b",
                                      "a{b",
                                      "a|b",
                                      "a}b",
                                      "a[b",
                                      "a]b",
                                      "\xC3\xA9",
                                      "a\xFF"}) {
    bool const trimmed = host == "a:80 ";
    to.add("bad: " + shown(host), with(host), trimmed ? "200 keep" : "400 close");
  }
  to.add("missing", "GET /hello/a HTTP/1.1\r\n\r\n", "400 close");
  to.add("missing, other fields there", "GET /hello/a HTTP/1.1\r\nX: y\r\n\r\n", "400 close");
  to.add("missing in HTTP/1.2", "GET /hello/a HTTP/1.2\r\n\r\n", "400 close");
  to.add("without a colon", "GET /hello/a HTTP/1.1\r\nHost\r\n\r\n", "400 close");
  to.add("twice, alike", get("/hello/a", "Host: a\r\n"), "400 close");
  to.add("twice, different", get("/hello/a", "Host: b\r\n"), "400 close");
  to.add("twice, in other letters", get("/hello/a", "hOST: a\r\n"), "400 close");
  to.add("twice, one empty", get("/hello/a", "Host:\r\n"), "400 close");
  to.add("twice, far apart", "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: y\r\nY: z\r\nHost: a\r\n\r\n", "400 close");
  to.add("a name that is nearly it does not replace it", "GET /hello/a HTTP/1.1\r\nHosts: a\r\nX-Host: a\r\n\r\n",
         "400 close");
  to.add("missing in HTTP/1.0", "GET /hello/a HTTP/1.0\r\n\r\n", "200 close", "hello a");
  to.add("given in HTTP/1.0", with("a", "1.0"), "200 close");
  to.add("bad in HTTP/1.0", with("a b", "1.0"), "400 close");
  to.add("empty in HTTP/1.0", with("", "1.0"), "400 close");
  to.add("twice in HTTP/1.0", "GET /hello/a HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "400 close");
}

inline void add_fields(case_list& to) {
  add_field_lines(to);
  add_field_limits(to);
  add_hosts(to);
}

}  // namespace tensorgate::test::raw
