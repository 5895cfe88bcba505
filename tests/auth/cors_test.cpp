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

TEST_CASE("every origin is a star, and never with credentials") {
  auth::cors const any(auth::cors_options{.origins = {"*"}});
  request_of       q("GET / HTTP/1.1\nOrigin: https://z.example\n");
  CHECK(!any.admit(q.r));
  CHECK(q.answer_field("Access-Control-Allow-Origin") == "*");
  CHECK(!q.answer_field("Vary"));
  CHECK(!reflect::describe<auth::cors_options>::check({.origins = {"*"}, .credentials = true}).empty());
  CHECK(!reflect::describe<auth::cors_options>::check({.origins = {"https://a.example/path"}}).empty());
  CHECK(!reflect::describe<auth::cors_options>::check({.origins = {"a.example"}}).empty());
  CHECK(reflect::describe<auth::cors_options>::check({.origins = {"https://a.example:8443"}}).empty());
  for (auto const* never_sent : {"https://A.example", " https://a.example", "https://a.example, https://b.example",
                                 "https://a.example:443", "http://a.example:80"}) {
    CAPTURE(never_sent);
    CHECK(!reflect::describe<auth::cors_options>::check({.origins = {never_sent}}).empty());
  }
  auto const with = named(true);
  request_of c("GET / HTTP/1.1\nOrigin: https://a.example\n");
  CHECK(!with.admit(c.r));
  CHECK(c.answer_field("Access-Control-Allow-Credentials") == "true");
}
