// tensorgate/roles/outputs/tiers.hpp: what may a customer of each freshness tier see of the positions?
//
// Tier t sees about t % of the positions of the last 24 hours as they are, chosen by a hash of the position; of all
// others it sees what was known 24 hours ago. Two ways:
//
// `compat` gives what the validator itself writes: aggregates come from the realtime data, miners and positions stand
// in the order of the raw file, and an open position that nobody touched for a day keeps its realtime figures.
//
// `ours` lets nothing of the last day through below tier 100. Each tier's text is a function of the visible orders and
// of what does not change in a position's life, so that files which differ in hidden orders alone give equal bytes:
//   - every position that was open a day ago is rebuilt from its visible orders, touched since or not: a difference
//     in form (a null where a 0 was) or in figures would tell which ones were just traded;
//   - positions stand in the order of what is shown of them, closed ones by time first: the raw order tells what
//   closed;
//   - aggregates are recomputed from what is shown, miners stand by hotkey, other members of a miner are left out;
//   - the gzip form is cut into pieces by visible facts alone.
// Not hidden: that a miner exists; members of a position that this file does not know, which pass as they are.
#pragma once

#include <algorithm>      // min, sort
#include <array>          // array
#include <atomic>         // progress
#include <cstddef>        // size_t
#include <cstdint>        // int64_t
#include <functional>     // function
#include <limits>         // numeric_limits
#include <memory>         // shared_ptr
#include <optional>       // optional
#include <string>         // string
#include <string_view>    // string_view
#include <unordered_map>  // cache
#include <utility>        // move, pair
#include <vector>         // vector

#include <tensorgate/codec/gzip_join.hpp>                  // pack_piece, gzip_joiner
#include <tensorgate/core/abi.hpp>                         // TENSORGATE_ABI
#include <tensorgate/core/bytes.hpp>                       // as_bytes, as_text
#include <tensorgate/core/result.hpp>                      // result
#include <tensorgate/core/time.hpp>                        // unix_millis
#include <tensorgate/crypto/hash.hpp>                      // sha256
#include <tensorgate/reflect/json_read.hpp>                // read_json
#include <tensorgate/roles/outputs/detail/miner_view.hpp>  // miner_judge, tier_names, tier_note
#include <tensorgate/roles/outputs/position.hpp>           // tier_mode

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// Calls a function for 0 … count-1, in any order, on any threads, and returns when all calls have.
using parallel_for = std::function<void(std::size_t count, std::function<void(std::size_t)> const& call)>;

[[nodiscard]] inline parallel_for one_by_one() {
  return [](std::size_t count, std::function<void(std::size_t)> const& call) {
    for (std::size_t i = 0; i != count; ++i) call(i);
  };
}

/// Packed pieces of the last build, for the next one: most of the text is the same fifteen seconds later.
/// Holds what one build used, about the size of one tier's gzip form. One build at a time may use it.
class tier_cache {
 public:
  using piece = std::shared_ptr<codec::gzip_piece const>;

  /// The piece made of a text with this digest, if the last build had it.
  [[nodiscard]] piece find(crypto::sha256_digest const& digest) const {
    auto const found = pieces_.find(std::string(as_text(digest)));
    return found == pieces_.end() ? nullptr : found->second;
  }
  void replace(std::vector<std::pair<crypto::sha256_digest, piece>> used) {
    pieces_.clear();
    for (auto& [digest, one] : used) pieces_.emplace(std::string(as_text(digest)), std::move(one));
  }
  [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }

 private:
  std::unordered_map<std::string, piece> pieces_;
};

struct tier_options {
  codec::gzip_level level = {};    ///< 6 is already smaller here than zlib's 9
  bool              json  = true;  ///< keep each tier's text
  bool              gzip  = true;  ///< and make its gzip form
  std::function<void(std::size_t done, std::size_t of)>
      progress{};  ///< called on the working threads, at once on several
};

/// One miner's object in a tier's text.
struct miner_slice {
  std::string hotkey;
  std::size_t offset = 0;
  std::size_t size   = 0;
};

