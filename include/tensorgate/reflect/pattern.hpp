// tensorgate/reflect/pattern.hpp: does a text match an expression, in time linear in the text?
//
// Understood, with the meaning they have in ECMA-262, so that the same words may stand in a JSON schema: ASCII
// literals, `.`, classes `[a-z_]` and `[^"]`, `\d \w \s` and their opposites, `\` before punctuation,
// `* + ? {m} {m,} {m,n}`, `( )`, `(?: )`, `|`. The whole text must match: `^` at the start and `$` at the end may be
// written and change nothing. Anything else does not compile. There is no backtracking: all ways through the
// expression are followed at once.
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <stdexcept>    // invalid_argument
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>   // TENSORGATE_ABI
#include <tensorgate/core/utf8.hpp>  // utf8_length

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// An expression without the anchors at its ends: the whole text must match with or without them.
[[nodiscard]] constexpr std::string_view unanchored(std::string_view source) noexcept {
  if (source.starts_with('^')) source.remove_prefix(1);
  if (source.ends_with('$') && !source.ends_with("\\$")) source.remove_suffix(1);
  return source;
}

/// A set of characters: each ASCII one by itself, all others together.
struct character_set {
  std::array<std::uint64_t, 2> ascii{};
  bool                         others = false;

  constexpr void add(unsigned c) noexcept { ascii[c / 64] |= std::uint64_t{1} << (c % 64); }
  constexpr void add(character_set const& set) noexcept {
    ascii[0] |= set.ascii[0];
    ascii[1] |= set.ascii[1];
    others = others || set.others;
  }
  constexpr void invert() noexcept {
    ascii  = {~ascii[0], ~ascii[1]};
    others = !others;
  }
  [[nodiscard]] constexpr bool has(unsigned char c) const noexcept {
    return c < 128 ? (ascii[c / 64] >> (c % 64) & 1U) != 0 : others;
  }
};

class pattern_program {
 public:
  static constexpr std::size_t max_steps = 256;  // of the expression, repetitions written out
  static constexpr std::size_t max_sets  = 32;

  consteval explicit pattern_program(std::string_view source) : source_(unanchored(source)) {
    choice(0, source_.size());
    emit({.kind = accept});
    source_ = {};
  }

  /// True if the whole of `text`, which is UTF-8, matches.
  [[nodiscard]] bool matches(std::string_view text) const noexcept {
    state_set now;
    follow(now, 0);
    auto const* at  = text.data();
    auto const* end = at + text.size();
    while (at != end) {
      auto const length = utf8_length(at, end);
      if (length == 0) return false;
      auto const lead = static_cast<unsigned char>(*at);
      at += length;
      state_set next;
      bool      any = false;
      for (std::size_t i = 0; i != size_; ++i) {
        if (steps_[i].kind == consume && now.has(i) && sets_[steps_[i].first].has(lead)) {
          follow(next, i + 1);
          any = true;
        }
      }
      if (!any) return false;
      now = next;
    }
    return now.has(size_ - 1);
  }

 private:
  enum step_kind : std::uint8_t { consume, branch, jump, accept };
  struct step {
    step_kind     kind   = accept;
    std::uint16_t first  = 0;  // consume: which set; branch and jump: where to
    std::uint16_t second = 0;  // branch: the other way
  };
  struct state_set {
    std::array<std::uint64_t, max_steps / 64> bits{};
    [[nodiscard]] bool has(std::size_t i) const noexcept { return (bits[i / 64] >> (i % 64) & 1U) != 0; }
    void               add(std::size_t i) noexcept { bits[i / 64] |= std::uint64_t{1} << (i % 64); }
  };

