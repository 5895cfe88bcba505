// tensorgate/http/detail/client_exchange.hpp: one request and its answer on one connection to a server.
#pragma once

#include <algorithm>    // min, max
#include <chrono>       // steady_clock
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <memory>       // shared_ptr
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <variant>      // get_if
#include <vector>       // vector

#include <tensorgate/core/result.hpp>              // result
#include <tensorgate/core/time.hpp>                // steady_point
#include <tensorgate/http/body.hpp>                // body_decoder, append_chunk_head
#include <tensorgate/http/client_request.hpp>      // client_request, client_options
#include <tensorgate/http/detail/client_link.hpp>  // client_link
#include <tensorgate/http/detail/client_pool.hpp>  // client_pool
#include <tensorgate/http/errc.hpp>                // errc
#include <tensorgate/http/field.hpp>               // classify_field
#include <tensorgate/http/reply.hpp>               // body_writer
#include <tensorgate/http/response_head.hpp>       // response_head, response_parser
#include <tensorgate/http/write.hpp>               // append_field, append_number
#include <tensorgate/net/task.hpp>                 // task

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// True for fields that are the client's to write.
[[nodiscard]] constexpr bool is_own_field(std::string_view name) noexcept {
  switch (classify_field(name)) {
    case known_field::host:
    case known_field::connection:
    case known_field::content_length:
    case known_field::transfer_encoding:
    case known_field::expect:
    case known_field::te:
    case known_field::trailer:
    case known_field::upgrade:
    case known_field::keep_alive:
    case known_field::proxy_connection: return true;
    default: return false;
  }
}

/// The head of a request as it is sent.
[[nodiscard]] inline std::string request_head_text(client_request const& asked, client_options const& options) {
  std::string out;
  out.reserve(256 + asked.where().target().size());
  out.append(to_text(asked.verb())).append(" ").append(asked.where().target()).append(" HTTP/1.1\r\n");
  append_field(out, "Host", asked.where().authority());
  bool has_agent = options.user_agent.empty();
  for (auto const& one : asked.fields()) {
    if (is_own_field(one.name)) continue;
    has_agent = has_agent || classify_field(one.name) == known_field::user_agent;
    append_field(out, one.name, one.value);
  }
  if (!has_agent) append_field(out, "User-Agent", options.user_agent);
  bool has_body = true;
  if (std::holds_alternative<body_producer>(asked.body())) {
    if (asked.length()) {
      append_content_length(out, *asked.length());
    } else {
      out.append(chunked_line);
    }
  } else {
    // A method that usually has a body says so when it has none (RFC 9110 §8.6).
    has_body           = !std::holds_alternative<std::monostate>(asked.body());
    bool const expects = asked.verb() == method::post || asked.verb() == method::put || asked.verb() == method::patch;
    if (has_body || expects) append_content_length(out, asked.bytes().size());
  }
  if (asked.expects_continue() && has_body) out.append("Expect: 100-continue\r\n");
  return out.append(end_of_head);
}

/// One exchange. It ends with the answer's body: then the connection goes back to the pool, if it may be used again; an
/// exchange that is given up before closes it.
class client_exchange {
 public:
  client_exchange(std::shared_ptr<client_pool> home, std::string origin, std::shared_ptr<client_link> link,
                  client_options const& options, method verb, steady_point total)
      : home_(std::move(home)),
        origin_(std::move(origin)),
        link_(std::move(link)),
        parser_(options.head),
        body_limits_(options.body),
        first_byte_(options.first_byte),
        idle_(options.idle),
        continue_wait_(options.continue_wait),
        interim_limit_(options.interim),
        total_(total),
        verb_(verb) {}
  client_exchange(client_exchange const&)            = delete;
  client_exchange& operator=(client_exchange const&) = delete;
  ~client_exchange() { abandon(); }

  /// Sends `asked` and reads the answer's head.
  /// Completes: at the end of the head of the final answer.
  /// Fails with: errc::closed (nothing of an answer came), truncated, bad_response, timed_out, cancelled, or what the
  /// body's producer failed with.
  task<result<void>> ask(client_request const& asked, client_options const& options);

  /// The next bytes of the body; empty at the end. They stay until the next call.
  task<result<std::string_view>> read();

  [[nodiscard]] response_head const&        head() const noexcept { return head_; }
  [[nodiscard]] bool                        has_body() const noexcept { return head_.body_framing() != framing::none; }
  [[nodiscard]] bool                        received_anything() const noexcept { return received_; }
  [[nodiscard]] bool                        sent_anything() const noexcept { return sent_; }
  [[nodiscard]] std::span<field_view const> trailers() const noexcept { return decoder_.trailers(); }

 private:
  friend class client_body_writer;

  static constexpr std::size_t buffer_size = 16 * 1024;

  [[nodiscard]] steady_point within(std::chrono::milliseconds span) const noexcept {
    return std::min(total_, std::chrono::steady_clock::now() + span);
  }
  [[nodiscard]] std::string_view unread() const noexcept {
    return std::string_view(inbox_).substr(begin_, end_ - begin_);
  }

