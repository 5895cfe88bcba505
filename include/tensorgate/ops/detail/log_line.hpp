// tensorgate/ops/detail/log_line.hpp: one exchange as a line of JSON or of text, safe whatever the peer sent.
#pragma once

#include <array>        // array
#include <charconv>     // to_chars
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <cstring>      // memcpy
#include <ctime>        // gmtime_r
#include <limits>       // numeric_limits
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>       // TENSORGATE_ABI
#include <tensorgate/http/method.hpp>    // method, to_text
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
  std::string_view id{};
};

/// Appends to a buffer that is kept between batches.
class line_buffer {
 public:
  void                           clear() noexcept { size_ = 0; }
  std::size_t                    size() const noexcept { return size_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_.data(), size_}; }

  /// Makes room for so many bytes.
  void room(std::size_t more) {
    if (size_ + more > data_.size()) data_.resize((size_ + more) * 2);
  }
  /// Where there is room already.
  void put_within(std::string_view text) noexcept {
    std::memcpy(data_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  template <class N>
  void number_within(N value) noexcept {
    auto const made = std::to_chars(data_.data() + size_, data_.data() + size_ + 20, value);
    size_           = static_cast<std::size_t>(made.ptr - data_.data());
  }
  void digits_within(unsigned value, int count) noexcept {
    for (int i = count - 1; i >= 0; --i) {
      data_[size_ + static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    size_ += static_cast<std::size_t>(count);
  }

  void put(std::string_view text) {
    room(text.size());
    if (!text.empty()) put_within(text);
  }
  void number(unsigned value) {
    room(20);
    number_within(value);
  }
  void digits(unsigned value, int count) {
    room(static_cast<std::size_t>(count));
    digits_within(value, count);
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
/// as the one before: a line is the text of its kind, with the figures where it is cut.
class line_writer {
 public:
  line_writer(log_form form, query_words query) : form_(form), query_(query) {}

  /// The next lines are of this kind.
  void begin(line_kind const& of) {
    text_.clear();
    cuts_ = 0;
    if (form_ == log_form::json) {
      json(of);
    } else {
      combined(of);
    }
  }

  void write(line_buffer& out, line_figures const& of) {
    out.room(text_.size() + places_.size() * longest_figure + of.id.size() * longest_escape);
    auto const  text = text_.view();
    std::size_t at   = 0;
    for (std::size_t i = 0; i != cuts_; ++i) {
      out.put_within(text.substr(at, places_[i].at - at));
      at = places_[i].at;
      switch (places_[i].what) {
        case figure::time: time(out, of.unix_nanoseconds); break;
        case figure::duration: out.number_within(of.nanoseconds / 1000); break;
        case figure::bytes_in: out.number_within(of.bytes_in); break;
        case figure::bytes_out: out.number_within(of.bytes_out); break;
        case figure::id: out.escaped(of.id, form_); break;
      }
    }
    out.put_within(text.substr(at));
  }

 private:
  enum class figure : std::uint8_t { time, duration, bytes_in, bytes_out, id };
  struct place {
    std::size_t at   = 0;  // in the text of the kind
    figure      what = figure::time;
  };
  static constexpr std::size_t longest_figure = 32;
  static constexpr std::size_t longest_escape = 6;

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
    text_.escaped(of.path, form_);
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

  void time(line_buffer& out, std::int64_t unix_nanoseconds) {
    if (unix_nanoseconds < second_begin_ || unix_nanoseconds >= second_begin_ + second)
      tell_second(unix_nanoseconds / second);
    out.put_within({second_text_, second_size_});
    if (form_ == log_form::json) {
      out.put_within(".");
      out.digits_within(static_cast<unsigned>((unix_nanoseconds - second_begin_) / 1'000'000), 3);
      out.put_within("Z");
    }
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

  line_buffer          text_;
  std::array<place, 5> places_{};
  std::size_t          cuts_ = 0;

  std::int64_t second_begin_ = std::numeric_limits<std::int64_t>::max() - second;
  char         second_text_[40]{};  // NOLINT(modernize-avoid-c-arrays)
  std::size_t  second_size_ = 0;
};

}  // namespace detail

}  // namespace tensorgate::ops
