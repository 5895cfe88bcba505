// tensorgate/roles/outputs/form.hpp: one answerable form of a file: the whole of it, and its members by id.
#pragma once

#include <chrono>         // time_point_cast
#include <cstddef>        // size_t
#include <memory>         // shared_ptr
#include <string>         // string
#include <string_view>    // string_view
#include <unordered_map>  // unordered_map
#include <utility>        // move
#include <variant>        // get, get_if
#include <vector>         // vector

#include <tensorgate/codec/gzip.hpp>            // gzip_compress
#include <tensorgate/core/result.hpp>           // result
#include <tensorgate/http/representation.hpp>   // representation
#include <tensorgate/roles/outputs/row.hpp>     // row rules
#include <tensorgate/roles/outputs/slice.hpp>   // members_by_key, without_member, lag_array
#include <tensorgate/roles/outputs/source.hpp>  // memory_ptr, share
#include <tensorgate/roles/outputs/tiers.hpp>   // parallel_for

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

/// Leaves of each member its gzip alone, so that the memory it was a part of can go. Members that are as they were in
/// `before`, which may be null, are not compressed again.
[[nodiscard]] inline result<void> pack_members(form& of, form_ptr const& before, parallel_for const& run) {
  constexpr codec::gzip_level quick{2};  // of large files that are rewritten all the time

  struct piece {
    http::representation* member = nullptr;
    std::string           made{};
    std::string_view      bytes{};  // in `made`, or in the form before
  };
  std::vector<piece> pieces;
  pieces.reserve(of.members.size());
  for (auto& [id, member] : of.members) {
    auto& one  = pieces.emplace_back();
    one.member = &member;
    if (!before) continue;
    auto const same = before->members.find(id);
    if (same == before->members.end() || same->second.etag != member.etag) continue;
    if (auto const* const packed = std::get_if<http::shared_bytes>(&same->second.gzip)) one.bytes = packed->view();
  }
  run(pieces.size(), [&](std::size_t i) {
    auto& one = pieces[i];
    if (!one.bytes.empty()) return;
    one.made  = codec::gzip_compress(std::get<http::shared_bytes>(one.member->identity).view(), quick);
    one.bytes = one.made;
  });

  std::size_t size = 0;
  for (auto const& one : pieces) size += one.bytes.size();
  auto memory = net::memory_file::create(size);
  if (!memory) return fail(memory);
  std::size_t at = 0;
  for (auto const& one : pieces) at += one.bytes.copy(memory->data() + at, one.bytes.size());
  auto const kept = std::make_shared<net::memory_file const>(std::move(*memory));
  at              = 0;
  for (auto const& one : pieces) {
    auto& member         = *one.member;
    member.decoded_limit = static_cast<std::size_t>(http::size_of(member.identity));
    member.identity      = {};
    member.gzip          = part_of(kept, kept->view().substr(at, one.bytes.size()));
    at += one.bytes.size();
  }
  return {};
}

}  // namespace tensorgate::outputs
