// tensorgate/http/detail/serving.hpp: from the head of a request to the answer, as long as nothing has to be waited
// for.
#pragma once

#include <tensorgate/http/session.hpp>  // session

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The caller as the peer tells of him, if that is a trusted proxy.
inline void session::believe_proxy(request& r) const {
  auto const& forwarding = lane_.rules->forwarding;
  if (!forwarding.believes(peer_)) return;
  std::array<std::string_view, 16> lines;
  std::size_t                      count = 0;
  std::string_view                 proto;  // of several lines the last: the one that the proxy appended
  auto const                       wanted =
      forwarding.field == net::forwarding_field::forwarded ? known_field::forwarded : known_field::x_forwarded_for;
  for (auto const& field : r.head.fields()) {
    if (field.id == known_field::x_forwarded_proto) proto = field.value;
    if (field.id != wanted) continue;
    if (count == lines.size()) {  // more than proxies write: the last ones count
      std::ranges::move(lines.begin() + 1, lines.end(), lines.begin());
      --count;
    }
    lines[count++] = field.value;
  }
  auto const caller = net::caller_behind(peer_, forwarding, std::span(lines).first(count), proto);
  r.client          = caller.client;
  if (!caller.scheme.empty()) r.scheme = caller.scheme;
}

/// Fills what the request says of its surroundings.
inline void session::begin_request(detail::exchange& x) {
  auto const& rules = *lane_.rules;
  auto&       r     = x.r;
  x.wants_body      = false;
  r.body            = {};
  r.peer.address    = peer_;
  r.peer.encrypted  = stream_.tls() != nullptr;
  r.client          = peer_;
  r.scheme          = r.peer.encrypted ? std::string_view("https") : std::string_view("http");
  if (rules.forwards) believe_proxy(r);
  if (rules.request_ids != request_id_field::off && detail::has_claimed_id(r)) [[unlikely]] {
    r.id.assign(r.head.field(known_field::x_request_id));
  } else {
    r.id.assign(lane_.next_id());
  }
  r.until            = lane_.now + lane_.bounds.answer;
  r.next_guard       = 0;
  r.render           = rules.render;
  r.record.route     = {};
  r.record.limit_hit = {};
  r.record.refusal   = {};
  r.record.code      = status::ok;
  r.record.bytes_in = r.record.bytes_out = 0;
  r.record.began                         = lane_.now;
  r.record.loop                          = lane_.index;
  r.record.cut_off                       = false;
  r.record.caller.clear();
  detail::lane_counts::add(lane_.counts.requests);
  ++requests_;
}

inline bool session::is_known_host(detail::exchange const& x) const {
  return lane_.rules->hosts.empty() || is_named_host(x);
}

/// Where hosts are named, it must be one of them, and the one that TLS was asked for: another was meant for another
/// server, or shall look so (RFC 9110 §7.4). A trusted proxy asks by a name of its own.
inline bool session::is_named_host(detail::exchange const& x) const {
  auto const& rules = *lane_.rules;
  auto const  host  = x.r.head.host();
  auto const  named = stream_.tls() != nullptr ? stream_.tls()->server_name() : std::string_view();
  if (!named.empty() && !equals_ignoring_case(named, host) && !(rules.forwards && rules.forwarding.believes(peer_)))
    return false;
  return std::ranges::any_of(rules.hosts, [host](auto const& one) { return equals_ignoring_case(one, host); });
}

/// Counts and tells of an exchange that is over.
inline void session::finish(detail::exchange& x) {
  auto const& sink = lane_.rules->sink;
  if (x.r.record.cut_off) detail::lane_counts::add(lane_.counts.cut_off);
  if (sink.finished == nullptr) return;
  lane_.glance_at_clock();
  x.r.record.ended = lane_.now;
  sink.finished(sink.self, x.r);
}

