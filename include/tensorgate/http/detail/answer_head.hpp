// tensorgate/http/detail/answer_head.hpp: the lines in front of an answer's body.
#pragma once

#include <array>         // array
#include <cstddef>       // size_t
#include <cstdint>       // uint64_t, uint8_t, uintptr_t
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code

#include <tensorgate/http/detail/outbox.hpp>  // outbox
#include <tensorgate/http/errc.hpp>           // errc
#include <tensorgate/http/field.hpp>          // classify_field, known_field
#include <tensorgate/http/reply.hpp>          // reply
#include <tensorgate/http/request.hpp>        // request
#include <tensorgate/http/write.hpp>          // append_*

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// What metrics call the limit that a failure is about; empty for those that are about none.
[[nodiscard]] inline std::string_view limit_of(std::error_code code) noexcept {
  if (code.category() != make_error_code(errc::internal).category()) return {};
  switch (static_cast<errc>(code.value())) {
    case errc::head_too_large: return "head";
    case errc::too_many_fields: return "fields";
    case errc::target_too_long: return "target";
    case errc::body_too_large: return "body";
    case errc::trailer_too_large: return "trailer";
    case errc::timed_out: return "time";
    default: return {};
  }
}

/// A request id that may be repeated in an answer and in a log: 1 to 128 letters, digits, "-", "_", "." and ":".
[[nodiscard]] inline bool is_request_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 128) return false;
  for (char const one : text) {
    bool const fits = (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') ||
                      one == '-' || one == '_' || one == '.' || one == ':';
    if (!fits) return false;
  }
  return true;
}

[[nodiscard]] inline bool has_claimed_id(request const& r) noexcept {
  return r.head.has(known_field::x_request_id) && is_request_id(r.head.field(known_field::x_request_id));
}

/// How the end of an answer's body is told.
enum class body_end : std::uint8_t {
  none,     ///< there is no body, and no field speaks of one (204, 304)
  length,   ///< Content-Length
  chunked,  ///< the last chunk
  close,    ///< the end of the connection: to an HTTP/1.0 peer that gets a body of unknown length
};

struct answer_facts {
  std::string_view date{};        ///< the line, CRLF included
  std::string_view request_id{};  ///< told when not empty
  std::uint64_t    length = 0;
  body_end         end    = body_end::length;
  bool             keeps  = true;   ///< the connection stays
  bool             old    = false;  ///< the peer speaks HTTP/1.0
};

/// True for what the server writes itself, whatever a handler says.
[[nodiscard]] inline bool is_written_by_server(std::string_view name) noexcept {
  switch (classify_field(name)) {
    case known_field::connection:
    case known_field::content_length:
    case known_field::date:
    case known_field::keep_alive:
    case known_field::transfer_encoding: return true;
    default: return false;
  }
}

/// The lines that nearly all answers have: status, Date, Content-Type and Content-Length, and the empty one that ends a
/// head. Of each status and type the last ones are kept, for many answers are as long as the one before. Types are
/// static text, so where one lies tells which it is.
class opening_lines {
 public:
  /// The date has changed.
  void forget() noexcept {
    for (auto& one : kept_) one.text.clear();
  }

  [[nodiscard]] std::string_view of(reply const& what, answer_facts const& facts) {
    auto const type = what.content_type();
    auto& one = kept_[(to_number(what.code()) ^ (reinterpret_cast<std::uintptr_t>(type.data()) >> 4U)) % kept_.size()];
    bool const begun = !one.text.empty() && one.code == what.code() && one.type.data() == type.data() &&
                       one.type.size() == type.size();
    if (!begun || one.length != facts.length) [[unlikely]]
      renew(one, what, facts, begun);
    return one.text;
  }

 private:
  struct line {
    status           code{};
    std::string_view type{};
    std::uint64_t    length    = 0;
    std::size_t      length_at = 0;
    std::string      text;
  };
  [[gnu::noinline]] static void renew(line& one, reply const& what, answer_facts const& facts, bool begun) {
    if (!begun) {
      one.code = what.code();
      one.type = what.content_type();
      one.text.clear();
      append_status_line(one.text, one.code);
      one.text.append(facts.date);
      if (!one.type.empty()) append_field(one.text, "Content-Type", one.type);
      one.text.append("Content-Length: ");
      one.length_at = one.text.size();
    }
    one.length = facts.length;
    one.text.resize(one.length_at);
    append_number(one.text, one.length);
    one.text.append("\r\n").append(end_of_head);
  }
  std::array<line, 8> kept_;
};

/// True for a guard's Cache-Control where the reply has its own: caches would join the two.
[[nodiscard]] inline bool is_said_by(reply const& what, std::string_view name) noexcept {
  if (classify_field(name) != known_field::cache_control) return false;
  for (auto const& field : what.fields()) {
    if (classify_field(field.name) == known_field::cache_control) return true;
  }
  return false;
}

inline void append_answer_head(outbox& out, reply const& what, request const& r, answer_facts const& facts,
                               opening_lines& openings) {
  if (facts.end == body_end::length) [[likely]] {
    auto const opening = openings.of(what, facts);
    bool const is_all =
        what.fields().empty() && r.answer_fields.empty() && facts.request_id.empty() && facts.keeps && !facts.old;
    if (is_all) [[likely]]
      return out.append(opening);
    out.append(opening.substr(0, opening.size() - end_of_head.size()));
  } else {
    append_status_line(out, what.code());
    out.append(facts.date);
    if (!what.content_type().empty()) append_field(out, "Content-Type", what.content_type());
  }
  if (facts.end == body_end::chunked) out.append(chunked_line);
  for (auto const& field : what.fields()) {
    if (!is_written_by_server(field.name)) append_field(out, field.name, field.value);
  }
  for (auto const& field : r.answer_fields) {
    if (!is_written_by_server(field.name) && !is_said_by(what, field.name)) append_field(out, field.name, field.value);
  }
  if (!facts.request_id.empty()) append_field(out, "X-Request-Id", facts.request_id);
  if (!facts.keeps) {
    out.append(connection_close);
  } else if (facts.old) {
    out.append(connection_kept);
  }
  out.append(end_of_head);
}

}  // namespace tensorgate::http::detail
