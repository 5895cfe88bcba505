// tests/support/exchange.hpp: sends a request through a route table as a session does, without a socket.
#pragma once

#include <memory>       // unique_ptr
#include <optional>     // optional
#include <stdexcept>    // logic_error
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // move
#include <variant>      // get_if

#include <tensorgate/http/endpoint.hpp>  // route_table, endpoint
#include <tensorgate/http/head.hpp>      // head_parser
#include <tensorgate/http/problem.hpp>   // problem_json
#include <tensorgate/http/reply.hpp>     // reply, body_reader, body_writer
#include <tensorgate/http/request.hpp>   // request
#include <tensorgate/net/task.hpp>       // task

#include "run_task.hpp"  // run_task

namespace tensorgate::test {

/// Gives its text in pieces of three bytes.
class text_reader final : public http::body_reader {
 public:
  explicit text_reader(std::string_view text) : left_(text) {}
  task<result<std::string_view>> read() override {
    auto const piece = left_.substr(0, 3);
    left_.remove_prefix(piece.size());
    co_return piece;
  }

 private:
  std::string_view left_;
};

/// Keeps what was written.
class text_writer final : public http::body_writer {
 public:
  http::reply head;
  std::string text;

  task<result<void>> start(http::reply first) override {
    head     = std::move(first);
    started_ = true;
    co_return result<void>{};
  }
  task<result<void>> write(std::string_view piece) override {
    started_ = true;
    text.append(piece);
    co_return result<void>{};
  }
  void               trailer(std::string_view /*name*/, std::string_view /*value*/) override {}
  [[nodiscard]] bool started() const noexcept override { return started_; }

 private:
  bool started_ = false;
};

/// What came back. `code` is 0 if the table has no such route, -1 if it calls the path bad; `allowed` is then what it
/// said.
struct answer {
  int         code = 0;
  std::string body{};
  std::string allowed{};
  std::string type{};
  bool        streamed = false;
  bool        cut_off  = false;
};

/// One connection: a request that is used again and again, as the session does.
class exchange {
 public:
  explicit exchange(http::route_table table) : table_(table) { r_.render = &http::problem_json; }

  /// `line` is "GET /path?query"; `fields` are whole lines with their ends.
  answer send(std::string_view line, std::string_view content = {}, std::string_view fields = {}) {
    head_ = std::string(line) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields);
    if (!content.empty()) head_ += "Content-Length: " + std::to_string(content.size()) + "\r\n";
    head_ += "\r\n";
    content_ = std::string(content);
    http::head_parser parser;
    if (parser.parse(head_, r_.head) != http::parse_state::complete)
      throw std::logic_error("the test's head is malformed: " + head_);
    r_.body        = content_;
    r_.id          = "id-1";
    r_.value_count = 0;
    r_.next_guard  = 0;
    r_.answer_fields.clear();
    r_.provided.clear();
    r_.record        = {};
    auto const match = table_.match(table_.self, r_);
    answer     said;
    if (match.bad.code) {
      said.code = -1;
      said.body = std::string(match.bad.note);
      return said;
    }
    if (match.found == nullptr) {
      said.allowed = std::string(match.allowed);
      return said;
    }
    route_ = match.found;
    return finish(*match.found);
  }

  [[nodiscard]] http::request&        request() noexcept { return r_; }
  [[nodiscard]] http::endpoint const* route() const noexcept { return route_; }

 private:
  answer finish(http::endpoint const& to) {
    std::optional<http::reply> refused;
    if (to.admit != nullptr) refused = to.admit(to.self, r_);
    if (to.admit_waiting != nullptr) refused = run_task(to.admit_waiting(to.self, r_));
    if (refused) return show(*refused);
    if (to.answer != nullptr) return show(to.answer(to.self, r_));
    text_reader in(content_);
    text_writer out;
    auto        last = run_task(to.answer_waiting(to.self, r_, in, out));
    answer      said;
    if (last && !out.started()) return show(*last);
    said          = show(out.head);
    said.body     = out.text;
    said.streamed = true;
    said.cut_off  = last.has_value();
    return said;
  }

  static answer show(http::reply const& what) {
    answer said;
    said.code = static_cast<int>(http::to_number(what.code()));
    said.type = std::string(what.content_type());
    if (auto const* const text = std::get_if<std::string>(&what.body()); text != nullptr) said.body = *text;
    if (auto const* const data = std::get_if<http::shared_bytes>(&what.body()); data != nullptr)
      said.body = std::string(data->view());
    return said;
  }

  http::route_table     table_;
  http::request         r_;
  http::endpoint const* route_ = nullptr;
  std::string           head_;
  std::string           content_;
};

}  // namespace tensorgate::test
