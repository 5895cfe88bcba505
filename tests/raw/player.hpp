// tests/raw/player.hpp: plays a raw case against a server, its bytes split in any way, and judges what comes back.
#pragma once

#include <array>        // array
#include <cerrno>       // errno
#include <charconv>     // from_chars
#include <chrono>       // milliseconds, steady_clock
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t
#include <sstream>      // istringstream
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <fcntl.h>        // fcntl
#include <netinet/in.h>   // sockaddr_in
#include <netinet/tcp.h>  // TCP_NODELAY
#include <poll.h>         // poll
#include <sys/socket.h>   // socket
#include <unistd.h>       // close

#include "answers.hpp"  // read_answer
#include "case.hpp"     // raw_case

namespace tensorgate::test::raw {

/// A socket to 127.0.0.1; -1 if nobody listens.
inline int dial(std::uint16_t port) {
  int const   made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family      = AF_INET;
  where.sin_port        = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int const yes         = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(made, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0) return made;
  ::close(made);
  return -1;
}

/// What a case expects, taken apart.
struct expectation {
  struct one {
    std::vector<int> statuses;
    bool             to_head  = false;
    bool             optional = false;
  };
  std::vector<one> answers;
  std::string      end;

  explicit expectation(std::string const& words) {
    std::istringstream in(words);
    for (std::string word; in >> word;) {
      if (word[0] != '(' && (word[0] < '0' || word[0] > '9')) {
        end = word;
        continue;
      }
      one next;
      next.optional = word[0] == '(';
      next.to_head  = word.back() == 'h';
      for (auto const* at = word.data() + (next.optional ? 1 : 0); *at >= '0' && *at <= '9';) {
        int status = 0;
        at         = std::from_chars(at, word.data() + word.size(), status).ptr;
        next.statuses.push_back(status);
        if (*at == '/') ++at;
      }
      answers.push_back(std::move(next));
    }
  }
};

/// One play of a case. The result of `judge` is empty, or says what was wrong.
class player {
 public:
  player(std::uint16_t port, raw_case const& what) : case_(what), wanted_(what.expect), socket_(dial(port)) {}
  player(player const&)            = delete;
  player& operator=(player const&) = delete;
  ~player() { ::close(socket_); }

  /// All bytes that are to be sent: the case's, and a request behind them where one may follow.
  [[nodiscard]] std::string bytes() const { return is_alone() ? case_.bytes : case_.bytes + get("/hello/probe"); }

  /// Sends a piece, and reads what has come so far.
  void send(std::string_view piece) {
    while (!piece.empty()) {
      auto const put = ::send(socket_, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put > 0) {
        piece.remove_prefix(static_cast<std::size_t>(put));
        continue;
      }
      if (errno != EAGAIN) return;  // the other side has closed; what it said can still be read
      pollfd waiting{socket_, POLLIN | POLLOUT, 0};
      if (::poll(&waiting, 1, 10'000) <= 0) return;
      if ((waiting.revents & POLLIN) != 0 && !receive()) return;
    }
  }

  std::string judge() {
    if (socket_ < 0) return "cannot connect";
    if (wanted_.end == "end") ::shutdown(socket_, SHUT_WR);
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (;;) {
      if (!understand()) return wrong_ + said();
      if (has_all()) break;
      if (ended_) break;
      if (!wait(until))
        return (std::chrono::steady_clock::now() >= until ? "nothing more came" : "cannot read") + said();
    }
    return verdict();
  }

 private:
  [[nodiscard]] std::string said() const {
    std::string all = "; came:";
    for (auto const& one : answers_) all += " " + std::to_string(one.status);
    return all +
           (was_reset_ ? " reset"
            : ended_   ? " end"
                       : "") +
           (at_ < in_.size() ? ", and then " + in_.substr(at_, 200) : "");
  }

  [[nodiscard]] bool is_alone() const { return wanted_.end == "wait" || wanted_.end == "end" || wanted_.end == "shut"; }
  [[nodiscard]] bool is_last() const { return wanted_.end == "close" || wanted_.end == "end" || wanted_.end == "shut"; }

  /// True if as many came as could come while the connection stays.
  [[nodiscard]] bool has_all() const {
    if (is_last()) return false;
    std::size_t finals = 0;
    for (auto const& one : answers_) finals += one.is_interim() ? 0U : 1U;
    std::size_t due = wanted_.end == "wait" ? 0U : 1U;
    for (auto const& one : wanted_.answers) due += one.optional ? 0U : 1U;
    return finals >= due;
  }

  [[nodiscard]] bool is_head(std::size_t final_index) const {
    for (auto const& one : wanted_.answers) {
      if (one.optional) continue;
      if (final_index-- == 0) return one.to_head;
    }
    return false;
  }

  bool understand() {
    while (at_ != in_.size() || ended_) {
      auto got = read_answer(std::string_view(in_).substr(at_), is_head(finals_), ended_);
      if (!got.wrong.empty()) {
        wrong_ = got.wrong;
        return false;
      }
      if (!got.whole) return true;
      at_ += got.used;
      finals_ += got.whole->is_interim() ? 0U : 1U;
      answers_.push_back(std::move(*got.whole));
    }
    return true;
  }

  bool receive() {
    std::array<char, 65536> piece{};
    auto const              got = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got > 0) {
      in_.append(piece.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got < 0 && errno == EAGAIN) return true;
    ended_     = true;
    was_reset_ = got < 0;
    return false;
  }

  bool wait(std::chrono::steady_clock::time_point until) {
    auto const left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd waiting{socket_, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
    receive();
    return true;
  }

  std::string verdict() {
    if (was_reset_) return "the connection was reset" + said();
    std::size_t at = 0;
    for (auto const& one : wanted_.answers) {
      bool const fits =
          at != answers_.size() && std::ranges::find(one.statuses, answers_[at].status) != one.statuses.end();
      if (fits) {
        ++at;
      } else if (!one.optional) {
        return "expected " + case_.expect + said();
      }
    }
    if (case_.body != "*") {
      for (auto const& one : answers_) {
        if (one.is_interim()) continue;
        if (one.body != case_.body) return "expected the body " + shown(case_.body) + ", came " + shown(one.body);
        break;
      }
    }
    bool const probed =
        at + 1 == answers_.size() && answers_.back().status == 200 && answers_.back().body == "hello probe";
    auto const behind  = answers_.size() - at;
    bool const expects = wanted_.end == "keep" || (wanted_.end == "either" && !ended_);
    if (expects ? !probed : behind != 0) return "expected " + case_.expect + said();
    if (ended_ != (is_last() || (wanted_.end == "either" && !probed))) return "expected " + case_.expect + said();
    if (at_ != in_.size()) return "bytes behind the last answer" + said();
    if (ended_ && wanted_.end != "end" && !answers_.empty() && answers_.back().field("connection") != "close")
      return "closed without saying so" + said();
    for (std::size_t i = 0; i + 1 < answers_.size(); ++i) {
      if (answers_[i].field("connection") == "close") return "an answer behind one that says close" + said();
    }
    if (!ended_) {  // nothing further may come
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, wanted_.end == "wait" ? 60 : 0) != 0) return "more than what was expected" + said();
    }
    return {};
  }

  raw_case const&     case_;
  expectation         wanted_;
  int                 socket_;
  std::string         in_;
  std::size_t         at_     = 0;
  std::size_t         finals_ = 0;
  std::vector<answer> answers_;
  std::string         wrong_;
  bool                ended_     = false;
  bool                was_reset_ = false;
};

}  // namespace tensorgate::test::raw
