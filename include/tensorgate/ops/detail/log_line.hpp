// tensorgate/ops/detail/log_line.hpp: one exchange as a line of JSON or of text, safe whatever the peer sent.
#pragma once

#include <array>        // array
#include <charconv>     // to_chars
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <cstring>      // memcpy
#include <ctime>        // gmtime_r
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>       // TENSORGATE_ABI
#include <tensorgate/http/method.hpp>    // method, to_text
#include <tensorgate/http/request.hpp>   // request_id
#include <tensorgate/net/addresses.hpp>  // address

namespace tensorgate::inline TENSORGATE_ABI::ops {

enum class log_form : std::uint8_t {
  json,  ///< one object a line
  text,  ///< the combined format that web servers share, and four figures more
};

/// How much of a query the log shows. Values may be secrets, so by default only names are shown.
enum class query_words : std::uint8_t { none, names, full };

namespace detail {

/// What a line shares with others that tell of the same client, request and outcome, as views.
struct line_kind {
  unsigned         status        = 0;
  http::method     verb          = http::method::other;
  int              minor_version = 1;
  bool             has_query     = false;
  bool             encrypted     = false;
  bool             cut_off       = false;
  bool             has_id        = false;
  net::address     client{};
  std::string_view method{};  ///< for `other`
  std::string_view path{};
  std::string_view query{};
  std::string_view route{};
  std::string_view caller{};
  std::string_view agent{};
  std::string_view limit{};
  std::string_view refusal{};
};

/// What each line has of its own.
struct line_figures {
  std::int64_t     unix_nanoseconds = 0;  ///< when the answer was done
  std::int64_t     nanoseconds      = 0;  ///< how long it took
  std::uint64_t    bytes_in         = 0;
  std::uint64_t    bytes_out        = 0;
  std::uint64_t    number           = 0;  ///< the id, where it has no text
  std::string_view id{};
};

/// Appends to a buffer that is kept between batches.
class line_buffer {
 public:
  void                           clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t      size() const noexcept { return size_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_.data(), size_}; }

  /// Makes room for so many bytes.
  void room(std::size_t more) {
    if (size_ + more > data_.size()) [[unlikely]]
      data_.resize((size_ + more) * 2);
  }
  /// For what is written into that room from outside: where it begins, then where it ended.
  [[nodiscard]] char* end() noexcept { return data_.data() + size_; }
  void                end(char const* at) noexcept { size_ = static_cast<std::size_t>(at - data_.data()); }
  void                put(std::string_view text) {
    room(text.size());
    if (!text.empty()) std::memcpy(end(), text.data(), text.size());
    size_ += text.size();
  }
  void number(std::uint64_t value) {
    room(20);
    end(std::to_chars(end(), end() + 20, value).ptr);
  }
  void digits(unsigned value, std::size_t count) {
    room(count);
    for (std::size_t i = count; i-- != 0; value /= 10) data_[size_ + i] = static_cast<char>('0' + value % 10);
    size_ += count;
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

  std::string data_ = std::string(1024, '\0');
  std::size_t size_ = 0;
};

/// Writes lines. What is not a figure is put into words once for each kind of line, for many lines are of the same kind
/// as the one before. So are the figures that seldom change: the second and the sizes. What is left to do for a line is
/// to copy the pieces of that text, with the milliseconds, the duration and the id where it is cut.
class line_writer {
 public:
  line_writer(log_form form, query_words query) : form_(form), query_(query) {}

  /// The next lines are of this kind.
  void begin(line_kind const& of) {
    text_.clear();
    spelt_.clear();
    cuts_ = 0;
    if (form_ == log_form::json) {
      json(of);
    } else {
      combined(of);
    }
  }

