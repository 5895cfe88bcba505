// tensorgate/ops/detail/log_line.hpp: one exchange as a line of JSON or of text, safe whatever the peer sent.
#pragma once

#include <charconv>     // to_chars
#include <chrono>       // nanoseconds
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <cstring>      // memcpy
#include <ctime>        // gmtime_r
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/http/method.hpp>  // method, to_text

namespace tensorgate::inline TENSORGATE_ABI::ops {

enum class log_form : std::uint8_t {
  json,  ///< one object a line
  text,  ///< the combined format that web servers share, and four figures more
};

/// How much of a query the log shows. Values may be secrets, so by default only names are shown.
enum class query_words : std::uint8_t { none, names, full };

namespace detail {

/// What a line says, as views; numbers are plain.
struct log_entry {
  std::int64_t     unix_nanoseconds = 0;  ///< when the answer was done
  std::int64_t     nanoseconds      = 0;  ///< how long it took
  std::uint64_t    bytes_in         = 0;
  std::uint64_t    bytes_out        = 0;
  unsigned         status           = 0;
  http::method     verb             = http::method::other;
  int              minor_version    = 1;
  bool             has_query        = false;
  bool             encrypted        = false;
  bool             cut_off          = false;
  std::string_view client{};
  std::string_view method{};  ///< for `other`
  std::string_view path{};
  std::string_view query{};
  std::string_view route{};
  std::string_view caller{};
  std::string_view agent{};
  std::string_view id{};
  std::string_view limit{};
  std::string_view refusal{};
};

/// Appends to a buffer that is kept between batches.
class line_buffer {
 public:
  void                           clear() noexcept { size_ = 0; }
  std::size_t                    size() const noexcept { return size_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_.data(), size_}; }

