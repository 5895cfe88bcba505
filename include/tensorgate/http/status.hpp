// tensorgate/http/status.hpp: which status does a response carry, and how is its first line written?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t, uint8_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The registered status codes. Any other value of 100 to 599 may be cast to a status too.
enum class status : std::uint16_t {
  continue_                       = 100,
  switching_protocols             = 101,
  processing                      = 102,
  early_hints                     = 103,
  ok                              = 200,
  created                         = 201,
  accepted                        = 202,
  non_authoritative_information   = 203,
  no_content                      = 204,
  reset_content                   = 205,
  partial_content                 = 206,
  multi_status                    = 207,
  already_reported                = 208,
  im_used                         = 226,
  multiple_choices                = 300,
  moved_permanently               = 301,
  found                           = 302,
  see_other                       = 303,
  not_modified                    = 304,
  use_proxy                       = 305,
  temporary_redirect              = 307,
  permanent_redirect              = 308,
  bad_request                     = 400,
  unauthorized                    = 401,
  payment_required                = 402,
  forbidden                       = 403,
  not_found                       = 404,
  method_not_allowed              = 405,
  not_acceptable                  = 406,
  proxy_authentication_required   = 407,
  request_timeout                 = 408,
  conflict                        = 409,
  gone                            = 410,
  length_required                 = 411,
  precondition_failed             = 412,
  content_too_large               = 413,
  uri_too_long                    = 414,
  unsupported_media_type          = 415,
  range_not_satisfiable           = 416,
  expectation_failed              = 417,
  misdirected_request             = 421,
  unprocessable_content           = 422,
  locked                          = 423,
  failed_dependency               = 424,
  too_early                       = 425,
  upgrade_required                = 426,
  precondition_required           = 428,
  too_many_requests               = 429,
  request_header_fields_too_large = 431,
  unavailable_for_legal_reasons   = 451,
  internal_server_error           = 500,
  not_implemented                 = 501,
  bad_gateway                     = 502,
  service_unavailable             = 503,
  gateway_timeout                 = 504,
  http_version_not_supported      = 505,
  variant_also_negotiates         = 506,
  insufficient_storage            = 507,
  loop_detected                   = 508,
  network_authentication_required = 511,
};

