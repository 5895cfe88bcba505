// tensorgate/crypto/constant_time.hpp: are two secrets equal, told in a time that does not depend on where they differ?
#pragma once

#include <cstddef>      // size_t
#include <string_view>  // string_view

#include <botan/mem_ops.h>  // constant_time_compare

#include <tensorgate/core/bytes.hpp>  // bytes_view, as_bytes

namespace tensorgate::inline TENSORGATE_ABI::crypto {

/// True if both hold the same bytes. The time depends on the length alone; lengths are not secret here, for what is
/// compared are digests and tags.
[[nodiscard]] inline bool constant_time_equal(bytes_view left, bytes_view right) noexcept {
  if (left.size() != right.size()) return false;
  if (left.empty()) return true;
  return Botan::constant_time_compare(reinterpret_cast<unsigned char const*>(left.data()),
                                      reinterpret_cast<unsigned char const*>(right.data()), left.size());
}

[[nodiscard]] inline bool constant_time_equal(std::string_view left, std::string_view right) noexcept {
  return constant_time_equal(as_bytes(left), as_bytes(right));
}

}  // namespace tensorgate::crypto
