// tensorgate/net/task.hpp: what a function returns that waits.
#pragma once

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI
#include <tensorgate/net/asio.hpp>  // awaitable

namespace tensorgate::inline TENSORGATE_ABI {

/// A function that may wait. It starts when it is awaited and runs on the loop of whoever awaits it.
template <class T>
using task = asio::awaitable<T>;

}  // namespace tensorgate
