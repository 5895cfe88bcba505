// tests/support/run_task.hpp: runs a coroutine to its end.
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <tensorgate/net/task.hpp>

namespace tensorgate::test {

/// What `work` returned, run on `loop` as long as there is anything to do there; rethrows what it threw.
template <class T>
T run_task(asio::io_context& loop, task<T> work) {
  std::optional<T>   made;
  std::exception_ptr failed;
  asio::co_spawn(loop, std::move(work), [&](std::exception_ptr thrown, T value) {
    failed = thrown;
    made.emplace(std::move(value));
  });
  loop.restart();
  loop.run();
  if (failed) std::rethrow_exception(failed);
  return std::move(made).value();
}

template <class T>
T run_task(task<T> work) {
  asio::io_context loop(1);
  return run_task(loop, std::move(work));
}

}  // namespace tensorgate::test
