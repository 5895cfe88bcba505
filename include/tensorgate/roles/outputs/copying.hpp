// tensorgate/roles/outputs/copying.hpp: which miners repeat the orders of which others?
//
// The score. An order of the follower counts as matched if the leader gave one for the same trade pair and side (LONG,
// SHORT, FLAT) less than `window` earlier; sizes do not matter. Traders who follow one trend, or keep the same hours,
// match now and then by chance. How often is seen around each order: in two windows further back and in three after it,
// where a leader's orders cannot be what was copied; a factor takes care of what the whole population does together.
// With q the share expected by chance, x of n orders matched:
//
//     score      = (x/n − q) / (1 − q)            the share of orders that chance does not explain
//     confidence = 1 − pairs × exp(−n KL(x/n‖q))  Chernoff's bound of the binomial tail, for all pairs looked at
//     together
//
// A pair is reported from a score of 0.35 and a confidence of 0.999999 on. Who copies a miner that has other copiers
// would seem to copy those too: each follower's leaders are taken from the clearest on, and a further one must explain
// orders that the former do not. Orders that no trader gave (eliminations, delisted pairs) are left out.
//
// The report tells of live orders: it is for those who may see everything.
#pragma once

#include <algorithm>      // lower_bound, max, min, nth_element, sort
#include <chrono>         // milliseconds
#include <cmath>          // exp, log
#include <cstddef>        // size_t
#include <cstdint>        // int64_t, uint32_t
#include <functional>     // hash
#include <map>            // groups
#include <optional>       // optional
#include <string>         // string
#include <string_view>    // string_view
#include <unordered_map>  // miners by hotkey
#include <utility>        // move, pair
#include <vector>         // vector

#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>            // result
#include <tensorgate/core/time.hpp>              // unix_millis
#include <tensorgate/reflect/json_read.hpp>      // read_json
#include <tensorgate/reflect/raw.hpp>            // raw_json_view
#include <tensorgate/roles/outputs/errc.hpp>     // errc
#include <tensorgate/roles/outputs/rebuild.hpp>  // parse_side

namespace tensorgate::inline TENSORGATE_ABI::outputs {

struct copying_options {
  std::chrono::milliseconds window           = std::chrono::minutes{15};  ///< how late a copy may come
  double                    least_score      = 0.35;
  double                    least_confidence = 0.999999;
  std::size_t               least_orders     = 8;      ///< a follower with fewer is not judged
  std::size_t               most_miners      = 1024;   ///< those further down in the file are not looked at
  std::size_t               most_orders      = 20000;  ///< of one miner: the newest
  std::size_t               most_neighbours  = 4096;   ///< orders of others looked at around one order, each way
};

/// The copied orders of one trade pair and side.
struct copied_part {
  std::string  trade_pair;
  std::string  side;
  std::int64_t lag_ms  = 0;  ///< median
  std::size_t  matched = 0;
  std::size_t  of      = 0;  ///< the follower's orders there
};

struct copying_pair {
  std::string              leader;
  std::string              follower;
  double                   score      = 0;
  double                   confidence = 0;
  std::int64_t             lag_ms     = 0;  ///< median
  std::size_t              matched    = 0;
  std::size_t              of         = 0;  ///< the follower's orders
  std::vector<copied_part> parts;
};

struct copying_report {
  std::int64_t              generated_ms = 0;
  std::int64_t              window_ms    = 0;
  std::size_t               miners       = 0;  ///< looked at
  std::vector<copying_pair> pairs;             ///< highest score first
};

namespace detail {

struct copy_order {
  std::string_view            order_type;
  double                      processed_ms;
  std::optional<std::int64_t> src;
};
struct copy_position {
  std::vector<reflect::raw_json_view> trade_pair;
  std::vector<copy_order>             orders;
};
struct copy_miner {
  std::vector<reflect::raw_json_view> positions;
};

/// One order: when, and of which trade pair and side.
struct copy_event {
  std::int64_t  t_ms  = 0;
  std::uint32_t group = 0;
};

/// How often one miner's orders came shortly before another's.
struct copy_count {
  std::uint32_t matched = 0;
  std::uint32_t control = 0;  ///< the same for windows in which nothing can have been copied
};

inline constexpr std::uint32_t control_windows = 5;

/// ln P(X ≥ matched), bounded from above, for X binomial with n tries of chance q.
[[nodiscard]] inline double log_tail(double matched, double n, double q) noexcept {
  double const share = matched / n;
  if (share <= q) return 0.0;
  double out = -share * std::log(share / q);
  if (share < 1) out -= (1 - share) * std::log((1 - share) / (1 - q));
  return n * out;
}

}  // namespace detail

/// Keeps what it knows of each miner from one file to the next, and counts again only what changed.
class copying_tracker {
 public:
  copying_tracker() = default;
  explicit copying_tracker(copying_options options) : options_(options) {}

