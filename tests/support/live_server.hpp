// tests/support/live_server.hpp: a server on loopback with a table of routes written by hand, for tests of the session.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tensorgate/http/server.hpp>
#include <tensorgate/net/memory_file.hpp>
#include <tensorgate/net/standalone.hpp>

namespace tensorgate::test {

using namespace std::chrono_literals;

/// What the handlers of the live server saw.
struct sightings {
  std::atomic<std::uint64_t> produced{0};  ///< bytes that /produce handed over
  std::atomic<int>           ended{0};     ///< streaming handlers that came to their end
  std::atomic<int>           closed{0};    ///< of those, the ones that saw the peer gone
  std::atomic<int>           torn{0};      ///< pieces of a body that changed while a handler held them
  std::atomic<int>           held{0};      ///< resources that handlers hold now
};
inline sightings seen;

namespace routes {

inline http::shared_bytes const& big_bytes() {
  static auto const all = [] {
    std::string text(8 * 1024 * 1024, 'b');
    for (std::size_t i = 0; i < text.size(); i += 4096) text[i] = static_cast<char>('a' + i / 4096 % 26);
    return http::shared_bytes::own(std::move(text));
  }();
  return all;
}
inline http::shared_bytes const& file_bytes() {
  static auto const all = [] {
    auto file = std::make_shared<net::memory_file>(net::memory_file::copy_of(big_bytes().view()).value());
    auto view = file->view();
    int  from = file->descriptor();
    return http::shared_bytes(std::move(file), view, from);
  }();
  return all;
}

inline http::reply hello(void const*, http::request&) { return http::reply::text("hello"); }
inline http::reply target(void const*, http::request& r) {
  return http::reply::text(std::string(r.head.target()) + " " + std::string(r.head.query()));
}
inline http::reply whole(void const*, http::request& r) { return http::reply::text(std::string(r.body)); }
inline http::reply who(void const*, http::request& r) {
  return http::reply::text(r.client.to_text() + " " + std::string(r.scheme));
}
inline http::reply big(void const*, http::request&) { return http::reply::of(big_bytes(), "text/plain"); }
inline http::reply file(void const*, http::request&) { return http::reply::of(file_bytes(), "text/plain"); }
inline http::reply nothing(void const*, http::request&) { return http::reply(http::status::no_content); }
inline http::reply fails(void const*, http::request&) { throw std::runtime_error("deliberate"); }

inline std::optional<http::reply> refuses(void const*, http::request& r) {
  return r.refuse(http::from(failure{http::errc::unauthorized, "no"}));
}
inline task<std::optional<http::reply>> slow(void const*, http::request& r, http::body_reader&, http::body_writer&) {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, std::chrono::milliseconds(std::stoi(std::string(r.head.query()))));
  auto const [stopped] = co_await clock.async_wait(net::as_values);
  ++seen.ended;
  if (stopped) {
    ++seen.closed;
    co_return std::nullopt;
  }
  co_return http::reply::text("slow");
}
/// Something that a handler has for as long as its frame lives.
struct resource {
  resource() { ++seen.held; }
  resource(resource const&)            = delete;
  resource& operator=(resource const&) = delete;
  ~resource() { --seen.held; }
};
/// Waits for as many milliseconds as the query says, deep in its frames, and does not look why a wait ends.
inline task<void> hold_deeper(std::chrono::milliseconds time) {
  resource const     inner;
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, time);
  co_await clock.async_wait(net::as_values);
  co_await clock.async_wait(net::as_values);  // throws where the first wait was cancelled
}
inline task<std::optional<http::reply>> hold(void const*, http::request& r, http::body_reader&, http::body_writer&) {
  resource const outer;
  co_await hold_deeper(std::chrono::milliseconds(std::stoi(std::string(r.head.query()))));
  co_return http::reply::text("held");
}
/// The same, deaf to cancellation.
inline task<std::optional<http::reply>> deaf(void const*, http::request& r, http::body_reader&, http::body_writer&) {
  resource const outer;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await hold_deeper(std::chrono::milliseconds(std::stoi(std::string(r.head.query()))));
  co_return http::reply::text("heard");
}
inline task<std::optional<http::reply>> stream(void const*, http::request& r, http::body_reader& in,
                                               http::body_writer& out) {
  for (;;) {
    auto const piece = co_await in.read();
    if (!piece) {
      ++seen.ended;
      ++seen.closed;
      co_return r.refuse(http::from(piece.error()));
    }
    if (piece->empty()) break;
    auto const written = co_await out.write(*piece);
    if (!written) {
      ++seen.ended;
      ++seen.closed;
      co_return std::nullopt;
    }
  }
  if (r.head.query() == "trailer") out.trailer("X-End", "yes");
  ++seen.ended;
  co_return std::nullopt;
}
inline task<result<void>> produce_all(http::body_writer& out, std::uint64_t bytes, bool breaks) {
  std::string const piece(64 * 1024, 'p');
  for (std::uint64_t done = 0; done < bytes; done += piece.size()) {
    auto const written = co_await out.write(piece);
    if (!written) {
      ++seen.ended;
      ++seen.closed;
      co_return fail(written);
    }
    seen.produced += piece.size();
  }
  ++seen.ended;
  if (breaks) co_return fail(http::errc::internal, "deliberate");
  co_return result<void>{};
}
inline http::reply produce(void const*, http::request& r) {
  std::uint64_t const bytes  = std::stoull(std::string(r.head.query())) * 1024 * 1024;
  bool const          breaks = r.head.path() == "/break";
  http::body_producer made   = [bytes, breaks](http::body_writer& out) { return produce_all(out, bytes, breaks); };
  return http::reply::of(std::move(made), "application/octet-stream");
}
inline task<std::optional<http::reply>> sized(void const*, http::request&, http::body_reader&, http::body_writer& out) {
  http::reply head = http::reply::of({}, "text/plain");
  head.with("content-length", "11");
  auto const started = co_await out.start(std::move(head));
  if (!started) co_return std::nullopt;
  auto const first = co_await out.write("hello ");
  if (!first) co_return std::nullopt;
  auto const second = co_await out.write("world");
  static_cast<void>(second);
  co_return std::nullopt;
}

