// tensorgate/service/detail/config_tree.hpp: settings as they were written, each with the place where it was written.
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <memory>       // shared_ptr
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move, pair
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// Where a value was written.
struct config_origin {
  std::shared_ptr<std::string const> source{};    ///< a file's name, an environment variable or a flag
  std::size_t                        line   = 0;  ///< from 1; 0 where there are no lines
  std::size_t                        column = 0;
};

/// One value as it was written. `text` comes from the environment and from flags and takes the type of its setting;
/// `string` was written in quotes.
struct config_node {
  enum class kind : std::uint8_t { absent, text, string, boolean, integer, real, array, table, date };

  kind                                             is = kind::absent;
  std::string                                      text{};
  bool                                             boolean = false;
  std::int64_t                                     integer = 0;
  double                                           real    = 0;
  std::vector<config_node>                         items{};
  std::vector<std::pair<std::string, config_node>> members{};
  config_origin                                    origin{};

  [[nodiscard]] config_node const* find(std::string_view name) const noexcept {
    for (auto const& [key, value] : members) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  /// The member of that name, made when there is none; this becomes a table if it was not one.
  config_node& at(std::string_view name) {
    if (is != kind::table) {
      is = kind::table;
      members.clear();
    }
    for (auto& [key, value] : members) {
      if (key == name) return value;
    }
    return members.emplace_back(std::string(name), config_node{}).second;
  }
};

[[nodiscard]] constexpr std::string_view name_of(config_node::kind which) noexcept {
  switch (which) {
    case config_node::kind::absent: return "nothing";
    case config_node::kind::text:
    case config_node::kind::string: return "text";
    case config_node::kind::boolean: return "a true or false";
    case config_node::kind::integer: return "an integer";
    case config_node::kind::real: return "a number with a fraction";
    case config_node::kind::array: return "a list";
    case config_node::kind::table: return "a table";
    case config_node::kind::date: return "a date";
  }
  return "something else";
}

/// Puts a text at a dotted path, over whatever an earlier source said there.
[[gnu::cold]] inline void put_text(config_node& root, std::string_view path, std::string value, config_origin origin) {
  config_node* at = &root;
  while (true) {
    auto const dot = path.find('.');
    at             = &at->at(path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  *at        = config_node{};
  at->is     = config_node::kind::text;
  at->text   = std::move(value);
  at->origin = std::move(origin);
}

/// How many letters must change to make one word of the other (insert, delete, replace, or swap of neighbours).
[[nodiscard, gnu::cold]] inline std::size_t distance_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      auto       best     = replaced < last[j] + 1 ? replaced : last[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
        best = before[j - 2] + 1;
      now[j] = best;
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

/// The word that was probably meant; empty when none is near.
[[nodiscard, gnu::cold]] inline std::string_view nearest(std::string_view                     word,
                                                         std::vector<std::string_view> const& known) {
  if (word.size() > 64) return {};
  std::string_view best;
  std::size_t      least = word.size() < 4 ? 2 : word.size() / 3 + 2;  // further away is a guess
  for (auto const one : known) {
    auto const far = distance_between(word, one);
    if (far < least) {
      least = far;
      best  = one;
    }
  }
  return best;
}

}  // namespace tensorgate::service_detail
