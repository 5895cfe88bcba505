// tensorgate/ops/access_log.hpp: one line for each exchange, written by a thread of its own.
//
// A loop copies what a line needs into a ring of its own and goes on; what a line shares with the one before is copied
// once. The thread turns it into text and writes it in large pieces. A full ring drops lines and counts them; a full
// disk is counted too. No field of a request but User-Agent is ever copied: credentials cannot get here.
#pragma once

#include <algorithm>           // min
#include <array>               // array
#include <atomic>              // atomic
#include <cerrno>              // errno
#include <chrono>              // milliseconds
#include <condition_variable>  // condition_variable
#include <cstddef>             // size_t
#include <cstdint>             // uint64_t
#include <cstring>             // memcpy
#include <memory>              // unique_ptr
#include <mutex>               // mutex
#include <string>              // string
#include <string_view>         // string_view
#include <system_error>        // generic_category
#include <thread>              // thread
#include <type_traits>         // is_trivially_copyable_v
#include <utility>             // move
#include <vector>              // vector

#include <fcntl.h>     // open
#include <poll.h>      // poll
#include <sys/stat.h>  // fstat
#include <unistd.h>    // write, close

#include <tensorgate/core/result.hpp>           // result
#include <tensorgate/core/time.hpp>             // wall_clock
#include <tensorgate/http/request.hpp>          // request, request_id
#include <tensorgate/net/addresses.hpp>         // address
#include <tensorgate/ops/detail/byte_ring.hpp>  // byte_ring
#include <tensorgate/ops/detail/log_line.hpp>   // line_writer
#include <tensorgate/reflect/rules.hpp>         // describe

namespace tensorgate::inline TENSORGATE_ABI::ops {

struct log_options {
  std::string access = "stdout";  ///< "stdout", "stderr", "off", or a file's name
  log_form    format = log_form::json;
  query_words query  = query_words::names;
  bool        agent  = true;
  std::size_t buffer = 1UL << 20U;  ///< bytes for each loop
};

class access_log {
 public:
  access_log(log_options options, std::size_t loops) : options_(std::move(options)) {
    if (options_.access == "off") return;
    for (std::size_t i = 0; i != (loops == 0 ? 1 : loops); ++i)
      loops_.push_back(std::make_unique<of_loop>(options_.buffer, options_.format, options_.query));
  }
  access_log(access_log const&)            = delete;
  access_log& operator=(access_log const&) = delete;
  ~access_log() { stop(); }

  /// Opens the file and starts the thread. Fails with: the system's code when the file cannot be opened.
  [[nodiscard]] result<void> start() {
    if (loops_.empty() || thread_.joinable()) return {};
    auto const opened = open();
    if (!opened) return fail(opened);
    descriptor_ = *opened;
    stopping_   = false;
    thread_     = std::thread([this] { run(); });
    return {};
  }

