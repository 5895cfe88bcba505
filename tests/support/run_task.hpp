// tests/support/run_task.hpp: runs a coroutine to its end on a loop of its own.
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <tensorgate/net/task.hpp>

namespace tensorgate::test {

/// What `work` returned; rethrows what it threw.
template <class T>
T run_task(task<T> work) {
  asio::io_context   loop(1);
  std::optional<T>   made;
  std::exception_ptr failed;
  asio::co_spawn(loop, std::move(work), [&](std::exception_ptr thrown, T value) {
    failed = thrown;
    made.emplace(std::move(value));
  });
  loop.run();
  if (failed) std::rethrow_exception(failed);
  return std::move(made).value();
}

}  // namespace tensorgate::test
