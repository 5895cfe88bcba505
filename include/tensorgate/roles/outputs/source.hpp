// tensorgate/roles/outputs/source.hpp: one version of a file that somebody else keeps rewriting, whole and checked.
#pragma once

#include <algorithm>     // min
#include <array>         // array
#include <cerrno>        // errno
#include <cstdint>       // int64_t, uint64_t
#include <filesystem>    // path
#include <memory>        // shared_ptr
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move

#include <fcntl.h>     // open
#include <sys/stat.h>  // stat
#include <unistd.h>    // read, pread

#include <fmt/format.h>  // faults in words

#include <tensorgate/codec/gzip.hpp>          // gzip_decompress_into
#include <tensorgate/core/hex.hpp>            // to_hex
#include <tensorgate/core/result.hpp>         // expected
#include <tensorgate/core/time.hpp>           // unix_millis
#include <tensorgate/crypto/hash.hpp>         // sha256
#include <tensorgate/http/reply.hpp>          // shared_bytes
#include <tensorgate/net/memory_file.hpp>     // memory_file
#include <tensorgate/reflect/json_slice.hpp>  // validate_json
#include <tensorgate/store/durable_file.hpp>  // descriptor

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// What tells two versions of a file apart without reading them.
struct file_stamp {
  std::uint64_t device     = 0;
  std::uint64_t inode      = 0;
  std::int64_t  size       = 0;
  std::int64_t  nanosecond = 0;  ///< of the last write, since 1970

  friend bool operator==(file_stamp const&, file_stamp const&) = default;
};

