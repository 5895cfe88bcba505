// tensorgate/http/session.hpp: one connection, from its first byte to its last.
#pragma once

#include <algorithm>    // min
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint32_t, uint64_t
#include <exception>    // exception_ptr
#include <memory>       // unique_ptr
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move, exchange
#include <variant>      // get_if

#include <sys/epoll.h>  // EPOLLIN

#include <tensorgate/core/result.hpp>              // failure
#include <tensorgate/http/detail/answer_head.hpp>  // append_answer_head
#include <tensorgate/http/detail/exchange.hpp>     // exchange
#include <tensorgate/http/detail/lane.hpp>         // lane
#include <tensorgate/http/detail/outbox.hpp>       // backlog, push
#include <tensorgate/http/problem.hpp>             // from
#include <tensorgate/net/poller.hpp>               // polled, wheel_node
#include <tensorgate/net/stream.hpp>               // stream

namespace tensorgate::inline TENSORGATE_ABI::http {

/// One connection. It lives on one loop, owns itself, and ends itself. What it does in which phase:
///
///   shaking hands   TLS
///   reading         heads and bodies out of the loop's scratch; requests that need no waiting are answered on the
///                   spot, all that came in one packet with one write. An idle connection is in this phase and owns
///                   no buffer.
///   working         a coroutine has the request: its guards, body or handler wait; answers before it go on being sent
///   writing         an answer did not fit into the socket; nothing is read until it does
///   lingering       everything is said; what the peer still sends is read and dropped, so that he gets to read the
///                   answer
///
/// Answers go out in the order of their requests, one for each; a request is only begun when the one before is done.
class session final : private net::polled, private net::wheel_node {
 public:
  /// Takes the connection over. `refused`: it exceeds a limit of that name and gets 503 for its first request.
  static void open(detail::lane& where, net::stream stream, net::address const& peer, std::string_view refused) {
    auto* const made = new session(where, std::move(stream), peer, refused);
    made->begin();
  }

  session(session const&)            = delete;
  session& operator=(session const&) = delete;

  /// The server drains: closes the connection if it is between requests. Answers from now on say close.
  void drain() {
    if (phase_ == phase::reading && held_ == nullptr && input_.empty() && skip_ == 0) linger();
  }
  /// Ends it now, whatever it is doing.
  void cut() { close(true); }

  [[nodiscard]] session* next() const noexcept { return next_; }

 private:
  friend class detail::exchange_reader;
  friend class detail::exchange_writer;

  enum class phase : std::uint8_t { shaking_hands, reading, working, writing, lingering };

  // How often a waiting exchange is looked at for deadlines.
  static constexpr std::chrono::milliseconds watch_every{500};
  // Bytes read and dropped while lingering, before the connection is closed all the same.
  static constexpr std::uint64_t linger_bytes = 16 * 1024 * 1024;
  // A coroutine that was cancelled may take this long to end before its connection stops waiting for it.
  static constexpr std::chrono::seconds cancel_grace{1};

  session(detail::lane& where, net::stream stream, net::address const& peer, std::string_view refused)
      : polled(&session::on_ready),
        wheel_node(&session::on_expired),
        lane_(where),
        stream_(std::move(stream)),
        peer_(peer),
        refused_(refused) {
    next_ = std::exchange(lane_.first, this);
    if (next_ != nullptr) next_->previous_ = this;
    lane_.opened();
  }
  ~session();

  static void on_ready(net::polled& self, std::uint32_t events) { static_cast<session&>(self).ready(events); }
  static void on_expired(net::wheel_node& self) { static_cast<session&>(self).expired(); }

  void               begin();
  void               ready(std::uint32_t events);
  [[gnu::cold]] void expired();
  [[gnu::cold]] void shake_hands();
  void               arm(std::chrono::milliseconds after) { lane_.poll.arm(*this, after); }

