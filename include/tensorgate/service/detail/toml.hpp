// tensorgate/service/detail/toml.hpp: a TOML file as a tree of settings; the one place that includes toml++.
#pragma once

#include <algorithm>    // min
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <memory>       // make_shared
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

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
#include <tensorgate/service/detail/config_tree.hpp>  // config_node

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// The largest file of settings, in bytes; more is answered with a problem.
inline constexpr std::size_t max_config_size = 4UL << 20U;

[[nodiscard, gnu::cold]] inline config_node tree_of(toml::node const&                         from,
                                                    std::shared_ptr<std::string const> const& file) {
  config_node made;
  made.origin = config_origin{file, from.source().begin.line, from.source().begin.column};
  if (auto const* table = from.as_table()) {
    made.is = config_node::kind::table;
    for (auto const& [key, value] : *table) {
      auto child = tree_of(value, file);
      // The key's own place tells an unknown setting better than its value's; scalars keep the value's.
      if (child.is == config_node::kind::table)
        child.origin = config_origin{file, key.source().begin.line, key.source().begin.column};
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

/// Where the first letter beyond ASCII stands that is neither in a string nor in a comment, where alone TOML has them;
/// line 0 if there is none. Version 3.3 of toml++ must not see one: it takes some for blanks by code that is undefined.
/// That code also looks at what follows a backslash at a line's end in a string, so a letter there is not taken either,
/// nor one anywhere behind a quote that follows a point.
[[nodiscard, gnu::cold]] inline config_origin stray_letter(std::string_view text) noexcept {
  enum class within : std::uint8_t { line, comment, basic, literal, long_basic, long_literal };
  config_origin at{{}, 1, 1};
  within        where   = within::line;
  bool          trimmed = false;  // behind a backslash that ends a line
  bool          quoted  = true;   // what looks quoted is
  std::size_t   i       = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  auto const    skip    = [&](std::size_t count) {
    i += count - 1;
    at.column += count - 1;
  };
  for (; i < text.size(); ++i, ++at.column) {
    char const one     = text[i];
    auto const rest    = text.substr(i);
    bool const foreign = static_cast<unsigned char>(one) >= 0x80;
    if (foreign && !quoted) return at;
    if (one == '\n') {
      if (where == within::comment) where = within::line;
      if (where == within::basic || where == within::literal) {
        if (quoted) return {};  // not TOML: the parser stops here
        where = within::line;
      }
      ++at.line;
      at.column = 0;
      continue;
    }
    switch (where) {
      case within::line:
        if (foreign) return at;
        if (i != 0 && (one == '"' || one == '\'')) {
          // Behind a point it opens a part of a key, or stands in a number, where the parser ends: what follows is not
          // known to be quoted.
          if (text[i - 1] == '.') {
            quoted = false;
            break;
          }
          // A quote within a bare word opens nothing: the parser ends there.
          if (std::string_view(" \t\r\n=[{,").find(text[i - 1]) == std::string_view::npos) break;
        }
        if (one == '#') {
          where = within::comment;
        } else if (rest.starts_with("\"\"\"") || rest.starts_with("'''")) {
          where = one == '"' ? within::long_basic : within::long_literal;
          skip(3);
        } else if (one == '"' || one == '\'') {
          where = one == '"' ? within::basic : within::literal;
        }
        break;
      case within::comment: break;
      case within::basic:
      case within::long_basic:
        if (one == '\\') {
          auto const next = rest.find_first_not_of(" \t\r", 1);
          trimmed         = where == within::long_basic && next != std::string_view::npos && rest[next] == '\n';
          if (!trimmed && rest.size() > 1 && rest[1] != '\n') skip(2);
        } else if (where == within::basic ? one == '"' : rest.starts_with("\"\"\"")) {
          if (where == within::long_basic) skip(std::min<std::size_t>(rest.find_first_not_of('"'), 5));
          where = within::line;
        } else if (trimmed) {
          if (foreign) return at;
          trimmed = one == ' ' || one == '\t' || one == '\r';
        }
        break;
      case within::literal:
        if (one == '\'') where = within::line;
        break;
      case within::long_literal:
        if (rest.starts_with("'''")) {
          skip(std::min<std::size_t>(rest.find_first_not_of('\''), 5));
          where = within::line;
        }
        break;
    }
  }
  return {};
}

/// Reads TOML 1.0. A problem names line and column.
[[nodiscard, gnu::cold]] inline expected<config_node, config_problem> parse_toml(std::string_view   text,
                                                                                 std::string const& file) {
  if (text.size() > max_config_size) {
    return unexpected<config_problem>(config_problem{.source = file, .said = "the file is larger than 4 MiB"});
  }
  if (auto const stray = stray_letter(text); stray.line != 0) {
    return unexpected<config_problem>(config_problem{.source = file,
                                                     .line   = stray.line,
                                                     .column = stray.column,
                                                     .said   = "not TOML: letters beyond ASCII belong into quotes"});
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
