// tensorgate/http/body.hpp: where does a body end, and which of its bytes are data?
#pragma once

#include <algorithm>     // min
#include <array>         // array
#include <cstddef>       // size_t
#include <cstdint>       // uint8_t, uint16_t, uint64_t
#include <span>          // span
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <vector>        // vector

#include <tensorgate/core/hex.hpp>           // hex_value
#include <tensorgate/core/result.hpp>        // failure
#include <tensorgate/http/detail/chars.hpp>  // is_char_of
#include <tensorgate/http/errc.hpp>          // errc
#include <tensorgate/http/field.hpp>         // field_view, known_field
#include <tensorgate/http/head.hpp>          // framing

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Bounds of a body. Past `body` the answer is 413, past the extensions' 400, past the trailers' 431.
struct body_limits {
  std::uint64_t body            = 1024 * 1024;  ///< bytes of data
  std::size_t   chunk_extension = 256;          ///< bytes between the size of a chunk and its CRLF
  std::size_t   all_extensions  = 16 * 1024;    ///< the same over all chunks
  std::size_t   trailer         = 8 * 1024;     ///< bytes of field lines behind the last chunk
  std::size_t   trailer_fields  = 32;
};

/// True for fields that may not come behind a body, because they decide what must be known before it: framing, routing,
/// conditions, credentials, the form of the content (RFC 9110 §6.5.1).
[[nodiscard]] constexpr bool is_forbidden_trailer(known_field id) noexcept {
  switch (id) {
    case known_field::accept:
    case known_field::accept_encoding:
    case known_field::accept_language:
    case known_field::access_control_request_headers:
    case known_field::access_control_request_method:
    case known_field::authorization:
    case known_field::cache_control:
    case known_field::connection:
    case known_field::content_encoding:
    case known_field::content_length:
    case known_field::content_range:
    case known_field::content_type:
    case known_field::cookie:
    case known_field::expect:
    case known_field::forwarded:
    case known_field::from:
    case known_field::host:
    case known_field::if_match:
    case known_field::if_modified_since:
    case known_field::if_none_match:
    case known_field::if_range:
    case known_field::if_unmodified_since:
    case known_field::keep_alive:
    case known_field::location:
    case known_field::max_forwards:
    case known_field::origin:
    case known_field::pragma:
    case known_field::proxy_authorization:
    case known_field::proxy_connection:
    case known_field::range:
    case known_field::referer:
    case known_field::retry_after:
    case known_field::sec_websocket_extensions:
    case known_field::sec_websocket_key:
    case known_field::sec_websocket_protocol:
    case known_field::sec_websocket_version:
    case known_field::set_cookie:
    case known_field::te:
    case known_field::traceparent:
    case known_field::trailer:
    case known_field::transfer_encoding:
    case known_field::upgrade:
    case known_field::user_agent:
    case known_field::vary:
    case known_field::via:
    case known_field::www_authenticate:
    case known_field::x_api_key:
    case known_field::x_forwarded_for:
    case known_field::x_forwarded_host:
    case known_field::x_forwarded_proto:
    case known_field::x_real_ip:
    case known_field::x_request_id: return true;
    case known_field::other:
    case known_field::date:
    case known_field::etag:
    case known_field::last_modified:
    case known_field::server: return false;
  }
  return true;
}

/// Reads a chunked body as it comes in (RFC 9112 §7.1), in place and strictly: a size is 1 to 16 hexadecimal digits and
/// nothing else, every line ends in CRLF, extensions follow their grammar (whose blanks are allowed where it has them)
/// and are dropped, trailer fields follow the grammar of fields. Memory is taken for trailers alone, within their
/// limit.
class chunked_decoder {
 public:
  explicit chunked_decoder(body_limits const& limits = {}) noexcept : limits_(limits) {}

  /// Takes bytes from the front of `in` and returns how many. `data` is the part of them that belongs to the body,
  /// perhaps none. It stops behind each chunk's data, so call it again with the rest until `done`, `failed` or no rest.
  std::size_t decode(std::string_view in, std::string_view& data);

  [[nodiscard]] bool             done() const noexcept { return at_ == place::end; }
  [[nodiscard]] bool             failed() const noexcept { return at_ == place::failed; }
  [[nodiscard]] std::error_code  error() const noexcept { return why_.code; }
  [[nodiscard]] std::string_view note() const noexcept { return why_.note; }

