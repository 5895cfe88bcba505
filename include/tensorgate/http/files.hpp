// tensorgate/http/files.hpp: a folder of files that can be fetched.
#pragma once

#include <algorithm>     // lower_bound, max
#include <array>         // array, to_array
#include <cerrno>        // ENOENT
#include <chrono>        // sys_seconds
#include <cstddef>       // size_t
#include <cstdint>       // uint64_t
#include <memory>        // shared_ptr
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // system_error
#include <utility>       // move

#include <fcntl.h>     // open
#include <sys/stat.h>  // fstat

#include <tensorgate/core/result.hpp>               // result
#include <tensorgate/core/text.hpp>                 // to_lower
#include <tensorgate/http/detail/open_beneath.hpp>  // open_beneath
#include <tensorgate/http/errc.hpp>                 // errc
#include <tensorgate/http/reply.hpp>                // reply, file_bytes
#include <tensorgate/http/representation.hpp>       // representation, represent
#include <tensorgate/http/request.hpp>              // request

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The media type for the ending of a file's name, case ignored; "application/octet-stream" for one that is not listed.
[[nodiscard]] constexpr std::string_view content_type_of(std::string_view name) noexcept {
  struct row {
    std::string_view ending;
    std::string_view type;
  };
  // Sorted by ending.
  constexpr auto             table   = std::to_array<row>({
      {"avif", "image/avif"},
      {"bin", "application/octet-stream"},
      {"css", "text/css; charset=utf-8"},
      {"csv", "text/csv; charset=utf-8"},
      {"gif", "image/gif"},
      {"gz", "application/gzip"},
      {"htm", "text/html; charset=utf-8"},
      {"html", "text/html; charset=utf-8"},
      {"ico", "image/vnd.microsoft.icon"},
      {"jpeg", "image/jpeg"},
      {"jpg", "image/jpeg"},
      {"js", "text/javascript; charset=utf-8"},
      {"json", "application/json"},
      {"jsonl", "application/jsonl"},
      {"map", "application/json"},
      {"md", "text/markdown; charset=utf-8"},
      {"mjs", "text/javascript; charset=utf-8"},
      {"mp3", "audio/mpeg"},
      {"mp4", "video/mp4"},
      {"parquet", "application/vnd.apache.parquet"},
      {"pdf", "application/pdf"},
      {"png", "image/png"},
      {"svg", "image/svg+xml"},
      {"tar", "application/x-tar"},
      {"toml", "application/toml"},
      {"txt", "text/plain; charset=utf-8"},
      {"wasm", "application/wasm"},
      {"wav", "audio/wav"},
      {"webm", "video/webm"},
      {"webp", "image/webp"},
      {"woff", "font/woff"},
      {"woff2", "font/woff2"},
      {"xml", "application/xml"},
      {"yaml", "application/yaml"},
      {"zip", "application/zip"},
      {"zst", "application/zstd"},
  });
  constexpr std::string_view unknown = "application/octet-stream";

  auto const dot = name.rfind('.');
  if (dot == std::string_view::npos) return unknown;
  std::array<char, 8> lower{};
  auto const          ending = name.substr(dot + 1);
  if (ending.size() > lower.size()) return unknown;
  for (std::size_t i = 0; i != ending.size(); ++i) lower[i] = to_lower(ending[i]);
  std::string_view const wanted(lower.data(), ending.size());
  auto const             found = std::lower_bound(table.begin(), table.end(), wanted,
                                                  [](row const& a, std::string_view b) { return a.ending < b; });
  return found != table.end() && found->ending == wanted ? found->type : unknown;
}

struct file_tree_options {
  std::string      root{};
  std::string_view cache_control = "no-cache";  ///< static text: ask again each time; the tag makes that cheap
  bool             precompressed = true;        ///< a `name.gz` beside `name`, not older than it, is its coded form
  bool             hidden        = false;       ///< names that begin with a dot may be fetched
};

