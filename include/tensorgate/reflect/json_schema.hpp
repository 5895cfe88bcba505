// tensorgate/reflect/json_schema.hpp: the JSON Schema (2020-12, as OpenAPI 3.1 uses it) of a C++ type.
//
//     schema_registry schemas;
//     std::string const body = schemas.ref<order>();        // {"$ref":"#/components/schemas/order"}
//     for (auto const& [name, schema] : schemas.components()) …
//
// Aggregates and enums become components, named by `describe<T>::name` or as the source spells them; everything else
// stands where it is used. The rules of a member become its keywords, so the schema accepts what the reader accepts,
// but for two things that it cannot say (duplicate keys, `describe<T>::check`) and null for an optional member, which
// is read and not advertised.
#pragma once

#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <limits>       // numeric_limits
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <tensorgate/core/append.hpp>             // append_all
#include <tensorgate/reflect/detail/members.hpp>  // wire_name, required_members
#include <tensorgate/reflect/enum_names.hpp>      // enum_names
#include <tensorgate/reflect/json_write.hpp>      // append_json
#include <tensorgate/reflect/pattern.hpp>         // unanchored
#include <tensorgate/reflect/text.hpp>            // append_text
#include <tensorgate/reflect/traits.hpp>          // is_object

namespace tensorgate::inline TENSORGATE_ABI::reflect {

/// What a type is called in a schema.
template <class T>
[[nodiscard]] std::string_view schema_name() noexcept {
  if constexpr (requires { describe<T>::name; }) {
    return describe<T>::name;
  } else {
    std::string_view spelled = detail::spell_type<T>();
    spelled                  = spelled.substr(spelled.find("T = ") + 4);
    spelled                  = spelled.substr(0, spelled.find_first_of("<;]"));
    return detail::last_name(spelled);
  }
}

/// Collects the components that the schemas of some types refer to.
class schema_registry {
 public:
  explicit schema_registry(std::string prefix = "#/components/schemas/") : prefix_(std::move(prefix)) {}

  /// The schema of `T` for where it is used: a reference for an aggregate or enum (made a component here), else the
  /// schema itself.
  template <class T>
  [[nodiscard]] std::string ref() {
    if constexpr (detail::is_object<T> || (std::is_enum_v<T> && !detail::has_text_form<T>)) {
      return R"({"$ref":)" + quoted(prefix_ + component<T>()) + "}";
    } else {
      return inline_schema<T>();
    }
  }

  /// The schema of member `I` of `T` with its rules, its text and its default.
  template <class T, std::size_t I>
  [[nodiscard]] std::string member() {
    using M     = field_type<T, I>;
    using V     = detail::without_optional<M>;
    auto schema = [&] {
      if constexpr (detail::is_integer<V>) {
        bool least = false;
        bool most  = false;
        detail::for_each_rule<T, I, rule_kind::value>([&](auto const& rule) {
          if constexpr (requires { rule.has_least; }) {
            least = least || rule.has_least;
            most  = most || rule.has_most;
          }
        });
        return integer<V>(!least, !most);
      } else {
        return ref<V>();
      }
    }();
    detail::for_each_rule<T, I, rule_kind::value>([&](auto const& rule) { add_rule<V>(schema, rule); });
    if constexpr (detail::has_rule<T, I, rule_kind::null_if_empty>())
      schema = R"({"anyOf":[)" + schema + R"(,{"type":"null"}]})";
    detail::for_each_rule<T, I, rule_kind::text>(
        [&](auto const& rule) { add(schema, "description", quoted(rule.words)); });
    if constexpr (!detail::is_optional<M> && !detail::is_pointer<M> && std::is_default_constructible_v<T>) {
      if ((detail::required_members<T>() >> I & 1U) == 0) add(schema, "default", default_of<T, I>());
    }
    return schema;
  }

  /// Name and schema of each component, in the order in which they were first needed.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& components() const noexcept {
    return components_;
  }

  /// Adds a keyword to a schema that is an object.
  [[gnu::cold]] static void add(std::string& schema, std::string_view keyword, std::string_view value) {
    schema.pop_back();
    if (schema.size() != 1) schema.push_back(',');
    append_all(schema, {quoted(keyword), ":", value, "}"});
  }

  /// Text as a JSON string.
  [[nodiscard, gnu::cold]] static std::string quoted(std::string_view text) { return write_json(text); }

 private:
  template <class T>
  static constexpr char type_key = 0;  // its address tells types apart

  template <class T, std::size_t I>
  [[nodiscard, gnu::cold]] static std::string default_of() {
    T const fresh{};
    return write_json(get_field<I>(fresh));
  }

