// tensorgate/reflect/raw.hpp: JSON that is kept as the text it was.
#pragma once

#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// A number as it was written, whatever its size: a 256-bit integer stays whole. Written back unchanged.
struct raw_number {
  std::string text = "0";  // a number by RFC 8259 §6

  friend bool operator==(raw_number const&, raw_number const&) = default;
};

/// Any JSON value as its own text, without the blanks around it. Read: checked in full, but for duplicate keys inside.
/// Written back byte for byte: the text must be one valid value.
struct raw_json {
  std::string text = "null";

  friend bool operator==(raw_json const&, raw_json const&) = default;
};

/// The same as a view into the text that was read, which must outlive it.
struct raw_json_view {
  std::string_view text = "null";

  friend bool operator==(raw_json_view, raw_json_view) = default;
};

/// A member of this type takes the members that the aggregate does not have, in the order of the text, and writes them
/// after the aggregate's own. It is no member of the JSON object itself.
struct other_members {
  std::vector<std::pair<std::string, raw_json>> list;

  friend bool operator==(other_members const&, other_members const&) = default;
};

}  // namespace tensorgate::reflect
