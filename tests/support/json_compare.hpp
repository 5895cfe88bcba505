// tests/support/json_compare.hpp: are two JSON values the same, numbers within a tolerance?
#pragma once

#include <algorithm>  // max
#include <cmath>      // abs
#include <string>     // string

#include <nlohmann/json.hpp>

namespace tensorgate_tests {

/// The path of the first difference, or nothing. Keys must stand in the same order; whole numbers must be equal and
/// stay whole; others may differ by `relative`.
inline std::string difference(nlohmann::ordered_json const& a, nlohmann::ordered_json const& b, double relative = 1e-9,
                              std::string const& path = "/") {
  if (a.is_number_float() && b.is_number_float()) {
    auto const x = a.get<double>(), y = b.get<double>();
    return std::abs(x - y) <= relative * std::max({std::abs(x), std::abs(y), 1e-6}) ? "" : path;
  }
  if (a.is_object() && b.is_object()) {
    auto left = a.begin(), right = b.begin();
    for (; left != a.end() && right != b.end(); ++left, ++right) {
      if (left.key() != right.key()) return path + left.key() + " against " + right.key();
      if (auto found = difference(*left, *right, relative, path + left.key() + "/"); !found.empty()) return found;
    }
    return a.size() == b.size() ? "" : path + " has another number of members";
  }
  if (a.is_array() && b.is_array()) {
    if (a.size() != b.size()) return path + " has another number of elements";
    for (std::size_t i = 0; i != a.size(); ++i)
      if (auto found = difference(a[i], b[i], relative, path + std::to_string(i) + "/"); !found.empty()) return found;
    return "";
  }
  bool const same_kind = a.is_number() ? a.is_number_float() == b.is_number_float() : a.type() == b.type();
  return same_kind && a == b ? "" : path;
}

}  // namespace tensorgate_tests
