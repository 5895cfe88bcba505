// tensorgate/roles/outputs/row.hpp: which file answers which path, and what of it a key may see.
#pragma once

#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>            // TENSORGATE_ABI
#include <tensorgate/http/target.hpp>         // for_each_segment, decode_path
#include <tensorgate/identity/ptn_keys.hpp>   // ptn_tier_of
#include <tensorgate/reflect/json_slice.hpp>  // is_json_pointer

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// One member of a file, chosen by the `{id}` of the path.
struct slice_rule {
  std::string at;  ///< JSON pointer to a map or an array, "/data"; empty: the whole document
  std::string by;  ///< the member of an array's elements that must equal the id; empty: the id is a key of the map
};

/// Entries of an array that are too fresh are left out for keys below the row's tier.
struct lag_rule {
  std::string               array;  ///< JSON pointer to the array
  std::string               time;   ///< JSON pointer inside an element to its time, Unix milliseconds
  std::chrono::milliseconds by = std::chrono::hours{24};  ///< how old an entry must be to be seen
};

/// A query parameter that leaves one member out of every element of an array.
struct omit_rule {
  std::string parameter;  ///< its name, "checkpoints"
  std::string value;      ///< the text that switches it on, in any case: "false"
  std::string array;      ///< JSON pointer to the array
  std::string member;     ///< the member that is left out
};

/// A row of the table that maps files to routes. Rows of the configuration come before the profile's own.
struct row {
  std::string               path;        ///< "/scores/{id}": one segment may be `{id}`; a last slash counts
  std::vector<std::string>  files;       ///< below the data root; the newest that exists answers; may hold `{id}`
  int                       tier = 100;  ///< keys below it get the lagged form, or 403 where there is none
  std::optional<slice_rule> slice{};
  std::optional<lag_rule>   lag{};
  std::optional<omit_rule>  omit{};
  bool        gzip_unasked = false;  ///< a stored .gz is sent as it is to a client that says nothing of codings
  bool        slash        = false;  ///< answers 308 to the same path with a slash at its end
  std::string not_found    = "Data not found";  ///< the 404's error text; `{id}` is replaced
  std::string no_member    = "Data not found";  ///< the same for a file that lacks the id
  std::string not_found_page{};                 ///< instead of `not_found`: the whole body, as text/html
  std::string forbidden{};                      ///< the 403's error text; empty: the usual one
};

/// A row as a configuration says it. What it leaves out is as in the profile's row of the same path, if there is one.
struct table_row {
  std::string                path;
  std::vector<std::string>   files{};
  std::optional<int>         tier{};
  std::optional<slice_rule>  slice{};
  std::optional<lag_rule>    lag{};
  std::optional<omit_rule>   omit{};
  std::optional<bool>        gzip_unasked{};
  std::optional<bool>        slash{};
  std::optional<std::string> not_found{};
  std::optional<std::string> no_member{};
  std::optional<std::string> not_found_page{};
  std::optional<std::string> forbidden{};
};

/// `like`, changed as `said`.
[[nodiscard]] inline row complete(table_row const& said, row like = {}) {
  like.path = said.path;
  if (!said.files.empty()) like.files = said.files;
  like.tier = said.tier.value_or(like.tier);
  if (said.slice) like.slice = said.slice;
  if (said.lag) like.lag = said.lag;
  if (said.omit) like.omit = said.omit;
  like.gzip_unasked = said.gzip_unasked.value_or(like.gzip_unasked);
  like.slash        = said.slash.value_or(like.slash);
  like.no_member    = said.no_member.value_or(std::move(like.no_member));
  if (said.not_found) {
    like.not_found = *said.not_found;
    like.not_found_page.clear();
  }
  like.not_found_page = said.not_found_page.value_or(std::move(like.not_found_page));
  like.forbidden      = said.forbidden.value_or(std::move(like.forbidden));
  return like;
}

