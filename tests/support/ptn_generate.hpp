// tests/support/ptn_generate.hpp: position files as a validator writes them, of any size, the same for the same seed.
#pragma once

#include <algorithm>    // sort
#include <array>        // array
#include <cmath>        // round, pow
#include <cstddef>      // size_t
#include <cstdint>      // int64_t, uint64_t
#include <limits>       // numeric_limits
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/reflect/detail/double_write.hpp>  // write_double, write_signed
#include <tensorgate/roles/outputs/rebuild.hpp>        // rebuild

namespace tensorgate_tests {

/// A small generator of our own: `std::` distributions differ between libraries, and files must not.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U) {}

  [[nodiscard]] std::uint64_t bits() noexcept {  // splitmix64
    state_ += 0x9e3779b97f4a7c15U;
    auto z = state_;
    z      = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z      = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// In [0, 1).
  [[nodiscard]] double share() noexcept { return static_cast<double>(bits() >> 11U) * 0x1p-53; }
  [[nodiscard]] double between(double low, double high) noexcept { return low + (high - low) * share(); }
  /// In [0, bound).
  [[nodiscard]] std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(bits() % bound); }
  [[nodiscard]] bool        chance(double probability) noexcept { return share() < probability; }

 private:
  std::uint64_t state_;
};

struct ptn_options {
  std::uint64_t seed      = 1;
  std::size_t   miners    = 20;
  std::size_t   positions = 20;  ///< of each miner
  std::int64_t  now_ms    = 1'760'000'000'000;
  double        days      = 90;    ///< over which they were opened
  double        open      = 0.02;  ///< share that is still open
  bool          sorted    = true;  ///< closed ones by time, then open ones, as validators write them
};

struct ptn_order {
  tensorgate::outputs::order_terms terms;
  std::string                      uuid;
  std::string                      sources;  ///< the text of price_sources
};

struct ptn_position {
  std::string                         uuid;
  std::size_t                         pair = 0;  ///< index into `ptn_pairs`
  std::vector<ptn_order>              orders;
  tensorgate::outputs::derived_fields derived;
  double                              account_size = 100000.0;
};

struct ptn_miner {
  std::string               hotkey;
  std::vector<ptn_position> positions;
};

struct ptn_pair {
  std::string_view id;
  std::string_view json;
  double           price;
  double           leverage;  ///< of one order, at most
};

inline constexpr std::array<ptn_pair, 8> ptn_pairs{{
    {"BTCUSD", R"(["BTCUSD", "BTC/USD", 0.003, 0.01, 0.5])", 60000, 0.2},
    {"ETHUSD", R"(["ETHUSD", "ETH/USD", 0.003, 0.01, 0.5])", 2500, 0.2},
    {"SOLUSD", R"(["SOLUSD", "SOL/USD", 0.001, 0.01, 0.5])", 150, 0.2},
    {"EURUSD", R"(["EURUSD", "EUR/USD", 7e-05, 0.1, 5])", 1.08, 1.5},
    {"USDJPY", R"(["USDJPY", "USD/JPY", 7e-05, 0.1, 5])", 150, 1.5},
    {"NZDUSD", R"(["NZDUSD", "NZD/USD", 7e-05, 0.1, 5])", 0.59, 1.5},
    {"AUDCAD", R"(["AUDCAD", "AUD/CAD", 7e-05, 0.1, 5])", 0.9, 1.5},
    {"XAUUSD", R"(["XAUUSD", "XAU/USD", 7e-05, 0.1, 5])", 2600, 1.5},
}};

inline void put(std::string& out, double value) {
  std::array<char, tensorgate::reflect::detail::double_room> room{};
  char* const end = tensorgate::reflect::detail::write_double(room.data(), value);
  out.append(room.data(), end);
}
inline void put(std::string& out, std::int64_t value) { out += std::to_string(value); }

inline double rounded(double value, int places) {
  double const scale = std::pow(10.0, places);
  return std::round(value * scale) / scale;
}

inline std::string make_hotkey(random_numbers& random) {
  static constexpr std::string_view letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  std::string                       out     = "5";
  while (out.size() != 48) out += letters[random.below(letters.size())];
  return out;
}

