// tensorgate/service/detail/config_read.hpp: a tree of settings as an aggregate, and an aggregate as settings.
#pragma once

#include <algorithm>     // find
#include <charconv>      // from_chars
#include <concepts>      // same_as, floating_point
#include <cstddef>       // size_t
#include <cstdint>       // int64_t
#include <filesystem>    // path
#include <limits>        // numeric_limits
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc
#include <tuple>         // apply
#include <type_traits>   // is_enum_v, is_unsigned_v
#include <utility>       // in_range, index_sequence
#include <vector>        // vector

#include <tensorgate/core/bytes.hpp>                  // secret_text
#include <tensorgate/reflect/enum_names.hpp>          // value_named, enum_choices
#include <tensorgate/reflect/fields.hpp>              // field_names, get_field
#include <tensorgate/reflect/rules.hpp>               // describe, rules
#include <tensorgate/reflect/text.hpp>                // from_text, byte_count
#include <tensorgate/reflect/traits.hpp>              // text_form, kinds of types
#include <tensorgate/service/config_failure.hpp>      // config_problem
#include <tensorgate/service/detail/config_text.hpp>  // key_text, toml_string
#include <tensorgate/service/detail/config_tree.hpp>  // config_node

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

namespace kinds = reflect::detail;

template <class T>
concept says_rules = requires { reflect::describe<T>::rules; };

/// Problems are collected, so that one start tells all of them; so many are enough.
inline constexpr std::size_t max_config_problems = 20;

class config_reader {
 public:
  std::vector<config_problem> problems;

  void wrong(config_node const& at, std::string const& path, std::string said) {
    if (problems.size() >= max_config_problems) return;
    problems.push_back(config_problem{.source = at.origin.source ? *at.origin.source : std::string{},
                                      .line   = at.origin.line,
                                      .column = at.origin.column,
                                      .field  = path,
                                      .said   = std::move(said)});
  }
  void expected(config_node const& at, std::string const& path, std::string_view wanted) {
    auto found = std::string(name_of(at.is));
    if (at.is == config_node::kind::text || at.is == config_node::kind::string) found = toml_string(std::string_view(at.text).substr(0, 60));
    if (at.is == config_node::kind::integer) found = std::to_string(at.integer);
    if (at.is == config_node::kind::boolean) found = at.boolean ? "true" : "false";
    wrong(at, path, "expected " + std::string(wanted) + ", found " + found);
  }
};

[[nodiscard]] inline std::string path_of(std::string const& table, std::string_view member) {
  return table.empty() ? std::string(member) : table + "." + std::string(member);
}

/// The name of member `I` in the file.
template <class T, std::size_t I>
[[nodiscard]] constexpr std::string_view setting_name() noexcept {
  std::string_view name = reflect::field_names<T>[I];
  if constexpr (says_rules<T>) {
    std::apply(
        [&](auto const&... rule) {
          auto const look = [&]<class R>(R const& one) {
            if constexpr (requires { R::member; one.name; }) {
              if constexpr (reflect::field_index<R::member> == I) name = one.name;
            }
          };
          (look(rule), ...);
        },
        reflect::describe<T>::rules);
  }
  return name;
}

/// What member `I` means; empty when nobody says.
template <class T, std::size_t I>
[[nodiscard]] constexpr std::string_view setting_words() noexcept {
  std::string_view words;
  if constexpr (says_rules<T>) {
    std::apply(
        [&](auto const&... rule) {
          auto const look = [&]<class R>(R const& one) {
            if constexpr (requires { R::member; one.words; }) {
              if constexpr (reflect::field_index<R::member> == I) words = one.words;
            }
          };
          (look(rule), ...);
        },
        reflect::describe<T>::rules);
  }
  return words;
}

template <class T>
inline constexpr bool is_path = std::same_as<T, std::filesystem::path>;

/// True for settings that one text can give: flags and variables.
template <class T>
inline constexpr bool is_scalar = std::same_as<T, bool> || kinds::is_integer<T> || std::floating_point<T> || std::is_enum_v<T> ||
                                  std::same_as<T, std::string> || is_path<T> || std::same_as<T, secret_text> || kinds::is_duration<T> ||
                                  kinds::has_text_form<T>;

