// tensorgate/service/arguments.hpp: the words behind a command, taken one by one until none is left over.
#pragma once

#include <algorithm>     // find
#include <charconv>      // from_chars
#include <cstddef>       // size_t
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc
#include <utility>       // move
#include <vector>        // vector

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// A command takes the flags that it knows, then its plain words, and asks at last `complaint()` whether all was
/// understood:
///
///     auto const tier = args.value("--tier");
///     auto const name = args.word();
///     if (auto const wrong = args.complaint()) …
class arguments {
 public:
  arguments() = default;
  explicit arguments(std::vector<std::string> words) : words_(std::move(words)) {}

  /// True if the flag is there; it is taken away.
  bool flag(std::string_view name) {
    auto const at = find(name);
    if (at == words_.size()) return false;
    words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
  }

  /// The value of `--name value` or `--name=value`; both words are taken away.
  std::optional<std::string> value(std::string_view name) {
    for (std::size_t i = 0; i != end_of_flags(); ++i) {
      if (words_[i] == name) {
        if (i + 1 == end_of_flags()) {
          if (wrong_.empty()) wrong_ = std::string(name) + ": expected a value behind it";
          words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
          return std::nullopt;
        }
        auto found = std::move(words_[i + 1]);
        words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i),
                     words_.begin() + static_cast<std::ptrdiff_t>(i) + 2);
        return found;
      }
      if (words_[i].size() > name.size() && words_[i].starts_with(name) && words_[i][name.size()] == '=') {
        auto found = words_[i].substr(name.size() + 1);
        words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
        return found;
      }
    }
    return std::nullopt;
  }

  /// The value as a whole number.
  template <class N>
  std::optional<N> number(std::string_view name) {
    auto const text = value(name);
    if (!text) return std::nullopt;
    N          made{};
    auto const got = std::from_chars(text->data(), text->data() + text->size(), made);
    if (text->empty() || got.ec != std::errc{} || got.ptr != text->data() + text->size()) {
      if (wrong_.empty()) wrong_ = std::string(name) + ": expected a whole number, found \"" + *text + "\"";
      return std::nullopt;
    }
    return made;
  }

  /// The next plain word. Flags must be taken before.
  std::optional<std::string> word() {
    for (std::size_t i = 0; i != words_.size(); ++i) {
      bool const plain = i >= end_of_flags() ? words_[i] != "--" || i != end_of_flags() : !is_flag(words_[i]);
      if (!plain) continue;
      auto found = std::move(words_[i]);
      words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
      return found;
    }
    return std::nullopt;
  }

  /// What was not understood; nothing when all was.
  [[nodiscard]] std::optional<std::string> complaint() const {
    if (!wrong_.empty()) return wrong_;
    for (auto const& one : words_) {
      if (one != "--") return "\"" + one + "\" is not understood here; see --help";
    }
    return std::nullopt;
  }

  /// Notes a mistake that the command found itself; the first one counts.
  void refuse(std::string said) {
    if (wrong_.empty()) wrong_ = std::move(said);
  }

 private:
  static bool               is_flag(std::string const& word) { return word.size() > 1 && word.front() == '-'; }
  [[nodiscard]] std::size_t end_of_flags() const {
    return static_cast<std::size_t>(std::find(words_.begin(), words_.end(), "--") - words_.begin());
  }
  [[nodiscard]] std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i != end_of_flags(); ++i) {
      if (words_[i] == name) return i;
    }
    return words_.size();
  }

  std::vector<std::string> words_;
  std::string              wrong_;
};

}  // namespace tensorgate
