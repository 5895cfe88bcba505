// tensorgate/http/head.hpp: what does the head of a request say?
#pragma once

#include <algorithm>     // min
#include <array>         // array
#include <cassert>       // assert
#include <cstddef>       // size_t
#include <cstdint>       // uint8_t, uint16_t, uint32_t, uint64_t
#include <cstring>       // memcmp
#include <span>          // span
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <vector>        // vector

#include <tensorgate/core/result.hpp>              // failure
#include <tensorgate/http/detail/authority.hpp>    // parse_authority
#include <tensorgate/http/detail/chars.hpp>        // char_rules
#include <tensorgate/http/detail/field_lines.hpp>  // field_line_reader
#include <tensorgate/http/errc.hpp>                // errc
#include <tensorgate/http/field.hpp>               // known_field, field_view
#include <tensorgate/http/method.hpp>              // method

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Bounds of a head, in bytes and lines. Past `head` and `fields` the answer is 431, past `target` it is 414.
struct head_limits {
  std::size_t head   = 16 * 1024;  ///< request line, field lines and the blank line; at most 1 GiB
  std::size_t fields = 100;        ///< at most 65535
  std::size_t target = 8 * 1024;
};

/// How the end of a body is told (RFC 9112 §6).
enum class framing : std::uint8_t {
  none,         ///< there is none
  length,       ///< after so many bytes
  chunked,      ///< by its last chunk
  until_close,  ///< by the end of the connection: responses alone
};

/// The forms of a request target (RFC 9112 §3.2).
enum class target_form : std::uint8_t { origin, absolute, authority, asterisk };

enum class parse_state : std::uint8_t { need_more, complete, failed };

/// The fields of a head. An object is reused from message to message and allocates no more once it is warm.
/// All views point into the bytes that were parsed; `rebase` follows them when they move.
class head_fields {
 public:
  [[nodiscard]] std::span<field_view const> fields() const noexcept { return views_; }

  [[nodiscard]] bool has(known_field which) const noexcept { return (seen_ & bit(which)) != 0; }

  /// The value of the first field of that name; empty if absent. Not for `known_field::other`.
  [[nodiscard]] std::string_view field(known_field which) const noexcept {
    return has(which) ? value_of(lines_[first_[static_cast<std::size_t>(which)]]) : std::string_view{};
  }

  /// The value of the first field of that name, case ignored; empty if absent.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept {
    if (auto const id = classify_field(name); id != known_field::other) return field(id);
    for (auto const& line : lines_) {
      if (line.id == known_field::other && equals_ignoring_case(view(line.name_at, line.name_size), name)) {
        return value_of(line);
      }
    }
    return {};
  }

  /// How many fields have that name.
  [[nodiscard]] std::size_t count(known_field which) const noexcept {
    if (!has(which)) return 0;
    std::size_t lines = 0;
    for (auto const& line : lines_) lines += line.id == which ? 1U : 0U;
    return lines;
  }

  /// How many fields have that name, case ignored.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept {
    if (auto const id = classify_field(name); id != known_field::other) return count(id);
    std::size_t lines = 0;
    for (auto const& line : lines_) {
      bool const same = line.id == known_field::other && equals_ignoring_case(view(line.name_at, line.name_size), name);
      lines += same ? 1U : 0U;
    }
    return lines;
  }

 protected:
  [[nodiscard]] std::string_view view(std::uint32_t at, std::uint32_t size) const noexcept {
    return {base_ + at, size};
  }
  [[nodiscard]] std::string_view value_of(detail::field_line const& line) const noexcept {
    return view(line.value_at, line.value_size);
  }

  void clear_fields() noexcept {
    lines_.clear();
    views_.clear();
    seen_ = 0;
  }

  /// Keeps a line. True if it is the first of its name; always true for names that are not known.
  bool keep(detail::field_line const& line) {
    lines_.push_back(line);
    views_.push_back({view(line.name_at, line.name_size), value_of(line), line.id});
    if (line.id == known_field::other) return true;
    bool const first = !has(line.id);
    if (first) first_[static_cast<std::size_t>(line.id)] = static_cast<std::uint16_t>(lines_.size() - 1);
    seen_ |= bit(line.id);
    return first;
  }

  /// The bytes are at `bytes` from now on: the views of fields that were kept before follow.
  void move_to(char const* bytes) noexcept {
    if (base_ == bytes) return;
    base_ = bytes;
    for (std::size_t i = 0; i != lines_.size(); ++i) {
      views_[i].name  = view(lines_[i].name_at, lines_[i].name_size);
      views_[i].value = value_of(lines_[i]);
    }
  }

  char const*                     base_ = "";
  std::vector<detail::field_line> lines_;

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(known_field which) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(which);
  }

  std::uint64_t                                seen_ = 0;
  std::array<std::uint16_t, known_field_count> first_{};
  std::vector<field_view>                      views_;
};

