#include <tensorgate/http/problem.hpp>

#include <cerrno>       // ENFILE
#include <string>       // string
#include <string_view>  // string_view
#include <variant>      // get

#include <doctest/doctest.h>

#include <tensorgate/codec/error.hpp>        // codec::errc
#include <tensorgate/reflect/json_read.hpp>  // read_json

using namespace tensorgate;
using namespace tensorgate::http;

namespace {

std::string text_of(problem const& what, request& r) {
  auto made = problem_json(what, r);
  CHECK(made.content_type() == "application/json");
  CHECK(made.code() == what.code);
  return std::get<std::string>(made.body());
}

}  // namespace

TEST_CASE("each failure has one status") {
  struct row {
    std::error_code code;
    status          expected;
  };
  for (auto const& [code, expected] : {
           row{http::errc::bad_path, status::bad_request},
           row{http::errc::unauthorized, status::unauthorized},
           row{http::errc::timed_out, status::request_timeout},
           row{http::errc::body_too_large, status::content_too_large},
           row{http::errc::too_many_fields, status::request_header_fields_too_large},
           row{http::errc::unavailable, status::service_unavailable},
           row{http::errc::truncated, status::bad_gateway},
           row{http::errc::cancelled, status::service_unavailable},
           row{reflect::errc::syntax, status::bad_request},
           row{reflect::errc::encoding, status::bad_request},
           row{reflect::errc::too_deep, status::bad_request},
           row{reflect::errc::duplicate, status::bad_request},
           row{reflect::errc::missing, status::unprocessable_content},
           row{reflect::errc::unknown, status::unprocessable_content},
           row{reflect::errc::wrong_type, status::unprocessable_content},
           row{reflect::errc::out_of_range, status::unprocessable_content},
           row{reflect::errc::rule, status::unprocessable_content},
           row{std::make_error_code(std::errc::no_space_on_device), status::insufficient_storage},
           row{std::error_code(ENFILE, std::system_category()), status::service_unavailable},
           row{std::make_error_code(std::errc::too_many_files_open), status::service_unavailable},
           row{std::make_error_code(std::errc::permission_denied), status::internal_server_error},
           row{codec::errc::malformed, status::internal_server_error},
       }) {
    CAPTURE(code.message());
    CHECK(to_status(code) == expected);
  }
}

TEST_CASE("slugs are the reason phrases as programs like them") {
  CHECK(slug_of(status::not_found) == "not_found");
  CHECK(slug_of(status::unprocessable_content) == "unprocessable_content");
  CHECK(slug_of(status::uri_too_long) == "uri_too_long");
  CHECK(slug_of(status::non_authoritative_information) == "non_authoritative_information");
  CHECK(slug_of(static_cast<status>(299)) == "error");
  CHECK(slug_of(static_cast<status>(999)) == "error");
}

TEST_CASE("a problem tells its note, but nothing from inside") {
  auto const refused = from(failure{http::errc::forbidden, "keys of tier 30 do not see this"});
  CHECK(refused.message == "keys of tier 30 do not see this");
  CHECK(refused.slug == "forbidden");
  CHECK(refused.cause == http::errc::forbidden);
  CHECK(from(failure{http::errc::not_found, {}}).message == "there is nothing at this target");
  CHECK(from(failure{http::errc::unavailable, "the first snapshot is not read yet"}).message ==
        "the first snapshot is not read yet");

  CHECK(from(failure{http::errc::internal, "row 7 of the index"}).message == "the server failed");
  CHECK(from(failure{std::make_error_code(std::errc::permission_denied), "open"}).message == "the server failed");
  CHECK(from(failure{codec::errc::malformed, "index"}).message == "the server failed");
  CHECK(from(failure{std::make_error_code(std::errc::no_space_on_device), "write"}).message == "Insufficient Storage");
}

TEST_CASE("JSON that is malformed is answered with its place, JSON that is wrong with its path") {
  auto const malformed = reflect::read_json<int>("{");
  REQUIRE(!malformed);
  std::string const place = "line " + std::to_string(malformed.error().line);
  if (to_status(static_cast<failure>(malformed.error()).code) == status::bad_request) {
    CHECK(from(malformed.error()).message.find(place) != std::string::npos);
  }
  auto const broken = reflect::read_json<int>("1 2");
  REQUIRE(!broken);
  CHECK(from(broken.error()).code == status::bad_request);
  CHECK(from(broken.error()).message.starts_with("malformed JSON at line 1, column 3: expected "));
  auto const wrong = reflect::read_json<int>("\"x\"");
  REQUIRE(!wrong);
  CHECK(from(wrong.error()).code == status::unprocessable_content);
  CHECK(from(wrong.error()).message.starts_with("expected "));
}

TEST_CASE("the form of errors is JSON, whatever the words are") {
  request r;
  r.id = "7f";
  CHECK(text_of(problem_of(status::not_found, "no such miner"), r) ==
        R"({"error":{"code":"not_found","message":"no such miner","request_id":"7f"}})");
  CHECK(
      text_of(problem_of(status::unprocessable_content, "a \"quote\"\n", "/a~1b/\x01"), r) ==
      R"({"error":{"code":"unprocessable_content","message":"a \"quote\"\n","request_id":"7f","path":"/a~1b/\u0001"}})");
  problem bare;
  bare.code = status::bad_gateway;
  CHECK(text_of(bare, r) == R"({"error":{"code":"bad_gateway","message":"","request_id":"7f"}})");
}