  // Adds a state and all that is reached from it without consuming. Each is put on the stack at most once.
  void follow(state_set& states, std::size_t from) const noexcept {
    std::array<std::uint16_t, max_steps> stack;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled as it grows
    std::size_t                          depth = 0;
    auto const                           push  = [&](std::size_t i) {
      if (!states.has(i)) {
        states.add(i);
        stack[depth++] = static_cast<std::uint16_t>(i);
      }
    };
    push(from);
    while (depth != 0) {
      auto const& one = steps_[stack[--depth]];
      if (one.kind == branch || one.kind == jump) push(one.first);
      if (one.kind == branch) push(one.second);
    }
  }

  consteval std::size_t emit(step one) {
    if (size_ == max_steps) throw std::invalid_argument("the pattern is too large");
    steps_[size_] = one;
    return size_++;
  }
  consteval void emit_set(character_set const& set) {
    if (set_count_ == max_sets) throw std::invalid_argument("the pattern has too many classes");
    std::size_t i = 0;
    while (i != set_count_ && !(sets_[i].ascii == set.ascii && sets_[i].others == set.others)) ++i;
    if (i == set_count_) sets_[set_count_++] = set;
    emit({.kind = consume, .first = static_cast<std::uint16_t>(i)});
  }

  // Where the atom that starts at `at` ends.
  [[nodiscard]] consteval std::size_t atom_end(std::size_t at, std::size_t end) const {
    if (source_[at] == '\\') {
      if (at + 1 == end) throw std::invalid_argument("a backslash ends the pattern");
      return at + 2;
    }
    if (source_[at] == '[') {
      ++at;
      if (at != end && source_[at] == '^') ++at;
      while (at != end && source_[at] != ']') at += source_[at] == '\\' ? 2 : 1;
      if (at >= end) throw std::invalid_argument("a class is not closed");
      return at + 1;
    }
    if (source_[at] == '(') {
      ++at;
      while (at < end && source_[at] != ')') at = atom_end(at, end);
      if (at >= end) throw std::invalid_argument("a group is not closed");
      return at + 1;
    }
    return at + 1;
  }

  consteval void choice(std::size_t at, std::size_t end) {
    auto bar = at;
    while (bar < end && source_[bar] != '|') bar = atom_end(bar, end);
    if (bar >= end) return sequence(at, end);
    auto const split    = emit({.kind = branch});
    steps_[split].first = static_cast<std::uint16_t>(size_);
    sequence(at, bar);
    auto const out       = emit({.kind = jump});
    steps_[split].second = static_cast<std::uint16_t>(size_);
    choice(bar + 1, end);
    steps_[out].first = static_cast<std::uint16_t>(size_);
  }

  consteval std::size_t number(std::size_t& at, std::size_t end) const {
    std::size_t value = 0;
    auto const  from  = at;
    for (; at != end && source_[at] >= '0' && source_[at] <= '9'; ++at) {
      value = value * 10 + static_cast<std::size_t>(source_[at] - '0');
      if (value > max_steps) throw std::invalid_argument("the pattern repeats too often");
    }
    if (at == from) throw std::invalid_argument("a repetition needs a number");
    return value;
  }

  consteval void sequence(std::size_t at, std::size_t end) {
    constexpr std::size_t without_end = ~std::size_t{0};
    while (at < end) {
      auto const  stop  = atom_end(at, end);
      auto        next  = stop;
      std::size_t least = 1;
      std::size_t most  = 1;
      if (next < end && (source_[next] == '*' || source_[next] == '+' || source_[next] == '?')) {
        least = source_[next] == '+' ? 1 : 0;
        most  = source_[next] == '?' ? 1 : without_end;
        ++next;
      } else if (next < end && source_[next] == '{') {
        ++next;
        least = most = number(next, end);
        if (next != end && source_[next] == ',') {
          ++next;
          most = next != end && source_[next] == '}' ? without_end : number(next, end);
        }
        if (next == end || source_[next++] != '}' || most < least)
          throw std::invalid_argument("a repetition is malformed");
      }
      for (std::size_t i = 0; i != least; ++i) atom(at, stop);
      if (most == without_end) {
        auto const split    = emit({.kind = branch});
        steps_[split].first = static_cast<std::uint16_t>(size_);
        atom(at, stop);
        emit({.kind = jump, .first = static_cast<std::uint16_t>(split)});
        steps_[split].second = static_cast<std::uint16_t>(size_);
      } else {
        for (std::size_t i = least; i != most; ++i) {  // x{0,2} is (x|)(x|)
          auto const split    = emit({.kind = branch});
          steps_[split].first = static_cast<std::uint16_t>(size_);
          atom(at, stop);
          steps_[split].second = static_cast<std::uint16_t>(size_);
        }
      }
      at = next;
    }
  }