/// The head of one request. After `failed`, what was read before the failure is still there.
class request_head : public head_fields {
 public:
  [[nodiscard]] method           verb() const noexcept { return method_; }
  [[nodiscard]] std::string_view method_text() const noexcept { return text(method_text_); }

  /// The target as it was sent.
  [[nodiscard]] std::string_view target() const noexcept { return text(target_); }
  [[nodiscard]] target_form      form() const noexcept { return form_; }
  /// The path as it was sent, still percent-encoded: "/" for an absolute form without one, "*" for the asterisk form,
  /// empty for the authority form.
  [[nodiscard]] std::string_view path() const noexcept { return has_root_path_ ? std::string_view("/") : text(path_); }
  /// What is behind the first "?", still percent-encoded.
  [[nodiscard]] std::string_view query() const noexcept { return text(query_); }
  [[nodiscard]] bool             has_query() const noexcept { return has_query_; }
  /// "http" or "https" for the absolute form, in lower case; else empty.
  [[nodiscard]] std::string_view scheme() const noexcept { return scheme_; }

  /// Host and port of the request: the target's if it has an authority, which then replaces Host (RFC 9112 §3.2.2),
  /// else Host's; empty only for HTTP/1.0 without either.
  [[nodiscard]] std::string_view authority() const noexcept { return text(authority_); }
  /// The authority without its port; an IP literal keeps its brackets.
  [[nodiscard]] std::string_view host() const noexcept { return text({authority_.at, host_size_}); }
  /// The authority's port; empty when it names none.
  [[nodiscard]] std::string_view port() const noexcept {
    auto const from = host_size_ + 1;
    return authority_.size > from ? text({authority_.at + from, authority_.size - from}) : std::string_view{};
  }

  /// 0 or 1. A higher minor version of HTTP/1 is served as 1 (RFC 9110 §2.5).
  [[nodiscard]] int minor_version() const noexcept { return minor_; }

  [[nodiscard]] framing       body_framing() const noexcept { return framing_; }
  [[nodiscard]] std::uint64_t content_length() const noexcept { return length_; }
  [[nodiscard]] bool          has_body() const noexcept { return framing_ == framing::chunked || length_ != 0; }

  /// Whether the client lets the connection be used again.
  [[nodiscard]] bool keep_alive() const noexcept { return !close_ && (minor_ == 1 || asks_keep_alive_); }
  /// Whether the client waits for a 100 before it sends its body. HTTP/1.0 never does.
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_ && minor_ == 1 && has_body(); }
  /// The protocols that the client would change to; empty unless Connection names `upgrade` too (RFC 9110 §7.8).
  [[nodiscard]] std::string_view upgrade() const noexcept {
    return asks_upgrade_ && minor_ == 1 ? field(known_field::upgrade) : std::string_view{};
  }

  /// Another number for each head that this object is given to; the same while it is the same head.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  /// The bytes that were parsed now live at `bytes`: all views follow.
  void rebase(char const* bytes) noexcept { move_to(bytes); }

 private:
  friend class head_parser;

  struct piece {
    std::uint32_t at   = 0;
    std::uint32_t size = 0;
  };

  [[nodiscard]] std::string_view text(piece p) const noexcept { return view(p.at, p.size); }

  void clear() noexcept {
    clear_fields();
    ++number_;
    method_text_ = target_ = path_ = query_ = authority_ = piece{};
    scheme_                                              = {};
    length_                                              = 0;
    host_size_                                           = 0;
    method_                                              = method::other;
    form_                                                = target_form::origin;
    framing_                                             = framing::none;
    minor_                                               = 1;
    has_root_path_ = has_query_ = close_ = asks_keep_alive_ = asks_upgrade_ = expects_continue_ = false;
  }

  piece            method_text_{};
  piece            target_{};
  piece            path_{};
  piece            query_{};
  piece            authority_{};
  std::string_view scheme_{};
  std::uint64_t    length_           = 0;
  std::uint64_t    number_           = 0;
  std::uint32_t    host_size_        = 0;
  method           method_           = method::other;
  target_form      form_             = target_form::origin;
  framing          framing_          = framing::none;
  std::uint8_t     minor_            = 1;
  bool             has_root_path_    = false;
  bool             has_query_        = false;
  bool             close_            = false;
  bool             asks_keep_alive_  = false;
  bool             asks_upgrade_     = false;
  bool             expects_continue_ = false;
};

