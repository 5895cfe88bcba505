// tensorgate/http/request.hpp: one request on its way through guards, extractors and handler.
#pragma once

#include <array>        // array
#include <cstddef>      // byte, size_t
#include <cstdint>      // uint32_t, uint64_t
#include <cstring>      // memcpy
#include <memory>       // unique_ptr
#include <new>          // placement new
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // forward, move
#include <vector>       // vector

#include <tensorgate/core/result.hpp>    // failure
#include <tensorgate/core/time.hpp>      // steady_point
#include <tensorgate/http/head.hpp>      // request_head
#include <tensorgate/http/reply.hpp>     // reply
#include <tensorgate/net/addresses.hpp>  // address

namespace tensorgate::inline TENSORGATE_ABI::http {

class request;
struct endpoint;

/// What went wrong, before it has a form. Roles give it the form that their clients know.
struct problem {
  status           code = status::internal_server_error;
  std::string_view slug{};     ///< short and stable, for programs: "not_found"
  std::string      message{};  ///< for people
  std::string      path{};     ///< which member of the input, "/orders/3/price"; empty when none
  std::error_code  cause{};    ///< the failure behind it, for those who treat one code apart
};

/// Gives a problem its form. `r` may be incomplete: a head that could not be parsed has problems too.
using error_renderer = reply (*)(problem const& what, request const& r);

/// Who is at the other end of the connection.
struct peer_info {
  net::address address{};          ///< unspecified for a Unix socket
  bool         encrypted = false;  ///< TLS
};

/// What is said of an exchange when it is over; guards and handlers add to it.
struct exchange_record {
  std::string_view route{};      ///< the pattern, "/miner-positions/{id}"; empty when none matched
  std::string      caller{};     ///< a name, never a secret; empty when unknown
  std::string_view limit_hit{};  ///< the name of the limit that refused it
  std::string_view refusal{};    ///< why a guard refused, for log and metrics, static text
  status           code      = status::ok;
  std::uint64_t    bytes_in  = 0;    ///< of the body, decoded
  std::uint64_t    bytes_out = 0;    ///< head and body, on the wire
  steady_point     began{};          ///< head complete
  steady_point     ended{};          ///< last byte handed to the transport
  std::size_t      loop    = 0;      ///< index of the loop that served it
  bool             cut_off = false;  ///< the answer could not be finished
};

/// A value that a guard found out (a key, a caller), kept for the handler. Small values live inside.
class provided_values {
 public:
  provided_values()                                  = default;
  provided_values(provided_values const&)            = delete;
  provided_values& operator=(provided_values const&) = delete;
  ~provided_values() { clear(); }

  template <class T, class... Args>
  T& emplace(Args&&... args) {
    clear();
    static_assert(alignof(T) <= alignof(std::max_align_t));
    if constexpr (sizeof(T) <= sizeof(inside_)) {
      kept_ = ::new (static_cast<void*>(inside_.data())) T(std::forward<Args>(args)...);
      drop_ = [](void* value) { static_cast<T*>(value)->~T(); };
    } else {
      kept_ = new T(std::forward<Args>(args)...);
      drop_ = [](void* value) { delete static_cast<T*>(value); };
    }
    return *static_cast<T*>(kept_);
  }

  /// The value; its type is what was emplaced, which the route knows at compile time.
  template <class T>
  [[nodiscard]] T& get() noexcept {
    return *static_cast<T*>(kept_);
  }

  void clear() noexcept {
    if (kept_ != nullptr) drop_(kept_);
    kept_ = nullptr;
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 160> inside_{};
  void* kept_          = nullptr;
  void (*drop_)(void*) = nullptr;
};

/// What a request is called in answers and in the log: what its client calls it, or a number of ours as sixteen
/// hexadecimal digits, which are only spelt where they are shown.
class request_id {
 public:
  void assign(std::string_view text) {
    text_.assign(text);
    is_number_ = false;
  }
  void assign(std::uint64_t number) noexcept {
    number_    = number;
    is_number_ = true;
  }
  request_id& operator=(std::string_view text) {
    assign(text);
    return *this;
  }

  [[nodiscard]] bool          empty() const noexcept { return !is_number_ && text_.empty(); }
  [[nodiscard]] bool          is_number() const noexcept { return is_number_; }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  /// The text; of a number, until the next request.
  operator std::string_view() const noexcept {  // NOLINT(google-explicit-constructor)
    if (!is_number_) return text_;
    spelt_ = spell(number_);
    return {spelt_.data(), spelt_.size()};
  }

  using digits = std::array<char, 16>;
  [[nodiscard]] static digits spell(std::uint64_t number) noexcept {
    digits made;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    spell_half(static_cast<std::uint32_t>(number >> 32U), made.data());
    spell_half(static_cast<std::uint32_t>(number), made.data() + 8);
    return made;
  }

 private:
  // Eight digits at once: a nibble a byte, the lowest first, then the distance from "0" to "a" where due.
  static void spell_half(std::uint32_t value, char* out) noexcept {
    std::uint64_t nibbles = value;
    nibbles               = (nibbles | nibbles << 16U) & 0x0000ffff0000ffffULL;
    nibbles               = (nibbles | nibbles << 8U) & 0x00ff00ff00ff00ffULL;
    nibbles               = (nibbles | nibbles << 4U) & 0x0f0f0f0f0f0f0f0fULL;
    auto const letters    = (nibbles + 0x0606060606060606ULL) >> 4U & 0x0101010101010101ULL;
    auto const spelt      = nibbles + 0x3030303030303030ULL + letters * ('a' - '0' - 10);
    std::memcpy(out, &spelt, sizeof spelt);
  }

  std::string    text_;
  std::uint64_t  number_ = 0;
  mutable digits spelt_{};
  bool           is_number_ = false;
};

/// One request. The session owns it and reuses it for the next one of the connection; guards, extractors and
/// handlers see it while they run.
class request {
 public:
  request()                          = default;
  request(request const&)            = delete;
  request& operator=(request const&) = delete;

  // What came in.
  request_head     head;       ///< method, target, fields; its views live as long as this exchange
  std::uint64_t    repeats{};  ///< heads of one loop with the same number have the same bytes; 0 tells nothing
  std::string_view body{};     ///< the whole body, for routes that take it whole
  peer_info        peer{};     ///< the transport's other end
  net::address     client{};   ///< the caller's address after the trusted-proxy rule
  std::string_view scheme{};   ///< "http" or "https", after the trusted-proxy rule
  request_id       id{};       ///< the caller's if it is well-formed and trusted, else ours
  steady_point     until{};    ///< when the answer must be done

  // What the router found: decoded values of the pattern's parameters, in order.
  static constexpr std::size_t             max_values = 16;
  std::array<std::string_view, max_values> values{};
  std::size_t                              value_count = 0;
  void const*                              matched_by  = nullptr;  ///< the routes that found `matched`
  std::uint64_t                            matched_for = 0;        ///< the number of the head
  endpoint const*                          matched     = nullptr;
  std::string                              decoded;        ///< where values live that were percent-encoded
  std::string                              decoded_query;  ///< and those of the query

  // What is on the way out, whatever the answer: RateLimit-*, CORS, request id.
  std::vector<reply::field> answer_fields;
  provided_values           provided;
  std::size_t               next_guard = 0;  ///< the first guard that has not run
  exchange_record           record{};
  error_renderer            render = nullptr;

  /// The answer for a problem, in the role's form.
  [[nodiscard]] reply refuse(problem const& what) { return render(what, *this); }
};

}  // namespace tensorgate::http
