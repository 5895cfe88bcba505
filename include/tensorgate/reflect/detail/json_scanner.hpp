// tensorgate/reflect/detail/json_scanner.hpp: the parts of reading JSON that know no types: blanks, strings, numbers,
// skipping.
//
// Every function takes the place to read at, which lies in [begin, end], and returns the place after what it read, or
// null after it has noted what was wrong. Places travel in registers; nothing is allocated, save where a string is
// kept.
#pragma once

#include <algorithm>    // min
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcmp
#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/core/hex.hpp>                    // hex_value
#include <tensorgate/core/utf8.hpp>                   // utf8_length
#include <tensorgate/reflect/detail/number_read.hpp>  // split_number
#include <tensorgate/reflect/detail/scan.hpp>         // find_special
#include <tensorgate/reflect/json_error.hpp>          // json_error, json_options

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// The most that `json_options::max_depth` may ask for.
inline constexpr std::size_t deepest_nesting = 1024;

class json_scanner {
 public:
  json_scanner(std::string_view text, json_options const& how) noexcept
      : options(how),
        begin_(text.data()),
        end_(text.data() + text.size()),
        depth_(std::min(how.max_depth, deepest_nesting)) {}

  json_options options;  // NOLINT(misc-non-private-member-variables-in-classes): read by those who read values

  [[nodiscard]] char const* begin() const noexcept { return begin_; }
  [[nodiscard]] char const* end() const noexcept { return end_; }

  /// Notes the first failure; always null.
  __attribute__((noinline)) char const* fail(char const* at, errc code, std::string_view expected) noexcept {
    bad_      = at;
    code_     = code;
    expected_ = expected;
    return nullptr;
  }
  /// A value of another type, or none, where `expected` was.
  __attribute__((noinline)) char const* fail_type(char const* at, std::string_view expected) noexcept {
    bool const value =
        at != end_ && (is_digit(*at) || std::string_view("{[\"-tfn").find(*at) != std::string_view::npos);
    return fail(at, value ? errc::wrong_type : errc::syntax, expected);
  }
  __attribute__((noinline)) void step_into(std::string_view name) { path_.insert(0, pointer_step(name)); }
  /// The path of an error below a pointer that was followed.
  void                           step_into_pointer(std::string_view pointer) { path_.insert(0, pointer); }
  __attribute__((noinline)) void step_into(std::size_t index) { path_.insert(0, "/" + std::to_string(index)); }

  [[nodiscard]] json_error error() const {
    json_error found{
        .code = code_, .offset = static_cast<std::size_t>(bad_ - begin_), .path = path_, .expected = expected_};
    auto const* line = begin_;
    for (auto const* at = begin_; at != bad_; ++at) {
      if (*at == '\n') {
        ++found.line;
        line = at + 1;
      }
    }
    found.column = 1 + utf8_count({line, static_cast<std::size_t>(bad_ - line)});
    return found;
  }

  [[nodiscard]] __attribute__((always_inline)) char const* skip_blanks(char const* at) const noexcept {
    return detail::skip_blanks(at, end_);
  }

  /// One level deeper; false if that is one too many. `leave` goes back.
  [[nodiscard]] bool enter(char const* at) noexcept {
    if (depth_ == 0) {
      fail(at, errc::too_deep, "no deeper nesting");
      return false;
    }
    --depth_;
    return true;
  }
  void leave() noexcept { ++depth_; }

  /// After a value in an object or array: at the next member (`more` is true), or after the bracket that closes it.
  [[nodiscard]] __attribute__((always_inline)) char const* next_member(char const* at, char close,
                                                                       bool& more) noexcept {
    if (at == end_ || (*at != ',' && *at != close)) [[unlikely]] {
      at = detail::skip_blanks_slowly(at, end_);
      if (at == end_ || (*at != ',' && *at != close)) return fail_next(at, close);
    }
    more = *at == ',';
    return more ? skip_blanks(at + 1) : at + 1;
  }

