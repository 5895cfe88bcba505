// tests/house/coroutine_shapes.hpp: does a source need what g++ 12.2 miscompiles around `co_await`?
//
// Each rule was seen to fail there (a double free, a wrong branch, or an internal error) and to pass on clang:
//   R1  `if`/`switch` whose condition awaits                     bind the value first
//   R2  a lambda that captures by value, in an awaited call      name the lambda, move it in
//   R3  the same beside an await, in another argument            await on a line of its own
//   R4  an aggregate temporary beside an await, also as a        name the aggregate, or return it from a function
//       default argument of a coroutine
//   R5  an aggregate initialised by awaits                       await into locals first
//   R6  `?:` of class type beside an await                       if and else
//   R7  a braced list as an argument beside an await             name the vector
#pragma once

#include <algorithm>    // find, sort, unique
#include <array>        // array
#include <cstddef>      // size_t
#include <map>          // map
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include "house/aggregates.hpp"
#include "house/cpp_tokens.hpp"

namespace tensorgate::house {

struct shape {
  std::string_view rule;
  std::size_t      line;

  friend auto operator<=>(shape const&, shape const&) = default;
};

class shape_search {
 public:
  shape_search(cpp_tokens const& source, aggregates const& known) : source_(source), known_(known) {
    for (std::size_t i = 0; i + 4 < source.size(); ++i) {
      if (source.text(i) == "using" && source.text(i + 2) == "=") read_alias(i + 1);
    }
  }

  [[nodiscard]] std::vector<shape> run() {
    std::vector<extent> seen;
    for (std::size_t i = 0; i != source_.size(); ++i) {
      if (source_.text(i) == "co_await" && source_.text(i - 1) != "operator") seen.push_back(expression_around(i));
      if (source_.text(i) == "task" || source_.text(i) == "awaitable") look_at_defaults(i);
    }
    std::ranges::sort(seen);
    auto const repeated = std::ranges::unique(seen);
    seen.erase(repeated.begin(), repeated.end());
    for (auto const& one : seen) look_at(one);
    std::ranges::sort(found_);
    auto const twice = std::ranges::unique(found_);
    found_.erase(twice.begin(), twice.end());
    return found_;
  }

 private:
  using extent                      = std::pair<std::size_t, std::size_t>;  // [from, to)
  static constexpr std::size_t none = cpp_tokens::none;

  // --- what a name means ---

  /// `using name = [scope::]type;`, where the type is no template's. Another file's names are not this one's.
  void read_alias(std::size_t name) {
    std::size_t last = name + 2;
    while (source_.is_word(last) && source_.text(last + 1) == "::") last += 2;
    if (source_.is_word(last) && source_.text(last + 1) == ";")
      aliases_.emplace(source_.text(name), source_.text(last));
  }

  [[nodiscard]] std::string_view meant_by(std::string_view name) const {
    for (int i = 0; i != 8; ++i) {
      auto const found = aliases_.find(name);
      if (found == aliases_.end()) break;
      name = found->second;
    }
    return name;
  }
  [[nodiscard]] bool is_costly(std::string_view name) const { return known_.is_costly(meant_by(name)); }
  [[nodiscard]] bool is_harmless(std::string_view name) const { return known_.is_harmless(meant_by(name)); }

  // --- what a brace is ---

  /// The `[` of the lambda whose body `{` stands at `brace`, or `none`.
  [[nodiscard]] std::size_t lambda_of(std::size_t brace) const {
    std::size_t i = before_return_type(brace);
    while (i != none &&
           (source_.text(i) == "mutable" || source_.text(i) == "noexcept" || source_.text(i) == "constexpr"))
      --i;
    if (source_.text(i) == ")" && source_.partner(i) != none) i = source_.partner(i) - 1;
    if (source_.text(i) == "noexcept" || source_.text(i) == "mutable") --i;
    if (source_.text(i) == ">") {
      auto const angle = source_.open_angle(i);
      if (angle != none && angle != 0) i = angle - 1;
    }
    if (source_.text(i) != "]" || source_.partner(i) == none) return none;
    std::size_t const open = source_.partner(i);
    bool const        index =
        open != 0 && (source_.is_word(open - 1) || source_.text(open - 1) == ")" || source_.text(open - 1) == "]");
    bool const prefix    = open != 0 && (source_.text(open - 1) == "return" || source_.text(open - 1) == "co_return" ||
                                      source_.text(open - 1) == "co_await" || source_.text(open - 1) == "co_yield");
    bool const attribute = source_.text(open + 1) == "[" || (open != 0 && source_.text(open - 1) == "[");
    return (index && !prefix) || attribute ? none : open;
  }

