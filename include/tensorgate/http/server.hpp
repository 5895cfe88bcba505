// tensorgate/http/server.hpp: listens, hands connections to sessions, and ends without losing a request.
#pragma once

#include <atomic>       // atomic
#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t, uint64_t
#include <memory>       // shared_ptr, unique_ptr
#include <string>       // string
#include <string_view>  // string_view
#include <thread>       // sleep_for
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/result.hpp>       // result
#include <tensorgate/http/detail/lane.hpp>  // lane, exchange_sink, request_id_field
#include <tensorgate/http/endpoint.hpp>     // route_table
#include <tensorgate/http/limits.hpp>       // limits
#include <tensorgate/http/session.hpp>      // session
#include <tensorgate/net/listener.hpp>      // listening, acceptor
#include <tensorgate/net/parts.hpp>         // parts
#include <tensorgate/net/runtime.hpp>       // runtime
#include <tensorgate/net/stream.hpp>        // tls_acceptor

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Which proxies are believed when they say for whom they ask.
struct forwarding_options {
  std::vector<std::string> trusted     = {};     ///< addresses and blocks, "10.0.0.0/8"; empty: nobody
  bool                     unix_socket = false;  ///< whoever comes by a Unix socket is a proxy
  net::forwarding_field    field       = net::forwarding_field::x_forwarded_for;  ///< the one that they write
};

struct server_options {
  std::vector<net::listen_options> listen      = {net::listen_options()};
  http::limits                     limits      = {};
  std::vector<std::string>         hosts       = {};  ///< names that this server answers for, 421 to others; empty: any
  forwarding_options               forwarding  = {};
  request_id_field                 request_ids = request_id_field::echo;
  bool                             drains      = true;  ///< false: answers while the rest drains, until the stop
};

/// Figures of a server, summed over its loops.
struct server_counts {
  std::uint64_t connections = 0;  ///< open now
  std::uint64_t in_flight   = 0;  ///< requests whose handler waits, now
  std::uint64_t accepted    = 0;
  std::uint64_t refused     = 0;  ///< connections beyond a limit
  std::uint64_t requests    = 0;
  std::uint64_t cut_off     = 0;  ///< answers that could not be finished
  std::uint64_t shortages   = 0;  ///< times that the system had no descriptor for a connection
};

/// A server of one table of routes: a listener and a share of the connections on every loop. It registers with its
/// program's parts and does everything through them: `start` opens the listeners, `drain` closes them, lets requests
/// end and closes connections between requests, `stop` cuts what is left. The table, the sink and `tls` outlive it.
class server {
 public:
  server(net::parts& app, server_options options, error_renderer render, route_table table, exchange_sink sink = {},
         std::shared_ptr<net::tls_acceptor> tls = nullptr, std::string name = "http")
      : app_(app), options_(std::move(options)), tls_(std::move(tls)), name_(std::move(name)) {
    rules_->bounds      = options_.limits;
    rules_->hosts       = options_.hosts;
    rules_->request_ids = options_.request_ids;
    rules_->table       = table;
    rules_->render      = render;
    rules_->sink        = sink;
    rules_->report      = [&app, who = name_](std::string_view what) {
      app.say(who, "a handler threw: " + std::string(what));
    };
    net::part self;
    self.name  = name_;
    self.start = [this] { return start(); };
    if (options_.drains) self.drain = [this] { return drain(); };
    self.stop   = [this] { stop(); };
    self.health = [this] { return health(); };
    app.add(alive_.tied(std::move(self)));
  }
  server(server const&)            = delete;
  server& operator=(server const&) = delete;
  /// While the loops run it cuts its connections there, so that it may end before its program does. Not on a loop.
  ~server() {
    alive_.cut();
    if (!loops_.empty() && app_.loops().is_running()) cut_while_running();
    stop();
  }

  /// Once started: other limits, on each loop as soon as it comes to it, for connections and requests that begin later,
  /// and for waits that begin later. A head, a body or a deadline in hand keeps the one it began with. From any thread.
  void adopt(limits const& bounds) {
    app_.loops().on_each([lanes = lanes_, bounds](std::size_t i) {
      auto const lane = i < lanes->size() ? (*lanes)[i].lock() : nullptr;
      if (lane != nullptr) lane->adopt(bounds);
    });
  }

  /// The port of one of `options.listen`, in their order, once started; 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port(std::size_t index = 0) const { return ports_.at(index); }