/// The head cannot be trusted, so what follows it cannot either: the answer is the last one.
/// `so_far`: the bytes of it.
inline void session::refuse_head(detail::exchange& x, failure const& why, std::string_view so_far) {
  begin_request(x);
  closing_ = true;
  refuse(x, why, so_far);
}

inline void session::refuse(detail::exchange& x, failure const& why, std::string_view head) {
  x.r.record.limit_hit = detail::limit_of(why.code);
  deliver(x, x.r.refuse(from(why)), head);
}

/// How many bytes the body has that begins at `at`, if all of it is there; it is then in `r.body`. npos: not all.
inline std::size_t session::body_within(detail::exchange& x, std::string_view in, std::size_t at) {
  auto const& head = x.r.head;
  auto const  rest = in.substr(at);
  if (head.body_framing() == framing::length) {
    if (head.content_length() > rest.size()) return std::string_view::npos;
    x.r.body = rest.substr(0, static_cast<std::size_t>(head.content_length()));
    return x.r.body.size();
  }
  chunked_decoder decoder(body_limits{.body = rest.size()});
  std::size_t     used = 0;
  x.body.clear();
  while (used != rest.size() && !decoder.done()) {
    std::string_view data;
    used += decoder.decode(rest.substr(used), data);
    if (decoder.failed()) return std::string_view::npos;
    x.body.append(data);
  }
  if (!decoder.done()) return std::string_view::npos;
  x.r.body = x.body;
  return used;
}

/// The route, or the refusal of a request that has none. False: it is answered.
inline bool session::find_route(detail::exchange& x, std::string_view bytes) {
  auto const& rules = *lane_.rules;
  auto const  verb  = x.r.head.verb();
  if (!refused_.empty() || !is_known_host(x) || verb == method::other || verb == method::connect ||
      x.r.head.form() == target_form::asterisk) [[unlikely]] {
    refuse_unrouted(x, bytes);
    return false;
  }
  auto const found = rules.table.match(rules.table.self, x.r);
  if (found.found == nullptr) [[unlikely]] {
    refuse_unmatched(x, found, bytes);
    return false;
  }
  x.route          = found.found;
  x.r.record.route = found.found->pattern;
  return true;
}

/// Answers what no route is sought for.
inline void session::refuse_unrouted(detail::exchange& x, std::string_view bytes) {
  auto const verb = x.r.head.verb();
  if (!refused_.empty()) {
    closing_   = true;
    reply busy = x.r.refuse(from(failure{errc::unavailable, "too many connections"}));
    busy.with("Retry-After", "1");
    x.r.record.limit_hit = refused_;
    deliver(x, std::move(busy), bytes);
  } else if (!is_known_host(x)) {
    refuse(x, failure{errc::misdirected, "this server does not answer for that host"}, bytes);
  } else if (verb == method::other || verb == method::connect) {
    // What follows a CONNECT may be meant for the tunnel that is refused: it must not be read as requests.
    if (verb == method::connect) closing_ = true;
    refuse(x, failure{errc::unsupported_method, "this method is not implemented here"}, bytes);
  } else {  // OPTIONS *
    deliver(x, std::move(reply(status::no_content).with("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")),
            bytes);
  }
}

/// Answers what no route was found for.
inline void session::refuse_unmatched(detail::exchange& x, route_match const& found, std::string_view bytes) {
  if (found.bad.code) {
    refuse(x, found.bad, bytes);
  } else if (found.allowed.empty()) {
    refuse(x, failure{errc::not_found, "no route has this path"}, bytes);
  } else if (x.r.head.verb() == method::options) {
    deliver(x, std::move(reply(status::no_content).with("Allow", std::string(found.allowed))), bytes);
  } else {
    reply other = x.r.refuse(from(failure{errc::method_not_allowed, "this path does not support the method"}));
    other.with("Allow", std::string(found.allowed));
    deliver(x, std::move(other), bytes);
  }
}

