// tensorgate/roles/outputs/rebuild.hpp: what would a position look like, had only these orders been made?
//
// Upstream's arithmetic (taoshidev/proprietary-trading-network vali_objects/position.py), operation by operation in
// doubles, so that numbers agree to 1e-12: its dated rules and its slips included. Where such a slip must be kept,
// the comment says so.
#pragma once

#include <algorithm>    // any_of, max, min
#include <array>        // array
#include <cmath>        // abs, exp, log, pow
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <optional>     // optional
#include <span>         // span
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::outputs {

enum class asset_class { crypto, forex, indices, equities };

enum class side { long_, short_, flat };

/// `LONG`, `SHORT`, `FLAT`: as order types and position types are written.
[[nodiscard]] constexpr std::string_view name_of(side which) noexcept {
  return which == side::long_ ? "LONG" : which == side::short_ ? "SHORT" : "FLAT";
}
[[nodiscard]] constexpr std::optional<side> parse_side(std::string_view text) noexcept {
  for (auto const one : {side::long_, side::short_, side::flat})
    if (text == name_of(one)) return one;
  return std::nullopt;
}

/// The class of a trade pair by its id; nothing for an id that is neither listed nor six capital letters.
[[nodiscard]] constexpr std::optional<asset_class> class_of(std::string_view pair) noexcept {
  constexpr std::array<std::string_view, 7> crypto{"BTCUSD",  "ETHUSD", "SOLUSD", "XRPUSD",
                                                   "DOGEUSD", "ADAUSD", "TAOUSD"};
  constexpr std::array<std::string_view, 6> indices{"SPX", "DJI", "NDX", "VIX", "FTSE", "GDAXI"};
  constexpr std::array<std::string_view, 7> equities{"NVDA", "AAPL", "TSLA", "AMZN", "MSFT", "GOOG", "META"};

  auto const is_one_of = [pair](auto const& ids) {
    return std::any_of(ids.begin(), ids.end(), [pair](std::string_view id) { return id == pair; });
  };
  if (is_one_of(crypto)) return asset_class::crypto;
  if (is_one_of(indices)) return asset_class::indices;
  if (is_one_of(equities)) return asset_class::equities;
  bool const is_letters = !std::any_of(pair.begin(), pair.end(), [](char one) { return one < 'A' || one > 'Z'; });
  if (pair.size() == 6 && is_letters) return asset_class::forex;
  return std::nullopt;
}

/// What an order contributes to its position.
struct order_terms {
  side         type = side::flat;
  double       leverage{};  ///< signed
  double       price{};
  double       slippage{};      ///< a share of the price; 0 in files that lack it
  std::int64_t processed_ms{};  ///< unix milliseconds
};

/// The fields of a position that follow from its orders.
struct derived_fields {
  std::int64_t                open_ms{};
  std::optional<std::int64_t> close_ms;  ///< nothing while open
  double                      current_return  = 1.0;
  double                      return_at_close = 1.0;
  double                      net_leverage{};
  double                      average_entry_price{};
  double                      cumulative_entry_value{};
  double                      realized_pnl{};
  side                        position_type = side::flat;
  bool                        is_closed{};
};

namespace detail {

inline constexpr std::int64_t hour_ms = 3'600'000;
inline constexpr std::int64_t day_ms  = 24 * hour_ms;

/// From here on entry and exit prices include slippage, and realised gains are kept apart: 2025-02-19.
inline constexpr std::int64_t slippage_since_ms = 1'739'937'600'000;
/// From here on fees are carry and spread; before, one fee by the largest leverage: 2024-04-15.
inline constexpr std::int64_t carry_since_ms = 1'713'198'680'000;
/// Carry is counted from here at the earliest: 2024-07-13.
inline constexpr std::int64_t carry_start_ms = 1'720'843'707'000;

[[nodiscard]] constexpr double old_fee(asset_class which) noexcept {
  return which == asset_class::crypto ? 0.001 : which == asset_class::forex ? 0.00007 : 0.00009;
}

[[nodiscard]] constexpr std::int64_t floor_mod(std::int64_t value, std::int64_t by) noexcept {
  auto const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

/// Milliseconds from `t` to the next hour of charge, strictly later: 4, 12, 20 UTC for crypto, 21 for all others.
[[nodiscard]] constexpr std::int64_t until_next_mark(std::int64_t t, asset_class which) noexcept {
  return which == asset_class::crypto ? 8 * hour_ms - floor_mod(t - 4 * hour_ms, 8 * hour_ms)
                                      : day_ms - floor_mod(t - 21 * hour_ms, day_ms);
}

/// The net leverage after each order, up to the one that ends the position: FLAT, a change of sign, or reaching 0.
class running_net {
 public:
  explicit running_net(std::span<order_terms const> orders) noexcept : orders_(orders) {}

  [[nodiscard]] bool               done() const noexcept { return ended_ || next_ == orders_.size(); }
  [[nodiscard]] double             net() const noexcept { return net_; }
  [[nodiscard]] order_terms const& order() const noexcept { return orders_[next_]; }
  [[nodiscard]] double             after() const noexcept { return ends() ? 0.0 : net_ + order().leverage; }
  void                             advance() noexcept {
    bool const last = ends();
    net_            = last ? 0.0 : net_ + order().leverage;
    ended_          = last;
    ++next_;
  }

 private:
  [[nodiscard]] bool ends() const noexcept {
    double const sum = net_ + order().leverage;
    return order().type == side::flat || sum == 0.0 || (net_ > 0 && sum < 0) || (net_ < 0 && sum > 0);
  }

  std::span<order_terms const> orders_;
  std::size_t                  next_  = 0;
  double                       net_   = 0.0;
  bool                         ended_ = false;
};

/// The largest |net leverage| in [from, to]. `at` is moved past the orders before `from`; intervals come in order, so
/// that all of a position's intervals cost one walk over its orders.
[[nodiscard]] inline double largest_leverage(running_net& at, std::int64_t from, std::int64_t to) noexcept {
  while (!at.done() && at.order().processed_ms < from) at.advance();
  if (at.done()) return std::abs(at.net());
  double largest = 0.0;
  for (auto walk = at; !walk.done(); walk.advance()) {
    auto const t = walk.order().processed_ms;
    if (t != from) largest = std::max(largest, std::abs(walk.net()));
    if (t > to) break;
    largest = std::max(largest, std::abs(walk.after()));
  }
  return largest;
}

/// The share that is left after the charges for holding from `open_ms` to `t`.
[[nodiscard]] inline double carry(std::span<order_terms const> orders, asset_class which, std::int64_t open_ms,
                                  std::int64_t t) {
  static double const crypto_factor = std::exp(std::log(1 - 0.1095) / 1095);
  static double const forex_factor  = std::exp(std::log(0.97) / 365);
  static double const others_factor = std::exp(std::log(1 - 0.0525) / 365);

  double const factor = which == asset_class::crypto  ? crypto_factor
                        : which == asset_class::forex ? forex_factor
                                                      : others_factor;
  auto const   period = which == asset_class::crypto ? 8 * hour_ms : day_ms;
  auto const   start  = std::max(carry_start_ms, open_ms);
  if (t < start) return 1.0;
  auto charges = (t - start) / period;
  if ((t - start) % period >= until_next_mark(start, which)) ++charges;

  double      left = 1.0;
  running_net at{orders};
  // Upstream's slips, kept: the first interval is as long as from `t`, not from the start, to the next mark, and the
  // following ones last 8 h for every class.
  for (auto from = start, to = start + until_next_mark(t, which); charges > 0;
       --charges, from       = to, to += 8 * hour_ms) {
    double const held  = largest_leverage(at, from, to);
    int          times = 1;
    if (which == asset_class::forex) {
      auto const weekday = floor_mod(to / day_ms + 3, 7);  // 0 is Monday; 1970-01-01 was a Thursday
      times              = weekday >= 5 ? 0 : weekday == 2 ? 3 : 1;
    }
    for (int i = 0; i != times; ++i) left *= std::pow(factor, held);
  }
  return left;
}

/// The share that is left after all fees at `t`.
[[nodiscard]] inline double fees(std::span<order_terms const> orders, asset_class which, std::int64_t open_ms,
                                 std::int64_t t) {
  double largest  = 0.0;
  double turnover = 0.0;
  for (running_net at{orders}; !at.done(); at.advance()) {
    turnover += std::abs(at.after() - at.net());
    largest = std::max(largest, std::abs(at.after()));
  }
  if (t < carry_since_ms) return 1.0 - old_fee(which) * largest;
  double const spread = which == asset_class::crypto ? 1.0 - 0.001 * turnover : 1.0;
  return carry(orders, which, open_ms, t) * spread;
}

}  // namespace detail

/// Rebuilds from orders in the order of the file; there must be one at least. `account_size` turns leverage into value.
/// A loss of everything gives a current return of 0; upstream would then end the position at a price that it fetches,
/// which no file holds.
[[nodiscard]] inline derived_fields rebuild(std::span<order_terms const> orders, asset_class which,
                                            double account_size) {
  auto const with_slippage = [](order_terms const& one) {
    return one.leverage > 0 ? one.price * (1 + one.slippage) : one.price * (1 - one.slippage);
  };
  auto const&    opening = orders.front();
  double const   first   = opening.processed_ms < detail::slippage_since_ms ? opening.price : with_slippage(opening);
  derived_fields out;
  out.open_ms       = opening.processed_ms;
  out.position_type = opening.leverage > 0 ? side::long_ : side::short_;

  std::int64_t last_ms = opening.processed_ms;
  for (auto const& order : orders) {
    bool const   old_rule = order.processed_ms < detail::slippage_since_ms;
    double const sum      = out.net_leverage + order.leverage;
    last_ms               = order.processed_ms;
    out.is_closed         = order.type == side::flat || (out.position_type == side::long_ && sum <= 0) ||
                    (out.position_type == side::short_ && sum >= 0);
    if (out.is_closed) {
      out.position_type = side::flat;
      out.close_ms      = order.processed_ms;
    }

    double gain = 0.0;
    if (old_rule) {
      gain = (order.price - out.average_entry_price) * out.net_leverage / first;
    } else {
      if (order.type != out.position_type || out.position_type == side::flat)
        out.realized_pnl += -(with_slippage(order) - out.average_entry_price) * order.leverage;
      double const held = std::abs(sum) < std::abs(out.net_leverage) ? sum : out.net_leverage;
      gain              = (out.realized_pnl + (order.price - out.average_entry_price) * held) / first;
    }
    out.current_return = gain <= -1 ? 0.0 : 1 + gain;

    if (out.is_closed) {
      out.net_leverage = 0.0;
      break;
    }
    if (old_rule) {
      out.average_entry_price = (out.average_entry_price * out.net_leverage + order.price * order.leverage) / sum;
      out.cumulative_entry_value += order.price * order.leverage;
    } else if (order.type == out.position_type) {
      double const entry      = with_slippage(order);
      out.average_entry_price = (out.average_entry_price * out.net_leverage + entry * order.leverage) / sum;
      out.cumulative_entry_value += entry * (order.leverage * account_size / entry);
    }
    out.net_leverage = sum;
  }
  out.return_at_close = out.current_return * detail::fees(orders, which, out.open_ms, last_ms);
  return out;
}

}  // namespace tensorgate::outputs
