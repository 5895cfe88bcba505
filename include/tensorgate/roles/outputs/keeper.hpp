// tensorgate/roles/outputs/keeper.hpp: turns what changed in the validator's tree into the next snapshot.
#pragma once

#include <algorithm>    // any_of, sort
#include <array>        // array
#include <chrono>       // minutes
#include <cstddef>      // size_t
#include <filesystem>   // path
#include <functional>   // function
#include <map>          // map
#include <memory>       // shared_ptr, make_shared
#include <optional>     // optional
#include <set>          // set
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move, pair
#include <vector>       // vector

#include <fmt/format.h>  // news in words

#include <tensorgate/core/time.hpp>               // unix_millis, steady_point
#include <tensorgate/reflect/json_write.hpp>      // write_json
#include <tensorgate/roles/outputs/config.hpp>    // data_config
#include <tensorgate/roles/outputs/copying.hpp>   // copying_tracker
#include <tensorgate/roles/outputs/profile.hpp>   // position_files
#include <tensorgate/roles/outputs/snapshot.hpp>  // snapshot
#include <tensorgate/roles/outputs/tiers.hpp>     // build_tiers, tier_names
#include <tensorgate/roles/outputs/tree.hpp>      // followed_pattern
#include <tensorgate/store/durable_file.hpp>      // write_file

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// What the keeper tells while it works. All are called on the thread of `look`.
struct keeper_events {
  std::function<void(snapshot_ptr)>                                 publish;  ///< a new snapshot is whole
  std::function<void(std::string_view what, std::string_view text)> say;      ///< news for the operator
};

/// Follows the files, one look at a time. Not for several threads at once.
class keeper {
 public:
  keeper(data_config data, api_profile profile, tier_source from, std::vector<row> rows, keeper_events events)
      : data_(std::move(data)),
        profile_(profile),
        source_of_tiers_(from),
        rows_(std::move(rows)),
        events_(std::move(events)) {
    limits_.file    = data_.largest_file;
    limits_.decoded = data_.largest_file * 4;
    auto first      = std::make_shared<snapshot>();
    for (auto const& one : rows_) {
      first->rows.push_back(std::make_shared<row_files const>());
      for (auto const& file : one.files) {
        follow(file);
        if (one.slice || one.omit || one.lag) cut_.insert(file);
      }
    }
    if (profile_ != api_profile::table) {
      follow(std::string(position_files::raw));
      if (from == tier_source::files) {
        for (auto const name : tier_names) follow(tier_path(name));
      }
    }
    current_ = std::move(first);
  }

  /// Looks at every file, takes what is new, and publishes what follows from it. Blocks for as long as that takes:
  /// about two seconds per hundred megabytes of positions.
  void look(steady_point steady_now, unix_millis now, parallel_for const& run) {
    changed_.clear();
    for (auto& [pattern, files] : followed_) {
      auto const& name   = pattern;
      auto        limits = limits_;
      if (cut_.contains(name)) limits.kept = limits.decoded;  // members of it are asked for
      files.look(steady_now, limits, [&](std::string const& id, file_news news, followed_file const& file) {
        auto const where = file.path().string();
        switch (news) {
          case file_news::same: return;
          case file_news::broken:
            events_.say("data", fmt::format("{} {}; the last good version stays", where, file.fault()->text));
            return;
          case file_news::gone: events_.say("data", where + " is gone"); break;
          case file_news::changed: break;
        }
        changed_.insert({name, id});
      });
    }
    bool const raw_changed = changed_.contains({std::string(position_files::raw), ""});
    bool const due         = steady_now >= due_;  // what was hidden grows old enough without any file changing
    if (changed_.empty() && !due) return;
    if (due) due_ = steady_now + std::chrono::minutes{1};

    auto next = std::make_shared<snapshot>(*current_);
    if (raw_changed) next->raw = raw_form();
    for (std::size_t i = 0; i != rows_.size(); ++i) refresh_row(i, *next, now, due);
    if (source_of_tiers_ == tier_source::files && profile_ != api_profile::table) take_tier_files(*next);
    if (raw_changed && !next->raw) next->tiers = {};
    publish(std::move(next));

    if (computes_tiers() && (raw_changed || due) && current_->raw) build_tier_forms(now, run);
    if (data_.copying && raw_changed && current_->raw) score_copying(now);
  }