  /// The token before `-> type` where `brace` opens behind one, else the token before `brace`.
  [[nodiscard]] std::size_t before_return_type(std::size_t brace) const {
    std::size_t i = brace == 0 ? none : brace - 1;
    for (std::size_t back = i; back != none && back + 40 > brace; --back) {
      auto const text = source_.text(back);
      if (text == "->") return back == 0 ? none : back - 1;
      if (text == ")" || text == "]")
        back = source_.partner(back) == none ? back : source_.partner(back);
      else if (!source_.is_word(back) && text != "::" && text != "<" && text != ">" && text != "," && text != "*" &&
               text != "&" && text != "&&" && source_[back].kind != token_kind::number) {
        break;
      }
    }
    return i;
  }

  /// True if the `{` at `brace` opens statements or members, false if it opens a list of initialisers.
  [[nodiscard]] bool is_block(std::size_t brace) const {
    if (brace == 0) return true;
    if (lambda_of(brace) != none) return true;
    auto const before = source_.text(brace - 1);
    auto const within = source_.opener(brace);
    if (within != none && source_.text(within) != "{") return before == ")" && !is_call_brace(brace);
    if (within != none && !is_block(within)) return false;
    if (before == ")" || before == ";" || before == "{" || before == "}" || before == ":" || before == "else" ||
        before == "do" || before == "try" || before == "const" || before == "noexcept" || before == "override" ||
        before == "final" || before == "requires") {
      return true;
    }
    if (before_return_type(brace) != brace - 1) return true;
    for (std::size_t i = brace - 1; i != none; --i) {  // struct x {, namespace x {, f() requires x {
      auto const text = source_.text(i);
      if (text == ";" || text == "{" || text == "}" || text == "=" || text == "(") return false;
      if (text == "struct" || text == "class" || text == "union" || text == "enum" || text == "namespace" ||
          text == "extern" || text == "requires") {
        return true;
      }
      if (text == ")" || text == "]") i = source_.partner(i) == none ? i : source_.partner(i);
      if (i == 0) break;
    }
    return false;
  }

  [[nodiscard]] bool is_call_brace(std::size_t brace) const { return source_.text(brace - 1) != ")"; }

  // --- one full expression ---

  [[nodiscard]] bool is_condition(std::size_t open) const {
    if (open == none || open == 0 || source_.text(open) != "(") return false;
    auto const word = source_.text(open - 1);
    return word == "if" || word == "switch" || word == "while" || word == "for" || word == "catch" ||
           (word == "constexpr" && open > 1 && source_.text(open - 2) == "if");
  }

  /// The full expression or declaration that `at` is part of; of a condition, the condition.
  [[nodiscard]] extent expression_around(std::size_t at) const {
    std::size_t from = at;
    while (from != 0) {
      std::size_t const i    = from - 1;
      auto const        text = source_.text(i);
      if (text == ";" || text == "else" || text == "do") break;
      if (text == "{" && is_block(i)) break;
      if (text == "(" && is_condition(i)) break;
      if (text == ")" || text == "]" || text == "}") {
        auto const open = source_.partner(i);
        if (open == none || is_condition(open)) break;
        if (text == "}" && is_block(open) && lambda_of(open) == none) break;
        from = open;
        continue;
      }
      from = i;
    }
    std::size_t to = at;
    while (to < source_.size()) {
      auto const text = source_.text(to);
      if (text == ";") break;
      if (text == "(" || text == "[" || text == "{") {
        if (source_.partner(to) == none) break;
        to = source_.partner(to) + 1;
        continue;
      }
      if (text == "}" && source_.partner(to) != none && is_block(source_.partner(to))) break;
      if (text == ")" && source_.partner(to) != none && is_condition(source_.partner(to))) break;
      ++to;
    }
    return {from, to};
  }

  void report(std::string_view rule, std::size_t at) { found_.push_back({rule, source_[at].line}); }

  void look_at(extent where) {
    std::vector<std::size_t> awaits;
    for (std::size_t i = where.first; i < where.second; i = next(i)) {
      if (source_.text(i) == "co_await") awaits.push_back(i);
    }
    look_at_condition(where);
    for (std::size_t i = where.first; i < where.second; i = next(i)) {
      if (source_.text(i) == "[")
        look_at_lambda(i, awaits);
      else if (source_.text(i) == "{")
        look_at_braces(i, where, awaits);
      else if (source_.text(i) == "(" && i != where.first)
        look_at_parentheses(i);
      else if (source_.text(i) == "?")
        look_at_choice(i, where);
    }
  }

