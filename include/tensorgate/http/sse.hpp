// tensorgate/http/sse.hpp: server-sent events, written for a client or read from a server.
//
// The format is that of the HTML standard, section 9.2 ("Server-sent events"). A handler takes the writer as a
// parameter:
//
//     task<result<void>> ticks(feed& source, request const& r, sse::writer& out);
#pragma once

#include <algorithm>    // min
#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <optional>     // optional
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // move

#include <tensorgate/core/result.hpp>   // result
#include <tensorgate/http/errc.hpp>     // errc
#include <tensorgate/http/reply.hpp>    // reply, body_writer
#include <tensorgate/http/request.hpp>  // request
#include <tensorgate/net/task.hpp>      // task

namespace tensorgate::inline TENSORGATE_ABI::http::sse {

/// One event. A client dispatches it only if it has data, of which empty text is some; without, it sets `id` and
/// `retry` alone. Views, so that nothing is copied before it is written.
struct event {
  std::optional<std::string_view>          data{};
  std::string_view                         type{};  ///< empty: "message"
  std::optional<std::string_view>          id{};  ///< what a client that reconnects says it has seen; empty: forget it
  std::optional<std::chrono::milliseconds> retry{};  ///< how long a client waits before it reconnects
};

namespace detail {

/// Takes the text before the next CRLF, CR or LF from the front of `rest`. False when that was the last line.
[[nodiscard]] constexpr bool take_line(std::string_view& rest, std::string_view& line) noexcept {
  auto const end = rest.find_first_of("\r\n");
  line           = rest.substr(0, end);
  if (end == std::string_view::npos) return false;
  rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  return true;
}

inline void append_lines(std::string& out, std::string_view name, std::string_view text) {
  for (bool more = true; more;) {
    std::string_view line;
    more = take_line(text, line);
    out.append(name).append(": ").append(line).append("\n");
  }
}

}  // namespace detail

/// Appends an event as it goes over the wire. Data of several lines stays data of several lines, whichever way they
/// end; a line end in `type` or `id`, which would start another field, is refused. Fails with: errc::internal; then
/// nothing was appended.
[[nodiscard]] inline result<void> append_event(std::string& out, event const& what) {
  constexpr std::string_view forbidden("\r\n\0", 3);
  if (what.type.find_first_of(forbidden) != std::string_view::npos) {
    return fail(errc::internal, "the type of an event has a line end");
  }
  if (what.id && what.id->find_first_of(forbidden) != std::string_view::npos) {
    return fail(errc::internal, "the id of an event has a line end or a NUL");
  }
  if (!what.type.empty()) out.append("event: ").append(what.type).append("\n");
  if (what.id) out.append("id: ").append(*what.id).append("\n");
  if (what.retry) out.append("retry: ").append(std::to_string(what.retry->count())).append("\n");
  if (what.data) detail::append_lines(out, "data", *what.data);
  out.append("\n");
  return {};
}

/// Appends a comment, which clients pass over: the heartbeat that keeps a quiet stream from being taken for dead.
inline void append_comment(std::string& out, std::string_view text) {
  detail::append_lines(out, "", text);
  out.append("\n");
}

inline constexpr std::string_view media_type = "text/event-stream";

/// The head of an answer that is a stream of events: no cache keeps it, no proxy waits for its end.
[[nodiscard]] inline reply head() {
  auto made = reply::of({}, media_type);
  made.with("Cache-Control", "no-cache");
  made.with("X-Accel-Buffering", "no");  // understood by nginx
  return made;
}

/// The last event that a reconnecting client has seen; nothing if it says none.
[[nodiscard]] inline std::optional<std::string_view> last_event_id(request const& r) noexcept {
  auto const value = r.head.field("Last-Event-ID");
  if (value.empty()) return std::nullopt;
  return value;
}

/// Events as the answer of a handler. The head is sent with the first of them, or by `open`, once.
class writer {
 public:
  static constexpr std::string_view media_type = sse::media_type;  ///< for the document of the API

  explicit writer(body_writer& out) noexcept : out_(&out) {}
  writer(writer const&)            = delete;
  writer& operator=(writer const&) = delete;
  ~writer()                        = default;

  /// Sends the head now, for a stream whose first event may be long in coming; `with` replaces the usual head.
  /// Completes and fails as `body_writer::start`.
  task<result<void>> open() { return open(head()); }
  task<result<void>> open(reply with) {
    if (out_->started()) co_return result<void>{};
    co_return co_await out_->start(std::move(with));
  }

  /// Sends one event.
  /// Completes: when the transport has accepted it, so that a slow client suspends the producer.
  /// Fails with: errc::internal (nothing was sent), closed, timed_out.
  /// Owns: nothing; what `what` points at must live until this completes.
  task<result<void>> send(event what) {
    text_.clear();
    auto const made = append_event(text_, what);
    if (!made) co_return fail(made);
    co_return co_await flush();
  }

