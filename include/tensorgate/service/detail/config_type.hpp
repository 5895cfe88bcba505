// tensorgate/service/detail/config_type.hpp: what does a program know of its settings while it runs?
//
// Each aggregate of settings becomes a table of its members, each type of setting a row of functions, made once for a
// type and shared by all its members. What reads, prints and lists settings works on these tables and is compiled once.
#pragma once

#include <array>         // array
#include <charconv>      // from_chars, to_chars
#include <concepts>      // same_as, floating_point
#include <cstddef>       // size_t
#include <cstdint>       // uint8_t
#include <filesystem>    // path
#include <functional>    // function
#include <iterator>      // begin, end
#include <limits>        // numeric_limits
#include <string>        // string, to_string
#include <string_view>   // string_view
#include <system_error>  // errc
#include <tuple>         // apply, tuple
#include <type_traits>   // is_enum_v, is_unsigned_v
#include <utility>       // in_range, move
#include <vector>        // vector

#include <tensorgate/core/bytes.hpp>                  // secret_text
#include <tensorgate/reflect/enum_names.hpp>          // value_named, enum_choices
#include <tensorgate/reflect/fields.hpp>              // field_names, field_index
#include <tensorgate/reflect/rules.hpp>               // describe, rules
#include <tensorgate/reflect/text.hpp>                // from_text, byte_count
#include <tensorgate/reflect/traits.hpp>              // text_form, kinds of types
#include <tensorgate/service/config_failure.hpp>      // config_problem
#include <tensorgate/service/detail/config_text.hpp>  // toml_string
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
    if (at.is == config_node::kind::text || at.is == config_node::kind::string)
      found = toml_string(std::string_view(at.text).substr(0, 60));
    if (at.is == config_node::kind::integer) found = std::to_string(at.integer);
    if (at.is == config_node::kind::boolean) found = at.boolean ? "true" : "false";
    wrong(at, path, "expected " + std::string(wanted) + ", found " + found);
  }
  /// What a rule says: nothing, or what it wants.
  void unless(std::string_view wanted, config_node const& at, std::string const& path) {
    if (!wanted.empty()) expected(at, path, wanted);
  }
};

/// What a start would find missing on this machine: a member, "log.access" or "listen[1]", and a sentence.
using tell_lack = std::function<void(std::string_view inside, std::string said)>;

enum class setting_shape : std::uint8_t { scalar, optional, list, named, table };

struct setting_type;

/// A member's name in the file, what it means (empty when nobody says), and where a path stands in its text (null
/// where none does).
struct setting_label {
  std::string_view name;
  std::string_view words;
  std::string_view (*path_in)(std::string_view text) noexcept = nullptr;
};

/// How settings of one type are read and written. A value is given by its address; what a shape does not need is null.
struct setting_type {
  using use_one   = void (*)(void* context, std::string_view name, void const* one);
  using use_value = void (*)(void* context, void const* value);

  setting_shape is;
  bool          truth  = false;  ///< its flag needs no value
  bool          secret = false;

  // A scalar. `text` is TOML.
  std::string (*words)()                                                               = nullptr;
  void (*read)(config_reader&, config_node const&, void* out, std::string const& path) = nullptr;
  std::string (*text)(void const* value)                                               = nullptr;

  // An optional, a list or a table of names: what is inside, and how one more gets there.
  setting_type const* inner                                   = nullptr;
  void (*clear)(void* out)                                    = nullptr;
  void* (*add)(void* out, std::string const& name)            = nullptr;
  void (*each)(void const* value, use_one use, void* context) = nullptr;

  // A table: its members, where each lies in a value, what the rules say of one of them, and a value of defaults.
  std::size_t                count                               = 0;
  setting_label const*       labels                              = nullptr;
  setting_type const* const* types                               = nullptr;
  void (*places)(void const* value, void const** members)        = nullptr;
  void (*rules)(void const* value, std::size_t member, config_reader&, config_node const&,
                std::string const& path)                         = nullptr;
  std::string (*check)(void const* value, std::string& inside)   = nullptr;  ///< `inside`: the member it is about
  void (*fresh)(use_value use, void* context)                    = nullptr;
  void (*start_faults)(void const* value, tell_lack const& tell) = nullptr;
};

