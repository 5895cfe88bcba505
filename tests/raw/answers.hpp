// tests/raw/answers.hpp: reads answers as strictly as requests are read, and says what is wrong with them.
#pragma once

#include <algorithm>    // count, transform
#include <cctype>       // tolower
#include <charconv>     // from_chars
#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

namespace tensorgate::test::raw {

struct answer {
  int                                              status = 0;
  std::vector<std::pair<std::string, std::string>> fields{};  ///< names in lower case
  std::string                                      body{};
  bool                                             until_close = false;  ///< the end of the connection ends the body

  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(), [&](auto const& one) { return one.first == name; }));
  }
  [[nodiscard]] std::string field(std::string_view name) const {
    for (auto const& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
  [[nodiscard]] bool is_interim() const noexcept { return status < 200; }
};

/// What one step of reading came to: an answer, a complaint, or neither: more bytes are needed.
struct reading {
  std::optional<answer> whole{};
  std::size_t           used = 0;
  std::string           wrong{};
};

/// Reads the first answer in `in`. `ended`: no more bytes will come.
inline reading read_answer(std::string_view in, bool to_head, bool ended) {
  reading    got;
  auto const wrong = [&](std::string what) {
    got.wrong = std::move(what);
    return got;
  };
  auto const end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (ended && !in.empty()) return wrong("the connection ended within a head");
    return got;
  }
  auto const head = in.substr(0, end + 2);
  auto const stop = head.find("\r\n");
  auto const line = head.substr(0, stop);
  answer     one;
  if (line.size() < 13 || line.substr(0, 9) != "HTTP/1.1 " || line[12] != ' ')
    return wrong("not a status line: " + std::string(line));
  if (std::from_chars(line.data() + 9, line.data() + 12, one.status).ptr != line.data() + 12 || one.status < 100) {
    return wrong("not a status line: " + std::string(line));
  }
  for (auto at = stop + 2; at < head.size();) {
    auto const next  = head.find("\r\n", at);
    auto const text  = head.substr(at, next - at);
    auto const colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos || text[colon - 1] == ' ')
      return wrong("not a field line: " + std::string(text));
    for (char const c : text) {
      auto const byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7F)
        return wrong("a control byte in a field line: " + std::string(text));
    }
    std::string name(text.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string value(text.substr(colon + 1));
    value.erase(0, value.find_first_not_of(' '));
    one.fields.emplace_back(std::move(name), std::move(value));
    at = next + 2;
  }
  got.used            = end + 4;
  auto const lengths  = one.count("content-length");
  auto const codings  = one.count("transfer-encoding");
  bool const bodiless = one.is_interim() || one.status == 204 || one.status == 304;
  if (one.count("x-injected") != 0 || one.count("set-cookie") != 0)
    return wrong("a value of the request became a field");
  if (!one.is_interim()) {
    auto const date = one.field("date");
    if (one.count("date") != 1 || date.size() != 29 || !date.ends_with(" GMT") || date[3] != ',')
      return wrong("no Date, or not one as RFC 9110 has it: " + date);
  }
  if (bodiless && (lengths != 0 || codings != 0) && one.status != 304)
    return wrong("an answer without a body that tells of one");
  if (lengths > 1 || codings > 1 || (lengths != 0 && codings != 0)) return wrong("a body with two ends");
  if (one.count("connection") > 1) return wrong("more than one Connection field");
  if (one.status == 405 && one.field("allow").empty()) return wrong("405 without Allow");
  if (one.status >= 400 && one.field("content-type").empty()) return wrong("an error without a body");
  if (bodiless || to_head) {
    got.whole = std::move(one);
    return got;
  }
  auto rest = in.substr(got.used);
  if (lengths != 0) {
    std::size_t size   = 0;
    auto const  length = one.field("content-length");
    if (length.empty() ||
        std::from_chars(length.data(), length.data() + length.size(), size).ptr != length.data() + length.size()) {
      return wrong("not a length: " + length);
    }
    if (rest.size() < size) {
      if (ended) return wrong("the connection ended within a body");
      return got;
    }
    one.body = rest.substr(0, size);
    got.used += size;
    if (one.status >= 400 && one.body.empty()) return wrong("an error with an empty body");
    got.whole = std::move(one);
    return got;
  }
  if (codings == 0) {
    if (one.field("connection") != "close") return wrong("a body without an end");
    if (!ended) return got;
    one.body        = rest;
    one.until_close = true;
    got.used        = in.size();
    got.whole       = std::move(one);
    return got;
  }
  if (one.field("transfer-encoding") != "chunked") return wrong("a coding that nobody asked for");
  for (;;) {
    auto const size_end = rest.find("\r\n");
    if (size_end == std::string_view::npos) break;
    std::size_t size = 0;
    if (size_end == 0 || std::from_chars(rest.data(), rest.data() + size_end, size, 16).ptr != rest.data() + size_end)
      return wrong("not the size of a chunk");
    if (rest.size() < size_end + 2 + size + 2) break;
    one.body += rest.substr(size_end + 2, size);
    if (rest.substr(size_end + 2 + size, 2) != "\r\n") return wrong("a chunk without its end");
    rest.remove_prefix(size_end + 2 + size + 2);
    if (size == 0) {
      got.used  = in.size() - rest.size();
      got.whole = std::move(one);
      return got;
    }
  }
  if (ended) return wrong("the connection ended within a chunked body");
  return got;
}

}  // namespace tensorgate::test::raw
