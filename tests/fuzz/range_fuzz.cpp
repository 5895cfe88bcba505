// links: http
// Ranges: those that are chosen are disjoint, lie within the size, keep to the limits, and cover exactly the bytes that
// a plain reading of the field asks for. Tags: a list is found to hold what a plain search in it finds.
#include <tensorgate/http/conditional.hpp>
#include <tensorgate/http/range.hpp>

#include <bitset>       // bitset
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint64_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace {

namespace http = tensorgate::http;

constexpr std::size_t largest = 256;
using bytes_asked             = std::bitset<largest>;

/// Decimal digits, all values beyond the largest size being alike.
std::optional<std::uint64_t> number(std::string const& text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char const c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > 1'000'000) value = 1'000'000 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// The bytes that the field asks for, one by one; nothing if it is malformed. Numbers beyond a million are not told
/// apart, so fields with two of them are left to the caller.
std::optional<bytes_asked> plainly(std::string field, std::size_t size, bool& huge) {
  for (char& c : field) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (!field.starts_with("bytes=")) return std::nullopt;
  field.erase(0, 6);
  bytes_asked asked;
  bool        any = false;
  while (true) {
    auto const  comma = field.find(',');
    std::string spec  = field.substr(0, comma);
    while (!spec.empty() && (spec.front() == ' ' || spec.front() == '\t')) spec.erase(0, 1);
    while (!spec.empty() && (spec.back() == ' ' || spec.back() == '\t')) spec.pop_back();
    if (!spec.empty()) {
      any             = true;
      auto const dash = spec.find('-');
      if (dash == std::string::npos) return std::nullopt;
      auto const first = number(spec.substr(0, dash));
      auto const last  = number(spec.substr(dash + 1));
      if ((dash != 0 && !first) || (dash + 1 != spec.size() && !last) || (!first && !last)) return std::nullopt;
      huge = huge || (first && last && *first >= 1'000'000 && *last >= 1'000'000);
      if (first && last && *last < *first) return std::nullopt;
      for (std::size_t i = 0; i != size; ++i) {
        bool const within = first ? i >= *first && (!last || i <= *last) : size - i <= *last;
        if (within) asked.set(i);
      }
    }
    if (comma == std::string::npos) break;
    field.erase(0, comma + 1);
  }
  if (!any) return std::nullopt;
  return asked;
}

void check_ranges(std::string_view field, std::size_t size) {
  http::range_limits limits;
  limits.gap        = 0;
  auto const chosen = http::choose_ranges(field, size, limits);
  bool       huge   = false;
  auto const asked  = plainly(std::string(field), size, huge);
  if (huge) return;
  if (!asked && chosen.outcome() != http::range_outcome::whole) __builtin_trap();
  if (chosen.outcome() == http::range_outcome::unsatisfiable && asked->any()) __builtin_trap();
  if (chosen.outcome() != http::range_outcome::partial) return;
  if (chosen.ranges().empty() || chosen.ranges().size() > limits.answered) __builtin_trap();
  bytes_asked covered;
  for (auto const& one : chosen.ranges()) {
    if (one.last < one.first || one.last >= size) __builtin_trap();
    for (std::size_t i = one.first; i <= one.last; ++i) {
      if (covered.test(i)) __builtin_trap();
      covered.set(i);
    }
  }
#if defined(TENSORGATE_PLANTED_FAULT)
  if (chosen.ranges().size() == 3) covered.flip(chosen.ranges()[2].last);
#endif
  if (covered != *asked) __builtin_trap();
}

void check_tags(std::string_view list) {
  http::entity_tag const ours{.opaque = "a", .weak = false};
  auto const             weakly   = http::find_tag(list, ours, true, false);
  auto const             strongly = http::find_tag(list, ours, true, true);
  if (strongly == http::tag_list_outcome::match && weakly != http::tag_list_outcome::match) __builtin_trap();
  bool const star = tensorgate::trim_blanks(list) == "*";
  if (weakly == http::tag_list_outcome::match && !star && list.find("\"a\"") == std::string_view::npos)
    __builtin_trap();
  if (auto const tag = http::parse_entity_tag(list)) {
    if (weakly != (tag->opaque == "a" ? http::tag_list_outcome::match : http::tag_list_outcome::no_match))
      __builtin_trap();
    std::string const again = (tag->weak ? "W/\"" : "\"") + std::string(tag->opaque) + "\"";
    if (again != list) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const input(reinterpret_cast<char const*>(data) + 1, size - 1);
  check_ranges(input, data[0]);
  check_ranges("bytes=" + std::string(input), data[0]);
  check_tags(input);
  return 0;
}
