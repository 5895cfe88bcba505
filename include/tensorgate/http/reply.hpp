// tensorgate/http/reply.hpp: what a handler answers with.
#pragma once

#include <cstdint>      // uint64_t
#include <functional>   // function
#include <memory>       // shared_ptr
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <variant>      // variant, monostate
#include <vector>       // vector

#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/http/status.hpp>  // status
#include <tensorgate/net/task.hpp>     // task

namespace tensorgate::inline TENSORGATE_ABI::http {

class reply;

/// Bytes that somebody else owns and that may not change: a slice of a snapshot, a stored file in memory.
/// `owner` keeps them alive until the last byte is on the wire; an empty owner says that they are static.
/// Bytes that also lie in a file (net/memory_file.hpp) say where, so that a plain connection may send them without
/// copying.
class shared_bytes {
 public:
  shared_bytes() = default;
  shared_bytes(std::shared_ptr<void const> owner, std::string_view data, int descriptor = -1,
               std::uint64_t offset = 0) noexcept
      : owner_(std::move(owner)), data_(data), descriptor_(descriptor), offset_(offset) {}

  /// Takes over a string.
  [[nodiscard]] static shared_bytes own(std::string text) {
    auto       kept = std::make_shared<std::string const>(std::move(text));
    auto const data = std::string_view(*kept);
    return shared_bytes(std::move(kept), data);
  }

  [[nodiscard]] std::string_view view() const noexcept { return data_; }
  [[nodiscard]] std::size_t      size() const noexcept { return data_.size(); }

  /// A part of the same bytes, with the same owner. Throws `std::out_of_range` when `offset` lies beyond the end.
  [[nodiscard]] shared_bytes part(std::size_t offset, std::size_t length) const {
    return shared_bytes(owner_, data_.substr(offset, length), descriptor_, offset_ + offset);
  }

  /// The file that holds the same bytes, or -1; owned by `owner`.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// Where in that file the bytes begin.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  [[nodiscard]] std::shared_ptr<void const> const& owner() const noexcept { return owner_; }

 private:
  std::shared_ptr<void const> owner_;
  std::string_view            data_;
  int                         descriptor_ = -1;
  std::uint64_t               offset_     = 0;
};

/// A range of an open file. The descriptor is closed with the last copy of `file`.
class file_bytes {
 public:
  file_bytes(std::shared_ptr<int const> file, std::uint64_t offset, std::uint64_t length) noexcept
      : file_(std::move(file)), offset_(offset), length_(length) {}

  [[nodiscard]] int           descriptor() const noexcept { return *file_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t length() const noexcept { return length_; }

  /// A part of the same range, which must lie within it.
  [[nodiscard]] file_bytes part(std::uint64_t offset, std::uint64_t length) const noexcept {
    return file_bytes(file_, offset_ + offset, length);
  }

 private:
  std::shared_ptr<int const> file_;
  std::uint64_t              offset_;
  std::uint64_t              length_;
};

/// The body of a request as it comes in. Each piece stays valid until the next call.
class body_reader {
 public:
  body_reader()                              = default;
  body_reader(body_reader const&)            = delete;
  body_reader& operator=(body_reader const&) = delete;
  virtual ~body_reader()                     = default;

  /// The next bytes; empty at the end, and from then on.
  /// Completes: with at least one byte; at the end; when the body's progress is too slow.
  /// Fails with: http::errc::body_too_large, bad_chunk, bad_trailer, timed_out; bad_request when the peer ends within
  /// the body; closed when the connection is gone.
  virtual task<result<std::string_view>> read() = 0;
};

/// The answer as it goes out. A call completes when the bytes are accepted by the transport, so a slow peer
/// suspends the producer.
class body_writer {
 public:
  body_writer()                              = default;
  body_writer(body_writer const&)            = delete;
  body_writer& operator=(body_writer const&) = delete;
  virtual ~body_writer()                     = default;

  /// Sends the head: status and fields of `head`, whose body is ignored. With a `content-length` field the body is
  /// sent as it is and must have that length; without one it is chunked (to an HTTP/1.0 peer: ended by closing).
  virtual task<result<void>> start(reply head) = 0;

  /// Sends bytes of the body; they must stay valid until this completes. Without `start`, a 200 is started.
  /// Fails with: http::errc::closed, timed_out; the producer then ends, and its answer is cut off visibly.
  virtual task<result<void>> write(std::string_view piece) = 0;

  /// Fields sent after a chunked body (RFC 9112 §7.1.2). Call before the producer returns.
  virtual void trailer(std::string_view name, std::string_view value) = 0;

  /// True once a head was sent: from then on an error can only cut the answer off.
  [[nodiscard]] virtual bool started() const noexcept = 0;
};

/// Writes a body piece by piece. Returning a failure cuts the answer off, so that the peer sees it is not whole.
/// It runs after the handler that made it has returned: what it needs of the request (values of the path, the body) it
/// has copies of, for views of them may have ended.
using body_producer = std::function<task<result<void>>(body_writer&)>;

/// Status, fields, body. Content-Length, Date, Connection and Transfer-Encoding are the server's to write.
class reply {
 public:
  using body_type = std::variant<std::monostate, std::string, shared_bytes, file_bytes, body_producer>;

  /// Name and value of a field of an answer; the name is static text of ours.
  struct field {
    std::string_view name;
    std::string      value;
  };

  explicit reply(status code = status::ok) noexcept : code_(code) {}

  [[nodiscard]] static reply text(std::string body, status code = status::ok) {
    return reply(code, "text/plain; charset=utf-8", std::move(body));
  }
  [[nodiscard]] static reply json(std::string body, status code = status::ok) {
    return reply(code, "application/json", std::move(body));
  }
  /// `content_type` is static text.
  [[nodiscard]] static reply of(body_type body, std::string_view content_type, status code = status::ok) {
    reply made(code);
    made.body_         = std::move(body);
    made.content_type_ = content_type;
    return made;
  }

  /// Adds a field. `name` is static text, lower or mixed case; CR, LF and NUL in `value` become blanks when written.
  reply& with(std::string_view name, std::string value) & {
    fields_.push_back(field{name, std::move(value)});
    return *this;
  }
  reply&& with(std::string_view name, std::string value) && { return std::move(with(name, std::move(value))); }

  /// The connection closes after this answer.
  reply& closing() noexcept {
    close_ = true;
    return *this;
  }

  [[nodiscard]] status                    code() const noexcept { return code_; }
  void                                    code(status value) noexcept { code_ = value; }
  [[nodiscard]] std::string_view          content_type() const noexcept { return content_type_; }
  [[nodiscard]] std::vector<field> const& fields() const noexcept { return fields_; }
  [[nodiscard]] body_type const&          body() const noexcept { return body_; }
  [[nodiscard]] body_type&                body() noexcept { return body_; }
  [[nodiscard]] bool                      closes() const noexcept { return close_; }

 private:
  reply(status code, std::string_view content_type, std::string&& body)
      : code_(code), content_type_(content_type), body_(std::move(body)) {}

  status             code_;
  bool               close_ = false;
  std::string_view   content_type_{};
  std::vector<field> fields_;
  body_type          body_;
};

}  // namespace tensorgate::http