  /// Bytes of data so far.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

  /// After `done`: the trailer fields. They live as long as this object is not reset, moved or destroyed.
  [[nodiscard]] std::span<field_view const> trailers() const noexcept { return trailers_; }

 private:
  enum class place : std::uint8_t {
    size_first,       // the first digit of a size
    size,             // further digits
    size_blank,       // blanks behind the size: a semicolon must follow
    extension_blank,  // blanks behind a semicolon
    extension_name,
    name_blank,   // blanks behind a name: "=" or a semicolon must follow
    value_blank,  // blanks behind "="
    value_token,
    value_quoted,
    value_escape,
    value_end,    // behind a quoted value
    after_blank,  // blanks behind a value: a semicolon must follow
    size_lf,
    data,
    data_cr,
    data_lf,
    line_first,  // the first byte of a trailer line
    line_name,
    line_value,
    line_lf,
    last_lf,
    end,
    failed,
  };

  void refuse(errc code, std::string_view note) {
    why_ = failure{code, note};
    at_  = place::failed;
  }
  void refuse_chunk(std::string_view note) { refuse(errc::bad_chunk, note); }

  void on_size(char c);
  void on_extension(char c);
  void on_trailer(char c);
  void end_of_size();
  void end_of_trailers();

  // What may follow a size, an extension's name or value: its line's end, or the next extension.
  bool leaves_extension(char c) {
    if (c == ';') {
      at_ = place::extension_blank;
    } else if (c == '\r') {
      at_ = place::size_lf;
    } else {
      return false;
    }
    return true;
  }

  struct trailer_line {
    std::size_t name_at   = 0;
    std::size_t name_size = 0;
    std::size_t end       = 0;
  };

  body_limits               limits_;
  place                     at_         = place::size_first;
  std::uint8_t              digits_     = 0;
  std::size_t               extension_  = 0;  // bytes, of this chunk
  std::size_t               extensions_ = 0;  // bytes, of all chunks
  std::uint64_t             chunk_      = 0;  // what is left of this chunk's data
  std::uint64_t             received_   = 0;
  failure                   why_{};
  std::string               trailer_;  // the lines without CRLF, one behind the other
  std::vector<trailer_line> lines_;
  std::vector<field_view>   trailers_;
};

inline std::size_t chunked_decoder::decode(std::string_view in, std::string_view& data) {
  data           = {};
  std::size_t at = 0;
  while (at != in.size() && at_ < place::end) {
    if (at_ == place::data) {
      auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, in.size() - at));
      data            = in.substr(at, size);
      chunk_ -= size;
      received_ += size;
      if (chunk_ == 0) at_ = place::data_cr;
      return at + size;
    }
    char const c = in[at++];
    switch (at_) {
      case place::size_first:
      case place::size: on_size(c); break;
      case place::size_lf:
        if (c != '\n')
          refuse_chunk("a bare CR behind a chunk size");
        else
          end_of_size();
        break;
      case place::data_cr:
        if (c != '\r')
          refuse_chunk("a chunk's data is longer than its size");
        else
          at_ = place::data_lf;
        break;
      case place::data_lf:
        if (c != '\n')
          refuse_chunk("a bare CR behind a chunk's data");
        else
          at_ = place::size_first;
        break;
      case place::line_first:
      case place::line_name:
      case place::line_value:
      case place::line_lf:
      case place::last_lf: on_trailer(c); break;
      default: on_extension(c); break;
    }
  }
  return at;
}

inline void chunked_decoder::on_size(char c) {
  if (int const digit = hex_value(c); digit >= 0) {
    if (at_ == place::size_first) {
      at_    = place::size;
      chunk_ = digits_ = 0;
      extension_       = 0;
    }
    if (++digits_ > 16) return refuse_chunk("a chunk size of more than 16 digits");
    if (chunk_ >> 59U != 0) return refuse_chunk("a chunk size beyond 63 bits");
    chunk_ = chunk_ * 16 + static_cast<std::uint64_t>(digit);
    return;
  }
  if (at_ == place::size_first) return refuse_chunk("a chunk without a size");
  if (chunk_ > limits_.body - std::min(received_, limits_.body)) {
    return refuse(errc::body_too_large, "a chunk exceeds the body's limit");
  }
  if (detail::is_blank(c)) {
    at_ = place::size_blank;
    ++extension_;
    return;
  }
  if (!leaves_extension(c))
    return refuse_chunk(c == '\n' ? "a bare LF behind a chunk size" : "a chunk size with a stray byte");
  if (c == ';') ++extension_;
}

