// tensorgate/service/service.hpp: a program that serves: it owns the loops, starts its parts, reloads, drains and ends.
//
//     tg::service app{config->server};
//     my_part     part{app};
//     return app.serve(errors, routes{get<"/">(anyone, to<&hello>())});
#pragma once

#include <atomic>       // atomic
#include <cerrno>       // errno
#include <chrono>       // steady_clock
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t, uint64_t
#include <cstdio>       // stderr
#include <exception>    // exception
#include <functional>   // function
#include <memory>       // unique_ptr
#include <mutex>        // mutex
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <signal.h>        // sigtimedwait, pthread_sigmask
#include <sys/resource.h>  // setrlimit
#include <unistd.h>        // write

#include <tensorgate/core/result.hpp>             // result
#include <tensorgate/http/openapi.hpp>            // documented
#include <tensorgate/http/server.hpp>             // server
#include <tensorgate/net/cpu_pool.hpp>            // cpu_pool
#include <tensorgate/net/parts.hpp>               // parts
#include <tensorgate/net/runtime.hpp>             // runtime
#include <tensorgate/net/tls.hpp>                 // tls_certificate
#include <tensorgate/ops/access_log.hpp>          // access_log
#include <tensorgate/ops/health.hpp>              // report_health
#include <tensorgate/ops/metrics.hpp>             // metrics
#include <tensorgate/ops/systemd.hpp>             // service_manager
#include <tensorgate/service/admin.hpp>           // admin_routes
#include <tensorgate/service/config_failure.hpp>  // exit_codes
#include <tensorgate/service/detail/around.hpp>   // around
#include <tensorgate/service/detail/reread.hpp>   // reread_server
#include <tensorgate/service/server_config.hpp>   // server_config

namespace tensorgate::inline TENSORGATE_ABI {

/// The parts of a program and what they run on. SIGTERM and SIGINT drain and end it, a second one ends it at once.
/// SIGHUP reloads every part, and where the settings came by `load` they are read again: limits, address lists, rate,
/// CORS and the drain's deadline follow at once, what else changed is for the next start, and is named. Settings that
/// are wrong leave all as it was, which shows in the health page until they are mended. Construction blocks these
/// signals for all threads that are started later, so it comes first in `main`. What was constructed later is destroyed
/// first; the parts were stopped by then, for `serve` stops them.
class service final : public net::parts {
 public:
  explicit service(server_config config)
      : config_(std::move(config)), loops_(config_.threads), metrics_(loops_.size()), log_(config_.log, loops_.size()) {
    ::sigemptyset(&signals_);
    for (int const one : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals_, one);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    allow_descriptors();
    ::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a peer that is gone is a failed write
    ::signal(SIGXFSZ, SIG_IGN);  // NOLINT(cert-err33-c): so is a file that may not grow
    add({.name   = "access log",
         .start  = [this] { return with_log(log_.start()); },
         .reload = [this] { return with_log(log_.reopen()); },
         .drain  = {},
         .stop   = [this] { log_.stop(); },
         .health = [this] { return log_health(); }});
    add({.name = "settings", .start = {}, .reload = {}, .drain = {}, .stop = {}, .health = [this] {
           return settings_health();
         }});
    measure({.name   = "tensorgate_log_lines_total",
             .help   = "Lines of the access log.",
             .counts = true,
             .labels = R"(end="written")",
             .read   = [this] { return static_cast<double>(log_.written()); }});
    measure({.name   = "tensorgate_log_lines_total",
             .help   = {},
             .counts = true,
             .labels = R"(end="dropped")",
             .read   = [this] { return static_cast<double>(log_.dropped()); }});
    measure(
        {.name = "tensorgate_log_lines_total", .help = {}, .counts = true, .labels = R"(end="failed")", .read = [this] {
           return static_cast<double>(log_.failed());
         }});
  }
  ~service() override { stop_parts(); }

  void add(net::part what) override { parts_.push_back(std::move(what)); }
  void measure(net::measurement what) override { metrics_.add(std::move(what)); }

  [[nodiscard]] net::runtime&  loops() override { return loops_; }
  [[nodiscard]] net::cpu_pool& pool() override {
    if (!pool_) pool_ = std::make_unique<net::cpu_pool>(config_.pool);
    return *pool_;
  }

