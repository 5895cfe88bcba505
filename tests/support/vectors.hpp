// tests/support/vectors.hpp: the vector files, from TENSORGATE_VECTORS if that is set, else the project's own copies.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>   // getenv
#include <fstream>   // ifstream
#include <iterator>  // istreambuf_iterator
#include <string>    // string

#include <nlohmann/json.hpp>  // an independent reader

namespace tensorgate_tests {

using json = nlohmann::ordered_json;

/// A file below the root of vectors, whole. A missing one fails the test.
inline std::string vector_text(std::string const& name) {
  char const* const root = std::getenv("TENSORGATE_VECTORS");
  auto const path = (root != nullptr ? std::string(root) : std::string(TENSORGATE_TESTS_DIR) + "/vectors") + "/" + name;
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in, "missing vectors: " << path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline json vector_json(std::string const& name) { return json::parse(vector_text(name)); }

}  // namespace tensorgate_tests
