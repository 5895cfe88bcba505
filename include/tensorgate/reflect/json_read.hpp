// tensorgate/reflect/json_read.hpp: a JSON text as a value of a C++ type.
//
//     struct order { std::string side; double leverage; std::optional<std::string> note; };
//     auto const read = read_json<std::vector<order>>(text);
//     if (!read) return fail(read.error());          // or show read.error().text(): line, column, path, expectation
//
// RFC 8259 strictly: UTF-8 is checked, lone surrogates are refused, nothing follows the value, nesting is bounded, and
// a member or key that stands twice is an error (inside values that are skipped or kept raw only where `validate_json`
// is asked to look). A number for an integer is written without fraction and exponent and must fit. Nothing here throws
// on input.
//
//     aggregate                     object; rules.hpp says which members must be there
//     map, unordered_map            object with any keys
//     vector of pair<string, T>     the same; it keeps the order of the text
//     vector                        array
//     array, tuple, pair            array of exactly that length
//     optional, unique_ptr          the value, or null
//     variant                       by the kind of JSON value; objects by the member that `describe` calls the tag
//     enum                          a string with the name of an enumerator
//     string                        string
//     string_view                   string without escapes, seen in the text, which must outlive the view
//     integer, double, float, bool  number, true or false
//     type with a text_form         string
//     duration · unix_millis        string ("250ms") · whole number of milliseconds
//     raw_number, raw_json,         the text itself
//     raw_json_view
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <limits>       // numeric_limits
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/result.hpp>                  // expected
#include <tensorgate/reflect/detail/json_reader.hpp>   // read_value
#include <tensorgate/reflect/detail/json_scanner.hpp>  // json_scanner
#include <tensorgate/reflect/json_error.hpp>           // json_error, json_options

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// Reads into `out`, whose members keep their values where the text leaves them out. After a failure `out` holds what
/// had been read until then.
template <class T>
[[nodiscard]] expected<void, json_error> read_json_into(T& out, std::string_view text,
                                                        json_options const& options = {}) {
  detail::json_scanner in(text, options);
  auto const*          at = detail::read_value(in, in.skip_blanks(in.begin()), out);
  if (at == nullptr || !in.at_end(at)) return unexpected<json_error>(in.error());
  return {};
}

/// Reads one value; its type must be default constructible.
template <class T>
[[nodiscard]] expected<T, json_error> read_json(std::string_view text, json_options const& options = {}) {
  expected<T, json_error> out{T{}};
  auto const              read = read_json_into(*out, text, options);
  if (!read) return unexpected<json_error>(read.error());
  return out;
}

}  // namespace tensorgate::reflect
