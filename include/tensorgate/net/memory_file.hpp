// tensorgate/net/memory_file.hpp: bytes that never change, in memory that a socket can send from without copying.
#pragma once

#include <cerrno>        // errno
#include <cstddef>       // size_t
#include <memory>        // shared_ptr
#include <string_view>   // string_view
#include <system_error>  // generic_category
#include <utility>       // exchange

#include <sys/mman.h>  // memfd_create, mmap
#include <unistd.h>    // ftruncate, close

#include <tensorgate/core/result.hpp>  // result

namespace tensorgate::inline TENSORGATE_ABI::net {

/// An anonymous file in memory with a mapping of it. Filled once, then read from any thread.
class memory_file {
 public:
  memory_file() = default;
  memory_file(memory_file&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  memory_file& operator=(memory_file&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  memory_file(memory_file const&)            = delete;
  memory_file& operator=(memory_file const&) = delete;
  ~memory_file() {
    // The kernel frees hundreds of megabytes at one go without letting anybody else run: piece by piece, it does.
    // Whole pieces only: of a page that is removed in part the rest is zeroed, and a socket may still be sending it.
    for (std::size_t at = 0; size_ - at > piece; at += piece)
      static_cast<void>(::madvise(data_ + at, piece, MADV_REMOVE));
    if (data_ != nullptr) ::munmap(data_, size_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  /// `size` bytes of zeros. Fails with the system's error (no memory, no descriptor).
  [[nodiscard]] static result<memory_file> create(std::size_t size) {
    memory_file made;
    made.descriptor_ = ::memfd_create("tensorgate", MFD_CLOEXEC);
    if (made.descriptor_ < 0) return fail({errno, std::generic_category()}, "memfd_create failed");
    if (::ftruncate(made.descriptor_, static_cast<off_t>(size)) != 0) {
      return fail({errno, std::generic_category()}, "no room for a file in memory");
    }
    if (size != 0) {
      void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, made.descriptor_, 0);
      if (mapped == MAP_FAILED) return fail({errno, std::generic_category()}, "a file in memory cannot be mapped");
      made.data_ = static_cast<char*>(mapped);
      made.size_ = size;
    }
    return made;
  }

  /// A copy of `text`.
  [[nodiscard]] static result<memory_file> copy_of(std::string_view text) {
    auto made = create(text.size());
    if (made) text.copy(made->data(), text.size());
    return made;
  }

  /// Gives back what lies behind the first `size` bytes. What was never written there took no memory.
  [[nodiscard]] result<void> shrink(std::size_t size) {
    if (size == 0) {
      ::munmap(data_, size_);
      data_ = nullptr;
    } else if (::mremap(data_, size_, size, 0) == MAP_FAILED) {
      return fail({errno, std::generic_category()}, "a file in memory cannot be made smaller");
    }
    size_ = size;
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
      return fail({errno, std::generic_category()}, "a file in memory cannot be made smaller");
    return {};
  }

  [[nodiscard]] char*            data() noexcept { return data_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }
  [[nodiscard]] int              descriptor() const noexcept { return descriptor_; }

 private:
  static constexpr std::size_t piece = std::size_t{2} << 20U;

  int         descriptor_ = -1;
  char*       data_       = nullptr;
  std::size_t size_       = 0;
};

}  // namespace tensorgate::net
