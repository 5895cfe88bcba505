// links: http
// needs: http_parser
// Targets: a decoded path has the segments of the raw one and survives encoding; a query's pairs survive encoding; an
// authority that we accept is split by another parser at the same places.
#include <tensorgate/http/target.hpp>

#include <algorithm>    // count
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <http_parser.h>

#include <tensorgate/http/detail/authority.hpp>

namespace {

namespace http  = tensorgate::http;
namespace codec = tensorgate::codec;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_path(std::string_view raw) {
  std::string kept;
  auto const  path = http::decode_path(raw, kept);
  if (!path) return;
  require(tensorgate::is_utf8(*path));
  std::size_t segments = 0;
  std::string again;
  http::for_each_segment(*path, [&](std::string_view one) {
    ++segments;
    bool const sound = one != "." && one != ".." && one.find('\\') == std::string_view::npos;
    require(sound);
    again.push_back('/');
    codec::append_percent_encoded(again, one);
  });
#if defined(TENSORGATE_PLANTED_FAULT)
  if (segments == 4) again += "%2F";
#endif
  require(segments == static_cast<std::size_t>(std::count(raw.begin(), raw.end(), '/')));
  for (char const c : *path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  std::string other;
  auto const  second = http::decode_path(again, other);
  require(second && *second == *path);
}

using pairs = std::vector<std::pair<std::string, std::string>>;

void check_query(std::string_view raw) {
  pairs       first;
  std::string kept;
  std::string again;
  auto const  read = http::for_each_query_pair(raw, kept, [&](http::query_pair const& one) {
    first.emplace_back(one.name, one.value);
    if (!again.empty()) again.push_back('&');
    codec::append_percent_encoded(again, one.name);
    again.push_back('=');
    codec::append_percent_encoded(again, one.value);
  });
  if (!read) return;
  pairs      second;
  auto const reread = http::for_each_query_pair(
      again, kept, [&](http::query_pair const& one) { second.emplace_back(one.name, one.value); });
  require(reread.has_value());
  require(first == second);
}

void check_authority(std::string_view text) {
  auto const parts = http::detail::parse_authority(text);
  if (!parts) return;
  require(text.substr(0, parts->host.size()) == parts->host);
  require(parts->host.size() == text.size() || text[parts->host.size()] == ':');
  auto host = parts->host;
  if (parts->port.empty() && host.size() != text.size()) return;  // an empty port: the other parser has none
  if (host[0] == '[') {
    if (host[1] == 'v' || host[1] == 'V') return;  // nor addresses of the future
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
             std::string_view::npos) {
    return;  // nor any other character of a name
  }
  std::string const url = "http://" + std::string(text) + "/";
  http_parser_url   split;
  http_parser_url_init(&split);
  require(http_parser_parse_url(url.data(), url.size(), 0, &split) == 0);
  require(std::string_view(url).substr(split.field_data[UF_HOST].off, split.field_data[UF_HOST].len) == host);
  if (!parts->port.empty())
    require(std::to_string(split.port) ==
            parts->port.substr(std::min(parts->port.find_first_not_of('0'), parts->port.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  check_path(input);
  check_path("/" + std::string(input));
  check_query(input);
  check_authority(input);
  return 0;
}
