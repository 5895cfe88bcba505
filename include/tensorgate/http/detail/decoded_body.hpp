// tensorgate/http/detail/decoded_body.hpp: how are stored gzip bytes sent to a client that does not take gzip?
#pragma once

#include <algorithm>    // min
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <memory>       // make_unique
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <variant>      // get_if

#include <tensorgate/codec/gunzip_stream.hpp>  // gunzip_stream
#include <tensorgate/core/result.hpp>          // result
#include <tensorgate/http/content.hpp>         // content, append_bytes
#include <tensorgate/http/errc.hpp>            // errc
#include <tensorgate/http/reply.hpp>           // body_producer
#include <tensorgate/net/task.hpp>             // task

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// Content in pieces of a size that can be read on the loop.
class content_pieces {
 public:
  explicit content_pieces(content from) : from_(std::move(from)) {}

  /// The next bytes, which stay until the next call; none at the end.
  [[nodiscard]] result<std::string_view> next() {
    constexpr std::uint64_t piece = 16 * 1024;
    auto const              step  = static_cast<std::size_t>(std::min(piece, size_of(from_) - at_));
    auto const              begin = at_;
    at_ += step;
    if (auto const* const memory = std::get_if<shared_bytes>(&from_)) {
      return memory->view().substr(static_cast<std::size_t>(begin), step);
    }
    buffer_.clear();
    auto const read = append_bytes(from_, begin, step, buffer_);
    if (!read) return fail(read);
    return std::string_view(buffer_);
  }

 private:
  content       from_;
  std::uint64_t at_ = 0;
  std::string   buffer_;
};

/// Some 100 KiB of memory whatever the size; between pieces the loop serves others.
/// Fails with: errc::body_too_large beyond `limit` decoded bytes; as the codec and the storage do.
inline task<result<void>> send_decoded(content packed, std::uint64_t limit, body_writer& out) {
  using room          = std::array<char, 64 * 1024>;
  auto const    where = co_await asio::this_coro::executor;
  auto const    from  = std::make_unique<content_pieces>(std::move(packed));
  auto          more  = [from = from.get()] { return from->next(); };
  auto const    plain = std::make_unique<codec::gunzip_stream>(codec::gunzip_stream::source(std::move(more)));
  auto const    piece = std::make_unique<room>();
  std::uint64_t done  = 0;
  for (;;) {
    auto const got = plain->read(*piece);
    if (!got) co_return fail(got);
    if (*got == 0) co_return result<void>{};
    done += *got;
    if (done > limit) co_return fail(errc::body_too_large, "the stored bytes decode to more than the limit");
    auto const sent = co_await out.write(std::string_view(piece->data(), *got));
    if (!sent) co_return fail(sent);
    co_await asio::post(where, asio::use_awaitable);
  }
}

[[nodiscard]] inline body_producer decoded_body(content packed, std::uint64_t limit) {
  return [packed = std::move(packed), limit](body_writer& out) { return send_decoded(packed, limit, out); };
}

}  // namespace tensorgate::http::detail
