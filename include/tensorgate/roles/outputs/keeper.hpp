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

#include <tensorgate/core/time.hpp>                            // unix_millis, steady_point
#include <tensorgate/reflect/json_write.hpp>                   // write_json
#include <tensorgate/roles/outputs/config.hpp>                 // data_config
#include <tensorgate/roles/outputs/copying.hpp>                // copying_tracker
#include <tensorgate/roles/outputs/detail/position_forms.hpp>  // positions_of, tier_of
#include <tensorgate/roles/outputs/detail/row_forms.hpp>       // make_row_forms
#include <tensorgate/roles/outputs/profile.hpp>                // position_files
#include <tensorgate/roles/outputs/snapshot.hpp>               // snapshot
#include <tensorgate/roles/outputs/tiers.hpp>                  // build_tiers, tier_names
#include <tensorgate/roles/outputs/tree.hpp>                   // followed_pattern
#include <tensorgate/store/durable_file.hpp>                   // write_file

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
        if (one.omit || one.lag) cut_.insert(file);
      }
    }
    if (profile_ != api_profile::table) follow(std::string(position_files::raw));
    if (profile_ == api_profile::v2) {
      follow(tier_path(tier_names.front()));
      for (auto const& file : detail::checkpoint_files()) follow(file);
    }
    if (serves_tier_files()) {
      for (auto const name : tier_names) {
        follow(tier_path(name));
        cut_.insert(tier_path(name));
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
      if (cut_.contains(name)) limits.kept = limits.decoded;
      files.look(steady_now, limits, [&](std::string const& id, file_news news, followed_file const& file) {
        auto const where = file.path().string();
        switch (news) {
          case file_news::same: return;
          case file_news::broken:
            events_.say("data", fmt::format("{} {}{}", where, file.fault()->text, file.good() ? last_good_stays : ""));
            return;
          case file_news::gone: events_.say("data", where + " is gone"); break;
          case file_news::mended: events_.say("data", where + " is whole again, and in force"); break;
          case file_news::changed: break;
        }
        changed_.insert({name, id});
      });
    }
    bool const due = steady_now >= due_;  // what was hidden grows old enough without any file changing
    if (changed_.empty() && !due) return;
    if (due) due_ = steady_now + std::chrono::minutes{1};

    auto next = std::make_shared<snapshot>(*current_);
    take_raw(*next);
    bool const raw_changed = next->raw != current_->raw;
    if (serves_tier_files()) take_tier_files(*next);
    if (!next->raw && !serves_tier_files()) next->tiers = {};
    if (!next->raw) scores_.reset();
    for (std::size_t i = 0; i != rows_.size(); ++i) refresh_row(i, *next, now, due, run);
    publish(std::move(next));
    for (auto const& [pattern, files] : followed_) files.forget_texts();

    if (computes_tiers() && (raw_changed || due) && current_->raw) build_tier_forms(now, run);
    if (data_.copying && raw_changed && current_->raw) score_copying(now);
  }

  /// Writes tiers that were computed since into our own folder, for other programs; a full disk costs that copy alone.
  /// Apart from `look`, for answers need not wait for a disk: it takes some ten milliseconds a file.
  void save_tiers() {
    if (!unsaved_.front()) return;  // all are computed at once
    std::optional<std::string> fault;
    for (std::size_t i = 0; i != tier_names.size(); ++i) {
      auto const packed = std::exchange(unsaved_[i], nullptr);
      if (!packed) continue;
      auto const      folder = std::filesystem::path(data_.state) / "tiered_positions" / std::to_string(tier_names[i]);
      auto const      file   = folder / "output.json.gz";
      auto const      there  = store::read_file(file, packed->view().size());
      std::error_code error;
      if (there && *there == packed->view()) continue;
      std::filesystem::create_directories(folder, error);
      auto const written = store::write_file(file, packed->view(), 0640);
      if (!written) fault = fmt::format("{}: {}", folder.string(), written.error().code.message());
    }
    if (fault && fault != disk_fault_) events_.say("tiers", *fault + "; the tiers are served all the same");
    disk_fault_ = std::move(fault);
  }

  /// What is not as it should be, a sentence each; of a file one, whatever it lacks.
  [[nodiscard]] std::vector<std::string> faults() const {
    std::map<std::string, std::string> of_files;
    std::vector<std::string>           all;
    for (auto const& [pattern, files] : followed_) {
      for (auto const& [id, file] : files.files()) {
        auto const where = file.path().string();
        if (file.fault()) of_files.emplace(where, fmt::format("{} {}", where, file.fault()->text));
      }
      if (files.crowded())
        all.push_back(fmt::format("more than {} files match {}", followed_pattern::most_files, pattern));
    }
    // A version that is not whole hides what the one before lacked. Rows of one file may each lack something.
    std::map<std::string, std::set<std::string>> lacks;
    std::set<std::string>                        staying;
    for (auto const& [where, fault] : shape_faults_) {
      lacks[fault.file].insert(fault.lacks);
      if (fault.stays) staying.insert(fault.file);
    }
    for (auto const& [file, each] : lacks) {
      of_files.emplace(
          file, fmt::format("{}: {}{}", file, fmt::join(each, ", "), staying.contains(file) ? last_good_stays : ""));
    }
    for (auto& [file, text] : of_files) all.push_back(std::move(text));
    for (auto const& one : {tier_fault_, disk_fault_}) {
      if (one) all.push_back(*one);
    }
    for (auto& one : awaited()) all.push_back(std::move(one));
    return all;
  }

  /// Files of positions that there should be, and that are neither there nor broken, a sentence each.
  [[nodiscard]] std::vector<std::string> awaited() const {
    std::vector<std::string> all;
    auto const               missing = [this](std::string const& name) {
      auto const& files = followed_.at(name).files();
      auto const  file  = files.find("");
      return file == files.end() || (!file->second.good() && !file->second.fault());
    };
    if (profile_ == api_profile::v1 && missing(std::string(position_files::raw))) all.emplace_back(position_files::raw);
    if (profile_ == api_profile::v2 && !raw_from_ && !serves_tier_files() && missing(tier_path(tier_names.front())))
      all.push_back(tier_path(tier_names.front()));
    if (serves_tier_files()) {
      for (auto const name : tier_names) {
        if (missing(tier_path(name))) all.push_back(tier_path(name));
      }
    }
    for (auto& one : all) one = resolve(one).string() + " is not there";
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

  [[nodiscard]] bool serves_tier_files() const {
    return profile_ != api_profile::table && source_of_tiers_ == tier_source::files;
  }
  [[nodiscard]] bool computes_tiers() const { return profile_ != api_profile::table && !serves_tier_files(); }

  void follow(std::string const& file) { followed_.try_emplace(file, followed_pattern(resolve(file))); }

  /// What a whole file lacks for something that is made of it.
  struct shape_fault {
    std::string file;
    std::string lacks;
    bool        stays = false;  ///< what was made of the version before is still shown
  };
  static constexpr std::string_view last_good_stays = "; the last good version stays";

  /// Notes what `from` lacks for what `where` names. Said is what no other has said of the file.
  void note_shape(std::string const& where, source_ptr const& from, std::string lacks, bool stays = false) {
    shape_fault const now{path_of(from), std::move(lacks), stays};
    bool const        known = std::ranges::any_of(shape_faults_, [&](auto const& other) {
      return other.second.file == now.file && other.second.lacks == now.lacks;
    });
    shape_faults_.insert_or_assign(where, now);
    if (!known) events_.say("data", fmt::format("{}: {}{}", now.file, now.lacks, stays ? last_good_stays : ""));
  }

  /// Takes the note back. `from`: the version that has what was lacking; null where the file is gone.
  void forget_shape(std::string const& where, source_ptr const& from = nullptr) {
    auto const known = shape_faults_.extract(where);
    if (known.empty() || !from) return;
    auto const& file = known.mapped().file;
    bool const  left = std::ranges::any_of(shape_faults_, [&](auto const& other) { return other.second.file == file; });
    if (!left) events_.say("data", file + " has the expected shape again");
  }

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

  /// The file from which the positions of now are taken. Validators of profile v2 write no raw file any more, but tier
  /// 100's and a checkpoint; one that is left from before is older than those.
  [[nodiscard]] source_ptr find_raw() const {
    auto raw = good(std::string(position_files::raw), "");
    if (profile_ != api_profile::v2) return raw;
    auto const whole = good(tier_path(tier_names.front()), "");
    if (raw || whole) return !raw || (whole && whole->modified > raw->modified) ? whole : raw;
    source_ptr newest;
    for (auto const& file : detail::checkpoint_files()) {
      auto const one = good(file, "");
      if (one && (!newest || one->modified > newest->modified)) newest = one;
    }
    return newest;
  }

  [[nodiscard]] result<detail::document> raw_document(source_ptr const& from) const {
    auto whole = detail::document_of(from);
    if (!whole || from == good(std::string(position_files::raw), "")) return whole;
    if (from == good(tier_path(tier_names.front()), "")) {
      auto const text = without_member_of_values(whole->text, "tier");
      if (!text) return fail(text.error().code, "a map of miners");
      return detail::document_of(*text);
    }
    auto const positions = value_at(whole->text, "/positions");
    if (!positions) return fail(positions.error().code, "a map of miners at /positions");
    if (from->brief) return detail::document_of(*positions);
    whole->text = *positions;
    return whole;
  }

  [[nodiscard]] result<positions_ptr> raw_form(source_ptr const& from) const {
    auto const of = raw_document(from);
    if (!of) return fail(of);
    auto all = detail::positions_of(of->file, of->text, detail::hotkey_order::of_file);
    if (!all) return fail(all);
    auto& whole = all->miners->whole;
    date(whole, from->modified);
    if (of->text.size() <= data_.gzip_below) add_gzip(whole, of->text, data_.gzip_level);
    for (auto& [id, one] : all->miners->members) date(one, from->modified);
    return std::move(*all).close();
  }

  void take_raw(snapshot& next) {
    auto from = profile_ == api_profile::table ? nullptr : find_raw();
    if (from == raw_from_) return;
    raw_from_ = std::move(from);
    if (!raw_from_) {
      next.raw = nullptr;
      return forget_shape("positions");
    }
    auto made = raw_form(raw_from_);
    if (!made) return note_shape("positions", raw_from_, expected(made.error()), next.raw != nullptr);
    next.raw = std::move(*made);
    forget_shape("positions", raw_from_);
  }

  void take_tier_files(snapshot& next) {
    for (std::size_t i = 0; i != tier_names.size(); ++i) {
      auto const file = tier_path(tier_names[i]);
      if (!changed_.contains({file, ""})) continue;
      auto const from = good(file, "");
      if (!from) {
        next.tiers[i] = nullptr;
        forget_shape(file);
        continue;
      }
      auto made = detail::tier_of(from->decoded, from->stored, order_of(i));
      if (made) {
        next.tiers[i] = std::move(*made);
        forget_shape(file, from);
      } else {
        note_shape(file, from, expected(made.error()), next.tiers[i] != nullptr);
      }
    }
  }

  [[nodiscard]] static detail::hotkey_order order_of(std::size_t tier) {
    return tier == 0 ? detail::hotkey_order::of_file : detail::hotkey_order::by_name;
  }

  /// Of a file of which nothing can be shown.
  [[nodiscard]] static std::string expected(failure const& why) { return fmt::format("expected {}", why.note); }

  [[nodiscard]] std::string path_of(source_ptr const& from) const {
    for (auto const& [pattern, files] : followed_) {
      for (auto const& [id, file] : files.files()) {
        if (file.good() == from) return file.path().string();
      }
    }
    return {};
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
      auto&      tier = built->tiers[i];
      auto const text = keep(std::exchange(tier.json, {}));
      auto const gzip = keep(std::exchange(tier.gzip, {}));
      if (!text || !gzip) {
        tier_fault_ = "no memory for the tiers";
        return;
      }
      unsaved_[i] = *gzip;
      auto made   = detail::tier_of(*text, *gzip, order_of(i));
      if (made) next->tiers[i] = std::move(*made);
    }
    publish(std::move(next));
  }

  // --- rows

  void refresh_row(std::size_t index, snapshot& next, unix_millis now, bool due, parallel_for const& run) {
    auto const&           rule = rows_[index];
    std::set<std::string> ids;
    for (auto const& file : rule.files) {
      for (auto at = changed_.lower_bound({file, ""}); at != changed_.end() && at->first == file; ++at)
        ids.insert(at->second);
    }
    auto const& before    = *next.rows[index];
    bool const  lag_moves = due && rule.lag;
    for (auto const& [id, file] : before) {
      bool const is_ours = !file.from;
      if (is_ours ? !scores_ : lag_moves) ids.insert(id);
    }
    if (ids.empty()) return;
    auto files = std::make_shared<row_files>(before);
    for (auto const& id : ids) refresh_file(rule, id, *files, now, run);
    next.rows[index] = std::move(files);
  }

  void refresh_file(row const& rule, std::string const& id, row_files& files, unix_millis now,
                    parallel_for const& run) {
    auto const where = fmt::format("row {} {}", rule.path, id);
    auto const from  = newest_of(rule, id);
    if (!from || !has_content(rule, *from)) {
      files.erase(id);
      if (scores_ && rule.path == copying_path) files.insert_or_assign(id, *scores_);
      return forget_shape(where, from);
    }
    auto const of = detail::document_of(from);
    if (!of) return note_shape(where, from, std::string(of.error().note));
    auto const before = files.find(id);
    auto       made =
        detail::make_row_forms(rule, *of, now, pack(), before == files.end() ? nullptr : before->second.live, run);
    if (made) {
      if (made->lacks.empty()) {
        forget_shape(where, from);
      } else {
        note_shape(where, from, fmt::format("{}", fmt::join(made->lacks, ", ")));
      }
      files.insert_or_assign(id, std::move(made->file));
    } else {
      note_shape(where, from, made.error(), files.contains(id));
    }
  }

  [[nodiscard]] detail::packing pack() const { return {.level = data_.gzip_level, .below = data_.gzip_below}; }

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
    return rule.path != copying_path || !data_.copying || !detail::is_empty_json(from.text());
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
    auto const of = detail::document_of(json);
    if (!of) return;
    auto made = detail::make_row_forms(rows_[index], *of, now, pack());
    if (!made) return;
    scores_         = std::move(made->file);
    auto const from = newest_of(rows_[index], "");
    if (from && has_content(rows_[index], *from)) return;  // the validator's own words win
    auto next = std::make_shared<snapshot>(*current_);
    auto all  = std::make_shared<row_files>(*current_->rows[index]);
    all->insert_or_assign("", *scores_);
    next->rows[index] = std::move(all);
    publish(std::move(next));
  }

  static constexpr std::size_t most_notes = 256;

  data_config                               data_;
  api_profile                               profile_;
  tier_source                               source_of_tiers_;
  std::vector<row>                          rows_;
  keeper_events                             events_;
  source_limits                             limits_;
  snapshot_ptr                              current_;
  std::map<std::string, followed_pattern>   followed_;
  std::set<std::string>                     cut_;  ///< files of which other texts are made, so that theirs is kept
  std::set<changed_file>                    changed_;
  steady_point                              due_{};
  tier_cache                                cache_;
  copying_tracker                           copying_;
  source_ptr                                raw_from_;      ///< where the positions of now come from
  std::map<std::string, shape_fault>        shape_faults_;  ///< of whole files, by what cannot be made of them
  std::optional<row_file>                   scores_;        ///< what we say of copying
  std::optional<std::string>                tier_fault_;
  std::optional<std::string>                disk_fault_;
  std::array<memory_ptr, tier_names.size()> unsaved_;  ///< tiers of which the state folder has an older version
  std::set<std::string>                     noted_;
};

}  // namespace tensorgate::outputs
