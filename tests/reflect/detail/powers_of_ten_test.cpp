#include <tensorgate/reflect/detail/powers_of_ten.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace detail = tensorgate::reflect::detail;

namespace {

/// A whole number of any size, its lowest 32 bits first, without zeros at the top.
using big = std::vector<std::uint32_t>;

big product(big const& a, big const& b) {
  big out(a.size() + b.size());
  for (std::size_t i = 0; i != a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size() || carry != 0; ++j) {
      carry += out[i + j] + static_cast<std::uint64_t>(a[i]) * (j < b.size() ? b[j] : 0);
      out[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
  }
  while (!out.empty() && out.back() == 0) out.pop_back();
  return out;
}

big ten_to(int power) {
  big out{1};
  for (int i = 0; i != power; ++i) out = product(out, big{10});
  return out;
}

std::size_t bits(big const& value) { return value.size() * 32 - static_cast<std::size_t>(__builtin_clz(value.back())); }

big shifted(big const& value, std::size_t by) {
  big power(by / 32 + 1);
  power.back() = std::uint32_t{1} << (by % 32);
  return product(value, power);
}

bool is_less(big const& a, big const& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

big whole(detail::power_of_ten const& entry) {
  return {static_cast<std::uint32_t>(entry.low), static_cast<std::uint32_t>(entry.low >> 32U),
          static_cast<std::uint32_t>(entry.high), static_cast<std::uint32_t>(entry.high >> 32U)};
}

big one_less(big value) {
  for (auto& limb : value) {
    if (limb-- != 0) break;
  }
  return value;
}

}  // namespace

TEST_CASE("each entry is its power of ten, scaled to 128 bits and rounded up") {
  for (int q = detail::first_power; q <= detail::last_power; ++q) {
    CAPTURE(q);
    auto const entry = whole(detail::powers_of_ten[static_cast<std::size_t>(q - detail::first_power)]);
    REQUIRE(bits(entry) == 128);
    if (q >= 0) {
      auto const exact = ten_to(q);
      if (bits(exact) <= 128) {
        CHECK(shifted(exact, 128 - bits(exact)) == entry);
      } else {
        auto const by = bits(exact) - 128;
        CHECK_FALSE(is_less(shifted(entry, by), exact));
        CHECK(is_less(shifted(one_less(entry), by), exact));
      }
    } else {
      // entry = ⌈2^b ÷ 10^-q⌉ for the b that makes it 128 bits long: entry × 10^-q lies in [2^b, 2^b + 10^-q).
      auto const divisor = ten_to(-q);
      auto const above   = product(entry, divisor);
      auto const power   = shifted({1}, bits(above) - 1);
      CHECK_FALSE(is_less(above, power));
      CHECK(is_less(product(one_less(entry), divisor), power));
    }
  }
}
