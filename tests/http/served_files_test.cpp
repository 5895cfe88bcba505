// Files, a representation in memory and events, served by the server and fetched by the client.
#include <tensorgate/http/client.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <tensorgate/http/extract.hpp>
#include <tensorgate/http/files.hpp>
#include <tensorgate/http/problem.hpp>
#include <tensorgate/http/route.hpp>
#include <tensorgate/http/server.hpp>
#include <tensorgate/http/sse.hpp>
#include <tensorgate/net/standalone.hpp>

namespace fs   = std::filesystem;
namespace http = tensorgate::http;
namespace net  = tensorgate::net;
using http::status;
using tensorgate::result;
using tensorgate::task;

namespace {

/// What came back: status, the fields that are asked for, the body.
struct got {
  status                                           code{};
  std::string                                      body;
  std::string                                      content_range, content_type, etag, coding;
  std::vector<std::pair<std::string, std::string>> events;
};

task<result<void>> count(http::sse::writer& out) {
  for (auto const* const text : {"one", "two\nlines"}) {
    auto const sent = co_await out.send("count", text);
    if (!sent) co_return sent;
  }
  co_return co_await out.beat();
}

task<void> fetch_into(http::client& ask, http::client_request what, std::optional<result<got>>& out) {
  auto answer = co_await ask.send(std::move(what));
  if (!answer) {
    out = tensorgate::fail(answer);
    co_return;
  }
  got made;
  made.code          = answer->code();
  made.content_range = answer->field(http::known_field::content_range);
  made.content_type  = answer->field(http::known_field::content_type);
  made.etag          = answer->field(http::known_field::etag);
  made.coding        = answer->field(http::known_field::content_encoding);
  auto text          = co_await answer->body();
  if (!text) {
    out = tensorgate::fail(text);
    co_return;
  }
  made.body = std::move(*text);
  out       = std::move(made);
}

struct scene {
  fs::path                       folder;
  std::optional<http::file_tree> tree;
  std::optional<net::standalone> app;
  asio::io_context               loop;
  http::client                   ask{loop};
  std::uint16_t                  port = 0;

  scene() {
    std::string name = (fs::temp_directory_path() / "served_files.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  scene(scene const&)            = delete;
  scene& operator=(scene const&) = delete;
  ~scene() {
    app.reset();
    fs::remove_all(folder);
  }

  got fetch(std::string const& target, std::vector<std::pair<std::string, std::string>> const& fields = {},
            http::method verb = http::method::get) {
    auto const           where = http::url::parse("http://127.0.0.1:" + std::to_string(port) + target);
    http::client_request what(verb, *where);
    for (auto const& [name, value] : fields) what.with(name, value);
    std::optional<result<got>> answer;
    asio::co_spawn(loop, fetch_into(ask, std::move(what), answer), asio::detached);
    while (!answer) {
      loop.restart();
      loop.run_one();
    }
    REQUIRE(*answer);
    return **answer;
  }
};

}  // namespace

TEST_CASE("files and events reach a client whole, in parts, coded, or not at all") {
  std::string large;
  while (large.size() < 3'000'000) large.append("0123456789abcdef");
  scene there;
  std::ofstream(there.folder / "large.txt", std::ios::binary) << large;
  std::ofstream(there.folder / "large.txt.gz", std::ios::binary) << tensorgate::codec::gzip_compress(large);
  std::ofstream(there.folder / "only.json.gz", std::ios::binary) << tensorgate::codec::gzip_compress("{}");
  std::ofstream(there.folder / "stored.txt.gz", std::ios::binary) << tensorgate::codec::gzip_compress(large);
  http::file_tree_options where;
  where.root = there.folder.string();
  there.tree.emplace(where);

  net::standalone::options quiet;
  quiet.loops = 1;
  quiet.say   = [](std::string_view) {};
  there.app.emplace(quiet);
  auto const table = http::routes{
      http::get<"/files/{rest...}">(http::anyone, http::to<&http::serve_file>(*there.tree)),
      http::get<"/events">(http::anyone, http::to<&count>()),
  };
  http::server_options options;
  options.listen[0].port = 0;
  http::server const serving(*there.app, options, http::problem_json, table.table());
  REQUIRE(there.app->start());
  there.port = serving.port();

  auto const whole = there.fetch("/files/large.txt");
  CHECK(whole.code == status::ok);
  CHECK(whole.body == large);
  CHECK(whole.content_type == "text/plain; charset=utf-8");

  auto const part = there.fetch("/files/large.txt", {{"Range", "bytes=1000000-2999999"}, {"If-Range", whole.etag}});
  CHECK(part.code == status::partial_content);
  CHECK(part.body == large.substr(1'000'000, 2'000'000));
  CHECK(part.content_range == "bytes 1000000-2999999/3000000");

  auto const parts = there.fetch("/files/large.txt", {{"Range", "bytes=0-999999,2000000-"}});
  CHECK(parts.code == status::partial_content);
  CHECK(parts.content_type.starts_with("multipart/byteranges"));
  CHECK(parts.body.find(large.substr(2'000'000)) != std::string::npos);

  auto const coded = there.fetch("/files/large.txt", {{"Accept-Encoding", "gzip"}});
  CHECK(coded.coding == "gzip");
  CHECK(tensorgate::codec::gzip_decompress(coded.body, large.size()) == large);
  CHECK(coded.etag != whole.etag);

  CHECK(there.fetch("/files/large.txt", {{"If-None-Match", whole.etag}}).code == status::not_modified);
  CHECK(there.fetch("/files/large.txt", {}, http::method::head).body.empty());
  CHECK(there.fetch("/files/large.txt", {{"Range", "bytes=3000000-"}}).code == status::range_not_satisfiable);
  CHECK(there.fetch("/files/only.json").coding.empty());
  CHECK(there.fetch("/files/only.json", {{"Accept-Encoding", "identity"}}).body == "{}");
  // Decoded while it is sent: the loop has others to serve, and holds no copy.
  CHECK(there.fetch("/files/stored.txt").body == large);
  CHECK(there.fetch("/files/stored.txt").content_range.empty());
  CHECK(there.fetch("/files/stored.txt", {{"Range", "bytes=0-9"}}).code == status::ok);
  CHECK(there.fetch("/files/stored.txt", {{"Accept-Encoding", "gzip"}}).coding == "gzip");
  CHECK(there.fetch("/files/stored.txt", {}, http::method::head).body.empty());
  CHECK(there.fetch("/files/none").code == status::not_found);
  CHECK(there.fetch("/files/.hidden").code == status::not_found);
  CHECK(there.ask.open_connections() == 1);

  auto const events = there.fetch("/events");
  CHECK(events.content_type == "text/event-stream");
  CHECK(events.body == "event: count\ndata: one\n\nevent: count\ndata: two\ndata: lines\n\n:\n\n");
  there.app->stop();  // before what it serves goes
}