struct tier_file {
  int                      tier = 100;
  std::string              json;    ///< empty unless asked for
  std::string              gzip;    ///< empty unless asked for; no time in it: equal text gives equal bytes
  std::vector<miner_slice> miners;  ///< in the order of the text
  std::size_t              positions = 0;
  std::size_t              orders    = 0;
};

struct tier_set {
  std::array<tier_file, tier_names.size()> tiers;  ///< in the order of `tier_names`
  std::vector<tier_note>                   notes;
  /// When the same raw file gives another result for the first time; nothing while it will not.
  std::optional<unix_millis> next_change;
};

namespace detail {

/// Shorter runs are packed together with what stands around them: a piece of its own loses what it could refer to.
inline constexpr std::size_t least_run = std::size_t{128} << 10U;
/// What stands between runs is cut here at the latest, at the end of a miner, so that several threads can pack it.
inline constexpr std::size_t most_between_runs = std::size_t{1} << 20U;

/// The stretches of text of which all tiers' gzip forms consist. Where they are cut follows from a tier's own text.
class piece_plan {
 public:
  void add(std::size_t tier, miner_text const& miner, bool first) {
    auto& open = open_[tier];
    open.append(first ? "{" : ", ").append(miner.before);
    if (miner.run.size() < least_run) {
      open.append(miner.run);
    } else {
      close(tier);
      auto const [place, is_new] = runs_.try_emplace(miner.run.data(), texts_.size());
      if (is_new || texts_[place->second].size() != miner.run.size()) {
        place->second = texts_.size();
        texts_.push_back(miner.run);
      }
      pieces_[tier].push_back(place->second);
    }
    open.append(miner.after);
    if (open.size() >= most_between_runs) close(tier);
  }
  void end(std::size_t tier, bool empty) {
    open_[tier].append(empty ? "{}" : "}");
    close(tier);
  }

  [[nodiscard]] std::vector<std::string_view> const& texts() const noexcept { return texts_; }
  [[nodiscard]] std::vector<std::size_t> const&      pieces(std::size_t tier) const noexcept { return pieces_[tier]; }

 private:
  void close(std::size_t tier) {
    if (open_[tier].empty()) return;
    pieces_[tier].push_back(texts_.size());
    texts_.push_back(*owned_.emplace_back(std::make_unique<std::string>(std::move(open_[tier]))));
    open_[tier].clear();
  }

  std::array<std::string, tier_names.size()>              open_;
  std::array<std::vector<std::size_t>, tier_names.size()> pieces_;  ///< indices into `texts_`
  std::vector<std::string_view>                           texts_;
  std::vector<std::unique_ptr<std::string>>               owned_;
  std::unordered_map<char const*, std::size_t>            runs_;
};

/// Counts finished pieces of work for `tier_options::progress`.
class progress_counter {
 public:
  progress_counter(tier_options const& options, std::size_t of) noexcept : options_(options), of_(of) {}
  void step() {
    auto const done = ++done_;
    if (options_.progress) options_.progress(std::min(done, of_), of_);
  }
  void finish() {
    if (options_.progress) options_.progress(of_, of_);
  }
  void grow(std::size_t by) noexcept { of_ += by; }

