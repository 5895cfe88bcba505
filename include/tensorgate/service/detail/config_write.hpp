// tensorgate/service/detail/config_write.hpp: an aggregate as a TOML file, and as the list of settings that `--help`
// shows.
#pragma once

#include <cstddef>       // size_t
#include <filesystem>    // current_path
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <vector>        // vector

#include <tensorgate/service/detail/config_read.hpp>  // type_words, path_of, placed_in
#include <tensorgate/service/detail/config_text.hpp>  // key_text, toml_string
#include <tensorgate/service/detail/config_type.hpp>  // setting_type

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// One setting, for help, flags and variables.
struct setting {
  std::string path{};           ///< "server.drain"
  std::string type{};           ///< "a duration such as …"
  std::string standard{};       ///< its default as TOML; empty when there is none
  std::string words{};          ///< what it means
  bool        by_text = false;  ///< a flag or a variable can give it
  bool        truth   = false;  ///< its flag needs no value
};

/// The same text with what its relative path stands for here: in a file it would count from the file's folder.
[[nodiscard, gnu::cold]] inline std::string with_whole_path(std::string text,
                                                            std::string_view (*path_in)(std::string_view) noexcept) {
  if (text.size() < 2 || text.find('\\') != std::string::npos) return text;
  std::error_code error;
  auto const      here = std::filesystem::current_path(error);
  return error ? text : toml_string(placed_in(here, text.substr(1, text.size() - 2), path_in));
}

/// The TOML of a value that stands on one line. Of a secret, nothing. `path_in`: paths in it are written whole.
[[nodiscard, gnu::cold]] inline std::string inline_text(
    setting_type const& type, void const* value, std::string_view (*path_in)(std::string_view) noexcept = nullptr) {
  if (type.is == setting_shape::scalar)
    return path_in != nullptr ? with_whole_path(type.text(value), path_in) : type.text(value);
  std::string made;
  for_each_inside(type, value, [&](std::string_view, void const* one) {
    if (!made.empty()) made += ", ";
    made += inline_text(*type.inner, one, path_in);
  });
  return type.is == setting_shape::list ? "[" + made + "]" : made;
}

/// "# words; expected …" in lines of at most 110 columns.
[[gnu::cold]] inline void comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    auto cut = text.size() <= 108 ? text.size() : text.rfind(' ', 108);
    if (cut == std::string_view::npos || cut == 0) cut = text.size();
    out += "# ";
    out += text.substr(0, cut);
    out += '\n';
    text.remove_prefix(cut == text.size() ? cut : cut + 1);
  }
}

[[gnu::cold]] inline void write_table(std::string& out, setting_type const& type, void const* value,
                                      std::string const& path);

[[gnu::cold]] inline void comment(std::string& out, setting_type const& type, setting_label const& label) {
  comment(out, (label.words.empty() ? std::string{} : std::string(label.words) + "; ") + type_words(type));
}

[[gnu::cold]] inline void write_line(std::string& out, setting_type const& type, setting_label const& label,
                                     void const* value) {
  comment(out, type, label);
  auto const text = inline_text(type, value, label.path_in);
  auto const name = key_text(label.name);
  if (!text.empty()) {
    out += name + " = " + text + "\n";
  } else if (type.secret && !static_cast<secret_text const*>(value)->empty()) {
    out += "# " + name + " is set and not shown\n";
  } else {
    out += "# " + name + " is not set\n";
  }
}

/// What would be tables, but there are none, stands on a line of its own. False if there are some.
[[gnu::cold]] inline bool write_empty(std::string& out, setting_type const& type, setting_label const& label,
                                      void const* value, std::string const& path) {
  if (type.is == setting_shape::table) return false;
  bool any = false;
  for_each_inside(type, value, [&](std::string_view, void const*) { any = true; });
  if (any) return false;
  comment(out, type, label);
  auto const name = key_text(label.name);
  if (type.is == setting_shape::list) comment(out, "one begins with [[" + path + "]], instead of this line");
  if (type.is == setting_shape::named) comment(out, "one begins with [" + path + ".NAME], instead of this line");
  out += type.is == setting_shape::optional ? "# " + name + " is not set\n"
                                            : name + (type.is == setting_shape::list ? " = []\n" : " = {}\n");
  return true;
}

