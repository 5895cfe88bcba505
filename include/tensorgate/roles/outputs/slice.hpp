// tensorgate/roles/outputs/slice.hpp: parts of a JSON file as its own bytes, and the file without what must not be
// seen.
//
// Pointers are RFC 6901: "" is the whole text, "/data/0/hotkey" a member of an element. All views look into `text`.
// Everything here fails with errc::malformed_file where the text is no JSON or a pointer leads to something else than
// it should; a list that cannot be found is never taken for an empty one, for what it holds might then be shown.
#pragma once

#include <algorithm>     // find_if, min
#include <charconv>      // from_chars
#include <cstddef>       // size_t
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc
#include <utility>       // pair, move
#include <vector>        // vector

#include <tensorgate/core/abi.hpp>            // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>         // result
#include <tensorgate/core/time.hpp>           // unix_millis
#include <tensorgate/reflect/json_read.hpp>   // read_json
#include <tensorgate/reflect/raw.hpp>         // raw_json_view
#include <tensorgate/roles/outputs/errc.hpp>  // errc

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// Parts of a file by what they are asked for with, in the order of the file.
using named_slices = std::vector<std::pair<std::string, std::string_view>>;

namespace detail {

using slice_members  = std::vector<std::pair<std::string, reflect::raw_json_view>>;
using slice_elements = std::vector<reflect::raw_json_view>;

/// One reference token of a pointer, decoded. `~` followed by anything but 0 and 1 is no pointer.
[[nodiscard]] inline result<std::string> decode_token(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i != token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1')) return fail(errc::malformed_file, "a JSON pointer");
    out += token[i] == '0' ? '~' : '/';
  }
  return out;
}

[[nodiscard]] inline result<std::string_view> element_at(std::string_view text, std::string_view index) {
  auto const elements = reflect::read_json<slice_elements>(text);
  if (!elements) return fail(errc::malformed_file, "an array");
  std::size_t at        = 0;
  auto const [end, bad] = std::from_chars(index.data(), index.data() + index.size(), at);
  bool const is_index   = bad == std::errc{} && end == index.data() + index.size() && (index == "0" || index[0] != '0');
  if (!is_index) return fail(errc::malformed_file, "a member of an object rather than of an array");
  if (at >= elements->size()) return fail(errc::malformed_file, "an element");
  return (*elements)[at].text;
}

[[nodiscard]] inline result<std::string_view> member_at(std::string_view text, std::string_view key) {
  auto const members = reflect::read_json<slice_members>(text);
  if (!members) return fail(errc::malformed_file, "an object");
  auto const found =
      std::find_if(members->begin(), members->end(), [key](auto const& one) { return one.first == key; });
  if (found == members->end()) return fail(errc::malformed_file, "a member");
  return found->second.text;
}

[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  auto const                 begin  = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The text with the array in it written anew.
[[nodiscard]] inline std::string with_array(std::string_view text, std::string_view array,
                                            std::vector<std::string> const& elements) {
  auto const  begin = static_cast<std::size_t>(array.data() - text.data());
  std::string out(text.substr(0, begin));
  out += "[";
  for (std::size_t i = 0; i != elements.size(); ++i) out.append(i == 0 ? "" : ", ").append(elements[i]);
  return out.append("]").append(text.substr(begin + array.size()));
}

/// An object's own bytes but for one member and its comma.
[[nodiscard]] inline std::string cut_member(std::string_view object, std::string_view member) {
  auto const members = reflect::read_json<slice_members>(object);
  if (!members) return std::string(object);  // an element of another kind has no members
  for (std::size_t i = 0; i != members->size(); ++i) {
    auto const& [key, value] = (*members)[i];
    if (key != member) continue;
    auto const offset = [object](char const* at) { return static_cast<std::size_t>(at - object.data()); };
    auto const end_of = [&](std::size_t one) {
      return offset((*members)[one].second.text.data() + (*members)[one].second.text.size());
    };
    auto const end = end_of(i);
    // Behind another one, from that one's end; at the front, from its key's quote to the next key's.
    bool const at_front = i == 0;
    bool const alone    = members->size() == 1;
    auto const from     = at_front ? object.find('"') : end_of(i - 1);
    auto const to       = at_front && !alone ? object.find('"', end) : end;
    return std::string(object.substr(0, from)).append(object.substr(to));
  }
  return std::string(object);
}

/// Copies a text, cutting a member out of objects in it that are named in their order.
class member_cutter {
 public:
  explicit member_cutter(std::string_view text) : rest_(text) { out_.reserve(text.size()); }

  void cut(std::string_view object, std::string_view member) {
    auto const before = static_cast<std::size_t>(object.data() - rest_.data());
    out_.append(rest_.substr(0, before)).append(cut_member(object, member));
    rest_.remove_prefix(before + object.size());
  }
  [[nodiscard]] std::string text() && { return std::move(out_.append(rest_)); }

 private:
  std::string_view rest_;
  std::string      out_;
};

}  // namespace detail

