// tensorgate/service/detail/config_write.hpp: an aggregate as a TOML file, and as the list of settings that `--help` shows.
#pragma once

#include <charconv>     // to_chars
#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // index_sequence
#include <vector>       // vector

#include <tensorgate/service/detail/config_read.hpp>  // setting_name, setting_words, type_words

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// One setting, for help, flags and variables.
struct setting {
  std::string path{};      ///< "server.drain"
  std::string type{};      ///< "a duration such as …"
  std::string standard{};  ///< its default as TOML; empty when there is none
  std::string words{};     ///< what it means
  bool        by_text = false;  ///< a flag or a variable can give it
  bool        truth   = false;  ///< its flag needs no value
};

template <class T>
inline constexpr bool is_scalar_list = false;
template <class E>
inline constexpr bool is_scalar_list<std::vector<E>> = is_scalar<E>;

/// True where the value stands on one line behind "name =".
template <class T>
inline constexpr bool is_inline = is_scalar<T> || is_scalar_list<T>;
template <class T>
inline constexpr bool is_inline<std::optional<T>> = is_inline<T>;

/// The TOML of a value that stands on one line. Of a secret, nothing.
template <class T>
[[nodiscard]] std::string inline_text(T const& value) {
  if constexpr (kinds::is_optional<T>) {
    return value ? inline_text(*value) : std::string{};
  } else if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (kinds::has_text_form<T>) {
    std::string text;
    reflect::text_form<T>::append(text, value);
    return toml_string(text);
  } else if constexpr (kinds::is_integer<T>) {
    return std::to_string(value);
  } else if constexpr (std::floating_point<T>) {
    char        text[40];  // NOLINT(modernize-avoid-c-arrays)
    auto const  made = std::to_chars(std::begin(text), std::end(text), value);
    std::string out(std::begin(text), made.ptr);
    if (out.find_first_of(".en") == std::string::npos) out += ".0";
    return out;
  } else if constexpr (std::is_enum_v<T>) {
    return toml_string(reflect::name_of(value));
  } else if constexpr (kinds::is_duration<T>) {
    return toml_string(reflect::to_text(value));
  } else if constexpr (std::same_as<T, secret_text>) {
    return {};
  } else if constexpr (is_path<T>) {
    return toml_string(value.string());
  } else if constexpr (std::same_as<T, std::string>) {
    return toml_string(value);
  } else {
    std::string made = "[";
    for (auto const& one : value) {
      if (made.size() > 1) made += ", ";
      made += inline_text(one);
    }
    return made + "]";
  }
}

/// "# words; expected …" in lines of at most 110 columns.
inline void comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    auto cut = text.size() <= 108 ? text.size() : text.rfind(' ', 108);
    if (cut == std::string_view::npos || cut == 0) cut = text.size();
    out += "# ";
    out += text.substr(0, cut);
    out += '\n';
    text.remove_prefix(cut == text.size() ? cut : cut + 1);
  }
}

template <class T>
void write_table(std::string& out, T const& value, std::string const& path);

template <class V>
void write_nested(std::string& out, V const& member, std::string const& path) {
  if constexpr (kinds::is_optional<V>) {
    if (member) write_nested(out, *member, path);
  } else if constexpr (kinds::is_pair_list<V> || kinds::is_map<V>) {
    using element = typename V::value_type::second_type;
    if constexpr (is_inline<element>) {
      out += "\n[" + path + "]\n";
      for (auto const& [name, one] : member) out += key_text(name) + " = " + inline_text(one) + "\n";
    } else {
      for (auto const& [name, one] : member) {
        out += "\n[" + path + "." + key_text(name) + "]\n";
        write_table(out, one, path + "." + key_text(name));
      }
    }
  } else if constexpr (kinds::is_a<V, std::vector>) {
    for (auto const& one : member) {
      out += "\n[[" + path + "]]\n";
      write_table(out, one, path);
    }
  } else {
    out += "\n[" + path + "]\n";
    write_table(out, member, path);
  }
}

/// First what stands on one line, then the nested tables, as TOML wants it.
template <class T>
void write_table(std::string& out, T const& value, std::string const& path) {
  auto const all = [&]<std::size_t... I>(std::index_sequence<I...>) {
    auto const line = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
      auto const& member = reflect::get_field<N>(value);
      using M            = std::remove_cvref_t<decltype(member)>;
      if constexpr (is_inline<M>) {
        auto const words = setting_words<T, N>();
        comment(out, (words.empty() ? std::string{} : std::string(words) + "; ") + type_words<M>());
        auto const text = inline_text(member);
        auto const name = key_text(setting_name<T, N>());
        if (!text.empty()) {
          out += name + " = " + text + "\n";
        } else if constexpr (std::same_as<M, secret_text>) {
          out += member.empty() ? "# " + name + " is not set\n" : "# " + name + " is set and not shown\n";
        } else {
          out += "# " + name + " is not set\n";
        }
      }
    };
    auto const nested = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
      auto const& member = reflect::get_field<N>(value);
      if constexpr (!is_inline<std::remove_cvref_t<decltype(member)>>) {
        write_nested(out, member, path_of(path, key_text(setting_name<T, N>())));
      }
    };
    (line(std::integral_constant<std::size_t, I>{}), ...);
    (nested(std::integral_constant<std::size_t, I>{}), ...);
  };
  all(std::make_index_sequence<reflect::field_count<T>>{});
}

template <class T>
[[nodiscard]] std::string to_toml(T const& value) {
  std::string out;
  write_table(out, value, "");
  return out;
}

/// Every setting of `T` in order. What lies in lists and maps is named by its list: "routes[].path".
template <class T>
void list_settings(std::vector<setting>& out, T const& standard, std::string const& path, bool within_list = false) {
  auto const all = [&]<std::size_t... I>(std::index_sequence<I...>) {
    auto const one = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
      auto const& member = reflect::get_field<N>(standard);
      using M            = std::remove_cvref_t<decltype(member)>;
      auto const where   = path_of(path, setting_name<T, N>());
      auto const words   = std::string(setting_words<T, N>());
      if constexpr (is_inline<M>) {
        out.push_back({where, type_words<M>(), inline_text(member), words, !within_list, std::same_as<M, bool>});
      } else if constexpr (kinds::is_optional<M>) {
        list_settings(out, typename M::value_type{}, where, within_list);
      } else if constexpr (kinds::is_pair_list<M> || kinds::is_map<M>) {
        using element = typename M::value_type::second_type;
        if constexpr (is_inline<element>) {
          out.push_back({where + ".<name>", type_words<element>(), "", words, false, false});
        } else {
          list_settings(out, element{}, where + ".<name>", true);
        }
      } else if constexpr (kinds::is_a<M, std::vector>) {
        list_settings(out, typename M::value_type{}, where + "[]", true);
      } else {
        list_settings(out, member, where, within_list);
      }
    };
    (one(std::integral_constant<std::size_t, I>{}), ...);
  };
  all(std::make_index_sequence<reflect::field_count<T>>{});
}

}  // namespace tensorgate::service_detail
