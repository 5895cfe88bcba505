// tensorgate/core/utf8.hpp: is this text UTF-8?
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcpy
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// True if `text` is UTF-8 by RFC 3629 §4: no overlong form, no surrogate, nothing above U+10FFFF, no cut character.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  auto const  byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t at   = 0;
  while (at != text.size()) {
    if (text.size() - at >= 8) {
      std::uint64_t block = 0;
      std::memcpy(&block, text.data() + at, sizeof block);
      if ((block & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    unsigned const lead = byte(at);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    // The length, and the bounds of the second byte, which is where the forbidden forms differ.
    std::size_t const size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    unsigned const    low  = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned const    high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return false;
    if (byte(at + 1) < low || byte(at + 1) > high) return false;
    for (std::size_t i = 2; i < size; ++i) {
      if ((byte(at + i) & 0xC0U) != 0x80U) return false;
    }
    at += size;
  }
  return true;
}

}  // namespace tensorgate
