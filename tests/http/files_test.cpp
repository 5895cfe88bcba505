#include <tensorgate/http/files.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace fs   = std::filesystem;
namespace http = tensorgate::http;

namespace {

/// A folder that goes away.
struct folder {
  fs::path path;

  folder() {
    std::string name = (fs::temp_directory_path() / "files_test.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  folder(folder const&)            = delete;
  folder& operator=(folder const&) = delete;
  ~folder() { fs::remove_all(path); }

  void write(std::string_view name, std::string_view text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
  }
};

std::string text_of(http::content const& what) {
  std::string text;
  REQUIRE(http::append_bytes(what, 0, static_cast<std::size_t>(http::size_of(what)), text));
  return text;
}

bool is_missing(tensorgate::result<http::representation> const& found) {
  return !found && found.error().code == http::errc::not_found;
}

}  // namespace

TEST_CASE("the media type follows the ending of the name") {
  CHECK(http::content_type_of("a/b.json") == "application/json");
  CHECK(http::content_type_of("B.JSON") == "application/json");
  CHECK(http::content_type_of("x.tar.gz") == "application/gzip");
  CHECK(http::content_type_of("x.avif") == "image/avif");
  CHECK(http::content_type_of("x.zst") == "application/zstd");
  for (auto const* const name : {"x", "x.", "x.unheardof", "x.averyveryverylongending", ".json.", "jsom"}) {
    CHECK(http::content_type_of(name) == "application/octet-stream");
  }
}

TEST_CASE("a path is plain if each of its segments is a name") {
  using http::detail::is_plain_path;
  CHECK(is_plain_path("a", false));
  CHECK(is_plain_path("a/b..c/d.json", false));
  CHECK(is_plain_path("a/.b", true));
  for (auto const path :
       {std::string_view(""), std::string_view("/"), std::string_view("/a"), std::string_view("a/"),
        std::string_view("a//b"), std::string_view("."), std::string_view(".."), std::string_view("a/.."),
        std::string_view("../a"), std::string_view("a/./b"), std::string_view("a\0b", 3)}) {
    CHECK(!is_plain_path(path, true));
  }
  CHECK(!is_plain_path("a/.b", false));
  CHECK(!is_plain_path(".b/a", false));
  CHECK(!is_plain_path(std::string(256, 'a'), true));
}

TEST_CASE("a file has a tag and a date, and both follow what is written") {
  folder const dir;
  dir.write("sub/a.json", "{}");
  http::file_tree_options options;
  options.root = dir.path.string();
  http::file_tree const tree(options);

  auto const found = tree.open("sub/a.json");
  REQUIRE(found);
  CHECK(text_of(found->identity) == "{}");
  CHECK(http::is_empty(found->gzip));
  CHECK(found->content_type == "application/json");
  CHECK(!found->etag.empty());
  REQUIRE(found->last_modified);

  dir.write("sub/a.json", "{ }");
  auto const again = tree.open("sub/a.json");
  REQUIRE(again);
  CHECK(again->etag != found->etag);
  CHECK(text_of(again->identity) == "{ }");
}

TEST_CASE("what is no regular file below the root is not found") {
  folder const outside;
  outside.write("secret", "secret");
  folder const dir;
  dir.write("a", "a");
  dir.write("sub/b", "b");
  dir.write(".hidden", "h");
  dir.write(".git/config", "h");
  fs::create_symlink(outside.path / "secret", dir.path / "link");
  fs::create_symlink(outside.path, dir.path / "linked");
  fs::create_symlink("a", dir.path / "inner");
  REQUIRE(::mkfifo((dir.path / "fifo").c_str(), 0600) == 0);

  http::file_tree_options options;
  options.root = dir.path.string();
  http::file_tree const tree(options);
  CHECK(tree.open("a"));
  CHECK(tree.open("sub/b"));
  auto const                     up = "../" + outside.path.filename().string() + "/secret";
  std::vector<std::string> const refused{"link",
                                         "linked/secret",
                                         "inner",
                                         up,
                                         "sub/../" + up,
                                         "sub",
                                         "fifo",
                                         "none",
                                         "a/b",
                                         ".hidden",
                                         ".git/config",
                                         "",
                                         "linked/../a",
                                         "sub/",
                                         (outside.path / "secret").string()};
  for (auto const& path : refused) {
    CAPTURE(path);
    CHECK(is_missing(tree.open(path)));
  }

  options.hidden = true;
  CHECK(http::file_tree(options).open(".hidden"));
}

TEST_CASE("without openat2 the same paths are opened and refused") {
  folder const outside;
  outside.write("secret", "secret");
  folder const dir;
  dir.write("sub/deep/b", "b");
  fs::create_symlink(outside.path / "secret", dir.path / "link");
  fs::create_symlink(outside.path, dir.path / "sub" / "linked");
  http::detail::open_file const root(::open(dir.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(root.is_open());
  for (auto const& [path, opens] :
       {std::pair{"sub/deep/b", true}, std::pair{"link", false}, std::pair{"sub/linked/secret", false},
        std::pair{"none/b", false}, std::pair{"sub/deep/b/c", false}}) {
    CAPTURE(path);
    CHECK(http::detail::open_by_segments(root.get(), path).has_value() == opens);
    CHECK(http::detail::open_beneath(root.get(), path).has_value() == opens);
  }
}

TEST_CASE("a compressed sibling is the coded form unless it is older") {
  folder const dir;
  auto const   packed = tensorgate::codec::gzip_compress("text");
  dir.write("a.txt", "text");
  dir.write("a.txt.gz", packed);
  dir.write("only.txt.gz", packed);
  http::file_tree_options options;
  options.root = dir.path.string();
  http::file_tree const tree(options);

  auto const found = tree.open("a.txt");
  REQUIRE(found);
  CHECK(text_of(found->gzip) == packed);
  CHECK(found->gzip_etag != found->etag);
  CHECK(found->content_type == "text/plain; charset=utf-8");

  auto const only = tree.open("only.txt");
  REQUIRE(only);
  CHECK(http::is_empty(only->identity));
  CHECK(text_of(only->gzip) == packed);

  auto const itself = tree.open("a.txt.gz");
  REQUIRE(itself);
  CHECK(itself->content_type == "application/gzip");
  CHECK(http::is_empty(itself->gzip));

  fs::last_write_time(dir.path / "a.txt.gz", fs::last_write_time(dir.path / "a.txt") - std::chrono::seconds(1));
  auto const stale = tree.open("a.txt");
  REQUIRE(stale);
  CHECK(http::is_empty(stale->gzip));

  options.precompressed = false;
  http::file_tree const bare(options);
  CHECK(is_missing(bare.open("only.txt")));
}

TEST_CASE("a root that is no folder is refused at once") {
  http::file_tree_options options;
  options.root = "/dev/null";
  CHECK_THROWS_AS(http::file_tree{options}, std::system_error);
}

TEST_CASE("a file that has become shorter is told apart from one that was read") {
  folder const dir;
  dir.write("a.txt", "long text");
  http::file_tree_options options;
  options.root = dir.path.string();
  http::file_tree const tree(options);
  auto const            found = tree.open("a.txt");
  REQUIRE(found);
  fs::resize_file(dir.path / "a.txt", 4);
  std::string text;
  auto const  read = http::append_bytes(found->identity, 0, 9, text);
  REQUIRE(!read);
  CHECK(read.error().code == http::errc::truncated);
}

TEST_CASE("a served file answers conditions and ranges like any representation") {
  folder const dir;
  dir.write("a.txt", "0123456789");
  http::file_tree_options options;
  options.root = dir.path.string();
  http::file_tree const tree(options);

  std::string const bytes = "GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=-3\r\n\r\n";
  http::request     r;
  http::head_parser parser;
  REQUIRE(parser.parse(bytes, r.head) == http::parse_state::complete);
  auto const answer = http::serve_file(tree, r, "a.txt");
  REQUIRE(answer);
  CHECK(answer->code() == http::status::partial_content);
  auto const& sent = std::get<http::file_bytes>(answer->body());
  CHECK(sent.offset() == 7);
  CHECK(sent.length() == 3);
  CHECK(!http::serve_file(tree, r, "b.txt"));
}
