// tensorgate/http/limits.hpp: how much may a peer ask of a server, and what is he told when he asks for more?
#pragma once

#include <chrono>   // milliseconds
#include <cstddef>  // size_t
#include <cstdint>  // uint32_t

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Sizes are in bytes. "Closed" says that the connection ends without an answer, for none is due.
struct limits {
  // One request.
  std::size_t   head   = 16 * 1024;    ///< request line and fields; 431
  std::uint32_t fields = 100;          ///< field lines; 431
  std::size_t   target = 8 * 1024;     ///< 414
  std::size_t   body   = 1024 * 1024;  ///< unless the route has its own; 413, by Content-Length before a byte is read
  std::size_t   drain  = 64 * 1024;  ///< rest of a body that nobody wants, read to keep the connection; beyond: close,
                                     ///< and so for a chunked one that has not come whole, whose rest nobody knows

  // Time.
  std::chrono::milliseconds handshake{10'000};          ///< of TLS; closed
  std::chrono::milliseconds head_time{10'000};          ///< from the first byte of a head to its end; 408
  std::chrono::milliseconds idle{75'000};               ///< between requests; closed
  std::chrono::milliseconds progress_interval{30'000};  ///< in each such span of waiting for the peer …
  std::size_t               progress = 1024;     ///< … so many bytes of a body must come (408) or be taken (cut off)
  std::chrono::milliseconds answer{60'000};      ///< from the head to the answer's first byte; 503
  std::chrono::milliseconds half_closed{5'000};  ///< a peer that sends no more gets its answer begun within; closed
  std::chrono::milliseconds linger{2'000};       ///< after the last answer, until the peer closes too; closed

  // Numbers; 0: no limit.
  std::uint32_t requests_per_connection = 100'000;  ///< the last answer says close
  std::uint32_t connections             = 16'384;   ///< in all; 503 and close, far beyond: closed
  std::uint32_t connections_per_address = 4'096;    ///< IPv4 address or IPv6 /64; as above; Unix sockets are exempt
  std::uint32_t in_flight               = 4'096;    ///< requests whose handler waits; 503 with Retry-After
};

}  // namespace tensorgate::http