/// Reads the head of a request as it comes in (RFC 9112 §2 to §6), strictly: whatever two readers could take in two
/// ways is refused. Beyond the grammar it refuses:
///   more than four empty lines before the request line; a method of more than 32 bytes (501);
///   a target with bytes that RFC 3986 does not have there, with broken escapes or a fragment; other schemes than http
///   and https; user information in an authority;
///   no Host, or two, in HTTP/1.1; a Host that is no `host[:port]` in either version, also where the target has an
///   authority of its own, which then wins whatever Host says;
///   Content-Length twice, even if alike, as a list, or beside Transfer-Encoding; Transfer-Encoding twice, in HTTP/1.0,
///   or other than `chunked`: 501 if chunked ends a list of other codings, 400 for the rest.
/// A failure is told at the first byte that decides it, and is the same for every way to split the bytes.
class head_parser {
 public:
  explicit head_parser(head_limits limits = {}) noexcept { limit(limits); }

  /// Other limits, between messages.
  void limit(head_limits limits) noexcept {
    limits_        = limits;
    limits_.head   = std::min<std::size_t>(limits_.head, std::size_t{1} << 30U);
    limits_.fields = std::min<std::size_t>(limits_.fields, 65535);
  }

  /// `bytes` is all that is not consumed, from the first byte of this message; it may have moved since the last call.
  /// `out` is the same object until `complete` or `failed`; it is cleared by the first call of a message.
  parse_state parse(std::string_view bytes, request_head& out);

  /// After `complete`: the bytes of the head, its blank line included.
  [[nodiscard]] std::size_t consumed() const noexcept { return next_; }

  /// After `failed`: what, and which rule.
  [[nodiscard]] std::error_code  error() const noexcept { return why_.code; }
  [[nodiscard]] std::string_view note() const noexcept { return why_.note; }

  /// Ready for the next message.
  void reset() noexcept {
    next_ = scanned_ = query_at_ = bracket_at_ = 0;
    stage_                                     = stage::begin;
    why_                                       = {};
    lines_.reset();
  }

 private:
  enum class stage : std::uint8_t { begin, request_line, fields, complete, failed };

  static constexpr std::size_t longest_method   = 32;
  static constexpr std::size_t most_empty_lines = 4;

  parse_state refuse(errc code, std::string_view note) noexcept {
    why_   = failure{code, note};
    stage_ = stage::failed;
    return parse_state::failed;
  }
  // Refuses a rule that a helper decides; true if it was broken.
  bool breaks(errc code, std::string_view note) noexcept {
    refuse(code, note);
    return true;
  }

  parse_state advance(std::string_view bytes, request_head& out);
  parse_state read_request_line(std::string_view bytes, request_head& out);
  parse_state read_version(std::string_view bytes, std::size_t at, request_head& out);
  bool        is_refused_target(request_head& out);
  bool        is_refused_field(detail::field_line const& line, bool first, request_head& out);
  bool        is_refused_connection(std::string_view value, request_head& out);
  bool        is_refused_coding(std::string_view value);
  parse_state finish(request_head& out);

