// links: http
// needs: http_parser
// Request heads: every split is parsed alike, and whatever we accept an older, laxer parser accepts too, with the same
// method, target, fields, framing and persistence.
#include <tensorgate/http/head.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <http_parser.h>

namespace {

namespace http = tensorgate::http;

/// What the other parser reports.
struct seen_head {
  std::string                                      target;
  std::vector<std::pair<std::string, std::string>> fields;
  bool                                             in_value = false;
  bool                                             complete = false;
};

seen_head& seen_by(http_parser* parser) { return *static_cast<seen_head*>(parser->data); }

seen_head ask_other(std::string const& text, http_parser& parser) {
  seen_head            seen;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = [](http_parser* p, char const* at, std::size_t size) {
    seen_by(p).target.append(at, size);
    return 0;
  };
  settings.on_header_field = [](http_parser* p, char const* at, std::size_t size) {
    auto& all = seen_by(p);
    if (all.fields.empty() || all.in_value) all.fields.emplace_back();
    all.in_value = false;
    all.fields.back().first.append(at, size);
    return 0;
  };
  settings.on_header_value = [](http_parser* p, char const* at, std::size_t size) {
    seen_by(p).in_value = true;
    seen_by(p).fields.back().second.append(at, size);
    return 0;
  };
  settings.on_headers_complete = [](http_parser* p) {
    seen_by(p).complete = true;
    http_parser_pause(p, 1);
    return 0;
  };
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &seen;
  http_parser_execute(&parser, &settings, text.data(), text.size());
  return seen;
}

void require(bool holds) {
  if (!holds) __builtin_trap();
}

/// All that a head says, as text.
std::string describe(http::request_head const& head) {
  std::string text;
  for (auto const part :
       {head.method_text(), head.target(), head.path(), head.query(), head.authority(), head.host(), head.port()}) {
    text.append(part).push_back('|');
  }
  text += std::to_string(static_cast<int>(head.body_framing())) + "|" + std::to_string(head.content_length());
  text += head.keep_alive() ? "k" : "c";
  for (auto const& one : head.fields()) text.append(one.name).append("=").append(one.value).push_back('\n');
  return text;
}

void compare(std::string_view bytes, http::request_head const& head) {
  if (head.verb() == http::method::other) return;  // the other parser has a list of its own
  constexpr std::string_view coding = "transfer-encoding";
  for (auto const& one : head.fields()) {  // for which the other parser takes each longer name, too
    if (one.name.size() > coding.size() && tensorgate::equals_ignoring_case(one.name.substr(0, coding.size()), coding))
      return;
  }
  std::string text(bytes);
  for (char& c : text) c = c == '\t' ? ' ' : c;  // a blank is a blank, but not to the other parser
  http_parser parser;
  auto const  seen = ask_other(text, parser);
  require(seen.complete);
  require(http_method_str(static_cast<http_method>(parser.method)) == head.method_text());
  require(seen.target == head.target());
  require(seen.fields.size() == head.fields().size());
  for (std::size_t i = 0; i != seen.fields.size(); ++i) {
    require(seen.fields[i].first == head.fields()[i].name);
    std::string value(head.fields()[i].value);
    for (char& c : value) c = c == '\t' ? ' ' : c;
    require(tensorgate::trim_blanks(seen.fields[i].second) == value);
  }
  require(((parser.flags & F_CHUNKED) != 0) == (head.body_framing() == http::framing::chunked));
  std::uint64_t length = head.content_length();
#if defined(TENSORGATE_PLANTED_FAULT)
  if (length == 7) length = 8;
#endif
  if (head.body_framing() == http::framing::length) require(parser.content_length == length);
  if (head.body_framing() != http::framing::length) require((parser.flags & F_CONTENTLENGTH) == 0);
  require(parser.http_minor == 0 || head.minor_version() == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const  input(reinterpret_cast<char const*>(data), size);
  http::head_limits const limits{.head = 2048, .fields = 20, .target = 512};

  http::head_parser  whole(limits);
  http::request_head head;
  auto const         state = whole.parse(input, head);

  // Byte by byte, from memory that moves every time.
  http::head_parser  slow(limits);
  http::request_head other;
  auto               slow_state = http::parse_state::need_more;
  std::vector<char>  kept;
  for (std::size_t end = 1; end <= size && slow_state == http::parse_state::need_more; ++end) {
    std::vector<char> part(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(end));
    slow_state = slow.parse({part.data(), part.size()}, other);
    kept.swap(part);
  }
  require(slow_state == state);
  require(slow.error() == whole.error() && slow.note() == whole.note());
  if (state == http::parse_state::need_more) return 0;
  require(describe(head) == describe(other));
  if (state != http::parse_state::complete) return 0;
  require(whole.consumed() == slow.consumed() && whole.consumed() <= size);
  compare(input.substr(0, whole.consumed()), head);
  return 0;
}