  /// Takes the positions as they are now, `raw` being output.json. Positions that cannot be read count for nothing.
  /// Fails with: malformed_file; what was known before then stays.
  [[nodiscard]] result<copying_report> update(std::string_view raw, unix_millis now) {
    auto const file = reflect::read_json<std::vector<std::pair<std::string, reflect::raw_json_view>>>(raw);
    if (!file) return fail(errc::malformed_file, file.error().expected);
    auto const count = std::min(file->size(), options_.most_miners);
    for (std::size_t i = 0; i != count; ++i)
      if (!(*file)[i].second.text.starts_with('{')) return fail(errc::malformed_file, "an object for each miner");

    std::vector<miner>                           next(count);
    std::vector<std::optional<std::size_t>>      before(count);  // the same miner's place until now, if nothing changed
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i != miners_.size(); ++i) places.emplace(miners_[i].hotkey, i);
    for (std::size_t i = 0; i != count; ++i) {
      auto const& [hotkey, text] = (*file)[i];
      auto const digest          = std::hash<std::string_view>{}(text.text);
      auto const place           = places.find(hotkey);
      if (place != places.end() && miners_[place->second].digest == digest) {
        next[i]   = miners_[place->second];
        before[i] = place->second;
      } else {
        next[i] = read(hotkey, text.text, digest);
      }
    }
    recount(std::move(next), before);
    return report(now);
  }

 private:
  struct miner {
    std::string                     hotkey;
    std::size_t                     digest = 0;
    std::vector<detail::copy_event> events;  ///< by time
  };
  struct stamped {
    std::int64_t  t_ms  = 0;
    std::uint32_t miner = 0;
  };
  /// A pair that may be reported.
  struct candidate {
    std::size_t leader  = 0;
    double      q       = 0;
    double      log_p   = 0;
    double      score   = 0;
    std::size_t matched = 0;
  };

  [[nodiscard]] miner read(std::string const& hotkey, std::string_view text, std::size_t digest) {
    miner      out{hotkey, digest, {}};
    auto const members = reflect::read_json<detail::copy_miner>(text);
    if (!members) return out;
    for (auto const& position_text : members->positions) {
      auto const position = reflect::read_json<detail::copy_position>(position_text.text);
      if (!position || position->trade_pair.empty()) continue;
      auto const pair = reflect::read_json<std::string_view>(position->trade_pair.front().text);
      if (!pair) continue;
      for (auto const& order : position->orders) {
        auto const side = parse_side(order.order_type);
        if (!side || order.src.value_or(0) != 0 || !(order.processed_ms > 0 && order.processed_ms < 1e15)) continue;
        out.events.push_back({static_cast<std::int64_t>(order.processed_ms), group_of(*pair, *side)});
      }
    }
    std::sort(out.events.begin(), out.events.end(), [](auto const& a, auto const& b) { return a.t_ms < b.t_ms; });
    if (out.events.size() > options_.most_orders)
      out.events.erase(out.events.begin(), out.events.end() - static_cast<std::ptrdiff_t>(options_.most_orders));
    return out;
  }

  [[nodiscard]] std::uint32_t group_of(std::string_view pair, side which) {
    auto const key         = std::pair{std::string(pair), static_cast<int>(which)};
    auto const [at, fresh] = groups_.try_emplace(key, static_cast<std::uint32_t>(group_names_.size()));
    if (fresh) group_names_.emplace_back(std::string(pair), which);
    return at->second;
  }

  [[nodiscard]] detail::copy_count& count(std::size_t leader, std::size_t follower) {
    return counts_[follower * miners_.size() + leader];
  }

