#include <tensorgate/http/target.hpp>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace http = tensorgate::http;
using namespace std::string_literals;

namespace {

std::string decoded_path(std::string_view raw) {
  std::string kept = "what was here before";
  auto const  path = http::decode_path(raw, kept);
  if (path) return std::string(*path);
  CHECK(path.error().code == http::errc::bad_path);
  CHECK_FALSE(path.error().note.empty());
  return "refused";
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> all;
  CHECK(http::for_each_segment(path, [&](std::string_view one) { all.emplace_back(one); }));
  return all;
}

using pairs = std::vector<std::pair<std::string, std::string>>;

// "refused" for a name and nothing for a value: the query is refused.
pairs query(std::string_view text, std::size_t most = http::most_query_pairs) {
  pairs       all;
  std::string kept;
  auto const  read = http::for_each_query_pair(
      text, kept,
      [&](http::query_pair const& one) {
        all.emplace_back(one.name, one.has_value ? "=" + std::string(one.value) : std::string());
      },
      most);
  if (read) return all;
  CHECK(read.error().code == http::errc::bad_query);
  return {{"refused", ""}};
}

}  // namespace

TEST_CASE("a path without escapes is returned as it is") {
  std::string            kept;
  std::string_view const raw  = "/miner-positions/5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty/~x;y=z@1:2";
  auto const             path = http::decode_path(raw, kept);
  REQUIRE(path);
  CHECK(path->data() == raw.data());
  CHECK(path->size() == raw.size());
  CHECK(kept.capacity() == std::string().capacity());
}

TEST_CASE("escapes of a path are decoded once") {
  CHECK(decoded_path("/") == "/");
  CHECK(decoded_path("//") == "//");
  CHECK(decoded_path("/a//b/") == "/a//b/");
  CHECK(decoded_path("/%41%62") == "/Ab");
  CHECK(decoded_path("/a%20b") == "/a b");
  CHECK(decoded_path("/a+b") == "/a+b");
  CHECK(decoded_path("/%2541") == "/%41");
  CHECK(decoded_path("/%252F") == "/%2F");
  CHECK(decoded_path("/%C3%A9") == "/\xC3\xA9");
  CHECK(decoded_path("/%f0%9f%98%80") == "/\xF0\x9F\x98\x80");
  CHECK(decoded_path("/%3Fa%23b") == "/?a#b");
  CHECK(decoded_path("/...") == "/...");
  CHECK(decoded_path("/.a/..b/c./d..") == "/.a/..b/c./d..");
  CHECK(decoded_path("/%2e%2e%2e") == "/...");
}

TEST_CASE("paths that could mean another path are refused") {
  for (auto const raw : {"",
                         "a",
                         "*",
                         "a/b",
                         "/a%2Fb",
                         "/a%2fb",
                         "/a%5Cb",
                         "/a%5c",
                         "/a\\b",
                         "/.",
                         "/..",
                         "/a/../b",
                         "/a/./b",
                         "/a/..",
                         "/./a",
                         "/../",
                         "/%2e",
                         "/%2E%2e/",
                         "/.%2e",
                         "/%2e./x",
                         "/a/%2e%2e/b",
                         "/%",
                         "/%4",
                         "/%zz",
                         "/%4g",
                         "/%g4",
                         "/%%41",
                         "/a%",
                         "/%u0041",
                         "/%00",
                         "/a%00.json",
                         "/%0a",
                         "/%0d%0a",
                         "/%09",
                         "/%1f",
                         "/%7f",
                         "/%ff",
                         "/%c3",
                         "/%c3%28",
                         "/%80",
                         "/%c0%af",
                         "/%e0%80%af",
                         "/%f0%80%80%af",
                         "/%c0%ae%c0%ae/",
                         "/%ed%a0%80",
                         "/%f4%90%80%80",
                         "/%f5%80%80%80",
                         "/a b",
                         "/a\tb",
                         "/a\x7f",
                         "/\xC3\xA9",
                         "/a?b",
                         "/a#b",
                         "/<",
                         "/\"",
                         "/{x}",
                         "/|",
                         "/^",
                         "/`",
                         "/[x]"}) {
    INFO(raw);
    CHECK(decoded_path(raw) == "refused");
  }
  CHECK(decoded_path("/a\0b"s) == "refused");
}

