// tests/raw/server.hpp: the echo server as a process of its own, and what can be seen of it from outside.
#pragma once

#include <charconv>      // from_chars
#include <chrono>        // seconds
#include <cstddef>       // size_t
#include <cstdint>       // uint16_t
#include <cstdlib>       // getenv
#include <filesystem>    // directory_iterator
#include <fstream>       // ifstream
#include <stdexcept>     // runtime_error
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move
#include <vector>        // vector

#include "../support/child.hpp"  // child

namespace tensorgate::test::raw {

class echo_server {
 public:
  /// `bounds`: limits as the program takes them, "head_time=1000". On that core alone, if one is named.
  explicit echo_server(std::vector<std::string> bounds = {}, int core = -1)
      : program_(command(std::move(bounds)), core) {
    constexpr std::string_view before = "listening at 127.0.0.1:";

    auto const& text = program_.read_until("\n");
    auto const  at   = text.find(before);
    if (at == std::string::npos) throw std::runtime_error("the echo server did not start: " + text);
    auto const* const digits = text.data() + at + before.size();
    std::from_chars(digits, text.data() + text.size(), port_);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Bytes of memory that only this process has: what it allocated, without its program and libraries.
  [[nodiscard]] std::size_t memory() const {
    std::ifstream in("/proc/" + std::to_string(program_.pid()) + "/status");
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
    }
    return 0;
  }
  [[nodiscard]] std::size_t descriptors() const {
    std::size_t     count = 0;
    std::error_code gone;
    for (auto const& one :
         std::filesystem::directory_iterator("/proc/" + std::to_string(program_.pid()) + "/fd", gone)) {
      static_cast<void>(one);
      ++count;
    }
    return count;
  }

  /// Ends it by SIGTERM. Its exit code.
  int stop() {
    program_.signal(SIGTERM);
    return program_.wait();
  }
  [[nodiscard]] std::string const& printed() const noexcept { return program_.printed(); }

 private:
  static std::vector<std::string> command(std::vector<std::string> bounds) {
    bounds.insert(bounds.begin(), TENSORGATE_ECHO_SERVER);
    return bounds;
  }

  tensorgate_tests::child program_;
  std::uint16_t           port_ = 0;
};

}  // namespace tensorgate::test::raw
