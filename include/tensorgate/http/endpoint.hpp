// tensorgate/http/endpoint.hpp: a route as the session sees it, whatever its types.
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <optional>     // optional
#include <string_view>  // string_view

#include <tensorgate/core/result.hpp>   // result
#include <tensorgate/http/method.hpp>   // method
#include <tensorgate/http/reply.hpp>    // reply, body_reader, body_writer
#include <tensorgate/http/request.hpp>  // request
#include <tensorgate/net/task.hpp>      // task

namespace tensorgate::inline TENSORGATE_ABI::http {

/// How a route takes the body of a request.
enum class body_intake : std::uint8_t {
  whole,     ///< read to its end, within the limit, before the handler runs; most have none
  streamed,  ///< the handler reads it piece by piece
};

/// What a guard must have seen before it can decide.
enum class guard_needs : std::uint8_t {
  head,     ///< fields and addresses
  body,     ///< the bytes of the whole body
  decoded,  ///< extraction done, so that a 422 is told before and costs nothing
};

/// One route, its types erased. The functions get `self` back; null marks what the route does not need.
///
/// The session calls, in this order: `admit` (guards, up to the first that needs the body), reads the body as `intake`
/// says, then `answer` or `answer_waiting` (the remaining guards, extraction, the handler).
struct endpoint {
  std::string_view pattern{};
  method           verb       = method::get;
  void const*      self       = nullptr;
  body_intake      intake     = body_intake::whole;
  std::size_t      body_limit = 0;  ///< bytes; 0: the server's default

  /// Guards that decide by the head, in order. A value is the refusal.
  std::optional<reply> (*admit)(void const* self, request& r)               = nullptr;
  task<std::optional<reply>> (*admit_waiting)(void const* self, request& r) = nullptr;

  /// The rest. Exactly one of the two is set.
  reply (*answer)(void const* self, request& r) = nullptr;
  /// Nothing comes back when the handler answered through `out`.
  task<std::optional<reply>> (*answer_waiting)(void const* self, request& r, body_reader& in,
                                               body_writer& out) = nullptr;
};

/// What the router says of a method and a path.
struct route_match {
  endpoint const*  found   = nullptr;
  std::string_view allowed = {};  ///< for 405 and OPTIONS: "GET, HEAD, OPTIONS"; empty when no route has this path
  failure          bad     = {};  ///< the path itself is not acceptable (encoded separators, dot segments, …)
};

/// Any set of routes, seen through one call. It neither allocates (but for percent-encoded values) nor throws.
struct route_table {
  void const* self = nullptr;
  /// Matches the head's method and path and fills `r.values`. HEAD matches GET. Called once for each request; the same
  /// head may come again with what was found for it before in `r.matched`.
  route_match (*match)(void const* self, request& r) = nullptr;
};

}  // namespace tensorgate::http