  /// Takes over the counts between miners that did not change, and counts those of the others.
  void recount(std::vector<miner> next, std::vector<std::optional<std::size_t>> const& before) {
    auto const size       = next.size();
    auto const old_counts = std::move(counts_);
    auto const old_size   = miners_.size();
    miners_               = std::move(next);
    counts_.assign(size * size, {});
    std::vector<char> changed(size);
    for (std::size_t i = 0; i != size; ++i) changed[i] = before[i] ? 0 : 1;
    for (std::size_t f = 0; f != size; ++f)
      for (std::size_t l = 0; l != size; ++l)
        if (before[f] && before[l]) count(l, f) = old_counts[*before[f] * old_size + *before[l]];

    std::vector<std::vector<stamped>> everyone(group_names_.size());
    std::vector<std::vector<stamped>> changed_only(group_names_.size());
    for (std::uint32_t i = 0; i != size; ++i) {
      for (auto const& event : miners_[i].events) {
        everyone[event.group].push_back({event.t_ms, i});
        if (changed[i] != 0) changed_only[event.group].push_back({event.t_ms, i});
      }
    }
    auto const by_time = [](stamped const& a, stamped const& b) {
      return a.t_ms != b.t_ms ? a.t_ms < b.t_ms : a.miner < b.miner;
    };
    for (auto& one : everyone) std::sort(one.begin(), one.end(), by_time);
    for (auto& one : changed_only) std::sort(one.begin(), one.end(), by_time);

    std::vector<std::uint64_t> seen_by(size, 0);  // the order for which `seen` holds
    std::vector<std::uint8_t>  seen(size, 0);     // the windows in which a leader was seen
    std::uint64_t              order = 0;
    for (std::size_t f = 0; f != size; ++f)
      for (auto const& event : miners_[f].events)
        count_around(f, event, changed[f] != 0 ? everyone[event.group] : changed_only[event.group], ++order, seen_by,
                     seen);
  }

  void count_around(std::size_t follower, detail::copy_event const& event, std::vector<stamped> const& others,
                    std::uint64_t order, std::vector<std::uint64_t>& seen_by, std::vector<std::uint8_t>& seen) {
    auto const window = options_.window.count();
    auto const see    = [&](std::uint32_t leader, unsigned which) {
      if (leader == follower) return;
      if (seen_by[leader] != order) {
        seen_by[leader] = order;
        seen[leader]    = 0;
      }
      auto const bit = static_cast<std::uint8_t>(1U << which);
      if ((seen[leader] & bit) != 0) return;
      seen[leader] = static_cast<std::uint8_t>(seen[leader] | bit);
      auto& to     = count(leader, follower);
      which == 0 ? ++to.matched : ++to.control;
    };
    auto const  here   = std::lower_bound(others.begin(), others.end(), event.t_ms,
                                          [](stamped const& one, std::int64_t t) { return one.t_ms < t; });
    std::size_t looked = 0;
    for (auto at = here; at != others.begin() && looked != options_.most_neighbours; ++looked) {
      --at;
      auto const age = event.t_ms - at->t_ms;  // above 0
      if (age > 3 * window) break;
      see(at->miner, static_cast<unsigned>((age - 1) / window));
    }
    looked = 0;
    for (auto at = here; at != others.end() && looked != options_.most_neighbours; ++at, ++looked) {
      auto const age = at->t_ms - event.t_ms;  // 0 or above
      if (age >= 3 * window) break;
      see(at->miner, static_cast<unsigned>(3 + age / window));
    }
  }

  /// The share of the follower's orders that match by chance, from the windows beside each order; never nothing.
  [[nodiscard]] double chance(std::size_t leader, std::size_t follower) {
    auto const n = static_cast<double>(miners_[follower].events.size());
    return (count(leader, follower).control + 1.0) / (detail::control_windows * (n + 1.0));
  }

  [[nodiscard]] copying_report report(unix_millis now) {
    copying_report out;
    out.generated_ms       = to_unix_millis(now);
    out.window_ms          = options_.window.count();
    out.miners             = miners_.size();
    auto const   size      = miners_.size();
    double const log_pairs = std::log(std::max(1.0, static_cast<double>(size) * static_cast<double>(size)));
    double const log_limit = std::log(1 - options_.least_confidence) - log_pairs;
    for (std::size_t f = 0; f != size; ++f) {
      auto const n = static_cast<double>(miners_[f].events.size());
      if (miners_[f].events.size() < options_.least_orders) continue;
      double const           together = population_factor(f);
      std::vector<candidate> found;
      for (std::size_t l = 0; l != size; ++l) {
        auto const matched = count(l, f).matched;
        if (l == f || matched == 0) continue;
        candidate one{l, std::min(0.999, chance(l, f) * together), 0, 0, matched};
        if (judge(one, n, log_limit)) found.push_back(one);
      }
      std::sort(found.begin(), found.end(), [](auto const& a, auto const& b) { return a.log_p < b.log_p; });
      explain(f, found, log_pairs, log_limit, out.pairs);
    }
    std::sort(out.pairs.begin(), out.pairs.end(), [](auto const& a, auto const& b) {
      return a.score != b.score ? a.score > b.score : std::pair(a.leader, a.follower) < std::pair(b.leader, b.follower);
    });
    return out;
  }

  [[nodiscard]] bool judge(candidate& one, double n, double log_limit) const noexcept {
    auto const x = static_cast<double>(one.matched);
    one.score    = (x / n - one.q) / (1 - one.q);
    one.log_p    = detail::log_tail(x, n, one.q);
    return one.score >= options_.least_score && one.log_p <= log_limit;
  }