  template <class T>
  [[nodiscard, gnu::cold]] std::string component() {
    auto const place = place_of(&type_key<T>, schema_name<T>());
    if (place.is_new) {
      auto schema                  = inline_schema<T>();
      components_[place.at].second = std::move(schema);
    }
    return components_[place.at].first;
  }

  /// Where the component of a type stands; a new one does so before its members, which may refer to it.
  struct component_place {
    std::size_t at;
    bool        is_new;
  };
  [[nodiscard, gnu::cold]] component_place place_of(char const* key, std::string_view name) {
    for (std::size_t i = 0; i != keys_.size(); ++i) {
      if (keys_[i] == key) return {i, false};
    }
    std::string unique(name);
    auto const  taken = [&] {
      for (auto const& one : components_) {
        if (one.first == unique) return true;
      }
      return false;
    };
    for (int i = 2; taken(); ++i) unique = std::string(name) + std::to_string(i);
    keys_.push_back(key);
    components_.emplace_back(std::move(unique), std::string{});
    return {components_.size() - 1, true};
  }

  template <class T>
  [[nodiscard, gnu::cold]] std::string inline_schema() {
    using namespace detail;
    if constexpr (std::same_as<T, bool>) {
      return R"({"type":"boolean"})";
    } else if constexpr (is_integer<T>) {
      return integer<T>(true, true);
    } else if constexpr (std::is_floating_point_v<T> || std::same_as<T, raw_number>) {
      return R"({"type":"number"})";
    } else if constexpr (is_text<T>) {
      return R"({"type":"string"})";
    } else if constexpr (has_text_form<T>) {
      std::string schema = R"({"type":"string"})";
      if constexpr (requires { text_form<T>::pattern; })
        add(schema, "pattern", quoted("^(?:" + std::string(text_form<T>::pattern) + ")$"));
      if constexpr (requires { text_form<T>::format; }) add(schema, "format", quoted(text_form<T>::format));
      if constexpr (requires { text_form<T>::expected; }) add(schema, "description", quoted(text_form<T>::expected));
      return schema;
    } else if constexpr (is_duration<T>) {
      return R"({"type":"string","pattern":"^(0|[1-9][0-9]*)(ns|us|ms|s|min|h|d)$","description":)" +
             quoted(duration_expected) + "}";
    } else if constexpr (is_time_point<T>) {
      return R"({"type":"integer","format":"int64","description":"milliseconds since 1970-01-01 UTC"})";
    } else if constexpr (std::is_enum_v<T>) {
      std::string names;
      for (auto const& [value, name] : enum_names<T>) names.append(names.empty() ? "" : ",").append(quoted(name));
      return R"({"type":"string","enum":[)" + names + "]}";
    } else if constexpr (is_optional<T>) {
      return R"({"anyOf":[)" + ref<typename T::value_type>() + R"(,{"type":"null"}]})";
    } else if constexpr (is_pointer<T>) {
      return R"({"anyOf":[)" + ref<typename T::element_type>() + R"(,{"type":"null"}]})";
    } else if constexpr (is_pair_list<T>) {
      return R"({"type":"object","additionalProperties":)" + ref<typename T::value_type::second_type>() + "}";
    } else if constexpr (is_map<T>) {
      return R"({"type":"object","additionalProperties":)" + ref<typename T::mapped_type>() + "}";
    } else if constexpr (is_a<T, std::vector>) {
      return R"({"type":"array","items":)" + ref<typename T::value_type>() + "}";
    } else if constexpr (is_fixed_list<T>) {
      return fixed_list<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
    } else if constexpr (is_a<T, std::variant>) {
      return alternatives(static_cast<T*>(nullptr));
    } else if constexpr (std::same_as<T, std::monostate>) {
      return R"({"type":"null"})";
    } else if constexpr (is_object<T>) {
      return object<T>(std::make_index_sequence<field_count<T>>{});
    } else {
      static_assert(is_raw<T>, "reflect: this type has no schema; give it a text_form, or make it a plain aggregate");
      return "{}";
    }
  }

  template <class T>
  [[nodiscard]] static std::string integer(bool with_least, bool with_most) {
    std::string schema = R"({"type":"integer"})";
    if (with_least && (std::is_unsigned_v<T> || sizeof(T) < 8))
      add(schema, "minimum", std::to_string(std::numeric_limits<T>::min()));
    if (with_most && sizeof(T) < 8) add(schema, "maximum", std::to_string(std::numeric_limits<T>::max()));
    if (sizeof(T) == 8) add(schema, "format", std::is_signed_v<T> ? R"("int64")" : R"("uint64")");
    return schema;
  }

