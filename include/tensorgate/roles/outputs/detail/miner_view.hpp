// tensorgate/roles/outputs/detail/miner_view.hpp: one miner's part of each tier's file.
#pragma once

#include <algorithm>    // min, sort
#include <array>        // array
#include <chrono>       // days
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <limits>       // numeric_limits
#include <memory>       // unique_ptr
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tie
#include <utility>      // exchange, move
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>                // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>             // result
#include <tensorgate/core/time.hpp>               // unix_millis
#include <tensorgate/roles/outputs/position.hpp>  // show_lagged

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// The tiers that a validator publishes, in the order of its files.
inline constexpr std::array<int, 4> tier_names{100, 50, 30, 0};

/// A position that is left out below tier 100 because it cannot be judged: worth a line in the log.
struct tier_note {
  std::string hotkey;
  std::string position_uuid;  ///< empty if it could not be read
  failure     why;

  /// One line for the log.
  [[nodiscard]] std::string text() const {
    std::string out = "position " + (position_uuid.empty() ? std::string("without a readable uuid") : position_uuid);
    out.append(" of ").append(hotkey).append(" is left out below tier 100: ").append(why.code.message());
    if (!why.note.empty()) out.append(", expected ").append(why.note);
    return out;
  }
  friend bool operator==(tier_note const&, tier_note const&) = default;
};

namespace detail {

/// `"hotkey": {…}` of one tier, in three parts. `run` is a long stretch that several tiers have in common.
struct miner_text {
  std::string      before;
  std::string_view run;
  std::string      after;
  std::size_t      positions = 0;
  std::size_t      orders    = 0;
};

struct miner_view {
  std::string                               hotkey;
  std::array<miner_text, tier_names.size()> texts;
  std::unique_ptr<std::string>              settled;  ///< what a run views, where it is not the file's own bytes
  std::vector<tier_note>                    notes;
  std::int64_t                              next_change_ms = std::numeric_limits<std::int64_t>::max();
};

/// A position of the file with what the tiers make of it.
struct judged_position {
  std::string_view              text;
  std::optional<position>       whole;   ///< nothing if it cannot be read
  std::optional<shown_position> lagged;  ///< what a tier sees that may not see the last day
  bool                          settled = false;
  int                           bucket  = 100;