  // Reading. Where the session may be gone afterwards, the result is false.
  void               receive();
  bool               process(std::string_view in);
  bool               take_requests(std::string_view in);
  void               serve(detail::exchange& x, std::string_view in, std::string_view head, std::size_t& at);
  void               begin_request(detail::exchange& x);
  [[gnu::cold]] void believe_proxy(request& r) const;
  bool               find_route(detail::exchange& x, std::string_view bytes);
  [[gnu::cold]] void refuse_unrouted(detail::exchange& x, std::string_view bytes);
  [[gnu::cold]] void refuse_unmatched(detail::exchange& x, route_match const& found, std::string_view bytes);
  std::size_t        body_within(detail::exchange& x, std::string_view in, std::size_t at);
  [[gnu::cold]] void refuse_head(detail::exchange& x, failure const& why, std::string_view so_far);
  [[nodiscard]] bool is_known_host(detail::exchange const& x) const;
  [[nodiscard]] bool is_named_host(detail::exchange const& x) const;

  // Answering.
  [[gnu::cold]] void               refuse(detail::exchange& x, failure const& why, std::string_view head);
  void                             deliver(detail::exchange& x, reply&& what, std::string_view head);
  void                             deliver_large(detail::exchange& x, reply&& what, std::string_view head);
  detail::answer_facts             facts_of(detail::exchange& x, reply const& what, std::uint64_t length);
  [[nodiscard, gnu::cold]] problem explain_exception();
  void                             finish(detail::exchange& x);
  bool                             keeps_after(detail::exchange const& x, reply const& what, bool reads_on = false);
  bool                             flush();
  net::transfer                    push_backlog();
  [[gnu::cold]] void               continue_writing();
  bool                             settle();
  [[gnu::cold]] void               linger();
  [[gnu::cold]] void               discard();
  [[gnu::cold]] void               close(bool cut_off = false);

  // Working: detail/working.hpp.
  friend struct detail::working;
  void        start_working();
  void        working_ready(std::uint32_t events);
  void        watch_work();
  static void work_ended(detail::lane& where, std::unique_ptr<detail::exchange> x);
  void        worked(std::unique_ptr<detail::exchange> x);
  void        abandon();
  void        give_up_waiting();

  detail::lane&                     lane_;
  net::stream                       stream_;
  std::unique_ptr<detail::exchange> held_;               // a head that is not complete, or an answer not all sent
  detail::exchange*                 working_ = nullptr;  // owned by its coroutine
  std::unique_ptr<detail::backlog>  backlog_;
  std::string                       input_;         // what was read and cannot be used yet
  std::uint64_t                     skip_     = 0;  // of an unwanted body
  session*                          previous_ = nullptr;
  session*                          next_     = nullptr;
  std::uint64_t                     lingered_ = 0;  // or, while writing or skipping, what moved since the last look
  steady_point                      half_closed_at_{};
  net::address                      peer_;
  std::string_view                  refused_;
  std::uint32_t                     requests_       = 0;
  phase                             phase_          = phase::reading;
  bool                              closing_        = false;  // after what was said
  bool                              is_half_closed_ = false;
  bool                              is_cancelled_   = false;
  bool                              is_skipping_    = false;  // and has a deadline for it
};

inline void session::begin() {
  if (join(lane_.poll, stream_.descriptor(), EPOLLIN)) return close();
  if (stream_.tls() != nullptr) {
    phase_ = phase::shaking_hands;
    arm(lane_.bounds.handshake);
  } else {
    arm(lane_.bounds.head_time);  // a connection is opened in order to say something
  }
}

inline session::~session() {
  if (working_ != nullptr) abandon();
  if (held_ != nullptr) lane_.give_back(std::move(held_));
  leave();
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : lane_.first) = next_;
  lane_.closed();
  auto& rules = *lane_.rules;
  rules.connections.fetch_sub(1, std::memory_order_relaxed);
  rules.addresses.leave(peer_);
}

/// `cut_off`: the peer must see that something is missing.
inline void session::close(bool cut_off) {
  if (held_ != nullptr && held_->is_answered) {
    held_->r.record.cut_off = true;
    finish(*held_);
  }
  if (cut_off) {
    leave();
    stream_.reset();
  }
  delete this;
}

inline void session::ready(std::uint32_t events) {
  lane_.look_at_clock();
  switch (phase_) {
    case phase::shaking_hands: return shake_hands();
    case phase::reading: return receive();
    case phase::working: return working_ready(events);
    case phase::writing: return continue_writing();
    case phase::lingering: return discard();
  }
}

