// tensorgate/reflect/json_error.hpp: where does a JSON text go wrong, and what was expected there?
#pragma once

#include <cstddef>      // size_t
#include <string>       // string, to_string
#include <string_view>  // string_view

#include <tensorgate/core/result.hpp>   // failure
#include <tensorgate/reflect/errc.hpp>  // errc

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// One step of an RFC 6901 pointer: a slash and the name, in which `~` and `/` are escaped.
[[nodiscard]] inline std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (char const c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

struct json_error {
  errc             code{};
  std::size_t      offset = 0;  // bytes before the place
  std::size_t      line   = 1;  // counted from 1; a line ends at LF
  std::size_t      column = 1;  // in characters, counted from 1
  std::string      path;  // RFC 6901, of the value that was being read: "/positions/3/leverage"; "" is the whole text
  std::string_view expected;  // a literal of ours: "a whole number"

  /// The part of it that may travel on: the path and the place hold what the peer wrote.
  // NOLINTNEXTLINE(google-explicit-constructor): an error of this room is a failure wherever one is asked for
  [[nodiscard]] operator failure() const noexcept { return {make_error_code(code), expected}; }

  /// One sentence: `line 3, column 12, /a/b: expected a whole number`.
  [[nodiscard]] std::string text() const {
    std::string out = "line " + std::to_string(line) + ", column " + std::to_string(column);
    if (!path.empty()) out.append(", ").append(path);
    return out.append(": expected ").append(expected);
  }
};

/// What becomes of members that the aggregate does not have.
enum class unknown_members {
  by_rule,  // as the aggregate says; skipped if it says nothing
  skip,
  reject,
};

/// What becomes of a member, or the key of a map, that stands twice.
enum class duplicate_members {
  reject,
  last_wins,  // as Python's json reads them
};

struct json_options {
  std::size_t       max_depth  = 64;  // of nested objects and arrays; at most 1024
  unknown_members   unknown    = unknown_members::by_rule;
  duplicate_members duplicates = duplicate_members::reject;
};

}  // namespace tensorgate::reflect
