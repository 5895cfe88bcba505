// A client without opinions: sends bytes as they are and reads what comes, for tests of servers from outside.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tensorgate_tests {

struct raw_answer {
  int                                              status = 0;  ///< 0: nothing that looks like an answer
  std::vector<std::pair<std::string, std::string>> fields;      ///< names in lower case, in order
  std::string                                      body;        ///< chunks joined

  [[nodiscard]] std::string field(std::string_view name) const {
    for (auto const& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(fields.begin(), fields.end(), [&](auto const& one) { return one.first == name; });
  }
};

class raw_client {
 public:
  explicit raw_client(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family      = AF_INET;
    where.sin_port        = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const yes         = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(socket_, reinterpret_cast<sockaddr const*>(&where), sizeof where) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect");
    }
  }
  raw_client(raw_client const&)            = delete;
  raw_client& operator=(raw_client const&) = delete;
  ~raw_client() { ::close(socket_); }

  void send(std::string_view text) const {
    while (!text.empty()) {
      auto const put = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return;  // the other end has closed; what it said can still be read
      text.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  [[nodiscard]] int native() const { return socket_; }
  void              end_of_sending() const { ::shutdown(socket_, SHUT_WR); }

  /// Reads one answer. `to_head`: the request was a HEAD, so that no body follows.
  raw_answer read(bool to_head = false, std::chrono::milliseconds patience = std::chrono::seconds{10}) {
    raw_answer  one;
    auto const  until = std::chrono::steady_clock::now() + patience;
    auto const  more  = [&] { return fill(until); };
    std::size_t end   = 0;
    for (;;) {
      while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
        if (!more()) return one;
      }
      if (in_.compare(0, 5, "HTTP/") != 0 || in_.size() < 12) return one;
      std::from_chars(in_.data() + 9, in_.data() + 12, one.status);
      if (one.status < 100 || one.status >= 200) break;
      in_.erase(0, end + 4);  // an interim answer
    }
    for (auto at = in_.find("\r\n") + 2; at < end + 2;) {
      auto const stop  = in_.find("\r\n", at);
      auto const line  = in_.substr(at, stop - at);
      auto const colon = line.find(':');
      auto       name  = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      auto value = colon == std::string::npos ? std::string() : line.substr(colon + 1);
      value.erase(0, value.find_first_not_of(' '));
      one.fields.emplace_back(std::move(name), std::move(value));
      at = stop + 2;
    }
    in_.erase(0, end + 4);
    if (to_head || one.status == 204 || one.status == 304) return one;
    if (one.field("transfer-encoding") == "chunked") {
      for (;;) {
        std::size_t line = 0;
        while ((line = in_.find("\r\n")) == std::string::npos) {
          if (!more()) return one;
        }
        std::size_t size = 0;
        std::from_chars(in_.data(), in_.data() + line, size, 16);
        while (in_.size() < line + 2 + size + 2) {
          if (!more()) return one;
        }
        one.body.append(in_, line + 2, size);
        in_.erase(0, line + 2 + size + 2);
        if (size == 0) return one;
      }
    }
    if (one.has("content-length")) {
      std::size_t size   = 0;
      auto const  length = one.field("content-length");
      std::from_chars(length.data(), length.data() + length.size(), size);
      while (in_.size() < size) {
        if (!more()) break;
      }
      size = std::min(size, in_.size());
      one.body.assign(in_, 0, size);
      in_.erase(0, size);
      return one;
    }
    while (more()) {
    }
    one.body = std::exchange(in_, {});
    return one;
  }

  /// Everything that comes within the time, as it is.
  std::string read_all(std::chrono::milliseconds patience) {
    auto const until = std::chrono::steady_clock::now() + patience;
    while (fill(until)) {
    }
    return std::exchange(in_, {});
  }

  /// True if the other end closes, with nothing more to say, within the time.
  bool closed(std::chrono::milliseconds patience = std::chrono::seconds{5}) {
    auto const until = std::chrono::steady_clock::now() + patience;
    while (fill(until)) {
    }
    return ended_;
  }

 private:
  bool fill(std::chrono::steady_clock::time_point until) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd     waiting{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 65536> piece{};
    auto const              got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    in_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }

  int         socket_ = -1;
  bool        ended_  = false;
  std::string in_;
};

/// A request's bytes: its method and target, whole field lines, a body.
inline std::string request(std::string_view line, std::string_view fields = {}, std::string_view body = {}) {
  std::string text(line);
  text.append(" HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n").append(body);
  return text;
}

/// One request on a connection of its own.
inline raw_answer ask(std::uint16_t port, std::string_view method, std::string_view target,
                      std::vector<std::pair<std::string, std::string>> const& fields = {}, std::string_view body = {}) {
  raw_client  client{port};
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  for (auto const& [name, value] : fields) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  text.append("\r\n").append(body);
  client.send(text);
  return client.read(method == "HEAD", std::chrono::seconds{20});
}

}  // namespace tensorgate_tests