  /// More bytes into the inbox, whose unread ones may move. 0 at the end.
  task<result<std::size_t>> fill(steady_point until) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == inbox_.size()) {
      if (begin_ != 0) {
        inbox_.erase(0, begin_);
        end_ -= begin_;
        begin_ = 0;
      }
      inbox_.resize(std::max(end_ + buffer_size, inbox_.size()));
    }
    auto got = co_await link_->read(std::span<char>(inbox_).subspan(end_), until);
    if (!got) co_return fail(got);
    end_ += *got;
    received_ = received_ || *got != 0;
    co_return *got;
  }

  /// Looks at what has come for a head: true when it is a final one. Interim ones are passed over.
  [[nodiscard]] result<bool> look_for_head() {
    while (true) {
      auto const state = parser_.parse(unread(), verb_, head_);
      if (state == parse_state::failed) return fail(errc::bad_response, parser_.note());
      if (state == parse_state::need_more) return false;
      if (head_.is_interim()) {
        if (head_.code() == status::switching_protocols)
          return fail(errc::bad_response, "a change of protocol that was not asked for");
        if (++interim_ > interim_limit_) return fail(errc::bad_response, "too many interim answers");
        continued_ = continued_ || head_.code() == status::continue_;
        begin_ += parser_.consumed();
        parser_.reset();
        continue;
      }
      head_bytes_.assign(unread().substr(0, parser_.consumed()));
      begin_ += parser_.consumed();
      head_.rebase(head_bytes_.data());
      decoder_.start(head_.body_framing(), head_.content_length(), body_limits_);
      answered_ = true;
      return true;
    }
  }

  /// Sends all of `out`. An answer that comes meanwhile is read: once its head is whole, sending stops.
  /// Fails with: errc::closed, timed_out (the server takes nothing), cancelled, bad_response.
  task<result<void>> push(std::string_view out) {
    auto until = within(idle_);
    while (!out.empty() && !answered_) {
      auto const put = link_->try_write(out);
      if (put.state == net::transfer_state::moved) {
        sent_ = sent_ || put.bytes != 0;
        until = within(idle_);
        out.remove_prefix(put.bytes);
        continue;
      }
      if (put.state == net::transfer_state::failed || put.state == net::transfer_state::ended) {
        co_return fail(errc::closed, "the server closed the connection while it was sent a request");
      }
      bool const wants_write = put.state == net::transfer_state::wants_write;
      auto const ready       = co_await link_->wait(wants_write ? readiness::either : readiness::read, until);
      if (!ready) co_return fail(ready);
      auto const heard = listen();
      if (!heard) co_return fail(heard);
    }
    co_return result<void>{};
  }

  /// Reads what has come without waiting. What does not end is refused by the parser, at the limit of a head.
  [[nodiscard]] result<void> listen() {
    if (begin_ != 0) {  // interim answers
      inbox_.erase(0, begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (inbox_.size() - end_ < buffer_size) inbox_.resize(end_ + buffer_size);
    auto const got = link_->try_read(std::span<char>(inbox_).subspan(end_));
    if (got.state == net::transfer_state::ended || got.state == net::transfer_state::failed) {
      return fail(received_ ? errc::truncated : errc::closed, "the server closed the connection within a request");
    }
    if (got.state != net::transfer_state::moved) return {};
    end_ += got.bytes;
    received_        = true;
    auto const found = look_for_head();
    if (!found) return fail(found);
    return {};
  }

  /// Reads up to the end of the final head, or of a 100 if that is waited for.
  task<result<void>> await_head(steady_point until, bool or_continue) {
    while (true) {
      auto const found = look_for_head();
      if (!found) co_return fail(found);
      if (*found || (or_continue && continued_)) co_return result<void>{};
      auto const got = co_await fill(until);
      if (!got && (got.error().code != errc::closed || !received_)) co_return fail(got);
      if (!got || *got == 0) {
        co_return fail(received_ ? errc::truncated : errc::closed,
                       "the server closed the connection before it answered");
      }
    }
  }

  task<result<void>> send_body(client_request const& asked);

  void finish() {
    bool const again = head_.keep_alive() && whole_request_ && begin_ == end_ && link_->is_open();
    if (again) {
      home_->put(origin_, std::move(link_));
    } else {
      home_->forget();
      link_->close();
    }
    link_.reset();
  }

  void abandon() noexcept {
    if (!link_) return;
    home_->forget();
    link_->close();
    link_.reset();
  }

  std::shared_ptr<client_pool> home_;
  std::string                  origin_;
  std::shared_ptr<client_link> link_;
  response_parser              parser_;
  response_head                head_;
  std::string                  head_bytes_;
  body_decoder                 decoder_;
  std::string                  inbox_;
  std::size_t                  begin_ = 0;
  std::size_t                  end_   = 0;
  body_limits                  body_limits_;
  std::chrono::milliseconds    first_byte_;
  std::chrono::milliseconds    idle_;
  std::chrono::milliseconds    continue_wait_;
  std::size_t                  interim_limit_;
  std::size_t                  interim_ = 0;
  steady_point                 total_;
  failure                      broken_{};
  method                       verb_;
  bool                         sent_          = false;
  bool                         received_      = false;
  bool                         continued_     = false;
  bool                         answered_      = false;
  bool                         whole_request_ = false;
};

/// The body of a request as its producer writes it.
class client_body_writer final : public body_writer {
 public:
  client_body_writer(client_exchange& on, std::optional<std::uint64_t> length) : on_(&on), length_(length) {}

  /// The request's head is sent already: there is nothing to start.
  task<result<void>> start(reply /*head*/) override { co_return result<void>{}; }

  task<result<void>> write(std::string_view piece) override {
    if (piece.empty()) co_return result<void>{};
    if (on_->answered_) co_return fail(errc::closed, "the server has answered before it read the whole request");
    if (length_) {
      if (piece.size() > *length_ - written_)
        co_return fail(errc::internal, "a request's body is longer than its length");
      written_ += piece.size();
      co_return co_await on_->push(piece);
    }
    line_.clear();
    append_chunk_head(line_, piece.size());
    auto const opened = co_await on_->push(line_);
    if (!opened) co_return fail(opened);
    auto const sent = co_await on_->push(piece);
    if (!sent) co_return fail(sent);
    co_return co_await on_->push(chunk_end);
  }

  void trailer(std::string_view name, std::string_view value) override { append_field(trailers_, name, value); }

  [[nodiscard]] bool started() const noexcept override { return true; }

  /// Behind the last piece.
  task<result<void>> finish() {
    if (length_) {
      if (written_ != *length_) co_return fail(errc::internal, "a request's body is shorter than its length");
      co_return result<void>{};
    }
    line_.assign(last_chunk_before_trailers).append(trailers_).append(end_of_head);
    co_return co_await on_->push(line_);
  }

 private:
  client_exchange*             on_;
  std::optional<std::uint64_t> length_;
  std::uint64_t                written_ = 0;
  std::string                  line_;
  std::string                  trailers_;
};

inline task<result<void>> client_exchange::send_body(client_request const& asked) {
  auto const* const producer = std::get_if<body_producer>(&asked.body());
  if (producer == nullptr) co_return co_await push(asked.bytes());
  client_body_writer out(*this, asked.length());
  auto const         made = co_await (*producer)(out);
  if (answered_) co_return result<void>{};
  if (!made) co_return fail(made);
  co_return co_await out.finish();
}

inline task<result<void>> client_exchange::ask(client_request const& asked, client_options const& options) {
  auto head = request_head_text(asked, options);
  // A small body goes along with the head.
  bool const has_body = !std::holds_alternative<std::monostate>(asked.body());
  bool const waits    = has_body && asked.expects_continue();
  bool const along    = has_body && !waits && !asked.bytes().empty() && asked.bytes().size() <= buffer_size;
  if (along) head.append(asked.bytes());

  auto sent = co_await push(head);
  if (sent && waits && !answered_) {
    auto const early = co_await await_head(within(continue_wait_), true);
    if (!early && (early.error().code != errc::timed_out || std::chrono::steady_clock::now() >= total_))
      co_return fail(early);
  }
  if (sent && has_body && !along && !answered_) sent = co_await send_body(asked);
  whole_request_ = sent && !answered_;
  if (!sent) {
    // A server that refuses early may close before it has read everything: its answer may still be there.
    bool const lost = sent.error().code == errc::closed;
    if (lost && !answered_) {
      auto const heard = listen();
      static_cast<void>(heard);
    }
    if (!lost || !answered_) co_return fail(sent);
  }
  if (!answered_) {
    auto const heard = co_await await_head(within(first_byte_), false);
    if (!heard) co_return fail(heard);
  }
  if (head_.body_framing() == framing::none) finish();  // there is nothing that has to be read first
  co_return result<void>{};
}

inline task<result<std::string_view>> client_exchange::read() {
  if (broken_.code) co_return fail(broken_);
  while (link_) {
    if (decoder_.failed()) {
      broken_ = failure{decoder_.error() == errc::body_too_large ? errc::body_too_large : errc::bad_response,
                        decoder_.note()};
      if (decoder_.error() == errc::truncated) broken_.code = errc::truncated;
      abandon();
      co_return fail(broken_);
    }
    if (decoder_.done()) {
      finish();
      break;
    }
    if (begin_ != end_) {
      std::string_view data;
      begin_ += decoder_.decode(unread(), data);
      if (!data.empty() && !decoder_.failed()) co_return data;
      continue;
    }
    auto const got = co_await fill(within(idle_));
    if (!got) {
      broken_ = got.error();
      if (broken_.code == errc::closed) broken_.code = errc::truncated;
      abandon();
      co_return fail(broken_);
    }
    if (*got == 0) decoder_.finish();
  }
  co_return std::string_view{};
}

}  // namespace tensorgate::http::detail
