// tensorgate/http/method.hpp: which method does a request use?
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The methods of RFC 9110 §9 and PATCH (RFC 5789). `other` is any further token: the server answers it with 501.
enum class method : std::uint8_t { get, head, post, put, delete_, patch, options, connect, trace, other };

inline constexpr std::array<std::string_view, 9> method_names{"GET",   "HEAD",    "POST",    "PUT",  "DELETE",
                                                              "PATCH", "OPTIONS", "CONNECT", "TRACE"};

/// The method of that name. Names are case-sensitive (RFC 9110 §9.1): `get` is `method::other`.
[[nodiscard]] constexpr method parse_method(std::string_view name) noexcept {
  for (std::size_t i = 0; i != method_names.size(); ++i) {
    if (method_names[i] == name) return static_cast<method>(i);
  }
  return method::other;
}

/// The name as it is sent; empty for `other`, whose name only the request knows.
[[nodiscard]] constexpr std::string_view to_text(method which) noexcept {
  auto const index = static_cast<std::size_t>(which);
  return index < method_names.size() ? method_names[index] : std::string_view{};
}

/// True for methods that ask for no change (RFC 9110 §9.2.1): a client may send these again without asking.
[[nodiscard]] constexpr bool is_safe(method which) noexcept {
  return which == method::get || which == method::head || which == method::options || which == method::trace;
}

/// True for methods of which two requests do no more than one (RFC 9110 §9.2.2).
[[nodiscard]] constexpr bool is_idempotent(method which) noexcept {
  return is_safe(which) || which == method::put || which == method::delete_;
}

}  // namespace tensorgate::http