  /// The inside of a string whose opening quote was read, as it stands. UTF-8, escapes and control characters are
  /// checked.
  [[nodiscard]] char const* string_body(char const* at, std::string_view& raw, bool& escaped) noexcept {
    auto const* const start = at;
    for (;;) {
      at = find_special(at, end_);
      if (at == end_) return fail(at, errc::syntax, "'\"' at the end of the string");
      if (*at == '"') {
        raw = {start, static_cast<std::size_t>(at - start)};
        return at + 1;
      }
      if (*at == '\\') {
        escaped = true;
        at      = check_escape(at);
        if (at == nullptr) return nullptr;
      } else if (static_cast<unsigned char>(*at) < 0x20) {
        return fail(at, errc::syntax, "no control character in a string");
      } else {
        do {
          auto const length = utf8_length(at, end_);
          if (length == 0) return fail(at, errc::encoding, "UTF-8");
          at += length;
        } while (at != end_ && static_cast<unsigned char>(*at) >= 0x80);
      }
    }
  }

  /// A string with its escapes undone. `out` is replaced.
  [[nodiscard]] char const* string(char const* at, std::string& out) {
    std::string_view raw;
    bool             escaped = false;
    at                       = quoted(at, raw, escaped);
    if (at == nullptr) return nullptr;
    if (escaped) {
      out.clear();
      unescape(raw, out);
    } else {
      out.assign(raw);
    }
    return at;
  }

  /// A string as it stands between its quotes.
  [[nodiscard]] char const* quoted(char const* at, std::string_view& raw, bool& escaped) noexcept {
    if (at == end_ || *at != '"') return fail_type(at, "a string");
    return string_body(at + 1, raw, escaped);
  }

  /// A string with its escapes undone. The view lies in the text, or in `storage` if it has escapes.
  [[nodiscard]] char const* text(char const* at, std::string_view& value, std::string& storage) {
    bool              escaped = false;
    auto const* const next    = quoted(at, value, escaped);
    if (next != nullptr && escaped) {
      storage.clear();
      unescape(value, storage);
      value = storage;
    }
    return next;
  }

  /// The key of a member and its colon. The view lies in the text, or in `storage` if the key has escapes.
  [[nodiscard]] char const* key(char const* at, std::string_view& name, std::string& storage) {
    if (at == end_ || *at != '"') return fail(at, errc::syntax, "a member's name in quotes");
    bool escaped = false;
    at           = string_body(at + 1, name, escaped);
    if (at == nullptr) return nullptr;
    if (escaped) {
      storage.clear();
      unescape(name, storage);
      name = storage;
    }
    at = skip_blanks(at);
    if (at == end_ || *at != ':') return fail(at, errc::syntax, "':' after the member's name");
    return skip_blanks(at + 1);
  }

  /// Appends the characters that a checked string stands for.
  static void unescape(std::string_view raw, std::string& out) {
    auto const* at  = raw.data();
    auto const* end = at + raw.size();
    while (at != end) {
      auto const* const slash = static_cast<char const*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
      if (slash == nullptr) break;
      out.append(at, slash);
      at = slash + 2;
      switch (slash[1]) {
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 'u': {
          auto value = four_hex(at);
          at += 4;
          if (value >= 0xd800 && value < 0xdc00) {
            value = 0x10000U + ((value - 0xd800U) << 10U) + (four_hex(at + 2) - 0xdc00U);
            at += 6;
          }
          std::array<char, 4> bytes{};
          out.append(bytes.data(), put_utf8(bytes.data(), value));
          break;
        }
        default: out += slash[1];
      }
    }
    out.append(at, end);
  }

  /// `word` or something else.
  [[nodiscard]] bool stands(char const* at, std::string_view word) const noexcept {
    return static_cast<std::size_t>(end_ - at) >= word.size() && std::memcmp(at, word.data(), word.size()) == 0;
  }

  [[nodiscard]] char const* boolean(char const* at, bool& out) noexcept {
    if (stands(at, "true")) {
      out = true;
      return at + 4;
    }
    if (stands(at, "false")) {
      out = false;
      return at + 5;
    }
    return fail_type(at, "true or false");
  }

  [[nodiscard]] char const* null(char const* at) noexcept {
    return stands(at, "null") ? at + 4 : fail_type(at, "null");
  }

  [[nodiscard]] char const* floating(char const* at, double& out) noexcept {
    auto const* const next = read_common_double(at, end_, out);
    return next != nullptr ? next : any_floating(at, out);
  }

  [[nodiscard]] char const* unsigned_integer(char const* at, std::uint64_t& out, std::uint64_t most) noexcept {
    auto const* const next = read_common_integer(at, end_, out);
    return next != nullptr && out <= most ? next : any_unsigned(at, out, most);
  }

