#include <tensorgate/http/detail/answer_head.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace http = tensorgate::http;

namespace {

std::string head_of(http::reply const& what, http::request const& r) {
  http::detail::outbox        out;
  http::detail::opening_lines openings;
  http::detail::append_answer_head(out, what, r, {.date = "Date: now\r\n"}, openings);
  return std::string(out.view());
}
std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a guard's Cache-Control gives way to the reply's own, and its other fields join them") {
  http::request r;
  r.answer_fields = {{"Vary", "Origin"}, {"Cache-Control", "private, no-cache"}};
  auto const bare = head_of(http::reply::text("x").with("Vary", "Accept"), r);
  CHECK(count(bare, "Cache-Control: private, no-cache\r\n") == 1);
  CHECK(count(bare, "Vary: ") == 2);
  auto const own = head_of(http::reply::text("x").with("cache-control", "max-age=60"), r);
  CHECK(count(own, "private") == 0);
  CHECK(count(own, "cache-control: max-age=60\r\n") == 1);
  CHECK(count(own, "Vary: Origin\r\n") == 1);
}
