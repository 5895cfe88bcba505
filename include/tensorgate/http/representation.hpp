// tensorgate/http/representation.hpp: the answer that stands for bytes we hold: in which coding, which part, or none?
#pragma once

#include <chrono>        // sys_seconds
#include <cstddef>       // size_t
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move
#include <variant>       // get_if

#include <tensorgate/codec/content_coding.hpp>      // coding, choose_coding
#include <tensorgate/codec/gzip.hpp>                // gzip_decompress
#include <tensorgate/core/result.hpp>               // result, failure
#include <tensorgate/http/conditional.hpp>          // evaluate, allows_ranges
#include <tensorgate/http/content.hpp>              // content, part_of, body_of
#include <tensorgate/http/date.hpp>                 // format_date
#include <tensorgate/http/detail/decoded_body.hpp>  // decoded_body
#include <tensorgate/http/detail/multipart.hpp>     // multipart_reply
#include <tensorgate/http/errc.hpp>                 // errc
#include <tensorgate/http/head.hpp>                 // head_fields
#include <tensorgate/http/range.hpp>                // choose_ranges
#include <tensorgate/http/reply.hpp>                // reply
#include <tensorgate/http/request.hpp>              // request, problem

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Something that can be fetched: its bytes, perhaps coded beforehand, and what is true of them. It is made once, kept
/// beside the bytes, and answers each request through `represent`.
///
/// `identity`, `gzip` or both hold something. Texts that are views are static.
struct representation {
  std::string_view content_type = "application/octet-stream";
  content          identity{};
  content          gzip{};  ///< the same bytes, coded

  std::string                             etag{};        ///< an opaque tag without its quotes; empty: none is sent
  std::string                             gzip_etag{};   ///< of the coded bytes; empty: `etag` and "-gzip"
  bool                                    weak = false;  ///< equal tags promise equal meaning, not equal bytes
  std::optional<std::chrono::sys_seconds> last_modified{};
  std::string_view                        cache_control{};

  /// What a client is sent that says nothing of codings, where there is a choice. The coded form is then also sent to
  /// whoever takes it at all, however little it is liked: it is the one that is stored.
  codec::coding unasked = codec::coding::identity;
  bool          ranges  = true;  ///< whether parts of it may be asked for
  range_limits  most_ranges{};
  /// The most that `gzip` may decode to where there is no `identity`, bytes; beyond, the answer is cut off.
  std::size_t decoded_limit = std::size_t{1} << 30U;
};

namespace detail {

/// The value of a field of which a list may stand on several lines: those are joined with commas (RFC 9110 §5.2).
class joined_field {
 public:
  joined_field(head_fields const& head, known_field which) {
    if (!head.has(which)) return;
    if (head.count(which) == 1) {
      value_ = head.field(which);
      return;
    }
    for (auto const& line : head.fields()) {
      if (line.id == which) joined_.append(joined_.empty() ? "" : ", ").append(line.value);
    }
    value_ = joined_;
  }
  joined_field(joined_field const&)            = delete;
  joined_field& operator=(joined_field const&) = delete;
  ~joined_field()                              = default;

  [[nodiscard]] std::optional<std::string_view> value() const noexcept { return value_; }

 private:
  std::string                     joined_;
  std::optional<std::string_view> value_;
};

/// The value of a field that has one line; nothing if it has more, for then nobody knows which was meant.
[[nodiscard]] inline std::optional<std::string_view> single_field(head_fields const& head, known_field which) noexcept {
  if (!head.has(which) || head.count(which) != 1) return std::nullopt;
  return head.field(which);
}

/// The role's form of a problem; plain text where nobody renders.
[[nodiscard]] inline reply refusal(request const& r, status code, std::string_view slug, std::string_view message,
                                   std::error_code cause) {
  if (r.render == nullptr) return reply::text(std::string(message), code);
  problem what;
  what.code    = code;
  what.slug    = slug;
  what.message = message;
  what.cause   = cause;
  return r.render(what, r);
}

/// The opaque tag of a variant; empty if there is none.
[[nodiscard]] inline std::string tag_of(representation const& what, codec::coding chosen) {
  if (chosen == codec::coding::identity) return what.etag;
  if (!what.gzip_etag.empty() || what.etag.empty()) return what.gzip_etag;
  return what.etag + "-gzip";
}

/// The fields that a 200, a 206 and a 304 share (RFC 9110 §15.4.5).
inline void describe(reply& answer, representation const& what, std::string_view tag) {
  if (!tag.empty()) {
    std::string text = what.weak ? "W/\"" : "\"";
    answer.with("ETag", std::move(text.append(tag).append("\"")));
  }
  if (what.last_modified) answer.with("Last-Modified", format_date(*what.last_modified));
  if (!what.cache_control.empty()) answer.with("Cache-Control", std::string(what.cache_control));
  if (!is_empty(what.gzip)) answer.with("Vary", "Accept-Encoding");
}

/// Coded bytes up to this size are decoded at once: a few milliseconds, whatever they hold.
inline constexpr std::uint64_t decode_at_once = 4096;

/// True if the bytes of the variant are those stored, decoded.
[[nodiscard]] inline bool must_decode(representation const& what, codec::coding chosen) noexcept {
  return chosen == codec::coding::identity && is_empty(what.identity);
}

/// The bytes of the variant; those of a small coded one that is not accepted are decoded now.
[[nodiscard]] inline result<content> bytes_of(representation const& what, codec::coding chosen) {
  if (!must_decode(what, chosen)) return chosen == codec::coding::gzip ? what.gzip : what.identity;
  std::string packed;
  auto const  read = append_bytes(what.gzip, 0, static_cast<std::size_t>(size_of(what.gzip)), packed);
  if (!read) return fail(read);
  auto decoded = codec::gzip_decompress(packed, what.decoded_limit);
  if (!decoded) return fail(decoded);
  return content(shared_bytes::own(std::move(*decoded)));
}

}  // namespace detail

