// tensorgate/http/content.hpp: bytes to send, in memory or in a file, as one thing that has parts.
#pragma once

#include <algorithm>     // min
#include <cerrno>        // errno, EINTR
#include <cstddef>       // size_t
#include <cstdint>       // uint64_t
#include <limits>        // numeric_limits
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // generic_category
#include <utility>       // move
#include <variant>       // variant, monostate, get_if

#include <unistd.h>  // pread

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // result, fail
#include <tensorgate/http/errc.hpp>    // errc
#include <tensorgate/http/range.hpp>   // byte_range
#include <tensorgate/http/reply.hpp>   // shared_bytes, file_bytes, reply

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Nothing, bytes in memory, or bytes in a file.
using content = std::variant<std::monostate, shared_bytes, file_bytes>;

[[nodiscard]] inline bool is_empty(content const& what) noexcept { return what.index() == 0; }

[[nodiscard]] inline std::uint64_t size_of(content const& what) noexcept {
  if (auto const* const memory = std::get_if<shared_bytes>(&what)) return memory->size();
  if (auto const* const file = std::get_if<file_bytes>(&what)) return file->length();
  return 0;
}

/// The bytes of `range`, which lies within the size, with the same owner; nothing is copied.
[[nodiscard]] inline content part_of(content const& what, byte_range range) {
  if (auto const* const memory = std::get_if<shared_bytes>(&what)) {
    return memory->part(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.length()));
  }
  if (auto const* const file = std::get_if<file_bytes>(&what)) return file->part(range.first, range.length());
  return {};
}

/// The body of a reply that sends these bytes.
[[nodiscard]] inline reply::body_type body_of(content what) {
  if (auto* const memory = std::get_if<shared_bytes>(&what)) return std::move(*memory);
  if (auto* const file = std::get_if<file_bytes>(&what)) return std::move(*file);
  return std::monostate{};
}

/// Appends bytes `from` to `from + size`, which lie within the content, to `out`.
/// Fails with: errc::truncated where a file has become shorter; the system's code where it cannot be read.
[[nodiscard]] inline result<void> append_bytes(content const& what, std::uint64_t from, std::size_t size,
                                               std::string& out) {
  if (auto const* const memory = std::get_if<shared_bytes>(&what)) {
    out.append(memory->view().substr(static_cast<std::size_t>(from), size));
  } else if (auto const* const file = std::get_if<file_bytes>(&what)) {
    auto const before = out.size();
    out.resize(before + size);
    for (std::size_t done = 0; done != size;) {
      auto const got = ::pread(file->descriptor(), out.data() + before + done, size - done,
                               static_cast<off_t>(file->offset() + from + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(std::error_code(errno, std::generic_category()), "a file cannot be read");
      if (got == 0) return fail(errc::truncated, "a file is shorter than it was");
      done += static_cast<std::size_t>(got);
    }
  }
  return {};
}

}  // namespace tensorgate::http
