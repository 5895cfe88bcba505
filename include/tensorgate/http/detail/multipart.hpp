// tensorgate/http/detail/multipart.hpp: several parts of a representation in one answer (RFC 9110 §14.6).
#pragma once

#include <algorithm>    // min
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <memory>       // shared_ptr, make_shared
#include <span>         // span
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // move
#include <variant>      // get_if
#include <vector>       // vector

#include <tensorgate/core/result.hpp>   // result
#include <tensorgate/http/content.hpp>  // content, append_bytes
#include <tensorgate/http/range.hpp>    // byte_range, content_range
#include <tensorgate/http/reply.hpp>    // reply, body_writer
#include <tensorgate/net/task.hpp>      // task

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// FNV-1a, 64 bits.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t start) noexcept {
  for (char const c : text) start = (start ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return start;
}

/// A line that separates parts. It follows from what is sent, so that equal requests have equal answers; readers of
/// byteranges find the end of a part by its Content-Range, not by looking for this.
[[nodiscard]] inline std::string boundary_of(std::string_view tag, std::span<byte_range const> ranges,
                                             std::uint64_t size) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string                       seed(tag);
  for (auto const& one : ranges) seed.append(content_range(one, size));
  std::string boundary;
  for (std::uint64_t const start : {0xCBF29CE484222325U, 0x9E3779B97F4A7C15U}) {
    auto value = fnv1a(seed, start);
    for (int i = 0; i != 16; ++i, value >>= 4U) boundary.push_back(digits[value & 15U]);
  }
  return boundary;
}

/// An answer of several parts before it is sent.
struct multipart_byteranges {
  struct part {
    std::string head;
    byte_range  range;
  };

  content           whole;
  std::vector<part> parts;
  std::string       tail;

  multipart_byteranges(content all, std::span<byte_range const> ranges, std::string_view content_type,
                       std::string_view boundary)
      : whole(std::move(all)) {
    auto const size = size_of(whole);
    for (auto const& range : ranges) {
      std::string head = parts.empty() ? "--" : "\r\n--";
      head.append(boundary).append("\r\nContent-Type: ").append(content_type);
      head.append("\r\nContent-Range: ").append(content_range(range, size)).append("\r\n\r\n");
      parts.push_back(part{std::move(head), range});
    }
    tail.append("\r\n--").append(boundary).append("--\r\n");
  }

  [[nodiscard]] std::uint64_t length() const noexcept {
    std::uint64_t sum = tail.size();
    for (auto const& one : parts) sum += one.head.size() + one.range.length();
    return sum;
  }
};

/// Writes the parts one after another; a file goes through one buffer.
inline task<result<void>> send_parts(std::shared_ptr<multipart_byteranges const> what, body_writer& out) {
  constexpr std::uint64_t buffer_size = 64 * 1024;
  std::string             buffer;
  for (auto const& one : what->parts) {
    auto const headed = co_await out.write(one.head);
    if (!headed) co_return fail(headed);
    if (auto const* const memory = std::get_if<shared_bytes>(&what->whole)) {
      auto const bytes = memory->view().substr(static_cast<std::size_t>(one.range.first),
                                               static_cast<std::size_t>(one.range.length()));
      auto const sent  = co_await out.write(bytes);
      if (!sent) co_return fail(sent);
      continue;
    }
    for (std::uint64_t done = 0; done != one.range.length();) {
      auto const step = std::min(buffer_size, one.range.length() - done);
      buffer.clear();
      auto const read = append_bytes(what->whole, one.range.first + done, static_cast<std::size_t>(step), buffer);
      if (!read) co_return fail(read);
      auto const sent = co_await out.write(buffer);
      if (!sent) co_return fail(sent);
      done += step;
    }
  }
  co_return co_await out.write(what->tail);
}

/// A 206 of several parts. Small ones are put together at once; of large ones nothing is copied but through a buffer.
[[nodiscard]] inline result<reply> multipart_reply(multipart_byteranges parts, std::string_view boundary) {
  constexpr std::uint64_t small = 32 * 1024;

  auto const       length = parts.length();
  reply::body_type body;
  if (length <= small) {
    std::string text;
    text.reserve(static_cast<std::size_t>(length));
    for (auto const& one : parts.parts) {
      text.append(one.head);
      auto const read = append_bytes(parts.whole, one.range.first, static_cast<std::size_t>(one.range.length()), text);
      if (!read) return fail(read);
    }
    body = text.append(parts.tail);
  } else {
    auto const    kept     = std::make_shared<multipart_byteranges const>(std::move(parts));
    body_producer producer = [kept](body_writer& out) { return send_parts(kept, out); };
    body                   = std::move(producer);
  }
  bool const streamed = std::holds_alternative<body_producer>(body);
  auto       answer   = reply::of(std::move(body), {}, status::partial_content);
  answer.with("Content-Type", std::string("multipart/byteranges; boundary=").append(boundary));
  if (streamed) answer.with("Content-Length", std::to_string(length));
  return answer;
}

}  // namespace tensorgate::http::detail
