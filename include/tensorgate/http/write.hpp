// tensorgate/http/write.hpp: how is the head of a message put on the wire?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>           // TENSORGATE_ABI
#include <tensorgate/http/detail/chars.hpp>  // is_char_of
#include <tensorgate/http/detail/scan.hpp>   // find_control
#include <tensorgate/http/field.hpp>         // is_token
#include <tensorgate/http/status.hpp>        // status_line

namespace tensorgate::inline TENSORGATE_ABI::http {

/// What takes text at its end: `std::string` and the buffers of a stream.
template <class Out>
concept text_sink = requires(Out& out, char const* data, std::size_t size) { out.append(data, size); };

template <text_sink Out>
void append_text(Out& out, std::string_view text) {
  out.append(text.data(), text.size());
}

/// Appends the digits of `value`.
template <text_sink Out>
void append_number(Out& out, std::uint64_t value) {
  std::array<char, 20> text{};
  auto                 at = text.size();
  do {
    text[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(text.data() + at, text.size() - at);
}

/// Appends "HTTP/1.1 200 OK\r\n". A code of three digits without a registered reason has an empty one, and the blank
/// before it, which RFC 9112 §4 requires.
template <text_sink Out>
void append_status_line(Out& out, status code) {
  if (auto const line = status_line(code); !line.empty()) return append_text(out, line);
  append_text(out, "HTTP/1.1 ");
  append_number(out, to_number(code));
  append_text(out, " \r\n");
}

/// Appends "Name: value\r\n". It cannot be made to write a second line: a control byte of the value becomes a blank,
/// and a name that is no token is a field that is left out.
template <text_sink Out>
void append_field(Out& out, std::string_view name, std::string_view value) {
  if (!is_token(name)) return;
  append_text(out, name);
  append_text(out, ": ");
  char const*       at  = value.data();
  char const* const end = at + value.size();
  while (at != end) {
    char const* const stop = detail::find_control(at, end);
    out.append(at, static_cast<std::size_t>(stop - at));
    if (stop == end) break;
    out.append(" ", 1);
    at = stop + 1;
  }
  append_text(out, "\r\n");
}

/// Appends "Content-Length: 42\r\n".
template <text_sink Out>
void append_content_length(Out& out, std::uint64_t size) {
  append_text(out, "Content-Length: ");
  append_number(out, size);
  append_text(out, "\r\n");
}

inline constexpr std::string_view end_of_head      = "\r\n";
inline constexpr std::string_view chunked_line     = "Transfer-Encoding: chunked\r\n";
inline constexpr std::string_view connection_close = "Connection: close\r\n";
inline constexpr std::string_view connection_kept  = "Connection: keep-alive\r\n";  ///< to an HTTP/1.0 peer
inline constexpr std::string_view continue_head    = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace tensorgate::http
