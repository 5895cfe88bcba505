// tensorgate/auth/detail/key_source.hpp: a file that is read again when it changes, its last good content kept in
// force.
#pragma once

#include <cerrno>       // errno
#include <cstdint>      // int64_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <sys/stat.h>  // stat

#include <tensorgate/core/result.hpp>         // result
#include <tensorgate/store/durable_file.hpp>  // read_file

namespace tensorgate::inline TENSORGATE_ABI::auth::detail {

/// What tells one state of a file from another without reading it.
struct file_stamp {
  std::int64_t  seconds     = 0;
  std::int64_t  nanoseconds = 0;
  std::int64_t  size        = -1;  ///< -1: there is no file
  std::uint64_t inode       = 0;

  [[nodiscard]] static file_stamp of(std::string const& path) noexcept {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return {};
    return {static_cast<std::int64_t>(facts.st_mtim.tv_sec), static_cast<std::int64_t>(facts.st_mtim.tv_nsec),
            static_cast<std::int64_t>(facts.st_size), static_cast<std::uint64_t>(facts.st_ino)};
  }
  friend bool operator==(file_stamp const&, file_stamp const&) = default;
};

/// Reads a file when it may have changed: its stamp is another one, or the last reading was not good.
class watched_text {
 public:
  static constexpr std::size_t max_size = 64UL << 20U;

  explicit watched_text(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] bool               named() const noexcept { return !path_.empty(); }
  [[nodiscard]] std::string const& path() const noexcept { return path_; }

  /// The text when it must be looked at; nothing when it is what it was. The stamp is taken before the text, so a file
  /// that is rewritten meanwhile is read again.
  [[nodiscard]] std::optional<result<std::string>> look(bool always) {
    auto const stamp = file_stamp::of(path_);
    if (!always && good_ && stamp == seen_) return std::nullopt;
    seen_ = stamp;
    good_ = false;
    return store::read_file(path_, max_size);
  }
  void accept() noexcept { good_ = true; }

 private:
  std::string path_;
  file_stamp  seen_{};
  bool        good_ = false;
};

}  // namespace tensorgate::auth::detail
