// tests/raw/case.hpp: one raw request and what must come of it.
#pragma once

#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

namespace tensorgate::test::raw {

/// What is sent to the echo server on a connection of its own, and what must come back.
struct raw_case {
  std::string group;
  std::string name;
  std::string bytes;
  /// Words: the answers in their order, then how it ends.
  ///   200        an answer with this status; 400/501: with one of these; 200h: to a HEAD, without a body
  ///   (100)      an interim answer that may come or not
  ///   keep       a further request behind these bytes is answered
  ///   close      a further request behind these bytes is not answered, and the connection ends
  ///   shut       as `close`, but the client sends nothing further
  ///   either     one of the two
  ///   wait       the bytes are no whole request: nothing comes, and the connection stays
  ///   end        as `close`, but the client sends nothing further and ends its side
  std::string expect;
  /// The body of the first final answer; "*": any.
  std::string body = "*";
};

class case_list {
 public:
  void group(std::string name) { group_ = std::move(name); }
  void add(std::string name, std::string bytes, std::string expect, std::string body = "*") {
    all_.push_back({.group  = group_,
                    .name   = std::move(name),
                    .bytes  = std::move(bytes),
                    .expect = std::move(expect),
                    .body   = std::move(body)});
  }
  [[nodiscard]] std::vector<raw_case> const& all() const noexcept { return all_; }

 private:
  std::string           group_;
  std::vector<raw_case> all_;
};

// Pieces of requests.

/// A GET with a request line of one's own.
inline std::string line(std::string_view request_line, std::string_view fields = {}) {
  return std::string(request_line) + "\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
inline std::string get(std::string_view target = "/hello/a", std::string_view fields = {}) {
  return line("GET " + std::string(target) + " HTTP/1.1", fields);
}
/// A POST whose framing is in `fields`.
inline std::string post(std::string_view fields, std::string_view body, std::string_view target = "/echo") {
  return line("POST " + std::string(target) + " HTTP/1.1", fields) + std::string(body);
}
inline std::string sized(std::string_view body, std::string_view target = "/echo", std::string_view fields = {}) {
  return post("Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields), body, target);
}
inline std::string chunked(std::string_view chunks, std::string_view target = "/echo", std::string_view fields = {}) {
  return post("Transfer-Encoding: chunked\r\n" + std::string(fields), chunks, target);
}

/// A byte as a name can show it.
inline std::string shown(char c) {
  auto const byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7F) return std::string("'") + c + "'";
  constexpr std::string_view digits = "0123456789ABCDEF";
  return std::string("0x") + digits[byte >> 4U] + digits[byte & 15U];
}
/// A text as a name can show it.
inline std::string shown(std::string_view text) {
  std::string out = "'";
  for (char const c : text) {
    if (c >= 0x20 && c < 0x7F)
      out += c;
    else
      out += "<" + shown(c) + ">";
  }
  return out + "'";
}

}  // namespace tensorgate::test::raw
