// tensorgate/service/detail/config_read.hpp: a tree of settings as an aggregate.
#pragma once

#include <algorithm>     // find
#include <charconv>      // from_chars
#include <cstddef>       // size_t
#include <filesystem>    // absolute
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move
#include <vector>        // vector

#include <tensorgate/service/detail/config_text.hpp>  // key_text
#include <tensorgate/service/detail/config_tree.hpp>  // config_node
#include <tensorgate/service/detail/config_type.hpp>  // setting_type

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

[[nodiscard, gnu::cold]] inline std::string path_of(std::string const& table, std::string_view member) {
  return table.empty() ? std::string(member) : table + "." + std::string(member);
}

/// What a setting of this type takes, in words, for `--help` and for errors.
[[nodiscard, gnu::cold]] inline std::string type_words(setting_type const& type) {
  switch (type.is) {
    case setting_shape::scalar: return type.words();
    case setting_shape::optional: return type_words(*type.inner);
    case setting_shape::list: return "a list, each " + type_words(*type.inner);
    case setting_shape::named:
    case setting_shape::table: break;
  }
  return "a table";
}

[[gnu::cold]] inline void read_setting(config_reader& to, config_node const& from, setting_type const& type, void* out,
                                       std::string const& path);

/// Where "name", "name[3]" or "table.name" was written, or what it is a default of.
struct written_place {
  config_node const* at;
  bool               is_default = false;
};

[[nodiscard, gnu::cold]] inline written_place place_of(config_node const& table, std::string_view inside) {
  written_place made{&table};
  while (!inside.empty()) {
    auto        part    = inside.substr(0, inside.find('.'));
    auto const  bracket = part.find('[');
    auto const* next    = made.at->find(part.substr(0, bracket));
    if (next != nullptr && bracket != std::string_view::npos && next->is == config_node::kind::array) {
      std::size_t index  = 0;
      auto const  number = part.substr(bracket + 1);
      std::from_chars(number.data(), number.data() + number.size(), index);
      if (index < next->items.size()) next = &next->items[index];
    }
    if (next == nullptr) return {made.at, true};
    made.at = next;
    inside.remove_prefix(part.size() + (part.size() < inside.size() ? 1U : 0U));
  }
  return made;
}

/// The text with that folder before a relative path in it; `path_in` says where in the text the path begins.
[[nodiscard, gnu::cold]] inline std::string placed_in(std::filesystem::path const& folder, std::string text,
                                                      std::string_view (*path_in)(std::string_view) noexcept) {
  std::string const path(path_in(text));
  if (!path.empty() && !path.starts_with('/'))
    text.replace(text.size() - path.size(), path.size(), (folder / path).string());
  return text;
}

/// The value with the folder of its file before a relative path in it. What flags and variables say stays as it is.
[[nodiscard, gnu::cold]] inline config_node beside_its_file(config_node value,
                                                            std::string_view (*path_in)(std::string_view) noexcept) {
  for (auto& one : value.items) one = beside_its_file(std::move(one), path_in);
  if (value.is != config_node::kind::string || !value.origin.source) return value;
  std::error_code error;
  auto const      file = std::filesystem::absolute(*value.origin.source, error);
  if (!error) value.text = placed_in(file.parent_path(), std::move(value.text), path_in);
  return value;
}

[[gnu::cold]] inline void read_table(config_reader& to, config_node const& from, setting_type const& type, void* out,
                                     std::string const& path) {
  if (from.is != config_node::kind::table) return to.expected(from, path, "a table of settings");
  auto const                    before = to.problems.size();
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i != type.count; ++i) names.push_back(type.labels[i].name);
  for (auto const& [name, value] : from.members) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    auto said = std::string("there is no such setting");
    if (auto const meant = nearest(name, names); !meant.empty()) said += "; did you mean " + path_of(path, meant) + "?";
    to.wrong(value, path_of(path, key_text(name)), std::move(said));
  }
  member_places places{};
  type.places(out, places.data());
  for (std::size_t i = 0; i != type.count; ++i) {
    auto const* value = from.find(names[i]);
    if (value == nullptr) continue;
    config_node placed;
    if (auto const path_in = type.labels[i].path_in; path_in != nullptr) {
      placed = beside_its_file(*value, path_in);
      value  = &placed;
    }
    auto const so_far = to.problems.size();
    auto const where  = path_of(path, names[i]);
    read_setting(to, *value, *type.types[i], const_cast<void*>(places[i]), where);  // NOLINT: `out` is ours to write
    if (type.rules != nullptr && to.problems.size() == so_far) type.rules(out, i, to, *value, where);
  }
  if (type.check == nullptr || to.problems.size() != before) return;
  std::string inside;
  auto        bad = type.check(out, inside);
  if (!bad.empty()) to.wrong(*place_of(from, inside).at, inside.empty() ? path : path_of(path, inside), std::move(bad));
}

[[gnu::cold]] inline void read_list(config_reader& to, config_node const& from, setting_type const& type, void* out,
                                    std::string const& path) {
  type.clear(out);
  if (from.is == config_node::kind::array) {
    for (std::size_t i = 0; i != from.items.size(); ++i) {
      read_setting(to, from.items[i], *type.inner, type.add(out, {}), path + "[" + std::to_string(i) + "]");
    }
  } else if (type.inner->is == setting_shape::scalar &&
             from.is == config_node::kind::text) {  // a flag gives a list with commas
    std::string_view rest = from.text;
    while (!rest.empty()) {
      auto const comma = rest.find(',');
      auto const item =
          config_node{.is = config_node::kind::text, .text = std::string(rest.substr(0, comma)), .origin = from.origin};
      read_setting(to, item, *type.inner, type.add(out, {}), path);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  } else {
    to.expected(from, path, type_words(type));
  }
}

[[gnu::cold]] inline void read_setting(config_reader& to, config_node const& from, setting_type const& type, void* out,
                                       std::string const& path) {
  switch (type.is) {
    case setting_shape::scalar: return type.read(to, from, out, path);
    case setting_shape::optional: return read_setting(to, from, *type.inner, type.add(out, {}), path);
    case setting_shape::list: return read_list(to, from, type, out, path);
    case setting_shape::table: return read_table(to, from, type, out, path);
    case setting_shape::named: break;
  }
  if (from.is != config_node::kind::table) return to.expected(from, path, "a table");
  type.clear(out);
  for (auto const& [name, value] : from.members)
    read_setting(to, value, *type.inner, type.add(out, name), path_of(path, key_text(name)));
}

template <class T>
void read_setting(config_reader& to, config_node const& from, T& out, std::string const& path) {
  read_setting(to, from, type_of_setting<T>, &out, path);
}

}  // namespace tensorgate::service_detail
