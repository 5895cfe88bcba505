// tensorgate/reflect/detail/wide.hpp: the 128-bit product of two 64-bit numbers.
#pragma once

#include <cstdint>  // uint64_t

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

struct wide {
  std::uint64_t high;
  std::uint64_t low;
};

[[nodiscard]] constexpr wide multiply(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide_word = unsigned __int128;
  auto const product            = static_cast<wide_word>(a) * b;
  return {static_cast<std::uint64_t>(product >> 64U), static_cast<std::uint64_t>(product)};
}

}  // namespace tensorgate::reflect::detail
