// tensorgate/net/snapshot.hpp: a value that many loops read all the time and somebody replaces now and then.
#pragma once

#include <atomic>         // atomic
#include <cstddef>        // size_t
#include <cstdint>        // uint64_t
#include <memory>         // shared_ptr
#include <mutex>          // mutex
#include <thread>         // this_thread
#include <unordered_map>  // unordered_map
#include <utility>        // move
#include <vector>         // vector

#include <tensorgate/net/runtime.hpp>  // runtime

namespace tensorgate::inline TENSORGATE_ABI::net {

/// Each loop keeps its own pointer to the value and asks, at each use, only whether a newer one exists: an unshared
/// load where a shared pointer would be a contended one. Other threads take the lock.
template <class T>
class snapshot {
 public:
  snapshot(std::shared_ptr<T> first, std::size_t loops) : newest_(std::move(first)), kept_(loops) {}

  /// Valid until the calling loop, or other thread, asks again.
  [[nodiscard]] T& on_loop() {
    auto const here = runtime::here();
    if (here >= kept_.size()) {
      std::scoped_lock const held(mutex_);
      auto&                  mine = elsewhere_[std::this_thread::get_id()];
      mine                        = newest_;
      return *mine;
    }
    auto& mine = kept_[here];
    if (auto const generation = generation_.load(std::memory_order_acquire); mine.generation != generation) {
      mine.value      = get();
      mine.generation = generation;
    }
    return *mine.value;
  }

  [[nodiscard]] std::shared_ptr<T> get() const {
    std::scoped_lock const held(mutex_);
    return newest_;
  }

  void replace(std::shared_ptr<T> with) {
    std::scoped_lock const held(mutex_);
    newest_.swap(with);
    generation_.fetch_add(1, std::memory_order_release);
  }

 private:
  struct alignas(64) kept {
    std::uint64_t      generation = 0;
    std::shared_ptr<T> value;
  };
  mutable std::mutex         mutex_;
  std::shared_ptr<T>         newest_;
  std::atomic<std::uint64_t> generation_{1};
  std::vector<kept>          kept_;

  std::unordered_map<std::thread::id, std::shared_ptr<T>> elsewhere_;  // of threads that are no loop
};

}  // namespace tensorgate::net