inline void session::expired() {
  lane_.look_at_clock();
  switch (phase_) {
    case phase::reading:
      if (held_ != nullptr) {
        refuse_head(*held_, failure{errc::timed_out, "the head took too long"}, input_);
        if (phase_ == phase::reading) lane_.give_back(std::move(held_));
        static_cast<void>(flush() && settle());
        return;
      }
      if (skip_ == 0) return linger();
      if (lingered_ < lane_.bounds.progress) return close(true);
      lingered_ = 0;
      return arm(lane_.bounds.progress_interval);
    case phase::writing:
      if (lingered_ < lane_.bounds.progress) {
        detail::lane_counts::add(lane_.counts.cut_off);
        return close(true);
      }
      lingered_ = 0;
      return arm(lane_.bounds.progress_interval);
    case phase::working: return watch_work();
    case phase::shaking_hands:
    case phase::lingering: return close();
  }
}

inline void session::shake_hands() {
  auto const done = stream_.tls()->handshake();
  switch (done.state) {
    case net::transfer_state::moved:
      phase_ = phase::reading;
      want(EPOLLIN);
      arm(lane_.bounds.head_time);
      return receive();
    case net::transfer_state::wants_read: return want(EPOLLIN);
    case net::transfer_state::wants_write: return want(EPOLLOUT);
    default: return close();
  }
}

inline void session::receive() {
  do {
    auto const scratch = lane_.scratch().first(lane_.turn());
    auto const got     = stream_.read(scratch);
    switch (got.state) {
      case net::transfer_state::moved: break;
      case net::transfer_state::wants_read: return want(EPOLLIN);
      case net::transfer_state::wants_write: return want(EPOLLOUT);
      default: return close();
    }
    std::string_view in(scratch.data(), got.bytes);
    if (!input_.empty()) {
      input_.append(in);
      in = input_;
    }
    if (!process(in)) return;
  } while (phase_ == phase::reading && stream_.tls() != nullptr && stream_.tls()->has_buffered());
}

/// Uses up `in` (the scratch, or `input_`) as far as it goes and keeps the rest. False: the session may be gone.
inline bool session::process(std::string_view in) { return take_requests(in) && flush() && settle(); }

inline bool session::take_requests(std::string_view in) {
  detail::lane::in_use const mark(lane_);
  std::size_t                at = 0;
  while (phase_ == phase::reading && !closing_ && at != in.size()) {
    if (skip_ != 0) {
      auto const part = std::min<std::uint64_t>(skip_, in.size() - at);
      skip_ -= part;
      lingered_ += part;
      at += static_cast<std::size_t>(part);
      continue;
    }
    bool const        held = held_ != nullptr;
    detail::exchange& x    = held ? *held_ : lane_.quick();
    auto const        rest = in.substr(at);
    if (!held && x.remembers(rest)) {
      at += x.head_bytes.size();
      serve(x, in, x.head_bytes, at);
    } else {
      if (!held) x.begin_head();
      auto const state = x.parser.parse(rest, x.r.head);
      if (state == parse_state::need_more) {
        if (!held) {
          held_ = lane_.take_quick();
          arm(lane_.bounds.head_time);
        }
        break;
      }
      if (state == parse_state::complete) {
        auto head = rest.substr(0, x.parser.consumed());
        at += head.size();
        if (!held) x.remember_head(head, lane_.next_id());
        serve(x, in, x.is_remembered ? x.head_bytes : head, at);
      } else {
        refuse_head(x, failure{x.parser.error(), x.parser.note()}, rest.substr(0, lane_.heads.head));
      }
    }
    // An exchange that went on (to a coroutine, or with an answer not all sent) is in `held_`; the others are reused.
    if (phase_ == phase::reading) {
      if (held) {
        lane_.give_back(std::move(held_));
      } else {
        x.clear();
      }
    }
    if (lane_.out.size() >= 64 * 1024 && phase_ == phase::reading && !flush()) return false;
  }
  if (closing_ && phase_ != phase::working) {
    input_.clear();
  } else if (in.data() == input_.data()) {
    input_.erase(0, at);
    if (input_.empty()) input_.shrink_to_fit();
  } else if (at != in.size()) {
    input_.assign(in.substr(at));
  }
  // What is known of a head that is not complete lies in `input_` from here on: the scratch is for others.
  if (phase_ == phase::reading && held_ != nullptr) held_->r.head.rebase(input_.data());
  return true;
}

