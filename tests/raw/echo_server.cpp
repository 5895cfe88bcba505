// tests/raw/echo_server.cpp: a server with one route of each kind, for raw requests from outside.
//
//     echo_server [limit=value]…        listens on a free port of 127.0.0.1 and says which; times are in milliseconds

#include <atomic>        // atomic
#include <charconv>      // from_chars
#include <chrono>        // milliseconds
#include <cstdint>       // uint32_t, uint64_t
#include <cstdio>        // fprintf
#include <map>           // map
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc
#include <utility>       // move

#include <tensorgate/http/extract.hpp>    // to, body, query
#include <tensorgate/http/problem.hpp>    // problem_json
#include <tensorgate/http/route.hpp>      // get, post, routes
#include <tensorgate/http/server.hpp>     // server
#include <tensorgate/net/standalone.hpp>  // standalone

using namespace tensorgate;
using namespace tensorgate::http;

namespace {

struct order {
  std::string name;
  int         count = 0;
};
struct wanted {
  std::string value;
};

reply front() { return reply::text("front"); }
reply hello(std::string_view name) { return reply::text("hello " + std::string(name)); }
reply nothing() { return reply(status::no_content); }
reply unchanged() { return reply(status::not_modified).with("ETag", "\"1\""); }
reply last() {
  auto said = reply::text("last");
  said.closing();
  return said;
}
reply echo(body<std::string_view> const& what) { return reply::text(std::string(*what)); }
reply put_name(std::string_view name, body<std::string_view> const& what) {
  return reply::text(std::string(name) + "=" + std::string(*what));
}
reply drop_name(std::string_view /*name*/) { return reply(status::no_content); }
order take(body<order> const& what) { return *what; }
reply reflect_value(query<wanted> const& what) { return reply::text("reflected").with("X-Reflected", what->value); }

reply big() {
  static auto const all = shared_bytes::own(std::string(std::size_t{8} * 1024 * 1024, 'b'));
  return reply::of(all, "application/octet-stream");
}

task<reply> slow(std::uint32_t milliseconds) {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, std::chrono::milliseconds(milliseconds));
  auto const [stopped] = co_await clock.async_wait(net::as_values);
  reply said           = reply::text(stopped ? "stopped" : "slow");
  co_return said;
}

task<result<void>> stream(body_reader& in, body_writer& out) {
  for (;;) {
    auto const piece = co_await in.read();
    if (!piece) co_return fail(piece);
    if (piece->empty()) break;
    auto const written = co_await out.write(*piece);
    if (!written) co_return written;
  }
  co_return result<void>{};
}

// Bytes that handlers have handed over and taken, for those who look whether they are held up.
std::atomic<std::uint64_t> produced{0};
std::atomic<std::uint64_t> swallowed{0};

struct progress {
  std::uint64_t produced  = 0;
  std::uint64_t swallowed = 0;
};
progress so_far() { return {.produced = produced, .swallowed = swallowed}; }

task<result<void>> produce(std::uint64_t mebibytes, body_writer& out) {
  std::string const piece(std::size_t{64} * 1024, 'p');
  produced = 0;
  while (produced < mebibytes * 1024 * 1024) {
    auto const written = co_await out.write(piece);
    if (!written) co_return written;
    produced += piece.size();
  }
  co_return result<void>{};
}

task<result<reply>> swallow(body_reader& in) {
  swallowed = 0;
  for (;;) {
    auto const piece = co_await in.read();
    if (!piece) co_return fail(piece);
    if (piece->empty()) break;
    swallowed += piece->size();
  }
  co_return reply::text(std::to_string(swallowed));
}

/// False if there is no such limit.
bool set(limits& bounds, std::string_view name, std::uint32_t value) {
  std::map<std::string_view, std::chrono::milliseconds*> const times{
      {"head_time", &bounds.head_time}, {"idle", &bounds.idle},     {"progress_interval", &bounds.progress_interval},
      {"answer", &bounds.answer},       {"linger", &bounds.linger}, {"half_closed", &bounds.half_closed}};
  std::map<std::string_view, std::uint32_t*> const counts{{"connections", &bounds.connections},
                                                          {"connections_per_address", &bounds.connections_per_address},
                                                          {"in_flight", &bounds.in_flight},
                                                          {"requests", &bounds.requests_per_connection}};
  if (auto const time = times.find(name); time != times.end()) {
    *time->second = std::chrono::milliseconds(value);
    return true;
  }
  auto const count = counts.find(name);
  if (count != counts.end()) *count->second = value;
  return count != counts.end();
}

}  // namespace

int main(int argc, char** argv) {
  server_options options;
  options.listen[0].port = 0;
  for (int i = 1; i != argc; ++i) {
    std::string_view const word   = argv[i];
    auto const             equals = word.find('=');
    std::uint32_t          value  = 0;
    auto const             digits = equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
    bool const number = std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
    if (!number || !set(options.limits, word.substr(0, equals), value)) {
      std::fprintf(stderr, "echo_server: not a limit: %s\n", argv[i]);
      return 2;
    }
  }

  net::standalone::options one_loop;
  one_loop.loops = 1;
  net::standalone app(one_loop);
  constexpr auto  anything = std::size_t{1} << 40U;
  routes const    table{
      get<"/">(anyone, to<&front>()),
      get<"/hello/{name}">(anyone, to<&hello>()),
      get<"/nothing">(anyone, to<&nothing>()),
      get<"/unchanged">(anyone, to<&unchanged>()),
      get<"/last">(anyone, to<&last>()),
      get<"/reflect">(anyone, to<&reflect_value>()),
      get<"/big">(anyone, to<&big>()),
      get<"/slow/{milliseconds}">(anyone, to<&slow>()),
      post<"/echo">(anyone, to<&echo>()),
      post<"/small">(anyone, largest_body(16), to<&echo>()),
      post<"/stream">(anyone, to<&stream>()),
      get<"/produce/{mebibytes}">(anyone, to<&produce>()),
      post<"/swallow">(anyone, largest_body(anything), to<&swallow>()),
      post<"/pipe">(anyone, largest_body(anything), to<&stream>()),
      get<"/progress">(anyone, to<&so_far>()),
      post<"/order">(anyone, to<&take>()),
      put<"/names/{name}">(anyone, to<&put_name>()),
      del<"/names/{name}">(anyone, to<&drop_name>()),
  };
  server const serving(app, options, problem_json, table.table());
  return app.run();
}