inline void chunked_decoder::on_extension(char c) {
  if (c != '\r' && ++extension_ > limits_.chunk_extension)
    return refuse_chunk("a chunk's extensions exceed their limit");
  bool const token = detail::is_char_of(detail::token_char, c);
  bool       good  = false;
  switch (at_) {
    case place::size_blank:
    case place::after_blank: good = detail::is_blank(c) || (c == ';' && leaves_extension(c)); break;
    case place::extension_blank:
      if (token) at_ = place::extension_name;
      good = token || detail::is_blank(c);
      break;
    case place::extension_name:
      if (c == '=')
        at_ = place::value_blank;
      else if (detail::is_blank(c))
        at_ = place::name_blank;
      good = token || c == '=' || detail::is_blank(c) || leaves_extension(c);
      break;
    case place::name_blank:
      if (c == '=') at_ = place::value_blank;
      good = c == '=' || detail::is_blank(c) || (c == ';' && leaves_extension(c));
      break;
    case place::value_blank:
      if (token)
        at_ = place::value_token;
      else if (c == '"')
        at_ = place::value_quoted;
      good = token || c == '"' || detail::is_blank(c);
      break;
    case place::value_token:
    case place::value_end:
      if (detail::is_blank(c)) at_ = place::after_blank;
      good = (token && at_ == place::value_token) || detail::is_blank(c) || leaves_extension(c);
      break;
    case place::value_quoted:
      if (c == '"')
        at_ = place::value_end;
      else if (c == '\\')
        at_ = place::value_escape;
      good = c == '"' || c == '\\' || detail::is_char_of(detail::quoted_char, c);
      break;
    case place::value_escape:
      at_  = place::value_quoted;
      good = detail::is_char_of(detail::value_char, c);
      break;
    default: break;
  }
  if (!good) refuse_chunk("a malformed chunk extension");
}

inline void chunked_decoder::end_of_size() {
  extensions_ += extension_;
  if (extensions_ > limits_.all_extensions) return refuse_chunk("the extensions of all chunks exceed their limit");
  at_ = chunk_ != 0 ? place::data : place::line_first;
}

inline void chunked_decoder::on_trailer(char c) {
  switch (at_) {
    case place::line_first:
      if (c == '\r') {
        at_ = place::last_lf;
        return;
      }
      if (lines_.size() == limits_.trailer_fields)
        return refuse(errc::trailer_too_large, "more trailer fields than the limit");
      lines_.push_back({.name_at = trailer_.size(), .name_size = 0, .end = 0});
      at_ = place::line_name;
      [[fallthrough]];
    case place::line_name:
      if (c == ':' && trailer_.size() != lines_.back().name_at) {
        lines_.back().name_size = trailer_.size() - lines_.back().name_at;
        auto const name         = std::string_view(trailer_).substr(lines_.back().name_at);
        if (is_forbidden_trailer(classify_field(name)))
          return refuse(errc::bad_trailer, "a field that no trailer may have");
        at_ = place::line_value;
      } else if (!detail::is_char_of(detail::token_char, c)) {
        return refuse(errc::bad_trailer, "a malformed trailer field name");
      }
      break;
    case place::line_value:
      if (c == '\r') {
        at_ = place::line_lf;
        return;
      }
      if (!detail::is_char_of(detail::value_char, c))
        return refuse(errc::bad_trailer, "a control byte in a trailer field");
      break;
    case place::line_lf:
      if (c != '\n') return refuse(errc::bad_trailer, "a bare CR in a trailer field");
      lines_.back().end = trailer_.size();
      at_               = place::line_first;
      return;
    default:  // last_lf
      if (c != '\n') return refuse(errc::bad_chunk, "a bare CR at the end of the body");
      return end_of_trailers();
  }
  if (trailer_.size() == limits_.trailer)
    return refuse(errc::trailer_too_large, "the trailer section exceeds its limit");
  trailer_.push_back(c);
}

