// tests/support/quiet_parts.hpp: a program for one part, which keeps what is said; nothing is started by itself.
#pragma once

#include <mutex>        // mutex
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/net/cpu_pool.hpp>  // cpu_pool
#include <tensorgate/net/parts.hpp>     // parts
#include <tensorgate/net/runtime.hpp>   // runtime

namespace tensorgate::test {

class quiet_parts final : public net::parts {
 public:
  void                         add(net::part what) override { all.push_back(std::move(what)); }
  void                         measure(net::measurement what) override { figures.push_back(std::move(what)); }
  [[nodiscard]] net::runtime&  loops() override { return loops_; }
  [[nodiscard]] net::cpu_pool& pool() override { return pool_; }
  void                         say(std::string_view what, std::string_view text) override {
    std::scoped_lock const held(mutex_);
    said_ += std::string(what) + ": " + std::string(text) + "\n";
  }
  [[nodiscard]] std::string said() const {
    std::scoped_lock const held(mutex_);
    return said_;
  }

  std::vector<net::part>        all;
  std::vector<net::measurement> figures;

 private:
  net::runtime       loops_{1};
  net::cpu_pool      pool_{1};
  mutable std::mutex mutex_;
  std::string        said_;
};

}  // namespace tensorgate::test