  /// The next token of the same expression: the bodies of lambdas are expressions of their own.
  [[nodiscard]] std::size_t next(std::size_t i) const {
    if (source_.text(i + 1) == "{" && source_.partner(i + 1) != none && lambda_of(i + 1) != none)
      return source_.partner(i + 1);
    return i + 1;
  }

  void look_at_condition(extent where) {
    if (where.first == 0) return;
    auto const open = source_.opener(where.first);
    if (!is_condition(open) || where.first != open + 1 || source_.partner(open) != where.second)
      return;  // `if (init; …)` was fine
    auto const word = source_.text(open - 1);
    if (word != "if" && word != "switch") return;
    for (std::size_t i = where.first + 1; i < where.second; ++i) {  // `if (auto x = co_await f())` was fine
      if (source_.text(i) == "=" && source_.opener(i) == open && source_.is_word(i - 1) &&
          (source_.is_word(i - 2) || source_.text(i - 2) == ">" || source_.text(i - 2) == "&" ||
           source_.text(i - 2) == "*")) {
        return;
      }
    }
    report("R1", where.first);
  }

  void look_at_lambda(std::size_t open, std::vector<std::size_t> const& awaits) {
    auto const close = source_.partner(open);
    if (close == none) return;
    std::size_t brace = close + 1;
    if (source_.text(brace) == "<") {
      while (brace < source_.size() && source_.text(brace) != "(" && source_.text(brace) != "{") ++brace;
    }
    while (brace < source_.size() && source_.text(brace) != "{" && source_.text(brace) != ";") {
      brace = source_.text(brace) == "(" && source_.partner(brace) != none ? source_.partner(brace) + 1 : brace + 1;
    }
    if (source_.text(brace) != "{" || lambda_of(brace) != open || !captures_by_value(open, close)) return;
    for (auto const await : awaits) {
      if (await < open && open < operand_end(await)) return report("R2", open);
    }
    report("R3", open);
  }

  [[nodiscard]] bool captures_by_value(std::size_t open, std::size_t close) const {
    for (std::size_t i = open + 1; i < close; ++i) {
      while (source_.text(i) == ".") ++i;  // a pack, `...name = value`
      auto const text = source_.text(i);
      bool const held =
          text == "=" || (text == "*" && source_.text(i + 1) == "this") ||
          (source_.is_word(i) && text != "this" && !(source_.text(i + 1) == "=" && source_.text(i + 2) == "&"));
      if (held) return true;
      while (i < close && source_.text(i) != ",") {
        if (source_.text(i) == "(" || source_.text(i) == "{" || source_.text(i) == "[") i = source_.partner(i);
        ++i;
      }
    }
    return false;
  }

  [[nodiscard]] std::size_t operand_end(std::size_t await) const {
    std::size_t i = await + 1;
    for (; i < source_.size(); ++i) {
      auto const text = source_.text(i);
      if (text == "(" || text == "[" || text == "{") {
        if (source_.partner(i) == none) return i;
        i = source_.partner(i);
      } else if (text == ")" || text == "]" || text == "}" || text == "," || text == ";") {
        break;
      }
    }
    return i;
  }

  /// The last word of the type before `at`: `std::array<x, 2>` is `array`, `options` is itself.
  [[nodiscard]] std::string_view type_before(std::size_t at) const {
    if (at == 0) return {};
    std::size_t i = at - 1;
    if (source_.text(i) == ">") {
      auto const angle = source_.open_angle(i);
      if (angle == none || angle == 0) return {};
      i = angle - 1;
    }
    return source_.is_word(i) ? source_.text(i) : std::string_view{};
  }

  void look_at_braces(std::size_t open, extent where, std::vector<std::size_t> const& awaits) {
    auto const close = source_.partner(open);
    if (close == none || is_block(open) || open == where.first) return;
    bool const awaited = std::ranges::any_of(awaits, [&](std::size_t i) { return open < i && i < close; });
    auto const before  = source_.text(open - 1);
    if (before == "(" || before == ",") {
      auto const within = source_.opener(open);
      if (within != none && source_.text(within) == "(") {
        report(source_.text(open + 1) == "." ? "R4" : "R7", open);
        return;
      }
    }
    if (before == "{" || before == ",") {  // an element of a list, of which only the list's type can say what it is
      auto const list = source_.opener(open);
      if (list != none && source_.text(list) == "{" && !is_judged(list)) report(awaited ? "R5" : "R4", open);
      return;
    }
    bool costly = is_costly(type_before(open)) || source_.text(open + 1) == ".";
    if (!costly && source_.is_word(open - 1)) costly = is_costly(type_before(open - 1));  // type name{…}
    if (!costly && before == "=" && source_.is_word(open - 2))
      costly = is_costly(type_before(open - 2)) ||                // type name = {…}
               (awaited && !is_harmless(type_before(open - 2)));  // name = {…}
    if (costly) report(awaited ? "R5" : "R4", open);
  }