  /// Writes what is there and ends the thread. The loops must have ended, or their last lines stay behind.
  void stop() {
    if (!thread_.joinable()) return;
    {
      std::scoped_lock const held(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    close(descriptor_);
    descriptor_ = -1;
  }

  /// Lets go of the file and opens the name again, for rotation. On failure the old file stays in use.
  [[nodiscard]] result<void> reopen() {
    if (loops_.empty() || options_.access == "stdout" || options_.access == "stderr") return {};
    auto const opened = open();
    if (!opened) return fail(opened);
    std::scoped_lock const held(mutex_);
    if (next_descriptor_ >= 0) close(next_descriptor_);
    next_descriptor_ = *opened;
    wake_.notify_one();
    return {};
  }

  /// Notes an exchange that is over, on the loop that served it and there alone. Neither waits nor allocates.
  void finished(http::request const& r) noexcept {
    if (loops_.empty()) return;
    auto const& record = r.record;
    auto&       mine   = *loops_[record.loop < loops_.size() ? record.loop : 0];
    auto const  id     = r.id.is_number() ? std::string_view{} : std::string_view(r.id).substr(0, 128);
    own_part    own{.ended       = record.ended,
                    .nanoseconds = std::chrono::nanoseconds(record.ended - record.began).count(),
                    .bytes_in    = record.bytes_in,
                    .bytes_out   = record.bytes_out,
                    .number      = r.id.number(),
                    .id_size     = static_cast<std::uint16_t>(id.size())};
    if (!mine.last.is_repeated_by(r)) [[unlikely]]
      return begin(mine, r, own, id);
    if (auto* to = mine.ring.reserve(sizeof(own) + id.size()); to != nullptr) [[likely]] {
      put(to, &own, sizeof(own));
      put(to, id.data(), id.size());
      if (mine.ring.commit()) [[unlikely]]
        wake_.notify_one();
    }
  }

  [[nodiscard]] std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  /// Lines that were lost because the thread did not keep up.
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    std::uint64_t sum = 0;
    for (auto const& one : loops_) sum += one->ring.dropped();
    return sum;
  }
  /// Lines that were lost because the file did not take them: the disk is full, the reader of a pipe is gone or
  /// stalled.
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

 private:
  enum : std::size_t { route, caller, method, path, query, agent, text_count };
  using texts = std::array<std::string_view, text_count>;
  static_assert(std::is_trivially_copyable_v<net::address>);

  /// A record in the ring: this, its id and, where it `begins` a kind of lines, their shared part and its texts.
  struct own_part {
    steady_point  ended{};
    std::int64_t  nanoseconds = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
    std::uint64_t number  = 0;  // the id, where it has no text
    std::uint16_t id_size = 0;
    bool          begins  = false;
  };
  struct shared_part {
    std::array<std::uint16_t, text_count> sizes{};
    std::uint16_t                         status = 0;
    http::method                          verb{};
    std::uint8_t                          minor = 1;
    std::uint8_t                          flags = 0;
    net::address                          client{};
    std::string_view                      limit{}, refusal{};  // static texts

    bool operator==(shared_part const&) const = default;
  };
  static_assert(std::is_trivially_copyable_v<own_part> && std::is_trivially_copyable_v<shared_part>);

  static std::uint8_t flags_of(http::request const& r) noexcept {
    return static_cast<std::uint8_t>((r.head.has_query() ? 1U : 0U) | (r.peer.encrypted ? 2U : 0U) |
                                     (r.record.cut_off ? 4U : 0U) | (r.id.empty() ? 0U : 8U));
  }

  /// What the record before shared, as far as it is not long.
  class last_kind {
   public:
    /// Told by the number of the head, which stands for all that is of the request, and by what is not.
    [[nodiscard]] bool is_repeated_by(http::request const& r) const noexcept {
      auto const& record = r.record;
      return is_known_ && r.repeats == number_ && number_ != 0 &&
             static_cast<std::uint16_t>(record.code) == shared_.status && flags_of(r) == shared_.flags &&
             r.client == shared_.client && record.limit_hit == shared_.limit && record.refusal == shared_.refusal &&
             record.route.size() == shared_.sizes[route] && record.caller.size() == shared_.sizes[caller] &&
             is_at(0, record.route) && is_at(record.route.size(), record.caller);
    }
    [[nodiscard]] bool is(shared_part const& shared, texts const& said) const noexcept {
      if (!is_known_ || shared != shared_) return false;
      std::size_t at = 0;
      for (auto const text : said) {
        if (!is_at(at, text)) return false;
        at += text.size();
      }
      return true;
    }
    void number(std::uint64_t of_head) noexcept { number_ = of_head; }
    void keep(shared_part const& shared, texts const& said) noexcept {
      std::size_t size = 0;
      for (auto const text : said) size += text.size();
      is_known_ = size <= bytes_.size();
      if (!is_known_) return;
      shared_  = shared;
      auto* to = bytes_.data();
      for (auto const text : said) put(to, text.data(), text.size());
    }

   private:
    [[nodiscard]] bool is_at(std::size_t at, std::string_view text) const noexcept {
      return text.empty() || std::memcmp(bytes_.data() + at, text.data(), text.size()) == 0;
    }

    shared_part           shared_{};
    std::array<char, 512> bytes_{};
    std::uint64_t         number_   = 0;  // of the head, if that has one
    bool                  is_known_ = false;
  };

  struct of_loop {
    of_loop(std::size_t buffer, log_form form, query_words query) : ring(buffer), writer(form, query) {}

    detail::byte_ring   ring;
    last_kind           last;    // the loop's
    detail::line_writer writer;  // the thread's
  };

  /// Notes an exchange whose record may begin a kind of lines.
  [[gnu::noinline]] void begin(of_loop& mine, http::request const& r, own_part own, std::string_view id) noexcept {
    auto const& record = r.record;
    auto const  verb   = r.head.verb();
    texts       said;
    said[route]  = record.route.substr(0, 256);
    said[caller] = std::string_view(record.caller).substr(0, 128);
    said[path]   = r.head.path().substr(0, 2048);
    if (verb == http::method::other) said[method] = r.head.method_text().substr(0, 32);
    if (options_.query != query_words::none) said[query] = r.head.query().substr(0, 1024);
    if (options_.agent) said[agent] = r.head.field(http::known_field::user_agent).substr(0, 256);
    shared_part shared;
    for (std::size_t i = 0; i != said.size(); ++i) shared.sizes[i] = static_cast<std::uint16_t>(said[i].size());
    shared.status  = static_cast<std::uint16_t>(record.code);
    shared.verb    = verb;
    shared.minor   = static_cast<std::uint8_t>(r.head.minor_version());
    shared.flags   = flags_of(r);
    shared.client  = r.client;
    shared.limit   = record.limit_hit;
    shared.refusal = record.refusal;

    own.begins       = !mine.last.is(shared, said);
    std::size_t size = sizeof(own) + id.size();
    if (own.begins) {
      size += sizeof(shared);
      for (auto const text : said) size += text.size();
    }
    auto* to = mine.ring.reserve(size);
    if (to == nullptr) return;
    put(to, &own, sizeof(own));
    put(to, id.data(), id.size());
    if (own.begins) {
      put(to, &shared, sizeof(shared));
      for (auto const text : said) put(to, text.data(), text.size());
      mine.last.keep(shared, said);
    }
    mine.last.number(r.repeats);
    if (mine.ring.commit()) wake_.notify_one();
  }

  static void put(char*& to, void const* from, std::size_t size) noexcept {
    if (size != 0) std::memcpy(to, from, size);
    to += size;
  }
  template <class T>
  [[nodiscard]] static T take(std::string_view& from) noexcept {
    T made{};
    std::memcpy(static_cast<void*>(&made), from.data(), sizeof(made));
    from.remove_prefix(sizeof(made));
    return made;
  }

  [[nodiscard]] result<int> open() const {
    if (options_.access == "stdout") return 1;
    if (options_.access == "stderr") return 2;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg)
    int const fd = ::open(options_.access.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) return fail({errno, std::generic_category()}, "the access log cannot be opened");
    return fd;
  }
  static void close(int fd) noexcept {
    if (fd > 2) ::close(fd);
  }