[[nodiscard]] inline file_stamp stamp_of(struct stat const& facts) noexcept {
  return file_stamp{.device     = facts.st_dev,
                    .inode      = facts.st_ino,
                    .size       = facts.st_size,
                    .nanosecond = facts.st_mtim.tv_sec * std::int64_t{1'000'000'000} + facts.st_mtim.tv_nsec};
}

/// The first 16 bytes of SHA-256, in hexadecimal, as an entity tag: equal bytes have equal tags, whenever they were
/// written.
[[nodiscard]] inline std::string tag_of(std::string_view text) {
  auto const digest = crypto::sha256(as_bytes(text));
  return to_hex(bytes_view(digest).first(16));
}

/// Bounds of what is read from the tree.
struct source_limits {
  std::size_t file    = std::size_t{1} << 30U;  ///< bytes of a file, as it stands
  std::size_t decoded = std::size_t{4} << 30U;  ///< bytes of a .gz after decoding
  std::size_t kept    = std::size_t{8} << 20U;  ///< a .gz that decodes to more is brief
};

/// Bytes in memory that live as long as anybody holds a part of them.
using memory_ptr = std::shared_ptr<net::memory_file const>;

/// A file whose bytes are complete JSON, or a gzip of it. Requests hold parts of its memory; it never changes, but for
/// the text of a brief one, which only the thread that follows the files touches.
struct source {
  file_stamp         stamp{};
  unix_millis        modified{};
  bool               gzipped = false;
  bool               brief   = false;  ///< `decoded` goes when the forms are made: it is large, and can be had again
  memory_ptr         stored{};         ///< as on the disk
  mutable memory_ptr decoded{};        ///< of a .gz
  std::string        tag{};            ///< of `stored`

  /// The memory that has the JSON text; null for a brief one whose forms are made.
  [[nodiscard]] memory_ptr const& plain() const noexcept { return gzipped ? decoded : stored; }
  [[nodiscard]] std::string_view  text() const noexcept { return plain() ? plain()->view() : std::string_view{}; }
};

using source_ptr = std::shared_ptr<source const>;

/// A part of a file in memory, which keeps all of it alive.
[[nodiscard]] inline http::shared_bytes part_of(memory_ptr const& file, std::string_view part) {
  auto const offset = part.empty() ? 0U : static_cast<std::uint64_t>(part.data() - file->view().data());
  return http::shared_bytes(file, part, file->descriptor(), offset);
}
[[nodiscard]] inline http::shared_bytes part_of(memory_ptr const& file) { return part_of(file, file->view()); }

/// A copy of a text that was computed.
[[nodiscard]] inline result<memory_ptr> keep(std::string_view text) {
  auto copied = net::memory_file::copy_of(text);
  if (!copied) return fail(copied);
  return std::make_shared<net::memory_file const>(std::move(*copied));
}
[[nodiscard]] inline http::shared_bytes share(std::string_view text) {
  auto const kept = keep(text);
  return kept ? part_of(*kept) : http::shared_bytes::own(std::string(text));
}

/// Why a file could not be taken, in words for the operator.
struct source_fault {
  std::error_code code{};  ///< no_such_file_or_directory when it is not there
  std::string     text{};
  file_stamp      stamp{};  ///< the version that was tried, as far as it could be examined

  [[nodiscard]] bool missing() const noexcept { return code == std::errc::no_such_file_or_directory; }
};

namespace detail {

/// Read at one go: others run between two calls, and not within one where the kernel cannot be interrupted.
inline constexpr std::size_t read_piece = std::size_t{1} << 20U;
/// From this size on the end of a file is looked at before the whole is read.
inline constexpr std::int64_t large_file = std::int64_t{1} << 20U;

/// Whether a file ends as a JSON object or array does. Half of a large file is told so without reading it.
[[nodiscard]] inline bool ends_like_json(int file, std::int64_t size) {
  std::array<char, 64> tail{};
  auto const           from = size - static_cast<std::int64_t>(tail.size());
  auto const           got  = ::pread(file, tail.data(), tail.size(), from);
  if (got <= 0) return false;
  std::string_view const text(tail.data(), static_cast<std::size_t>(got));
  auto const             last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos || text[last] == '}' || text[last] == ']';  // all blanks: to be read
}

/// A gzip decoded into a file in memory, of which only what is written takes any.
[[nodiscard]] inline result<net::memory_file> decode_into_memory(std::string_view packed, std::size_t limit) {
  constexpr std::size_t most_gain = 1032;  // of DEFLATE, to one
  auto                  room      = net::memory_file::create(std::min(limit, packed.size() * most_gain + 64));
  if (!room) return room;
  auto const made = codec::gzip_decompress_into(packed, {room->data(), room->view().size()});
  if (!made) return fail(made);
  if (auto const fits = room->shrink(*made); !fits) return fail(fits);
  room->gather();
  return room;
}

/// Reads `size` bytes, or fewer if the file ends before.
[[nodiscard]] inline result<net::memory_file> read_into_memory(int file, std::size_t size) {
  auto memory = net::memory_file::create(size);
  if (!memory) return memory;
  std::size_t have = 0;
  while (have != size) {
    auto const got = ::read(file, memory->data() + have, std::min(size - have, read_piece));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return store::system_failure("the file cannot be read");
    if (got == 0)
      return fail(make_error_code(std::errc::resource_unavailable_try_again), "the file is being rewritten");
    have += static_cast<std::size_t>(got);
  }
  memory->gather();
  return memory;
}

}  // namespace detail

/// Reads a file, sees that it did not change meanwhile, and checks that it is one whole JSON text (RFC 8259).
/// A file whose name ends in `.gz` is decoded first. Blocks; takes about a second per gigabyte.
[[nodiscard]] inline expected<source_ptr, source_fault> load_source(std::filesystem::path const& path,
                                                                    source_limits const&         limits) {
  source_fault fault;
  auto const   broken = [&](std::error_code code, std::string text) {
    fault.code = code;
    fault.text = std::move(text);
    return unexpected<source_fault>(fault);
  };
  auto const system = [&](std::string_view what) {
    std::error_code const code{errno, std::generic_category()};
    return broken(code, fmt::format("{}: {}", what, code.message()));
  };

  store::descriptor const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file.open()) return system("cannot be opened");
  struct stat before{};
  if (::fstat(file.get(), &before) != 0) return system("cannot be examined");
  fault.stamp = stamp_of(before);
  if (!S_ISREG(before.st_mode)) return broken(make_error_code(std::errc::invalid_argument), "is not a regular file");
  if (static_cast<std::uint64_t>(before.st_size) > limits.file) {
    return broken(make_error_code(std::errc::file_too_large),
                  fmt::format("has {} bytes, more than the limit of {}", before.st_size, limits.file));
  }

  bool const gzipped = path.extension() == ".gz";
  if (!gzipped && before.st_size > detail::large_file && !detail::ends_like_json(file.get(), before.st_size)) {
    return broken(make_error_code(std::errc::invalid_argument), "is not JSON: it ends in the middle");
  }

  auto made   = std::make_shared<source>();
  auto stored = detail::read_into_memory(file.get(), static_cast<std::size_t>(before.st_size));
  if (!stored) return broken(stored.error().code, std::string(stored.error().note));
  struct stat after{};
  if (::fstat(file.get(), &after) != 0) return system("cannot be examined");
  if (stamp_of(after) != fault.stamp) {
    return broken(make_error_code(std::errc::resource_unavailable_try_again), "is being rewritten");
  }

  made->stamp    = fault.stamp;
  made->modified = from_unix_millis(fault.stamp.nanosecond / 1'000'000);
  made->gzipped  = gzipped;
  made->stored   = std::make_shared<net::memory_file const>(std::move(*stored));
  if (gzipped) {
    auto plain = detail::decode_into_memory(made->stored->view(), limits.decoded);
    if (!plain) return broken(plain.error().code, fmt::format("is not a sound gzip file: {}", plain.error().note));
    made->decoded = std::make_shared<net::memory_file const>(std::move(*plain));
  }
  auto const text = made->text();
  if (auto const sound = reflect::validate_json(text); !sound) {
    auto const& at = sound.error();
    return broken(make_error_code(std::errc::invalid_argument),
                  fmt::format("is not JSON: line {}, column {}: expected {}", at.line, at.column, at.expected));
  }
  made->brief = gzipped && text.size() > limits.kept;
  made->tag   = tag_of(made->stored->view());
  return source_ptr(std::move(made));
}

/// Gets the text of a brief one anew, if it was forgotten.
[[nodiscard]] inline result<void> recall_text(source const& of) {
  if (of.plain()) return {};
  auto plain = detail::decode_into_memory(of.stored->view(), source_limits{}.decoded);
  if (!plain) return fail(plain);
  of.decoded = std::make_shared<net::memory_file const>(std::move(*plain));
  return {};
}

/// Lets go of a text that can be had again. Parts of it that somebody holds stay.
inline void forget_text(source const& of) noexcept {
  if (of.brief) of.decoded.reset();
}

}  // namespace tensorgate::outputs