inline std::string make_uuid(random_numbers& random) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string                       out(36, '-');
  for (std::size_t i = 0; i != out.size(); ++i)
    if (i != 8 && i != 13 && i != 18 && i != 23) out[i] = digits[random.below(16)];
  out[14] = '4';
  out[19] = digits[8 + random.below(4)];
  return out;
}

inline std::string make_sources(random_numbers& random, double price, std::int64_t t) {
  static constexpr std::array<std::string_view, 4> names{"Polygon_rest", "Polygon_websocket", "TiingoData_rest",
                                                         "TiingoData_websocket"};
  std::string                                      out = "[";
  for (std::size_t i = 0, count = 1 + random.below(4); i != count; ++i) {
    double const at  = price * random.between(0.9999, 1.0001);
    auto const   lag = static_cast<std::int64_t>(random.below(1500));
    if (i != 0) out += ", ";
    out.append(R"({"source": ")").append(names[random.below(4)]).append(R"(", "timespan_ms": 1000, "open": )");
    put(out, at);
    out += R"(, "close": )";
    put(out, at);
    out += R"(, "vwap": null, "high": )";
    put(out, at);
    out += R"(, "low": )";
    put(out, at);
    out += R"(, "start_ms": )";
    put(out, t - lag);
    out += random.chance(0.5) ? R"(, "websocket": true, "lag_ms": )" : R"(, "websocket": false, "lag_ms": )";
    put(out, lag);
    out += R"(, "bid": )";
    put(out, rounded(at * 0.9999, 6));
    out += R"(, "ask": )";
    put(out, rounded(at * 1.0001, 6));
    out += "}";
  }
  return out + "]";
}

/// Derives a position's fields from its orders, with a price of the moment for what is still open, as validators do.
inline void derive(ptn_position& position, random_numbers& random) {
  std::vector<tensorgate::outputs::order_terms> terms;
  for (auto const& one : position.orders) terms.push_back(one.terms);
  position.derived = rebuild(terms, *tensorgate::outputs::class_of(ptn_pairs[position.pair].id), position.account_size);
  if (!position.derived.is_closed) {
    double const drift = random.between(0.99, 1.01);
    position.derived.current_return *= drift;
    position.derived.return_at_close *= drift;
  }
}

inline ptn_order make_order(random_numbers& random, tensorgate::outputs::side type, double leverage, double price,
                            std::int64_t t, std::int64_t now_ms) {
  ptn_order one;
  one.uuid                    = make_uuid(random);
  one.terms                   = {type, leverage, rounded(price, 6), rounded(random.between(0, 1e-4), 9), t};
  constexpr std::int64_t week = 7 * std::int64_t{86'400'000};
  one.sources                 = t < now_ms - week ? "[]" : make_sources(random, price, t);
  return one;
}

inline ptn_position make_position(random_numbers& random, ptn_options const& wanted, bool open) {
  using tensorgate::outputs::side;
  constexpr double day_ms = 86'400'000;

  ptn_position out;
  out.pair           = random.below(ptn_pairs.size());
  auto const& pair   = ptn_pairs[out.pair];
  bool const  rising = random.chance(0.5);
  side const  type   = rising ? side::long_ : side::short_;
  double      price  = pair.price * random.between(0.9, 1.1);
  double      net    = 0;
  auto const  count  = 1 + random.below(3) + (random.chance(0.15) ? random.below(8) : 0);
  auto const  life   = static_cast<std::int64_t>(day_ms * random.between(0.05, open ? 20.0 : 5.0));
  auto const end = wanted.now_ms - 1000 - (open ? 0 : static_cast<std::int64_t>(day_ms * wanted.days * random.share()));
  for (std::size_t i = 0; i != count; ++i) {
    auto const t =
        end - life +
        static_cast<std::int64_t>(static_cast<double>(life) * static_cast<double>(i) / static_cast<double>(count + 1)) +
        static_cast<std::int64_t>(random.below(1000));
    double const size = rounded(pair.leverage * random.between(0.1, 1), 3);
    double const lev  = rising ? size : -size;
    price *= random.between(0.995, 1.005);
    out.orders.push_back(make_order(random, type, lev, price, t, wanted.now_ms));
    net += lev;
  }
  if (!open)
    out.orders.push_back(make_order(random, side::flat, -net, price * random.between(0.99, 1.01), end, wanted.now_ms));
  out.uuid = out.orders.front().uuid;
  derive(out, random);
  return out;
}