[[gnu::cold]] inline void write_nested(std::string& out, setting_type const& type, void const* value,
                                       std::string const& path) {
  if (type.is == setting_shape::table) {
    out += "\n[" + path + "]\n";
    return write_table(out, type, value, path);
  }
  auto const& inner = *type.inner;
  bool const  named = type.is == setting_shape::named;
  if (named && is_inline(inner)) out += "\n[" + path + "]\n";
  for_each_inside(type, value, [&](std::string_view name, void const* one) {
    if (type.is == setting_shape::optional) {
      write_nested(out, inner, one, path);
    } else if (named && is_inline(inner)) {
      out += key_text(name) + " = " + inline_text(inner, one) + "\n";
    } else {
      auto const where = named ? path + "." + key_text(name) : path;
      out += named ? "\n[" + where + "]\n" : "\n[[" + where + "]]\n";
      write_table(out, inner, one, where);
    }
  });
}

/// First what stands on one line, then the nested tables, as TOML wants it.
[[gnu::cold]] inline void write_table(std::string& out, setting_type const& type, void const* value,
                                      std::string const& path) {
  member_places places{};
  type.places(value, places.data());
  for (std::size_t i = 0; i != type.count; ++i) {
    if (is_inline(*type.types[i])) write_line(out, *type.types[i], type.labels[i], places[i]);
  }
  std::vector<bool> written(type.count);
  for (std::size_t i = 0; i != type.count; ++i)
    written[i] = is_inline(*type.types[i]) || write_empty(out, *type.types[i], type.labels[i], places[i],
                                                          path_of(path, key_text(type.labels[i].name)));
  for (std::size_t i = 0; i != type.count; ++i) {
    if (!written[i]) write_nested(out, *type.types[i], places[i], path_of(path, key_text(type.labels[i].name)));
  }
}

template <class T>
[[nodiscard]] std::string to_toml(T const& value) {
  std::string out;
  write_table(out, type_of_setting<T>, &value, "");
  return out;
}

/// Every setting of a table in order. What lies in lists and maps is named by its list: "routes[].path".
[[gnu::cold]] inline void list_settings(std::vector<setting>& out, setting_type const& type, void const* standard,
                                        std::string const& path, bool within_list = false) {
  auto const list_fresh = [&out](setting_type const& table, std::string const& where, bool in_list) {
    auto use = [&](void const* value) { list_settings(out, table, value, where, in_list); };
    table.fresh([](void* context, void const* value) { (*static_cast<decltype(use)*>(context))(value); }, &use);
  };
  member_places places{};
  type.places(standard, places.data());
  for (std::size_t i = 0; i != type.count; ++i) {
    auto const& held  = *type.types[i];
    auto const  where = path_of(path, type.labels[i].name);
    auto const  words = std::string(type.labels[i].words);
    if (is_inline(held)) {
      out.push_back({where, type_words(held), inline_text(held, places[i]), words, !within_list, held.truth});
    } else if (held.is == setting_shape::table) {
      list_settings(out, held, places[i], where, within_list);
    } else if (held.is == setting_shape::optional) {
      list_fresh(*held.inner, where, within_list);
    } else if (held.is == setting_shape::list) {
      list_fresh(*held.inner, where + "[]", true);
    } else if (is_inline(*held.inner)) {
      out.push_back({where + ".<name>", type_words(*held.inner), "", words, false, false});
    } else {
      list_fresh(*held.inner, where + ".<name>", true);
    }
  }
}

template <class T>
void list_settings(std::vector<setting>& out, T const& standard, std::string const& path) {
  list_settings(out, type_of_setting<T>, &standard, path);
}

}  // namespace tensorgate::service_detail
