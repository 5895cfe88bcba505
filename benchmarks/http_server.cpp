// benchmarks/http_server.cpp: the server that the measurements ask: a route table, limits, and metrics and access log
// as far as they are asked for.
//
//     http_server PORT [--log FILE] [--metrics] [--tree FOLDER]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <tensorgate/http/extract.hpp>
#include <tensorgate/http/files.hpp>
#include <tensorgate/http/problem.hpp>
#include <tensorgate/http/route.hpp>
#include <tensorgate/http/server.hpp>
#include <tensorgate/net/standalone.hpp>
#include <tensorgate/ops/access_log.hpp>
#include <tensorgate/ops/metrics.hpp>

namespace {

namespace tg = tensorgate;
using namespace tg::http;

struct message {
  std::string_view message;
};

reply   plaintext() { return reply::text("Hello, World!"); }
message json() { return {.message = "Hello, World!"}; }
reply   greet(std::string_view name) { return reply::text(std::string("Hello, ").append(name)); }

/// What is noted of each exchange.
struct watcher {
  std::unique_ptr<tg::ops::metrics>    counts;
  std::unique_ptr<tg::ops::access_log> log;

  static void finished(void* self, request const& r) {
    auto& mine = *static_cast<watcher*>(self);
    if (mine.counts) mine.counts->finished(r.record, r.head.verb());
    if (mine.log) mine.log->finished(r);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: http_server PORT [--log FILE] [--metrics] [--tree FOLDER]\n");
    return 64;
  }
  watcher           seen;
  file_tree_options tree;
  tree.root = "/";
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--metrics") == 0) seen.counts = std::make_unique<tg::ops::metrics>(1);
    if (std::strcmp(argv[i], "--log") == 0 && i + 1 < argc) {
      tg::ops::log_options options;
      options.access = argv[++i];
      seen.log       = std::make_unique<tg::ops::access_log>(options, 1);
      if (!seen.log->start()) return 1;
    }
    if (std::strcmp(argv[i], "--tree") == 0 && i + 1 < argc) tree.root = argv[++i];
  }
  file_tree const files(tree);

  tg::net::standalone::options program;
  program.loops = 1;
  tg::net::standalone app(program);
  server_options      options;
  options.listen[0].port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  auto const table       = routes{
      get<"/plaintext">(anyone, to<&plaintext>()),
      get<"/json">(anyone, to<&json>()),
      get<"/greet/{name}">(anyone, to<&greet>()),
      get<"/files/{rest...}">(anyone, to<&serve_file>(files)),
  };
  exchange_sink sink;
  if (seen.counts || seen.log) sink = {.self = &seen, .finished = &watcher::finished};
  server const serving(app, options, problem_json, table.table(), sink);
  return app.run();
}