  /// What is not as it should be, a sentence each.
  [[nodiscard]] std::vector<std::string> faults() const {
    std::vector<std::string> all;
    for (auto const& [pattern, files] : followed_) {
      for (auto const& [id, file] : files.files()) {
        if (file.fault()) all.push_back(fmt::format("{} {}", file.path().string(), file.fault()->text));
      }
      if (files.crowded())
        all.push_back(fmt::format("more than {} files match {}", followed_pattern::most_files, pattern));
    }
    if (tier_fault_) all.push_back(*tier_fault_);
    return all;
  }

  /// The newest time of writing of any file in force.
  [[nodiscard]] std::optional<unix_millis> newest() const {
    std::optional<unix_millis> latest;
    for (auto const& [pattern, files] : followed_) {
      for (auto const& [id, file] : files.files()) {
        if (file.good() && (!latest || file.good()->modified > *latest)) latest = file.good()->modified;
      }
    }
    return latest;
  }

  [[nodiscard]] bool empty() const { return !newest(); }

  /// The folders in which files may appear, for whoever watches them.
  [[nodiscard]] std::vector<std::filesystem::path> folders() const {
    std::set<std::filesystem::path> all;
    for (auto const& [pattern, files] : followed_) all.insert(resolve(pattern).parent_path());
    return {all.begin(), all.end()};
  }

  [[nodiscard]] std::vector<row> const& rows() const noexcept { return rows_; }

  /// Where a file of a row lies: `validation/` is the configured folder of that name.
  [[nodiscard]] std::filesystem::path resolve(std::string_view file) const {
    constexpr std::string_view  validation = "validation/";
    std::filesystem::path const folder     = std::filesystem::path(data_.validation) / "";
    if (file.starts_with(validation)) return (folder / file.substr(validation.size())).lexically_normal();
    auto const root = data_.root.empty() ? folder / ".." : std::filesystem::path(data_.root);
    return (root / file).lexically_normal();
  }

 private:
  using changed_file = std::pair<std::string, std::string>;  // pattern, id

  static std::string tier_path(int tier) {
    return fmt::format("{}{}{}", position_files::tier_before, tier, position_files::tier_after);
  }

  [[nodiscard]] bool computes_tiers() const {
    return profile_ != api_profile::table && source_of_tiers_ != tier_source::files;
  }

  void follow(std::string const& file) { followed_.try_emplace(file, followed_pattern(resolve(file))); }

  [[nodiscard]] source_ptr good(std::string const& pattern, std::string_view id) const {
    auto const files = followed_.find(pattern);
    if (files == followed_.end()) return nullptr;
    auto const file = files->second.files().find(id);
    return file == files->second.files().end() ? nullptr : file->second.good();
  }

  void publish(std::shared_ptr<snapshot const> next) {
    current_ = std::move(next);
    events_.publish(current_);
  }

  // --- positions

  [[nodiscard]] positions_ptr raw_form() {
    auto const from = good(std::string(position_files::raw), "");
    if (!from) return nullptr;
    auto made = form_of_map(from, from->stored, from->text(), from->tag);
    if (!made) {
      events_.say("data", fmt::format("{} is not a map of miners: {}", position_files::raw, made.error().note));
      return current_->raw;
    }
    auto& whole = (*made)->whole;
    date(whole, from->modified);
    if (from->text().size() <= data_.gzip_below) add_gzip(whole, from->text(), data_.gzip_level);
    for (auto& [id, one] : (*made)->members) date(one, from->modified);
    return with_hotkeys(std::move(*made), from->text(), false);
  }