  consteval void atom(std::size_t at, std::size_t stop) {
    char const    c = source_[at];
    character_set set;
    if (c == '(') {
      ++at;
      if (source_[at] == '?') {
        if (source_[at + 1] != ':') throw std::invalid_argument("of (?…) only (?:…) is understood");
        at += 2;
      }
      return choice(at, stop - 1);
    }
    if (c == '[') {
      set = bracket(at + 1, stop - 1);
    } else if (c == '.') {
      set.add('\n');
      set.add('\r');
      set.invert();
    } else if (c == '\\') {
      set = escape(source_[at + 1]);
    } else if (c == '*' || c == '+' || c == '?' || c == '{' || c == '}' || c == ')' || c == ']' || c == '^' ||
               c == '$') {
      throw std::invalid_argument("a character with a meaning stands where it has none; write a backslash before it");
    } else {
      set.add(literal(c));
    }
    emit_set(set);
  }

  static consteval unsigned literal(char c) {
    auto const value = static_cast<unsigned char>(c);
    if (value >= 128) throw std::invalid_argument("a pattern names ASCII characters only");
    return value;
  }

  static consteval character_set escape(char c) {
    character_set set;
    if (c == 'd' || c == 'D' || c == 'w' || c == 'W') {
      for (unsigned i = '0'; i <= '9'; ++i) set.add(i);
    }
    if (c == 'w' || c == 'W') {
      for (unsigned i = 'a'; i <= 'z'; ++i) set.add(i);
      for (unsigned i = 'A'; i <= 'Z'; ++i) set.add(i);
      set.add('_');
    }
    if (c == 's' || c == 'S') {
      for (char const blank : {' ', '\t', '\n', '\r', '\v', '\f'}) set.add(static_cast<unsigned>(blank));
    }
    if (c == 'D' || c == 'W' || c == 'S') set.invert();
    bool const known = c == 'd' || c == 'D' || c == 'w' || c == 'W' || c == 's' || c == 'S';
    if (known) return set;
    if (c == 'n' || c == 'r' || c == 't') {
      set.add(c == 'n' ? '\n' : c == 'r' ? '\r' : '\t');
      return set;
    }
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
      throw std::invalid_argument("an escape is not understood");
    set.add(literal(c));
    return set;
  }

  [[nodiscard]] consteval character_set bracket(std::size_t at, std::size_t end) const {
    character_set set;
    bool const    inverted = at != end && source_[at] == '^';
    if (inverted) ++at;
    while (at != end) {
      if (source_[at] == '\\') {
        set.add(escape(source_[at + 1]));
        at += 2;
        continue;
      }
      auto const from = literal(source_[at++]);
      if (at + 1 < end && source_[at] == '-' && source_[at + 1] != '\\') {
        auto const to = literal(source_[at + 1]);
        if (to < from) throw std::invalid_argument("a range runs backwards");
        for (unsigned i = from; i <= to; ++i) set.add(i);
        at += 2;
      } else {
        set.add(from);
      }
    }
    if (inverted) set.invert();
    return set;
  }

  std::string_view                    source_;
  std::array<step, max_steps>         steps_{};
  std::array<character_set, max_sets> sets_{};
  std::size_t                         size_      = 0;
  std::size_t                         set_count_ = 0;
};

}  // namespace tensorgate::reflect
