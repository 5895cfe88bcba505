// tensorgate/reflect/detail/json_walk.hpp: from member to member of an object, from element to element of an array.
#pragma once

#include <algorithm>    // sort, adjacent_find
#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/reflect/detail/json_scanner.hpp>  // json_scanner

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// Calls `one(name, key, place)` for each member of the object at `at`: its name, where its key stands, where its value
/// stands. It answers with the place after the value, or null.
template <class F>
[[nodiscard]] char const* read_members(json_scanner& in, char const* at, F&& one) {
  if (at == in.end() || *at != '{') return in.fail_type(at, "an object");
  if (!in.enter(at)) return nullptr;
  at = in.skip_blanks(at + 1);
  if (at != in.end() && *at == '}') {
    in.leave();
    return at + 1;
  }
  std::string storage;
  for (bool more = true; more;) {
    std::string_view  name;
    auto const* const key = at;
    at                    = in.key(at, name, storage);
    if (at == nullptr) return nullptr;
    at = one(name, key, at);
    if (at == nullptr) {
      in.step_into(name);
      return nullptr;
    }
    at = in.next_member(at, '}', more);
    if (at == nullptr) return nullptr;
  }
  in.leave();
  return at;
}

/// Calls `one(index, place)` for each element of the array at `at`.
template <class F>
[[nodiscard]] char const* read_elements(json_scanner& in, char const* at, F&& one) {
  if (at == in.end() || *at != '[') return in.fail_type(at, "an array");
  if (!in.enter(at)) return nullptr;
  at = in.skip_blanks(at + 1);
  if (at != in.end() && *at == ']') {
    in.leave();
    return at + 1;
  }
  std::size_t index = 0;
  for (bool more = true; more; ++index) {
    at = one(index, at);
    if (at == nullptr) {
      in.step_into(index);
      return nullptr;
    }
    at = in.next_member(at, ']', more);
    if (at == nullptr) return nullptr;
  }
  in.leave();
  return at;
}

/// True if no two names are equal.
[[nodiscard]] inline bool are_distinct(std::vector<std::string_view>& names) {
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) == names.end();
}

}  // namespace tensorgate::reflect::detail
