// tensorgate/ops/metrics.hpp: how many, how long, how much: the figures of a program, as Prometheus reads them.
//
// Each loop counts for itself; nothing is shared while a request is served. A scrape adds the loops up.
#pragma once

#include <algorithm>    // find
#include <array>        // array
#include <charconv>     // to_chars
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstdio>       // fopen
#include <map>          // map
#include <memory>       // unique_ptr
#include <mutex>        // mutex
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <utility>      // move, pair
#include <vector>       // vector

#include <dirent.h>        // opendir
#include <sys/resource.h>  // getrusage, getrlimit
#include <unistd.h>        // sysconf

#include <tensorgate/core/abi.hpp>                 // TENSORGATE_VERSION
#include <tensorgate/core/time.hpp>                // wall_clock
#include <tensorgate/net/parts.hpp>                // measurement
#include <tensorgate/ops/detail/loop_metrics.hpp>  // loop_metrics

namespace tensorgate::inline TENSORGATE_ABI::ops {

/// The two text formats that Prometheus asks for.
enum class exposition : std::uint8_t { text, openmetrics };

[[nodiscard]] constexpr std::string_view content_type(exposition form) noexcept {
  return form == exposition::text ? "text/plain; version=0.0.4; charset=utf-8"
                                  : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

/// OpenMetrics when the Accept field names it, the older text otherwise.
[[nodiscard]] inline exposition exposition_for(std::string_view accept) noexcept {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? exposition::openmetrics
                                                                               : exposition::text;
}

namespace detail {

[[nodiscard]] inline std::string number(double value) {
  if (value != value) return "NaN";
  if (value > 1.7e308) return "+Inf";
  if (value < -1.7e308) return "-Inf";
  char       text[40];
  auto const made = std::to_chars(std::begin(text), std::end(text), value);
  return {std::begin(text), made.ptr};
}

/// Without an exponent, as scrapers know bounds: "0.0001".
[[nodiscard]] inline std::string fixed(double value) {
  char       text[40];
  auto const made = std::to_chars(std::begin(text), std::end(text), value, std::chars_format::fixed);
  return {std::begin(text), made.ptr};
}

[[nodiscard]] inline std::string label_value(std::string_view text) {
  std::string made;
  for (char const one : text) {
    if (one == '\\' || one == '"') made.push_back('\\');
    if (one == '\n') {
      made += "\\n";
    } else {
      made.push_back(one);
    }
  }
  return made;
}

/// Writes families of samples in one of the two formats.
class exposition_writer {
 public:
  explicit exposition_writer(exposition form) : form_(form) {}

  /// `name` is without "_total".
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_            = name;
    counter_         = type == "counter";
    auto const shown = std::string(name) + (counter_ && form_ == exposition::text ? "_total" : "");
    out_ += "# HELP " + shown + " " + help_text(help) + "\n# TYPE " + shown + " " + std::string(type) + "\n";
  }
  void sample(std::string_view labels, std::string_view value) { line(counter_ ? "_total" : "", labels, value); }
  void sample(std::string_view labels, std::uint64_t value) { sample(labels, std::to_string(value)); }
  void line(std::string_view suffix, std::string_view labels, std::string_view value) {
    out_ += name_;
    out_ += suffix;
    if (!labels.empty()) {
      out_ += '{';
      out_ += labels;
      out_ += '}';
    }
    out_ += ' ';
    out_ += value;
    out_ += '\n';
  }
  [[nodiscard]] std::string finish() {
    if (form_ == exposition::openmetrics) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  static std::string help_text(std::string_view text) {
    std::string made;
    for (char const one : text) {
      if (one == '\\') made.push_back('\\');
      if (one == '\n') {
        made += "\\n";
      } else {
        made.push_back(one);
      }
    }
    return made;
  }

  exposition  form_;
  bool        counter_ = false;
  std::string name_;
  std::string out_;
};

}  // namespace detail

/// The counts of all loops, and the figures that parts offered.
class metrics {
 public:
  explicit metrics(std::size_t loops) {
    for (std::size_t i = 0; i != (loops == 0 ? 1 : loops); ++i)
      loops_.push_back(std::make_unique<detail::loop_metrics>());
  }

  /// Counts an exchange that is over. To be called on the loop that `what.loop` names, and there alone.
  void finished(http::exchange_record const& what, http::method verb) {
    loops_[what.loop < loops_.size() ? what.loop : 0]->finished(what, verb);
  }

  /// From any thread, at any time.
  void add(net::measurement what) {
    std::scoped_lock const held(mutex_);
    offered_.push_back(std::move(what));
  }

  /// From any thread. Figures of one family stand together, in the order in which the first was offered.
  [[nodiscard]] std::string to_text(exposition form) const {
    detail::exposition_writer out(form);
    exchanges(out);
    names(out, "tensorgate_limit_hits", "Requests refused by a limit, by its name.", "limit",
          &detail::loop_metrics::limits);
    names(out, "tensorgate_refusals", "Requests refused by a guard, by its reason.", "reason",
          &detail::loop_metrics::refusals);
    out.family("tensorgate_answers_cut_off", "counter", "Answers that could not be sent to their end.");
    std::uint64_t cut = 0;
    for (auto const& loop : loops_) cut += loop->cut_off.read();
    out.sample("", cut);
    offered(out);
    process(out);
    return out.finish();
  }

 private:
  struct totals {
    std::uint64_t                                              in = 0, out = 0;
    std::map<std::pair<http::method, unsigned>, std::uint64_t> requests{};
    struct histogram {
      std::array<std::uint64_t, detail::latency_cells> cells{};
      std::uint64_t                                    nanoseconds = 0;
    };
    std::map<unsigned, histogram> classes{};
  };

  void exchanges(detail::exposition_writer& out) const {
    std::map<std::string, totals> routes;
    for (auto const& loop : loops_) {
      loop->for_each([&](detail::exchange_counts const& counts) {
        auto&         of   = routes[counts.route];
        auto const    code = static_cast<unsigned>(counts.status);
        auto&         bars = of.classes[code / 100];
        std::uint64_t all  = 0;
        for (std::size_t i = 0; i != counts.latency.size(); ++i) {
          auto const in_cell = counts.latency[i].read();
          bars.cells[i] += in_cell;
          all += in_cell;
        }
        bars.nanoseconds += counts.nanoseconds.read();
        of.in += counts.bytes_in.read();
        of.out += counts.bytes_out.read();
        of.requests[{counts.verb, code}] += all;
      });
    }
    auto const route_label = [](std::string const& route) {
      return "route=\"" + detail::label_value(route.empty() ? "(none)" : route) + "\"";
    };

    out.family("tensorgate_requests", "counter", "Requests answered.");
    for (auto const& [route, of] : routes) {
      for (auto const& [which, count] : of.requests) {
        auto const verb = http::to_text(which.first);
        out.sample(route_label(route) + ",method=\"" + std::string(verb.empty() ? "(other)" : verb) + "\",status=\"" +
                       std::to_string(which.second) + "\"",
                   count);
      }
    }
    out.family("tensorgate_request_body_bytes", "counter", "Bytes of request bodies, decoded.");
    for (auto const& [route, of] : routes) out.sample(route_label(route), of.in);
    out.family("tensorgate_response_bytes", "counter", "Bytes of answers, head and body, on the wire.");
    for (auto const& [route, of] : routes) out.sample(route_label(route), of.out);
    out.family("tensorgate_request_duration_seconds", "histogram",
               "From the end of a request's head to the last byte of its answer.");
    for (auto const& [route, of] : routes) {
      for (auto const& [status_class, bars] : of.classes) {
        auto const    labels = route_label(route) + ",class=\"" + std::to_string(status_class) + "xx\"";
        std::uint64_t below  = 0;
        for (std::size_t i = 0; i != bars.cells.size(); ++i) {
          below += bars.cells[i];
          auto const bound = i < detail::latency_bounds.size()
                                 ? detail::fixed(static_cast<double>(detail::latency_bounds[i]) / 1e9)
                                 : "+Inf";
          out.line("_bucket", labels + ",le=\"" + bound + "\"", std::to_string(below));
        }
        out.line("_sum", labels, detail::number(static_cast<double>(bars.nanoseconds) / 1e9));
        out.line("_count", labels, std::to_string(below));
      }
    }
  }

  void names(detail::exposition_writer& out, std::string_view name, std::string_view help, std::string const& label,
             detail::named_counts detail::loop_metrics::* counts) const {
    std::map<std::string, std::uint64_t> sums;
    for (auto const& loop : loops_) {
      ((*loop).*counts).for_each([&](std::string_view what, std::uint64_t count) { sums[std::string(what)] += count; });
    }
    out.family(name, "counter", help);
    for (auto const& [what, count] : sums) out.sample(label + "=\"" + detail::label_value(what) + "\"", count);
  }

  void offered(detail::exposition_writer& out) const {
    std::scoped_lock const   held(mutex_);
    std::vector<std::string> done;
    for (auto const& first : offered_) {
      if (std::find(done.begin(), done.end(), first.name) != done.end()) continue;
      done.push_back(first.name);
      auto name = std::string_view(first.name);
      if (first.counts && name.ends_with("_total")) name.remove_suffix(6);
      out.family(name, first.counts ? "counter" : "gauge", first.help);
      for (auto const& one : offered_) {
        if (one.name == first.name && one.read) out.sample(one.labels, detail::number(one.read()));
      }
    }
  }

  void process(detail::exposition_writer& out) const {
    out.family("tensorgate_build_info", "gauge", "The version that runs.");
    out.sample("version=\"" TENSORGATE_VERSION "\"", 1U);
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const seconds = [](timeval const& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    out.family("process_cpu_seconds", "counter", "CPU time of user and system, in seconds.");
    out.sample("", detail::number(seconds(used.ru_utime) + seconds(used.ru_stime)));
    // /proc/self/statm: pages in all, then pages in memory. /proc/self/stat: field 22 is the start, in ticks since
    // boot.
    if (auto* file = std::fopen("/proc/self/statm", "re")) {
      unsigned long size     = 0;
      unsigned long resident = 0;
      if (std::fscanf(file, "%lu %lu", &size, &resident) == 2) {
        auto const page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        out.family("process_virtual_memory_bytes", "gauge", "Address space, in bytes.");
        out.sample("", detail::number(static_cast<double>(size) * page));
        out.family("process_resident_memory_bytes", "gauge", "Memory in use, in bytes.");
        out.sample("", detail::number(static_cast<double>(resident) * page));
      }
      std::fclose(file);
    }
    if (auto* folder = ::opendir("/proc/self/fd")) {
      std::uint64_t count = 0;
      while (::readdir(folder) != nullptr) ++count;  // NOLINT(concurrency-mt-unsafe): a stream of our own
      ::closedir(folder);
      out.family("process_open_fds", "gauge", "Open file descriptors.");
      out.sample("", count < 3 ? 0 : count - 3);  // "." and ".." and the folder itself
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      out.family("process_max_fds", "gauge", "The most file descriptors that may be open.");
      out.sample("", static_cast<std::uint64_t>(limit.rlim_cur));
    }
    out.family("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
    out.sample("", detail::number(static_cast<double>(to_unix_millis(started_)) * 1e-3));
  }

  unix_millis                                        started_ = wall_clock();
  std::vector<std::unique_ptr<detail::loop_metrics>> loops_;
  mutable std::mutex                                 mutex_;
  std::vector<net::measurement>                      offered_;
};

}  // namespace tensorgate::ops