  [[nodiscard]] char const* signed_integer(char const* at, std::int64_t& out, std::uint64_t most) noexcept {
    std::uint64_t     size = 0;
    auto const* const next = read_common_integer(at, end_, size);
    if (next == nullptr || size > most) return any_signed(at, out, most);
    out = static_cast<std::int64_t>(size);
    return next;
  }

  /// Any number, as it stands.
  [[nodiscard]] char const* number_text(char const* at, std::string_view& raw) noexcept {
    auto const* const stop = skip_number(at);
    if (stop == nullptr) return nullptr;
    raw = {at, static_cast<std::size_t>(stop - at)};
    return stop;
  }

  /// Any value, checked in full but for duplicate keys.
  [[nodiscard]] char const* skip_value(char const* at) noexcept;

  /// Nothing but blanks follows.
  [[nodiscard]] bool at_end(char const* at) noexcept {
    at = skip_blanks(at);
    if (at == end_) return true;
    fail(at, errc::syntax, "the end of the text");
    return false;
  }

 private:
  __attribute__((noinline)) char const* fail_next(char const* at, char close) noexcept {
    return fail(at, errc::syntax, close == '}' ? std::string_view("',' or '}'") : std::string_view("',' or ']'"));
  }

  __attribute__((noinline)) char const* any_floating(char const* at, double& out) noexcept {
    auto const parts = split_number(at, end_);
    if (parts.end == nullptr) return fail_number(at, "a number");
    if (!to_double(at, parts, out)) return fail(at, errc::out_of_range, "a number that a double can hold");
    return parts.end;
  }

  __attribute__((noinline)) char const* any_unsigned(char const* at, std::uint64_t& out, std::uint64_t most) noexcept {
    auto const parts = split_number(at, end_);
    if (parts.end == nullptr || !parts.whole) return fail_number(at, "a whole number");
    // Of the numbers of 20 digits, those that wrap come out smaller than the smallest of them.
    bool const fits = parts.count < 20 || (parts.count == 20 && *at == '1' && parts.digits >= 10000000000000000000U);
    if (!fits || parts.digits > most || (parts.negative && parts.digits != 0)) {
      return fail(at, errc::out_of_range, "a whole number in the member's range");
    }
    out = parts.digits;
    return parts.end;
  }

  __attribute__((noinline)) char const* any_signed(char const* at, std::int64_t& out, std::uint64_t most) noexcept {
    auto const parts = split_number(at, end_);
    if (parts.end == nullptr || !parts.whole) return fail_number(at, "a whole number");
    if (parts.count > 19 || parts.digits > most + (parts.negative ? 1U : 0U)) {
      return fail(at, errc::out_of_range, "a whole number in the member's range");
    }
    out = static_cast<std::int64_t>(parts.negative ? 0 - parts.digits : parts.digits);
    return parts.end;
  }

