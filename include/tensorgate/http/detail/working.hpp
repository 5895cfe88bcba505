// tensorgate/http/detail/working.hpp: requests whose guards, body, handler or answer wait.
#pragma once

#include <tensorgate/http/session.hpp>  // session

namespace tensorgate::inline TENSORGATE_ABI::http {

namespace detail {

/// The coroutine of an exchange. It owns the exchange through its completion, and reaches the connection through
/// `owner` alone, which it asks anew after each wait: the connection may be gone by then.
struct working {
  static constexpr std::size_t         block_size = 32 * 1024;
  static inline reply::body_type const nothing{};
  // Pieces up to this size are put together with the chunk's lines and sent in one go.
  static constexpr std::size_t copy_up_to = 16 * 1024;

  // --- the request's body ------------------------------------------------------------------------------------------

  static task<result<std::string_view>> read(exchange& x) {
    for (;;) {
      if (x.read_failure.code) co_return fail(x.read_failure);
      if (!x.wants_body || x.decoder.done()) co_return std::string_view();
      if (x.owner == nullptr) co_return fail(errc::closed, "the connection ended within the body");
      if (!x.window.empty()) {
        std::string_view data;
        x.window.remove_prefix(x.decoder.decode(x.window, data));
        if (x.decoder.failed()) {
          x.read_failure = failure{x.decoder.error(), x.decoder.note()};
          co_return fail(x.read_failure);
        }
        x.incoming.moved += data.size();
        x.r.record.bytes_in += data.size();
        if (!data.empty()) co_return data;
        continue;
      }
      auto const filled = co_await fill(x);
      if (!filled) co_return fail(filled);
    }
  }

  // Waits for bytes of the peer; they are in the window then.
  static task<result<void>> fill(exchange& x) {
    if (x.decoder.failed()) {  // a Content-Length beyond the limit
      x.read_failure = failure{x.decoder.error(), x.decoder.note()};
      co_return fail(x.read_failure);
    }
    if (!x.asked_for_body && !x.has_started && x.r.head.expects_continue()) {
      x.asked_for_body = true;
      auto const asked = co_await send(x, continue_head, nothing);
      if (!asked) co_return fail(asked);
    }
    if (!x.block) x.block.reset(new char[block_size]);
    for (;;) {
      session* const s = x.owner;
      if (s == nullptr) co_return fail(errc::closed, "the connection ended within the body");
      auto const got = s->stream_.read({x.block.get(), block_size});
      switch (got.state) {
        case net::transfer_state::moved: x.window = {x.block.get(), got.bytes}; co_return result<void>{};
        case net::transfer_state::wants_read:
        case net::transfer_state::wants_write: break;
        default:
          x.read_failure = failure{errc::bad_request, "the connection ended within the body"};
          co_return fail(x.read_failure);
      }
      x.read_event = got.state == net::transfer_state::wants_read ? EPOLLIN : EPOLLOUT;
      s->want(s->wanted() | x.read_event);
      x.incoming.begin(std::chrono::steady_clock::now());
      auto const [stopped] = co_await x.readable.wait();
      x.incoming.end(std::chrono::steady_clock::now());
      if (stopped) co_return fail(errc::cancelled, "the exchange was given up");
      if (x.read_failure.code) co_return fail(x.read_failure);
    }
  }

  static task<result<void>> read_whole(exchange& x) {
    for (;;) {
      auto const piece = co_await read(x);
      if (!piece) co_return fail(piece);
      if (piece->empty()) break;
      x.body.append(*piece);
    }
    x.r.body = x.body;
    co_return result<void>{};
  }

  // --- the answer --------------------------------------------------------------------------------------------------

