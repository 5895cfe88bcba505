// tensorgate/roles/outputs/position.hpp: what is shown of one position to those who may not see the last 24 hours?
#pragma once

#include <array>        // array
#include <chrono>       // milliseconds, hours
#include <cmath>        // abs, isfinite, trunc
#include <cstddef>      // size_t, to_integer
#include <cstdint>      // int64_t
#include <limits>       // numeric_limits
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/core/bytes.hpp>             // as_bytes
#include <tensorgate/core/result.hpp>            // result
#include <tensorgate/core/time.hpp>              // unix_millis
#include <tensorgate/crypto/hash.hpp>            // sha256
#include <tensorgate/reflect/json_read.hpp>      // read_json
#include <tensorgate/reflect/json_write.hpp>     // append_json
#include <tensorgate/reflect/raw.hpp>            // raw_json_view
#include <tensorgate/roles/outputs/errc.hpp>     // errc
#include <tensorgate/roles/outputs/rebuild.hpp>  // rebuild

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// How old an order must be to be seen by everyone.
inline constexpr std::chrono::milliseconds tier_lag = std::chrono::hours{24};

/// Whose result is wanted: the validator's own, or one that lets nothing of the last day through. See tiers.hpp.
enum class tier_mode { ours, compat };

/// The place of a position among the hundred parts of which tier t sees the first t at once: the SHA-256 of its uuid,
/// as one large number, modulo 100.
[[nodiscard]] inline int bucket_of(std::string_view position_uuid) {
  int rest = 0;
  for (auto const one : crypto::sha256(as_bytes(position_uuid))) rest = (rest * 256 + std::to_integer<int>(one)) % 100;
  return rest;
}

/// What the tier rule asks of a position. The views look into its text.
struct position {
  std::string_view            text;  ///< the file's own bytes
  std::string_view            uuid;
  std::string_view            pair;  ///< id of the trade pair; empty if there is none to be read
  std::int64_t                open_ms = 0;
  std::optional<std::int64_t> close_ms;  ///< nothing while open
  bool                        is_closed       = false;
  double                      return_at_close = 1.0;
  double                      account_size    = 0.0;
  std::vector<std::int64_t>   order_ms;  ///< the time of each order, in the order of the file
};

/// A position as a tier sees it.
struct shown_position {
  std::string_view            text;     ///< of the file, or of `rebuilt`
  std::string                 rebuilt;  ///< the text, where it is not the file's own
  std::string_view            uuid;
  std::int64_t                open_ms = 0;
  std::optional<std::int64_t> close_ms;
  bool                        is_closed       = false;
  double                      return_at_close = 1.0;
  std::size_t                 orders          = 0;

  [[nodiscard]] std::string_view json() const noexcept { return rebuilt.empty() ? text : rebuilt; }
};