inline void put(std::string& out, ptn_position const& position, std::string_view hotkey) {
  using tensorgate::outputs::name_of;
  out.append(R"({"miner_hotkey": ")").append(hotkey).append(R"(", "position_uuid": ")").append(position.uuid);
  out += R"(", "open_ms": )";
  put(out, position.derived.open_ms);
  out.append(R"(, "trade_pair": )").append(ptn_pairs[position.pair].json).append(R"(, "orders": [)");
  for (std::size_t i = 0; i != position.orders.size(); ++i) {
    auto const& [terms, uuid, sources] = position.orders[i];
    out.append(i == 0 ? "" : ", ")
        .append(R"({"order_type": ")")
        .append(name_of(terms.type))
        .append(R"(", "leverage": )");
    put(out, terms.leverage);
    out += R"(, "price": )";
    put(out, terms.price);
    out += R"(, "bid": )";
    put(out, rounded(terms.price * 0.9999, 6));
    out += R"(, "ask": )";
    put(out, rounded(terms.price * 1.0001, 6));
    out += R"(, "slippage": )";
    put(out, terms.slippage);
    out += R"(, "processed_ms": )";
    put(out, terms.processed_ms);
    out.append(R"(, "order_uuid": ")").append(uuid).append(R"(", "price_sources": )").append(sources);
    out += R"(, "src": 0})";
  }
  auto const& d = position.derived;
  out += R"(], "current_return": )";
  put(out, d.current_return);
  out += R"(, "close_ms": )";
  put(out, d.close_ms.value_or(0));
  out += R"(, "net_leverage": )";
  put(out, d.net_leverage);
  out += R"(, "return_at_close": )";
  put(out, d.return_at_close);
  out += R"(, "average_entry_price": )";
  put(out, d.average_entry_price);
  out += R"(, "cumulative_entry_value": )";
  put(out, d.cumulative_entry_value);
  out += R"(, "account_size": )";
  put(out, position.account_size);
  out += R"(, "realized_pnl": )";
  put(out, d.realized_pnl);
  out.append(R"(, "position_type": ")").append(name_of(d.position_type)).append(R"(", "is_closed_position": )");
  out += d.is_closed ? "true}" : "false}";
}

inline std::vector<ptn_miner> make_miners(ptn_options const& wanted) {
  random_numbers         random{wanted.seed};
  std::vector<ptn_miner> out(wanted.miners);
  for (auto& miner : out) {
    miner.hotkey = make_hotkey(random);
    for (std::size_t i = 0; i != wanted.positions; ++i)
      miner.positions.push_back(make_position(random, wanted, random.chance(wanted.open)));
    if (wanted.sorted)
      std::sort(miner.positions.begin(), miner.positions.end(), [](ptn_position const& a, ptn_position const& b) {
        constexpr auto last = std::numeric_limits<std::int64_t>::max();
        auto const     left = a.derived.close_ms.value_or(last), right = b.derived.close_ms.value_or(last);
        return left != right ? left < right : a.uuid < b.uuid;
      });
  }
  return out;
}

/// output.json as text.
inline std::string positions_json(std::vector<ptn_miner> const& miners) {
  std::string out = "{";
  for (auto const& miner : miners) {
    if (out.size() > 1) out += ", ";
    out.append("\"").append(miner.hotkey).append(R"(": {"positions": [)");
    double       product = 1, profitable = 0;
    std::int64_t closed = 0;
    for (auto const& position : miner.positions) {
      if (&position != miner.positions.data()) out += ", ";
      put(out, position, miner.hotkey);
      if (!position.derived.is_closed) continue;
      ++closed;
      product *= position.derived.return_at_close;
      profitable += position.derived.return_at_close > 1 ? 1 : 0;
    }
    out += R"(], "thirty_day_returns": )";
    put(out, product);
    out += R"(, "all_time_returns": )";
    put(out, product);
    out += R"(, "n_positions": )";
    put(out, closed);
    out += R"(, "percentage_profitable": )";
    put(out, closed == 0 ? 0.0 : profitable / static_cast<double>(closed));
    out += "}";
  }
  return out + "}";
}

}  // namespace tensorgate_tests
