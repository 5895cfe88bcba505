// tensorgate/http/response_head.hpp: what does the head of a response say?
#pragma once

#include <algorithm>     // min
#include <cstddef>       // size_t
#include <cstdint>       // uint8_t, uint32_t, uint64_t
#include <string_view>   // string_view
#include <system_error>  // error_code

#include <tensorgate/core/result.hpp>              // failure
#include <tensorgate/http/detail/chars.hpp>        // is_char_of
#include <tensorgate/http/detail/field_lines.hpp>  // field_line_reader
#include <tensorgate/http/errc.hpp>                // errc
#include <tensorgate/http/field.hpp>               // known_field
#include <tensorgate/http/head.hpp>                // head_fields, head_limits, framing, parse_state
#include <tensorgate/http/method.hpp>              // method
#include <tensorgate/http/status.hpp>              // status

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The head of one response, final or interim (1xx). Its views point into the bytes that were parsed.
class response_head : public head_fields {
 public:
  [[nodiscard]] status           code() const noexcept { return code_; }
  [[nodiscard]] std::string_view reason_text() const noexcept { return view(reason_at_, reason_size_); }
  [[nodiscard]] bool             is_interim() const noexcept { return to_number(code_) < 200; }

  /// 0 or 1. A higher minor version of HTTP/1 is read as 1.
  [[nodiscard]] int minor_version() const noexcept { return minor_; }

  [[nodiscard]] framing body_framing() const noexcept { return framing_; }
  /// What Content-Length says, if there is one; the length of the body only for `framing::length`, since an answer to
  /// HEAD says what it would have been.
  [[nodiscard]] std::uint64_t content_length() const noexcept { return length_; }

  /// Whether the connection may be used again, once the body was read.
  [[nodiscard]] bool keep_alive() const noexcept {
    return !close_ && framing_ != framing::until_close && (minor_ == 1 || asks_keep_alive_);
  }

  /// The bytes that were parsed now live at `bytes`: all views follow.
  void rebase(char const* bytes) noexcept { move_to(bytes); }

 private:
  friend class response_parser;

  void clear() noexcept {
    clear_fields();
    code_      = status{};
    reason_at_ = reason_size_ = 0;
    length_                   = 0;
    framing_                  = framing::none;
    minor_                    = 1;
    close_ = asks_keep_alive_ = false;
  }

  status        code_{};
  std::uint32_t reason_at_       = 0;
  std::uint32_t reason_size_     = 0;
  std::uint64_t length_          = 0;
  framing       framing_         = framing::none;
  std::uint8_t  minor_           = 1;
  bool          close_           = false;
  bool          asks_keep_alive_ = false;
};

/// Reads the head of a response as it comes in, as strictly as `head_parser` reads a request, since one peer's bytes
/// must not be taken for another's answer on a connection that is used again. Forgiven is a status line that ends
/// behind the code. Every failure is `errc::bad_response`; the note says which rule was broken.
class response_parser {
 public:
  /// `target` of the limits has no meaning here.
  explicit response_parser(head_limits limits = {}) noexcept : limits_(limits) {
    limits_.head   = std::min<std::size_t>(limits_.head, std::size_t{1} << 30U);
    limits_.fields = std::min<std::size_t>(limits_.fields, 65535);
  }

  /// `bytes` is all that is not consumed, from the first byte of this response; it may have moved since the last call.
  /// `asked` is the method of the request, which decides whether a body follows (RFC 9112 §6.3).
  parse_state parse(std::string_view bytes, method asked, response_head& out);

  /// After `complete`: the bytes of the head, its blank line included.
  [[nodiscard]] std::size_t      consumed() const noexcept { return next_; }
  [[nodiscard]] std::error_code  error() const noexcept { return why_.code; }
  [[nodiscard]] std::string_view note() const noexcept { return why_.note; }

  /// Ready for the next response; also after an interim one.
  void reset() noexcept {
    next_  = 0;
    stage_ = stage::begin;
    why_   = {};
    lines_.reset();
  }

 private:
  enum class stage : std::uint8_t { begin, status_line, fields, complete, failed };

  parse_state refuse(std::string_view note) noexcept {
    why_   = failure{errc::bad_response, note};
    stage_ = stage::failed;
    return parse_state::failed;
  }

  parse_state advance(std::string_view bytes, method asked, response_head& out);
  parse_state read_status_line(std::string_view bytes, response_head& out);
  // What is wrong with a field, or nothing.
  static std::string_view fault_of(detail::field_line const& line, bool first, response_head& out);
  static void             frame(method asked, response_head& out) noexcept;

  head_limits               limits_;
  std::size_t               next_ = 0;  // where the line in hand begins
  failure                   why_{};
  detail::field_line_reader lines_;
  stage                     stage_ = stage::begin;
};