  head_limits               limits_;
  std::size_t               next_       = 0;  // where the line in hand begins
  std::size_t               scanned_    = 0;  // bytes of the target before this are good
  std::size_t               query_at_   = 0;  // the first "?" of the target; 0: none yet
  std::size_t               bracket_at_ = 0;  // the last bracket of the target
  failure                   why_{};
  detail::field_line_reader lines_;
  stage                     stage_ = stage::begin;
};

inline parse_state head_parser::parse(std::string_view bytes, request_head& out) {
  if (stage_ == stage::complete) return parse_state::complete;
  if (stage_ == stage::failed) return parse_state::failed;
  if (stage_ == stage::begin) out.clear();
  out.move_to(bytes.data() == nullptr ? "" : bytes.data());
  auto const window = bytes.substr(0, limits_.head);
  auto       state  = advance(window, out);
  if (state == parse_state::need_more) {
    if (window.size() < limits_.head) return state;
    bool const in_target = stage_ == stage::request_line && scanned_ != 0;
    state                = in_target ? refuse(errc::target_too_long, "the request line exceeds the limit of the head")
                                     : refuse(errc::head_too_large, "the head exceeds its limit");
  }
  return state;
}

inline parse_state head_parser::advance(std::string_view bytes, request_head& out) {
  if (stage_ == stage::begin) {
    while (next_ != bytes.size() && bytes[next_] == '\r') {  // a few empty lines are forgiven (RFC 9112 §2.2)
      if (next_ == 2 * most_empty_lines) return refuse(errc::bad_request_line, "too many empty lines");
      if (bytes.size() - next_ < 2) return parse_state::need_more;
      if (bytes[next_ + 1] != '\n') return refuse(errc::bad_request_line, "a bare CR before the request line");
      next_ += 2;
    }
    if (next_ == bytes.size()) return parse_state::need_more;
    stage_ = stage::request_line;
  }
  if (stage_ == stage::request_line) {
    if (auto const state = read_request_line(bytes, out); state != parse_state::complete) return state;
    stage_ = stage::fields;
  }
  while (true) {
    if (next_ != bytes.size() && bytes[next_] != '\r' && out.lines_.size() >= limits_.fields) {
      return refuse(errc::too_many_fields, "more field lines than the limit");
    }
    switch (lines_.read(bytes, next_)) {
      case detail::line_state::need_more: return parse_state::need_more;
      case detail::line_state::failed: return refuse(errc::bad_field, lines_.note);
      case detail::line_state::blank: next_ = lines_.next; return finish(out);
      case detail::line_state::line: break;
    }
    next_            = lines_.next;
    bool const first = out.keep(lines_.line);
    if (is_refused_field(lines_.line, first, out)) return parse_state::failed;
  }
}