  [[nodiscard]] bool is_whole_in(int tier) const noexcept { return tier >= 100 || bucket < tier; }
};

/// Whether one view follows the other in the same text, with a comma and a blank between: as join() would write them.
[[nodiscard]] inline bool are_adjacent(std::string_view left, std::string_view right) noexcept {
  return left.data() + left.size() + 2 == right.data() &&
         std::string_view(left.data() + left.size(), 2) == std::string_view(", ");
}

/// The stretch of the file from one view to another.
[[nodiscard]] inline std::string_view stretch(std::string_view first, std::string_view last) noexcept {
  return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

/// Adds `text` to a list of which `before` elements stand already.
inline void append_element(std::string& out, std::size_t before, std::string_view text) {
  out.append(before == 0 ? "" : ", ").append(text);
}

[[nodiscard]] inline std::string open_miner(std::string_view hotkey) {
  std::string out;
  reflect::append_json(out, hotkey);
  return out += ": {";
}

class miner_judge {
 public:
  miner_judge(unix_millis now, tier_mode mode) noexcept
      : now_ms_(to_unix_millis(now)), cut_ms_(to_unix_millis(now - tier_lag)), mode_(mode) {}

  /// `text` must outlive the view.
  [[nodiscard]] result<miner_view> view(std::string hotkey, std::string_view text) {
    auto const members = reflect::read_json<raw_members>(text);
    if (!members) return fail(errc::malformed_file, "an object for each miner");
    std::string_view list;
    for (auto const& [key, value] : *members)
      if (key == "positions") list = value.text;
    auto const positions = reflect::read_json<std::vector<reflect::raw_json_view>>(list);
    if (!positions) return fail(errc::malformed_file, "an array of positions for each miner");

    out_        = {};
    out_.hotkey = std::move(hotkey);
    judged_.clear();
    judged_.reserve(positions->size());
    for (auto const& one : *positions) judge(one.text);

    write_realtime(*members, list);
    mode_ == tier_mode::ours ? write_ours() : write_compat(*members);
    return std::move(out_);
  }

 private:
  void judge(std::string_view text) {
    auto& one = judged_.emplace_back();
    one.text  = text;
    auto read = read_position(text);
    if (!read) return note({}, read.error());

    one.whole   = std::move(*read);
    one.settled = is_settled(*one.whole, cut_ms_);
    auto lagged = show_lagged(*one.whole, cut_ms_, mode_);
    if (!lagged) {
      note(one.whole->uuid, lagged.error());
    } else {
      one.lagged = std::move(*lagged);
    }
    if (!one.settled) one.bucket = bucket_of(one.whole->uuid);
    expect_changes(*one.whole);
  }

  void note(std::string_view uuid, failure why) { out_.notes.push_back({out_.hotkey, std::string(uuid), why}); }

  void expect_change(std::int64_t at_ms) noexcept {
    if (at_ms > now_ms_) out_.next_change_ms = std::min(out_.next_change_ms, at_ms);
  }
  void expect_changes(position const& one) noexcept {
    auto const lag_ms = std::chrono::milliseconds{tier_lag}.count();
    for (auto const t : one.order_ms) expect_change(t + lag_ms + 1);
    if (one.close_ms) expect_change(*one.close_ms + lag_ms + 1);
    if (mode_ == tier_mode::ours) expect_change(one.open_ms + month_ms);
  }

  /// Tier 100: the file's own bytes, and the tier behind them.
  void write_realtime(raw_members const& members, std::string_view list) {
    auto& out     = out_.texts[0];
    out.positions = judged_.size();
    for (auto const& one : judged_) out.orders += one.whole ? one.whole->order_ms.size() : 0;

    auto const run = mode_ == tier_mode::ours ? settled_in_place() : untouched_in_place();
    out.before     = open_miner(out_.hotkey);
    bool passed    = false;  // the run: what follows it goes behind
    bool first     = true;
    for (auto const& [key, value] : members) {
      if (key == "tier") continue;
      auto& to = passed ? out.after : out.before;
      if (!std::exchange(first, false)) to += ", ";
      reflect::append_json(to, key);
      to += ": ";
      if (key != "positions" || run.empty()) {
        to += value.text;
        continue;
      }
      auto const at = static_cast<std::size_t>(run.data() - list.data());
      out.before += list.substr(0, at);
      out.run = run;
      out.after += list.substr(at + run.size());
      passed = true;
    }
    end_miner(out, tier_names[0]);
  }

  void end_miner(miner_text& out, int tier) {
    auto& to = out.run.empty() ? out.before : out.after;
    to += R"(, "tier": )";
    reflect::append_json(to, tier);
    to += "}";
  }

  // --- compat -----------------------------------------------------------------------------------------------------

  /// The longest stretch of the file whose positions every tier sees as they are.
  [[nodiscard]] std::string_view untouched_in_place() const {
    std::string_view longest;
    for (std::size_t i = 0; i != judged_.size();) {
      std::size_t end = i;
      while (end != judged_.size() && is_untouched(judged_[end]) &&
             (end == i || are_adjacent(judged_[end - 1].text, judged_[end].text)))
        ++end;
      if (end == i) {
        ++i;
        continue;
      }
      auto const found = stretch(judged_[i].text, judged_[end - 1].text);
      if (found.size() > longest.size()) longest = found;
      i = end;
    }
    return longest;
  }
  [[nodiscard]] static bool is_untouched(judged_position const& one) noexcept {
    return one.lagged && one.lagged->rebuilt.empty();
  }

  void write_compat(raw_members const& members) {
    auto const run     = untouched_in_place();
    auto const run_end = run.data() + run.size();
    for (std::size_t t = 1; t != tier_names.size(); ++t) {
      auto& out   = out_.texts[t];
      out.run     = run;
      out.before  = open_miner(out_.hotkey);
      bool passed = false;
      bool first  = true;
      for (auto const& [key, value] : members) {
        if (key == "tier") continue;
        auto* to = passed ? &out.after : &out.before;
        if (!std::exchange(first, false)) *to += ", ";
        reflect::append_json(*to, key);
        *to += ": ";
        if (key != "positions") {
          *to += value.text;
          continue;
        }
        *to += "[";
        for (auto const& one : judged_) {
          bool const whole = one.whole && one.is_whole_in(tier_names[t]);
          if (!whole && !one.lagged) continue;
          out.orders += whole ? one.whole->order_ms.size() : one.lagged->orders;
          bool const in_run = !run.empty() && one.text.data() >= run.data() && one.text.data() < run_end;
          if (in_run) {
            if (!passed && out.positions != 0) out.before += ", ";
            passed = true;
            to     = &out.after;
          } else {
            append_element(*to, out.positions, whole ? one.text : one.lagged->json());
          }
          ++out.positions;
        }
        *to += "]";
      }
      end_miner(out, tier_names[t]);
    }
  }

  // --- ours -------------------------------------------------------------------------------------------------------

  /// Closed ones by the time of closing, then open ones by the time of opening: of what is shown, never of the file.
  [[nodiscard]] static bool stands_before(shown_position const& a, shown_position const& b) noexcept {
    constexpr auto last    = std::numeric_limits<std::int64_t>::max();
    auto const     a_close = a.is_closed ? a.close_ms.value_or(last - 1) : last;
    auto const     b_close = b.is_closed ? b.close_ms.value_or(last - 1) : last;
    auto const     a_json = a.json(), b_json = b.json();
    return std::tie(a_close, a.open_ms, a.uuid, a_json) < std::tie(b_close, b.open_ms, b.uuid, b_json);
  }
  static void sort(std::vector<shown_position const*>& list) {
    std::sort(list.begin(), list.end(), [](auto const* a, auto const* b) { return stands_before(*a, *b); });
  }

  [[nodiscard]] std::vector<shown_position const*> settled() const {
    std::vector<shown_position const*> out;
    for (auto const& one : judged_)
      if (one.settled && one.lagged) out.push_back(&*one.lagged);
    sort(out);
    return out;
  }

  /// The settled positions as they stand in the file, if they stand there in a row and in our order; else nothing.
  [[nodiscard]] std::string_view settled_in_place() const {
    auto const list = settled();
    if (list.empty()) return {};
    for (std::size_t i = 0; i != list.size(); ++i) {
      if (!list[i]->rebuilt.empty()) return {};
      if (i != 0 && !are_adjacent(list[i - 1]->text, list[i]->text)) return {};
    }
    return stretch(list.front()->text, list.back()->text);
  }

  /// What a tier says of a miner as a whole, from what it shows of the positions.
  struct aggregates {
    double       thirty_day_returns = 1.0;
    double       all_time_returns   = 1.0;
    std::int64_t closed             = 0;
    std::int64_t profitable         = 0;

    void add(shown_position const& one, std::int64_t now_ms) noexcept {
      if (!one.is_closed) return;
      ++closed;
      profitable += one.return_at_close > 1 ? 1 : 0;
      all_time_returns *= one.return_at_close;
      if (one.open_ms > now_ms - month_ms) thirty_day_returns *= one.return_at_close;
    }
  };

  void write_ours() {
    auto const  common = settled();
    aggregates  common_aggregates;
    std::size_t common_orders = 0;
    for (auto const* one : common) {
      common_aggregates.add(*one, now_ms_);
      common_orders += one->orders;
    }
    auto run = settled_in_place();
    if (run.empty() && !common.empty()) {
      out_.settled = std::make_unique<std::string>();
      for (auto const* one : common) append_element(*out_.settled, out_.settled->size(), one->json());
      run = *out_.settled;
    }
    for (std::size_t t = 1; t != tier_names.size(); ++t) {
      std::vector<shown_position>        whole;  // views of what `rest` points to
      std::vector<shown_position const*> rest;
      whole.reserve(judged_.size());
      for (auto const& one : judged_) {
        if (one.settled || !one.whole) continue;
        if (one.is_whole_in(tier_names[t])) {
          rest.push_back(&whole.emplace_back(show_whole(*one.whole)));
        } else if (one.lagged) {
          rest.push_back(&*one.lagged);
        }
      }
      sort(rest);

      auto& out     = out_.texts[t];
      auto  of      = common_aggregates;
      out.positions = common.size();
      out.orders    = common_orders;
      out.run       = run;
      out.before    = open_miner(out_.hotkey) + R"("positions": [)";
      auto& to      = run.empty() ? out.before : out.after;
      for (auto const* one : rest) {
        append_element(to, out.positions, one->json());
        ++out.positions;
        out.orders += one->orders;
        of.add(*one, now_ms_);
      }
      to += R"(], "thirty_day_returns": )";
      reflect::append_json(to, of.thirty_day_returns);
      to += R"(, "all_time_returns": )";
      reflect::append_json(to, of.all_time_returns);
      to += R"(, "n_positions": )";
      reflect::append_json(to, of.closed);
      to += R"(, "percentage_profitable": )";
      reflect::append_json(to,
                           of.closed == 0 ? 0.0 : static_cast<double>(of.profitable) / static_cast<double>(of.closed));
      end_miner(out, tier_names[t]);
    }
  }

  static constexpr std::int64_t month_ms = 30 * std::int64_t{86'400'000};

  std::int64_t                 now_ms_;
  std::int64_t                 cut_ms_;
  tier_mode                    mode_;
  miner_view                   out_;
  std::vector<judged_position> judged_;
};

}  // namespace detail

}  // namespace tensorgate::outputs