  /// True if the type before a list, as in `type{…}`, `type name{…}`, `type name = {…}`, says what its elements are:
  /// nothing to destroy, or a part of what is reported already.
  [[nodiscard]] bool is_judged(std::size_t open) const {
    std::size_t const name = source_.text(open - 1) == "=" ? open - 1 : open;
    auto const judged      = [&](std::size_t at) { return is_costly(type_before(at)) || is_harmless(type_before(at)); };
    return judged(name) || (source_.is_word(name - 1) && judged(name - 1));
  }

  /// `options(a, b)`: an aggregate in parentheses. One argument is a copy or a move, which is sound.
  void look_at_parentheses(std::size_t open) {
    if (!source_.is_word(open - 1) || !is_costly(source_.text(open - 1)) || source_.partner(open) == none) return;
    if (open > 1 && (source_.is_word(open - 2) && source_.text(open - 2) != "return" &&
                     source_.text(open - 2) != "co_await" && source_.text(open - 2) != "co_return")) {
      return;
    }
    if (open > 1 && (source_.text(open - 2) == "." || source_.text(open - 2) == "->")) return;  // a member of that name
    bool several = source_.partner(open) == open + 1;
    for (std::size_t i = open + 1; i < source_.partner(open); ++i) {
      if (source_.text(i) == "," && source_.opener(i) == open) several = true;
    }
    if (several) report("R4", open);
  }

  void look_at_choice(std::size_t mark, extent where) {
    std::size_t colon = mark + 1;
    int         depth = 0;
    for (; colon < where.second; ++colon) {
      auto const text = source_.text(colon);
      if (text == "(" || text == "[" || text == "{")
        colon = source_.partner(colon) == none ? colon : source_.partner(colon);
      else if (text == "?")
        ++depth;
      else if (text == ":" && depth-- == 0)
        break;
    }
    std::size_t const end = operand_end(colon);
    auto const        arm = [&](std::size_t from, std::size_t to) -> std::string_view {
      if (source_.text(from) == "-") ++from;
      if (to >= from + 3 && source_.text(to - 2) == "::" && known_.is_enum(source_.text(to - 3))) return "number";
      if (to != from + 1) return "class";
      if (source_[from].kind == token_kind::number || source_.text(from) == "true" || source_.text(from) == "false")
        return "number";
      if (source_[from].kind == token_kind::text) return source_.text(from).back() == '\'' ? "number" : "text";
      return "class";
    };
    auto const first  = arm(mark + 1, colon);
    auto const second = arm(colon + 1, end);
    if (first == "number" || second == "number" || (first == "text" && second == "text")) return;
    report("R6", mark);
  }

  /// `task<T> f(options how = {})`: leaving the argument out makes the aggregate in the caller's awaited expression.
  void look_at_defaults(std::size_t at) {
    if (source_.text(at + 1) != "<") return;
    std::size_t open  = at + 1;
    int         depth = 0;
    do {
      if (source_.text(open) == "<") ++depth;
      if (source_.text(open) == ">") --depth;
      ++open;
    } while (open < source_.size() && depth > 0 && source_.text(open) != ";");
    while (source_.is_word(open) || source_.text(open) == "::") ++open;
    if (source_.text(open) != "(" || source_.partner(open) == none) return;
    for (std::size_t i = open + 1; i < source_.partner(open); ++i) {
      if (source_.opener(i) != open || source_.text(i) != "=") continue;
      bool const braces = source_.text(i + 1) == "{" || (source_.is_word(i + 1) && source_.text(i + 2) == "{") ||
                          source_.text(i + 2) == "::" || source_.text(i + 2) == "<";
      bool costly = false;
      for (std::size_t back = i - 1; back > open && !(source_.text(back) == "," && source_.opener(back) == open);
           --back) {
        if (source_.is_word(back) && source_.opener(back) == open && source_.text(back) != "array")
          costly = costly || is_costly(source_.text(back));
      }
      if (braces && costly) report("R4", i);
    }
  }

  cpp_tokens const&                            source_;
  aggregates const&                            known_;
  std::vector<shape>                           found_;
  std::map<std::string_view, std::string_view> aliases_;
};

/// The shapes in `source` that g++ 12.2 miscompiles, in the order of their rules. `known` holds the tree's aggregates.
[[nodiscard]] inline std::vector<shape> find_broken_shapes(std::string_view source, aggregates known = {}) {
  cpp_tokens const tokens(source);
  known.read(tokens);
  return shape_search(tokens, known).run();
}

}  // namespace tensorgate::house
