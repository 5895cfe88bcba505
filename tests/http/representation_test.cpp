#include <tensorgate/http/representation.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tensorgate/net/memory_file.hpp>

#include "support/run_task.hpp"

namespace http  = tensorgate::http;
namespace codec = tensorgate::codec;
using http::status;

namespace {

/// A parsed request with the given field lines.
struct asked {
  std::string   bytes;
  http::request r;

  explicit asked(std::string const& fields = {}, std::string const& verb = "GET")
      : bytes(verb + " /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") {
    http::head_parser parser;
    REQUIRE(parser.parse(bytes, r.head) == http::parse_state::complete);
  }
};

std::string text_of(std::string_view digits, std::size_t size) {
  std::string text;
  while (text.size() < size) text.append(digits);
  text.resize(size);
  return text;
}

std::string const plain  = text_of("0123456789", 1000);
std::string const packed = codec::gzip_compress(plain);

http::representation both() {
  http::representation made;
  made.content_type  = "application/json";
  made.identity      = http::shared_bytes::own(plain);
  made.gzip          = http::shared_bytes::own(packed);
  made.etag          = "v1";
  made.last_modified = std::chrono::sys_seconds{std::chrono::seconds{784111777}};
  made.cache_control = "no-cache";
  return made;
}

std::string_view field(http::reply const& answer, std::string_view name) {
  for (auto const& one : answer.fields()) {
    if (tensorgate::equals_ignoring_case(one.name, name)) return one.value;
  }
  return {};
}

/// Collects what a producer writes.
class collector final : public http::body_writer {
 public:
  std::string got;

  tensorgate::task<tensorgate::result<void>> start(http::reply) override { co_return tensorgate::result<void>{}; }
  tensorgate::task<tensorgate::result<void>> write(std::string_view piece) override {
    got.append(piece);
    co_return tensorgate::result<void>{};
  }
  void               trailer(std::string_view, std::string_view) override {}
  [[nodiscard]] bool started() const noexcept override { return true; }
};

std::string body(http::reply const& answer) {
  auto const& held = answer.body();
  if (auto const* const text = std::get_if<std::string>(&held)) return *text;
  if (auto const* const memory = std::get_if<http::shared_bytes>(&held)) return std::string(memory->view());
  if (auto const* const file = std::get_if<http::file_bytes>(&held)) {
    std::string text;
    auto const  read = http::append_bytes(*file, 0, static_cast<std::size_t>(file->length()), text);
    REQUIRE(read);
    return text;
  }
  if (auto const* const producer = std::get_if<http::body_producer>(&held)) {
    collector out;
    REQUIRE(tensorgate::test::run_task((*producer)(out)).has_value());
    return out.got;
  }
  return {};
}

http::file_bytes file_of(std::string_view text) {
  auto made = tensorgate::net::memory_file::copy_of(text);
  REQUIRE(made);
  auto const kept = std::make_shared<tensorgate::net::memory_file>(std::move(*made));
  return http::file_bytes(std::make_shared<int const>(::dup(kept->descriptor())), 0, text.size());
}

}  // namespace