/// Calls `use(name, one)` for each value in an optional, a list or a table of names.
template <class F>
void for_each_inside(setting_type const& type, void const* value, F use) {
  type.each(
      value, [](void* context, std::string_view name, void const* one) { (*static_cast<F*>(context))(name, one); },
      &use);
}

/// True where the value stands on one line behind "name =".
[[nodiscard]] constexpr bool is_inline(setting_type const& type) noexcept {
  if (type.is == setting_shape::optional) return is_inline(*type.inner);
  return type.is == setting_shape::scalar ||
         (type.is == setting_shape::list && type.inner->is == setting_shape::scalar);
}

/// The members that an aggregate may have, and so the room for their places.
using member_places = std::array<void const*, reflect::max_fields>;

template <class T>
inline constexpr bool is_path = std::same_as<T, std::filesystem::path>;

/// True for settings that one text can give: flags and variables.
template <class T>
inline constexpr bool is_scalar = std::same_as<T, bool> || kinds::is_integer<T> || std::floating_point<T> ||
                                  std::is_enum_v<T> || std::same_as<T, std::string> || is_path<T> ||
                                  std::same_as<T, secret_text> || kinds::is_duration<T> || kinds::has_text_form<T>;

/// What a setting of this type takes, in words, for `--help` and for errors.
template <class T>
[[nodiscard]] std::string scalar_words() {
  if constexpr (kinds::is_optional<T>) {
    return scalar_words<typename T::value_type>();
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
  } else {
    return "a text";
  }
}

/// Text from a flag or a variable, where a number or a truth is wanted.
template <class T>
[[nodiscard]] bool number_of(std::string_view text, T& out) noexcept {
  auto const got = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && got.ec == std::errc{} && got.ptr == text.data() + text.size();
}

template <class T>
void read_scalar(config_reader& to, config_node const& from, T& out, std::string const& path) {
  using kind         = config_node::kind;
  bool const is_text = from.is == kind::string || from.is == kind::text;
  if constexpr (std::same_as<T, bool>) {
    if (from.is == kind::boolean) {
      out = from.boolean;
    } else if (from.is == kind::text &&
               (from.text == "true" || from.text == "1" || from.text == "yes" || from.text == "on")) {
      out = true;
    } else if (from.is == kind::text &&
               (from.text == "false" || from.text == "0" || from.text == "no" || from.text == "off")) {
      out = false;
    } else {
      to.expected(from, path, scalar_words<T>());
    }
  } else if constexpr (kinds::has_text_form<T>) {
    auto parsed = is_text ? reflect::text_form<T>::parse(from.text) : result<T>(unexpected<failure>(failure{}));
    if (!parsed) return to.expected(from, path, scalar_words<T>());
    out = std::move(*parsed);
  } else if constexpr (kinds::is_integer<T>) {
    if (from.is == kind::integer) {
      if (std::in_range<T>(from.integer)) {
        out = static_cast<T>(from.integer);
        return;
      }
    } else if constexpr (std::same_as<T, std::size_t>) {
      result<reflect::byte_count> const size =
          is_text ? reflect::from_text<reflect::byte_count>(from.text) : fail(failure{});
      if (size) {
        out = size->value;
        return;
      }
    } else if (from.is == kind::text && number_of(from.text, out)) {
      return;
    }
    to.expected(from, path, scalar_words<T>());
  } else if constexpr (std::floating_point<T>) {
    if (from.is == kind::real) {
      out = static_cast<T>(from.real);
    } else if (from.is == kind::integer) {
      out = static_cast<T>(from.integer);
    } else if (from.is != kind::text || !number_of(from.text, out)) {
      to.expected(from, path, scalar_words<T>());
    }
  } else if constexpr (std::is_enum_v<T>) {
    auto const value = is_text ? reflect::value_named<T>(from.text) : std::nullopt;
    if (!value) return to.expected(from, path, scalar_words<T>());
    out = *value;
  } else if constexpr (kinds::is_duration<T>) {
    if (!is_text) return to.expected(from, path, scalar_words<T>());
    auto const parsed = reflect::from_text<T>(from.text);
    if (!parsed) return to.expected(from, path, parsed.error().note);
    out = *parsed;
  } else if constexpr (std::same_as<T, std::string> || is_path<T>) {
    if (!is_text) return to.expected(from, path, scalar_words<T>());
    if (from.text.find('\0') != std::string::npos)
      return to.wrong(from, path, "a NUL has no place in a text of settings");
    out = from.text;
  } else if constexpr (std::same_as<T, secret_text>) {
    if (!is_text) return to.wrong(from, path, "expected a secret text in quotes");
    out = secret_text(std::string(from.text));
  }
}

