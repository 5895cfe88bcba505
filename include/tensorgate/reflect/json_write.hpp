// tensorgate/reflect/json_write.hpp: a value of a C++ type as JSON text.
//
//     std::string const text = write_json(one);                              // {"side":"LONG","leverage":0.5}
//     std::string const page = write_json(one, json_style{.indent = 2});     // for people
//
// json_read.hpp lists the types. Members stand in their order; an empty optional member is left out, unless a rule of
// `describe` wants null. Doubles are the shortest text that reads back the same, spelt as Python's json spells them:
// 1e+16, 7e-05, 100000.0, -0.0; JSON has no NaN or infinity, so they become null. Bytes that are not UTF-8 become
// U+FFFD.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>                    // TENSORGATE_ABI
#include <tensorgate/reflect/detail/json_writer.hpp>  // json_sink, write_value
#include <tensorgate/reflect/json_style.hpp>          // json_style, restyle_json

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// Appends the compact text of a value.
template <class T>
void append_json(std::string& out, T const& value) {
  detail::json_sink sink(out);
  sink.finish(detail::write_value(sink, sink.begin(), value));
}

template <class T>
[[nodiscard]] std::string write_json(T const& value) {
  std::string out;
  append_json(out, value);
  return out;
}

template <class T>
[[nodiscard]] std::string write_json(T const& value, json_style const& style) {
  return restyle_json(write_json(value), style);
}

}  // namespace tensorgate::reflect