inline parse_state head_parser::read_request_line(std::string_view bytes, request_head& out) {
  char const* const base  = bytes.data();
  char const* const end   = base + bytes.size();
  char const* const begin = base + next_;
  char const*       at    = begin;

  if (end - at >= 4 && std::memcmp(at, "GET ", 4) == 0) {
    at += 3;
    out.method_ = method::get;
  } else {
    while (at != end && detail::is_char_of(detail::token_char, *at)) ++at;
    auto const size = static_cast<std::size_t>(at - begin);
    if (size > longest_method) return refuse(errc::unsupported_method, "a method longer than any");
    if (at == end) return parse_state::need_more;
    if (*at != ' ' || size == 0) return refuse(errc::bad_request_line, "a method is a token and one blank");
    out.method_ = parse_method({begin, size});
  }
  out.method_text_ = {static_cast<std::uint32_t>(next_), static_cast<std::uint32_t>(at - begin)};

  char const* const target = at + 1;
  auto const        limit  = static_cast<std::ptrdiff_t>(std::min(limits_.target, limits_.head));
  at                       = scanned_ == 0 ? target : base + scanned_;
  while (true) {
    while (at != end && detail::is_char_of(detail::target_char, *at)) ++at;
    scanned_ = static_cast<std::size_t>(at - base);
    if (at - target > limit) return refuse(errc::target_too_long, "the target exceeds its limit");
    if (at == end) return parse_state::need_more;
    char const c = *at;
    if (c == ' ') break;
    if (c == '?') {
      if (query_at_ == 0) query_at_ = scanned_;
      ++at;
    } else if (c == '%') {
      if (at - target + 3 > limit) return refuse(errc::target_too_long, "the target exceeds its limit");
      if (at + 1 != end && !detail::is_char_of(detail::hex_char, at[1]))
        return refuse(errc::bad_target, "a broken escape");
      if (end - at < 3) return parse_state::need_more;
      if (!detail::is_char_of(detail::hex_char, at[2])) return refuse(errc::bad_target, "a broken escape");
      at += 3;
    } else if (c == '[' || c == ']') {
      bracket_at_ = scanned_;
      ++at;
    } else if (c == '\r' || c == '\n') {
      return refuse(errc::bad_request_line, "a request line without a version");
    } else {
      return refuse(errc::bad_target, c == '#' ? "a fragment in the target" : "a byte that no target may have");
    }
  }
  if (at == target) return refuse(errc::bad_request_line, "an empty target");
  out.target_ = {static_cast<std::uint32_t>(target - base), static_cast<std::uint32_t>(at - target)};
  return read_version(bytes, static_cast<std::size_t>(at + 1 - base), out);
}

