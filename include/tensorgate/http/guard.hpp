// tensorgate/http/guard.hpp: what decides, before the handler, whether a request may pass?
//
// A guard is any type with
//
//     V admit(request& r) const;    // V: result<void> | std::optional<reply> | result<P> | task<one of these>
//     using provides = P;           // with result<P>: handlers of the route may ask for `P const&`
//
// and, where it has something to say,
//
//     guard_needs needs() const;                    // default: guard_needs::head
//     std::size_t body_limit() const;               // bytes that it lets in; 0: no word on it
//     void describe(openapi_operation& about) const;
//     using whoever_asks = void;                    // it limits or adds, and does not say who may call
//
// Who may call is always said: a route has a guard that says it, if only `anyone`, or does not compile.
//
// A failure is answered in the role's form of errors; an optional reply is the refusal itself. A guard may add to
// `r.answer_fields` and `r.record`; a reply's own Cache-Control wins over a guard's. Guards run in the order of the
// route; one that needs the body waits for it, and the guards behind it wait with it. A waiting `admit` is a coroutine
// on the connection's loop.
#pragma once

#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // to_string
#include <tuple>        // tuple
#include <type_traits>  // is_same_v, remove_cvref_t
#include <utility>      // declval

#include <tensorgate/core/result.hpp>    // result
#include <tensorgate/http/endpoint.hpp>  // guard_needs
#include <tensorgate/http/reply.hpp>     // reply
#include <tensorgate/http/request.hpp>   // request
#include <tensorgate/net/task.hpp>       // task

namespace tensorgate::inline TENSORGATE_ABI::http {

namespace detail {

template <class T>
struct awaited {
  using type                  = T;
  static constexpr bool waits = false;
};
template <class T>
struct awaited<task<T>> {
  using type                  = T;
  static constexpr bool waits = true;
};

template <class T>
struct result_value;
template <class T>
struct result_value<result<T>> {
  using type = T;
};
template <class T>
concept some_result = requires { typename result_value<T>::type; };

template <class G>
using verdict_of = decltype(std::declval<G const&>().admit(std::declval<request&>()));

template <class V>
concept verdict = std::is_same_v<V, std::optional<reply>> || some_result<V>;

}  // namespace detail

template <class G>
concept guard = requires(G const& one, request& r) { one.admit(r); } &&
                detail::verdict<typename detail::awaited<detail::verdict_of<G>>::type>;

/// True for guards that are light views of something that lives elsewhere: a route keeps them by value, so they may be
/// made in the table. They say `using held_by_value = void;`. Any other guard is a named object that outlives the
/// table.
template <class G>
concept guard_view = guard<G> && requires { typename G::held_by_value; };

/// True for guards that say who may call. A guard that only limits how much or how often, whoever asks, says
/// `using whoever_asks = void;`; a route needs another one beside it.
template <class G>
concept says_who = guard<G> && !requires { typename G::whoever_asks; };

/// The guard that lets everybody pass, said aloud.
struct anyone_guard {
  using held_by_value = void;
  [[nodiscard]] std::optional<reply> admit(request& /*r*/) const { return std::nullopt; }
};
inline constexpr anyone_guard anyone{};

/// The largest body that a route takes, where the server's default does not suit it.
class largest_body {
 public:
  using held_by_value = void;
  using whoever_asks  = void;
  constexpr explicit largest_body(std::size_t bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::optional<reply>  admit(request& /*r*/) const { return std::nullopt; }
  [[nodiscard]] constexpr std::size_t body_limit() const noexcept { return bytes_; }
  template <class Operation>
  void describe(Operation& about) const {
    bool const        whole = bytes_ % 1024 == 0;
    std::string const size  = whole ? std::to_string(bytes_ / 1024) + " KiB" : std::to_string(bytes_) + " bytes";
    about.answers(status::content_too_large, "the body exceeds " + size);
  }

 private:
  std::size_t bytes_;
};

namespace detail {

template <class G>
inline constexpr bool guard_waits = awaited<verdict_of<G>>::waits;

template <class G>
[[nodiscard]] constexpr guard_needs needs_of(G const& one) {
  if constexpr (requires { one.needs(); }) {
    return one.needs();
  } else {
    return guard_needs::head;
  }
}

/// What a guard gives to handlers, as a tuple of one or none.
template <class G>
struct provided_by {
  using type = std::tuple<>;
};
template <class G>
  requires requires { typename G::provides; }
struct provided_by<G> {
  using type = std::tuple<typename G::provides>;
  static_assert(std::is_same_v<typename awaited<verdict_of<G>>::type, result<typename G::provides>>,
                "tensorgate: a guard that provides P has `result<P> admit(request&) const`, or a task of it");
};

/// All that the guards of a route provide, each at most once.
template <class... Guards>
using provided_list = decltype(std::tuple_cat(std::declval<typename provided_by<Guards>::type>()...));

template <class T, class List>
inline constexpr std::size_t place_in = 0;
template <class T, class... All>
inline constexpr std::size_t place_in<T, std::tuple<All...>> = [] {
  std::size_t place = 0;
  bool        found = false;
  static_cast<void>(((found = std::is_same_v<T, All>, found || (++place, false)) || ...));
  return place;
}();
template <class T, class List>
inline constexpr bool is_in = place_in<T, List> < std::tuple_size_v<List>;

/// Where the values wait until the handler runs: a tuple of optionals.
template <class List>
struct provided_store;
template <class... All>
struct provided_store<std::tuple<All...>> {
  using type = std::tuple<std::optional<All>...>;
};

}  // namespace detail

}  // namespace tensorgate::http