/// The regular files below a folder. Nothing outside it can be reached, by whatever path: no link is followed. Folders
/// are not listed. Files may be replaced at any time; one that is rewritten in place while it is sent can be torn, so
/// writers should rename a finished file over it.
class file_tree {
 public:
  /// Throws `std::system_error` if the root is no folder that can be opened.
  explicit file_tree(file_tree_options options) : options_(std::move(options)) {
    root_ = detail::open_file(::open(options_.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_.is_open()) throw std::system_error(errno, std::generic_category(), "the folder " + options_.root);
  }

  /// What lies at `path`, which is decoded and relative to the root: "a/b.json".
  /// Fails with: errc::not_found, also for folders, links, special files and hidden names; errc::forbidden where the
  /// system refuses; errc::unavailable where descriptors have run out.
  [[nodiscard]] result<representation> open(std::string_view path) const {
    if (!detail::is_plain_path(path, options_.hidden)) return fail(errc::not_found, "no name of a file");
    std::string name(path);
    auto        plain = open_regular(name);
    if (!plain && plain.error().code != errc::not_found) return fail(plain);

    representation made;
    made.content_type  = content_type_of(path);
    made.cache_control = options_.cache_control;
    if (plain) {
      made.etag          = plain->tag();
      made.last_modified = plain->modified();
      made.identity      = plain->bytes;
    }
    if (options_.precompressed) {
      auto coded = open_regular(name.append(".gz"));
      if (coded && plain && coded->is_older_than(*plain)) coded = fail(errc::not_found);
      if (coded) {
        made.gzip      = coded->bytes;
        made.gzip_etag = coded->tag() + "-gzip";
        if (!plain) {
          made.etag          = coded->tag();
          made.last_modified = coded->modified();
        }
        return made;
      }
      if (!plain && coded.error().code != errc::not_found) return fail(coded);
    }
    if (!plain) return fail(plain);
    return made;
  }

 private:
  struct opened {
    file_bytes    bytes;
    std::uint64_t inode;
    std::timespec written;

    /// Differs when the bytes do, as far as the file system tells.
    [[nodiscard]] std::string tag() const {
      static constexpr std::string_view digits = "0123456789abcdef";
      std::string                       text;
      auto const                        nanos = static_cast<std::uint64_t>(written.tv_nsec);
      for (std::uint64_t value : {inode, static_cast<std::uint64_t>(written.tv_sec), nanos, bytes.length()}) {
        if (!text.empty()) text.push_back('-');
        auto const at = text.size();
        do {
          text.insert(at, 1, digits[value & 15U]);
          value >>= 4U;
        } while (value != 0);
      }
      return text;
    }
    [[nodiscard]] std::chrono::sys_seconds modified() const noexcept {
      return std::chrono::sys_seconds{std::chrono::seconds{written.tv_sec}};
    }
    [[nodiscard]] bool is_older_than(opened const& other) const noexcept {
      if (written.tv_sec != other.written.tv_sec) return written.tv_sec < other.written.tv_sec;
      return written.tv_nsec < other.written.tv_nsec;
    }
  };

  [[nodiscard]] result<opened> open_regular(std::string const& name) const {
    auto file = detail::open_beneath(root_.get(), name);
    if (!file) {
      auto const code = file.error().code;
      if (code == std::errc::permission_denied) return fail(errc::forbidden, "a file that we may not read");
      if (code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system ||
          code == std::errc::not_enough_memory || code == std::errc::io_error) {
        return fail(errc::unavailable, "the system cannot open files now");
      }
      return fail(errc::not_found, "no such file");
    }
    struct ::stat about{};
    if (::fstat(file->get(), &about) != 0 || !S_ISREG(about.st_mode)) return fail(errc::not_found, "no regular file");
    auto const kept = std::shared_ptr<int const>(new int(file->release()), [](int const* descriptor) {
      ::close(*descriptor);
      delete descriptor;
    });
    return opened{file_bytes(kept, 0, static_cast<std::uint64_t>(about.st_size)), about.st_ino, about.st_mtim};
  }

  file_tree_options options_;
  detail::open_file root_;
};

/// A handler: `get<"/files/{rest...}">(anyone, to<&serve_file>(tree))`.
[[nodiscard]] inline result<reply> serve_file(file_tree const& tree, request const& r, std::string_view path) {
  auto const found = tree.open(path);
  if (!found) return fail(found);
  return represent(r, *found);
}

}  // namespace tensorgate::http
