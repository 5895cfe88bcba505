// tensorgate/reflect/detail/phrase.hpp: a short text put together at compile time.
#pragma once

#include <array>        // array
#include <concepts>     // floating_point
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// At most `Room` characters; what does not fit is left out.
template <std::size_t Room>
class phrase {
 public:
  constexpr phrase& add(std::string_view text) noexcept {
    for (char const c : text) {
      if (size_ != Room) text_[size_++] = c;
    }
    return *this;
  }

  /// A number in decimal; of a fraction at most six digits.
  template <class N>
  constexpr phrase& add_number(N value) noexcept {
    if constexpr (std::floating_point<N>) {
      if (value < 0) add("-");
      auto const size = value < 0 ? -value : value;
      if (size >= N{1.8e13}) return add("a large number");
      auto const millionths = static_cast<std::uint64_t>(size * 1e6 + N{0.5});
      add_digits(millionths / 1000000, 1);
      auto rest = millionths % 1000000;
      if (rest != 0) {
        int places = 6;
        for (; rest % 10 == 0; --places) rest /= 10;
        add(".").add_digits(rest, places);
      }
    } else if (value < 0) {
      add("-").add_digits(std::uint64_t{0} - static_cast<std::uint64_t>(value), 1);
    } else {
      add_digits(static_cast<std::uint64_t>(value), 1);
    }
    return *this;
  }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  constexpr void add_digits(std::uint64_t value, int places) noexcept {
    std::array<char, 20> digits{};
    int                  count = 0;
    for (; value != 0 || count < places; value /= 10)
      digits[static_cast<std::size_t>(count++)] = static_cast<char>('0' + value % 10);
    while (count != 0) add({&digits[static_cast<std::size_t>(--count)], 1});
  }

  std::array<char, Room> text_{};
  std::size_t            size_ = 0;
};

}  // namespace tensorgate::reflect::detail