  /// Sends an event of data alone.
  task<result<void>> send(std::string_view data) {
    event what;
    what.data = data;
    return send(what);
  }

  /// Sends an event of a type.
  task<result<void>> send(std::string_view type, std::string_view data) {
    event what;
    what.type = type;
    what.data = data;
    return send(what);
  }

  /// Sends a comment of one line or several.
  task<result<void>> comment(std::string_view text) {
    text_.clear();
    append_comment(text_, text);
    return flush();
  }

  /// Sends the shortest comment. Once in 15 s keeps the usual proxies and load balancers from giving up.
  task<result<void>> beat() {
    text_.assign(":\n\n");
    return flush();
  }

 private:
  task<result<void>> flush() {
    auto const opened = co_await open();
    if (!opened) co_return fail(opened);
    co_return co_await out_->write(text_);
  }

  body_writer* out_;
  std::string  text_;
};

/// An event as a client sees it; its views live until the function that is given it returns.
struct received_event {
  std::string_view type{};  ///< "message" if it has none
  std::string_view data{};
  std::string_view id{};  ///< the last that was said, perhaps by an earlier event
};

/// Reads a stream of events as it comes in, whatever the split of its bytes. An event that the stream's end cuts off
/// is no event. Nothing in the format is an error but its size.
class parser {
 public:
  /// `limit`: the most bytes of one line, and of one event's data.
  explicit parser(std::size_t limit = 1024 * 1024) noexcept : limit_(limit) {}

  /// Takes all of `bytes` and calls `fn(received_event const&)` for each event that they complete.
  /// Fails with: errc::body_too_large, then and ever after.
  template <class Fn>
  [[nodiscard]] result<void> feed(std::string_view bytes, Fn&& fn) {
    while (!bytes.empty() && !failed_) {
      if (skip_lf_) {
        skip_lf_ = false;
        if (bytes.front() == '\n') {
          bytes.remove_prefix(1);
          continue;
        }
      }
      auto const end  = bytes.find_first_of("\r\n");
      auto const part = bytes.substr(0, end);
      if (part.size() > limit_ - line_.size()) {
        failed_ = true;
        break;
      }
      if (end == std::string_view::npos) {
        line_.append(part);
        break;
      }
      skip_lf_ = bytes[end] == '\r';
      bytes.remove_prefix(end + 1);
      if (line_.empty()) {
        on_line(part, fn);
      } else {
        line_.append(part);
        on_line(line_, fn);
        line_.clear();
      }
    }
    if (failed_) return fail(errc::body_too_large, "a server-sent event exceeds the limit");
    return {};
  }

  /// The last id that the stream has said: what to send as Last-Event-ID.
  [[nodiscard]] std::string_view last_id() const noexcept { return id_; }
  /// How long the server asks a client to wait before it reconnects.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

 private:
  template <class Fn>
  void on_line(std::string_view line, Fn& fn) {
    if (first_line_) {
      first_line_ = false;
      if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    }
    if (line.empty()) {
      if (has_data_) {
        received_event const event{
            .type = type_.empty() ? std::string_view("message") : std::string_view(type_), .data = data_, .id = id_};
        fn(event);
      }
      data_.clear();
      type_.clear();
      has_data_ = false;
      return;
    }
    auto const colon = line.find(':');
    auto const name  = line.substr(0, colon);
    auto       value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      if (value.size() + 1 > limit_ - std::min(limit_, data_.size())) {
        failed_ = true;
        return;
      }
      if (has_data_) data_.push_back('\n');
      data_.append(value);
      has_data_ = true;
    } else if (name == "event") {
      type_.assign(value);
    } else if (name == "id") {
      if (value.find('\0') == std::string_view::npos) id_.assign(value);
    } else if (name == "retry") {
      on_retry(value);
    }
  }

  void on_retry(std::string_view value) noexcept {
    constexpr std::int64_t most = std::int64_t{1} << 40;
    if (value.empty()) return;
    std::int64_t millis = 0;
    for (char const c : value) {
      if (c < '0' || c > '9') return;
      millis = std::min(most, millis * 10 + (c - '0'));
    }
    retry_ = std::chrono::milliseconds{millis};
  }

  std::size_t                              limit_;
  std::string                              line_;
  std::string                              data_;
  std::string                              type_;
  std::string                              id_;
  std::optional<std::chrono::milliseconds> retry_;
  bool                                     first_line_ = true;
  bool                                     skip_lf_    = false;
  bool                                     has_data_   = false;
  bool                                     failed_     = false;
};

}  // namespace tensorgate::http::sse