  void write(line_buffer& out, line_figures const& of) {
    if (of.unix_nanoseconds - second_begin_ >= second || of.unix_nanoseconds < second_begin_ ||
        of.bytes_in != sizes_.in || of.bytes_out != sizes_.out || spelt_.size() == 0) [[unlikely]]
      spell(of);
    out.room(spelt_.size() + longest_figures);
    auto const* const from = spelt_.view().data();
    auto*             to   = blocks(out.end(), from, time_at_);
    if (form_ == log_form::json) {
      auto const part = static_cast<std::uint32_t>((of.unix_nanoseconds - second_begin_) / 1'000'000);
      *to++           = static_cast<char>('0' + part / 100);
      *to++           = static_cast<char>('0' + part / 10 % 10);
      *to++           = static_cast<char>('0' + part % 10);
    }
    to = blocks(to, from + time_at_, duration_at_ - time_at_);
    to = std::to_chars(to, to + 20, of.nanoseconds / 1000).ptr;
    to = blocks(to, from + duration_at_, id_at_ - duration_at_);
    if (id_at_ != spelt_.size()) {
      if (of.id.empty()) {
        auto const digits = http::request_id::spell(of.number);
        std::memcpy(to, digits.data(), digits.size());
        to += digits.size();
      } else {
        out.end(to);
        out.escaped(of.id, form_);
        out.room(spelt_.size() + block);
        to = out.end();
      }
      to = blocks(to, from + id_at_, spelt_.size() - id_at_);
    }
    out.end(to);
  }

 private:
  enum class figure : std::uint8_t { time, duration, bytes_in, bytes_out, id };
  struct place {
    std::size_t at   = 0;  // in the text of the kind
    figure      what = figure::time;
  };
  static constexpr std::size_t block           = 32;
  static constexpr std::size_t longest_figures = 64 + block;  // without an id that is text

  /// Copies whole blocks: up to one more is read and written than the text has. Returns where the text ends.
  static char* blocks(char* to, char const* from, std::size_t size) noexcept {
    for (std::size_t at = 0; at < size; at += block) std::memcpy(to + at, from + at, block);
    return to + size;
  }

  void cut(figure what) { places_[cuts_++] = {text_.size(), what}; }

  void json(line_kind const& of) {
    text_.put(R"({"time":")");
    cut(figure::time);
    text_.put(R"(","client":")");
    text_.put(of.client.to_text());
    text_.put(R"(","method":")");
    method(of);
    text_.put(R"(","path":")");
    text_.escaped(of.path, form_);
    if (of.has_query && query_ != query_words::none) {
      text_.put(R"(","query":")");
      query(of.query);
    }
    text_.put(R"(","status":)");
    text_.number(of.status);
    text_.put(R"(,"us":)");
    cut(figure::duration);
    text_.put(R"(,"in":)");
    cut(figure::bytes_in);
    text_.put(R"(,"out":)");
    cut(figure::bytes_out);
    member("route", of.route);
    member("caller", of.caller);
    if (of.has_id) {
      text_.put(R"(,"id":")");
      cut(figure::id);
      text_.put("\"");
    }
    member("agent", of.agent);
    member("limit", of.limit);
    member("refusal", of.refusal);
    if (of.encrypted) text_.put(R"(,"tls":true)");
    if (of.cut_off) text_.put(R"(,"cut_off":true)");
    text_.put("}\n");
  }

  void combined(line_kind const& of) {
    auto const client = of.client.to_text();
    text_.put(client.empty() ? "-" : client);  // a Unix socket's peer has no address
    text_.put(" - ");
    if (of.caller.empty()) {
      text_.put("-");
    } else {
      for (char const one : of.caller) {  // a blank would shift the columns
        if (one == ' ') {
          text_.put("\\x20");
        } else {
          text_.escaped({&one, 1}, form_);
        }
      }
    }
    text_.put(" [");
    cut(figure::time);
    text_.put("] \"");
    method(of);
    text_.put(" ");
    if (of.path.empty()) {
      text_.put("-");  // a target that is none
    } else {
      text_.escaped(of.path, form_);
    }
    if (of.has_query && query_ != query_words::none) {
      text_.put("?");
      query(of.query);
    }
    text_.put(of.minor_version == 0 ? " HTTP/1.0\" " : " HTTP/1.1\" ");
    text_.number(of.status);
    text_.put(" ");
    cut(figure::bytes_out);
    text_.put(" \"-\" \"");
    text_.escaped(of.agent, form_);
    text_.put("\" us=");
    cut(figure::duration);
    text_.put(" in=");
    cut(figure::bytes_in);
    if (of.has_id) {
      text_.put(" id=");
      cut(figure::id);
    }
    quoted(" limit=", of.limit);
    quoted(" refusal=", of.refusal);
    if (of.cut_off) text_.put(" cut_off");
    text_.put("\n");
  }