  void run() {
    detail::line_buffer out;
    do {
      {
        std::unique_lock held(mutex_);
        if (!stopping_) wake_.wait_for(held, std::chrono::milliseconds(100));
        ending_ = stopping_;
        if (next_descriptor_ >= 0) {
          close(descriptor_);
          descriptor_      = next_descriptor_;
          next_descriptor_ = -1;
          torn_            = false;
        }
      }
      while (batch(out)) {
      }
    } while (!ending_);
  }

  /// One round over the rings. True if there was so much that another round is due at once.
  bool batch(detail::line_buffer& out) {
    auto const wall =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
    auto const  steady = std::chrono::steady_clock::now();
    std::size_t lines  = 0;
    std::size_t all    = 0;
    auto const  flush  = [&] {
      if (lines != 0) write_out(out.view(), lines);
      all += lines;
      lines = 0;
      out.clear();
    };
    for (auto const& one : loops_) {
      one->ring.consume([&](std::string_view record) {
        line(one->writer, out, record, wall, steady);
        ++lines;
        if (out.size() >= (64UL << 10U)) flush();
      });
    }
    flush();
    return all > 1000;
  }

  static void line(detail::line_writer& writer, detail::line_buffer& out, std::string_view record,
                   std::chrono::nanoseconds wall, steady_point steady) {
    auto const own = take<own_part>(record);
    auto const id  = record.substr(0, own.id_size);
    record.remove_prefix(own.id_size);
    if (own.begins) {
      auto const shared = take<shared_part>(record);
      texts      said{};
      for (std::size_t i = 0; i != text_count; ++i) {
        said[i] = record.substr(0, shared.sizes[i]);
        record.remove_prefix(shared.sizes[i]);
      }
      writer.begin({.status        = shared.status,
                    .verb          = shared.verb,
                    .minor_version = shared.minor,
                    .has_query     = (shared.flags & 1U) != 0,
                    .encrypted     = (shared.flags & 2U) != 0,
                    .cut_off       = (shared.flags & 4U) != 0,
                    .has_id        = (shared.flags & 8U) != 0,
                    .client        = shared.client,
                    .method        = said[method],
                    .path          = said[path],
                    .query         = said[query],
                    .route         = said[route],
                    .caller        = said[caller],
                    .agent         = said[agent],
                    .limit         = shared.limit,
                    .refusal       = shared.refusal});
    }
    writer.write(out, {.unix_nanoseconds = (wall - std::chrono::nanoseconds(steady - own.ended)).count(),
                       .nanoseconds      = own.nanoseconds,
                       .bytes_in         = own.bytes_in,
                       .bytes_out        = own.bytes_out,
                       .number           = own.number,
                       .id               = id});
  }

