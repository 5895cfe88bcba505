// tests/house/layers_test.cpp: the headers keep to the line of rooms.
#include "house/layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>    // any_of
#include <map>          // map
#include <set>          // set
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include "house/tree.hpp"

namespace {

using namespace tensorgate::house;

room_links const few = {{"core", {"core"}}, {"codec", {"codec", "core"}}, {"http", {"http", "net", "core"}}};

/// The faults of a header at `path` that is in order but for `rows`.
std::size_t faults(std::string const& path, std::string_view rows) {
  return faults_of({path, "// " + path + ": is it right?\n#pragma once\n\n" + std::string(rows) + "\n"}, few).size();
}

/// What the build sets from its table: "core=core reflect=core,reflect …".
room_links rows_of(std::string_view table) {
  room_links rows;
  for (auto const& row : split(table, ' ')) {
    if (row.empty()) continue;
    auto const at   = row.find('=');
    auto&      into = rows[row.substr(0, at)];
    for (auto const& one : split(std::string_view(row).substr(at + 1), ',')) {
      if (!one.empty()) into.insert(one);
    }
  }
  return rows;
}
room_links links_of_the_build() { return rows_of(TENSORGATE_ROOM_LINKS); }

/// What the headers of each room include, by room.
std::map<std::string, std::set<std::string>> includes_by_room() {
  std::map<std::string, std::set<std::string>> found;
  for (auto const& path : files_in("include", {".hpp"})) {
    auto const below = path.lexically_relative(root / "include").string();
    if (split(below, '/').size() < 3) continue;
    for (auto const& one : includes_of(read_file(path))) found[room_of(below)].insert(one);
  }
  return found;
}

}  // namespace

TEST_CASE("an arrow to the right is found") {
  CHECK(faults("tensorgate/codec/a.hpp", "#include <tensorgate/http/head.hpp>") == 1);
  CHECK(faults("tensorgate/codec/a.hpp", "#  include \"tensorgate/http.hpp\"") == 1);
  CHECK(faults("tensorgate/codec.hpp", "#include <tensorgate/tensorgate.hpp>") == 1);
  CHECK(faults("tensorgate/http/a.hpp", "#include <tensorgate/core/hex.hpp>") == 0);
  CHECK(faults("tensorgate/http/a.hpp", "#include <tensorgate/http/head.hpp>  // head") == 0);
}

TEST_CASE("an include that the room's target does not link is found") {
  CHECK(faults("tensorgate/http/a.hpp", "#include <tensorgate/codec/gzip.hpp>") == 1);
}

TEST_CASE("another room's detail is found, one's own is not") {
  CHECK(faults("tensorgate/codec/a.hpp", "#include <tensorgate/core/detail/x.hpp>") == 1);
  CHECK(faults("tensorgate/codec/a.hpp", "#include <tensorgate/codec/detail/x.hpp>") == 0);
  CHECK(faults("tensorgate/tensorgate.hpp", "#include <tensorgate/core/detail/x.hpp>") == 1);
}

TEST_CASE("an include from role to role is found") {
  CHECK(faults("tensorgate/roles/outputs/a.hpp", "#include <tensorgate/roles/filetao/b.hpp>") == 1);
  CHECK(faults("tensorgate/roles/outputs/a.hpp", "#include <tensorgate/roles/outputs/b.hpp>") == 0);
  CHECK(faults("tensorgate/roles/outputs.hpp", "#include <tensorgate/roles/outputs/b.hpp>") == 0);
  CHECK(faults("tensorgate/roles.hpp", "#include <tensorgate/roles/outputs.hpp>") == 0);
}

TEST_CASE("Asio, sockets, threads and files left of net are found") {
  for (auto const* include :
       {"asio.hpp", "asio/io_context.hpp", "sys/socket.h", "netinet/in.h", "openssl/ssl.h", "fstream", "thread"}) {
    CAPTURE(include);
    CHECK(faults("tensorgate/codec/a.hpp", "#include <" + std::string(include) + ">") >= 1);
  }
  CHECK(faults("tensorgate/net/asio.hpp", "#include <asio/io_context.hpp>") == 0);
  CHECK(faults("tensorgate/http/a.hpp", "#include <asio/io_context.hpp>") == 1);
  CHECK(faults("tensorgate/http/a.hpp", "#include <sys/socket.h>") == 0);
}

TEST_CASE("the form of a header is checked") {
  CHECK(faults_of({"tensorgate/core/a.hpp", "// tensorgate/core/a.hpp: what?\n"}, few).size() == 1);  // no #pragma once
  CHECK(faults_of({"tensorgate/core/a.hpp", "// tensorgate/core/b.hpp: what?\n#pragma once\n"}, few).size() ==
        1);  // another name
  CHECK(faults("tensorgate/core/a.hpp", std::string(longest_header, '\n')) == 1);
  CHECK(faults("tensorgate/attic/a.hpp", "") == 1);
  CHECK(faults("tensorgate/core/string_utils.hpp", "") == 1);
  CHECK(faults("tensorgate/core/base_reader.hpp", "") == 1);
  CHECK(faults("tensorgate/core/common/a.hpp", "") == 1);
  CHECK(faults("tensorgate/core/base64.hpp", "") == 0);
  CHECK(faults("tensorgate/core.hpp", "namespace tensorgate {}") == 1);
}

