// tensorgate/roles/outputs/form.hpp: one answerable form of a file: the whole of it, and its members by id.
#pragma once

#include <chrono>         // time_point_cast
#include <cstddef>        // size_t
#include <memory>         // shared_ptr
#include <string>         // string
#include <string_view>    // string_view
#include <unordered_map>  // unordered_map
#include <utility>        // move

#include <tensorgate/codec/gzip.hpp>            // gzip_compress
#include <tensorgate/core/result.hpp>           // result
#include <tensorgate/http/representation.hpp>   // representation
#include <tensorgate/roles/outputs/row.hpp>     // row rules
#include <tensorgate/roles/outputs/slice.hpp>   // members_by_key, without_member, lag_array
#include <tensorgate/roles/outputs/source.hpp>  // source, share

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// Lets a map with text keys be asked with a view.
struct text_hash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

template <class T>
using by_id = std::unordered_map<std::string, T, text_hash, std::equal_to<>>;

/// A text as it is answered, and its members. Immutable.
struct form {
  http::representation        whole{};
  by_id<http::representation> members{};
};

using form_ptr = std::shared_ptr<form const>;

/// Whether an answer may say when the file was written. A delayed form may not: the time of writing tells of what it
/// hides.
enum class dating { with_time, without_time };

[[nodiscard]] inline http::representation json_of(http::shared_bytes bytes, std::string tag) {
  http::representation made;
  made.content_type = "application/json";
  made.identity     = std::move(bytes);
  made.etag         = std::move(tag);
  return made;
}

inline void date(http::representation& what, unix_millis written) {
  what.last_modified = std::chrono::floor<std::chrono::seconds>(written);
}

/// Adds a gzip of the text beside it, for clients that accept one.
inline void add_gzip(http::representation& what, std::string_view text, int level) {
  what.gzip = share(codec::gzip_compress(text, codec::gzip_level{level}));
}

}  // namespace tensorgate::outputs