  void write_out(std::string_view text, std::size_t lines) {
    struct stat kind{};
    // A pipe may block; a file does not, save for the disk.
    bool const may_block = ::fstat(descriptor_, &kind) != 0 || !S_ISREG(kind.st_mode);
    bool       whole     = true;
    if (torn_) whole = put("\n", may_block);
    torn_       = !whole;
    whole       = whole && put(text, may_block);
    auto& count = whole ? written_ : failed_;
    count.store(count.load(std::memory_order_relaxed) + lines, std::memory_order_relaxed);
  }

  bool put(std::string_view text, bool may_block) {
    while (!text.empty()) {
      if (may_block) {
        pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
        // The reader stalls: these lines are lost, the next ones get their chance; at the end it gets but one.
        if (::poll(&ready, 1, stalls_ && ending_ ? 0 : 500) <= 0) {
          torn_   = true;
          stalls_ = true;
          return false;
        }
      }
      auto const piece = may_block ? text.substr(0, 4096) : text;  // a pipe that is ready takes so much (PIPE_BUF)
      auto const sent  = ::write(descriptor_, piece.data(), piece.size());
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) {
        torn_ = true;
        return false;
      }
      stalls_ = false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  log_options                           options_;
  std::vector<std::unique_ptr<of_loop>> loops_;
  std::mutex                            mutex_;
  std::condition_variable               wake_;
  bool                                  stopping_        = false;
  bool                                  torn_            = false;  // the last write ended within a line
  bool                                  stalls_          = false;  // nobody took the last one
  bool                                  ending_          = false;  // the thread's: this round is its last
  int                                   descriptor_      = -1;
  int                                   next_descriptor_ = -1;
  std::atomic<std::uint64_t>            written_{0};
  std::atomic<std::uint64_t>            failed_{0};
  std::thread                           thread_;
};

namespace detail {

/// The file that `access` names; empty where it is a word.
[[nodiscard]] constexpr std::string_view log_path_in(std::string_view access) noexcept {
  bool const word = access == "stdout" || access == "stderr" || access == "off";
  return word ? std::string_view{} : access;
}

}  // namespace detail

}  // namespace tensorgate::ops

template <>
struct tensorgate::reflect::describe<tensorgate::ops::log_options> {
  using options               = tensorgate::ops::log_options;
  static constexpr auto rules = std::tuple{
      text<&options::access>("where the access log goes: stdout, stderr, off, or a file's name"),
      file_path<&options::access>(&tensorgate::ops::detail::log_path_in),
      text<&options::format>("json: an object a line; text: the combined format"),
      text<&options::query>("what the log shows of queries; values may be secrets"),
      text<&options::agent>("whether User-Agent is logged"),
      text<&options::buffer>("bytes between a loop and the log's writer; lines beyond are dropped and counted"),
      range<&options::buffer>(std::size_t{4096}, std::size_t{1} << 30U)};
};
