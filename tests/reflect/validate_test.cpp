#include <tensorgate/reflect/validate.hpp>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

namespace reflect = tensorgate::reflect;

namespace validating {

struct item {
  int                        n = 1;
  std::optional<std::string> id;
};
struct basket {
  std::vector<item>               items;
  std::map<std::string, item>     named;
  std::tuple<int, item>           pair;
  std::variant<int, item>         either;
  std::optional<std::vector<int>> few;
};

}  // namespace validating

template <>
struct tensorgate::reflect::describe<validating::item> {
  static constexpr auto rules = std::tuple{range<&validating::item::n>(1, 10), pattern<&validating::item::id>("[a-z]+"),
                                           rename<&validating::item::id>("i/d")};
};
template <>
struct tensorgate::reflect::describe<validating::basket> {
  static constexpr auto             rules = std::tuple{length<&validating::basket::few>(1, 2)};
  static constexpr std::string_view check(validating::basket const& all) {
    return all.items.size() == 3 ? "not three items" : "";
  }
};

TEST_CASE("every rule is looked for at every depth, and the path leads to what breaks it") {
  validating::basket good;
  CHECK_FALSE(reflect::validate(good));

  auto const broken = [](auto change) {
    validating::basket all;
    all.items.resize(2);
    change(all);
    auto const found = reflect::validate(all);
    REQUIRE(found);
    return found->path + ": " + std::string(found->message);
  };
  CHECK(broken([](auto& all) { all.items[1].n = 11; }) == "/items/1/n: a number from 1 to 10");
  CHECK(broken([](auto& all) { all.items[0].id = "A"; }) == "/items/0/i~1d: a text that matches [a-z]+");
  CHECK(broken([](auto& all) { all.named["k"].n = 0; }) == "/named/k/n: a number from 1 to 10");
  CHECK(broken([](auto& all) { std::get<1>(all.pair).n = 0; }) == "/pair/1/n: a number from 1 to 10");
  CHECK(broken([](auto& all) { all.either = validating::item{0, {}}; }) == "/either/n: a number from 1 to 10");
  CHECK(broken([](auto& all) { all.few.emplace(); }) == "/few: a list of 1 to 2 elements");
  CHECK(broken([](auto& all) { all.items.resize(3); }) == ": not three items");
}