TEST_CASE("a path has the segments that its slashes make") {
  CHECK(segments("/") == std::vector<std::string>{""});
  CHECK(segments("/a") == std::vector<std::string>{"a"});
  CHECK(segments("/a/") == std::vector<std::string>{"a", ""});
  CHECK(segments("//a") == std::vector<std::string>{"", "a"});
  CHECK(segments("/a/b/c") == std::vector<std::string>{"a", "b", "c"});
  CHECK_FALSE(http::for_each_segment("", [](std::string_view) {}));
  CHECK_FALSE(http::for_each_segment("a", [](std::string_view) {}));
  int seen = 0;
  CHECK_FALSE(http::for_each_segment("/a/b/c", [&](std::string_view) { return ++seen < 2; }));
  CHECK(seen == 2);
}

TEST_CASE("a decoded path has as many segments as the raw one") {
  std::mt19937                               random(20240601);
  std::string_view const                     bits[] = {"a", "/", "%41", "%2e", ".", "%25", "%C3%A9", "+", "%20", "b"};
  std::uniform_int_distribution<std::size_t> which(0, std::size(bits) - 1);
  int                                        good = 0;
  for (int round = 0; round != 20000; ++round) {
    std::string raw = "/";
    for (std::size_t i = random() % 12; i != 0; --i) raw += bits[which(random)];
    std::string kept;
    auto const  path = http::decode_path(raw, kept);
    if (!path) continue;
    ++good;
    CHECK(segments(*path).size() == segments(raw).size());
    CHECK(segments(*path).size() == static_cast<std::size_t>(std::count(raw.begin(), raw.end(), '/')));
  }
  CHECK(good > 5000);
}

TEST_CASE("a query is its pairs, decoded once") {
  CHECK(query("").empty());
  CHECK(query("a") == pairs{{"a", ""}});
  CHECK(query("a=") == pairs{{"a", "="}});
  CHECK(query("a=1&b=2") == pairs{{"a", "=1"}, {"b", "=2"}});
  CHECK(query("a=1&a=2") == pairs{{"a", "=1"}, {"a", "=2"}});
  CHECK(query("&&a=1&") == pairs{{"a", "=1"}});
  CHECK(query("a=b=c") == pairs{{"a", "=b=c"}});
  CHECK(query("=x") == pairs{{"", "=x"}});
  CHECK(query("a=x+y%20z") == pairs{{"a", "=x y z"}});
  CHECK(query("a%3Db=%26%2B") == pairs{{"a=b", "=&+"}});
  CHECK(query("a=%2541") == pairs{{"a", "=%41"}});
  CHECK(query("a=%0A") == pairs{{"a", "=\n"}});
  CHECK(query("%C3%A9=%e2%82%ac") == pairs{{"\xC3\xA9", "=\xE2\x82\xAC"}});
  CHECK(query("a;b=/?:@") == pairs{{"a;b", "=/?:@"}});
}

TEST_CASE("a query that cannot be decoded is refused") {
  pairs const refused{{"refused", ""}};
  for (auto const text :
       {"a=%", "a=%4", "a=%zz", "%", "a&%g1", "a=%00", "a%00=1", "a=%ff", "a=%c3", "%c0%af=1", "a=%ed%a0%80"}) {
    INFO(text);
    CHECK(query(text).back() == refused.back());
  }
  CHECK(query("a&b&c", 3).size() == 3);
  CHECK(query("a&b&c&d", 3) == refused);
  std::string many;
  for (int i = 0; i != 101; ++i) many += "a&";
  CHECK(query(many) == refused);
}

TEST_CASE("views of earlier pairs stay true while later ones are decoded") {
  std::string text;
  for (int i = 0; i != 80; ++i) text += "name%20" + std::to_string(i) + "=value+" + std::to_string(i) + "&";
  std::string                   kept;
  std::vector<http::query_pair> all;
  REQUIRE(http::for_each_query_pair(text, kept, [&](http::query_pair const& one) { all.push_back(one); }));
  REQUIRE(all.size() == 80);
  for (std::size_t i = 0; i != all.size(); ++i) {
    CHECK(all[i].name == "name " + std::to_string(i));
    CHECK(all[i].value == "value " + std::to_string(i));
  }
}