  [[nodiscard]] server_counts counts() const noexcept {
    server_counts all;
    all.connections = rules_->connections.load(std::memory_order_relaxed);
    all.in_flight   = rules_->in_flight.load(std::memory_order_relaxed);
    for (auto const& one : loops_) {
      auto const& counts = one->lane->counts;
      all.accepted += counts.accepted.load(std::memory_order_relaxed);
      all.refused += counts.refused.load(std::memory_order_relaxed);
      all.requests += counts.requests.load(std::memory_order_relaxed);
      all.cut_off += counts.cut_off.load(std::memory_order_relaxed);
      for (auto const& from : one->plain) all.shortages += from->shortages();
      for (auto const& from : one->encrypted) all.shortages += from->shortages();
    }
    return all;
  }

 private:
  // What one loop has of this server. Made before the loops run, then touched by that loop alone.
  struct on_loop {
    std::shared_ptr<detail::lane>               lane;
    std::shared_ptr<net::tls_acceptor>          tls;
    std::vector<std::unique_ptr<net::acceptor>> plain;
    std::vector<std::unique_ptr<net::acceptor>> encrypted;

    static void accept_plain(void* self, int descriptor, net::address const& peer) {
      static_cast<on_loop*>(self)->accept(descriptor, peer, false);
    }
    static void accept_encrypted(void* self, int descriptor, net::address const& peer) {
      static_cast<on_loop*>(self)->accept(descriptor, peer, true);
    }

    void accept(int descriptor, net::address const& peer, bool encrypted_one) {
      net::stream      stream(descriptor);
      std::string_view refused;
      if (!admit(peer, refused)) return;
      if (encrypted_one) {
        auto link = tls->accept(descriptor);
        if (link == nullptr) return uncount(peer);
        stream.encrypt(std::move(link));
      }
      session::open(*lane, std::move(stream), peer, refused);
    }

    // Counts a connection; `refused` is the limit that it exceeds. False: it is far beyond one, and not counted.
    bool admit(net::address const& peer, std::string_view& refused) {
      auto&       rules  = *lane->rules;
      auto const& bounds = lane->bounds;
      detail::lane_counts::add(lane->counts.accepted);
      auto const open = rules.connections.fetch_add(1, std::memory_order_relaxed);
      auto const near = rules.addresses.enter(peer);
      if (bounds.connections != 0 && open >= bounds.connections) {
        refused = "connections";
      } else if (bounds.connections_per_address != 0 && near >= bounds.connections_per_address) {
        refused = "connections_per_address";
      }
      if (refused.empty()) return true;
      detail::lane_counts::add(lane->counts.refused);
      // Those beyond a limit are told so, as far as there are not too many of them either.
      auto const is_far = [](std::uint32_t count, std::uint32_t limit) {
        return limit != 0 && count >= limit + limit / 16 + 16;
      };
      if (!is_far(open, bounds.connections) && !is_far(near, bounds.connections_per_address)) return true;
      uncount(peer);
      return false;
    }
    void uncount(net::address const& peer) {
      lane->rules->connections.fetch_sub(1, std::memory_order_relaxed);
      lane->rules->addresses.leave(peer);
    }

    void listen_no_more() {
      for (auto& one : plain) one->stop();
      for (auto& one : encrypted) one->stop();
    }
    void drain() {
      lane->draining = true;
      listen_no_more();
      for (auto* one = lane->first; one != nullptr;) {
        auto* const next = one->next();
        one->drain();
        one = next;
      }
    }
    void cut() {
      plain.clear();
      encrypted.clear();
      while (lane->first != nullptr) lane->first->cut();
      lane->rest();
    }
  };