  /// How much more often than beside its orders the follower matches with anyone: above 1 where all react to the same
  /// news.
  [[nodiscard]] double population_factor(std::size_t follower) {
    auto const          n = static_cast<double>(miners_[follower].events.size());
    std::vector<double> ratios;
    for (std::size_t l = 0; l != miners_.size(); ++l) {
      if (l == follower || miners_[l].events.size() < options_.least_orders) continue;
      ratios.push_back((count(l, follower).matched + 1.0) / (n * chance(l, follower) + 1.0));
    }
    if (ratios.empty()) return 1.0;
    auto const middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
    std::nth_element(ratios.begin(), middle, ratios.end());
    return std::max(1.0, *middle);
  }

  /// For each order of the follower, how long before it the leader gave one like it; nothing if it did not.
  [[nodiscard]] std::vector<std::optional<std::int64_t>> lags(std::size_t leader, std::size_t follower) const {
    std::vector<std::vector<std::int64_t>> times(group_names_.size());
    for (auto const& event : miners_[leader].events) times[event.group].push_back(event.t_ms);
    std::vector<std::optional<std::int64_t>> out;
    out.reserve(miners_[follower].events.size());
    for (auto const& event : miners_[follower].events) {
      auto const& of   = times[event.group];
      auto const  here = std::lower_bound(of.begin(), of.end(), event.t_ms);
      auto&       lag  = out.emplace_back();
      if (here != of.begin() && event.t_ms - *(here - 1) <= options_.window.count()) lag = event.t_ms - *(here - 1);
    }
    return out;
  }

  /// Reports the leaders that explain a follower's orders, from the clearest on; one that explains none besides is not
  /// one.
  void explain(std::size_t follower, std::vector<candidate> const& found, double log_pairs, double log_limit,
               std::vector<copying_pair>& out) const {
    auto const        n = miners_[follower].events.size();
    std::vector<char> explained(n, 0);
    bool              first = true;
    for (auto const& one : found) {
      auto const  lag  = lags(one.leader, follower);
      std::size_t left = 0, matched = 0;
      for (std::size_t i = 0; i != n; ++i) {
        if (explained[i] != 0) continue;
        ++left;
        matched += lag[i] ? 1U : 0U;
      }
      candidate rest{one.leader, one.q, 0, 0, matched};
      if (!first && (left < options_.least_orders || !judge(rest, static_cast<double>(left), log_limit))) continue;
      first = false;
      for (std::size_t i = 0; i != n; ++i) explained[i] = static_cast<char>(explained[i] != 0 || lag[i].has_value());
      out.push_back(describe(one, follower, lag, log_pairs));
    }
  }

  [[nodiscard]] copying_pair describe(candidate const& one, std::size_t follower,
                                      std::vector<std::optional<std::int64_t>> const& lag, double log_pairs) const {
    copying_pair out;
    out.leader     = miners_[one.leader].hotkey;
    out.follower   = miners_[follower].hotkey;
    out.score      = one.score;
    out.confidence = 1 - std::exp(one.log_p + log_pairs);
    out.of         = lag.size();
    std::vector<std::int64_t>                          all;
    std::map<std::uint32_t, std::vector<std::int64_t>> by_group;
    std::map<std::uint32_t, std::size_t>               orders;
    for (std::size_t i = 0; i != lag.size(); ++i) {
      auto const group = miners_[follower].events[i].group;
      ++orders[group];
      if (!lag[i]) continue;
      all.push_back(*lag[i]);
      by_group[group].push_back(*lag[i]);
    }
    out.matched = all.size();
    out.lag_ms  = median(all);
    for (auto& [group, times] : by_group) {
      auto const& [pair, which] = group_names_[group];
      out.parts.push_back({pair, std::string(name_of(which)), median(times), times.size(), orders[group]});
    }
    std::sort(out.parts.begin(), out.parts.end(), [](auto const& a, auto const& b) {
      return a.matched != b.matched ? a.matched > b.matched
                                    : std::pair(a.trade_pair, a.side) < std::pair(b.trade_pair, b.side);
    });
    return out;
  }

  [[nodiscard]] static std::int64_t median(std::vector<std::int64_t>& of) {
    if (of.empty()) return 0;
    auto const middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
    std::nth_element(of.begin(), middle, of.end());
    return *middle;
  }

  copying_options                                      options_;
  std::vector<miner>                                   miners_;
  std::vector<detail::copy_count>                      counts_;  ///< follower × leader
  std::map<std::pair<std::string, int>, std::uint32_t> groups_;  ///< trade pair and side to a number
  std::vector<std::pair<std::string, side>>            group_names_;
};

}  // namespace tensorgate::outputs
