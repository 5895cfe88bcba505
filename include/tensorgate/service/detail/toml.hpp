// tensorgate/service/detail/toml.hpp: a TOML file as a tree of settings; the one place that includes toml++.
#pragma once

#include <algorithm>    // max, ranges::count
#include <cstddef>      // size_t
#include <map>          // map
#include <memory>       // make_shared, shared_ptr
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move, pair

#if !defined(TOML_EXCEPTIONS)
#define TOML_EXCEPTIONS 0  // a bad file is a value; toml++ names its types apart by this
#endif
// Version 3.3 asserts, and without assertions assumes, that a table's header starts with a letter of a key; the code
// behind the assertion answers other letters with a proper error. So its assertions are taken out, and its assumptions
// with them.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#if !defined(TOML_ASSERT)
#define TOML_ASSERT(expr) static_cast<void>(0)
#endif
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <tensorgate/core/result.hpp>                 // expected, unexpected
#include <tensorgate/service/config_failure.hpp>      // config_problem
#include <tensorgate/service/detail/config_text.hpp>  // toml_string
#include <tensorgate/service/detail/config_tree.hpp>  // config_node
#include <tensorgate/service/detail/toml_marks.hpp>   // marked_toml

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// The largest file of settings, in bytes; more is answered with a problem.
inline constexpr std::size_t max_config_size = 4UL << 20U;

/// The most dots that a key may have; each nests a table, by recursion.
inline constexpr std::size_t max_key_dots = 1000;

/// The text up to a dot with which a key may have more than that: nothing that ends a key stands between so many. Empty
/// if there is none.
[[nodiscard, gnu::cold]] inline std::string_view up_to_deep_key(std::string_view text) noexcept {
  std::size_t dots = 0;
  for (std::size_t at = 0; at != text.size(); ++at) {
    if (std::string_view("\n,=[]{}#").find(text[at]) != std::string_view::npos) dots = 0;
    if (text[at] == '.' && ++dots > max_key_dots) return text.substr(0, at + 1);
  }
  return {};
}

/// What all nodes of a file share.
struct toml_file {
  marked_toml const&                 marked;
  std::shared_ptr<std::string const> name;
  config_problem                     wrong{};  ///< says nothing while nothing is wrong
};

[[nodiscard, gnu::cold]] inline config_origin origin_of(toml::source_region const& region, toml_file const& file) {
  auto const at = file.marked.written(region.begin.line, region.begin.column);
  return {file.name, at.line, at.column};
}

/// A letter in a key and an escape that stands for it were two things for toml++.
[[gnu::cold]] inline void check_keys(config_node const& table, toml_file& file) {
  std::map<std::string_view, config_origin const*> seen;
  for (auto const& [key, value] : table.members) {
    auto const [same, fresh] = seen.try_emplace(key, &value.origin);
    if (fresh || !file.wrong.said.empty()) continue;
    auto const place = std::max(std::pair(value.origin.line, value.origin.column),
                                std::pair(same->second->line, same->second->column));
    file.wrong       = {.source = *file.name,
                        .line   = place.first,
                        .column = place.second,
                        .said   = "the key " + toml_string(key) +
                                " is written once in letters and once by an escape; write it in one way"};
  }
}

[[nodiscard, gnu::cold]] inline config_node tree_of(toml::node const& from, toml_file& file) {
  config_node made;
  made.origin = origin_of(from.source(), file);
  if (auto const* table = from.as_table()) {
    made.is = config_node::kind::table;
    for (auto const& [key, value] : *table) {
      auto child = tree_of(value, file);
      // The key's own place tells an unknown setting better than its value's; scalars keep the value's.
      if (child.is == config_node::kind::table) child.origin = origin_of(key.source(), file);
      made.members.emplace_back(file.marked.restored(key.str()), std::move(child));
    }
    if (file.marked.has_marks()) check_keys(made, file);
  } else if (auto const* array = from.as_array()) {
    made.is = config_node::kind::array;
    for (auto const& value : *array) made.items.push_back(tree_of(value, file));
  } else if (auto const* text = from.as_string()) {
    made.is   = config_node::kind::string;
    made.text = file.marked.restored(text->get());
  } else if (auto const* integer = from.as_integer()) {
    made.is      = config_node::kind::integer;
    made.integer = integer->get();
  } else if (auto const* real = from.as_floating_point()) {
    made.is   = config_node::kind::real;
    made.real = real->get();
  } else if (auto const* boolean = from.as_boolean()) {
    made.is      = config_node::kind::boolean;
    made.boolean = boolean->get();
  } else {
    made.is = config_node::kind::date;
  }
  return made;
}

/// Reads TOML 1.0, behind a byte order mark or without. A problem names line and column.
[[nodiscard, gnu::cold]] inline expected<config_node, config_problem> parse_toml(std::string_view   text,
                                                                                 std::string const& file) {
  if (text.size() > max_config_size) {
    return unexpected<config_problem>(config_problem{.source = file, .said = "the file is larger than 4 MiB"});
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  // Version 3.3 of toml++ takes some letters beyond ASCII for blanks by code that is undefined: it is handed none.
  auto marked = marked_toml::of(text);
  if (!marked) {
    marked.error().source = file;
    return unexpected<config_problem>(std::move(marked.error()));
  }
  if (auto const before = up_to_deep_key(marked->text()); !before.empty()) {
    auto const at = marked->written(static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
                                    before.size() - (before.rfind('\n') + 1));
    return unexpected<config_problem>(
        config_problem{.source = file,
                       .line   = at.line,
                       .column = at.column,
                       .said = "more than 1000 dots stand here without a comma, a bracket or an equals sign between"});
  }
  auto const parsed = toml::parse(marked->text());
  if (!parsed) {
    auto const& why  = parsed.error();
    auto const  at   = marked->written(why.source().begin.line, why.source().begin.column);
    auto        said = "not TOML: " + marked->restored(why.description());
    if (at.letter != 0) {
      said = "not TOML: '" + letter_of(at.letter) + "' (U+" + hex_of(at.letter, 4) + ") cannot stand here";
      if (at.letter >= 0x80) said += "; letters beyond ASCII belong into quotes, and not behind a backslash";
    }
    return unexpected<config_problem>(
        config_problem{.source = file, .line = at.line, .column = at.column, .said = std::move(said)});
  }
  toml_file whole{*marked, std::make_shared<std::string const>(file)};
  auto      tree = tree_of(parsed.table(), whole);
  if (!whole.wrong.said.empty()) return unexpected<config_problem>(std::move(whole.wrong));
  return tree;
}

}  // namespace tensorgate::service_detail