  /// The forms of a map of miners, by its members.
  [[nodiscard]] static result<std::shared_ptr<form>> form_of_map(std::shared_ptr<void const> const& owner,
                                                                 net::memory_file const& file, std::string_view text,
                                                                 std::string tag) {
    auto const members = members_by_key(text, "");
    if (!members) return fail(members);
    auto made   = std::make_shared<form>();
    made->whole = json_of(part_of(owner, file, text), std::move(tag));
    for (auto const& [id, slice] : *members) {
      made->members.insert_or_assign(id, json_of(part_of(owner, file, slice), tag_of(slice)));
    }
    return made;
  }

  [[nodiscard]] static positions_ptr with_hotkeys(std::shared_ptr<form> miners, std::string_view text, bool sorted) {
    std::vector<std::string> names;
    if (auto const members = members_by_key(text, "")) {
      for (auto const& [id, slice] : *members) names.push_back(id);
    }
    if (sorted) std::sort(names.begin(), names.end());
    auto made = std::make_shared<positions_form>();
    auto list = reflect::write_json(names);
    list.push_back('\n');
    made->hotkeys = json_of(http::shared_bytes::own(list), tag_of(list));
    made->count   = names.size();
    made->miners  = std::move(miners);
    return made;
  }

  /// A tier's text with its gzip, which share one life.
  struct tier_bytes {
    net::memory_file text;
    net::memory_file packed;
  };

  [[nodiscard]] static result<positions_ptr> tier_form(std::shared_ptr<tier_bytes const> bytes, bool sorted) {
    auto made = form_of_map(bytes, bytes->text, bytes->text.view(), tag_of(bytes->text.view()));
    if (!made) return fail(made);
    (*made)->whole.gzip      = part_of(bytes, bytes->packed, bytes->packed.view());
    (*made)->whole.gzip_etag = tag_of(bytes->packed.view());
    (*made)->whole.unasked   = codec::coding::gzip;
    return with_hotkeys(std::move(*made), bytes->text.view(), sorted);
  }

  void take_tier_files(snapshot& next) {
    for (std::size_t i = 0; i != tier_names.size(); ++i) {
      auto const file = tier_path(tier_names[i]);
      if (!changed_.contains({file, ""})) continue;
      auto const from = good(file, "");
      next.tiers[i]   = nullptr;
      if (!from) continue;
      auto bytes = std::make_shared<tier_bytes>();
      auto plain = codec::gzip_decompress(from->stored.view(), limits_.decoded);
      auto text  = plain ? net::memory_file::copy_of(*plain) : result<net::memory_file>(fail(plain));
      auto gzip  = net::memory_file::copy_of(from->stored.view());
      if (!text || !gzip) continue;
      bytes->text   = std::move(*text);
      bytes->packed = std::move(*gzip);
      auto made     = tier_form(std::move(bytes), tier_names[i] != 100);
      if (made) next.tiers[i] = std::move(*made);
    }
  }

  void build_tier_forms(unix_millis now, parallel_for const& run) {
    auto const   mode = source_of_tiers_ == tier_source::compat ? tier_mode::compat : tier_mode::ours;
    auto const   from = std::get<http::shared_bytes>(current_->raw->miners->whole.identity);
    tier_options options;
    options.level = codec::gzip_level{data_.gzip_level};
    auto built    = build_tiers(from.view(), now, mode, options, run, &cache_);
    if (!built) {
      tier_fault_ = fmt::format("tiers cannot be computed: {}", built.error().note);
      events_.say("tiers", *tier_fault_);
      return;
    }
    tier_fault_.reset();
    for (auto const& note : built->notes) {
      if (noted_.size() < most_notes && noted_.insert(note.text()).second) events_.say("tiers", note.text());
    }
    auto next = std::make_shared<snapshot>(*current_);
    for (std::size_t i = 0; i != tier_names.size(); ++i) {
      auto& tier  = built->tiers[i];
      auto  bytes = std::make_shared<tier_bytes>();
      auto  text  = net::memory_file::copy_of(std::exchange(tier.json, {}));
      auto  gzip  = net::memory_file::copy_of(std::exchange(tier.gzip, {}));
      if (!text || !gzip) {
        tier_fault_ = "no memory for the tiers";
        return;
      }
      bytes->text   = std::move(*text);
      bytes->packed = std::move(*gzip);
      keep_on_disk(tier_names[i], bytes->packed.view());
      auto made = tier_form(std::move(bytes), tier_names[i] != 100);
      if (made) next->tiers[i] = std::move(*made);
    }
    if (!tier_fault_) disk_fault_.clear();
    publish(std::move(next));
  }

