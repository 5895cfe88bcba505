// tests/support/request_of.hpp: a request as a session would hand it to a guard, from its text.
#pragma once

#include <memory>       // unique_ptr
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/http/head.hpp>      // head_parser
#include <tensorgate/http/problem.hpp>   // problem_json
#include <tensorgate/http/request.hpp>   // request
#include <tensorgate/net/addresses.hpp>  // address

namespace tensorgate::test {

/// `lines`: request line and fields, each ended by CRLF or LF; Host is added.
class request_of {
 public:
  explicit request_of(std::string_view lines, std::string body = {}, std::string_view client = "192.0.2.1")
      : body_(std::move(body)) {
    for (char const one : lines) {
      if (one == '\n' && (text_.empty() || text_.back() != '\r')) text_ += '\r';
      text_ += one;
    }
    if (!text_.ends_with("\r\n")) text_ += "\r\n";
    text_ += "Host: test\r\n\r\n";
    http::head_parser parser;
    sound    = parser.parse(text_, r.head) == http::parse_state::complete;
    r.body   = body_;
    r.render = &http::problem_json;
    if (auto const address = net::address::parse(client)) r.client = *address;
  }

  /// The value of a field that a guard put on the answer.
  [[nodiscard]] std::optional<std::string> answer_field(std::string_view name) const {
    for (auto const& one : r.answer_fields) {
      if (one.name == name) return one.value;
    }
    return std::nullopt;
  }

  /// The request, also of a temporary: it lives to the end of the full expression.
  [[nodiscard]] http::request& get() noexcept { return r; }

  http::request r;
  bool          sound = false;

 private:
  std::string text_;
  std::string body_;
};

}  // namespace tensorgate::test
