// tensorgate/http/detail/open_beneath.hpp: opens a file below a folder, and never anything else.
#pragma once

#include <cerrno>        // errno
#include <cstdint>       // uint64_t
#include <cstring>       // memchr
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // exchange

#include <fcntl.h>          // openat, O_NOFOLLOW
#include <linux/openat2.h>  // open_how, RESOLVE_BENEATH
#include <sys/syscall.h>    // SYS_openat2
#include <unistd.h>         // close, syscall

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // result, fail

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// A descriptor that closes itself.
class open_file {
 public:
  explicit open_file(int descriptor = -1) noexcept : descriptor_(descriptor) {}
  open_file(open_file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  open_file& operator=(open_file&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  open_file(open_file const&)            = delete;
  open_file& operator=(open_file const&) = delete;
  ~open_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] int  get() const noexcept { return descriptor_; }
  [[nodiscard]] int  release() noexcept { return std::exchange(descriptor_, -1); }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// A path that names something below its start by itself: segments with slashes between, none of them empty, "." or
/// "..", and no NUL. Hidden ones, which begin with a dot, only if asked for.
[[nodiscard]] constexpr bool is_plain_path(std::string_view path, bool hidden) noexcept {
  if (path.empty() || path.size() > 4095) return false;
  while (true) {
    auto const slash   = path.find('/');
    auto const segment = path.substr(0, slash);
    if (segment.empty() || segment == "." || segment == ".." || segment.size() > 255) return false;
    if (!hidden && segment.front() == '.') return false;
    if (segment.find('\0') != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

inline constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // a FIFO must not hold us

[[nodiscard]] inline failure open_failure() noexcept {
  return failure{std::error_code(errno, std::generic_category()), "a file cannot be opened"};
}

/// For kernels that lack openat2, and sandboxes that forbid it: one segment at a time, following no link.
[[nodiscard]] inline result<open_file> open_by_segments(int root, std::string_view path) {
  open_file folder;
  while (true) {
    auto const        slash = path.find('/');
    std::string const segment(path.substr(0, slash));
    bool const        last = slash == std::string_view::npos;
    int const         from = folder.is_open() ? folder.get() : root;
    int const         kind = last ? O_NOFOLLOW : O_NOFOLLOW | O_DIRECTORY;
    open_file         next(::openat(from, segment.c_str(), open_flags | kind));
    if (!next.is_open()) return fail(open_failure());
    if (last) return next;
    folder = std::move(next);
    path.remove_prefix(slash + 1);
  }
}

/// Opens `path`, which is a plain one, below the folder `root` for reading. Symbolic links are not followed, also not
/// inside, so what a tree may show is decided by what lies in it.
[[nodiscard]] inline result<open_file> open_beneath(int root, std::string const& path) {
  ::open_how how{};
  how.flags   = static_cast<std::uint64_t>(open_flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int tries = 0; tries != 8; ++tries) {
    open_file made(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
    if (made.is_open()) return made;
    if (errno == ENOSYS || errno == EPERM || errno == E2BIG) return open_by_segments(root, path);
    if (errno != EAGAIN && errno != EINTR) break;  // EAGAIN: a folder was moved while it was looked through
  }
  return fail(open_failure());
}

}  // namespace tensorgate::http::detail
