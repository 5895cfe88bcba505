// tensorgate/net/memory_file.hpp: bytes that never change, in memory that a socket can send from without copying.
#pragma once

#include <cerrno>        // errno
#include <cstddef>       // size_t
#include <cstdint>       // uintptr_t
#include <memory>        // shared_ptr
#include <string_view>   // string_view
#include <system_error>  // generic_category
#include <utility>       // exchange

#include <sys/mman.h>  // memfd_create, mmap
#include <unistd.h>    // ftruncate, close, sysconf

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
      void* const mapped = map(size, made.descriptor_);
      if (mapped == MAP_FAILED) return fail({errno, std::generic_category()}, "a file in memory cannot be mapped");
      made.data_ = static_cast<char*>(mapped);
      made.size_ = size;
    }
    return made;
  }

  /// A copy of `text`.
  [[nodiscard]] static result<memory_file> copy_of(std::string_view text) {
    auto made = create(text.size());
    if (made) {
      text.copy(made->data(), text.size());
      made->gather();
    }
    return made;
  }

  /// When all is written: lets the kernel put it into large pages, from which sending costs a fifth less. Blocks while
  /// it copies, about a second per two gigabytes. What it will not gather stays as it is.
  void gather() noexcept {
    constexpr int collapse = 25;  // MADV_COLLAPSE, Linux 6.1
    if (size_ >= piece) static_cast<void>(::madvise(data_, size_, collapse));
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
  static constexpr std::size_t piece = std::size_t{2} << 20U;  // also the size of a large page

  /// A large file begins at an address that is a multiple of a piece, or no large pages could be mapped.
  [[nodiscard]] static void* map(std::size_t size, int file) noexcept {
    constexpr int access = PROT_READ | PROT_WRITE;
    if (size < piece) return ::mmap(nullptr, size, access, MAP_SHARED, file, 0);
    void* const room = ::mmap(nullptr, size + piece, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) return room;
    auto const skip = (piece - reinterpret_cast<std::uintptr_t>(room) % piece) % piece;
    auto*      at   = static_cast<char*>(room) + skip;
    void*      made = ::mmap(at, size, access, MAP_SHARED | MAP_FIXED, file, 0);
    if (made == MAP_FAILED) {
      int const why = errno;
      ::munmap(room, size + piece);
      errno = why;
      return made;
    }
    auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    auto const end  = (size + page - 1) / page * page;
    if (skip != 0) ::munmap(room, skip);
    if (end < size + piece - skip) ::munmap(at + end, size + piece - skip - end);
    return made;
  }

  int         descriptor_ = -1;
  char*       data_       = nullptr;
  std::size_t size_       = 0;
};

}  // namespace tensorgate::net