  /// A line on stderr, in one piece.
  void say(std::string_view what, std::string_view text) override {
    std::string line(what);
    line.append(": ").append(text);
    for (auto& one : line) {
      if (static_cast<unsigned char>(one) < 0x20) one = ' ';
    }
    line.push_back('\n');
    while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
    }
  }

  /// As they were at the start.
  [[nodiscard]] server_config const& config() const noexcept { return config_; }
  [[nodiscard]] ops::health_report   health() const {
    return ops::report_health(
        parts_, serving_.load(std::memory_order_acquire),
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_));
  }

  /// Ports of the public listeners, in the order of the settings, and of the admin one; 0 before the start. For tests.
  [[nodiscard]] std::uint16_t port(std::size_t index = 0) const {
    return serving_.load(std::memory_order_acquire) ? server_->port(index) : std::uint16_t{0};
  }
  [[nodiscard]] std::uint16_t admin_port() const {
    return serving_.load(std::memory_order_acquire) && admin_ ? admin_->port() : std::uint16_t{0};
  }

  /// Serves until a signal ends it. Returns the exit code of the program; a failure was said in a sentence.
  /// `about` gives the document its title; settings may switch /openapi.json and /docs off.
  template <class Routes>
  int serve(http::error_renderer errors, Routes const& routes,
            http::openapi_info about = {.title = "API", .version = TENSORGATE_VERSION}) {
    http::documented const shown(routes, std::move(about), config_.docs);
    return serve(errors, shown.table());
  }
  /// The same for a table of any making, without documents.
  int serve(http::error_renderer errors, http::route_table table) {
    try {
      return run(errors, table);
    } catch (std::exception const& why) {
      say("error", why.what());
      return exit_codes::failed;
    }
  }

 private:
  /// As many as the system lets this process have: a login shell's 1024 would be the limit of connections.
  static void allow_descriptors() noexcept {
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
  }

  int run(http::error_renderer errors, http::route_table table) {
    static_cast<void>(pool());
    reread_                     = service_detail::reread_server;
    auto const rules            = rules_of(config_);
    around_                     = std::make_unique<service_detail::around>(table, rules, loops_.size());
    bool const           direct = rules->nothing() && !reread_;
    http::server_options options;
    options.listen.clear();
    for (auto const& one : config_.listen) options.listen.push_back(one.value);
    options.limits      = config_.limits;
    options.hosts       = config_.hosts;
    options.request_ids = config_.request_ids;
    for (auto const& one : config_.proxies.trusted) options.forwarding.trusted.push_back(one.value.to_text());
    options.forwarding.unix_socket = config_.proxies.unix_socket;
    options.forwarding.field       = config_.proxies.field;
    http::exchange_sink const sink{
        this, [](void* self, http::request const& r) { static_cast<service*>(self)->finished(r); }};
    if (!config_.tls.certificate.empty()) tls_ = std::make_shared<net::tls_certificate>(*this, config_.tls);
    server_ = std::make_unique<http::server>(*this, options, errors, direct ? table : around_->table(), sink, tls_);
    measure_server();

    if (config_.admin != "off") {
      http::server_options admin;
      auto const           where = listen_address::parse(config_.admin);
      if (!where) {
        say("error", "admin: \"" + config_.admin + "\" is not an address to listen at");
        return exit_codes::refused;
      }
      admin.listen             = {where->value};
      admin.limits.body        = 0;
      admin.limits.connections = 64;
      admin.drains             = false;  // who asks whether we are ready hears 503 to the end
      admin_routes_            = std::make_unique<service_detail::admin_routes>(metrics_, [this] { return health(); });
      admin_ = std::make_unique<http::server>(*this, admin, &http::problem_json, admin_routes_->table(),
                                              http::exchange_sink{}, nullptr, "admin");
    }
    if (int const code = start(); code != exit_codes::fine) return code;
    serving_.store(true, std::memory_order_release);
    static_cast<void>(manager_.ready("serving"));
    wait();
    serving_.store(false, std::memory_order_release);
    static_cast<void>(manager_.stopping("ending the requests that have begun"));
    drain();
    loops_.stop();
    stop_parts();
    return exit_codes::fine;
  }

  int start() {
    for (auto& one : parts_) {
      ++started_;
      if (!one.start) continue;
      auto const done = one.start();
      if (done) continue;
      auto const& why = done.error();
      say("error", one.name + " cannot start: " + sentence_of(why));
      stop_parts();
      // What starting again would not mend is told apart, so that a service manager need not try.
      return why.code == std::errc::permission_denied || why.code == std::errc::invalid_argument ? exit_codes::refused
                                                                                                 : exit_codes::failed;
    }
    loops_.start();
    return exit_codes::fine;
  }

  /// Signals and the service manager's watchdog, until the program shall end.
  void wait() {
    answered_ = std::make_unique<std::atomic<std::uint64_t>[]>(loops_.size());  // NOLINT(modernize-avoid-c-arrays)
    while (true) {
      auto const pause = manager_.watchdog().value_or(std::chrono::hours(1)) / 3;
      switch (next_signal(pause)) {
        case SIGTERM:
        case SIGINT: return;
        case SIGHUP: reload(); break;
        default: tell_alive();
      }
    }
  }

  int next_signal(std::chrono::nanoseconds within) const {
    auto const     seconds = std::chrono::duration_cast<std::chrono::seconds>(within);
    timespec const limit{.tv_sec = seconds.count(), .tv_nsec = (within - seconds).count()};
    return ::sigtimedwait(&signals_, nullptr, &limit);
  }

  /// The manager hears that we live only if every loop answered the last question.
  void tell_alive() {
    if (!manager_.watchdog()) return;
    bool all = true;
    for (std::size_t i = 0; i != loops_.size(); ++i)
      all = all && answered_[i].load(std::memory_order_acquire) == asked_;
    if (all) static_cast<void>(manager_.alive());
    ++asked_;
    loops_.on_each([this, now = asked_](std::size_t i) { answered_[i].store(now, std::memory_order_release); });
  }

  void reload() {
    static_cast<void>(manager_.reloading());
    lost_before_.store(log_.dropped() + log_.failed(), std::memory_order_relaxed);
    say("service", "reloading");
    if (reread_) {
      auto const fresh = reread_([this](std::string_view what) { say("settings", what); });
      settings_refused_.store(fresh == nullptr, std::memory_order_relaxed);
      if (fresh) {
        adopt(*fresh);
      } else {
        say("settings", "are as before the reload");
      }
    }
    for (auto& one : parts_) {
      if (!one.reload) continue;
      if (auto const done = one.reload(); !done) {
        say(one.name, "is as before the reload: " + sentence_of(done.error()));
      }
    }
    static_cast<void>(manager_.ready("serving"));
  }

  void adopt(server_config const& read) {
    auto const fresh = service_detail::after_reload(config_, read);
    around_->replace(rules_of(fresh, around_->rules().get()));
    server_->adopt(fresh.limits);
    drain_ = fresh.drain;
  }

  void drain() {
    asio::io_context here(1);
    std::size_t      open  = 0;
    auto const       ended = [&open](std::exception_ptr const&) { --open; };
    for (auto& one : parts_) {
      if (!one.drain) continue;
      ++open;
      asio::co_spawn(here, one.drain(), ended);
    }
    auto const until = std::chrono::steady_clock::now() + drain_;
    while (open != 0) {
      here.run_for(std::chrono::milliseconds(20));
      if (std::chrono::steady_clock::now() >= until) {
        say("service", "the drain's deadline has passed: what is left is cut off");
        break;
      }
      int const signal = next_signal(std::chrono::nanoseconds(0));
      if (signal == SIGTERM || signal == SIGINT) {
        say("service", "a second signal: what is left is cut off");
        break;
      }
    }
  }

  void stop_parts() {
    serving_.store(false, std::memory_order_release);
    loops_.stop();
    for (; started_ != 0; --started_) {
      if (parts_[started_ - 1].stop) parts_[started_ - 1].stop();
    }
    if (pool_) pool_->stop();
  }

  [[nodiscard]] static std::string sentence_of(failure const& why) {
    return why.note.empty() ? why.code.message() : std::string(why.note) + " (" + why.code.message() + ")";
  }

  /// Names the file, where it cannot be opened.
  [[nodiscard]] result<void> with_log(result<void> opened) {
    if (opened) return opened;
    log_fault_ = config_.log.access + " cannot be opened";
    return fail(opened.error().code, log_fault_);
  }

  void finished(http::request const& r) {
    metrics_.finished(r.record, r.head.verb());
    log_.finished(r);
  }

  [[nodiscard]] net::part_health settings_health() const {
    if (!settings_refused_.load(std::memory_order_relaxed)) return {};
    return {
        .ready = true, .degraded = true, .note = "those of the last reload are wrong; the ones before are in force"};
  }

  [[nodiscard]] net::part_health log_health() const {
    auto const lost = log_.dropped() + log_.failed() - lost_before_.load(std::memory_order_relaxed);
    if (lost == 0) return {};
    return {.ready = true, .degraded = true, .note = std::to_string(lost) + " lines were lost since the last reload"};
  }

  void measure_server() {
    auto const figure = [this](std::string name, std::string help, bool counts,
                               std::uint64_t http::server_counts::* which) {
      measure({.name = std::move(name), .help = std::move(help), .counts = counts, .read = [this, which] {
                 return static_cast<double>(server_->counts().*which);
               }});
    };
    figure("tensorgate_connections", "Open connections.", false, &http::server_counts::connections);
    figure("tensorgate_requests_in_flight", "Requests whose handler waits.", false, &http::server_counts::in_flight);
    figure("tensorgate_connections_accepted_total", "Connections accepted.", true, &http::server_counts::accepted);
    figure("tensorgate_connections_refused_total", "Connections beyond a limit.", true, &http::server_counts::refused);
    figure("tensorgate_descriptor_shortages_total", "Times that the system had no descriptor for a connection.", true,
           &http::server_counts::shortages);
  }

  static std::shared_ptr<service_detail::around_rules> rules_of(server_config const&                config,
                                                                service_detail::around_rules const* before = nullptr) {
    auto const list = [](std::vector<address_block> const& blocks) {
      std::vector<net::cidr> made;
      made.reserve(blocks.size());
      for (auto const& one : blocks) made.push_back(one.value);
      return net::cidr_list(std::move(made));
    };
    auto       made = std::make_shared<service_detail::around_rules>();
    auto const same = before != nullptr && before->rate->options().allowed == config.rate.allowed &&
                      before->rate->options().by == config.rate.by &&
                      before->rate->options().callers == config.rate.callers;
    made->addresses = auth::address_list(list(config.allow), list(config.deny));
    made->rate      = same ? before->rate : std::make_shared<auth::rate>(config.rate);
    made->cors      = auth::cors(config.cors);
    return made;
  }

  server_config                                 config_;  // as at the start
  std::chrono::milliseconds                     drain_ = config_.drain;
  std::chrono::steady_clock::time_point         began_ = std::chrono::steady_clock::now();
  ::sigset_t                                    signals_{};
  net::runtime                                  loops_;
  std::unique_ptr<net::cpu_pool>                pool_;
  ops::metrics                                  metrics_;
  ops::access_log                               log_;
  std::string                                   log_fault_;  // as the last failure says it
  ops::service_manager                          manager_ = ops::service_manager::from_environment();
  service_detail::reread_function               reread_;
  std::vector<net::part>                        parts_;
  std::size_t                                   started_ = 0;
  std::atomic<bool>                             serving_{false};
  std::atomic<bool>                             settings_refused_{false};
  std::atomic<std::uint64_t>                    lost_before_{0};  // lines of the log, at the last reload
  std::uint64_t                                 asked_ = 0;
  std::unique_ptr<std::atomic<std::uint64_t>[]> answered_;  // NOLINT(modernize-avoid-c-arrays)
  std::unique_ptr<service_detail::around>       around_;
  std::unique_ptr<service_detail::admin_routes> admin_routes_;
  std::shared_ptr<net::tls_certificate>         tls_;
  std::unique_ptr<http::server>                 server_;
  std::unique_ptr<http::server>                 admin_;
};

}  // namespace tensorgate
