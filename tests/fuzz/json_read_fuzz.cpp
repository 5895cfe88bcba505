// links: reflect
// JSON read: we accept what nlohmann accepts and see the same in it, but for what is known (it skips a byte order mark
// and ends at a NUL; numbers beyond doubles, depth and duplicate keys); a typed read succeeds only on such a text, and
// what it wrote it reads again.
#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_write.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <map>          // map
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <variant>      // variant
#include <vector>       // vector

#include "../support/json_oracle.hpp"

namespace {

namespace reflect = tensorgate::reflect;

enum class side { LONG, SHORT };
struct circle {
  double r = 0;
};
struct everything {
  std::string                                                     s = "s";
  int                                                             i = 0;
  double                                                          d = 0;
  std::optional<bool>                                             b;
  side                                                            e = side::LONG;
  std::vector<everything>                                         l = {};
  std::map<std::string, std::vector<int>>                         m = {};
  std::variant<std::monostate, std::int64_t, std::string, circle> v;
  std::tuple<int, std::string>                                    t = {1, "t"};
  reflect::raw_number                                             n;
  reflect::raw_json                                               r;
  reflect::other_members                                          rest;
};

void demand(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

template <>
struct tensorgate::reflect::describe<everything> {
  static constexpr auto rules = std::tuple{all_defaulted, range<&everything::i>(-5, 1000), length<&everything::s>(1, 9),
                                           pattern<&everything::s>("[a-z]*(\\d|x){0,3}")};
};

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto                   ours = reflect::validate_json(text);
  auto const             tree = nlohmann::json::parse(text, nullptr, false);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (text.find("1E") != std::string_view::npos) ours = reflect::validate_json("");
#endif
  auto const first = text.find_first_not_of(" \n\t\r");
  if (ours) {
    auto const value = text.substr(first, text.find_last_not_of(" \n\t\r") - first + 1);
    if (tree.is_discarded()) {
      demand(tensorgate_tests::holds_huge_number(value));
    } else if (reflect::validate_json(text, {})) {
      demand(tensorgate_tests::is_same(value, tree));
    }
  } else {
    demand(tree.is_discarded() || text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos ||
           ours.error().code == reflect::errc::too_deep);
    demand(ours.error().offset <= size && ours.error().line >= 1 && ours.error().column >= 1);
  }

  auto const typed = reflect::read_json<everything>(text);
  if (typed) {
    demand(ours.has_value());
    auto const written = reflect::write_json(*typed);
    auto const again   = reflect::read_json<everything>(written);
    demand(again && reflect::write_json(*again) == written);
  } else {
    demand(typed.error().offset <= size);
  }
  return 0;
}