/// The TOML of a scalar. Of a secret, nothing.
template <class T>
[[nodiscard]] std::string scalar_text(T const& value) {
  if constexpr (std::same_as<T, bool>) {
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
  } else {
    return toml_string(value);
  }
}

template <class T>
[[nodiscard]] consteval setting_type describe_setting();

template <class T>
inline constexpr setting_type type_of_setting = describe_setting<T>();

template <class T>
[[nodiscard]] consteval auto labels_of() {
  std::array<setting_label, reflect::field_count<T>> made{};
  for (std::size_t i = 0; i != made.size(); ++i) made[i].name = reflect::field_names<T>[i];
  if constexpr (says_rules<T>) {
    [[maybe_unused]] auto const look = [&]<class R>(R const& rule) {
      if constexpr (requires {
                      R::member;
                      rule.name;
                    })
        made[reflect::field_index<R::member>].name = rule.name;
      if constexpr (requires {
                      R::member;
                      rule.words;
                    })
        made[reflect::field_index<R::member>].words = rule.words;
      if constexpr (requires { rule.path_in; }) made[reflect::field_index<R::member>].path_in = rule.path_in;
    };
    std::apply([&](auto const&... rule) { (look(rule), ...); }, reflect::describe<T>::rules);
  }
  return made;
}

template <class Members>
struct types_of_settings;
template <class... M>
struct types_of_settings<std::tuple<M const*...>> {
  static constexpr std::array<setting_type const*, sizeof...(M)> list{&type_of_setting<M>...};
};

template <class T>
struct settings_table {
  static constexpr auto labels = labels_of<T>();

  static void places(void const* value, void const** members) {
    kinds::with_members<reflect::field_count<T>>(
        *static_cast<T const*>(value), [&](auto const&... member) { (static_cast<void>(*members++ = &member), ...); });
  }
  static void rules(void const* value, std::size_t member, config_reader& to, config_node const& at,
                    std::string const& path) {
    auto const check = [&]<class R>(R const& rule) {
      if constexpr (requires { R::member; }) {
        if (reflect::field_index<R::member> != member) return;
        auto const& held = static_cast<T const*>(value)->*R::member;
        if constexpr (kinds::is_optional<std::remove_cvref_t<decltype(held)>>) {
          if constexpr (requires { rule.check(*held); }) {
            if (held) to.unless(rule.check(*held), at, path);
          }
        } else if constexpr (requires { rule.check(held); }) {
          to.unless(rule.check(held), at, path);
        }
      }
    };
    std::apply([&](auto const&... rule) { (check(rule), ...); }, reflect::describe<T>::rules);
  }
  static std::string check(void const* value, std::string& inside) {
    auto const& held = *static_cast<T const*>(value);
    if constexpr (requires { reflect::describe<T>::check(held, inside); }) {
      return std::string(reflect::describe<T>::check(held, inside));
    } else {
      return std::string(reflect::describe<T>::check(held));
    }
  }
  static void start_faults(void const* value, tell_lack const& tell) {
    reflect::describe<T>::start_faults(*static_cast<T const*>(value), tell);
  }
  static void fresh(setting_type::use_value use, void* context) {
    T const made{};
    use(context, &made);
  }
};