/// One request whose head is complete and lies in `head`; `at`, behind it, is moved behind its body if that is there.
inline void session::serve(detail::exchange& x, std::string_view in, std::string_view head, std::size_t& at) {
  begin_request(x);
  auto const size = x.r.head.has_body() ? body_within(x, in, at) : 0;
  bool const all  = size != std::string_view::npos;
  if (all) {
    at += size;
    x.r.record.bytes_in = x.r.body.size();
  } else {
    x.decoder.start(x.r.head.body_framing(), x.r.head.content_length(), {});  // so that a refusal knows what is unread
  }
  x.wants_body = !all;
  if (!find_route(x, head)) return;

  auto const& route = *x.route;
  auto const  limit = route.body_limit != 0 ? route.body_limit : lane_.bounds.body;
  if (route.answer != nullptr && route.admit_waiting == nullptr && all) [[likely]] {
    try {
      if (route.admit != nullptr) {
        auto refused = route.admit(route.self, x.r);
        if (refused) return deliver(x, std::move(*refused), head);
      }
      if (x.r.body.size() > limit) [[unlikely]] {  // closes, as it does where the body is not all there
        closing_ = true;
        return refuse(x, failure{errc::body_too_large, "the body exceeds the limit"}, head);
      }
      return deliver(x, route.answer(route.self, x.r), head);
    } catch (...) {
      return deliver(x, x.r.refuse(explain_exception()), head);
    }
  }

  // Something has to be waited for: a coroutine gets the exchange, with a head of its own.
  auto&      rules = *lane_.rules;
  auto const bound = lane_.bounds.in_flight;
  if (bound != 0 && rules.in_flight.load(std::memory_order_relaxed) >= bound) {
    reply busy = x.r.refuse(from(failure{errc::unavailable, "too many requests are being worked on"}));
    busy.with("Retry-After", "1");
    x.r.record.limit_hit = "in_flight";
    return deliver(x, std::move(busy), head);
  }
  if (all) at -= size;  // the coroutine reads it again, from memory that lasts
  if (held_ == nullptr) held_ = lane_.take_quick();
  x.keep_head(head);
  x.decoder.start(x.r.head.body_framing(), x.r.head.content_length(), body_limits{.body = limit});
  x.wants_body = x.r.head.has_body();
  x.r.body     = {};
  x.body.clear();  // of chunks, what was there is decoded anew
  x.r.record.bytes_in = 0;
  phase_              = phase::working;
}

/// What a handler threw is told in the log alone. Only within a catch.
inline problem session::explain_exception() {
  auto const& report = lane_.rules->report;
  try {
    throw;
  } catch (std::exception const& thrown) {
    if (report) report(thrown.what());
  } catch (...) {
    if (report) report("an exception of an unknown type");
  }
  return from(failure{errc::internal, "the handler failed"});
}

/// May the connection go on after this answer? A body that was not read is dropped if it is small and sure to come.
/// `reads_on`: the handler goes on reading it.
inline bool session::keeps_after(detail::exchange const& x, reply const& what, bool reads_on) {
  auto const& bounds = lane_.bounds;
  auto const& head   = x.r.head;
  if (closing_ || what.closes() || lane_.draining || !head.keep_alive()) return false;
  if (bounds.requests_per_connection != 0 && requests_ >= bounds.requests_per_connection) return false;
  if (!x.wants_body || x.decoder.done()) return true;
  // A client that was not told to go on may send the body or not: what comes next cannot be told apart.
  bool const has_begun = x.asked_for_body || !x.window.empty() || x.r.record.bytes_in != 0;
  if (head.expects_continue() && !has_begun) return false;
  return reads_on || (head.body_framing() == framing::length && x.decoder.remaining() <= bounds.drain);
}

