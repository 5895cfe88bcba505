// tensorgate/http/errc.hpp: what can go wrong between two peers that speak HTTP?
#pragma once

#include <string_view>   // string_view
#include <system_error>  // error_code, is_error_code_enum
#include <type_traits>   // true_type

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // category_of

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The failures of this room. A value of 10000 and above is the status that answers it, times 100, plus a number that
/// tells those of one status apart; a value below has no answer, for there is nobody to read it.
enum class errc {
  closed       = 1,
  truncated    = 2,
  bad_response = 3,
  cancelled    = 4,

  bad_request                 = 40000,
  bad_request_line            = 40001,
  bad_target                  = 40002,
  bad_version                 = 40003,
  bad_field                   = 40004,
  bad_host                    = 40005,
  bad_content_length          = 40006,
  bad_transfer_encoding       = 40007,
  bad_framing                 = 40008,
  bad_chunk                   = 40009,
  bad_trailer                 = 40010,
  bad_path                    = 40011,
  bad_query                   = 40012,
  bad_body                    = 40013,
  unauthorized                = 40100,
  forbidden                   = 40300,
  not_found                   = 40400,
  method_not_allowed          = 40500,
  not_acceptable              = 40600,
  timed_out                   = 40800,
  conflict                    = 40900,
  gone                        = 41000,
  precondition_failed         = 41200,
  body_too_large              = 41300,
  target_too_long             = 41400,
  unsupported_media_type      = 41500,
  range_not_satisfiable       = 41600,
  expectation_failed          = 41700,
  misdirected                 = 42100,
  unprocessable               = 42200,
  upgrade_required            = 42600,
  precondition_required       = 42800,
  too_many_requests           = 42900,
  head_too_large              = 43100,
  too_many_fields             = 43101,
  trailer_too_large           = 43102,
  internal                    = 50000,
  unsupported_method          = 50100,
  unsupported_transfer_coding = 50101,
  bad_gateway                 = 50200,
  unavailable                 = 50300,
  gateway_timeout             = 50400,
  version_not_supported       = 50500,
  insufficient_storage        = 50700,
};

/// The words for each failure, as logs show them.
struct errc_text {
  static constexpr char const*                    room = "http";
  [[nodiscard]] static constexpr std::string_view of(errc value) noexcept {
    switch (value) {
      case errc::closed: return "the peer closed the connection between messages";
      case errc::truncated: return "the peer closed the connection within a message";
      case errc::bad_response: return "the peer's response breaks the grammar of HTTP";
      case errc::cancelled: return "the exchange was given up by our side";
      case errc::bad_request: return "the request is malformed";
      case errc::bad_request_line: return "the request line is malformed";
      case errc::bad_target: return "the request target is malformed";
      case errc::bad_version: return "the protocol version is malformed";
      case errc::bad_field: return "a field line is malformed";
      case errc::bad_host: return "the Host field is missing, repeated or malformed";
      case errc::bad_content_length: return "the Content-Length field is repeated or malformed";
      case errc::bad_transfer_encoding: return "the Transfer-Encoding field is malformed or not allowed here";
      case errc::bad_framing: return "the request carries both Content-Length and Transfer-Encoding";
      case errc::bad_chunk: return "the chunked body is malformed";
      case errc::bad_trailer: return "a trailer field is malformed or not allowed there";
      case errc::bad_path: return "the path of the target is malformed";
      case errc::bad_query: return "the query of the target is malformed";
      case errc::bad_body: return "the body cannot be read as what it says it is";
      case errc::unauthorized: return "the request lacks valid credentials";
      case errc::forbidden: return "the caller may not do this";
      case errc::not_found: return "there is nothing at this target";
      case errc::method_not_allowed: return "the target does not support this method";
      case errc::not_acceptable: return "no representation fits what the request accepts";
      case errc::timed_out: return "the peer took too long";
      case errc::conflict: return "the request conflicts with the present state";
      case errc::gone: return "what was at this target is gone";
      case errc::precondition_failed: return "a precondition of the request does not hold";
      case errc::body_too_large: return "the body exceeds the limit";
      case errc::target_too_long: return "the request target exceeds the limit";
      case errc::unsupported_media_type: return "the body's media type or coding is not supported";
      case errc::range_not_satisfiable: return "none of the ranges lies within the representation";
      case errc::expectation_failed: return "an expectation other than 100-continue";
      case errc::misdirected: return "the request is for another authority";
      case errc::unprocessable: return "the content is well-formed but not valid";
      case errc::upgrade_required: return "the target needs another protocol";
      case errc::precondition_required: return "the request must be conditional";
      case errc::too_many_requests: return "the caller exceeds a rate limit";
      case errc::head_too_large: return "the request head exceeds the limit";
      case errc::too_many_fields: return "the request has too many fields";
      case errc::trailer_too_large: return "the trailer section exceeds its limit";
      case errc::internal: return "the server failed";
      case errc::unsupported_method: return "the server does not know this method";
      case errc::unsupported_transfer_coding: return "the server does not know this transfer coding";
      case errc::bad_gateway: return "the server behind gave no valid answer";
      case errc::unavailable: return "the server cannot answer now";
      case errc::gateway_timeout: return "the server behind took too long";
      case errc::version_not_supported: return "the server does not speak this version of HTTP";
      case errc::insufficient_storage: return "the server has no room to keep this";
    }
    return "an unknown failure";
  }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category_of<errc, errc_text>()};
}

}  // namespace tensorgate::http

template <>
struct std::is_error_code_enum<tensorgate::http::errc> : std::true_type {};
