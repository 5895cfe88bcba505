// tensorgate/auth/detail/key_source.hpp: the files that keys come from: how they are read, what is wrong with them, and
// when they must be read again.
#pragma once

#include <cerrno>       // errno
#include <cstdint>      // int64_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view

#include <sys/stat.h>  // stat

#include <tensorgate/core/result.hpp>         // result, expected
#include <tensorgate/identity/api_key.hpp>    // key_file
#include <tensorgate/identity/ptn_keys.hpp>   // ptn_keys
#include <tensorgate/store/durable_file.hpp>  // read_file

namespace tensorgate::inline TENSORGATE_ABI::auth::detail {

/// The keys of our own file. The error is a sentence that names it.
[[nodiscard]] inline expected<identity::key_file, std::string> own_keys_of(std::string const&         path,
                                                                           result<std::string> const& text) {
  if (!text) return unexpected<std::string>(path + ": " + text.error().code.message());
  auto read = identity::parse_key_file(*text);
  if (!read) return unexpected<std::string>(path + ": " + read.error().text());
  return std::move(*read);
}

/// The same of a validator's file, whose keys stand in it as they are: the text is wiped.
[[nodiscard]] inline expected<identity::ptn_keys, std::string> ptn_keys_of(std::string const&   path,
                                                                           result<std::string>& text) {
  if (!text) return unexpected<std::string>(path + ": " + text.error().code.message());
  auto read = identity::parse_ptn_keys(*text);
  wipe(text->data(), text->size());
  if (!read) return unexpected<std::string>(path + ": " + read.error().text());
  return std::move(*read);
}

/// What is said where no key is in force. `readable`: all files could be read; `command` adds a key.
[[nodiscard]] inline std::string no_key_text(bool readable, std::string const& command) {
  return "there is no API key" + std::string(readable ? "" : " that can be read") + ", and nobody could be let in" +
         (command.empty() ? std::string() : ": add one with `" + command + "`");
}

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
