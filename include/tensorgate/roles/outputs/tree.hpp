// tensorgate/roles/outputs/tree.hpp: the validator's files as they were when each was last whole.
#pragma once

#include <algorithm>    // min
#include <cerrno>       // errno
#include <chrono>       // milliseconds
#include <filesystem>   // path, directory_iterator
#include <map>          // map
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // exchange, move
#include <vector>       // vector

#include <sys/stat.h>  // stat

#include <tensorgate/core/time.hpp>             // steady_point
#include <tensorgate/roles/outputs/row.hpp>     // is_file_id
#include <tensorgate/roles/outputs/source.hpp>  // load_source

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// What a look at one file found.
enum class file_news {
  same,     ///< as before
  changed,  ///< a new whole version
  mended,   ///< the same, after one that was told to be broken
  gone,     ///< not there for longer than `gone_after`
  broken,   ///< there, but not whole, two looks long: told once a version; the last good one stays in force
};

/// One file over time. A validator rewrites it in place, so that a look may find half of it: then the last good version
/// stays, and the next look tries again.
class followed_file {
 public:
  followed_file() = default;
  explicit followed_file(std::filesystem::path path) : path_(std::move(path)) {}

  /// How long a file may be missing before it counts as removed: longer than a rename or a rewrite takes.
  static constexpr auto gone_after = std::chrono::seconds{1};
  /// How often a version that is not whole is read again before a newer one is waited for: it may still be growing
  /// within the resolution of its time stamp.
  static constexpr int most_tries = 3;

  [[nodiscard]] file_news look(steady_point now, source_limits const& limits) {
    struct stat facts{};
    bool const  there  = ::stat(path_.c_str(), &facts) == 0;
    bool const  hidden = !there && errno != ENOENT && errno != ENOTDIR;  // by permissions, a broken disk
    if (there && good_ && !fault_ && stamp_of(facts) == good_->stamp) {
      missing_since_.reset();
      return file_news::same;
    }
    if (there && fault_ && stamp_of(facts) == fault_->stamp && tries_ == most_tries) return file_news::same;
    if (there || hidden) {
      auto loaded = load_source(path_, limits);
      if (loaded) {
        missing_since_.reset();
        fault_.reset();
        tries_ = 0;
        good_  = std::move(*loaded);
        return std::exchange(told_, false) ? file_news::mended : file_news::changed;
      }
      if (!loaded.error().missing()) {
        missing_since_.reset();
        bool const known = fault_ && fault_->stamp == loaded.error().stamp;
        bool const again = tries_ == 1 && known;
        tries_           = known ? std::min(tries_ + 1, most_tries) : 1;
        fault_           = std::move(loaded.error());
        // Half of a file that is just being written is no news; half of one that nobody goes on writing is.
        told_ = told_ || again;
        return again ? file_news::broken : file_news::same;
      }
    }
    fault_.reset();
    if (!good_) return file_news::same;
    if (!missing_since_) missing_since_ = now;
    if (now - *missing_since_ < gone_after) return file_news::same;
    good_.reset();
    told_ = false;
    return file_news::gone;
  }

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  /// The last whole version; null if there is none.
  [[nodiscard]] source_ptr const& good() const noexcept { return good_; }
  /// Why the file, as it stands now, is not in force.
  [[nodiscard]] std::optional<source_fault> const& fault() const noexcept { return fault_; }

 private:
  std::filesystem::path       path_;
  source_ptr                  good_;
  std::optional<source_fault> fault_;
  int                         tries_ = 0;
  bool                        told_  = false;  ///< that it is broken
  std::optional<steady_point> missing_since_;
};

/// Every file of a row's pattern. Without `{id}` that is one file, under the id "".
class followed_pattern {
 public:
  /// The most files that one pattern follows; the rest is reported and left out.
  static constexpr std::size_t most_files = 4096;

  followed_pattern() = default;
  explicit followed_pattern(std::filesystem::path pattern) : pattern_(std::move(pattern)) {
    auto const name = pattern_.filename().string();
    if (auto const at = name.find("{id}"); at != std::string::npos) {
      before_ = name.substr(0, at);
      after_  = name.substr(at + 4);
      many_   = true;
    } else {
      files_.emplace("", followed_file(pattern_));
    }
  }

  /// Looks at each file; `tell(id, news, file)` hears of all but `same`.
  template <class Tell>
  void look(steady_point now, source_limits const& limits, Tell&& tell) {
    if (many_) discover();
    for (auto one = files_.begin(); one != files_.end();) {
      auto const news = one->second.look(now, limits);
      if (news != file_news::same) tell(one->first, news, one->second);
      one = many_ && news == file_news::gone ? files_.erase(one) : std::next(one);
    }
  }

  /// Lets go of texts that are kept only until what follows from them is made.
  void forget_texts() const {
    for (auto const& [id, file] : files_) {
      if (file.good()) forget_text(*file.good());
    }
  }

  [[nodiscard]] std::map<std::string, followed_file, std::less<>> const& files() const noexcept { return files_; }
  /// True if there were more files than are followed.
  [[nodiscard]] bool crowded() const noexcept { return crowded_; }

 private:
  void discover() {
    crowded_ = false;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(pattern_.parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
      auto const name = entry->path().filename().string();
      if (name.size() <= before_.size() + after_.size() || !name.starts_with(before_) || !name.ends_with(after_))
        continue;
      auto id = name.substr(before_.size(), name.size() - before_.size() - after_.size());
      if (!is_file_id(id) || files_.contains(id)) continue;
      if (files_.size() == most_files) {
        crowded_ = true;
        return;
      }
      files_.emplace(std::move(id), followed_file(entry->path()));
    }
  }

  std::filesystem::path                             pattern_;
  std::string                                       before_;
  std::string                                       after_;
  bool                                              many_    = false;
  bool                                              crowded_ = false;
  std::map<std::string, followed_file, std::less<>> files_;
};

}  // namespace tensorgate::outputs
