// tensorgate/http/detail/answer_head.hpp: the lines in front of an answer's body.
#pragma once

#include <cstdint>      // uint64_t, uint8_t
#include <string_view>  // string_view

#include <tensorgate/http/detail/outbox.hpp>  // outbox
#include <tensorgate/http/field.hpp>          // classify_field, known_field
#include <tensorgate/http/reply.hpp>          // reply
#include <tensorgate/http/request.hpp>        // request
#include <tensorgate/http/write.hpp>          // append_*

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

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
  std::uint64_t    length  = 0;
  body_end         end     = body_end::length;
  bool             keeps   = true;   ///< the connection stays
  bool             old     = false;  ///< the peer speaks HTTP/1.0
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

inline void append_answer_head(outbox& out, reply const& what, request const& r, answer_facts const& facts) {
  append_status_line(out, what.code());
  out.append(facts.date);
  if (!what.content_type().empty()) append_field(out, "Content-Type", what.content_type());
  if (facts.end == body_end::length) append_content_length(out, facts.length);
  if (facts.end == body_end::chunked) out.append(chunked_line);
  for (auto const& field : what.fields()) {
    if (!is_written_by_server(field.name)) append_field(out, field.name, field.value);
  }
  for (auto const& field : r.answer_fields) {
    if (!is_written_by_server(field.name)) append_field(out, field.name, field.value);
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