/// After what could be done was done: what next?
inline bool session::settle() {
  switch (phase_) {
    case phase::reading:
      if (closing_) {
        linger();
        return false;
      }
      want(EPOLLIN);
      if (held_ == nullptr && skip_ == 0) arm(lane_.bounds.idle);
      if (skip_ != 0 && !is_skipping_) {
        lingered_ = 0;
        arm(lane_.bounds.progress_interval);
      }
      is_skipping_ = skip_ != 0;
      return true;
    case phase::working: start_working(); return false;
    case phase::writing:
      lingered_ = 0;
      arm(lane_.bounds.progress_interval);
      return false;
    default: return false;
  }
}

/// Sends what the loop's outbox has. What the peer does not take becomes the backlog. False: the session is gone.
inline bool session::flush() {
  if (lane_.out.empty()) return true;
  auto text = lane_.out.view();
  if (stream_.tls() == nullptr) [[likely]] {  // in one go, as nearly always
    auto const done = stream_.write(text);
    if (done.state == net::transfer_state::moved) {
      if (done.bytes == text.size()) [[likely]] {
        lane_.out.clear();
        return true;
      }
      text.remove_prefix(done.bytes);
    }
  }
  std::uint64_t at    = 0;
  std::uint64_t sent  = 0;
  auto const    state = detail::push(stream_, text, reply::body_type(), at, {}, sent, lane_.share());
  if (state == net::transfer_state::moved) {
    lane_.out.clear();
    return true;
  }
  if (state == net::transfer_state::failed || state == net::transfer_state::ended) {
    lane_.out.clear();
    close(true);
    return false;
  }
  backlog_            = std::make_unique<detail::backlog>();
  backlog_->bytes     = std::string(text);
  backlog_->waits_for = state == net::transfer_state::wants_read ? EPOLLIN : EPOLLOUT;
  lane_.out.clear();
  if (phase_ == phase::reading) phase_ = phase::writing;
  if (phase_ == phase::writing) want(backlog_->waits_for);
  return true;
}

/// Sends what the peer takes of the backlog; it is gone when that was all.
inline net::transfer session::push_backlog() {
  auto&         rest  = *backlog_;
  auto          text  = std::string_view(rest.bytes).substr(rest.at);
  std::uint64_t sent  = 0;
  auto const    state = detail::push(stream_, text, rest.body, rest.body_at, lane_.spare(), sent, lane_.share());
  rest.at             = rest.bytes.size() - text.size();
  rest.waits_for      = state == net::transfer_state::wants_read ? EPOLLIN : EPOLLOUT;
  lingered_ += sent;
  if (state == net::transfer_state::moved) backlog_.reset();
  return {state, static_cast<std::size_t>(sent)};
}

inline void session::continue_writing() {
  auto const state = push_backlog().state;
  if (backlog_ != nullptr) {
    bool const waits = state == net::transfer_state::wants_read || state == net::transfer_state::wants_write;
    return waits ? want(backlog_->waits_for) : close(true);
  }
  phase_ = phase::reading;
  if (held_ != nullptr && held_->is_answered) {
    finish(*held_);
    lane_.give_back(std::move(held_));
  } else if (held_ != nullptr) {
    arm(lane_.bounds.head_time);  // the head that began behind those answers
  }
  if (!input_.empty() && !closing_) {
    if (!process(input_)) return;
  } else if (!settle()) {
    return;
  }
  if (phase_ == phase::reading && stream_.tls() != nullptr && stream_.tls()->has_buffered()) receive();
}

inline void session::linger() {
  if (held_ != nullptr) lane_.give_back(std::move(held_));
  std::string().swap(input_);
  if (stream_.tls() != nullptr) stream_.tls()->say_goodbye();
  stream_.end_sending();
  phase_    = phase::lingering;
  lingered_ = 0;
  want(EPOLLIN);
  arm(lane_.bounds.linger);
}

inline void session::discard() {
  auto const scratch = lane_.scratch();
  auto const got     = stream_.read(scratch);
  lingered_ += got.bytes;
  bool const goes_on = got.state == net::transfer_state::moved || got.state == net::transfer_state::wants_read;
  if (!goes_on || lingered_ > linger_bytes) close();
}

}  // namespace tensorgate::http

#include <tensorgate/http/detail/serving.hpp>  // the requests
#include <tensorgate/http/detail/working.hpp>  // those that wait
