// The cases that RFC 8259 decides, those that it leaves open, and the sample files as Python wrote them.
#include <tensorgate/reflect/json_slice.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/core/hex.hpp>
#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_style.hpp>
#include <tensorgate/reflect/json_write.hpp>

namespace reflect = tensorgate::reflect;

namespace {

struct json_case {
  std::string                name;
  std::optional<std::string> text;
  std::optional<std::string> hex;
  std::string                expect;
  std::optional<std::string> ours;
};
struct case_file {
  std::string            source;
  std::string            notes;
  std::vector<json_case> cases;
};

std::string vectors(std::string const& name) {
  char const* const other = std::getenv("TENSORGATE_VECTORS");
  for (std::string const& root : {std::string(other != nullptr ? other : TENSORGATE_TESTS_DIR "/vectors"),
                                  std::string(TENSORGATE_TESTS_DIR "/vectors")}) {
    std::ifstream file(root + "/" + name, std::ios::binary);
    if (file) return {std::istreambuf_iterator<char>(file), {}};
  }
  FAIL("no vectors: ", name);
  return {};
}

/// Each number of a text, as it stands.
void numbers(std::string_view text, std::vector<std::string_view>& out) {
  auto const look = [&](auto const&, std::string_view part) { numbers(part, out); };
  if (text.front() == '{') {
    CHECK(reflect::for_each_member(text, look));
  } else if (text.front() == '[') {
    CHECK(reflect::for_each_element(text, look));
  } else if (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) {
    out.push_back(text);
  }
}

}  // namespace

TEST_CASE("the cases of RFC 8259 are accepted and refused as it says") {
  auto const file = reflect::read_json<case_file>(vectors("json/rfc8259_cases.json"));
  REQUIRE(file);
  CHECK(file->cases.size() > 400);
  for (auto const& one : file->cases) {
    CAPTURE(one.name);
    std::string text;
    if (one.text) {
      text = *one.text;
    } else {
      auto const raw = tensorgate::from_hex(*one.hex);
      REQUIRE(raw);
      text = tensorgate::as_text(*raw);
    }
    bool const good = (one.ours ? *one.ours : one.expect) == "y";
    CHECK(reflect::validate_json(text).has_value() == good);
    CHECK(reflect::read_json<reflect::raw_json>(text).has_value() == good);
    std::string const wrapped = "{\"in\":[" + text + "]}";  // the same as a part of a larger text
    if (good && one.name.find("arrays") == std::string::npos && one.name.find("objects") == std::string::npos) {
      CHECK(reflect::validate_json(wrapped));
      CHECK(reflect::find_json(wrapped, "/in/0"));
    }
    // Every cut of a good text, and every good text with something after it, is no text; but a cut number may be a
    // number.
    if (good && text.size() < 64 && (text.front() == '{' || text.front() == '[' || text.front() == '"')) {
      for (std::size_t cut = 0; cut + 1 < text.size(); ++cut)
        CHECK_FALSE(reflect::validate_json(std::string_view(text).substr(0, cut)));
      CHECK_FALSE(reflect::validate_json(text + "x"));
    }
  }
}

TEST_CASE("the doubles of the sample files come out as Python wrote them") {
  std::size_t doubles = 0;
  for (char const* name : {"ptn/sample/validation/outputs/output.json", "ptn/sample/runnable/minerstatistics.json",
                           "ptn/sample/validation/eliminations.json"}) {
    auto const                    text = vectors(name);
    std::vector<std::string_view> found;
    numbers(text, found);
    for (auto const number : found) {
      auto const value = reflect::read_json<double>(number);
      REQUIRE(value);
      if (number.find_first_of(".e") == std::string_view::npos) {
        CHECK(reflect::write_json(*reflect::read_json<std::int64_t>(number)) == number);
      } else {
        CHECK(reflect::write_json(*value) == number);
        ++doubles;
      }
    }
    CHECK(reflect::restyle_json(text, {.spaced = true, .ascii = true}) == text);
  }
  CHECK(doubles > 2000);
}
