// tensorgate/service/detail/toml_marks.hpp: how is TOML with letters beyond ASCII written in ASCII, and read back?
#pragma once

#include <algorithm>     // all_of, upper_bound
#include <array>         // array
#include <charconv>      // from_chars
#include <cstddef>       // size_t
#include <cstdint>       // uint32_t
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc
#include <utility>       // move
#include <vector>        // vector

#include <tensorgate/core/result.hpp>             // expected, unexpected
#include <tensorgate/core/utf8.hpp>               // put_utf8, utf8_length, utf8_value
#include <tensorgate/service/config_failure.hpp>  // config_problem

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// At least that many hexadecimal digits.
[[nodiscard, gnu::cold]] inline std::string hex_of(std::uint32_t value, std::size_t least) {
  std::string made;
  for (; value != 0 || made.size() < least; value >>= 4U) made.insert(made.begin(), "0123456789ABCDEF"[value & 15U]);
  return made;
}

[[nodiscard, gnu::cold]] inline std::string letter_of(std::uint32_t value) {
  std::array<char, 4> bytes{};
  return {bytes.data(), put_utf8(bytes.data(), value)};
}

/// A text in which each letter beyond ASCII is a mark: a sign, a comma and six hexadecimal digits.
///
/// TOML takes a mark where it takes such a letter, in strings and comments, and nowhere else: the sign stands in no
/// bare key, begins no value and is no escape behind a backslash; the comma ends what looks like a number before it.
/// The sign itself becomes a mark too, and it is one that the text does not write as an escape. So each sign in a
/// string that was read begins a mark.
class marked_toml {
 public:
  /// Where something stands in the text as it was written; columns count letters, as toml++ does.
  struct place {
    std::size_t   line   = 0;
    std::size_t   column = 0;
    std::uint32_t letter = 0;  ///< what became a mark, if it stands here
  };

  /// The problem names line and column, and no source.
  [[nodiscard, gnu::cold]] static expected<marked_toml, config_problem> of(std::string_view text) {
    marked_toml       made;
    place             at{1, 1};
    bool const        any = !std::all_of(text.begin(), text.end(), [](unsigned char one) { return one < 0x80; });
    auto const* const end = text.data() + text.size();
    if (any) made.sign_ = free_sign(text);
    made.text_.reserve(text.size());
    std::size_t column = 1;  // in the marked text
    for (auto const* one = text.data(); one != end;) {
      auto const length = utf8_length(one, end);
      if (length == 0) return wrong(at, "not TOML: the text is not UTF-8");
      if (length > 1 && made.sign_ == 0)
        return wrong(at, "letters beyond ASCII cannot be read while each of " + std::string(signs) +
                             " is written as an escape; write one of these as itself");
      at.letter = length > 1 || (any && *one == made.sign_) ? utf8_value(one, length) : 0;
      if (at.letter != 0) {
        made.marks_.push_back({at, column});
        made.text_ += made.sign_;
        made.text_ += ',';
        made.text_ += hex_of(at.letter, digits);
      } else {
        made.text_ += *one;
      }
      if (*one == '\n') {
        ++at.line;
        at.column = column = 1;
      } else {
        ++at.column;
        column += at.letter != 0 ? mark_size : 1;
      }
      one += length;
    }
    return made;
  }

  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] bool             has_marks() const noexcept { return !marks_.empty(); }

  /// A piece of the marked text as it was written. What is left of a mark that was cut is left out: words of the parser
  /// have such.
  [[nodiscard, gnu::cold]] std::string restored(std::string_view piece) const {
    std::string made;
    while (has_marks() && !piece.empty()) {
      auto const before = piece.substr(0, piece.find(sign_));
      made += before;
      piece.remove_prefix(before.size());
      auto const    found  = piece.substr(0, mark_size);
      std::uint32_t letter = 0;
      std::size_t   fits   = 0;
      while (fits != found.size() && continues_mark(found[fits], fits, letter)) ++fits;
      if (fits == mark_size) made += letter_of(letter);
      piece.remove_prefix(fits);
    }
    return made += piece;
  }

  /// A place of the marked text as one of the text that was written.
  [[nodiscard, gnu::cold]] place written(std::size_t line, std::size_t column) const noexcept {
    auto const after = std::upper_bound(
        marks_.begin(), marks_.end(), place{line, column},
        [](place const& a, mark const& b) { return a.line != b.at.line ? a.line < b.at.line : a.column < b.column; });
    if (after == marks_.begin() || after[-1].at.line != line) return {line, column};
    auto const& last = after[-1];
    if (column < last.column + mark_size) return last.at;
    return {line, last.at.column + 1 + (column - last.column - mark_size)};
  }

 private:
  struct mark {
    place       at{};        ///< in the text that was written
    std::size_t column = 0;  ///< in the marked text
  };

  static constexpr std::string_view signs     = "`^~|!$%&*;<>?@";
  static constexpr std::size_t      digits    = 6;
  static constexpr std::size_t      mark_size = digits + 2;

  marked_toml() = default;

  [[nodiscard, gnu::cold]] static unexpected<config_problem> wrong(place const& at, std::string said) {
    return unexpected<config_problem>(config_problem{.line = at.line, .column = at.column, .said = std::move(said)});
  }

  /// True if `one` may stand at `index` of a mark; a digit is added to the letter.
  [[nodiscard]] bool continues_mark(char one, std::size_t index, std::uint32_t& letter) const noexcept {
    if (index < 2) return one == (index == 0 ? sign_ : ',');
    std::uint32_t digit = 0;
    if (std::from_chars(&one, &one + 1, digit, 16).ec != std::errc{}) return false;
    letter = letter << 4U | digit;
    return true;
  }

  /// A sign that no escape of the text stands for; 0 if there is none.
  [[nodiscard, gnu::cold]] static char free_sign(std::string_view text) {
    std::array<bool, 256> escaped{};
    for (auto at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 1)) {
      auto rest = text.substr(at + 1);
      rest.remove_prefix(rest.starts_with("u00") ? 3 : rest.starts_with("U000000") ? 7 : rest.size());
      auto const    two   = rest.substr(0, 2);
      unsigned char value = 0;
      if (std::from_chars(two.data(), two.data() + two.size(), value, 16).ec == std::errc{}) escaped[value] = true;
    }
    for (char const sign : signs) {
      if (!escaped[static_cast<unsigned char>(sign)]) return sign;
    }
    return 0;
  }

  std::string       text_{};
  std::vector<mark> marks_{};
  char              sign_ = 0;
};

}  // namespace tensorgate::service_detail
