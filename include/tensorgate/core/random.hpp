// tensorgate/core/random.hpp: randomness as an argument.
#pragma once

#include <cerrno>        // EINTR
#include <cstddef>       // byte
#include <functional>    // function
#include <span>          // span
#include <system_error>  // system_error

#include <sys/random.h>  // getrandom

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// Fills its argument with bytes. Tests pass a counter; programs pass `system_random`.
using random_fn = std::function<void(std::span<std::byte>)>;

/// The kernel's generator. Throws `std::system_error` if it cannot answer, for nothing may go on without it.
inline void system_random(std::span<std::byte> out) {
  while (!out.empty()) {
    auto const got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace tensorgate
