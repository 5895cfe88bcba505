// tests/house/aggregates.hpp: which types of the tree are aggregates whose destruction does something?
#pragma once

#include <cstddef>      // size_t
#include <map>          // map
#include <set>          // set
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include "house/cpp_tokens.hpp"

namespace tensorgate::house {

/// Judged by names and by what is written: a struct without constructors, virtual functions and private parts is an
/// aggregate; it is trivial when every word of its members' types is known to be.
class aggregates {
 public:
  void read(cpp_tokens const& source) {
    for (std::size_t i = 0; i + 1 < source.size(); ++i) {
      if (source.text(i) == "enum") {
        std::size_t const name = i + (source.text(i + 1) == "class" || source.text(i + 1) == "struct" ? 2 : 1);
        enums_.emplace(source.text(name));
        i = name;
      } else if (source.text(i) == "struct") {
        read_struct(source, i);
      }
    }
  }

  [[nodiscard]] bool is_enum(std::string_view name) const { return enums_.contains(name); }

  /// True if a temporary `name{…}` is an aggregate with something to destroy.
  [[nodiscard]] bool is_costly(std::string_view name) const {
    if (name == "array") return true;
    auto const found = members_.find(name);
    if (found == members_.end()) return false;
    std::set<std::string_view> open;
    return !is_trivial(name, open);
  }

  /// True if nothing of that name has anything to destroy.
  [[nodiscard]] bool is_harmless(std::string_view name) const {
    static std::set<std::string_view> const hold = {"std", "array", "optional", "pair", "tuple", "atomic"};
    std::set<std::string_view>              open;
    return !name.empty() && !hold.contains(name) && is_trivial(name, open);
  }

 private:
  static inline std::set<std::string_view> const trivial = {
      "std",         "const",        "volatile",   "mutable",    "unsigned",     "signed",       "int",
      "long",        "short",        "char",       "bool",       "float",        "double",       "size_t",
      "ptrdiff_t",   "byte",         "int8_t",     "int16_t",    "int32_t",      "int64_t",      "uint8_t",
      "uint16_t",    "uint32_t",     "uint64_t",   "intptr_t",   "uintptr_t",    "ssize_t",      "string_view",
      "bytes_view",  "span",         "chrono",     "seconds",    "milliseconds", "microseconds", "nanoseconds",
      "minutes",     "hours",        "days",       "time_point", "steady_clock", "system_clock", "sys_time",
      "unix_millis", "steady_point", "error_code", "array",      "optional",     "pair",         "tuple",
      "atomic",      "duration",     "constexpr",  "inline",     "char8_t",      "off_t",        "pid_t",
      "mode_t",      "in_addr",      "in6_addr",   "alignas",    "failure",      "tensorgate"};

  [[nodiscard]] bool is_trivial(std::string_view name, std::set<std::string_view>& open) const {
    if (trivial.contains(name) || enums_.contains(name)) return true;
    auto const found = members_.find(name);
    if (found == members_.end()) return false;
    if (!open.insert(name).second) return true;  // itself again, by pointer or span
    for (auto const& word : found->second) {
      if (!is_trivial(word, open)) return false;
    }
    return true;
  }

  void read_struct(cpp_tokens const& source, std::size_t at) {
    std::size_t i = at + 1;
    while (source.text(i) == "[" || source.text(i) == "alignas")
      i = source.partner(source.text(i) == "[" ? i : i + 1) + 1;
    if (!source.is_word(i)) return;
    auto const               name = source.text(i);
    std::vector<std::string> words;
    bool                     bases = false;
    for (++i; i < source.size() && source.text(i) != "{"; ++i) {
      if (source.text(i) == ";" || source.text(i) == "(" || source.text(i) == ")" || source.text(i) == "=") return;
      if (source.text(i) == ":")
        bases = true;
      else if (bases && source.is_word(i) && source.text(i) != "public")
        words.emplace_back(source.text(i));
    }
    if (i >= source.size() || source.partner(i) == cpp_tokens::none) return;
    if (!read_members(source, name, i, source.partner(i), words)) return;
    // One name may be a struct in two rooms: what either holds counts.
    auto& known = members_[std::string(name)];
    known.insert(known.end(), words.begin(), words.end());
  }

  /// False if the struct has what an aggregate may not have.
  static bool read_members(cpp_tokens const& source, std::string_view name, std::size_t open, std::size_t close,
                           std::vector<std::string>& words) {
    std::size_t begin = open + 1;
    for (std::size_t i = begin; i < close; ++i) {
      auto const text = source.text(i);
      if (text == "virtual") return false;
      if ((text == "private" || text == "protected") && source.text(i + 1) == ":") return false;
      if (text == "public" && source.text(i + 1) == ":") {
        begin = i + 2;
      } else if (text == name && source.text(i + 1) == "(" && source.text(i - 1) != "~" &&
                 is_declared_at(source, begin, i)) {
        return false;  // a constructor
      } else if (text == "(" || text == "[") {
        i = source.partner(i);
      } else if (text == "{") {
        i = source.partner(i);
        if (source.text(i + 1) != ";" && source.text(i + 1) != ",") {  // the body of a function or of a type
          begin = i + 1;
        }
      } else if (text == ";") {
        if (!read_member(source, begin, i, words)) return false;
        begin = i + 1;
      }
      if (i == cpp_tokens::none) return false;
    }
    return true;
  }

  /// True if nothing but specifiers stands before `at`.
  static bool is_declared_at(cpp_tokens const& source, std::size_t begin, std::size_t at) {
    static std::set<std::string_view> const specifiers = {"explicit", "constexpr", "consteval", "inline", "template"};
    for (std::size_t i = begin; i < at; ++i) {
      auto const text = source.text(i);
      if (text == "(" || text == "[")
        i = source.partner(i);
      else if (text == "<") {
        while (i < at && source.text(i) != ">") ++i;
      } else if (!specifiers.contains(text) && text != ">")
        return false;
    }
    return true;
  }

  static bool read_member(cpp_tokens const& source, std::size_t begin, std::size_t end,
                          std::vector<std::string>& words) {
    static std::set<std::string_view> const others = {"friend", "static", "typedef", "template",     "enum",
                                                      "struct", "class",  "union",   "static_assert"};
    if (begin >= end) return true;
    if (source.text(begin) == "using") return source.text(end - 1) != source.text(end - 3);  // using base::base
    if (others.contains(source.text(begin))) return true;
    std::vector<std::string_view> type;
    for (std::size_t i = begin; i < end; ++i) {
      auto const text = source.text(i);
      if (text == "=" || text == "{") break;
      if (text == "(" || text == "operator") return true;  // a function
      if (text == "[") {
        i = source.partner(i);
      } else if (text == "*" || text == "&" || text == "->") {
        return true;  // refers, owns nothing
      } else if (source.is_word(i)) {
        type.push_back(text);
      }
    }
    if (!type.empty()) type.pop_back();  // the member's own name
    for (auto const word : type) words.emplace_back(word);
    return true;
  }

  std::map<std::string, std::vector<std::string>, std::less<>> members_;
  std::set<std::string, std::less<>>                           enums_;
};

}  // namespace tensorgate::house