  /// Our copy of what the validator would have written, for other programs; a full disk costs the copy alone.
  void keep_on_disk(int tier, std::string_view packed) {
    auto const      folder = std::filesystem::path(data_.state) / "tiered_positions" / std::to_string(tier);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    auto const written = store::write_file(folder / "output.json.gz", packed, 0640);
    if (written) return;
    tier_fault_ = fmt::format("{}: {}", folder.string(), written.error().code.message());
    if (disk_fault_ != *tier_fault_) events_.say("tiers", *tier_fault_ + "; the tiers are served all the same");
    disk_fault_ = *tier_fault_;
  }

  // --- rows

  void refresh_row(std::size_t index, snapshot& next, unix_millis now, bool due) {
    auto const&           rule = rows_[index];
    std::set<std::string> ids;
    for (auto const& file : rule.files) {
      for (auto at = changed_.lower_bound({file, ""}); at != changed_.end() && at->first == file; ++at)
        ids.insert(at->second);
    }
    bool const lag_moves = due && rule.lag;
    if (ids.empty() && !lag_moves) return;
    auto files = std::make_shared<row_files>(*next.rows[index]);
    for (auto const& id : ids) {
      auto const from = newest_of(rule, id);
      if (!from || !has_content(rule, *from)) {
        files->erase(id);
        if (from && scores_) files->insert_or_assign(id, *scores_);
        continue;
      }
      auto made = forms_of(rule, from, now);
      if (made) {
        files->insert_or_assign(id, std::move(*made));
      } else {
        events_.say("data", fmt::format("{}: {}; the last good version stays", rule.path, made.error().note));
      }
    }
    if (lag_moves) {
      for (auto& [id, file] : *files) {
        if (ids.contains(id)) continue;
        auto made = forms_of(rule, file.from, now);
        if (made) file = std::move(*made);
      }
    }
    next.rows[index] = std::move(files);
  }

  [[nodiscard]] source_ptr newest_of(row const& rule, std::string const& id) const {
    source_ptr newest;
    for (auto const& file : rule.files) {
      auto const one = good(file, id);
      if (one && (!newest || one->modified > newest->modified)) newest = one;
    }
    return newest;
  }

  /// A validator that has nothing to say about copying writes `{}`: then our own scores answer.
  [[nodiscard]] bool has_content(row const& rule, source const& from) const {
    if (rule.path != copying_path || !data_.copying) return true;
    std::string_view text  = from.text();
    auto const       blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    std::string      dense;
    for (char const c : text.substr(0, 64)) {
      if (!blank(c)) dense.push_back(c);
    }
    return dense != "{}" && dense != "[]" && dense != "null" && dense != "\"\"";
  }

  [[nodiscard]] result<row_file> forms_of(row const& rule, source_ptr const& from, unix_millis now) const {
    row_file made;
    made.from                         = from;
    std::shared_ptr<void const> owner = from;
    net::memory_file const*     file  = from->gzipped ? &from->decoded : &from->stored;
    std::string_view            text  = from->text();

    auto live = cut_form(rule, owner, file, text);
    if (!live) return fail(live);
    auto& whole = (*live)->whole;
    if (from->gzipped) {
      whole.gzip      = part_of(from, from->stored, from->stored.view());
      whole.gzip_etag = from->tag;
      if (text.empty()) whole.identity = {};
      if (rule.gzip_unasked) whole.unasked = codec::coding::gzip;
    } else if (text.size() <= data_.gzip_below) {
      add_gzip(whole, text, data_.gzip_level);
    }
    date(whole, from->modified);
    for (auto& [id, one] : (*live)->members) date(one, from->modified);
    made.live = std::move(*live);

    if (rule.lag) {
      auto cut_text = lag_array(text, rule.lag->array, rule.lag->time, now - rule.lag->by);
      if (!cut_text) return fail(cut_text);
      auto lagged = text_form(rule, *cut_text);
      if (!lagged) return fail(lagged);
      made.lagged = std::move(*lagged);
      if (rule.omit) {
        auto both = omit_form(rule, *cut_text);
        if (!both) return fail(both);
        made.lagged_omitted = std::move(*both);
      }
    }
    if (rule.omit) {
      auto omitted = omit_form(rule, text);
      if (!omitted) return fail(omitted);
      made.omitted = std::move(*omitted);
    }
    return made;
  }