  // Sends `head`, then what of `body` lies elsewhere; behind what the connection has not sent yet.
  static task<result<void>> send(exchange& x, std::string_view head, reply::body_type const& body) {
    std::uint64_t at = 0;
    for (;;) {
      session* const s = x.owner;
      if (s == nullptr) co_return fail(errc::closed, "the peer is gone");
      if (x.write_failure.code) co_return fail(x.write_failure);
      std::uint64_t sent  = 0;
      auto          state = net::transfer_state::moved;
      if (s->backlog_ != nullptr) {
        auto const before = s->push_backlog();
        state             = before.state;
        x.outgoing.moved += before.bytes;
      }
      if (state == net::transfer_state::moved)
        state = push(s->stream_, head, body, at, s->lane_.spare(), sent, s->lane_.share());
      x.outgoing.moved += sent;
      x.sent += sent;
      if (state == net::transfer_state::moved) co_return result<void>{};
      if (state == net::transfer_state::failed || state == net::transfer_state::ended) {
        x.is_broken     = true;
        x.write_failure = failure{errc::closed, "the peer is gone"};
        co_return fail(x.write_failure);
      }
      x.write_event = state == net::transfer_state::wants_read ? EPOLLIN : EPOLLOUT;
      s->want(s->wanted() | x.write_event);
      x.outgoing.begin(std::chrono::steady_clock::now());
      auto const [stopped] = co_await x.writable.wait();
      x.outgoing.end(std::chrono::steady_clock::now());
      if (x.owner != nullptr) x.owner->want(x.owner->wanted() & ~static_cast<std::uint32_t>(EPOLLOUT));
      if (stopped) {
        x.is_broken = true;
        co_return fail(errc::cancelled, "the exchange was given up");
      }
    }
  }

  // Writes the head into `x.out` and decides how the body ends. `size`: of the body, if it is known.
  // `reads_on`: the handler may go on reading the body.
  static void put_head(exchange& x, session& s, reply const& what, std::optional<std::uint64_t> size, bool reads_on) {
    s.lane_.look_at_clock();
    answer_facts facts;
    auto const   code = what.code();
    facts.date        = s.lane_.date_text();
    facts.old         = x.r.head.minor_version() == 0;
    facts.length      = size.value_or(0);
    if (is_bodiless(code)) {
      facts.end = body_end::none;
    } else if (size) {
      facts.end = body_end::length;
    } else {
      facts.end = facts.old ? body_end::close : body_end::chunked;
    }
    auto const wanted = s.lane_.rules->request_ids;
    if (wanted == request_id_field::always || (wanted == request_id_field::echo && has_claimed_id(x.r))) {
      facts.request_id = x.r.id;
    }
    x.end           = facts.end;
    x.is_sized      = size.has_value();
    x.declared      = facts.length;
    facts.keeps     = facts.end != body_end::close && !x.read_failure.code && s.keeps_after(x, what, reads_on);
    x.keeps         = facts.keeps;
    x.has_started   = true;
    x.r.record.code = code;
    append_answer_head(x.out, what, x.r, facts, s.lane_.openings);
  }

  [[nodiscard]] static bool shows_body(exchange const& x) noexcept {
    return x.end != body_end::none && x.r.head.verb() != method::head;
  }

  static task<result<void>> start(exchange& x, reply const& head, bool reads_on) {
    if (x.has_started) co_return fail(errc::internal, "the answer was started twice");
    if (x.owner == nullptr) co_return fail(errc::closed, "the peer is gone");
    std::optional<std::uint64_t> size;
    for (auto const& field : head.fields()) {
      if (equals_ignoring_case(field.name, "content-length")) size = parse_content_length(field.value);
    }
    put_head(x, *x.owner, head, size, reads_on);
    auto const sent = co_await send(x, x.out.view(), nothing);
    x.out.clear();
    co_return sent;
  }

  static task<result<void>> write(exchange& x, std::string_view piece) {
    if (!x.has_started) {
      if (x.owner == nullptr) co_return fail(errc::closed, "the peer is gone");
      reply const head;
      put_head(x, *x.owner, head, std::nullopt, true);
    }
    if (!shows_body(x)) {  // HEAD, 204, 304: all is said, and who produces need not go on
      auto const sent = co_await send(x, x.out.view(), nothing);
      x.out.clear();
      if (!sent) co_return fail(sent);
      x.is_finished = true;
      co_return fail(errc::closed, "this answer has no body");
    }
    if (x.is_sized && piece.size() > x.declared - x.written) {
      x.is_broken = true;
      co_return fail(errc::internal, "more bytes than the Content-Length that was told");
    }
    x.written += piece.size();
    bool const shown  = !piece.empty();
    bool const chunks = shown && x.end == body_end::chunked;
    if (chunks) append_chunk_head(x.out, piece.size());
    reply::body_type elsewhere;
    if (shown && piece.size() <= copy_up_to) {
      x.out.append(piece);
      if (chunks) x.out.append(chunk_end);
    } else if (shown) {
      elsewhere = shared_bytes(nullptr, piece);
    }
    auto sent = co_await send(x, x.out.view(), elsewhere);
    x.out.clear();
    // The end of a big chunk goes out with what follows it: at once if nothing else does.
    if (sent && chunks && piece.size() > copy_up_to) sent = co_await send(x, chunk_end, nothing);
    co_return sent;
  }