inline http::reply mid(void const*, http::request&) { return http::reply::text(std::string(15000, 'm')); }

// Waits and does not hear that it is cancelled.
inline task<void> wait_deaf(std::chrono::milliseconds span) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where, span);
  auto const [stopped] = co_await clock.async_wait(net::as_values);
  static_cast<void>(stopped);
}
inline task<std::optional<http::reply>> deaf_for(void const*, http::request& r, http::body_reader&,
                                                 http::body_writer&) {
  auto const span = std::chrono::milliseconds(std::stoi(std::string(r.head.query())));
  co_await wait_deaf(span);
  ++seen.ended;
  co_return http::reply::text("deaf");
}
inline task<std::optional<http::reply>> hold_piece(void const*, http::request& r, http::body_reader& in,
                                                   http::body_writer&) {
  auto const piece = co_await in.read();
  if (!piece) co_return std::nullopt;
  auto const before = std::string(*piece);
  auto const span   = std::chrono::milliseconds(std::stoi(std::string(r.head.query())));
  co_await wait_deaf(span);
  if (*piece != before) ++seen.torn;
  ++seen.ended;
  co_return http::reply::text("held");
}
// Writes until that fails.
inline task<std::optional<http::reply>> ticks(void const*, http::request&, http::body_reader&, http::body_writer& out) {
  auto const         where = co_await asio::this_coro::executor;
  asio::steady_timer clock(where);
  for (;;) {
    auto const written = co_await out.write("tick\n");
    if (!written) break;
    clock.expires_after(5ms);
    auto const [stopped] = co_await clock.async_wait(net::as_values);
    if (stopped) break;
  }
  ++seen.ended;
  co_return std::nullopt;
}
inline net::gate news;

inline task<std::optional<http::reply>> subscribe(void const*, http::request&, http::body_reader&, http::body_writer&) {
  auto const [stopped] = co_await news.wait();
  if (stopped) co_return std::nullopt;
  co_return http::reply::text("news");
}
inline http::reply publish(void const*, http::request&) {
  news.open();
  return http::reply::text("published");
}
// Says one thing and waits for another.
inline task<std::optional<http::reply>> whisper(void const*, http::request&, http::body_reader&,
                                                http::body_writer& out) {
  auto const written = co_await out.write("psst");
  if (!written) co_return std::nullopt;
  auto const [stopped] = co_await news.wait();
  if (stopped) ++seen.closed;
  ++seen.ended;
  co_return std::nullopt;
}
// Answers a body that it does not read.
inline task<std::optional<http::reply>> early(void const*, http::request&, http::body_reader&, http::body_writer& out) {
  auto const written = co_await out.write("early");
  static_cast<void>(written);
  co_return std::nullopt;
}

struct row {
  std::string_view path;
  http::endpoint   endpoint;
};

inline http::endpoint at_once(http::method verb, http::reply (*answer)(void const*, http::request&)) {
  http::endpoint made;
  made.verb   = verb;
  made.answer = answer;
  return made;
}
inline http::endpoint waiting(http::method verb, decltype(http::endpoint::answer_waiting) answer,
                              http::body_intake intake) {
  http::endpoint made;
  made.verb           = verb;
  made.answer_waiting = answer;
  made.intake         = intake;
  return made;
}

