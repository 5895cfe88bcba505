#include <tensorgate/reflect/json_schema.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/reflect/json_slice.hpp>

namespace reflect = tensorgate::reflect;
using reflect::schema_registry;

namespace schemas {

enum class side { LONG, SHORT };
struct leaf {
  int                        small = 3;
  std::optional<std::string> note;
  std::optional<double>      vwap;
};
struct circle {
  double r;
};
struct square {
  double w;
};
struct node {
  std::string                  type_;
  std::uint64_t                big;
  std::string                  id;
  side                         way = side::LONG;
  leaf                         inner;
  std::vector<node>            children;
  std::variant<circle, square> shape;
  reflect::other_members       rest;
};
namespace other {
struct leaf {
  bool b = false;
};
}  // namespace other

}  // namespace schemas

template <>
struct tensorgate::reflect::describe<schemas::circle> {
  static constexpr std::string_view tag = "kind", tag_value = "circle";
};
template <>
struct tensorgate::reflect::describe<schemas::square> {
  static constexpr std::string_view tag = "kind", tag_value = "square";
};
template <>
struct tensorgate::reflect::describe<schemas::leaf> {
  static constexpr std::string_view text = "A leaf.";
  static constexpr auto             rules =
      std::tuple{null_if_empty<&schemas::leaf::vwap>(), at_least<&schemas::leaf::vwap>(0.5), reject_unknown};
};
template <>
struct tensorgate::reflect::describe<schemas::node> {
  static constexpr std::string_view name  = "Node";
  static constexpr auto             rules = std::tuple{rename<&schemas::node::type_>("type"),
                                           range<&schemas::node::big>(1, 10),
                                           length<&schemas::node::id>(1, 64),
                                           reflect::pattern<&schemas::node::id>("[a-z\"]+"),
                                           reflect::text<&schemas::node::id>("what it is"),
                                           length<&schemas::node::children>(0, 9)};
};

TEST_CASE("plain values have their schema where they stand") {
  schema_registry schemas;
  CHECK(schemas.ref<bool>() == R"({"type":"boolean"})");
  CHECK(schemas.ref<std::uint8_t>() == R"({"type":"integer","minimum":0,"maximum":255})");
  CHECK(schemas.ref<std::int64_t>() == R"({"type":"integer","format":"int64"})");
  CHECK(schemas.ref<std::string>() == R"({"type":"string"})");
  CHECK(schemas.ref<std::vector<double>>() == R"({"type":"array","items":{"type":"number"}})");
  CHECK(schemas.ref<std::map<std::string, bool>>() == R"({"type":"object","additionalProperties":{"type":"boolean"}})");
  CHECK(
      schemas.ref<std::pair<bool, std::string>>() ==
      R"({"type":"array","prefixItems":[{"type":"boolean"},{"type":"string"}],"items":false,"minItems":2,"maxItems":2})");
  CHECK(schemas.ref<std::vector<std::optional<bool>>>() ==
        R"({"type":"array","items":{"anyOf":[{"type":"boolean"},{"type":"null"}]}})");
  CHECK(schemas.ref<reflect::raw_json>() == "{}");
  CHECK(schemas.ref<reflect::raw_number>() == R"({"type":"number"})");
  CHECK(schemas.ref<std::variant<std::monostate, bool>>() == R"({"anyOf":[{"type":"null"},{"type":"boolean"}]})");
  CHECK(schemas.components().empty());
}

TEST_CASE("aggregates and enums become components, with the rules of their members") {
  schema_registry schemas;
  CHECK(schemas.ref<std::vector<schemas::node>>() ==
        R"({"type":"array","items":{"$ref":"#/components/schemas/Node"}})");
  REQUIRE(schemas.components().size() == 5);
  CHECK(schemas.components()[0].first == "Node");
  CHECK(
      schemas.components()[0].second ==
      R"({"type":"object","properties":{"type":{"type":"string"},)"
      R"("big":{"type":"integer","format":"uint64","minimum":1,"maximum":10},)"
      R"("id":{"type":"string","minLength":1,"maxLength":64,"pattern":"^(?:[a-z\"]+)$","description":"what it is"},)"
      R"("way":{"$ref":"#/components/schemas/side","default":"LONG"},)"
      R"("inner":{"$ref":"#/components/schemas/leaf","default":{"small":3,"vwap":null}},)"
      R"("children":{"type":"array","items":{"$ref":"#/components/schemas/Node"},"minItems":0,"maxItems":9},)"
      R"("shape":{"anyOf":[{"$ref":"#/components/schemas/circle"},{"$ref":"#/components/schemas/square"}],"discriminator":{"propertyName":"kind"}}},)"
      R"("required":["type","big","id","children","shape"]})");
  CHECK(schemas.components()[1].second == R"({"type":"string","enum":["LONG","SHORT"]})");
  CHECK(schemas.components()[2].first == "leaf");
  CHECK(
      schemas.components()[2].second ==
      R"({"type":"object","description":"A leaf.","properties":{"small":{"type":"integer","minimum":-2147483648,"maximum":2147483647,"default":3},)"
      R"("note":{"type":"string"},"vwap":{"anyOf":[{"type":"number","minimum":0.5},{"type":"null"}]}},"additionalProperties":false})");
  CHECK(schemas.components()[3].second ==
        R"({"type":"object","properties":{"kind":{"const":"circle"},"r":{"type":"number"}},"required":["kind","r"]})");
  CHECK(schemas.ref<schemas::other::leaf>() == R"({"$ref":"#/components/schemas/leaf2"})");
  CHECK(schemas.ref<schemas::leaf>() == R"({"$ref":"#/components/schemas/leaf"})");
  CHECK(schemas.member<schemas::node, 1>() == R"({"type":"integer","format":"uint64","minimum":1,"maximum":10})");
}

TEST_CASE("one document stands by itself and is valid JSON") {
  auto const document = reflect::json_schema<schemas::node>();
  CHECK(reflect::validate_json(document, {}));
  CHECK(reflect::find_json(document, "/$defs/leaf/properties/small/default"));
  CHECK(*reflect::find_json(document, "/$ref") == R"("#/$defs/Node")");
}
