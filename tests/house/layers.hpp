// tests/house/layers.hpp: do the headers keep to the line of rooms?
#pragma once

#include <algorithm>    // find, count
#include <array>        // array
#include <cstddef>      // size_t
#include <map>          // map
#include <set>          // set
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace tensorgate::house {

/// The rooms from left to right. A header includes only from its own room and from those before it.
inline constexpr std::array<std::string_view, 15> line_of_rooms = {
    "core",  "reflect", "crypto", "codec", "proof",   "identity", "net",  "http",
    "store", "chain",   "auth",   "ops",   "gateway", "service",  "roles"};

inline constexpr std::size_t longest_header = 600;  // lines

/// The rooms that each room's target links, itself and what those link included: from the table of the build.
using room_links = std::map<std::string, std::set<std::string>, std::less<>>;

struct header {
  std::string path;  // below include/, e.g. "tensorgate/core/hex.hpp"
  std::string text;
};

[[nodiscard]] inline std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    auto const end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// What a source includes: "tensorgate/core/hex.hpp", "sys/random.h".
[[nodiscard]] inline std::vector<std::string> includes_of(std::string_view text) {
  std::vector<std::string> found;
  for (auto const& row : split(text, '\n')) {
    auto const hash = row.find_first_not_of(" \t");
    if (hash == std::string::npos || row[hash] != '#') continue;
    auto const word = row.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || row.compare(word, 7, "include") != 0) continue;
    auto const open = row.find_first_of("<\"", word);
    if (open == std::string::npos) continue;
    auto const close = row.find_first_of(">\"", open + 1);
    if (close != std::string::npos) found.push_back(row.substr(open + 1, close - open - 1));
  }
  return found;
}

/// The room of a header; "" for the umbrella of all, which stands right of every room. An umbrella belongs to its room.
[[nodiscard]] inline std::string room_of(std::string_view path) {
  auto const parts = split(path, '/');
  if (parts.size() < 2 || parts[0] != "tensorgate") return "";
  if (parts.size() > 2) return parts[1];
  auto const name = parts[1].substr(0, parts[1].find('.'));
  return std::ranges::find(line_of_rooms, name) == line_of_rooms.end() ? "" : name;
}

/// The role of a header below roles/, or "".
[[nodiscard]] inline std::string role_of(std::string_view path) {
  auto const parts = split(path, '/');
  if (parts.size() < 3 || parts[1] != "roles") return "";
  return parts[2].substr(0, parts[2].find('.'));
}

[[nodiscard]] inline std::size_t place_of(std::string_view room) {
  return static_cast<std::size_t>(std::ranges::find(line_of_rooms, room) - line_of_rooms.begin());
}

/// Sockets, clocks that wait, threads and files: what no header left of `net` may include.
[[nodiscard]] inline bool is_waiting_header(std::string_view path) {
  static constexpr std::array<std::string_view, 16> whole = {
      "asio.hpp", "sys/socket.h", "sys/epoll.h", "sys/un.h",          "sys/stat.h", "sys/inotify.h",
      "poll.h",   "netdb.h",      "unistd.h",    "fcntl.h",           "thread",     "filesystem",
      "fstream",  "iostream",     "future",      "condition_variable"};
  return path.starts_with("asio/") || path.starts_with("netinet/") || path.starts_with("arpa/") ||
         path.starts_with("openssl/ssl") || std::ranges::find(whole, path) != whole.end();
}

[[nodiscard]] inline bool is_forbidden_name(std::string_view name) {
  static constexpr std::array<std::string_view, 6> forbidden = {"utils", "common", "helpers",
                                                                "misc",  "types",  "manager"};
  auto const                                       stem      = name.substr(0, name.find('.'));
  return stem.starts_with("base_") || std::ranges::any_of(forbidden, [&](auto word) {
           return stem == word || stem.ends_with("_" + std::string(word)) || stem.starts_with(std::string(word) + "_");
         });
}

/// What is wrong with a header and with what it includes; nothing when all is well.
[[nodiscard]] inline std::vector<std::string> faults_of(header const& one, room_links const& links) {
  std::vector<std::string> faults;
  auto const               parts    = split(one.path, '/');
  auto const               room     = room_of(one.path);
  auto const               umbrella = parts.size() == 2 || (parts.size() == 3 && room == "roles");
  auto const               say      = [&](std::string const& what) { faults.push_back(one.path + ": " + what); };

  if (parts.size() > 2 && place_of(room) == line_of_rooms.size()) say("no room is called " + room);
  for (auto const& part : parts) {
    if (is_forbidden_name(part)) say("name the idea instead of \"" + part + "\"");
  }
  if (!one.text.starts_with("// " + one.path + ":")) say("the first line does not say which question the file answers");
  if (one.text.find("\n#pragma once\n") == std::string::npos) say("no #pragma once");
  if (auto const rows = static_cast<std::size_t>(std::ranges::count(one.text, '\n')); rows > longest_header) {
    say(std::to_string(rows) + " lines, of " + std::to_string(longest_header));
  }
  if (umbrella && one.text.find("namespace ") != std::string::npos) say("an umbrella holds includes only");

  for (auto const& target : includes_of(one.text)) {
    auto const there = room_of(target);
    if (!target.starts_with("tensorgate/")) {
      if (!room.empty() && place_of(room) < place_of("net") && is_waiting_header(target)) {
        say("includes <" + target + ">, which belongs to net and the rooms right of it");
      }
      if (room != "net" && (target == "asio.hpp" || target.starts_with("asio/")))
        say("includes <" + target + ">; net/asio.hpp is the only include of Asio");
      continue;
    }
    if (there != room && target.find("/detail/") != std::string::npos)
      say("includes " + target + ", a detail of another room");
    if (room.empty()) continue;
    if (place_of(there) > place_of(room)) {
      say("includes " + target + ", which lies to the right");
    } else if (there == room) {
      auto const mine = role_of(one.path), other = role_of(target);
      if (!mine.empty() && mine != other) say("includes " + target + ", which is another role");
    } else if (auto const known = links.find(room); known != links.end() && !known->second.contains(there)) {
      say("includes " + target + ", but cmake/TensorgateRooms.cmake does not link " + room + " with " + there);
    }
  }
  return faults;
}

}  // namespace tensorgate::house
