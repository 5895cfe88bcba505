// links: http
// Any target is either refused, or matched as a plain reading of the patterns says; its query is read or refused.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tensorgate/http/extract.hpp>
#include <tensorgate/http/route.hpp>

namespace {

using namespace tensorgate;
using namespace tensorgate::http;

struct page {
  int                        limit = 10;
  std::optional<std::string> after;
  std::vector<int>           only;
  std::optional<double>      above;
  std::string_view           note = "-";
};

reply nothing(request const& /*r*/) { return reply(); }

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for_each_segment(path, [&](std::string_view part) { parts.push_back(part); });
  return parts;
}

bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& values) {
  auto const want = split(pattern);
  auto const have = split(path);
  values.clear();
  for (std::size_t i = 0; i + 1 < have.size(); ++i) {
    if (have[i].empty()) return false;
  }
  for (std::size_t i = 0; i != want.size(); ++i) {
    if (i == have.size()) return false;
    if (want[i] == "{x...}") {
      std::string rest;
      for (std::size_t k = i; k != have.size(); ++k) rest.append(k == i ? "" : "/").append(have[k]);
      values.push_back(rest);
      return !have[i].empty();
    }
    if (want[i].starts_with('{')) {
      if (have[i].empty()) return false;
      values.emplace_back(have[i]);
    } else if (want[i] != have[i]) {
      return false;
    }
  }
  return want.size() == have.size();
}

void check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static routes const table{
      get<"/">(anyone, to<&nothing>()),         get<"/a">(anyone, to<&nothing>()),
      get<"/a/">(anyone, to<&nothing>()),       get<"/a/b">(anyone, to<&nothing>()),
      get<"/a/{x}/b">(anyone, to<&nothing>()),  get<"/a/{x}">(anyone, to<&nothing>()),
      get<"/a/{x...}">(anyone, to<&nothing>()), get<"/b/{x}/{y}/a">(anyone, to<&nothing>()),
      get<"/{x}">(anyone, to<&nothing>()),      get<"/{x...}">(anyone, to<&nothing>()),
  };
  static constexpr std::array<std::string_view, 10> by_precedence{
      "/", "/a", "/a/", "/a/b", "/a/{x}/b", "/a/{x}", "/a/{x...}", "/b/{x}/{y}/a", "/{x}", "/{x...}"};
  static request         r;
  static std::string     text;
  static head_parser     parser;
  std::string_view const target(reinterpret_cast<char const*>(data), size);
  if (target.find_first_of(" \r\n") != std::string_view::npos) return 0;
  text = "GET ";
  text.append(target).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
  parser.reset();
  if (parser.parse(text, r.head) != parse_state::complete) return 0;

  r.value_count    = 0;
  auto const  map  = table.table();
  auto const  seen = map.match(map.self, r);
  std::string decoded;
  auto const  path = decode_path(r.head.path(), decoded);
  check(static_cast<bool>(seen.bad.code) == !path.has_value());
  if (path) {
    std::vector<std::string> values;
    std::string_view         expected;
    for (auto const one : by_precedence) {
      if (!fits(one, *path, values)) continue;
      expected = one;
      break;
    }
    check((seen.found != nullptr) == !expected.empty());
    if (seen.found != nullptr) {
      check(seen.found->pattern == expected);
      check(r.value_count == values.size());
      for (std::size_t i = 0; i != values.size(); ++i) check(r.values[i] == values[i]);
    }
    check(seen.allowed.empty() == (seen.found != nullptr || expected.empty()));
  }

  page                   read;
  std::optional<problem> why;
  bool const             good = http::detail::read_query(r.head.query(), r.decoded_query, read, why);
  check(good == !why.has_value());
#if defined(TENSORGATE_PLANTED_FAULT)
  check(read.limit != 77);
#endif
  if (why) check(why->code == status::bad_request || why->code == status::unprocessable_content);
  return 0;
}