  [[nodiscard]] static std::uint32_t four_hex(char const* at) noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i != 4; ++i) value = value * 16 + static_cast<std::uint32_t>(hex_value(at[i]));
    return value;
  }
  [[nodiscard]] bool is_four_hex(char const* at) const noexcept {
    if (end_ - at < 4) return false;
    return hex_value(at[0]) >= 0 && hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0 && hex_value(at[3]) >= 0;
  }

  /// After the escape at `at`; a pair of surrogates is one escape, a lone one is none.
  [[nodiscard]] char const* check_escape(char const* at) noexcept {
    if (end_ - at < 2) return fail(at, errc::syntax, "a character after the backslash");
    if (at[1] != 'u') {
      bool const known = at[1] != '\0' && std::string_view("\"\\/bfnrt").find(at[1]) != std::string_view::npos;
      return known ? at + 2 : fail(at, errc::syntax, "an escape of JSON");
    }
    if (!is_four_hex(at + 2)) return fail(at, errc::syntax, "four hexadecimal digits");
    auto const value = four_hex(at + 2);
    if (value < 0xd800 || value > 0xdfff) return at + 6;
    bool const paired = value < 0xdc00 && end_ - at >= 12 && at[6] == '\\' && at[7] == 'u' && is_four_hex(at + 8) &&
                        four_hex(at + 8) >= 0xdc00 && four_hex(at + 8) <= 0xdfff;
    return paired ? at + 12 : fail(at, errc::encoding, "a pair of surrogates");
  }

  /// Not the number that was wanted: a broken one, another kind of number, or another value.
  __attribute__((noinline)) char const* fail_number(char const* at, std::string_view expected) noexcept {
    bool const starts = at != end_ && (*at == '-' || is_digit(*at));
    bool const broken = starts && split_number(at, end_).end == nullptr;
    return broken ? fail(at, errc::syntax, expected) : fail_type(at, expected);
  }

  /// A member's name and its colon.
  [[nodiscard]] char const* skip_key(char const* at) noexcept {
    std::string_view raw;
    bool             escaped = false;
    if (at == end_ || *at != '"') return fail(at, errc::syntax, "a member's name in quotes");
    at = string_body(at + 1, raw, escaped);
    if (at == nullptr) return nullptr;
    at = skip_blanks(at);
    if (at == end_ || *at != ':') return fail(at, errc::syntax, "':' after the member's name");
    return skip_blanks(at + 1);
  }

  [[nodiscard]] char const* skip_digits(char const* at) const noexcept {
    while (end_ - at >= 8) {
      auto const count = leading_digits(get_word(at));
      at += count;
      if (count != 8) return at;
    }
    while (at != end_ && is_digit(*at)) ++at;
    return at;
  }

  [[nodiscard]] char const* skip_number(char const* const from) noexcept {
    auto const* at = from;
    if (at != end_ && *at == '-') ++at;
    if (at == end_ || !is_digit(*at)) return fail_number(from, "a number");
    if (*at == '0') {
      ++at;
      if (at != end_ && is_digit(*at)) return fail(from, errc::syntax, "a number without leading zeros");
    } else {
      at = skip_digits(at);
    }
    if (at != end_ && *at == '.') {
      auto const* const digits = at + 1;
      at                       = skip_digits(digits);
      if (at == digits) return fail(from, errc::syntax, "a digit after the point");
    }
    if (at != end_ && (*at == 'e' || *at == 'E')) {
      ++at;
      if (at != end_ && (*at == '-' || *at == '+')) ++at;
      auto const* const digits = at;
      at                       = skip_digits(digits);
      if (at == digits) return fail(from, errc::syntax, "a digit in the exponent");
    }
    return at;
  }

  char const*      begin_;
  char const*      end_;
  std::size_t      depth_;
  char const*      bad_ = nullptr;
  errc             code_{};
  std::string_view expected_;
  std::string      path_;
};

inline char const* json_scanner::skip_value(char const* at) noexcept {
  std::array<std::uint64_t, deepest_nesting / 64>
                   objects;  // NOLINT(cppcoreguidelines-pro-type-member-init): one bit a level, set on entry
  std::size_t      level = 0;
  std::string_view raw;
  bool             escaped   = false;
  auto const       in_object = [&] { return (objects[(level - 1) / 64] >> ((level - 1) % 64) & 1U) != 0; };

  for (;;) {
    // A value stands here.
    if (at == end_) return fail(at, errc::syntax, "a value");
    bool const opens_object = *at == '{';
    if (opens_object || *at == '[') {
      if (level == depth_) return fail(at, errc::too_deep, "no deeper nesting");
      auto const bit = std::uint64_t{1} << (level % 64);
      if (opens_object) {
        objects[level / 64] |= bit;
      } else {
        objects[level / 64] &= ~bit;
      }
      ++level;
      at = skip_blanks(at + 1);
      if (at == end_ || *at != (opens_object ? '}' : ']')) {
        if (opens_object) at = skip_key(at);
        if (at == nullptr) return nullptr;
        continue;
      }
      --level;
      ++at;
    } else {
      switch (*at) {
        case '"': at = string_body(at + 1, raw, escaped); break;
        case 't': at = stands(at, "true") ? at + 4 : fail(at, errc::syntax, "a value"); break;
        case 'f': at = stands(at, "false") ? at + 5 : fail(at, errc::syntax, "a value"); break;
        case 'n': at = stands(at, "null") ? at + 4 : fail(at, errc::syntax, "a value"); break;
        default: at = *at == '-' || is_digit(*at) ? skip_number(at) : fail(at, errc::syntax, "a value");
      }
      if (at == nullptr) return nullptr;
    }
    // A value ended here; close what ends here, or go on to the next member.
    for (;;) {
      if (level == 0) return at;
      bool const object = in_object();
      bool       more   = false;
      at                = next_member(at, object ? '}' : ']', more);
      if (at == nullptr) return nullptr;
      if (more) {
        if (object) at = skip_key(at);
        if (at == nullptr) return nullptr;
        break;
      }
      --level;
    }
  }
}

}  // namespace tensorgate::reflect::detail
