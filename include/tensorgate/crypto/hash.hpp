// tensorgate/crypto/hash.hpp: digests.
#pragma once

#include <array>    // array
#include <cstddef>  // byte
#include <cstdint>  // uint8_t
#include <memory>   // unique_ptr

#include <botan/hash.h>  // HashFunction

#include <tensorgate/core/abi.hpp>    // TENSORGATE_ABI
#include <tensorgate/core/bytes.hpp>  // bytes_view

namespace tensorgate::inline TENSORGATE_ABI::crypto {

using sha256_digest = std::array<std::byte, 32>;

/// SHA-256 (FIPS 180-4) of all of `data`. A thread keeps its engine: making one costs more than a short digest.
[[nodiscard]] inline sha256_digest sha256(bytes_view data) {
  thread_local std::unique_ptr<Botan::HashFunction> const engine = Botan::HashFunction::create_or_throw("SHA-256");

  sha256_digest out{};
  engine->update(reinterpret_cast<std::uint8_t const*>(data.data()), data.size());
  engine->final(reinterpret_cast<std::uint8_t*>(out.data()));
  return out;
}

}  // namespace tensorgate::crypto