 private:
  tier_options const&      options_;
  std::size_t              of_;
  std::atomic<std::size_t> done_{0};
};

using miner_order = std::vector<miner_view const*>;

inline void write_json(tier_file& out, std::size_t tier, miner_order const& miners, bool keep) {
  std::size_t size = 2;
  for (auto const* one : miners) {
    auto const& text = one->texts[tier];
    size += 2 + text.before.size() + text.run.size() + text.after.size();
  }
  if (keep) out.json.reserve(size);
  out.miners.reserve(miners.size());
  std::size_t at = 0;
  for (auto const* one : miners) {
    auto const& text  = one->texts[tier];
    bool const  first = one == miners.front();
    if (keep) out.json.append(first ? "{" : ", ").append(text.before).append(text.run).append(text.after);
    auto const begin = at + (first ? 1 : 2);
    at               = begin + text.before.size() + text.run.size() + text.after.size();
    auto const name  = open_miner(one->hotkey).size() - 1;  // up to the brace
    out.miners.push_back({one->hotkey, begin + name, at - begin - name});
    out.positions += text.positions;
    out.orders += text.orders;
  }
  if (keep) out.json += miners.empty() ? "{}" : "}";
}

inline void write_gzip(tier_set& out, std::array<miner_order const*, tier_names.size()> const& miners,
                       tier_options const& options, parallel_for const& run, tier_cache* cache,
                       progress_counter& progress) {
  piece_plan plan;
  for (std::size_t t = 0; t != tier_names.size(); ++t) {
    for (auto const* one : *miners[t]) plan.add(t, one->texts[t], one == miners[t]->front());
    plan.end(t, miners[t]->empty());
  }
  auto const& texts = plan.texts();
  progress.grow(texts.size());
  std::vector<tier_cache::piece>     packed(texts.size());
  std::vector<crypto::sha256_digest> digests(cache ? texts.size() : 0);
  run(texts.size(), [&](std::size_t i) {
    if (cache) {
      digests[i] = crypto::sha256(as_bytes(texts[i]));
      packed[i]  = cache->find(digests[i]);
    }
    if (!packed[i]) packed[i] = std::make_shared<codec::gzip_piece const>(codec::pack_piece(texts[i], options.level));
    progress.step();
  });
  run(tier_names.size(), [&](std::size_t t) {
    codec::gzip_joiner joiner;
    std::size_t        size = 0;
    for (auto const i : plan.pieces(t)) size += packed[i]->blocks.size();
    joiner.reserve(size);
    for (auto const i : plan.pieces(t)) joiner.add(*packed[i]);
    out.tiers[t].gzip = joiner.finish();
  });
  if (cache) {
    std::vector<std::pair<crypto::sha256_digest, tier_cache::piece>> used;
    for (std::size_t i = 0; i != texts.size(); ++i) used.emplace_back(digests[i], packed[i]);
    cache->replace(std::move(used));
  }
}

}  // namespace detail

/// The tiers' files from output.json as it is in the validator's folder, at `now`. Positions that cannot be judged are
/// left out below tier 100 and noted.
/// `run` spreads the work over threads; `cache`, which serves one gzip level only, carries packed pieces from build to
/// build. Fails with: malformed_file.
[[nodiscard]] inline result<tier_set> build_tiers(std::string_view raw, unix_millis now, tier_mode mode,
                                                  tier_options const& options = {},
                                                  parallel_for const& run = one_by_one(), tier_cache* cache = nullptr) {
  auto map = reflect::read_json<detail::raw_members>(raw);
  if (!map) return fail(errc::malformed_file, map.error().expected);

  detail::progress_counter                progress(options, map->size());
  std::vector<result<detail::miner_view>> views(map->size());
  run(map->size(), [&](std::size_t i) {
    auto& [hotkey, text] = (*map)[i];
    views[i]             = detail::miner_judge(now, mode).view(std::move(hotkey), text.text);
    progress.step();
  });

  tier_set            out;
  std::int64_t        next_change_ms = std::numeric_limits<std::int64_t>::max();
  detail::miner_order of_file;
  for (auto& one : views) {
    if (!one) return fail(one);
    of_file.push_back(&*one);
    next_change_ms = std::min(next_change_ms, one->next_change_ms);
    for (auto& note : one->notes) out.notes.push_back(std::move(note));
  }
  if (next_change_ms != std::numeric_limits<std::int64_t>::max()) out.next_change = from_unix_millis(next_change_ms);
  auto below = of_file;
  if (mode == tier_mode::ours)
    std::sort(below.begin(), below.end(), [](auto const* a, auto const* b) { return a->hotkey < b->hotkey; });

  run(tier_names.size(), [&](std::size_t t) {
    out.tiers[t].tier = tier_names[t];
    detail::write_json(out.tiers[t], t, t == 0 ? of_file : below, options.json);
  });
  if (options.gzip) detail::write_gzip(out, {&of_file, &below, &below, &below}, options, run, cache, progress);
  progress.finish();
  return out;
}

}  // namespace tensorgate::outputs