inline parse_state response_parser::parse(std::string_view bytes, method asked, response_head& out) {
  if (stage_ == stage::complete) return parse_state::complete;
  if (stage_ == stage::failed) return parse_state::failed;
  if (stage_ == stage::begin) {
    out.clear();
    stage_ = stage::status_line;
  }
  out.move_to(bytes.data() == nullptr ? "" : bytes.data());
  auto const window = bytes.substr(0, limits_.head);
  auto       state  = advance(window, asked, out);
  if (state == parse_state::need_more) {
    if (window.size() < limits_.head) return state;
    state = refuse("the head exceeds its limit");
  }
  return state;
}

inline parse_state response_parser::advance(std::string_view bytes, method asked, response_head& out) {
  if (stage_ == stage::status_line) {
    if (auto const state = read_status_line(bytes, out); state != parse_state::complete) return state;
    stage_ = stage::fields;
  }
  while (true) {
    if (next_ != bytes.size() && bytes[next_] != '\r' && out.lines_.size() >= limits_.fields) {
      return refuse("more field lines than the limit");
    }
    switch (lines_.read(bytes, next_)) {
      case detail::line_state::need_more: return parse_state::need_more;
      case detail::line_state::failed: return refuse(lines_.note);
      case detail::line_state::blank:
        next_ = lines_.next;
        frame(asked, out);
        stage_ = stage::complete;
        return parse_state::complete;
      case detail::line_state::line: break;
    }
    next_            = lines_.next;
    bool const first = out.keep(lines_.line);
    if (auto const fault = fault_of(lines_.line, first, out); !fault.empty()) return refuse(fault);
  }
}

inline parse_state response_parser::read_status_line(std::string_view bytes, response_head& out) {
  constexpr std::string_view shape = "HTTP/1.d ddd";  // d: a digit

  for (std::size_t i = 0; i != std::min(shape.size(), bytes.size()); ++i) {
    bool const fits = shape[i] == 'd' ? detail::is_char_of(detail::digit_char, bytes[i]) : shape[i] == bytes[i];
    if (!fits) return refuse("the answer does not begin with HTTP/1 and a status");
  }
  auto at = shape.size();
  if (bytes.size() <= at) return parse_state::need_more;
  out.minor_            = bytes[7] == '0' ? 0 : 1;
  auto const     digit  = [&](std::size_t i) { return static_cast<unsigned>(bytes[i] - '0'); };
  unsigned const number = digit(9) * 100 + digit(10) * 10 + digit(11);
  if (number < 100 || number > 599) return refuse("a status outside 100 to 599");
  out.code_ = static_cast<status>(number);
  if (bytes[at] == ' ') {
    ++at;
  } else if (bytes[at] != '\r') {
    return refuse("a status of more than three digits");
  }
  auto const from = at;
  while (at != bytes.size() && detail::is_char_of(detail::value_char, bytes[at])) ++at;
  if (at == bytes.size()) return parse_state::need_more;
  if (bytes[at] != '\r') return refuse("a control byte in the reason");
  if (at + 1 == bytes.size()) return parse_state::need_more;
  if (bytes[at + 1] != '\n') return refuse("a bare CR in the status line");
  out.reason_at_   = static_cast<std::uint32_t>(from);
  out.reason_size_ = static_cast<std::uint32_t>(at - from);
  next_            = at + 2;
  return parse_state::complete;
}

inline std::string_view response_parser::fault_of(detail::field_line const& line, bool first, response_head& out) {
  auto const value = out.value_of(line);
  switch (line.id) {
    case known_field::content_length: {
      auto const length = parse_content_length(value);
      if (!first || !length) return "Content-Length is repeated or no plain number";
      if (out.has(known_field::transfer_encoding)) return "both Content-Length and Transfer-Encoding";
      out.length_ = *length;
      return {};
    }
    case known_field::transfer_encoding:
      if (!first || out.minor_ == 0 || !equals_ignoring_case(value, "chunked"))
        return "Transfer-Encoding is not chunked";
      if (out.has(known_field::content_length)) return "both Content-Length and Transfer-Encoding";
      return {};
    case known_field::connection:
      for_each_list_item(value, [&](std::string_view one) {
        out.close_           = out.close_ || equals_ignoring_case(one, "close");
        out.asks_keep_alive_ = out.asks_keep_alive_ || equals_ignoring_case(one, "keep-alive");
      });
      return {};
    default: return {};
  }
}

inline void response_parser::frame(method asked, response_head& out) noexcept {
  bool const tunnel = asked == method::connect && to_number(out.code_) / 100 == 2;
  if (asked == method::head || is_bodiless(out.code_) || tunnel) {
    out.framing_ = framing::none;
  } else if (out.has(known_field::transfer_encoding)) {
    out.framing_ = framing::chunked;
  } else if (out.has(known_field::content_length)) {
    out.framing_ = framing::length;
  } else {
    out.framing_ = framing::until_close;
  }
}

}  // namespace tensorgate::http