/// True for what may stand for `{id}` in a file's name: 1 to 128 letters, digits, `.`, `_`, `-`, not beginning with a
/// dot.
[[nodiscard]] constexpr bool is_file_id(std::string_view id) noexcept {
  if (id.empty() || id.size() > 128 || id.front() == '.') return false;
  for (char const one : id) {
    bool const plain = (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
                       one == '.' || one == '_' || one == '-';
    if (!plain) return false;
  }
  return true;
}

/// `text` with its first `{id}` replaced.
[[nodiscard]] inline std::string with_id(std::string_view text, std::string_view id) {
  std::string out{text};
  if (auto const at = out.find("{id}"); at != std::string::npos) out.replace(at, 4, id);
  return out;
}

/// A row's path against a request's, both without the leading slash. A value is the id ("" where the row has none).
[[nodiscard]] constexpr std::optional<std::string_view> match_row(std::string_view pattern,
                                                                  std::string_view path) noexcept {
  auto const at = pattern.find("{id}");
  if (at == std::string_view::npos) return pattern == path ? std::optional(std::string_view{}) : std::nullopt;
  auto const before = pattern.substr(0, at);
  auto const after  = pattern.substr(at + 4);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
    return std::nullopt;
  auto const id = path.substr(before.size(), path.size() - before.size() - after.size());
  if (id.find('/') != std::string_view::npos) return std::nullopt;
  return id;
}

/// True if each path that the later row has is the earlier one's too.
[[nodiscard]] constexpr bool hides(std::string_view earlier, std::string_view later) noexcept {
  return match_row(earlier, later).has_value();
}

/// Why no request can have this path, which begins with a slash and whose braces are sound; empty when one can. It is
/// written as compiled routes are: decoded, of the characters that RFC 3986 has in a path.
[[nodiscard]] inline std::string_view path_fault(std::string_view path) {
  if (path == "/") return "path names no segment, and rows do not answer for / alone";
  std::string_view bad;
  http::for_each_segment(path, [&](std::string_view segment) {
    bool const last = segment.data() + segment.size() == path.data() + path.size();
    if (segment.empty() && !last) bad = "path has an empty segment, with which no request is answered";
    if (segment == "." || segment == "..") bad = "path has the segment . or .., with which no request is answered";
    return bad.empty();
  });
  if (!bad.empty()) return bad;
  std::string plain(path);
  std::erase_if(plain, [](char c) { return c == '{' || c == '}'; });
  std::string decoded;
  if (plain.find('%') != std::string::npos || !http::decode_path(plain, decoded)) {
    return "path has a character that a path cannot have: only letters, digits and -._~!$&'()*+,;=:@ stand in it, "
           "without escapes and without a query";
  }
  return {};
}

/// What is wrong with a row of a configuration, in words; empty when nothing is.
[[nodiscard]] inline std::string_view row_fault(row const& one) {
  using reflect::is_json_pointer;
  auto const ids = [](std::string_view text) {
    std::size_t count = 0;
    for (auto at = text.find("{id}"); at != std::string_view::npos; at = text.find("{id}", at + 4)) ++count;
    return count;
  };
  auto const bad_braces = [&](std::string_view text) {
    std::size_t braces = 0;
    for (char const c : text) braces += (c == '{' || c == '}') ? 1U : 0U;
    return braces != 2 * ids(text);
  };
  if (!one.path.starts_with('/')) return "path must begin with a slash";
  if (bad_braces(one.path)) return "path has a parameter other than {id}";
  if (ids(one.path) > 1) return "path has more than one {id}";
  if (auto const at = one.path.find("{id}"); at != std::string::npos) {
    bool const whole = one.path[at - 1] == '/' && (at + 4 == one.path.size() || one.path[at + 4] == '/');
    if (!whole) return "{id} must be a whole segment of path";
  }
  if (auto const bad = path_fault(one.path); !bad.empty()) return bad;
  if (one.slash) return one.path.ends_with('/') ? "slash needs a path without one at its end" : "";
  if (one.files.empty()) return "files names no file, and no row of the profile has this path";
  for (auto const& file : one.files) {
    if (file.empty() || file.starts_with('/')) return "a file must be named relative to the data root";
    if (file.ends_with('/')) return "a file must lie below the data root";
    for (std::string_view rest = file; !rest.empty();) {
      auto const part = rest.substr(0, rest.find('/'));
      rest.remove_prefix(part.size() + (part.size() < rest.size() ? 1U : 0U));
      if (part.empty() || part == "." || part == "..") return "a file must lie below the data root";
    }
    if (bad_braces(file) || ids(file) > 1) return "a file's name may hold {id} once, and no other braces";
    if (ids(file) == 1 && ids(one.path) == 0) return "a file's name holds {id}, but path has none";
    if (auto const at = file.find("{id}"); at != std::string::npos && file.find('/', at) != std::string::npos) {
      return "{id} must stand in the last part of a file's name";
    }
  }
  bool const id_in_files = ids(one.files.front()) == 1;
  for (auto const& file : one.files) {
    if ((ids(file) == 1) != id_in_files) return "either all files hold {id} or none does";
  }
  if (ids(one.path) == 1 && !id_in_files && !one.slice) return "path has {id}, but neither files nor slice use it";
  if (one.slice && ids(one.path) == 0) return "slice needs {id} in path";
  if (one.slice && id_in_files) return "{id} chooses either a file or a member, not both";
  if (one.slice && !is_json_pointer(one.slice->at)) return "slice.at must be a JSON pointer such as /data";
  if (one.lag && !is_json_pointer(one.lag->array)) return "lag.array must be a JSON pointer such as /events";
  if (one.lag && (one.lag->time.empty() || !is_json_pointer(one.lag->time)))
    return "lag.time must be a JSON pointer such as /timestamp_ms";
  if (one.lag && one.lag->by <= std::chrono::milliseconds{0}) return "lag.by must be positive";
  if (one.omit && (one.omit->parameter.empty() || one.omit->member.empty() || !is_json_pointer(one.omit->array))) {
    return "omit needs a parameter, a member and a JSON pointer to an array";
  }
  if (identity::ptn_tier_of(one.tier) != one.tier) {
    return "tier must be one that keys have: 0, 30, 50 or 100, or 200 for a validator's development keys";
  }
  return {};
}

}  // namespace tensorgate::outputs
