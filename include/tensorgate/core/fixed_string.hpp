// tensorgate/core/fixed_string.hpp: a string literal as a template argument.
#pragma once

#include <algorithm>    // copy_n
#include <array>        // array
#include <cstddef>      // size_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// `N` characters, without the terminating NUL. Structural, so `get<"/path">` can name it.
template <std::size_t N>
struct fixed_string {
  std::array<char, N> text{};

  constexpr fixed_string() = default;
  // NOLINTNEXTLINE(google-explicit-constructor,modernize-avoid-c-arrays): a literal converts by itself
  constexpr fixed_string(char const (&literal)[N + 1]) {
    std::copy_n(static_cast<char const*>(literal), N, text.begin());
  }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text.data(), N}; }
};

template <std::size_t M>
fixed_string(char const (&)[M]) -> fixed_string<M - 1>;

}  // namespace tensorgate
