// tensorgate/core/bytes.hpp: views of bytes and of text, and buffers that forget what they held.
#pragma once

#include <atomic>       // atomic_signal_fence
#include <cstddef>      // byte, size_t
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // exchange
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

using bytes      = std::vector<std::byte>;
using bytes_view = std::span<std::byte const>;

/// The same bytes, seen as the other kind of view. Neither copies.
[[nodiscard]] inline bytes_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<std::byte const*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(bytes_view data) noexcept {
  return {reinterpret_cast<char const*>(data.data()), data.size()};
}

/// Overwrites memory with zeros in a way that the optimiser may not drop.
inline void wipe(void* data, std::size_t size) noexcept {
  auto* out = static_cast<unsigned char volatile*>(data);
  for (std::size_t i = 0; i != size; ++i) out[i] = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Text that is a secret: moved, never copied; wiped when it goes; never printed, for it has no stream operator.
class secret_text {
 public:
  secret_text() = default;
  // A short string lives inside the object, so what is moved from is wiped, not only emptied.
  explicit secret_text(std::string&& text) noexcept : text_(std::move(text)) { clear(text); }
  secret_text(secret_text const&)            = delete;
  secret_text& operator=(secret_text const&) = delete;
  secret_text(secret_text&& other) noexcept : text_(std::move(other.text_)) { other.clear(); }
  secret_text& operator=(secret_text&& other) noexcept {
    if (this != &other) {
      clear();
      text_ = std::move(other.text_);
      other.clear();
    }
    return *this;
  }
  ~secret_text() { clear(); }

  /// The secret itself. The name is long so that each place that opens it can be found.
  [[nodiscard]] std::string_view reveal() const noexcept { return text_; }
  [[nodiscard]] bool             empty() const noexcept { return text_.empty(); }

  void clear() noexcept { clear(text_); }

 private:
  static void clear(std::string& text) noexcept {
    text.resize(text.capacity());  // within capacity: no allocation, and all of it can be reached
    wipe(text.data(), text.size());
    text.clear();
  }

  std::string text_;
};

}  // namespace tensorgate
