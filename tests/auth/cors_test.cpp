#include <tensorgate/auth/cors.hpp>

#include <string>

#include <doctest/doctest.h>

#include "support/request_of.hpp"

using namespace tensorgate;
using test::request_of;

namespace {
auth::cors named(bool credentials = false) {
  return auth::cors({.origins = {"https://a.example", "https://b.example:8443"}, .credentials = credentials});
}
constexpr std::string_view preflight =
    "OPTIONS /x HTTP/1.1\nOrigin: https://a.example\nAccess-Control-Request-Method: POST\n";
/// What the check of the settings says, behind the place that it names.
std::string judged(auth::cors_options const& options) {
  std::string inside;
  auto const  said = reflect::describe<auth::cors_options>::check(options, inside);
  return said.empty() ? std::string() : inside + ": " + std::string(said);
}

}  // namespace

TEST_CASE("off, it adds nothing and answers nothing") {
  auth::cors const off;
  request_of       q(preflight);
  CHECK(!off.admit(q.r));
  CHECK(q.r.answer_fields.empty());
}

TEST_CASE("a listed origin may read, another one may not") {
  auto const cors = named();
  request_of listed("GET / HTTP/1.1\nOrigin: https://a.example\n");
  CHECK(!cors.admit(listed.r));
  CHECK(listed.answer_field("Access-Control-Allow-Origin") == "https://a.example");
  CHECK(listed.answer_field("Vary") == "Origin");
  CHECK(listed.answer_field("Access-Control-Expose-Headers"));
  CHECK(!listed.answer_field("Access-Control-Allow-Credentials"));
  for (auto const* origin :
       {"https://c.example", "http://a.example", "https://a.example.evil.example", "https://b.example", "null"}) {
    CAPTURE(origin);
    request_of other("GET / HTTP/1.1\nOrigin: " + std::string(origin) + "\n");
    CHECK(!cors.admit(other.r));
    CHECK(!other.answer_field("Access-Control-Allow-Origin"));
    CHECK(other.answer_field("Vary") == "Origin");
  }
}

TEST_CASE("a preflight is answered at once") {
  auto const cors = named();
  request_of q(preflight);
  auto const answer = cors.admit(q.r);
  REQUIRE(answer);
  CHECK(answer->code() == http::status::no_content);
  std::string methods;
  for (auto const& one : answer->fields()) {
    if (one.name == "Access-Control-Allow-Methods") methods = one.value;
  }
  CHECK(methods == "GET, HEAD, POST");
  request_of plain("OPTIONS /x HTTP/1.1\nOrigin: https://a.example\n");
  CHECK(!cors.admit(plain.r));
}

TEST_CASE("origins are such as browsers send") {
  for (auto const* sent : {"*", "null", "https://a.example", "https://a.example:8443", "http://192.0.2.1:8080",
                           "http://[2001:db8::1]:8080", "https://localhost", "app+x.y-1://local-host", "app://a:80"}) {
    CAPTURE(sent);
    CHECK(judged({.origins = {sent}}).empty());
  }
  for (auto const* never_sent : {"",
                                 "a.example",
                                 "//a.example",
                                 "://a.example",
                                 "1x://a.example",
                                 "x_y://a.example",
                                 "https://",
                                 "https://a.example/",
                                 "https://a.example/path",
                                 "https://a.example?x",
                                 "https://a.example#x",
                                 "https://me@a.example",
                                 "https://a b",
                                 "https://a:",
                                 "https://a:x",
                                 "https://a:99999",
                                 "https://a:08443",
                                 "https://[a]",
                                 "https://A.example",
                                 " https://a.example",
                                 "https://a.example, https://b.example",
                                 "https://a.example:443",
                                 "http://a.example:80"}) {
    CAPTURE(never_sent);
    CHECK(judged({.origins = {"https://fine.example", never_sent}}).starts_with("origins[1]: "));
  }
}

TEST_CASE("every origin is a star, and never with credentials") {
  auth::cors const any(auth::cors_options{.origins = {"*"}});
  request_of       q("GET / HTTP/1.1\nOrigin: https://z.example\n");
  CHECK(!any.admit(q.r));
  CHECK(q.answer_field("Access-Control-Allow-Origin") == "*");
  CHECK(!q.answer_field("Vary"));
  CHECK(judged({.origins = {"*"}, .credentials = true}).starts_with(": credentials cannot"));
  auto const with = named(true);
  request_of c("GET / HTTP/1.1\nOrigin: https://a.example\n");
  CHECK(!with.admit(c.r));
  CHECK(c.answer_field("Access-Control-Allow-Credentials") == "true");
}
