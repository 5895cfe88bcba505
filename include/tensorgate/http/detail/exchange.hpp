// tensorgate/http/detail/exchange.hpp: one request and its answer, from the first byte of the head to the last of the
// body.
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <functional>   // less
#include <memory>       // unique_ptr
#include <optional>     // optional
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/result.hpp>              // result
#include <tensorgate/crypto/constant_time.hpp>     // constant_time_equal
#include <tensorgate/http/body.hpp>                // body_decoder
#include <tensorgate/http/detail/answer_head.hpp>  // body_end
#include <tensorgate/http/detail/outbox.hpp>       // outbox
#include <tensorgate/http/endpoint.hpp>            // endpoint
#include <tensorgate/http/head.hpp>                // head_parser
#include <tensorgate/http/reply.hpp>               // reply, body_reader, body_writer
#include <tensorgate/http/request.hpp>             // request
#include <tensorgate/net/gate.hpp>                 // gate

namespace tensorgate::inline TENSORGATE_ABI::http {
class session;
}

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// How long the peer was waited for, and how much he moved meanwhile. Time in which nobody waits does not count, so
/// neither a slow handler nor a paused reader is held against him.
struct progress_watch {
  std::chrono::milliseconds waited{0};
  steady_point              since{};  ///< when the present wait began
  std::uint64_t             moved   = 0;
  bool                      waiting = false;

  void begin(steady_point now) noexcept {
    since   = now;
    waiting = true;
  }
  void end(steady_point now) noexcept {
    if (waiting) waited += std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
    waiting = false;
  }
  /// True when a whole interval went by with less than `least` bytes; a whole one with more starts the next.
  [[nodiscard]] bool is_stalled(steady_point now, std::chrono::milliseconds interval, std::size_t least) noexcept {
    if (!waiting) return false;
    auto const so_far = waited + std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
    if (so_far < interval) return false;
    if (moved < least) return true;
    *this = progress_watch{};
    begin(now);
    return false;
  }
};

class exchange;
struct working;

/// The body as the handler sees it.
class exchange_reader final : public body_reader {
 public:
  explicit exchange_reader(exchange& of) noexcept : x_(&of) {}
  task<result<std::string_view>> read() override;

 private:
  exchange* x_;
};

/// The answer as the handler gives it piece by piece.
class exchange_writer final : public body_writer {
 public:
  explicit exchange_writer(exchange& of) noexcept : x_(&of) {}
  task<result<void>> start(reply head) override;
  task<result<void>> write(std::string_view piece) override;
  void               trailer(std::string_view name, std::string_view value) override;
  [[nodiscard]] bool started() const noexcept override;

 private:
  exchange* x_;
};

/// Big, and lent from the loop's store while a request is in hand; an idle connection has none. When a handler waits,
/// its coroutine owns this: it may outlive the connection, and then finds `owner` null and everything closed.
class exchange {
 public:
  explicit exchange(head_limits const& heads) : parser(heads) {}

  /// Ready for the first byte of a head.
  void begin_head() noexcept {
    parser.reset();
    is_remembered = false;
    r.repeats     = 0;
    r.value_count = 0;
  }

  /// Makes the head, and the path's values with it, independent of where it was read.
  void keep_head(std::string_view bytes) {
    if (bytes.data() == head_bytes.data()) return;
    head_bytes.assign(bytes);
    r.head.rebase(head_bytes.data());
    std::less<> const before;
    for (auto& value : std::span(r.values).first(r.value_count)) {
      bool const within = !before(value.data(), bytes.data()) && before(value.data(), bytes.data() + bytes.size());
      if (within) value = {head_bytes.data() + (value.data() - bytes.data()), value.size()};
    }
  }

  /// Clients ask the same again and again. A head that is whole in itself is kept, so that the next one, if it has
  /// the same bytes, is not read again: `r.head` says already what is in it, and `r.matched` which route it has.
  /// `number`: no other head of this process has it.
  void remember_head(std::string_view bytes, std::uint64_t number) {
    constexpr std::size_t most = 2048;
    auto const&           head = r.head;
    if (bytes.size() > most || head.has_body() || head.has(known_field::expect) || head.has(known_field::upgrade))
      return;
    keep_head(bytes);
    is_remembered = true;
    r.repeats     = number;
  }
  [[nodiscard]] bool remembers(std::string_view bytes) const noexcept {
    // Heads hold secrets: a time that told where two of them differ would tell of those.
    return is_remembered && crypto::constant_time_equal(bytes.substr(0, head_bytes.size()), head_bytes);
  }

  /// Ready for another request, after one that was answered at once from the loop's own memory.
  void clear() {
    r.provided.clear();
    r.answer_fields.clear();
  }

  /// Ready for another request, after any; keeps memory within bounds.
  void reset() {
    constexpr std::size_t keep = 16 * 1024;
    clear();
    begin_head();
    if (body.capacity() > keep) std::string().swap(body);
    body.clear();
    if (head_bytes.capacity() > keep) std::string().swap(head_bytes);
    head_bytes.clear();
    block.reset();
    std::string().swap(input);
    window   = {};
    owner    = nullptr;
    route    = nullptr;
    decoder  = body_decoder();
    incoming = progress_watch{};
    outgoing = progress_watch{};
    trailers.clear();
    answer.reset();
    out      = outbox();
    declared = 0;
    written  = 0;
    sent = sent_before = 0;
    has_started = is_finished = is_broken = keeps = is_sized = false;
    asked_for_body = wants_body = is_told = is_answered = false;
    end                                                 = body_end::length;
    read_failure = write_failure = {};
  }

  request         r;
  head_parser     parser;
  std::string     head_bytes;
  bool            is_remembered = false;  ///< `head_bytes` is the head that `r.head` speaks of, and may come again
  endpoint const* route         = nullptr;
  session*        owner         = nullptr;

  // The body of the request.
  body_decoder            decoder;
  std::string             body;
  std::string             input;                   ///< what the session had read behind the head
  std::string_view        window;                  ///< read, not decoded yet: in `input` or in `block`
  std::unique_ptr<char[]> block;                   ///< NOLINT(modernize-avoid-c-arrays): left uninitialised
  bool                    asked_for_body = false;  ///< 100 (Continue) was sent, or need not be
  bool                    wants_body     = false;
  failure                 read_failure{};
  net::gate               readable;
  std::uint32_t           read_event = 0;  ///< what the reader waits for
  progress_watch          incoming;

  // The answer.
  std::optional<reply> answer;  ///< known already when the coroutine starts
  outbox               out;
  std::string          trailers;
  std::uint64_t        declared    = 0;  ///< Content-Length, when sized
  std::uint64_t        written     = 0;  ///< bytes of the body
  std::uint64_t        sent        = 0;  ///< bytes on the wire
  std::uint64_t        sent_before = 0;  ///< of those, when a peer that says no more was last looked at
  body_end             end         = body_end::length;
  bool                 has_started = false;
  bool                 is_sized    = false;
  bool                 is_finished = false;
  bool                 is_broken   = false;  ///< cannot be finished any more: cut off
  bool                 keeps       = false;  ///< the connection stays, as told in the head
  bool                 is_told     = false;  ///< its record was handed to the sink
  bool                 is_answered = false;  ///< nothing is missing but that the peer takes the rest of the answer
  failure              write_failure{};
  net::gate            writable;
  std::uint32_t        write_event = 0;  ///< what the writer waits for
  progress_watch       outgoing;

  asio::cancellation_signal cancel;
};

}  // namespace tensorgate::http::detail
