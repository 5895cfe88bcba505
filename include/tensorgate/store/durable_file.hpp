// tensorgate/store/durable_file.hpp: whole files, read as they stand and replaced so that no crash leaves half of one.
#pragma once

#include <cerrno>        // errno
#include <cstdlib>       // mkostemp
#include <filesystem>    // path, canonical
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // generic_category

#include <fcntl.h>     // open
#include <sys/stat.h>  // fstat
#include <unistd.h>    // read, write, fsync, rename, fchown

#include <tensorgate/core/result.hpp>  // result

namespace tensorgate::inline TENSORGATE_ABI::store {

/// A file descriptor that closes itself.
class descriptor {
 public:
  explicit descriptor(int value = -1) noexcept : value_(value) {}
  descriptor(descriptor&& other) noexcept : value_(other.release()) {}
  descriptor& operator=(descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = other.release();
    }
    return *this;
  }
  descriptor(descriptor const&)            = delete;
  descriptor& operator=(descriptor const&) = delete;
  ~descriptor() { reset(); }

  [[nodiscard]] int  get() const noexcept { return value_; }
  [[nodiscard]] bool open() const noexcept { return value_ >= 0; }
  int                release() noexcept {
    int const value = value_;
    value_          = -1;
    return value;
  }
  void reset() noexcept {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

 private:
  int value_;
};

[[nodiscard]] inline unexpected<failure> system_failure(std::string_view note) {
  return fail({errno, std::generic_category()}, note);
}

/// The whole of a regular file, at most `limit` bytes.
/// Fails with the system's error, or `std::errc::file_too_large`.
[[nodiscard]] inline result<std::string> read_file(std::filesystem::path const& path, std::size_t limit) {
  descriptor const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};  // a FIFO is refused, not waited for
  if (!file.open()) return system_failure("the file cannot be opened");
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return system_failure("the file cannot be examined");
  if (!S_ISREG(facts.st_mode)) return fail(make_error_code(std::errc::invalid_argument), "not a regular file");
  if (static_cast<std::size_t>(facts.st_size) > limit)
    return fail(make_error_code(std::errc::file_too_large), "the file is too large");
  std::string text(static_cast<std::size_t>(facts.st_size) + 1, '\0');  // one more, so that growth is seen
  std::size_t have = 0;
  for (;;) {
    auto const got = ::read(file.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("the file cannot be read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    if (have > limit) return fail(make_error_code(std::errc::file_too_large), "the file is too large");
    if (have == text.size()) text.resize(have * 2);
  }
  text.resize(have);
  return text;
}

/// Whose a file at `path` is to be: the owner of the one there, else, where we may choose, the folder's. So what root
/// writes for a service stays readable to it.
struct file_owner {
  uid_t user;
  gid_t group;

  [[nodiscard]] static file_owner at(std::filesystem::path const& path, std::filesystem::path const& folder) noexcept {
    struct stat facts{};
    bool const  there = ::stat(path.c_str(), &facts) == 0;
    if (there || (::geteuid() == 0 && ::stat(folder.c_str(), &facts) == 0)) return {facts.st_uid, facts.st_gid};
    return {::geteuid(), ::getegid()};
  }
  /// False if the system does not let us give the file away.
  [[nodiscard]] bool give(int file) const noexcept {
    struct stat facts{};
    if (::fstat(file, &facts) == 0 && facts.st_uid == user && facts.st_gid == group) return true;
    return ::fchown(file, user, group) == 0;
  }
};

/// Replaces a file as a whole: written beside it, synced, renamed, its folder synced. Whoever reads sees the old
/// bytes or the new ones; after success the new ones outlast a power cut. The owner stays, and a symbolic link: what
/// it leads to is replaced.
[[nodiscard]] inline result<void> write_file(std::filesystem::path const& path, std::string_view text, mode_t mode) {
  std::error_code unresolved;
  auto const      real   = std::filesystem::canonical(path, unresolved);
  auto const&     to     = unresolved ? path : real;
  auto const      folder = to.has_parent_path() ? to.parent_path() : std::filesystem::path(".");
  auto            beside = to.string() + ".XXXXXX";
  descriptor      file{::mkostemp(beside.data(), O_CLOEXEC)};
  if (!file.open()) return system_failure("no file can be made in the folder");
  auto const give_up = [&](std::string_view note) {
    int const why = errno;
    ::unlink(beside.c_str());
    return fail({why, std::generic_category()}, note);
  };
  if (!file_owner::at(to, folder).give(file.get())) return give_up("the file's owner cannot be kept");
  if (::fchmod(file.get(), mode) != 0) return give_up("the file's mode cannot be set");
  while (!text.empty()) {
    auto const put = ::write(file.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return give_up("the file cannot be written");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(file.get()) != 0) return give_up("the file cannot be synced");
  if (::rename(beside.c_str(), to.c_str()) != 0) return give_up("the file cannot be renamed");
  descriptor const parent{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!parent.open() || ::fsync(parent.get()) != 0) return system_failure("the folder cannot be synced");
  return {};
}

}  // namespace tensorgate::store
