#include <tensorgate/reflect/fields.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

namespace reflect = tensorgate::reflect;

namespace {

enum class side : unsigned char { LONG = 1, SHORT = 2, FLAT = 7 };
enum class level { low = -3, none = 0, high = 100 };

struct inner {
  int                        x;
  std::optional<std::string> y;
  std::array<int, 3>         three;
};

struct message {
  std::string                    type_;
  double                         weight = 1;
  std::vector<inner>             list;
  inner                          nested;
  std::map<std::string, int>     map;
  std::unique_ptr<int>           owned;
  std::variant<int, std::string> either;
  side                           way  = side::FLAT;
  bool                           last = false;
};

struct nothing {};

struct widest {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7,
      c8, c9, d0, d1;
  int d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9,
      g0, g1, g2, g3;
};

}  // namespace

TEST_CASE("fields are counted and named in the order of the source") {
  CHECK(reflect::field_count<message> == 9);
  CHECK(reflect::field_names<message>[0] == "type_");
  CHECK(reflect::field_names<message>[8] == "last");
  CHECK(reflect::field_names<inner>[2] == "three");
  CHECK(reflect::field_count<nothing> == 0);
  CHECK(std::is_same_v<reflect::field_type<message, 7>, side>);
}

TEST_CASE("an aggregate of sixty-four members is read whole") {
  CHECK(reflect::field_count<widest> == 64);
  CHECK(reflect::field_names<widest>[31] == "d1");
  CHECK(reflect::field_names<widest>[63] == "g3");
}

TEST_CASE("types inside functions have fields too") {
  struct local {
    int a1;
    int b1;
  };
  local       one{1, 2};
  std::string names;
  int         sum = 0;
  reflect::for_each_field(one, [&](std::string_view name, int& member) {
    names += name;
    sum += member;
  });
  CHECK(names == "a1b1");
  CHECK(sum == 3);
}

TEST_CASE("a member is found by its pointer, its index and its number") {
  CHECK(reflect::field_index<&message::list> == 2);
  CHECK(reflect::field_index<&message::last> == 8);
  message one;
  reflect::get_field<1>(one) = 2.5;
  CHECK(one.weight == 2.5);
  std::string seen;
  CHECK(reflect::visit_field(one, 4, [&](std::string_view name, auto&) { seen = name; }));
  CHECK(seen == "map");
  CHECK_FALSE(reflect::visit_field(one, 9, [](std::string_view, auto&) {}));
}

TEST_CASE("enumerators are listed by value, with the names of the source") {
  CHECK(reflect::enumerators<side>.count == 3);
  CHECK(reflect::enumerators<side>.names[2] == "FLAT");
  CHECK(reflect::enumerators<side>.values[2] == side::FLAT);
  CHECK(reflect::enumerators<level>.count == 3);
  CHECK(reflect::enumerators<level>.names[0] == "low");
  CHECK(reflect::enumerators<level>.names[2] == "high");
}