/// What a setting of this type takes, in words, for `--help` and for errors.
template <class T>
[[nodiscard]] std::string type_words() {
  if constexpr (kinds::is_optional<T>) {
    return type_words<typename T::value_type>();
  } else if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (kinds::has_text_form<T>) {
    if constexpr (requires { reflect::text_form<T>::expected; }) {
      return std::string(reflect::text_form<T>::expected);
    } else {
      return "a text";
    }
  } else if constexpr (std::same_as<T, std::size_t>) {
    return "a whole number, or a size such as 64KiB";
  } else if constexpr (kinds::is_integer<T>) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) <= 4) {
      return "a whole number from 0 to " + std::to_string(std::numeric_limits<T>::max());
    } else {
      return std::is_unsigned_v<T> ? "a whole number from 0" : "a whole number";
    }
  } else if constexpr (std::floating_point<T>) {
    return "a number";
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(reflect::enum_choices<T>.view());
  } else if constexpr (kinds::is_duration<T>) {
    return std::string(kinds::duration_expected);
  } else if constexpr (std::same_as<T, secret_text>) {
    return "a secret text";
  } else if constexpr (is_path<T>) {
    return "a path";
  } else if constexpr (std::same_as<T, std::string>) {
    return "a text";
  } else if constexpr (kinds::is_a<T, std::vector>) {
    return "a list, each " + type_words<typename T::value_type>();
  } else {
    return "a table";
  }
}

template <class T>
void read_setting(config_reader& to, config_node const& from, T& out, std::string const& path);

template <class T>
void read_table(config_reader& to, config_node const& from, T& out, std::string const& path) {
  using kind = config_node::kind;
  if (from.is != kind::table) return to.expected(from, path, "a table of settings");
  auto const members = [&]<std::size_t... I>(std::index_sequence<I...>) {
    std::vector<std::string_view> const names{setting_name<T, I>()...};
    for (auto const& [name, value] : from.members) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      auto said = std::string("there is no such setting");
      if (auto const meant = nearest(name, names); !meant.empty()) {
        said += "; did you mean " + path_of(path, meant) + "?";
      }
      to.wrong(value, path_of(path, key_text(name)), std::move(said));
    }
    auto const one = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
      auto const* value = from.find(names[N]);
      if (value == nullptr) return;
      auto const before = to.problems.size();
      auto const where  = path_of(path, names[N]);
      auto&      member = reflect::get_field<N>(out);
      read_setting(to, *value, member, where);
      if constexpr (says_rules<T>) {
        if (to.problems.size() != before) return;
        std::apply(
            [&](auto const&... rule) {
              auto const check = [&]<class R>(R const& bound) {
                if constexpr (requires { R::member; }) {
                  if constexpr (reflect::field_index<R::member> == N) {
                    using M = std::remove_cvref_t<decltype(member)>;
                    if constexpr (kinds::is_optional<M>) {
                      if constexpr (requires { bound.check(*member); }) {
                        if (member) {
                          if (auto const bad = bound.check(*member); !bad.empty()) to.expected(*value, where, bad);
                        }
                      }
                    } else if constexpr (requires { bound.check(member); }) {
                      if (auto const bad = bound.check(member); !bad.empty()) to.expected(*value, where, bad);
                    }
                  }
                }
              };
              (check(rule), ...);
            },
            reflect::describe<T>::rules);
      }
    };
    (one(std::integral_constant<std::size_t, I>{}), ...);
  };
  auto const before = to.problems.size();
  members(std::make_index_sequence<reflect::field_count<T>>{});
  if constexpr (requires { reflect::describe<T>::check(out); }) {
    if (to.problems.size() == before) {
      if (std::string_view const bad = reflect::describe<T>::check(out); !bad.empty()) to.wrong(from, path, std::string(bad));
    }
  }
}

/// Text from a flag or a variable, where a number or a truth is wanted.
template <class T>
[[nodiscard]] bool number_of(std::string_view text, T& out) noexcept {
  auto const got = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && got.ec == std::errc{} && got.ptr == text.data() + text.size();
}