/// The coding in which this request is sent `what`; nothing if it accepts none that can be had.
[[nodiscard]] inline std::optional<codec::coding> choose_variant(request const& r, representation const& what) {
  bool const coded = !is_empty(what.gzip);
  if (!r.head.has(known_field::accept_encoding)) return coded ? what.unasked : codec::coding::identity;
  detail::joined_field const field(r.head, known_field::accept_encoding);
  if (!coded) return codec::choose_coding(field.value(), {codec::coding::identity});
  auto const accepted = codec::parse_accept_encoding(field.value());
  if (what.unasked == codec::coding::gzip && accepted.gzip) return codec::coding::gzip;
  return codec::choose_coding(accepted, {codec::coding::gzip, codec::coding::identity});
}

/// True if the answer costs the decoding of all stored bytes.
[[nodiscard]] inline bool must_decode(request const& r, representation const& what) {
  auto const chosen = choose_variant(r, what);
  return chosen && detail::must_decode(what, *chosen);
}

/// Answers GET and HEAD with `what`: 200, 206 with one part or several, 304, 406, 412 or 416, by RFC 9110 §12 to §14.
/// Conditions and ranges are of the variant that is chosen. HEAD has the answer of GET; the session leaves its body
/// out. What must be decoded first is decoded while it is sent, unless it is small; it has no parts.
[[nodiscard]] inline reply represent(request const& r, representation const& what) {
  auto const chosen = choose_variant(r, what);
  if (!chosen) {
    auto refused = detail::refusal(r, status::not_acceptable, "not_acceptable",
                                   "No coding of this content is acceptable to the client", errc::not_acceptable);
    refused.with("Vary", "Accept-Encoding");
    return refused;
  }
  auto const  tag  = detail::tag_of(what, *chosen);
  auto const& head = r.head;
  validators  current;
  if (!tag.empty()) current.etag = entity_tag{.opaque = tag, .weak = what.weak};
  current.last_modified = what.last_modified;

  bool const is_conditional = head.has(known_field::if_match) || head.has(known_field::if_none_match) ||
                              head.has(known_field::if_modified_since) || head.has(known_field::if_unmodified_since);
  if (is_conditional) {
    detail::joined_field const match(head, known_field::if_match);
    detail::joined_field const none_match(head, known_field::if_none_match);
    conditions                 asked;
    asked.if_match            = match.value();
    asked.if_none_match       = none_match.value();
    asked.if_modified_since   = detail::single_field(head, known_field::if_modified_since);
    asked.if_unmodified_since = detail::single_field(head, known_field::if_unmodified_since);
    switch (evaluate(asked, current, head.verb())) {
      case condition_outcome::not_modified: {
        reply unchanged(status::not_modified);
        detail::describe(unchanged, what, tag);
        return unchanged;
      }
      case condition_outcome::precondition_failed:
        return detail::refusal(r, status::precondition_failed, "precondition_failed",
                               "A condition of the request does not hold", errc::precondition_failed);
      case condition_outcome::proceed: break;
    }
  }

  if (detail::must_decode(what, *chosen) && size_of(what.gzip) > detail::decode_at_once) {
    reply decoded = reply::of(detail::decoded_body(what.gzip, what.decoded_limit), what.content_type);
    detail::describe(decoded, what, tag);
    return decoded;
  }
  auto bytes = detail::bytes_of(what, *chosen);
  if (!bytes) {
    return detail::refusal(r, status::internal_server_error, "internal_server_error",
                           "The stored content cannot be read", bytes.error().code);
  }
  auto const   size = size_of(*bytes);
  range_choice part;
  if (what.ranges && head.verb() == method::get && head.has(known_field::range)) {
    conditions asked;
    asked.if_range   = detail::single_field(head, known_field::if_range);
    auto const field = detail::single_field(head, known_field::range);
    bool const clear = asked.if_range || !head.has(known_field::if_range);
    if (field && clear && allows_ranges(asked, current)) part = choose_ranges(*field, size, what.most_ranges);
  }

  reply answer;
  if (part.outcome() == range_outcome::unsatisfiable) {
    answer = detail::refusal(r, status::range_not_satisfiable, "range_not_satisfiable",
                             "None of the ranges lies within the content", errc::range_not_satisfiable);
    answer.with("Content-Range", content_range_of_none(size));
    return answer;
  }
  if (part.outcome() == range_outcome::whole) {
    answer = reply::of(body_of(std::move(*bytes)), what.content_type);
  } else if (part.ranges().size() == 1) {
    auto const only = part.ranges().front();
    answer          = reply::of(body_of(part_of(*bytes, only)), what.content_type, status::partial_content);
    answer.with("Content-Range", content_range(only, size));
  } else {
    auto const                   boundary = detail::boundary_of(tag, part.ranges(), size);
    detail::multipart_byteranges parts(std::move(*bytes), part.ranges(), what.content_type, boundary);
    auto                         made = detail::multipart_reply(std::move(parts), boundary);
    if (!made) {
      return detail::refusal(r, status::internal_server_error, "internal_server_error",
                             "The stored content cannot be read", made.error().code);
    }
    answer = std::move(*made);
  }
  if (*chosen == codec::coding::gzip) answer.with("Content-Encoding", "gzip");
  if (what.ranges) answer.with("Accept-Ranges", "bytes");
  detail::describe(answer, what, tag);
  return answer;
}

}  // namespace tensorgate::http