  result<void> start() {
    auto& runtime = app_.loops();
    if (auto const ready = prepare(); !ready) return fail(ready);
    for (auto const& where : options_.listen) {
      auto opened =
          net::listening::open(where, runtime.size(), [this](std::string const& what) { app_.say(name_, what); });
      if (!opened) {
        app_.say(name_, opened.error().sentence);
        listeners_.clear();
        return fail(opened.error().code, "cannot listen");
      }
      ports_.push_back(opened->port());
      listeners_.push_back(std::move(*opened));
    }
    for (auto const& one : listeners_) {
      app_.say(name_, "listening at " + one.text() + (one.options().tls ? " (TLS)" : ""));
      if (one.is_public() && !one.options().tls) {
        app_.say(name_,
                 "WARNING: " + one.text() +
                     " can be reached from other hosts and is not encrypted: whoever is on the way reads keys and "
                     "answers. Use TLS, or listen at 127.0.0.1 behind a proxy that does.");
      }
    }
    for (std::size_t i = 0; i != runtime.size(); ++i) {
      auto made  = std::make_unique<on_loop>();
      made->lane = std::make_shared<detail::lane>(rules_, runtime.loop(i), i);
      made->tls  = tls_;
      lanes_->push_back(made->lane);
      for (auto const& one : listeners_) {
        bool const tls = one.options().tls;
        auto&      to  = tls ? made->encrypted : made->plain;
        to.push_back(std::make_unique<net::acceptor>(made->lane->poll, one.socket_of(i), made.get(),
                                                     tls ? &on_loop::accept_encrypted : &on_loop::accept_plain));
      }
      loops_.push_back(std::move(made));
    }
    runtime.on_each([this](std::size_t i) {
      for (auto& one : loops_[i]->plain) one->start();
      for (auto& one : loops_[i]->encrypted) one->start();
    });
    return {};
  }

  // What can be wrong in the options.
  result<void> prepare() {
    auto trusted = net::cidr_list::parse(options_.forwarding.trusted);
    if (!trusted) {
      app_.say(name_, "a trusted proxy is neither an address nor a block of them");
      return fail(trusted);
    }
    rules_->forwarding.trusted     = std::move(*trusted);
    rules_->forwarding.unix_socket = options_.forwarding.unix_socket;
    rules_->forwarding.field       = options_.forwarding.field;
    rules_->forwards               = options_.forwarding.unix_socket || !rules_->forwarding.trusted.empty();
    for (auto const& one : options_.listen) {
      if (one.tls && tls_ == nullptr) {
        app_.say(name_, net::endpoint_text(one, one.port) + " wants TLS, but there is no certificate");
        return fail(net::errc::bad_certificate, "TLS without a certificate");
      }
    }
    return {};
  }

  task<void> drain() {
    app_.loops().on_each([this](std::size_t i) {
      loops_[i]->drain();
      for (auto& one : listeners_) one.close(i);
    });
    auto const         executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor);
    do {
      pause.expires_after(std::chrono::milliseconds{10});
      auto const [stopped] = co_await pause.async_wait(net::as_values);
      if (stopped) co_return;
    } while (rules_->connections.load(std::memory_order_relaxed) != 0);
  }

  // On the loops' own threads, for they go on. A handler that does not hear that it was cancelled is left behind; it
  // finds everything closed.
  void cut_while_running() {
    auto& runtime = app_.loops();
    runtime.on_each_done([this](std::size_t i) { loops_[i]->cut(); });
    for (int i = 0; i != 1000 && rules_->in_flight.load(std::memory_order_relaxed) != 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    runtime.on_each_done([this](std::size_t i) { loops_[i].reset(); });
    loops_.clear();
  }

  // After the loops ended: on one thread. Coroutines that still wait learn that everything is closed, and end.
  void stop() {
    for (auto& one : loops_) {
      one->cut();
      auto& loop = one->lane->loop;
      for (int i = 0; i != 100 && rules_->in_flight.load(std::memory_order_relaxed) != 0; ++i) {
        loop.restart();
        loop.poll();
      }
    }
    loops_.clear();
    listeners_.clear();
  }

  [[nodiscard]] net::part_health health() const {
    net::part_health said;
    said.ready = !listeners_.empty();
    if (!said.ready) said.note = "not listening";
    return said;
  }

  net::parts&                           app_;
  server_options                        options_;
  std::shared_ptr<net::tls_acceptor>    tls_;
  std::string                           name_;
  std::shared_ptr<detail::shared_rules> rules_ = std::make_shared<detail::shared_rules>();
  std::vector<net::listening>           listeners_;
  std::vector<std::uint16_t>            ports_;  // of the listeners, kept when these are gone: others may ask
  std::vector<std::unique_ptr<on_loop>> loops_;
  // For those who come by a posted function, which may run when the server is gone. Filled at the start.
  std::shared_ptr<std::vector<std::weak_ptr<detail::lane>>> lanes_ =
      std::make_shared<std::vector<std::weak_ptr<detail::lane>>>();
  net::lifeline alive_;
};

}  // namespace tensorgate::http
