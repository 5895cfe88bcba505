#include <tensorgate/http/url.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace http = tensorgate::http;

TEST_CASE("a URL is taken apart into what is connected to and what is sent") {
  struct row {
    std::string_view text;
    std::string_view host;
    unsigned         port;
    std::string_view authority;
    std::string_view target;
    bool             encrypted;
  };
  for (auto const& row : {
           row{"http://example.org", "example.org", 80, "example.org", "/", false},
           row{"https://Example.ORG/a/b?c=d&e", "example.org", 443, "example.org", "/a/b?c=d&e", true},
           row{"HTTP://127.0.0.1:8080/", "127.0.0.1", 8080, "127.0.0.1:8080", "/", false},
           row{"http://[::1]:81?x=/?", "::1", 81, "[::1]:81", "/?x=/?", false},
           row{"https://a:443/%7Ex/../y", "a", 443, "a", "/%7Ex/../y", true},
           row{"http://a:/x", "a", 80, "a", "/x", false},
           row{"https://a:80/", "a", 80, "a:80", "/", true},
       }) {
    CAPTURE(row.text);
    auto const parsed = http::url::parse(row.text);
    REQUIRE(parsed);
    CHECK(parsed->host() == row.host);
    CHECK(parsed->port() == row.port);
    CHECK(parsed->authority() == row.authority);
    CHECK(parsed->target() == row.target);
    CHECK(parsed->is_encrypted() == row.encrypted);
  }
}

TEST_CASE("a URL that could mean two things, or nothing, is refused") {
  for (auto const text : {std::string_view(""),
                          std::string_view("example.org"),
                          std::string_view("//a/"),
                          std::string_view("ftp://a/"),
                          std::string_view("http:/a"),
                          std::string_view("http://"),
                          std::string_view("http:///x"),
                          std::string_view("http://u@a/"),
                          std::string_view("http://u:p@a/"),
                          std::string_view("http://a:0/"),
                          std::string_view("http://a:65536/"),
                          std::string_view("http://a:8x/"),
                          std::string_view("http://a b/"),
                          std::string_view("http://a/b c"),
                          std::string_view("http://a/#f"),
                          std::string_view("http://a#f"),
                          std::string_view("http://a/%"),
                          std::string_view("http://a/%4"),
                          std::string_view("http://a/%zz"),
                          std::string_view("http://a/\r\nX: y"),
                          std::string_view("http://a/\0", 10),
                          std::string_view("http://[::1/"),
                          std::string_view("http://::1/"),
                          std::string_view("http://[fe80::1%25eth0]/"),
                          std::string_view("http://%61/"),
                          std::string_view("http://a\\b/"),
                          std::string_view(" http://a/"),
                          std::string_view("http://a/ "),
                          std::string_view("http://a/\xC3\xA4"),
                          std::string_view("http://\xC3\xA4/"),
                          std::string_view("http://[v1.a]/"),
                          std::string_view("http://[vA.s:O;:,b]"),
                          std::string_view("http://a,b/")}) {
    CAPTURE(text);
    CHECK(!http::url::parse(text));
  }
  CHECK(!http::url::parse("http://a/" + std::string(8200, 'x')));
}

TEST_CASE("a URL leads to another target of the same server") {
  auto const base = http::url::parse("https://a:8443/x");
  REQUIRE(base);
  auto const other = base->with_target("/y?z");
  REQUIRE(other);
  CHECK(other->target() == "/y?z");
  CHECK(other->origin() == "https://a:8443");
  CHECK(base->with_target("?q")->target() == "/?q");
  CHECK(!base->with_target("y"));
  CHECK(!base->with_target("/y z"));
  CHECK(http::url() == *http::url::parse("http://127.0.0.1"));
}
