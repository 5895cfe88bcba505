// tensorgate/net/asio.hpp: the one place that includes Asio and hides how its versions differ.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// Asio's coroutine frames have a matching pair of operators, which g++ 12 takes apart when it inlines one of them, and
// warns at the end of the file: that is where the rest of a file must be covered.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>

#if ASIO_VERSION >= 102400
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::net {

/// How every wait of ours asks Asio: the answer is a tuple that starts with the error code; nothing is thrown.
#if ASIO_VERSION >= 102400
inline constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
#else
inline constexpr auto as_values = asio::experimental::as_tuple(asio::use_awaitable);
#endif

}  // namespace tensorgate::net
