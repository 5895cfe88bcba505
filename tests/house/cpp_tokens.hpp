// tests/house/cpp_tokens.hpp: C++ source as tokens, with its brackets matched; enough for rules about shapes.
#pragma once

#include <cctype>       // isalnum, isdigit
#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace tensorgate::house {

enum class token_kind { word, number, text, mark };

struct token {
  token_kind       kind;
  std::string_view text;  // a view of the source
  std::size_t      line;  // from 1
};

/// The tokens of a source; comments and preprocessor lines are left out.
class cpp_tokens {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  explicit cpp_tokens(std::string_view source) : source_(source) {
    while (skip_blank()) read_one();
    match_brackets();
  }

  [[nodiscard]] std::size_t      size() const { return tokens_.size(); }
  [[nodiscard]] token const&     operator[](std::size_t i) const { return tokens_[i]; }
  [[nodiscard]] std::string_view text(std::size_t i) const { return i < tokens_.size() ? tokens_[i].text : ""; }
  [[nodiscard]] bool is_word(std::size_t i) const { return i < tokens_.size() && tokens_[i].kind == token_kind::word; }
  /// The bracket that belongs to the one at `i`, or `none`.
  [[nodiscard]] std::size_t partner(std::size_t i) const { return partner_[i]; }
  /// The innermost bracket that is open at `i`, or `none`.
  [[nodiscard]] std::size_t opener(std::size_t i) const { return opener_[i]; }

  /// `i` stands behind a closing angle bracket: the index of the opening one, or `none`. Only sound in a type.
  [[nodiscard]] std::size_t open_angle(std::size_t closing) const {
    int depth = 0;
    for (std::size_t i = closing; i != none; --i) {
      if (text(i) == ">")
        ++depth;
      else if (text(i) == "<" && --depth == 0)
        return i;
      else if (text(i) == ")" || text(i) == "]" || text(i) == "}")
        i = partner_[i] == none ? i : partner_[i];
      else if (text(i) == ";" || text(i) == "{")
        return none;
      if (i == 0) return none;
    }
    return none;
  }

 private:
  static bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
  static bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

  [[nodiscard]] char at(std::size_t offset = 0) const {
    return here_ + offset < source_.size() ? source_[here_ + offset] : '\0';
  }

  void step(std::size_t count) {
    for (; count != 0 && here_ < source_.size(); --count, ++here_) {
      if (source_[here_] == '\n') {
        ++line_;
        line_start_ = true;
      }
    }
  }

  /// To the next token; false at the end.
  bool skip_blank() {
    while (here_ < source_.size()) {
      if (std::isspace(static_cast<unsigned char>(at())) != 0)
        step(1);
      else if (at() == '/' && at(1) == '/')
        skip_line();
      else if (at() == '/' && at(1) == '*') {
        auto const end = source_.find("*/", here_ + 2);
        step(end == std::string_view::npos ? source_.size() : end + 2 - here_);
      } else if (at() == '#' && line_start_)
        skip_line();
      else
        return true;
    }
    return false;
  }

  /// To the end of the line, and of those that continue it.
  void skip_line() {
    while (here_ < source_.size() && at() != '\n') {
      if (at() == '\\' && at(1) == '\n') step(1);
      step(1);
    }
  }

  void read_one() {
    line_start_            = false;
    std::size_t const from = here_;
    std::size_t const line = line_;
    token_kind        kind = token_kind::mark;
    if (is_digit(at()) || (at() == '.' && is_digit(at(1)))) {
      kind = token_kind::number;
      while (is_letter(at()) || at() == '.' || (at() == '\'' && is_letter(at(1)))) step(1);
    } else if (is_letter(at())) {
      kind = token_kind::word;
      while (is_letter(at())) step(1);
      if (at() == '"' || at() == '\'') {
        kind = token_kind::text;
        if (source_[here_ - 1] == 'R' && at() == '"')
          read_raw();
        else
          read_quoted(at());
      }
    } else if (at() == '"' || at() == '\'') {
      kind = token_kind::text;
      read_quoted(at());
    } else {
      static constexpr std::string_view two[] = {"::", "->", "==", "!=", "<=", "&&", "||",
                                                 "<<", "+=", "-=", "*=", "/=", "|=", "&="};
      std::size_t                       width = 1;
      for (auto const mark : two) {
        if (source_.substr(here_, 2) == mark) width = 2;
      }
      step(width);
    }
    tokens_.push_back({kind, source_.substr(from, here_ - from), line});
  }

  void read_quoted(char quote) {
    step(1);
    while (here_ < source_.size() && at() != quote && at() != '\n') step(at() == '\\' ? 2 : 1);
    step(1);
  }

  void read_raw() {
    auto const        open = source_.find('(', here_);
    std::string const end  = ")" + std::string(source_.substr(here_ + 1, open - here_ - 1)) + "\"";
    auto const        stop = source_.find(end, open);
    step(stop == std::string_view::npos ? source_.size() : stop + end.size() - here_);
    line_start_ = false;
  }

  void match_brackets() {
    partner_.assign(tokens_.size(), none);
    opener_.assign(tokens_.size(), none);
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i != tokens_.size(); ++i) {
      bool const mark = tokens_[i].kind == token_kind::mark;
      auto const text = tokens_[i].text;
      if (mark && (text == ")" || text == "]" || text == "}") && !open.empty()) {
        partner_[i]           = open.back();
        partner_[open.back()] = i;
        open.pop_back();
      }
      opener_[i] = open.empty() ? none : open.back();
      if (mark && (text == "(" || text == "[" || text == "{")) open.push_back(i);
    }
  }

  std::string_view         source_;
  std::size_t              here_       = 0;
  std::size_t              line_       = 1;
  bool                     line_start_ = true;
  std::vector<token>       tokens_;
  std::vector<std::size_t> partner_;
  std::vector<std::size_t> opener_;
};

}  // namespace tensorgate::house