  void member(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_.put(",\"");
    text_.put(name);
    text_.put("\":\"");
    text_.escaped(value, form_);
    text_.put("\"");
  }
  void quoted(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_.put(name);
    text_.put("\"");
    text_.escaped(value, form_);
    text_.put("\"");
  }

  void method(line_kind const& of) {
    if (auto const name = http::to_text(of.verb); !name.empty()) {
      text_.put(name);
    } else if (of.method.empty()) {
      text_.put("-");
    } else {
      text_.escaped(of.method, form_);
    }
  }

  void query(std::string_view all) {
    if (query_ == query_words::full) return text_.escaped(all, form_);
    bool first = true;
    while (!all.empty()) {
      auto const end  = all.find('&');
      auto const pair = all.substr(0, end);
      // What has no "=" may be a value pasted without its name.
      if (auto const equals = pair.find('='); equals != std::string_view::npos) {
        if (!first) text_.put("&");
        first = false;
        text_.escaped(pair.substr(0, equals), form_);
      }
      if (end == std::string_view::npos) break;
      all.remove_prefix(end + 1);
    }
  }

  static constexpr std::int64_t second = 1'000'000'000;  // nanoseconds

  /// The text of the kind with what seldom changes.
  void spell(line_figures const& of) {
    auto const begun = of.unix_nanoseconds - second_begin_;
    if (begun < 0 || begun >= second) tell_second(of.unix_nanoseconds / second);
    sizes_ = {of.bytes_in, of.bytes_out};
    spelt_.clear();
    auto const  text = text_.view();
    std::size_t at   = 0;
    id_at_           = 0;
    for (std::size_t i = 0; i != cuts_; ++i) {
      spelt_.put(text.substr(at, places_[i].at - at));
      at = places_[i].at;
      switch (places_[i].what) {
        case figure::time:
          spelt_.put({second_text_, second_size_});
          if (form_ == log_form::json) spelt_.put(".");
          time_at_ = spelt_.size();
          if (form_ == log_form::json) spelt_.put("Z");
          break;
        case figure::duration: duration_at_ = spelt_.size(); break;
        case figure::bytes_in: spelt_.number(of.bytes_in); break;
        case figure::bytes_out: spelt_.number(of.bytes_out); break;
        case figure::id: id_at_ = spelt_.size(); break;
      }
    }
    spelt_.put(text.substr(at));
    if (id_at_ == 0) id_at_ = spelt_.size();
    spelt_.room(block);  // which may be copied with it
  }

  void tell_second(std::int64_t which) {
    second_begin_      = which * second;
    auto const as_time = static_cast<std::time_t>(which);
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
      made.put("-");
      made.digits(month + 1, 2);
      made.put("-");
      made.digits(day, 2);
      made.put("T");
    } else {
      made.digits(day, 2);
      made.put("/");
      made.put(months.substr(static_cast<std::size_t>(month) * 3, 3));
      made.put("/");
      made.digits(year, 4);
      made.put(":");
    }
    made.digits(static_cast<unsigned>(parts.tm_hour), 2);
    made.put(":");
    made.digits(static_cast<unsigned>(parts.tm_min), 2);
    made.put(":");
    made.digits(static_cast<unsigned>(parts.tm_sec), 2);
    if (form_ == log_form::text) made.put(" +0000");
    second_size_ = made.size();
    std::memcpy(second_text_, made.view().data(), second_size_);
  }

  log_form    form_;
  query_words query_;

  line_buffer          text_;  // of the kind
  std::array<place, 5> places_{};
  std::size_t          cuts_ = 0;

  struct sizes {
    std::uint64_t in = 0, out = 0;
  };
  line_buffer spelt_;  // the same with the second and these sizes
  sizes       sizes_;
  std::size_t time_at_ = 0, duration_at_ = 0, id_at_ = 0;

  std::int64_t second_begin_ = -second;
  char         second_text_[40]{};  // NOLINT(modernize-avoid-c-arrays)
  std::size_t  second_size_ = 0;
};

}  // namespace detail

}  // namespace tensorgate::ops