inline parse_state head_parser::read_version(std::string_view bytes, std::size_t at, request_head& out) {
  constexpr std::string_view shape = "HTTP/d.d\r\n";  // d: a digit

  auto const text = bytes.substr(at, shape.size());
  if (text == "HTTP/1.1\r\n") {
    out.minor_ = 1;
  } else {
    for (std::size_t i = 0; i != text.size(); ++i) {
      bool const fits = shape[i] == 'd' ? detail::is_char_of(detail::digit_char, text[i]) : shape[i] == text[i];
      if (!fits) return refuse(i < 8 ? errc::bad_version : errc::bad_request_line, "the line does not end in HTTP/1.1");
    }
    if (text.size() != shape.size()) return parse_state::need_more;
    if (text[5] != '1') return refuse(errc::version_not_supported, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    out.minor_ = text[7] == '0' ? 0 : 1;
  }
  next_ = at + shape.size();
  return is_refused_target(out) ? parse_state::failed : parse_state::complete;
}

inline bool head_parser::is_refused_target(request_head& out) {
  auto const target = out.target();
  auto const begin  = out.target_.at;
  auto const size   = out.target_.size;
  auto       path   = begin;  // where the path begins

  if (out.method_ == method::connect) {
    auto const parts = detail::parse_authority(target);
    if (!parts || parts->port.empty()) return breaks(errc::bad_target, "CONNECT wants host:port");
    out.form_      = target_form::authority;
    out.authority_ = out.target_;
    out.host_size_ = static_cast<std::uint32_t>(parts->host.size());
    return false;
  }
  if (target == "*") {
    if (out.method_ != method::options) return breaks(errc::bad_target, "only OPTIONS has the target *");
    out.form_ = target_form::asterisk;
    out.path_ = out.target_;
    return false;
  }
  if (target[0] != '/') {
    bool const secure = equals_ignoring_case(target.substr(0, 8), "https://");
    if (!secure && !equals_ignoring_case(target.substr(0, 7), "http://")) {
      return breaks(errc::bad_target, "a target is a path or an http URI");
    }
    std::uint32_t const from = secure ? 8 : 7;
    auto const authority     = target.substr(from, std::min(target.find_first_of("/?", from), target.size()) - from);
    auto const parts         = detail::parse_authority(authority);
    if (!parts) return breaks(errc::bad_target, "the target's authority is no host[:port]");
    out.form_      = target_form::absolute;
    out.scheme_    = secure ? "https" : "http";
    out.authority_ = {begin + from, static_cast<std::uint32_t>(authority.size())};
    out.host_size_ = static_cast<std::uint32_t>(parts->host.size());
    path           = out.authority_.at + out.authority_.size;
  }
  if (bracket_at_ >= path) return breaks(errc::bad_target, "a bracket outside an IP literal");
  auto const end      = begin + size;
  auto const path_end = query_at_ == 0 ? end : static_cast<std::uint32_t>(query_at_);
  out.path_           = {path, path_end - path};
  out.has_root_path_  = out.path_.size == 0;
  if (query_at_ != 0) {
    out.has_query_ = true;
    out.query_     = {path_end + 1, end - path_end - 1};
  }
  return false;
}

inline bool head_parser::is_refused_field(detail::field_line const& line, bool first, request_head& out) {
  auto const value = out.value_of(line);
  switch (line.id) {
    case known_field::host: {
      if (!first) return breaks(errc::bad_host, "more than one Host");
      auto const parts = detail::parse_authority(value);
      if (!parts) return breaks(errc::bad_host, "Host is no host[:port]");
      if (out.authority_.size == 0) {
        out.authority_ = {line.value_at, line.value_size};
        out.host_size_ = static_cast<std::uint32_t>(parts->host.size());
      }
      return false;
    }
    case known_field::content_length: {
      if (!first) return breaks(errc::bad_content_length, "more than one Content-Length");
      if (out.has(known_field::transfer_encoding))
        return breaks(errc::bad_framing, "both Content-Length and Transfer-Encoding");
      auto const length = parse_content_length(value);
      if (!length) return breaks(errc::bad_content_length, "Content-Length is no plain number of 63 bits");
      out.length_  = *length;
      out.framing_ = framing::length;
      return false;
    }
    case known_field::transfer_encoding: {
      if (!first) return breaks(errc::bad_transfer_encoding, "more than one Transfer-Encoding");
      if (out.has(known_field::content_length))
        return breaks(errc::bad_framing, "both Content-Length and Transfer-Encoding");
      if (out.minor_ == 0) return breaks(errc::bad_transfer_encoding, "Transfer-Encoding in HTTP/1.0");
      if (is_refused_coding(value)) return true;
      out.framing_ = framing::chunked;
      return false;
    }
    case known_field::connection: return is_refused_connection(value, out);
    case known_field::expect: {
      bool const known = for_each_list_item(value, [&](std::string_view one) {
        out.expects_continue_ = equals_ignoring_case(one, "100-continue");
        return out.expects_continue_;
      });
      return !known && breaks(errc::expectation_failed, "only 100-continue can be expected");
    }
    default: return false;
  }
}

inline bool head_parser::is_refused_connection(std::string_view value, request_head& out) {
  bool const sound = for_each_list_item(value, [&](std::string_view one) {
    if (equals_ignoring_case(one, "close")) {
      out.close_ = true;
    } else if (equals_ignoring_case(one, "keep-alive")) {
      out.asks_keep_alive_ = true;
    } else if (equals_ignoring_case(one, "upgrade")) {
      out.asks_upgrade_ = true;
    } else {
      return is_token(one);
    }
    return true;
  });
  return !sound && breaks(errc::bad_field, "Connection is no list of tokens");
}

inline bool head_parser::is_refused_coding(std::string_view value) {
  if (equals_ignoring_case(value, "chunked")) return false;
  bool       others = false;
  bool       last   = false;  // the member before was chunked
  bool const sound  = for_each_list_item(value, [&](std::string_view one) {
    auto const coding = split_parameters(one);
    if (last || !is_token(coding.value)) return false;
    last   = equals_ignoring_case(coding.value, "chunked");
    others = others || !last;
    return last ? coding.parameters.empty() : for_each_parameter(coding.parameters, [](parameter const&) {});
  });
  if (sound && last && others)
    return breaks(errc::unsupported_transfer_coding, "the only transfer coding here is chunked");
  return breaks(errc::bad_transfer_encoding, "Transfer-Encoding is not chunked");
}

inline parse_state head_parser::finish(request_head& out) {
  if (out.minor_ == 1 && !out.has(known_field::host)) return refuse(errc::bad_host, "HTTP/1.1 without Host");
  stage_ = stage::complete;
  return parse_state::complete;
}

}  // namespace tensorgate::http
