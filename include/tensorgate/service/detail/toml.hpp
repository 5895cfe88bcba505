// tensorgate/service/detail/toml.hpp: a TOML file as a tree of settings; the one place that includes toml++.
#pragma once

#include <memory>       // make_shared
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#if !defined(TOML_EXCEPTIONS)
#define TOML_EXCEPTIONS 0  // a bad file is a value; toml++ names its types apart by this
#endif
#include <toml++/toml.h>

#include <tensorgate/core/result.hpp>                 // expected, unexpected
#include <tensorgate/service/config_failure.hpp>      // config_problem
#include <tensorgate/service/detail/config_tree.hpp>  // config_node

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// The largest file of settings, in bytes; more is answered with a problem.
inline constexpr std::size_t max_config_size = 4UL << 20U;

[[nodiscard]] inline config_node tree_of(toml::node const& from, std::shared_ptr<std::string const> const& file) {
  config_node made;
  made.origin = config_origin{file, from.source().begin.line, from.source().begin.column};
  if (auto const* table = from.as_table()) {
    made.is = config_node::kind::table;
    for (auto const& [key, value] : *table) {
      auto child   = tree_of(value, file);
      // The key's own place tells an unknown setting better than its value's; scalars keep the value's.
      if (child.is == config_node::kind::table) child.origin = config_origin{file, key.source().begin.line, key.source().begin.column};
      made.members.emplace_back(std::string(key.str()), std::move(child));
    }
  } else if (auto const* array = from.as_array()) {
    made.is = config_node::kind::array;
    for (auto const& value : *array) made.items.push_back(tree_of(value, file));
  } else if (auto const* text = from.as_string()) {
    made.is   = config_node::kind::string;
    made.text = text->get();
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

/// Reads TOML 1.0. A problem names line and column.
[[nodiscard]] inline expected<config_node, config_problem> parse_toml(std::string_view text, std::string const& file) {
  if (text.size() > max_config_size) {
    return unexpected<config_problem>(config_problem{.source = file, .said = "the file is larger than 4 MiB"});
  }
  auto const parsed = toml::parse(text, std::string_view(file));
  if (!parsed) {
    auto const& why = parsed.error();
    return unexpected<config_problem>(config_problem{.source = file,
                                                     .line   = why.source().begin.line,
                                                     .column = why.source().begin.column,
                                                     .said   = "not TOML: " + std::string(why.description())});
  }
  return tree_of(parsed.table(), std::make_shared<std::string const>(file));
}

}  // namespace tensorgate::service_detail
