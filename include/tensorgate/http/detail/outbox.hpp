// tensorgate/http/detail/outbox.hpp: bytes on their way out, and what is left of them when the peer is slow.
#pragma once

#include <algorithm>    // clamp, max, min
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint32_t, uint64_t
#include <cstring>      // memcpy
#include <memory>       // unique_ptr
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // swap
#include <variant>      // get_if

#include <unistd.h>  // pread

#include <tensorgate/http/reply.hpp>  // reply, shared_bytes, file_bytes
#include <tensorgate/net/stream.hpp>  // stream, transfer

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// Text that grows at its end and keeps its memory; appending does not initialise what it does not write.
class outbox {
 public:
  void append(char const* data, std::size_t size) {
    if (capacity_ - size_ < size) [[unlikely]]
      grow(size);
    std::memcpy(data_.get() + size_, data, size);
    size_ += size;
  }
  void append(std::string_view text) {
    if (!text.empty()) append(text.data(), text.size());
  }

  [[nodiscard]] std::string_view view() const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t      size() const noexcept { return size_; }
  [[nodiscard]] bool             empty() const noexcept { return size_ == 0; }
  void                           clear() noexcept { size_ = 0; }

 private:
  void grow(std::size_t size) {
    auto const              wanted = std::max({capacity_ * 2, size_ + size, std::size_t{8192}});
    std::unique_ptr<char[]> larger(new char[wanted]);  // NOLINT(modernize-avoid-c-arrays): left uninitialised
    if (size_ != 0) std::memcpy(larger.get(), data_.get(), size_);
    data_     = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> data_;  // NOLINT(modernize-avoid-c-arrays)
  std::size_t             size_     = 0;
  std::size_t             capacity_ = 0;
};

/// From this size on a body is sent from where it lies instead of being copied behind its head.
inline constexpr std::size_t gather_from = 16 * 1024;
inline constexpr std::size_t file_page   = 4096;
/// Bytes of a file from `offset` to its next page. Pages are handed to the socket as they lie; from the middle of one
/// on, every packet would hold one page more than it has room for, at one and a half times the cost. So what leads up
/// to a page is copied.
[[nodiscard]] constexpr std::size_t up_to_page(std::uint64_t offset) noexcept {
  return static_cast<std::size_t>((file_page - offset % file_page) % file_page);
}
/// Bytes that one of so many connections may send before others get their turn: in all, some milliseconds' worth. Each
/// is a number of whole packets' pages.
[[nodiscard]] constexpr std::size_t fair_share(std::size_t connections) noexcept {
  constexpr std::size_t all = 64 * 1024 * 1024, least = 64 * 1024, most = 2 * 1024 * 1024;
  return std::clamp(all / (connections + 1) / least * least, least, most);
}

/// What is still to be sent: bytes, then the rest of a body that lies elsewhere.
struct backlog {
  std::string      bytes;
  std::size_t      at = 0;
  reply::body_type body;
  std::uint64_t    body_at   = 0;
  std::uint32_t    waits_for = 0;  ///< EPOLLOUT; with TLS it may be EPOLLIN
};

/// Sends what the peer takes of `head`, then of a body from `body_at` on; advances both. `moved` when all is sent.
/// `scratch` is room for a piece of a file that must be encrypted. `sent` is increased by what left. When about `most`
/// bytes have left, it is `wants_write` all the same: the others' turn.
inline net::transfer_state push(net::stream& to, std::string_view& head, reply::body_type const& body,
                                std::uint64_t& body_at, std::span<char> scratch, std::uint64_t& sent,
                                std::size_t most) {
  using net::transfer_state;
  auto const* const   shared = std::get_if<shared_bytes>(&body);
  auto const* const   file   = std::get_if<file_bytes>(&body);
  std::uint64_t const size   = shared != nullptr ? shared->size() : file != nullptr ? file->length() : 0;
  std::size_t         turn   = 0;
  for (;;) {
    bool const has_body = body_at != size;
    if (head.empty() && !has_body) return transfer_state::moved;
    if (turn >= most) return transfer_state::wants_write;
    bool const    plain   = to.tls() == nullptr;
    bool const    by_file = file != nullptr || (plain && shared != nullptr && shared->descriptor() >= 0);
    net::transfer done{};
    auto const    share = static_cast<std::size_t>(std::min<std::uint64_t>(size - body_at, most));
    if (by_file && plain) {
      int const  from   = file != nullptr ? file->descriptor() : shared->descriptor();
      auto const offset = (file != nullptr ? file->offset() : shared->offset()) + body_at;
      auto const lead   = std::min(up_to_page(offset), share);
      if (!head.empty() || (lead != 0 && lead != share)) {
        std::array<char, file_page> kept;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        std::string_view            first(kept.data(), lead);
        if (shared != nullptr) {
          first = shared->view().substr(static_cast<std::size_t>(body_at), lead);
        } else if (lead != 0 &&
                   ::pread(from, kept.data(), lead, static_cast<::off_t>(offset)) != static_cast<::ssize_t>(lead)) {
          return transfer_state::failed;
        }
        done = to.write(head, first, lead != size - body_at);
      } else {
        done = to.write_file(from, offset, share);
      }
    } else if (!head.empty()) {
      bool const gather = has_body && shared != nullptr && plain;
      done              = gather ? to.write(head, shared->view().substr(static_cast<std::size_t>(body_at), share))
                                 : to.write(head, has_body);
    } else if (by_file) {
      auto const room = std::min(share, scratch.size());
      auto const got =
          ::pread(file->descriptor(), scratch.data(), room, static_cast<::off_t>(file->offset() + body_at));
      if (got <= 0) return transfer_state::failed;
      done = to.write(std::string_view(scratch.data(), static_cast<std::size_t>(got)));
    } else {
      done = to.write(shared->view().substr(static_cast<std::size_t>(body_at), share));
    }
    if (done.state == transfer_state::ended) return transfer_state::failed;  // the file has become shorter
    if (done.state != transfer_state::moved) return done.state;
    sent += done.bytes;
    turn += done.bytes;
    auto const of_head = std::min(done.bytes, head.size());
    head.remove_prefix(of_head);
    body_at += done.bytes - of_head;
  }
}

}  // namespace tensorgate::http::detail