/// What the head of an answer with so long a body says, and what it means for the connection.
inline detail::answer_facts session::facts_of(detail::exchange& x, reply const& what, std::uint64_t length) {
  detail::answer_facts facts;
  facts.date   = lane_.date_text();
  facts.length = what.code() == status::reset_content ? 0 : length;
  facts.old    = x.r.head.minor_version() == 0;
  facts.end    = is_bodiless(what.code()) ? detail::body_end::none : detail::body_end::length;
  if (lane_.rules->request_ids != request_id_field::echo) {
    if (lane_.rules->request_ids == request_id_field::always) facts.request_id = x.r.id;
  } else if (detail::has_claimed_id(x.r)) {
    facts.request_id = x.r.id;
  }
  facts.keeps = keeps_after(x, what);
  if (!facts.keeps) {
    closing_ = true;
  } else if (x.wants_body && !x.decoder.done()) {
    skip_        = x.decoder.remaining();
    x.wants_body = false;
  }
  return facts;
}

/// Puts an answer on the way. `head` is the request's (of a broken one, what there is), for the case that the answer
/// outlives the scratch it lies in.
inline void session::deliver(detail::exchange& x, reply&& what, std::string_view head) {
  auto const* const text = std::get_if<std::string>(&what.body());
  if (text == nullptr || text->size() >= detail::gather_from) [[unlikely]]
    return deliver_large(x, std::move(what), head);
  auto const facts  = facts_of(x, what, text->size());
  auto const before = lane_.out.size();
  detail::append_answer_head(lane_.out, what, x.r, facts, lane_.openings);
  if (facts.end == detail::body_end::length && facts.length != 0 && x.r.head.verb() != method::head)
    lane_.out.append(*text);
  x.r.record.code      = what.code();
  x.r.record.bytes_out = lane_.out.size() - before;
  finish(x);
}

/// The same for bodies that lie elsewhere, or come later.
inline void session::deliver_large(detail::exchange& x, reply&& what, std::string_view head) {
  if (std::holds_alternative<body_producer>(what.body())) {  // a coroutine sends it
    if (held_ == nullptr) held_ = lane_.take_quick();
    x.keep_head(head);
    x.r.body = {};
    x.answer.emplace(std::move(what));
    phase_ = phase::working;
    return;
  }
  if (auto* const text = std::get_if<std::string>(&what.body()); text != nullptr)
    what.body() = shared_bytes::own(std::move(*text));
  auto const* const shared = std::get_if<shared_bytes>(&what.body());
  auto const* const file   = std::get_if<file_bytes>(&what.body());
  auto const facts = facts_of(x, what, shared != nullptr ? shared->size() : file != nullptr ? file->length() : 0);

  auto const before = lane_.out.size();
  detail::append_answer_head(lane_.out, what, x.r, facts, lane_.openings);
  x.r.record.code      = what.code();
  bool const has_body  = facts.end == detail::body_end::length && facts.length != 0 && x.r.head.verb() != method::head;
  bool const elsewhere = has_body && (file != nullptr || shared->size() >= detail::gather_from);
  x.r.record.bytes_out = lane_.out.size() - before + (has_body ? facts.length : 0);
  if (!elsewhere) {
    if (has_body) lane_.out.append(shared->view());
    return finish(x);
  }

  auto          bytes = lane_.out.view();
  std::uint64_t at    = 0;
  std::uint64_t sent  = 0;
  auto const    state = detail::push(stream_, bytes, what.body(), at, lane_.spare(), sent, lane_.share());
  if (state == net::transfer_state::moved) {
    lane_.out.clear();
    return finish(x);
  }
  // Not all of it fits: the exchange goes on in `held_` until the peer has taken the rest, or is seen to be gone.
  backlog_            = std::make_unique<detail::backlog>();
  backlog_->bytes     = std::string(bytes);
  backlog_->body      = std::move(what.body());
  backlog_->body_at   = at;
  backlog_->waits_for = state == net::transfer_state::wants_read ? EPOLLIN : EPOLLOUT;
  lane_.out.clear();
  if (held_ == nullptr) held_ = lane_.take_quick();
  x.keep_head(head);
  x.r.body      = {};
  x.is_answered = true;
  phase_        = phase::writing;
  want(backlog_->waits_for);
}

}  // namespace tensorgate::http
