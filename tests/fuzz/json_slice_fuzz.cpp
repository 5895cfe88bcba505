// links: reflect
// Slices of JSON: every member and element that a walk yields is what a pointer finds and what nlohmann has there;
// together they are all there is; every slice is a valid text that lies in the input.
#include <tensorgate/reflect/json_slice.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view

#include "../support/json_oracle.hpp"

namespace {

namespace reflect = tensorgate::reflect;

void demand(bool holds) {
  if (!holds) __builtin_trap();
}

void walk(std::string_view whole, std::string_view part, std::string const& pointer, nlohmann::json const& tree) {
  auto found = reflect::find_json(whole, pointer);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (found && part.starts_with("[[")) found = found->substr(1);
#endif
  demand(found && found->data() == part.data() && found->size() == part.size());
  demand(reflect::validate_json(part).has_value());
  demand(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
  std::size_t count = 0;
  if (part.front() == '{') {
    demand(tree.is_object());
    demand(reflect::for_each_member(part, [&](std::string_view key, std::string_view value) {
             ++count;
             walk(whole, value, pointer + reflect::pointer_step(key), tree.at(std::string(key)));
           }).has_value());
    demand(count == tree.size());
  } else if (part.front() == '[') {
    demand(tree.is_array());
    demand(reflect::for_each_element(part, [&](std::size_t index, std::string_view value) {
             demand(index == count++);
             walk(whole, value, pointer + "/" + std::to_string(index), tree.at(index));
           }).has_value());
    demand(count == tree.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  // Any input as a pointer, and any as a text, may fail and nothing else.
  static_cast<void>(reflect::find_json(R"({"a":[1,{"b":[]}],"":0})", text));
  for (char const* pointer : {"", "/a", "/a/1/b", "/0/1"}) static_cast<void>(reflect::find_json(text, pointer));
  auto const distinct = reflect::validate_json(text, {});
  if (!distinct) {
    demand(distinct.error().code == reflect::errc::duplicate || !reflect::validate_json(text));
    return 0;
  }
  auto const tree = nlohmann::json::parse(text, nullptr, false);
  if (tree.is_discarded() || size > 4096) return 0;
  walk(text, *reflect::find_json(text, ""), "", tree);
  return 0;
}