TEST_CASE("a client that says nothing of codings gets the variant that the caller chose") {
  asked const bare;
  auto        what   = both();
  auto        answer = http::represent(bare.r, what);
  CHECK(answer.code() == status::ok);
  CHECK(answer.content_type() == "application/json");
  CHECK(body(answer) == plain);
  CHECK(field(answer, "Content-Encoding").empty());
  CHECK(field(answer, "Vary") == "Accept-Encoding");
  CHECK(field(answer, "ETag") == "\"v1\"");
  CHECK(field(answer, "Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(field(answer, "Cache-Control") == "no-cache");
  CHECK(field(answer, "Accept-Ranges") == "bytes");

  what.unasked = codec::coding::gzip;
  auto coded   = http::represent(bare.r, what);
  CHECK(body(coded) == packed);
  CHECK(field(coded, "Content-Encoding") == "gzip");
  CHECK(field(coded, "ETag") == "\"v1-gzip\"");
}

TEST_CASE("accept-encoding chooses among the stored variants") {
  auto const what = both();
  struct row {
    std::string_view accepts;
    std::string_view coding;
  };
  for (auto const& row : {row{"gzip", "gzip"}, row{"gzip, deflate, br", "gzip"}, row{"*", "gzip"}, row{"identity", ""},
                          row{"gzip;q=0", ""}, row{"gzip;q=0.5, identity;q=0.8", ""}, row{"identity;q=0, *", "gzip"},
                          row{"", ""}, row{"br", ""}}) {
    CAPTURE(row.accepts);
    asked const with("Accept-Encoding: " + std::string(row.accepts) + "\r\n");
    auto        answer = http::represent(with.r, what);
    CHECK(answer.code() == status::ok);
    CHECK(field(answer, "Content-Encoding") == row.coding);
    CHECK(body(answer) == (row.coding.empty() ? plain : packed));
    CHECK(field(answer, "Vary") == "Accept-Encoding");
  }
  asked const two("Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n");
  CHECK(field(http::represent(two.r, what), "Content-Encoding") == "gzip");
}

TEST_CASE("what is stored coded is sent so to whoever takes it at all") {
  auto what    = both();
  what.unasked = codec::coding::gzip;
  for (auto const* accepts : {"gzip;q=0.5, identity", "identity, *;q=0.1", "gzip"}) {
    CAPTURE(accepts);
    asked const with("Accept-Encoding: " + std::string(accepts) + "\r\n");
    CHECK(body(http::represent(with.r, what)) == packed);
  }
  for (auto const* accepts : {"identity", "gzip;q=0", "br", ""}) {
    CAPTURE(accepts);
    asked const with("Accept-Encoding: " + std::string(accepts) + "\r\n");
    CHECK(body(http::represent(with.r, what)) == plain);
  }
}

TEST_CASE("a client that refuses every coding is told so") {
  auto        what = both();
  asked const picky("Accept-Encoding: identity;q=0, gzip;q=0\r\n");
  auto const  answer = http::represent(picky.r, what);
  CHECK(answer.code() == status::not_acceptable);
  CHECK(field(answer, "Vary") == "Accept-Encoding");

  what.gzip = {};
  asked const no_identity("Accept-Encoding: identity;q=0, gzip\r\n");
  CHECK(http::represent(no_identity.r, what).code() == status::not_acceptable);
}

TEST_CASE("bytes that are stored coded alone are decoded for whom cannot read them") {
  auto what     = both();
  what.identity = {};
  asked const plain_only("Accept-Encoding: identity\r\nRange: bytes=3-5\r\n");
  CHECK(http::must_decode(plain_only.r, what));
  auto answer = http::represent(plain_only.r, what);
  CHECK(answer.code() == status::partial_content);
  CHECK(body(answer) == "345");
  CHECK(field(answer, "ETag") == "\"v1\"");
  CHECK(field(answer, "Content-Range") == "bytes 3-5/1000");

  what.gzip      = file_of(packed);
  auto from_file = http::represent(plain_only.r, what);
  CHECK(body(from_file) == "345");

  what.decoded_limit = 999;
  CHECK(http::represent(plain_only.r, what).code() == status::internal_server_error);
  what.gzip = http::shared_bytes::own("no gzip");
  CHECK(http::represent(plain_only.r, what).code() == status::internal_server_error);

  asked const any("Accept-Encoding: gzip\r\n");
  CHECK(!http::must_decode(any.r, what));
}

TEST_CASE("representations without a coded variant do not vary") {
  auto what = both();
  what.gzip = {};
  asked const with("Accept-Encoding: gzip\r\n");
  auto        answer = http::represent(with.r, what);
  CHECK(field(answer, "Vary").empty());
  CHECK(field(answer, "Content-Encoding").empty());
  CHECK(body(answer) == plain);
}

TEST_CASE("a client that has the bytes is sent none") {
  auto const  what = both();
  asked const known("If-None-Match: \"x\", \"v1\"\r\n");
  auto        answer = http::represent(known.r, what);
  CHECK(answer.code() == status::not_modified);
  CHECK(std::holds_alternative<std::monostate>(answer.body()));
  CHECK(answer.content_type().empty());
  CHECK(field(answer, "ETag") == "\"v1\"");
  CHECK(field(answer, "Vary") == "Accept-Encoding");
  CHECK(field(answer, "Cache-Control") == "no-cache");

  asked const in_two_lines("If-None-Match: \"x\"\r\nIf-None-Match: \"v1\"\r\n", "HEAD");
  CHECK(http::represent(in_two_lines.r, what).code() == status::not_modified);
  asked const by_date("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  CHECK(http::represent(by_date.r, what).code() == status::not_modified);
  asked const by_two_dates("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nIf-Modified-Since: x\r\n");
  CHECK(http::represent(by_two_dates.r, what).code() == status::ok);
}

TEST_CASE("conditions are about the variant that would be sent") {
  auto const  what = both();
  asked const other("Accept-Encoding: gzip\r\nIf-None-Match: \"v1\"\r\n");
  CHECK(http::represent(other.r, what).code() == status::ok);
  asked const same("Accept-Encoding: gzip\r\nIf-None-Match: \"v1-gzip\"\r\n");
  auto const  answer = http::represent(same.r, what);
  CHECK(answer.code() == status::not_modified);
  CHECK(field(answer, "ETag") == "\"v1-gzip\"");
}

TEST_CASE("a condition that fails is a 412") {
  auto const  what = both();
  asked const match("If-Match: \"v0\"\r\n");
  CHECK(http::represent(match.r, what).code() == status::precondition_failed);
  asked const since("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n");
  CHECK(http::represent(since.r, what).code() == status::precondition_failed);
}

TEST_CASE("one range is sent as a part, of the variant that was chosen") {
  auto const  what = both();
  asked const part("Range: bytes=10-14\r\n");
  auto        answer = http::represent(part.r, what);
  CHECK(answer.code() == status::partial_content);
  CHECK(answer.content_type() == "application/json");
  CHECK(body(answer) == "01234");
  CHECK(field(answer, "Content-Range") == "bytes 10-14/1000");
  CHECK(field(answer, "ETag") == "\"v1\"");

  asked const coded("Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n");
  auto        of_coded = http::represent(coded.r, what);
  CHECK(body(of_coded) == packed.substr(0, 4));
  CHECK(field(of_coded, "Content-Encoding") == "gzip");
  CHECK(field(of_coded, "Content-Range") == "bytes 0-3/" + std::to_string(packed.size()));
}

TEST_CASE("a range behind the end is a 416 that names the size") {
  asked const beyond("Range: bytes=1000-\r\n");
  auto const  answer = http::represent(beyond.r, both());
  CHECK(answer.code() == status::range_not_satisfiable);
  CHECK(field(answer, "Content-Range") == "bytes */1000");
}

TEST_CASE("a range is served to GET alone, in one line, and under if-range for the same bytes alone") {
  auto const what = both();
  for (auto const& [fields, verb, code] : {
           std::tuple{"Range: bytes=0-1\r\n", "HEAD", status::ok},
           std::tuple{"Range: bytes=0-1\r\nRange: bytes=0-2\r\n", "GET", status::ok},
           std::tuple{"Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n", "GET", status::partial_content},
           std::tuple{"Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n", "GET", status::ok},
           std::tuple{"Range: bytes=5000-\r\nIf-Range: \"v0\"\r\n", "GET", status::ok},
           std::tuple{"Range: bytes=0-1\r\nIf-Range: \"v1\"\r\nIf-Range: \"v1\"\r\n", "GET", status::ok},
           std::tuple{"Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "GET",
                      status::partial_content},
           std::tuple{"Range: bytes=0-1\r\nIf-None-Match: \"v1\"\r\n", "GET", status::not_modified},
           std::tuple{"Range: bytes=5-1\r\n", "GET", status::ok},
           std::tuple{"Range: lines=0-1\r\n", "GET", status::ok},
       }) {
    CAPTURE(fields);
    asked const with(fields, verb);
    CHECK(http::represent(with.r, what).code() == code);
  }
  auto unranged   = what;
  unranged.ranges = false;
  asked const part("Range: bytes=0-1\r\n");
  CHECK(http::represent(part.r, unranged).code() == status::ok);
  CHECK(field(http::represent(part.r, unranged), "Accept-Ranges").empty());
}

TEST_CASE("several ranges are parts of one body, from memory and from a file alike") {
  asked const several("Range: bytes=500-504,0-4\r\n");
  auto        what     = both();
  auto        answer   = http::represent(several.r, what);
  auto const  type     = field(answer, "Content-Type");
  auto const  boundary = std::string(type.substr(type.find('=') + 1));
  CHECK(answer.code() == status::partial_content);
  CHECK(type.starts_with("multipart/byteranges; boundary="));
  CHECK(answer.content_type().empty());
  auto const expected =
      "--" + boundary + "\r\nContent-Type: application/json\r\nContent-Range: bytes 500-504/1000\r\n\r\n01234\r\n--" +
      boundary + "\r\nContent-Type: application/json\r\nContent-Range: bytes 0-4/1000\r\n\r\n01234\r\n--" + boundary +
      "--\r\n";
  CHECK(body(answer) == expected);

  what.identity  = file_of(plain);
  auto from_file = http::represent(several.r, what);
  CHECK(body(from_file) == expected);
}

TEST_CASE("a large answer of several parts is streamed and tells its length") {
  auto const  large = text_of("abcdefghijklmnopqrstuvwxyz", 400'000);
  asked const several("Range: bytes=0-149999,200000-\r\n");
  auto        what = both();
  what.gzip        = {};
  std::string first;
  for (bool const in_file : {false, true}) {
    if (in_file) {
      what.identity = file_of(large);
    } else {
      what.identity = http::shared_bytes::own(large);
    }
    auto answer = http::represent(several.r, what);
    REQUIRE(std::holds_alternative<http::body_producer>(answer.body()));
    auto const sent = body(answer);
    CHECK(field(answer, "Content-Length") == std::to_string(sent.size()));
    CHECK(sent.find(large.substr(0, 150'000)) != std::string::npos);
    CHECK(sent.find(large.substr(200'000)) != std::string::npos);
    if (in_file) CHECK(sent == first);
    first = sent;
  }
}

TEST_CASE("a part of bytes that lie in a file in memory still says where they lie") {
  http::representation what;
  static char const    bytes[] = "0123456789";
  what.identity                = http::shared_bytes({}, std::string_view(bytes, 10), 7, 100);
  asked const part("Range: bytes=2-4\r\n");
  auto        answer = http::represent(part.r, what);
  auto const& held   = std::get<http::shared_bytes>(answer.body());
  CHECK(held.view() == "234");
  CHECK(held.descriptor() == 7);
  CHECK(held.offset() == 102);
}

TEST_CASE("a role words the refusals") {
  asked picky("Range: bytes=1000-\r\n");
  picky.r.render = [](http::problem const& what, http::request const&) {
    return http::reply::json("{\"error\":\"" + std::string(what.slug) + "\"}", what.code);
  };
  auto answer = http::represent(picky.r, both());
  CHECK(body(answer) == "{\"error\":\"range_not_satisfiable\"}");
  CHECK(field(answer, "Content-Range") == "bytes */1000");
}
