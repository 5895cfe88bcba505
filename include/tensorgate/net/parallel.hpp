// tensorgate/net/parallel.hpp: one piece of work in many parts, on every core.
#pragma once

#include <algorithm>   // max, min
#include <atomic>      // atomic
#include <cstddef>     // size_t
#include <functional>  // function
#include <thread>      // jthread, hardware_concurrency
#include <vector>      // vector

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Calls `call(0)` … `call(count - 1)`, in any order, on a thread per core of which the caller's is one, and returns
/// when all calls have. For work of tens of milliseconds and more: the threads are made anew. `call` must not throw.
inline void on_every_core(std::size_t count, std::function<void(std::size_t)> const& call) {
  std::atomic<std::size_t> next{0};
  auto const               work = [&] {
    for (auto i = next++; i < count; i = next++) call(i);
  };
  std::size_t const         cores = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(cores, count); ++i) others.emplace_back(work);
  work();
}

}  // namespace tensorgate::net
