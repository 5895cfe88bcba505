#include <tensorgate/http/field.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace http = tensorgate::http;
using namespace std::string_literals;

namespace {

using items = std::vector<std::string>;

items list(std::string_view text) {
  items all;
  if (!http::for_each_list_item(text, [&](std::string_view one) { all.emplace_back(one); })) all.emplace_back("broken");
  return all;
}

items parameters(std::string_view text) {
  items all;
  bool  sound = http::for_each_parameter(text, [&](http::parameter const& one) {
    all.push_back(std::string(one.name) + (one.quoted ? "=q:" : "=") + std::string(one.value));
  });
  if (!sound) all.emplace_back("broken");
  return all;
}

}  // namespace

TEST_CASE("a token is one of the grammar's characters and more") {
  CHECK(http::is_token("a"));
  CHECK(http::is_token("!#$%&'*+-.^_`|~09azAZ"));
  CHECK_FALSE(http::is_token(""));
  for (unsigned c = 0; c != 256; ++c) {
    bool const alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool const token =
        alnum ||
        (c != 0 && c < 128 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
    CHECK(http::is_token(std::string(1, static_cast<char>(c))) == token);
    CHECK(http::is_field_value(std::string(1, static_cast<char>(c))) == (c == 9 || (c >= 32 && c != 127)));
  }
  CHECK(http::is_field_value(""));
}

TEST_CASE("a list is split at its commas, not at those within quotes") {
  CHECK(list("").empty());
  CHECK(list(" , ,\t,").empty());
  CHECK(list("a") == items{"a"});
  CHECK(list(" a , b\t,c") == items{"a", "b", "c"});
  CHECK(list("a;x=\"1,2\", \"b\\\",c\"") == items{"a;x=\"1,2\"", "\"b\\\",c\""});
  CHECK(list("a b, c") == items{"a b", "c"});
  CHECK(list("a, \"b").back() == "broken");
  CHECK(list("\"a\\").back() == "broken");
  int        seen  = 0;
  bool const ended = http::for_each_list_item("a, b, c", [&](std::string_view) { return ++seen != 2; });
  CHECK_FALSE(ended);
  CHECK(seen == 2);
}

TEST_CASE("parameters follow their grammar") {
  CHECK(parameters("").empty());
  CHECK(parameters(";a=b") == items{"a=b"});
  CHECK(parameters(" ; a=b ;c=\"d;e\" ") == items{"a=b", "c=q:d;e"});
  CHECK(parameters("; ;a=b;") == items{"a=b"});
  CHECK(parameters(";a=\"\"") == items{"a=q:"});
  for (auto const text : {"a=b", ";a", ";a=", ";=b", ";a =b", ";a= b", ";a=b c", ";a=\"b", ";a=\"b\"c", ";a b=c",
                          ";a=b,c", ";a=(b)", ";a=\"\x01\""}) {
    INFO(text);
    CHECK(parameters(text).back() == "broken");
  }
}

TEST_CASE("a list member is split from its parameters") {
  auto const html = http::split_parameters("text/html ;level=1;q=0.5");
  CHECK(html.value == "text/html");
  CHECK(html.parameters == ";level=1;q=0.5");
  CHECK(http::split_parameters("gzip").value == "gzip");
  CHECK(http::split_parameters("gzip").parameters.empty());
}

TEST_CASE("a content length is a plain number of 63 bits") {
  CHECK(http::parse_content_length("0") == 0U);
  CHECK(http::parse_content_length("0000000000000000000000000042") == 42U);
  CHECK(http::parse_content_length("9223372036854775807") == 9223372036854775807U);
  CHECK(http::parse_content_length("9223372036854775808") == std::nullopt);
  CHECK(http::parse_content_length("18446744073709551616") == std::nullopt);
  CHECK(http::parse_content_length("") == std::nullopt);
  CHECK(http::parse_content_length("1 ") == std::nullopt);
  CHECK(http::parse_content_length("+1") == std::nullopt);
}