namespace detail {

struct order_time {
  double processed_ms;
};

/// Old files lack some of today's members, newer ones will have more: none but these matter here.
struct position_members {
  std::string_view                      position_uuid;
  std::vector<order_time>               orders;
  bool                                  is_closed_position;
  std::optional<reflect::raw_json_view> trade_pair;
  std::optional<double>                 open_ms;
  std::optional<double>                 close_ms;
  std::optional<double>                 return_at_close;
  std::optional<double>                 account_size;
};

struct order_members {
  std::string_view      order_type;
  double                leverage;
  double                price;
  double                processed_ms;
  std::optional<double> slippage;
};

using raw_members = std::vector<std::pair<std::string, reflect::raw_json_view>>;

/// A time of the file. Python writes whole numbers, but a `.0` is no reason to refuse a position.
[[nodiscard]] inline std::optional<std::int64_t> to_millis(double value) noexcept {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (!(std::abs(value) <= exact) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace detail

/// Reads one position of the file; `text` must outlive it.
/// Fails with: errc::unreadable_position.
[[nodiscard]] inline result<position> read_position(std::string_view text) {
  auto const members = reflect::read_json<detail::position_members>(text);
  if (!members) return fail(errc::unreadable_position, members.error().expected);

  position out;
  out.text            = text;
  out.uuid            = members->position_uuid;
  out.is_closed       = members->is_closed_position;
  out.return_at_close = members->return_at_close.value_or(1.0);
  out.account_size    = members->account_size.value_or(0.0);
  auto const open_ms  = detail::to_millis(members->open_ms.value_or(0.0));
  auto const close_ms = detail::to_millis(members->close_ms.value_or(0.0));
  if (!open_ms || !close_ms) return fail(errc::unreadable_position, "a time in milliseconds");
  out.open_ms = *open_ms;
  if (*close_ms != 0) out.close_ms = close_ms;  // 0 and null both say: open
  out.order_ms.reserve(members->orders.size());
  for (auto const& one : members->orders) {
    auto const processed_ms = detail::to_millis(one.processed_ms);
    if (!processed_ms) return fail(errc::unreadable_position, "a time in milliseconds");
    out.order_ms.push_back(*processed_ms);
  }
  // [id, display, fee, …]
  auto const pair_text = members->trade_pair.value_or(reflect::raw_json_view{}).text;
  if (auto const pair = reflect::read_json<std::vector<reflect::raw_json_view>>(pair_text); pair && !pair->empty()) {
    if (auto const id = reflect::read_json<std::string_view>(pair->front().text)) out.pair = *id;
  }
  return out;
}

/// A position that a tier sees as it is.
[[nodiscard]] inline shown_position show_whole(position const& one) {
  return {one.text, {}, one.uuid, one.open_ms, one.close_ms, one.is_closed, one.return_at_close, one.order_ms.size()};
}

namespace detail {

/// Writes a position again with some members replaced: `replace(key, out)` appends the new value, or gives false.
template <class Replace>
[[nodiscard]] std::string rewrite(raw_members const& members, Replace replace) {
  std::string out = "{";
  for (auto const& [key, value] : members) {
    if (out.size() > 1) out += ", ";
    reflect::append_json(out, key);
    out += ": ";
    if (!replace(key, out)) out += value.text;
  }
  return out += "}";
}

[[nodiscard]] inline std::string join(std::vector<std::string_view> const& parts) {
  std::string out;
  for (auto const& one : parts) out.append(out.empty() ? "" : ", ").append(one);
  return out;
}

/// The texts of the orders from before `cut`, and what is asked of them for a rebuild.
struct kept_orders {
  raw_members                   members;  ///< of the position
  std::vector<std::string_view> texts;
};

[[nodiscard]] inline result<kept_orders> keep_orders(position const& one, std::int64_t cut_ms) {
  kept_orders out;
  auto        members = reflect::read_json<raw_members>(one.text);
  if (!members) return fail(errc::unreadable_position, members.error().expected);
  out.members = std::move(*members);
  for (auto const& [key, value] : out.members) {
    if (key != "orders") continue;
    auto const orders = reflect::read_json<std::vector<reflect::raw_json_view>>(value.text);
    if (!orders || orders->size() != one.order_ms.size()) return fail(errc::unreadable_position, "an array of orders");
    for (std::size_t i = 0; i != orders->size(); ++i)
      if (one.order_ms[i] < cut_ms) out.texts.push_back((*orders)[i].text);
  }
  return out;
}

[[nodiscard]] inline bool is_finite(derived_fields const& of) noexcept {
  return std::isfinite(of.current_return) && std::isfinite(of.return_at_close) && std::isfinite(of.net_leverage) &&
         std::isfinite(of.average_entry_price) && std::isfinite(of.cumulative_entry_value) &&
         std::isfinite(of.realized_pnl);
}

/// The member of that name, rebuilt; false for a name that does not follow from the orders.
[[nodiscard]] inline bool append_derived(derived_fields const& of, std::string_view key, std::string& out) {
  if (key == "open_ms") {
    reflect::append_json(out, of.open_ms);
  } else if (key == "close_ms") {
    reflect::append_json(out, of.close_ms);  // null while open, as upstream writes it here
  } else if (key == "current_return") {
    reflect::append_json(out, of.current_return);
  } else if (key == "return_at_close") {
    reflect::append_json(out, of.return_at_close);
  } else if (key == "net_leverage") {
    reflect::append_json(out, of.net_leverage);
  } else if (key == "average_entry_price") {
    reflect::append_json(out, of.average_entry_price);
  } else if (key == "cumulative_entry_value") {
    reflect::append_json(out, of.cumulative_entry_value);
  } else if (key == "realized_pnl") {
    reflect::append_json(out, of.realized_pnl);
  } else if (key == "position_type") {
    reflect::append_json(out, name_of(of.position_type));
  } else if (key == "is_closed_position") {
    reflect::append_json(out, of.is_closed);
  } else {
    return false;
  }
  return true;
}

[[nodiscard]] inline result<shown_position> rebuild_position(position const& one, kept_orders const& kept) {
  auto const asset = class_of(one.pair);
  if (!asset) return fail(errc::unknown_trade_pair, "a trade pair of a known class");
  std::vector<order_terms> terms;
  terms.reserve(kept.texts.size());
  for (auto const& text : kept.texts) {
    auto const order = reflect::read_json<order_members>(text);
    auto const type  = order ? parse_side(order->order_type) : std::nullopt;
    if (!type) return fail(errc::unreadable_position, "an order with type, leverage, price and time");
    terms.push_back({*type, order->leverage, order->price, order->slippage.value_or(0.0),
                     static_cast<std::int64_t>(order->processed_ms)});
  }
  auto const derived = rebuild(terms, *asset, one.account_size);
  if (!is_finite(derived)) return fail(errc::unreadable_position, "orders with finite results");

  shown_position out;
  out.uuid            = one.uuid;
  out.open_ms         = derived.open_ms;
  out.close_ms        = derived.close_ms;
  out.is_closed       = derived.is_closed;
  out.return_at_close = derived.return_at_close;
  out.orders          = terms.size();
  out.rebuilt         = rewrite(kept.members, [&](std::string_view key, std::string& to) {
    if (key != "orders") return append_derived(derived, key, to);
    to.append("[").append(join(kept.texts)).append("]");
    return true;
  });
  return out;
}

}  // namespace detail

/// True if the position was closed before `cut_ms`, so that every tier sees it.
[[nodiscard]] inline bool is_settled(position const& one, std::int64_t cut_ms) noexcept {
  return one.is_closed && one.close_ms && *one.close_ms < cut_ms;
}

/// What is known of a position if nothing from `cut_ms` on is; nothing if it was opened since.
/// Fails with: unreadable_position; unknown_trade_pair, for what must be rebuilt and is of no known class.
[[nodiscard]] inline result<std::optional<shown_position>> show_lagged(position const& one, std::int64_t cut_ms,
                                                                       tier_mode mode) {
  bool any_hidden = false;
  for (auto const t : one.order_ms) any_hidden = any_hidden || t >= cut_ms;

  bool const settled   = is_settled(one, cut_ms);
  bool const untouched = !one.is_closed && !one.order_ms.empty() && one.order_ms.back() < cut_ms;
  if (mode == tier_mode::compat ? settled || untouched : settled && !any_hidden) return show_whole(one);

  auto const kept = detail::keep_orders(one, cut_ms);
  if (!kept) return fail(kept);
  if (settled) {  // orders after the end change nothing, but must not be seen
    auto out    = show_whole(one);
    out.orders  = kept->texts.size();
    out.rebuilt = detail::rewrite(kept->members, [&](std::string_view key, std::string& to) {
      if (key == "orders") to.append("[").append(detail::join(kept->texts)).append("]");
      return key == "orders";
    });
    return out;
  }
  if (kept->texts.empty()) return std::optional<shown_position>{};
  auto rebuilt = detail::rebuild_position(one, *kept);
  if (!rebuilt) return fail(rebuilt);
  return std::optional<shown_position>{std::move(*rebuilt)};
}

/// What a tier sees of a position: all of it from tier 100 on, and where its bucket falls under the tier.
[[nodiscard]] inline result<std::optional<shown_position>> show_position(position const& one, int tier, unix_millis now,
                                                                         tier_mode mode) {
  auto const cut_ms = to_unix_millis(now - tier_lag);
  if (tier >= 100) return show_whole(one);
  if (tier > 0 && !is_settled(one, cut_ms) && bucket_of(one.uuid) < tier) return show_whole(one);
  return show_lagged(one, cut_ms, mode);
}

}  // namespace tensorgate::outputs
