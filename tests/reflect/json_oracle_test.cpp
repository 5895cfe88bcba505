// A million generated texts, half of them damaged: nlohmann, simdjson and we accept the same and read the same.
#include <tensorgate/reflect/json_slice.hpp>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <simdjson.h>

#include "support/json_oracle.hpp"

namespace reflect = tensorgate::reflect;

namespace {

class generator {
 public:
  explicit generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void value(std::string& out, int depth) {
    auto const kind = below(depth > 4 ? 6 : 9);
    if (kind == 0) {
      out += "null";
    } else if (kind == 1) {
      out += below(2) != 0 ? "true" : "false";
    } else if (kind < 4) {
      number(out);
    } else if (kind < 6) {
      string(out);
    } else {
      bool const object = kind != 6;
      out += object ? '{' : '[';
      auto const count = below(5);
      for (std::uint64_t i = 0; i != count; ++i) {
        if (i != 0) out += ',';
        blank(out);
        if (object) {
          out += '"' + std::to_string(i);  // keeps the keys apart
          string_rest(out);
          blank(out);
          out += ':';
          blank(out);
        }
        value(out, depth + 1);
        blank(out);
      }
      out += object ? '}' : ']';
    }
  }

  void damage(std::string& text) {
    static constexpr std::string_view bytes = "{}[]\",:\\/ 0123456789.eE+-tfnu\x01\x7f\x80\xc3\xa9\xed\xa0\xff\n";
    auto const                        at    = below(text.size());
    char const                        byte  = bytes[below(bytes.size())];
    switch (below(4)) {
      case 0: text[at] = byte; break;
      case 1: text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), byte); break;
      case 2: text.erase(at, 1); break;
      default: text.resize(at); break;
    }
  }

 private:
  void blank(std::string& out) {
    static constexpr std::string_view blanks = " \n\t\r";
    while (below(4) == 0) out += blanks[below(4)];
  }
  void number(std::string& out) {
    if (below(3) == 0) out += '-';
    auto const digits = [&](std::uint64_t count) {
      for (std::uint64_t i = 0; i != count; ++i) out += static_cast<char>('0' + below(10));
    };
    if (below(3) == 0) {
      out += '0';
    } else {
      out += static_cast<char>('1' + below(9));
      digits(below(18));
    }
    if (below(2) == 0) {
      out += '.';
      digits(1 + below(20));
    }
    if (below(5) == 0) {
      out += below(2) != 0 ? 'e' : 'E';
      if (below(2) != 0) out += below(2) != 0 ? '+' : '-';
      out += std::to_string(below(280));
    }
  }
  void string(std::string& out) {
    out += '"';
    string_rest(out);
  }
  void string_rest(std::string& out) {
    static constexpr std::string_view escapes = "\"\\/bfnrt";
    auto const                        count   = below(below(8) == 0 ? 60 : 12);
    for (std::uint64_t i = 0; i != count; ++i) {
      switch (below(12)) {
        case 0:
          out += '\\';
          out += escapes[below(8)];
          break;
        case 1: {
          static constexpr std::string_view units[] = {"\\u0000", "\\u001f",        "\\u0061", "\\u00e9",
                                                       "\\u20AC", "\\ud83d\\ude00", "\\uffff"};
          out += units[below(7)];
          break;
        }
        case 2: {
          static constexpr std::string_view characters[] = {"\xc3\xa9",     "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                                            "\xed\x9f\xbf", "\xef\xbf\xbf", "\x7f"};
          out += characters[below(6)];
          break;
        }
        default: out += static_cast<char>('a' + below(26));
      }
    }
    out += '"';
  }

  std::mt19937_64 random_;
};

std::string_view without_blanks(std::string_view text) {
  auto const first = text.find_first_not_of(" \n\t\r");
  return text.substr(first, text.find_last_not_of(" \n\t\r") - first + 1);
}

}  // namespace

TEST_CASE("a million generated texts are accepted, refused and read as nlohmann and simdjson do") {
  char const* const     wanted = std::getenv("TENSORGATE_JSON_DOCUMENTS");
  long const            count  = wanted != nullptr ? std::atol(wanted) : 1000000;
  std::uint64_t const   seed   = std::random_device{}();
  generator             random(seed);
  simdjson::dom::parser parser;
  long                  accepted = 0;
  std::string           text;
  CAPTURE(seed);
  for (long i = 0; i != count; ++i) {
    text.clear();
    random.value(text, 0);
    if (i % 2 != 0) random.damage(text);
    auto const ours = reflect::validate_json(text);
    bool       same = true;
    auto const tree = nlohmann::json::parse(text, nullptr, false);
    if (tree.is_discarded()) {
      same = !ours || tensorgate_tests::holds_huge_number(without_blanks(text));
    } else if (!ours) {
      same = text.starts_with("\xef\xbb\xbf");  // a byte order mark, which nlohmann skips
    } else if (reflect::validate_json(text, {})) {
      same = tensorgate_tests::is_same(without_blanks(text), tree);
      ++accepted;
    }
    simdjson::dom::element element;
    auto const             theirs = parser.parse(text).get(element);
    if (same && (theirs == simdjson::SUCCESS) != ours.has_value()) {
      // simdjson refuses whole numbers beyond 64 bits and numbers beyond doubles.
      same = ours && theirs == simdjson::NUMBER_ERROR;
    }
    if (!same) {
      CAPTURE(text);
      FAIL_CHECK("the libraries disagree");
      break;
    }
  }
  CHECK(accepted > count / 2);
}