template <class T>
void read_setting(config_reader& to, config_node const& from, T& out, std::string const& path) {
  using kind         = config_node::kind;
  bool const is_text = from.is == kind::string || from.is == kind::text;
  if constexpr (kinds::is_optional<T>) {
    read_setting(to, from, out.emplace(), path);
  } else if constexpr (std::same_as<T, bool>) {
    if (from.is == kind::boolean) {
      out = from.boolean;
    } else if (from.is == kind::text && (from.text == "true" || from.text == "1" || from.text == "yes" || from.text == "on")) {
      out = true;
    } else if (from.is == kind::text && (from.text == "false" || from.text == "0" || from.text == "no" || from.text == "off")) {
      out = false;
    } else {
      to.expected(from, path, type_words<T>());
    }
  } else if constexpr (kinds::has_text_form<T>) {
    auto parsed = is_text ? reflect::text_form<T>::parse(from.text) : result<T>(unexpected<failure>(failure{}));
    if (!parsed) return to.expected(from, path, type_words<T>());
    out = std::move(*parsed);
  } else if constexpr (kinds::is_integer<T>) {
    if (from.is == kind::integer) {
      if (std::in_range<T>(from.integer)) {
        out = static_cast<T>(from.integer);
        return;
      }
    } else if constexpr (std::same_as<T, std::size_t>) {
      result<reflect::byte_count> const size = is_text ? reflect::from_text<reflect::byte_count>(from.text) : fail(failure{});
      if (size) {
        out = size->value;
        return;
      }
    } else if (from.is == kind::text && number_of(from.text, out)) {
      return;
    }
    to.expected(from, path, type_words<T>());
  } else if constexpr (std::floating_point<T>) {
    if (from.is == kind::real) {
      out = static_cast<T>(from.real);
    } else if (from.is == kind::integer) {
      out = static_cast<T>(from.integer);
    } else if (from.is != kind::text || !number_of(from.text, out)) {
      to.expected(from, path, type_words<T>());
    }
  } else if constexpr (std::is_enum_v<T>) {
    auto const value = is_text ? reflect::value_named<T>(from.text) : std::nullopt;
    if (!value) return to.expected(from, path, type_words<T>());
    out = *value;
  } else if constexpr (kinds::is_duration<T>) {
    if (!is_text) return to.expected(from, path, type_words<T>());
    auto const parsed = reflect::from_text<T>(from.text);
    if (!parsed) return to.expected(from, path, parsed.error().note);
    out = *parsed;
  } else if constexpr (std::same_as<T, std::string> || is_path<T>) {
    if (!is_text) return to.expected(from, path, type_words<T>());
    if (from.text.find('\0') != std::string::npos) return to.wrong(from, path, "a NUL has no place in a text of settings");
    out = from.text;
  } else if constexpr (std::same_as<T, secret_text>) {
    if (!is_text) return to.wrong(from, path, "expected a secret text in quotes");
    out = secret_text(from.text);
  } else if constexpr (kinds::is_pair_list<T> || kinds::is_map<T>) {
    if (from.is != kind::table) return to.expected(from, path, "a table");
    out.clear();
    for (auto const& [name, value] : from.members) {
      if constexpr (kinds::is_map<T>) {
        read_setting(to, value, out[name], path_of(path, key_text(name)));
      } else {
        read_setting(to, value, out.emplace_back(name, typename T::value_type::second_type{}).second, path_of(path, key_text(name)));
      }
    }
  } else if constexpr (kinds::is_a<T, std::vector>) {
    using element = typename T::value_type;
    out.clear();
    if (from.is == kind::array) {
      for (std::size_t i = 0; i != from.items.size(); ++i) {
        read_setting(to, from.items[i], out.emplace_back(), path + "[" + std::to_string(i) + "]");
      }
    } else if (is_scalar<element> && from.is == kind::text) {  // a flag gives a list with commas
      std::string_view rest = from.text;
      while (!rest.empty()) {
        auto const comma = rest.find(',');
        auto       item  = config_node{.is = kind::text, .text = std::string(rest.substr(0, comma)), .origin = from.origin};
        read_setting(to, item, out.emplace_back(), path);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
    } else {
      to.expected(from, path, type_words<T>());
    }
  } else {
    static_assert(kinds::is_object<T>, "tensorgate: a setting of this type cannot be read from a file");
    read_table(to, from, out, path);
  }
}

}  // namespace tensorgate::service_detail