inline std::vector<row> const& all() {
  static auto const made = [] {
    std::vector<row> rows{
        {"/", at_once(http::method::get, &hello)},
        {"/target", at_once(http::method::get, &target)},
        {"/whole", at_once(http::method::post, &whole)},
        {"/who", at_once(http::method::get, &who)},
        {"/big", at_once(http::method::get, &big)},
        {"/file", at_once(http::method::get, &file)},
        {"/nothing", at_once(http::method::get, &nothing)},
        {"/fails", at_once(http::method::get, &fails)},
        {"/refused", at_once(http::method::post, &whole)},
        {"/produce", at_once(http::method::get, &produce)},
        {"/break", at_once(http::method::get, &produce)},
        {"/slow", waiting(http::method::get, &slow, http::body_intake::whole)},
        {"/hold", waiting(http::method::get, &hold, http::body_intake::whole)},
        {"/deaf", waiting(http::method::get, &deaf, http::body_intake::whole)},
        {"/stream", waiting(http::method::post, &stream, http::body_intake::streamed)},
        {"/sized", waiting(http::method::get, &sized, http::body_intake::whole)},
        {"/mid", at_once(http::method::get, &mid)},
        {"/deaf-for", waiting(http::method::get, &deaf_for, http::body_intake::whole)},
        {"/hold-piece", waiting(http::method::post, &hold_piece, http::body_intake::streamed)},
        {"/ticks", waiting(http::method::get, &ticks, http::body_intake::whole)},
        {"/subscribe", waiting(http::method::get, &subscribe, http::body_intake::whole)},
        {"/publish", at_once(http::method::post, &publish)},
        {"/whisper", waiting(http::method::get, &whisper, http::body_intake::whole)},
        {"/early", waiting(http::method::post, &early, http::body_intake::streamed)},
    };
    for (auto& one : rows) {
      one.endpoint.pattern = one.path;
      if (one.path == "/refused") one.endpoint.admit = &refuses;
      if (one.path == "/stream") one.endpoint.body_limit = std::size_t{1} << 40U;
    }
    return rows;
  }();
  return made;
}

inline http::route_match match(void const*, http::request& r) {
  http::route_match found;
  for (auto const& one : all()) {
    if (one.path != r.head.path()) continue;
    bool const is_head = r.head.verb() == http::method::head && one.endpoint.verb == http::method::get;
    if (one.endpoint.verb == r.head.verb() || is_head) {
      found.found = &one.endpoint;
    } else {
      found.allowed = one.endpoint.verb == http::method::get ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
    }
  }
  return found;
}

}  // namespace routes

/// What the sink was told, in order.
struct told {
  http::status code;
  std::string  route;
  std::string  limit;
  bool         cut_off;
  std::string  target;

  std::uint64_t bytes_out;
};

class live_server {
 public:
  explicit live_server(std::function<void(http::server_options&)> const& tweak = {}, std::size_t loops = 1,
                       std::function<std::shared_ptr<net::tls_acceptor>(net::parts&)> const& tls = {},
                       http::error_renderer render                                               = &http::problem_json)
      : app_(settings(loops)) {
    http::server_options options;
    options.listen[0].port = 0;
    if (tweak) tweak(options);
    http::exchange_sink sink;
    sink.self     = this;
    sink.finished = [](void* self, http::request const& r) {
      auto&                  mine = *static_cast<live_server*>(self);
      std::scoped_lock const lock(mine.mutex_);
      mine.told_.push_back({r.record.code, std::string(r.record.route), std::string(r.record.limit_hit),
                            r.record.cut_off, std::string(r.head.target()), r.record.bytes_out});
    };
    http::route_table table;
    table.match      = &routes::match;
    auto certificate = tls ? tls(app_) : nullptr;
    server_.emplace(app_, options, render, table, sink, std::move(certificate));
    if (!app_.start()) throw std::runtime_error("the server did not start");
  }
  ~live_server() { stop(); }

  void stop() { app_.stop(); }

  void adopt(http::limits const& bounds) { server_->adopt(bounds); }

  [[nodiscard]] std::uint16_t       port() const { return server_->port(); }
  [[nodiscard]] http::server_counts counts() const { return server_->counts(); }
  [[nodiscard]] std::vector<told>   records() const {
    std::scoped_lock const lock(mutex_);
    return told_;
  }
  [[nodiscard]] std::vector<std::string> said() const {
    std::scoped_lock const lock(mutex_);
    return said_;
  }

 private:
  net::standalone::options settings(std::size_t loops) {
    net::standalone::options made;
    made.loops = loops;
    made.drain = 3s;
    made.say   = [this](std::string_view line) {
      std::scoped_lock const lock(mutex_);
      said_.emplace_back(line);
    };
    return made;
  }

  mutable std::mutex          mutex_;
  std::vector<told>           told_;
  std::vector<std::string>    said_;
  net::standalone             app_;
  std::optional<http::server> server_;
};

/// Waits until something holds; false if it does not within the time.
template <class Condition>
bool soon(Condition const& holds, std::chrono::milliseconds patience = 5s) {
  auto const until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::usleep(2000);
  }
  return true;
}

}  // namespace tensorgate::test