  /// A form over bytes that live already.
  [[nodiscard]] static result<std::shared_ptr<form>> cut_form(row const& rule, std::shared_ptr<void const> const& owner,
                                                              net::memory_file const* file, std::string_view text) {
    auto made   = std::make_shared<form>();
    made->whole = json_of(part_of(owner, *file, text), text.empty() ? std::string() : tag_of(text));
    if (rule.slice) {
      auto const members = rule.slice->by.empty() ? members_by_key(text, rule.slice->at)
                                                  : elements_by_member(text, rule.slice->at, rule.slice->by);
      if (!members) return fail(members);
      for (auto const& [id, slice] : *members)
        made->members.try_emplace(id, json_of(part_of(owner, *file, slice), tag_of(slice)));
    }
    return made;
  }

  /// A form over a text that was computed. It says nothing of when the file was written.
  [[nodiscard]] result<form_ptr> text_form(row const& rule, std::string_view text) const {
    auto memory = net::memory_file::copy_of(text);
    if (!memory) return fail(memory);
    auto const kept = std::make_shared<net::memory_file const>(std::move(*memory));
    auto       made = cut_form(rule, kept, kept.get(), kept->view());
    if (!made) return fail(made);
    if (text.size() <= data_.gzip_below) add_gzip((*made)->whole, text, data_.gzip_level);
    return form_ptr(std::move(*made));
  }

  [[nodiscard]] result<form_ptr> omit_form(row const& rule, std::string_view text) const {
    auto const without = without_member(text, rule.omit->array, rule.omit->member);
    if (!without) return fail(without);
    return text_form(rule, *without);
  }

  // --- copying

  void score_copying(unix_millis now) {
    std::size_t index = 0;
    while (index != rows_.size() && rows_[index].path != copying_path) ++index;
    if (index == rows_.size()) return;
    auto const text   = std::get<http::shared_bytes>(current_->raw->miners->whole.identity).view();
    auto const report = copying_.update(text, now);
    if (!report) {
      events_.say("copying", fmt::format("scores cannot be computed: {}", report.error().note));
      return;
    }
    std::string json = reflect::write_json(*report);
    json.push_back('\n');
    auto made = text_form(row{}, json);
    if (!made) return;
    scores_.emplace();
    scores_->live   = std::move(*made);
    auto const from = newest_of(rows_[index], "");
    if (from && has_content(rows_[index], *from)) return;  // the validator's own words win
    auto next = std::make_shared<snapshot>(*current_);
    auto all  = std::make_shared<row_files>(*current_->rows[index]);
    all->insert_or_assign("", *scores_);
    next->rows[index] = std::move(all);
    publish(std::move(next));
  }

  static constexpr std::size_t most_notes = 256;

  data_config                             data_;
  api_profile                             profile_;
  tier_source                             source_of_tiers_;
  std::vector<row>                        rows_;
  keeper_events                           events_;
  source_limits                           limits_;
  snapshot_ptr                            current_;
  std::map<std::string, followed_pattern> followed_;
  std::set<std::string>                   cut_;  ///< files of which parts are answered, so that their text is kept
  std::set<changed_file>                  changed_;
  steady_point                            due_{};
  tier_cache                              cache_;
  copying_tracker                         copying_;
  std::optional<row_file>                 scores_;  ///< what we say of copying
  std::optional<std::string>              tier_fault_;
  std::string                             disk_fault_;  ///< the last that was said
  std::set<std::string>                   noted_;
};

}  // namespace tensorgate::outputs