namespace detail {

/// The first lines, whole; code and reason are parts of them.
inline constexpr std::array status_lines{
    std::string_view{"HTTP/1.1 100 Continue\r\n"},
    std::string_view{"HTTP/1.1 101 Switching Protocols\r\n"},
    std::string_view{"HTTP/1.1 102 Processing\r\n"},
    std::string_view{"HTTP/1.1 103 Early Hints\r\n"},
    std::string_view{"HTTP/1.1 200 OK\r\n"},
    std::string_view{"HTTP/1.1 201 Created\r\n"},
    std::string_view{"HTTP/1.1 202 Accepted\r\n"},
    std::string_view{"HTTP/1.1 203 Non-Authoritative Information\r\n"},
    std::string_view{"HTTP/1.1 204 No Content\r\n"},
    std::string_view{"HTTP/1.1 205 Reset Content\r\n"},
    std::string_view{"HTTP/1.1 206 Partial Content\r\n"},
    std::string_view{"HTTP/1.1 207 Multi-Status\r\n"},
    std::string_view{"HTTP/1.1 208 Already Reported\r\n"},
    std::string_view{"HTTP/1.1 226 IM Used\r\n"},
    std::string_view{"HTTP/1.1 300 Multiple Choices\r\n"},
    std::string_view{"HTTP/1.1 301 Moved Permanently\r\n"},
    std::string_view{"HTTP/1.1 302 Found\r\n"},
    std::string_view{"HTTP/1.1 303 See Other\r\n"},
    std::string_view{"HTTP/1.1 304 Not Modified\r\n"},
    std::string_view{"HTTP/1.1 305 Use Proxy\r\n"},
    std::string_view{"HTTP/1.1 307 Temporary Redirect\r\n"},
    std::string_view{"HTTP/1.1 308 Permanent Redirect\r\n"},
    std::string_view{"HTTP/1.1 400 Bad Request\r\n"},
    std::string_view{"HTTP/1.1 401 Unauthorized\r\n"},
    std::string_view{"HTTP/1.1 402 Payment Required\r\n"},
    std::string_view{"HTTP/1.1 403 Forbidden\r\n"},
    std::string_view{"HTTP/1.1 404 Not Found\r\n"},
    std::string_view{"HTTP/1.1 405 Method Not Allowed\r\n"},
    std::string_view{"HTTP/1.1 406 Not Acceptable\r\n"},
    std::string_view{"HTTP/1.1 407 Proxy Authentication Required\r\n"},
    std::string_view{"HTTP/1.1 408 Request Timeout\r\n"},
    std::string_view{"HTTP/1.1 409 Conflict\r\n"},
    std::string_view{"HTTP/1.1 410 Gone\r\n"},
    std::string_view{"HTTP/1.1 411 Length Required\r\n"},
    std::string_view{"HTTP/1.1 412 Precondition Failed\r\n"},
    std::string_view{"HTTP/1.1 413 Content Too Large\r\n"},
    std::string_view{"HTTP/1.1 414 URI Too Long\r\n"},
    std::string_view{"HTTP/1.1 415 Unsupported Media Type\r\n"},
    std::string_view{"HTTP/1.1 416 Range Not Satisfiable\r\n"},
    std::string_view{"HTTP/1.1 417 Expectation Failed\r\n"},
    std::string_view{"HTTP/1.1 421 Misdirected Request\r\n"},
    std::string_view{"HTTP/1.1 422 Unprocessable Content\r\n"},
    std::string_view{"HTTP/1.1 423 Locked\r\n"},
    std::string_view{"HTTP/1.1 424 Failed Dependency\r\n"},
    std::string_view{"HTTP/1.1 425 Too Early\r\n"},
    std::string_view{"HTTP/1.1 426 Upgrade Required\r\n"},
    std::string_view{"HTTP/1.1 428 Precondition Required\r\n"},
    std::string_view{"HTTP/1.1 429 Too Many Requests\r\n"},
    std::string_view{"HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    std::string_view{"HTTP/1.1 451 Unavailable For Legal Reasons\r\n"},
    std::string_view{"HTTP/1.1 500 Internal Server Error\r\n"},
    std::string_view{"HTTP/1.1 501 Not Implemented\r\n"},
    std::string_view{"HTTP/1.1 502 Bad Gateway\r\n"},
    std::string_view{"HTTP/1.1 503 Service Unavailable\r\n"},
    std::string_view{"HTTP/1.1 504 Gateway Timeout\r\n"},
    std::string_view{"HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    std::string_view{"HTTP/1.1 506 Variant Also Negotiates\r\n"},
    std::string_view{"HTTP/1.1 507 Insufficient Storage\r\n"},
    std::string_view{"HTTP/1.1 508 Loop Detected\r\n"},
    std::string_view{"HTTP/1.1 511 Network Authentication Required\r\n"},
};

inline constexpr std::size_t status_code_at   = 9;   // behind "HTTP/1.1 "
inline constexpr std::size_t status_reason_at = 13;  // behind the code and its blank

/// For each code of 0 to 599 its line's index plus one; 0 where the code is not registered.
inline constexpr std::array<std::uint8_t, 600> status_index = [] {
  std::array<std::uint8_t, 600> index{};
  for (std::size_t i = 0; i != status_lines.size(); ++i) {
    auto const        line = status_lines[i].substr(status_code_at, 3);
    std::size_t const code = static_cast<std::size_t>(line[0] - '0') * 100 +
                             static_cast<std::size_t>(line[1] - '0') * 10 + static_cast<std::size_t>(line[2] - '0');
    index[code] = static_cast<std::uint8_t>(i + 1);
  }
  return index;
}();

}  // namespace detail

[[nodiscard]] constexpr unsigned to_number(status code) noexcept { return static_cast<unsigned>(code); }

/// "HTTP/1.1 200 OK\r\n", without formatting; empty for a code that is not registered: see `append_status_line`.
[[nodiscard]] constexpr std::string_view status_line(status code) noexcept {
  auto const number = to_number(code);
  if (number >= detail::status_index.size() || detail::status_index[number] == 0) return {};
  return detail::status_lines[detail::status_index[number] - 1U];
}

/// The reason phrase; empty for a code that is not registered.
[[nodiscard]] constexpr std::string_view reason(status code) noexcept {
  auto const line = status_line(code);
  if (line.empty()) return {};
  return line.substr(detail::status_reason_at, line.size() - detail::status_reason_at - 2);
}

/// True for a status whose response never has a body, whatever its fields say (RFC 9112 §6.3).
[[nodiscard]] constexpr bool is_bodiless(status code) noexcept {
  auto const number = to_number(code);
  return number < 200 || number == 204 || number == 304;
}

}  // namespace tensorgate::http