  static void add_trailer(exchange& x, std::string_view name, std::string_view value) {
    append_field(x.trailers, name, value);
  }

  // Ends an answer that was given piece by piece.
  static task<void> end(exchange& x) {
    if (x.is_broken) co_return;
    if (!x.has_started) {
      if (x.owner == nullptr) co_return;
      reply const head;
      put_head(x, *x.owner, head, 0, false);
    }
    if (x.is_sized && shows_body(x) && x.written != x.declared) {
      x.is_broken = true;
      co_return;
    }
    if (x.end == body_end::chunked && shows_body(x)) {
      if (x.trailers.empty()) {
        x.out.append(last_chunk);
      } else {
        x.out.append(last_chunk_before_trailers);
        x.out.append(x.trailers);
        x.out.append(end_of_head);
      }
    }
    auto const sent = co_await send(x, x.out.view(), nothing);
    x.out.clear();
    x.is_finished = sent.has_value();
  }

  static task<void> send_answer(exchange& x, reply what) {
    if (x.has_started) {  // what it says comes too late
      x.is_broken = !x.is_finished;
      co_return;
    }
    if (x.owner == nullptr) co_return;
    auto* const producer = std::get_if<body_producer>(&what.body());
    if (producer != nullptr) {
      exchange_writer out(x);
      auto const      began = co_await start(x, what, false);
      if (!began) co_return;
      if (shows_body(x)) {
        auto const produced = co_await (*producer)(out);
        if (!produced) {
          x.is_broken = true;
          co_return;
        }
      } else {
        x.is_sized = false;
      }
      co_await end(x);
      co_return;
    }
    auto* const text = std::get_if<std::string>(&what.body());
    if (text != nullptr && text->size() >= gather_from) what.body() = shared_bytes::own(std::move(*text));
    auto const* const   small  = std::get_if<std::string>(&what.body());
    auto const* const   shared = std::get_if<shared_bytes>(&what.body());
    auto const* const   file   = std::get_if<file_bytes>(&what.body());
    std::uint64_t const size   = small != nullptr    ? small->size()
                                 : shared != nullptr ? shared->size()
                                 : file != nullptr   ? file->length()
                                                     : 0;
    put_head(x, *x.owner, what, to_number(what.code()) == 205 ? 0 : size, false);
    bool const shown = shows_body(x) && size != 0 && to_number(what.code()) != 205;
    if (shown) x.written = size;
    bool const copied = small != nullptr || (shared != nullptr && shared->size() < gather_from);
    if (shown && small != nullptr) x.out.append(*small);
    if (shown && copied && shared != nullptr) x.out.append(shared->view());
    if (!shown || copied) what.body() = std::monostate{};
    auto const sent = co_await send(x, x.out.view(), what.body());
    x.out.clear();
    x.is_finished = sent.has_value();
  }

  // --- the whole ---------------------------------------------------------------------------------------------------

  static task<void> serve(exchange& x) {
    std::optional<reply>   answer     = std::move(x.answer);
    bool                   is_guarded = answer.has_value();
    std::optional<problem> thrown;
    x.answer.reset();
    try {
      if (!is_guarded) answer = co_await admit(x);
      is_guarded = answer.has_value();
      if (!is_guarded) answer = co_await handle(x);
    } catch (...) {
      // Being cancelled shows as an exception to a handler that waits on.
      if (x.owner != nullptr && !x.owner->is_cancelled_) thrown = x.owner->explain_exception();
    }
    // A deadline that passed cancelled the handler; the answer to that is still to be sent.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    if (x.owner != nullptr && x.owner->is_cancelled_ && !x.has_started) {
      x.r.record.limit_hit = "answer";
      answer               = x.r.refuse(from(failure{errc::unavailable, "the answer took too long"}));
      answer->closing();
    } else if (thrown) {
      answer = x.r.refuse(*thrown);
    }
    if (answer) {
      co_await send_answer(x, std::move(*answer));
    } else {
      co_await end(x);
    }
  }

  static task<std::optional<reply>> admit(exchange& x) {
    std::optional<reply> refused;
    if (x.route->admit_waiting != nullptr) {
      refused = co_await x.route->admit_waiting(x.route->self, x.r);
    } else if (x.route->admit != nullptr) {
      refused = x.route->admit(x.route->self, x.r);
    }
    co_return refused;
  }