  void put(char one) {
    room(1);
    data_[size_++] = one;
  }
  void put(std::string_view text) {
    room(text.size());
    if (!text.empty()) std::memcpy(data_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  template <class N>
  void number(N value) {
    room(24);
    auto const made = std::to_chars(data_.data() + size_, data_.data() + size_ + 24, value);
    size_           = static_cast<std::size_t>(made.ptr - data_.data());
  }
  void digits(unsigned value, int count) {
    room(static_cast<std::size_t>(count));
    for (int i = count - 1; i >= 0; --i) {
      data_[size_ + static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    size_ += static_cast<std::size_t>(count);
  }
  /// Text from outside. Everything but printable ASCII is escaped, so that no byte of a peer can end a line, close a
  /// quote or steer a terminal. JSON: `\u00XX`, a byte read as Latin-1; text: `\xXX`.
  void escaped(std::string_view text, log_form form) {
    static constexpr std::string_view digit = "0123456789abcdef";
    room(text.size() * 6);
    auto* out = data_.data() + size_;
    while (text.size() >= 8) {  // nearly all text is plain: eight bytes at a time
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data(), sizeof(eight));
      if (needs_escape(eight)) break;
      std::memcpy(out, &eight, sizeof(eight));
      out += 8;
      text.remove_prefix(8);
    }
    for (char const one : text) {
      auto const value = static_cast<unsigned char>(one);
      if (value >= 0x20 && value < 0x7F && one != '"' && one != '\\') {
        *out++ = one;
      } else if (value == '"' || value == '\\') {
        *out++ = '\\';
        *out++ = one;
      } else {
        std::string_view const prefix = form == log_form::json ? "\\u00" : "\\x";
        std::memcpy(out, prefix.data(), prefix.size());
        out += prefix.size();
        *out++ = digit[value >> 4U];
        *out++ = digit[value & 15U];
      }
    }
    size_ = static_cast<std::size_t>(out - data_.data());
  }

 private:
  /// True if one of eight bytes is a control character, a quote, a backslash or beyond ASCII (or DEL, as 0x7F + 1 is).
  static constexpr bool needs_escape(std::uint64_t eight) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t high = 0x8080808080808080U;
    auto const zero = [](std::uint64_t v) { return (v - ones) & ~v; };  // its high bits tell the zero bytes
    return ((eight | (eight + ones) | (eight - ones * 0x20) | zero(eight ^ ones * 0x22) | zero(eight ^ ones * 0x5C)) &
            high) != 0;
  }
  void room(std::size_t more) {
    if (size_ + more > data_.size()) data_.resize((size_ + more) * 2);
  }
  std::string data_ = std::string(128UL << 10U, '\0');
  std::size_t size_ = 0;
};

/// Writes lines; remembers the text of the last second, for most lines share it.
class line_writer {
 public:
  line_writer(log_form form, query_words query) : form_(form), query_(query) {}

  void write(line_buffer& out, log_entry const& of) {
    tell_second(of.unix_nanoseconds / 1'000'000'000);
    if (form_ == log_form::json) {
      json(out, of);
    } else {
      text(out, of);
    }
  }

 private:
  void json(line_buffer& out, log_entry const& of) const {
    out.put(R"({"time":")");
    out.put(second_text());
    out.put('.');
    out.digits(static_cast<unsigned>(of.unix_nanoseconds / 1'000'000 % 1000), 3);
    out.put(R"(Z","client":")");
    out.escaped(of.client, form_);
    out.put(R"(","method":")");
    method(out, of);
    out.put(R"(","path":")");
    out.escaped(of.path, form_);
    if (of.has_query && query_ != query_words::none) {
      out.put(R"(","query":")");
      query(out, of.query);
    }
    out.put(R"(","status":)");
    out.number(of.status);
    out.put(R"(,"us":)");
    out.number(of.nanoseconds / 1000);
    out.put(R"(,"in":)");
    out.number(of.bytes_in);
    out.put(R"(,"out":)");
    out.number(of.bytes_out);
    member(out, "route", of.route);
    member(out, "caller", of.caller);
    member(out, "id", of.id);
    member(out, "agent", of.agent);
    member(out, "limit", of.limit);
    member(out, "refusal", of.refusal);
    if (of.encrypted) out.put(R"(,"tls":true)");
    if (of.cut_off) out.put(R"(,"cut_off":true)");
    out.put("}\n");
  }

  void text(line_buffer& out, log_entry const& of) const {
    out.escaped(of.client, form_);
    out.put(" - ");
    if (of.caller.empty()) {
      out.put('-');
    } else {
      for (char const one : of.caller) {  // a blank would shift the columns
        if (one == ' ') {
          out.put("\\x20");
        } else {
          out.escaped({&one, 1}, form_);
        }
      }
    }
    out.put(" [");
    out.put(second_text());
    out.put("] \"");
    method(out, of);
    out.put(' ');
    out.escaped(of.path, form_);
    if (of.has_query && query_ != query_words::none) {
      out.put('?');
      query(out, of.query);
    }
    out.put(of.minor_version == 0 ? " HTTP/1.0\" " : " HTTP/1.1\" ");
    out.number(of.status);
    out.put(' ');
    out.number(of.bytes_out);
    out.put(" \"-\" \"");
    out.escaped(of.agent, form_);
    out.put("\" us=");
    out.number(of.nanoseconds / 1000);
    out.put(" in=");
    out.number(of.bytes_in);
    if (!of.id.empty()) {
      out.put(" id=");
      out.escaped(of.id, form_);
    }
    if (!of.limit.empty()) {
      out.put(" limit=\"");
      out.escaped(of.limit, form_);
      out.put('"');
    }
    if (!of.refusal.empty()) {
      out.put(" refusal=\"");
      out.escaped(of.refusal, form_);
      out.put('"');
    }
    if (of.cut_off) out.put(" cut_off");
    out.put('\n');
  }

  void member(line_buffer& out, std::string_view name, std::string_view value) const {
    if (value.empty()) return;
    out.put(",\"");
    out.put(name);
    out.put("\":\"");
    out.escaped(value, form_);
    out.put('"');
  }

  void method(line_buffer& out, log_entry const& of) const {
    if (auto const name = http::to_text(of.verb); !name.empty()) {
      out.put(name);
    } else if (of.method.empty()) {
      out.put('-');
    } else {
      out.escaped(of.method, form_);
    }
  }

  void query(line_buffer& out, std::string_view all) const {
    if (query_ == query_words::full) return out.escaped(all, form_);
    bool first = true;
    while (!all.empty()) {
      auto const end  = all.find('&');
      auto const pair = all.substr(0, end);
      // What has no "=" may be a value pasted without its name.
      if (auto const equals = pair.find('='); equals != std::string_view::npos) {
        if (!first) out.put('&');
        first = false;
        out.escaped(pair.substr(0, equals), form_);
      }
      if (end == std::string_view::npos) break;
      all.remove_prefix(end + 1);
    }
  }

  [[nodiscard]] std::string_view second_text() const noexcept { return {second_text_, second_size_}; }

  void tell_second(std::int64_t second) {
    if (second == second_) return;
    second_            = second;
    auto const as_time = static_cast<std::time_t>(second);
    std::tm    parts{};
    ::gmtime_r(&as_time, &parts);
    // The C locale's month names are wanted, so they are spelt here.
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    line_buffer                       made;
    auto const                        year  = static_cast<unsigned>(parts.tm_year + 1900);
    auto const                        month = static_cast<unsigned>(parts.tm_mon);
    auto const                        day   = static_cast<unsigned>(parts.tm_mday);
    if (form_ == log_form::json) {
      made.digits(year, 4);
      made.put('-');
      made.digits(month + 1, 2);
      made.put('-');
      made.digits(day, 2);
      made.put('T');
    } else {
      made.digits(day, 2);
      made.put('/');
      made.put(months.substr(static_cast<std::size_t>(month) * 3, 3));
      made.put('/');
      made.digits(year, 4);
      made.put(':');
    }
    made.digits(static_cast<unsigned>(parts.tm_hour), 2);
    made.put(':');
    made.digits(static_cast<unsigned>(parts.tm_min), 2);
    made.put(':');
    made.digits(static_cast<unsigned>(parts.tm_sec), 2);
    if (form_ == log_form::text) made.put(" +0000");
    second_size_ = made.size();
    std::memcpy(second_text_, made.view().data(), second_size_);
  }

  log_form     form_;
  query_words  query_;
  std::int64_t second_ = -1;
  char         second_text_[40]{};  // NOLINT(modernize-avoid-c-arrays)
  std::size_t  second_size_ = 0;
};

}  // namespace detail

}  // namespace tensorgate::ops