TEST_CASE("every header of the project keeps to the line") {
  auto const links = links_of_the_build();
  auto const files = files_in("include", {".hpp", ".h", ".hh", ".ipp", ".inl"});
  REQUIRE(files.size() > 5);
  for (auto const& path : files) {
    for (auto const& fault : faults_of({path.lexically_relative(root / "include").string(), read_file(path)}, links))
      FAIL_CHECK(fault);
  }
}

bool begins(std::string_view text, std::vector<std::string_view> const& with_one_of) {
  return std::ranges::any_of(with_one_of, [&](std::string_view one) { return text.starts_with(one); });
}

TEST_CASE("a room links only what its headers need, and brings only the packages that they include") {
  auto const                                                              links    = links_of_the_build();
  auto const                                                              packages = rows_of(TENSORGATE_ROOM_PACKAGES);
  std::map<std::string, std::vector<std::string_view>, std::less<>> const headers  = {
      {"expected", {"tl/expected.hpp"}},
      {"botan", {"botan/"}},
      {"deflate", {"libdeflate.h"}},
      {"zlib", {"zlib.h"}},
      {"asio", {"asio"}},
      {"openssl", {"openssl/"}},
      {"fmt", {"fmt/"}},
      {"toml", {"toml++/"}},
      {"threads", {"thread", "mutex", "atomic"}}};

  for (auto const& [room, included] : includes_by_room()) {
    CAPTURE(room);
    std::set<std::string> needed = {room};
    for (auto const& one : included) {
      auto const other = room_of(one);
      if (!other.empty()) needed.insert(links.at(other).begin(), links.at(other).end());
    }
    CHECK(links.at(room) == needed);
    for (auto const& [package, names] : headers) {
      CAPTURE(package);
      bool const includes = std::ranges::any_of(included, [&](std::string const& one) { return begins(one, names); });
      bool const brings   = packages.at(room).contains(package);
      bool const linked =
          std::ranges::any_of(links.at(room), [&](auto const& by) { return packages.at(by).contains(package); });
      if (brings) CHECK(includes);
      if (includes && package != "threads") CHECK(linked);
    }
  }
}

TEST_CASE("a room's umbrella includes every public header of the room, and the umbrella of all every room") {
  std::set<std::string> rooms;
  for (auto const& path : files_in("include", {".hpp"})) {
    auto const below = path.lexically_relative(root / "include").string();
    auto const parts = split(below, '/');
    if (parts.size() < 3 || below.find("/detail/") != std::string::npos) continue;
    auto const& room = parts[1];
    rooms.insert(room);
    // A role's headers belong to the role's umbrella.
    bool const role     = room == "roles" && parts.size() > 3;
    auto const umbrella = "tensorgate/" + room + (role ? "/" + parts[2] : "") + ".hpp";
    auto const listed   = includes_of(read_file(root / "include" / umbrella));
    CHECK_MESSAGE((below == umbrella || std::ranges::find(listed, below) != listed.end()),
                  umbrella << " does not include " << below);
  }
  auto const all = includes_of(read_file(root / "include/tensorgate/tensorgate.hpp"));
  for (auto const& room : rooms) {
    CHECK_MESSAGE(std::ranges::find(all, "tensorgate/" + room + ".hpp") != all.end(),
                  "tensorgate.hpp does not include the room " << room);
  }
}

TEST_CASE("no source, page or script names a path of one machine or leaves a thing for later") {
  auto const is_word = [](std::string_view text, std::size_t at, std::size_t size) {
    auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return (at == 0 || !letter(text[at - 1])) && (at + size >= text.size() || !letter(text[at + size]));
  };
  std::vector<std::filesystem::path> files;
  for (auto const* folder : {"include", "apps", "tests", "benchmarks", "cmake"}) {
    for (auto const& path :
         files_in(folder, {".hpp", ".cpp", ".cmake", ".txt", ".sh", ".md", ".toml", ".mjs", ".service"})) {
      if (path.filename() != "layers_test.cpp" && path.string().find("/corpus/") == std::string::npos &&
          path.string().find("/vectors/") == std::string::npos &&
          path.string().find("/node_modules/") == std::string::npos) {
        files.push_back(path);
      }
    }
  }
  for (auto const& path : files) {
    auto const text = read_file(path);
    for (std::string_view const word : {"TODO", "FIXME", "XXX", "HACK"}) {
      for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        CHECK_MESSAGE(!is_word(text, at, word.size()), path.string() << " says " << word);
      }
    }
    for (std::string_view const place : {"/work/", "/root/", "/home/"}) {
      CHECK_MESSAGE(text.find(place) == std::string::npos, path.string() << " names " << place);
    }
  }
}