  static task<std::optional<reply>> handle(exchange& x) {
    std::optional<reply> answer;
    auto const&          route = *x.route;
    if (route.intake == body_intake::whole && x.wants_body) {
      auto const whole = co_await read_whole(x);
      if (!whole) {
        x.r.record.limit_hit = limit_of(whole.error().code);
        answer               = x.r.refuse(from(whole.error()));
        answer->closing();
        co_return answer;
      }
    }
    if (route.answer != nullptr) {
      answer = route.answer(route.self, x.r);
    } else {
      exchange_reader in(x);
      exchange_writer out(x);
      answer = co_await route.answer_waiting(route.self, x.r, in, out);
    }
    co_return answer;
  }
};

inline task<result<std::string_view>> exchange_reader::read() { return working::read(*x_); }
inline task<result<void>>             exchange_writer::start(reply head) {
  auto const started = co_await working::start(*x_, head, true);
  co_return started;
}
inline task<result<void>> exchange_writer::write(std::string_view piece) { return working::write(*x_, piece); }
inline void               exchange_writer::trailer(std::string_view name, std::string_view value) {
  working::add_trailer(*x_, name, value);
}
inline bool exchange_writer::started() const noexcept { return x_->has_started; }

}  // namespace detail

/// Hands the exchange in `held_` to a coroutine. Whatever becomes of the connection, the coroutine ends by itself.
inline void session::start_working() {
  auto  owned   = std::move(held_);
  auto& x       = *owned;
  working_      = &x;
  x.owner       = this;
  is_cancelled_ = false;
  x.input.swap(input_);  // the handler may look at it longer than the connection lasts
  x.window = x.input;
  if (backlog_ != nullptr) want(wanted() | backlog_->waits_for);
  lane_.rules->in_flight.fetch_add(1, std::memory_order_relaxed);
  arm(watch_every);
  auto done = [keeps = lane_.shared_from_this(), kept = std::move(owned)](std::exception_ptr /*none*/) mutable {
    if (!keeps->is_in_use()) return work_ended(*keeps, std::move(kept));
    // The handler of another connection resumed this one: it is to have answered first.
    auto& loop = keeps->loop;
    asio::post(loop,
               [keeps = std::move(keeps), kept = std::move(kept)]() mutable { work_ended(*keeps, std::move(kept)); });
  };
  auto const slot = x.cancel.slot();
  asio::co_spawn(lane_.loop.get_executor(), detail::working::serve(x),
                 asio::bind_cancellation_slot(slot, std::move(done)));
}

/// The coroutine has ended; its connection may have done so before.
inline void session::work_ended(detail::lane& where, std::unique_ptr<detail::exchange> x) {
  auto& rules = *where.rules;
  rules.in_flight.fetch_sub(1, std::memory_order_relaxed);
  where.look_at_clock();
  if (auto* const owner = x->owner; owner != nullptr) return owner->worked(std::move(x));
  if (!x->is_told) {
    x->r.record.bytes_out = x->sent;
    x->r.record.cut_off   = true;
    x->r.record.ended     = where.now;
    detail::lane_counts::add(where.counts.cut_off);
    if (rules.sink.finished != nullptr) rules.sink.finished(rules.sink.self, x->r);
  }
  where.give_back(std::move(x));
}

inline void session::worked(std::unique_ptr<detail::exchange> x) {
  working_              = nullptr;
  x->owner              = nullptr;
  x->r.record.bytes_out = x->sent;
  x->r.record.cut_off   = !x->is_finished;
  finish(*x);
  // What was read beyond the body belongs to the next request.
  auto const rest = x->window;
  if (x->block && rest.data() >= x->block.get() && rest.data() <= x->block.get() + detail::working::block_size) {
    input_.assign(rest);
  } else {
    input_.swap(x->input);
    input_.erase(0, input_.size() - rest.size());
  }
  bool const is_whole  = x->is_finished;
  bool const keeps     = x->keeps && !x->read_failure.code;
  bool const unread    = x->wants_body && !x->decoder.done();
  auto const remaining = x->decoder.remaining();
  bool const sized     = x->r.head.body_framing() == framing::length;
  lane_.give_back(std::move(x));
  if (!is_whole) return close(true);
  if (!keeps || (unread && (!sized || remaining > lane_.bounds.drain))) {
    closing_ = true;
  } else if (unread) {
    skip_ = remaining;
  }
  phase_ = phase::reading;
  if (!closing_ && !input_.empty()) {
    if (!process(input_)) return;
  } else if (!settle()) {
    return;
  }
  if (phase_ == phase::reading && stream_.tls() != nullptr && stream_.tls()->has_buffered()) receive();
}

