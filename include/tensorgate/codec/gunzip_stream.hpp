// tensorgate/codec/gunzip_stream.hpp: gzip decoded piece by piece, for what is too large to be decoded at once.
#pragma once

#include <cstddef>      // size_t
#include <functional>   // function
#include <new>          // bad_alloc
#include <span>         // span
#include <string_view>  // string_view
#include <utility>      // move

#include <zlib.h>  // inflate: libdeflate knows whole buffers only

#include <tensorgate/codec/error.hpp>  // errc
#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/core/result.hpp>  // result

namespace tensorgate::inline TENSORGATE_ABI::codec {

/// Decodes one or more concatenated members (RFC 1952 §2.2) in constant memory (about 40 KiB).
/// `packed` must outlive it. Not movable: the engine points to itself.
class gunzip_stream {
 public:
  /// Gives the next packed bytes, which stay until the next call; none at the end.
  using source = std::function<result<std::string_view>()>;

  explicit gunzip_stream(source more) : gunzip_stream(std::string_view()) { more_ = std::move(more); }
  explicit gunzip_stream(std::string_view packed) : rest_(packed) {
    constexpr int gzip_only = 15 + 16;  // the largest window; no zlib header, no raw data
    if (inflateInit2(&engine_, gzip_only) != Z_OK) throw std::bad_alloc{};
  }
  gunzip_stream(gunzip_stream const&)            = delete;
  gunzip_stream& operator=(gunzip_stream const&) = delete;
  ~gunzip_stream() { inflateEnd(&engine_); }

  /// Fills `out`, which is not empty, as far as there are bytes; 0 at the end.
  /// Fails with: malformed, trailing_data; as the source does.
  [[nodiscard]] result<std::size_t> read(std::span<char> out) {
    std::size_t made = 0;
    while (made != out.size()) {
      if (rest_.empty() && more_) {
        auto const next = more_();
        if (!next) return fail(next);
        rest_ = *next;
        if (rest_.empty()) more_ = nullptr;
      }
      if (between_members_) {
        if (rest_.empty() && any_) break;
        bool const is_cut = rest_.size() < 2 && more_;  // then the engine looks at the second byte
        bool const is_magic =
            !rest_.empty() && rest_[0] == '\x1f' && (is_cut || (rest_.size() > 1 && rest_[1] == '\x8b'));
        if (any_ && !is_magic) {
          return fail(errc::trailing_data, "bytes after the last gzip member");
        }
        inflateReset(&engine_);
        between_members_ = false;
        any_             = true;
      }
      constexpr std::size_t step = std::size_t{1} << 30U;  // zlib counts in 32 bits
      auto const            feed = rest_.substr(0, step);
      auto const            room = out.subspan(made).first(out.size() - made < step ? out.size() - made : step);
      // zlib reads through a pointer to mutable bytes without writing to them.
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
      engine_.next_in   = reinterpret_cast<Bytef*>(const_cast<char*>(feed.data()));
      engine_.avail_in  = static_cast<uInt>(feed.size());
      engine_.next_out  = reinterpret_cast<Bytef*>(room.data());
      engine_.avail_out = static_cast<uInt>(room.size());
      int const outcome = inflate(&engine_, Z_NO_FLUSH);
      rest_.remove_prefix(feed.size() - engine_.avail_in);
      made += room.size() - engine_.avail_out;
      if (outcome == Z_STREAM_END) {
        between_members_ = true;
      } else if (outcome != Z_OK) {
        return fail(errc::malformed, "not a whole, intact gzip member");
      }
    }
    return made;
  }

 private:
  std::string_view rest_;
  source           more_;
  z_stream         engine_{};
  bool             between_members_ = true;
  bool             any_             = false;
};

}  // namespace tensorgate::codec