/// The value that a pointer names.
[[nodiscard]] inline result<std::string_view> value_at(std::string_view text, std::string_view pointer) {
  text = detail::trimmed(text);
  while (!pointer.empty()) {
    if (pointer.front() != '/') return fail(errc::malformed_file, "a JSON pointer");
    pointer.remove_prefix(1);
    auto const length = std::min(pointer.find('/'), pointer.size());
    auto const token  = detail::decode_token(pointer.substr(0, length));
    if (!token) return fail(token);
    pointer.remove_prefix(length);
    auto const next = text.starts_with('[') ? detail::element_at(text, *token) : detail::member_at(text, *token);
    if (!next) return fail(next);
    text = *next;
  }
  return text;
}

/// The members of the object at `at`, by their keys.
[[nodiscard]] inline result<named_slices> members_by_key(std::string_view text, std::string_view at) {
  auto const object = value_at(text, at);
  if (!object) return fail(object);
  auto members = reflect::read_json<detail::slice_members>(*object);
  if (!members) return fail(errc::malformed_file, "an object");
  named_slices out;
  out.reserve(members->size());
  for (auto& [key, value] : *members) out.emplace_back(std::move(key), value.text);
  return out;
}

/// The elements of the array at `at`, by the value of their member `by`: a string, or a number as it is written.
/// Elements without such a member are left out; of two with the same value the first is the one to take.
[[nodiscard]] inline result<named_slices> elements_by_member(std::string_view text, std::string_view at,
                                                             std::string_view by) {
  auto const array = value_at(text, at);
  if (!array) return fail(array);
  auto const elements = reflect::read_json<detail::slice_elements>(*array);
  if (!elements) return fail(errc::malformed_file, "an array");
  named_slices out;
  out.reserve(elements->size());
  for (auto const& one : *elements) {
    auto const value = detail::member_at(one.text, by);
    if (!value) continue;
    if (auto name = reflect::read_json<std::string>(*value)) {
      out.emplace_back(std::move(*name), one.text);
    } else if (reflect::read_json<reflect::raw_number>(*value)) {
      out.emplace_back(std::string(*value), one.text);
    }
  }
  return out;
}

/// True for a number that can be a time in Unix milliseconds: of the years 1973 to 5138. Seconds of our time lie below,
/// microseconds above.
[[nodiscard]] constexpr bool is_plausible_millis(double value) noexcept { return value >= 1e11 && value < 1e14; }

/// A text without what is too fresh in it.
struct lagged_text {
  std::string text;
  bool        all_timed = true;  ///< false: elements are left out because their time is none
};

/// The text without those elements of the array at `array` that are not older than `cut`: whose value at `time`, a
/// pointer inside the element, in Unix milliseconds, lies before it. An element whose time cannot be read, or cannot be
/// one in that unit, goes too. The array is written anew, so that its bytes tell nothing of what was in it.
[[nodiscard]] inline result<lagged_text> lag_array(std::string_view text, std::string_view array, std::string_view time,
                                                   unix_millis cut) {
  auto const found = value_at(text, array);
  if (!found) return fail(found);
  auto const elements = reflect::read_json<detail::slice_elements>(*found);
  if (!elements) return fail(errc::malformed_file, "an array");
  lagged_text              made;
  std::vector<std::string> kept;
  for (auto const& one : *elements) {
    auto const stamp = value_at(one.text, time);
    auto const value = stamp ? reflect::read_json<double>(*stamp) : reflect::read_json<double>("null");
    if (!value || !is_plausible_millis(*value)) {
      made.all_timed = false;
    } else if (*value < static_cast<double>(to_unix_millis(cut))) {
      kept.emplace_back(one.text);
    }
  }
  made.text = detail::with_array(text, *found, kept);
  return made;
}

/// The text without one member of each element of the array at `array`. What stays are the file's own bytes.
[[nodiscard]] inline result<std::string> without_member(std::string_view text, std::string_view array,
                                                        std::string_view member) {
  auto const found = value_at(text, array);
  if (!found) return fail(found);
  auto const elements = reflect::read_json<detail::slice_elements>(*found);
  if (!elements) return fail(errc::malformed_file, "an array");
  detail::member_cutter out(text);
  for (auto const& one : *elements) out.cut(one.text, member);
  return std::move(out).text();
}

/// The same for each value of the map that the text is.
[[nodiscard]] inline result<std::string> without_member_of_values(std::string_view text, std::string_view member) {
  auto const members = reflect::read_json<detail::slice_members>(text);
  if (!members) return fail(errc::malformed_file, "an object");
  detail::member_cutter out(text);
  for (auto const& [key, value] : *members) out.cut(value.text, member);
  return std::move(out).text();
}

}  // namespace tensorgate::outputs