inline void session::working_ready(std::uint32_t events) {
  auto& x = *working_;
  // One of them only: what it resumes may end the connection. The other is told next time, for it stays ready.
  auto const ended = static_cast<std::uint32_t>(EPOLLHUP) | static_cast<std::uint32_t>(EPOLLERR);
  if (backlog_ != nullptr && !x.writable.is_awaited() && (events & backlog_->waits_for) != 0) {
    auto const state = push_backlog().state;
    if (state == net::transfer_state::failed || state == net::transfer_state::ended) return give_up_waiting();
  }
  if ((events & (x.read_event | EPOLLRDHUP | ended)) != 0 && x.readable.is_awaited()) return x.readable.open();
  if ((events & (x.write_event | ended)) != 0 && x.writable.is_awaited()) return x.writable.open();
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return give_up_waiting();
  if ((events & EPOLLRDHUP) != 0 && !is_half_closed_) {
    is_half_closed_ = true;
    half_closed_at_ = lane_.now;
  }
  // Nobody asks for what the peer sends now; it stays in the kernel, and the peer is held up by that.
  want((is_half_closed_ ? 0U : static_cast<std::uint32_t>(EPOLLRDHUP)) | (x.readable.is_awaited() ? x.read_event : 0U) |
       (x.writable.is_awaited() ? x.write_event
        : backlog_ != nullptr   ? backlog_->waits_for
                                : 0U));
}

/// Looks at the deadlines of the exchange in hand.
inline void session::watch_work() {
  auto&       x      = *working_;
  auto const& bounds = lane_.bounds;
  arm(watch_every);
  if (x.incoming.is_stalled(lane_.now, bounds.progress_interval, bounds.progress)) {
    x.read_failure = failure{errc::timed_out, "the body comes too slowly"};
    return x.readable.open();
  }
  if (x.outgoing.is_stalled(lane_.now, bounds.progress_interval, bounds.progress)) {
    x.write_failure = failure{errc::timed_out, "the peer takes the answer too slowly"};
    x.is_broken     = true;
    return x.writable.open();
  }
  if (x.has_started) {
    // Who says no more may have gone altogether. That shows when he is sent something; if he is not, it is assumed.
    if (is_half_closed_ && x.sent != x.sent_before) {
      x.sent_before   = x.sent;
      half_closed_at_ = lane_.now;
    }
    if (is_half_closed_ && lane_.now - half_closed_at_ >= bounds.progress_interval) give_up_waiting();
    return;
  }
  if (is_half_closed_ && lane_.now - half_closed_at_ >= bounds.half_closed) return give_up_waiting();
  if (lane_.now < x.r.until) return;
  if (!is_cancelled_) {
    is_cancelled_ = true;
    x.cancel.emit(asio::cancellation_type::terminal);
    return;
  }
  if (lane_.now < x.r.until + cancel_grace) return;
  // The handler does not hear. Its caller gets the answer without it, unless a 100 (Continue) is half sent.
  if (x.writable.is_awaited()) return give_up_waiting();
  x.r.record.limit_hit      = "answer";
  reply                late = x.r.refuse(from(failure{errc::unavailable, "the answer took too long"}));
  detail::answer_facts facts;
  auto const* const    text = std::get_if<std::string>(&late.body());
  facts.date                = lane_.date_text();
  facts.length              = text != nullptr ? text->size() : 0;
  facts.keeps               = false;
  detail::append_answer_head(lane_.out, late, x.r, facts, lane_.openings);
  if (text != nullptr && x.r.head.verb() != method::head) lane_.out.append(*text);
  x.r.record.code      = late.code();
  x.r.record.bytes_out = lane_.out.size();
  x.is_told            = true;
  finish(x);
  abandon();
  closing_ = true;
  if (backlog_ != nullptr) {  // answers to earlier requests go first
    backlog_->bytes.append(lane_.out.view());
    lane_.out.clear();
    phase_ = phase::writing;
    want(backlog_->waits_for);
  } else {
    phase_ = phase::reading;
  }
  static_cast<void>(flush() && settle());
}

/// Lets go of the coroutine: from now on it finds everything closed.
inline void session::abandon() {
  auto& x  = *std::exchange(working_, nullptr);
  x.owner  = nullptr;
  x.window = {};
  x.cancel.emit(asio::cancellation_type::terminal);
}

/// The peer is gone while a handler works for him.
inline void session::give_up_waiting() {
  abandon();
  close(true);
}

}  // namespace tensorgate::http