  template <class T, std::size_t... I>
  [[nodiscard]] std::string fixed_list(std::index_sequence<I...>) {
    std::string elements;
    ((elements.append(I == 0 ? "" : ",").append(ref<std::tuple_element_t<I, T>>())), ...);
    auto const size = std::to_string(sizeof...(I));
    return R"({"type":"array","prefixItems":[)" + elements + R"(],"items":false,"minItems":)" + size +
           R"(,"maxItems":)" + size + "}";
  }

  template <class... A>
  [[nodiscard]] std::string alternatives(std::variant<A...>* /*type*/) {
    std::string list;
    ((list.append(list.empty() ? "" : ",").append(ref<A>())), ...);
    std::string schema = R"({"anyOf":[)" + list + "]}";
    if constexpr ((detail::has_tag<A> && ...))
      add(schema, "discriminator", R"({"propertyName":)" + quoted(detail::tag_of<A...>()) + "}");
    return schema;
  }

  /// What is known of the members of an object.
  struct object_parts {
    std::string properties;
    std::string required;

    [[gnu::cold]] void add(std::string_view name, std::string_view schema, bool must) {
      auto const quoted_name = quoted(name);
      append_all(properties, {properties.empty() ? "" : ",", quoted_name, ":", schema});
      if (must) append_all(required, {required.empty() ? "" : ",", quoted_name});
    }
    [[nodiscard, gnu::cold]] std::string schema(std::string_view text, bool closed) const {
      std::string made = R"({"type":"object"})";
      if (!text.empty()) schema_registry::add(made, "description", quoted(text));
      schema_registry::add(made, "properties", "{" + properties + "}");
      if (!required.empty()) schema_registry::add(made, "required", "[" + required + "]");
      if (closed) schema_registry::add(made, "additionalProperties", "false");
      return made;
    }
  };

  template <class T, std::size_t... I>
  [[nodiscard, gnu::cold]] std::string object(std::index_sequence<I...> /*all*/) {
    object_parts parts;
    if constexpr (detail::has_tag<T>)
      parts.add(describe<T>::tag, R"({"const":)" + quoted(describe<T>::tag_value) + "}", true);
    auto const must = detail::required_members<T>();
    (add_member<T, I>(parts, must), ...);
    std::string_view text;
    if constexpr (requires { describe<T>::text; }) text = describe<T>::text;
    return parts.schema(text, detail::rejects_unknown<T>());
  }
  template <class T, std::size_t I>
  [[gnu::cold]] void add_member(object_parts& parts, std::uint64_t must) {
    if constexpr (!std::same_as<field_type<T, I>, other_members>)
      parts.add(detail::wire_name<T, I>, member<T, I>(), (must >> I & 1U) != 0);
  }

  template <class V, class Rule>
  static void add_rule(std::string& schema, Rule const& rule) {
    if constexpr (requires { rule.has_least; }) {
      if (rule.has_least) add(schema, "minimum", write_json(rule.least));
      if (rule.has_most) add(schema, "maximum", write_json(rule.most));
    } else if constexpr (requires { rule.source; }) {
      add(schema, "pattern", quoted("^(?:" + std::string(unanchored(rule.source)) + ")$"));
    } else {
      std::string_view const kind = detail::is_text<V>                               ? "Length"
                                    : (detail::is_map<V> || detail::is_pair_list<V>) ? "Properties"
                                                                                     : "Items";
      add(schema, "min" + std::string(kind), std::to_string(rule.least));
      add(schema, "max" + std::string(kind), std::to_string(rule.most));
    }
  }

  std::string                                      prefix_;
  std::vector<char const*>                         keys_;
  std::vector<std::pair<std::string, std::string>> components_;
};

/// One document by itself: the schema of `T`, its components under `$defs`.
template <class T>
[[nodiscard]] std::string json_schema() {
  schema_registry schemas("#/$defs/");
  std::string     schema = schemas.ref<T>();
  std::string     parts;
  for (auto const& [name, one] : schemas.components()) {
    parts.append(parts.empty() ? "" : ",").append(schema_registry::quoted(name)).append(1, ':').append(one);
  }
  schema_registry::add(schema, "$schema", R"("https://json-schema.org/draft/2020-12/schema")");
  if (!parts.empty()) schema_registry::add(schema, "$defs", "{" + parts + "}");
  return schema;
}

}  // namespace tensorgate::reflect