template <class T>
[[nodiscard]] consteval setting_type describe_setting() {
  using use_one = setting_type::use_one;
  setting_type made{};
  if constexpr (kinds::is_optional<T>) {
    made.is    = setting_shape::optional;
    made.inner = &type_of_setting<typename T::value_type>;
    made.clear = [](void* out) { static_cast<T*>(out)->reset(); };
    made.add   = [](void* out, std::string const&) -> void* { return &static_cast<T*>(out)->emplace(); };
    made.each  = [](void const* value, use_one use, void* context) {
      if (auto const& held = *static_cast<T const*>(value)) use(context, {}, &*held);
    };
  } else if constexpr (is_scalar<T>) {
    made.is     = setting_shape::scalar;
    made.truth  = std::same_as<T, bool>;
    made.secret = std::same_as<T, secret_text>;
    made.words  = &scalar_words<T>;
    made.read   = [](config_reader& to, config_node const& from, void* out, std::string const& path) {
      read_scalar(to, from, *static_cast<T*>(out), path);
    };
    made.text = [](void const* value) { return scalar_text(*static_cast<T const*>(value)); };
  } else if constexpr (kinds::is_pair_list<T> || kinds::is_map<T>) {
    using element = typename T::value_type::second_type;
    made.is       = setting_shape::named;
    made.inner    = &type_of_setting<element>;
    made.clear    = [](void* out) { static_cast<T*>(out)->clear(); };
    made.add      = [](void* out, std::string const& name) -> void* {
      if constexpr (kinds::is_map<T>) {
        return &(*static_cast<T*>(out))[name];
      } else {
        return &static_cast<T*>(out)->emplace_back(name, element{}).second;
      }
    };
    made.each = [](void const* value, use_one use, void* context) {
      for (auto const& [name, one] : *static_cast<T const*>(value)) use(context, name, &one);
    };
  } else if constexpr (kinds::is_a<T, std::vector>) {
    made.is    = setting_shape::list;
    made.inner = &type_of_setting<typename T::value_type>;
    made.clear = [](void* out) { static_cast<T*>(out)->clear(); };
    made.add   = [](void* out, std::string const&) -> void* { return &static_cast<T*>(out)->emplace_back(); };
    made.each  = [](void const* value, use_one use, void* context) {
      for (auto const& one : *static_cast<T const*>(value)) use(context, {}, &one);
    };
  } else {
    static_assert(kinds::is_object<T>, "tensorgate: a setting of this type cannot be read from a file");
    using table = settings_table<T>;
    made.is     = setting_shape::table;
    made.count  = reflect::field_count<T>;
    made.labels = table::labels.data();
    made.types  = types_of_settings<kinds::member_pointers<T>>::list.data();
    made.places = &table::places;
    made.fresh  = &table::fresh;
    if constexpr (says_rules<T>) made.rules = &table::rules;
    if constexpr (
        requires(T const& value, std::string& inside) { reflect::describe<T>::check(value, inside); } ||
        requires(T const& value) { reflect::describe<T>::check(value); }) {
      made.check = &table::check;
    }
    if constexpr (requires(T const& value, tell_lack const& tell) { reflect::describe<T>::start_faults(value, tell); })
      made.start_faults = &table::start_faults;
  }
  if (made.inner != nullptr && !is_inline(made) && made.inner->is != setting_shape::table &&
      !(made.is == setting_shape::named && is_inline(*made.inner))) {
    throw "tensorgate: lists and tables of settings hold scalars or aggregates";
  }
  return made;
}

}  // namespace tensorgate::service_detail