inline void chunked_decoder::end_of_trailers() {
  auto const all = std::string_view(trailer_);
  for (auto const& line : lines_) {
    auto const name     = all.substr(line.name_at, line.name_size);
    auto const value_at = line.name_at + line.name_size + 1;
    trailers_.push_back({name, trim_blanks(all.substr(value_at, line.end - value_at)), classify_field(name)});
  }
  at_ = place::end;
}

/// Reads a body whose end was told by a head, whichever way.
class body_decoder {
 public:
  body_decoder() noexcept = default;

  /// For the body that `head` announces. A Content-Length beyond the limit fails at once, before any byte.
  explicit body_decoder(request_head const& head, body_limits const& limits = {}) {
    start(head.body_framing(), head.content_length(), limits);
  }

  /// `length` is for `framing::length` alone.
  void start(framing how, std::uint64_t length, body_limits const& limits = {});

  /// As `chunked_decoder::decode`; takes nothing that lies behind the body.
  std::size_t decode(std::string_view in, std::string_view& data);

  [[nodiscard]] bool             done() const noexcept;
  [[nodiscard]] bool             failed() const noexcept { return static_cast<bool>(error()); }
  [[nodiscard]] std::error_code  error() const noexcept { return why_.code ? why_.code : chunks_.error(); }
  [[nodiscard]] std::string_view note() const noexcept { return why_.code ? why_.note : chunks_.note(); }

  /// Bytes of data so far.
  [[nodiscard]] std::uint64_t received() const noexcept {
    return how_ == framing::chunked ? chunks_.received() : received_;
  }
  /// For `framing::length`: bytes of data still to come.
  [[nodiscard]] std::uint64_t remaining() const noexcept { return how_ == framing::length ? length_ - received_ : 0; }
  [[nodiscard]] std::span<field_view const> trailers() const noexcept { return chunks_.trailers(); }

  /// The connection has ended: right for `framing::until_close`, a failure (`truncated`) for a body that is not done.
  void finish();

 private:
  chunked_decoder chunks_{};
  failure         why_{};
  std::uint64_t   length_   = 0;  // the body's, or the limit of one that lasts until the end
  std::uint64_t   received_ = 0;
  framing         how_      = framing::none;
  bool            ended_    = false;
};

inline void body_decoder::start(framing how, std::uint64_t length, body_limits const& limits) {
  if (how == framing::chunked || how_ == framing::chunked) chunks_ = chunked_decoder(limits);
  how_      = how;
  why_      = {};
  received_ = 0;
  ended_    = false;
  length_   = how == framing::length ? length : limits.body;
  if (how == framing::length && length > limits.body)
    why_ = failure{errc::body_too_large, "Content-Length exceeds the limit"};
}

inline std::size_t body_decoder::decode(std::string_view in, std::string_view& data) {
  if (how_ == framing::chunked) return chunks_.decode(in, data);
  data = {};
  if (how_ == framing::none || why_.code || ended_) return 0;
  data = in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), length_ - received_)));
  received_ += data.size();
  if (how_ == framing::until_close && data.size() != in.size()) {
    why_ = failure{errc::body_too_large, "the body exceeds the limit"};
  }
  return data.size();
}

inline bool body_decoder::done() const noexcept {
  switch (how_) {
    case framing::none: return true;
    case framing::length: return !why_.code && received_ == length_;
    case framing::chunked: return chunks_.done();
    case framing::until_close: return ended_;
  }
  return true;
}

inline void body_decoder::finish() {
  if (done() || failed()) return;
  if (how_ == framing::until_close) {
    ended_ = true;
    return;
  }
  why_ = failure{errc::truncated, "the connection ended within the body"};
}

// Writing.

/// Appends the line before a chunk of `size` bytes; `size` is not 0. Behind the data comes `chunk_end`.
template <class Out>
void append_chunk_head(Out& out, std::uint64_t size) {
  std::array<char, 18> text{};
  auto                 at = text.size();
  text[--at]              = '\n';
  text[--at]              = '\r';
  for (; size != 0; size >>= 4U) text[--at] = "0123456789abcdef"[size & 15U];
  out.append(text.data() + at, text.size() - at);
}

inline constexpr std::string_view chunk_end = "\r\n";
/// The last chunk of a body without trailers.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";
/// The last chunk of a body with trailers: field lines follow, then an empty line.
inline constexpr std::string_view last_chunk_before_trailers = "0\r\n";

}  // namespace tensorgate::http
