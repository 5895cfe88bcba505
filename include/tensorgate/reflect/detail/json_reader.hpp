// tensorgate/reflect/detail/json_reader.hpp: one function for each kind of C++ value that JSON can become.
#pragma once

#include <algorithm>     // adjacent_find, max, sort
#include <array>         // array
#include <cstddef>       // size_t
#include <cstdint>       // uint64_t
#include <forward_list>  // forward_list
#include <functional>    // less
#include <limits>        // numeric_limits
#include <memory>        // make_unique
#include <string>        // string
#include <string_view>   // string_view
#include <utility>       // move, index_sequence
#include <variant>       // variant, monostate
#include <vector>        // vector

#include <tensorgate/reflect/detail/json_scanner.hpp>  // json_scanner
#include <tensorgate/reflect/detail/json_walk.hpp>     // read_members, read_elements
#include <tensorgate/reflect/detail/members.hpp>       // wire_names, required_members
#include <tensorgate/reflect/enum_names.hpp>           // names_of
#include <tensorgate/reflect/text.hpp>                 // from_text, fits
#include <tensorgate/reflect/traits.hpp>               // is_optional

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

template <class T>
[[nodiscard]] char const* read_value(json_scanner& in, char const* at, T& out);

// Integers of all widths share two functions; floats share one.

template <class T>
[[nodiscard]] char const* read_number(json_scanner& in, char const* at, T& out) {
  if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) <= sizeof(double), "reflect: long double is not read; use double or raw_number");
    double            value = 0;
    auto const* const start = at;
    at                      = in.floating(at, value);
    if (at == nullptr) return nullptr;
    if (!fits<T>(value)) return in.fail(start, errc::out_of_range, "a number that a float can hold");
    out = static_cast<T>(value);
  } else if constexpr (std::is_signed_v<T>) {
    std::int64_t value = 0;
    at                 = in.signed_integer(at, value, static_cast<std::uint64_t>(std::numeric_limits<T>::max()));
    if (at == nullptr) return nullptr;
    out = static_cast<T>(value);
  } else {
    std::uint64_t value = 0;
    at                  = in.unsigned_integer(at, value, std::numeric_limits<T>::max());
    if (at == nullptr) return nullptr;
    out = static_cast<T>(value);
  }
  return at;
}

/// A string that a type of its own makes sense of.
template <class T>
[[nodiscard]] char const* read_text_form(json_scanner& in, char const* at, T& out) {
  std::string       storage;
  std::string_view  raw;
  auto const* const next = in.text(at, raw, storage);
  if (next == nullptr) return nullptr;
  auto parsed = from_text<T>(raw);
  if (!parsed) {
    bool const range = parsed.error().code == make_error_code(errc::out_of_range);
    return in.fail(at, range ? errc::out_of_range : errc::rule, parsed.error().note);
  }
  out = std::move(*parsed);
  return next;
}

/// The names of members that no member of the type has, so that none stands twice.
class unlisted_names {
 public:
  void add(json_scanner const& in, std::string_view name) {
    names_.push_back(stands_in(in, name) ? name : std::string_view(spelled_.emplace_front(name)));
  }
  /// Fails at the later of two equal names, or at `object` if that one has escapes.
  [[nodiscard]] bool are_distinct(json_scanner& in, char const* object) {
    if (names_.size() < 2 || detail::are_distinct(names_)) return true;
    auto const first = std::adjacent_find(names_.begin(), names_.end());
    auto const later = std::max(*first, first[1], [](auto a, auto b) { return std::less<>{}(a.data(), b.data()); });
    in.fail(stands_in(in, later) ? later.data() - 1 : object, errc::duplicate, "each member once");
    in.step_into(later);
    return false;
  }

 private:
  static bool stands_in(json_scanner const& in, std::string_view name) noexcept {
    return !std::less<>{}(name.data(), in.begin()) && std::less<>{}(name.data(), in.end());
  }

  std::vector<std::string_view>  names_;
  std::forward_list<std::string> spelled_;  // those with escapes
};

enum class tag_state : std::uint8_t { absent, right, wrong };

// Objects: the members are expected in their order, each found by comparing its quoted name and colon at once; what
// comes out of order, with a blank before the colon, with an escape in its name, or is unknown, goes the slow way.

template <class T>
struct object_reader {
  static constexpr std::size_t   count = field_count<T>;
  static constexpr std::uint64_t all   = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;

  json_scanner&  in;
  T&             out;
  std::uint64_t  seen = 0;
  bool           more = true;
  unlisted_names unlisted{};
  tag_state      tag = tag_state::absent;

  template <std::size_t I, class M>
  [[nodiscard]] char const* member(char const* at, M& value) {
    if constexpr (std::is_same_v<M, other_members>) {
      return at;
    } else {
      auto const* const start = at;
      if ((seen >> I & 1U) != 0 && in.options.duplicates == duplicate_members::reject) {
        in.fail(at, errc::duplicate, "each member once");
        at = nullptr;
      } else {
        // The last one counts as if it stood alone: nothing of an earlier one shines through.
        if constexpr (is_object<M> || is_fixed_list<M>) {
          if ((seen >> I & 1U) != 0) {
            T untouched{};
            value = std::move(get_field<I>(untouched));
          }
        }
        seen |= std::uint64_t{1} << I;
        at = read_value(in, at, value);
      }
      if constexpr (has_rule<T, I, rule_kind::value>()) {
        std::string_view wanted;
        if (at != nullptr && !keeps_rules<T, I>(value, wanted)) at = in.fail(start, errc::rule, wanted);
      }
      if (at == nullptr) [[unlikely]] {
        in.step_into(wire_name<T, I>);
        return nullptr;
      }
      return in.next_member(at, '}', more);
    }
  }

  template <std::size_t I, class M>
  [[nodiscard]] bool expected_member(char const*& at, bool& moved, M& value) {
    constexpr auto& key  = key_text<T, I>;
    constexpr auto  size = key.size() - 1;
    if (static_cast<std::size_t>(in.end() - at) > size && same_bytes<size>(at, key.data() + 1)) {
      moved = true;
      at    = member<I>(in.skip_blanks(at + size), value);
      return more && at != nullptr;
    }
    return true;
  }

  [[nodiscard]] char const* other_member(char const* const key) {
    std::string      storage;
    std::string_view name;
    auto const*      at = in.key(key, name, storage);
    if (at == nullptr) return nullptr;
    std::size_t i = 0;
    while (i != count && (wire_names<T>[i] != name || i == other_members_index<T>)) ++i;
    if (i != count) return known_member(at, i, std::make_index_sequence<count>{});
    auto const rule = in.options.unknown;
    if constexpr (has_tag<T>) {
      if (name == describe<T>::tag) return tag_member(key, at);
    }
    if (in.options.duplicates == duplicate_members::reject) unlisted.add(in, name);
    if constexpr (other_members_index<T> != count) {
      auto&             list = get_field<other_members_index<T>>(out).list;
      auto const* const stop = in.skip_value(at);
      if (stop == nullptr) return at_unknown(nullptr, name);
      list.emplace_back(std::string(name), raw_json{std::string(at, stop)});
      return in.next_member(stop, '}', more);
    } else {
      bool const reject = rule == unknown_members::reject || (rule == unknown_members::by_rule && rejects_unknown<T>());
      if (reject) return at_unknown(in.fail(key, errc::unknown, "only members that are known here"), name);
      at = in.skip_value(at);
      return at == nullptr ? at_unknown(at, name) : in.next_member(at, '}', more);
    }
  }

  /// The member that says which of a variant's kinds this is.
  [[nodiscard]] char const* tag_member(char const* key, char const* at) {
    bool const once = in.options.duplicates == duplicate_members::reject;
    if (once && tag != tag_state::absent)
      return at_unknown(in.fail(key, errc::duplicate, "each member once"), describe<T>::tag);
    std::string       storage;
    std::string_view  value;
    auto const* const next = in.text(at, value, storage);
    if (next == nullptr) return at_unknown(nullptr, describe<T>::tag);
    tag = value == describe<T>::tag_value ? tag_state::right : tag_state::wrong;
    if (once && tag == tag_state::wrong)
      return at_unknown(in.fail(at, errc::rule, "the kind that is read here"), describe<T>::tag);
    return in.next_member(next, '}', more);
  }

  char const* at_unknown(char const* at, std::string_view name) {
    in.step_into(name);
    return at;
  }

  template <std::size_t... I>
  [[nodiscard]] char const* known_member(char const* at, std::size_t index, std::index_sequence<I...>) {
    using reader = char const* (*)(object_reader&, char const*);
    static constexpr std::array<reader, count> readers{[](object_reader& self, char const* place) {
      return self.template member<I>(place, get_field<I>(self.out));
    }...};
    return readers[index](*this, at);
  }

  template <std::size_t... I>
  [[nodiscard]] char const* members(char const* at, std::index_sequence<I...>) {
    return with_members<count>(out, [&](auto&... values) -> char const* {
      while (at != nullptr && more) {
        bool moved = false;
        if constexpr (count != 0) static_cast<void>((expected_member<I>(at, moved, values) && ...));
        if (!moved) at = other_member(at);
      }
      return at;
    });
  }

  [[nodiscard]] char const* object(char const* at) {
    auto const* const start = at;
    if (at == in.end() || *at != '{') return in.fail_type(at, "an object");
    if (!in.enter(at)) return nullptr;
    at = in.skip_blanks(at + 1);
    if (at != in.end() && *at == '}') {
      ++at;
    } else {
      at = members(at, std::make_index_sequence<count>{});
      if (at == nullptr) return nullptr;
    }
    in.leave();
    if (seen != all) {
      auto const missing = required_members<T>() & ~seen;
      if (missing != 0) [[unlikely]] {
        in.fail(start, errc::missing, "a member that is required");
        in.step_into(wire_names<T>[static_cast<std::size_t>(std::countr_zero(missing))]);
        return nullptr;
      }
    }
    if constexpr (has_tag<T>) {
      if (tag != tag_state::right) {
        bool const absent = tag == tag_state::absent;
        in.fail(start, absent ? errc::missing : errc::rule,
                absent ? "a member that is required" : "the kind that is read here");
        return at_unknown(nullptr, describe<T>::tag);
      }
    }
    if (!unlisted.are_distinct(in, start)) return nullptr;
    if constexpr (requires { describe<T>::check(out); }) {
      std::string_view const wanted = describe<T>::check(out);
      if (!wanted.empty()) return in.fail(start, errc::rule, wanted);
    }
    return at;
  }
};

template <class T>
[[nodiscard]] char const* read_map(json_scanner& in, char const* at, T& out) {
  using key_type    = typename T::key_type;
  using mapped_type = typename T::mapped_type;
  out.clear();
  return read_members(in, at, [&](std::string_view name, char const* key, char const* place) -> char const* {
    auto converted = from_text<key_type>(name);
    if (!converted) return in.fail(key, errc::rule, converted.error().note);
    auto const [entry, fresh] = out.try_emplace(std::move(*converted));
    if (!fresh) {
      if (in.options.duplicates == duplicate_members::reject) return in.fail(key, errc::duplicate, "each key once");
      entry->second = mapped_type{};
    }
    return read_value(in, place, entry->second);
  });
}

template <class T>
[[nodiscard]] char const* read_pair_list(json_scanner& in, char const* at, T& out) {
  out.clear();
  auto const* const start = at;
  at = read_members(in, at, [&](std::string_view name, char const*, char const* place) -> char const* {
    auto& entry = out.emplace_back();
    entry.first.assign(name);
    return read_value(in, place, entry.second);
  });
  if (at == nullptr) return nullptr;
  std::vector<std::string_view> names;
  names.reserve(out.size());
  for (auto const& entry : out) names.push_back(entry.first);
  if (are_distinct(names)) return at;
  if (in.options.duplicates == duplicate_members::reject) return in.fail(start, errc::duplicate, "each key once");
  std::vector<std::size_t> order(out.size());  // by name, then by place: of each name the last stays, where it stands
  for (std::size_t i = 0; i != order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    int const names_order = out[a].first.compare(out[b].first);
    return names_order != 0 ? names_order < 0 : a < b;
  });
  std::vector<bool> stays(out.size(), true);
  for (std::size_t i = 1; i != order.size(); ++i) stays[order[i - 1]] = out[order[i - 1]].first != out[order[i]].first;
  T kept;
  for (std::size_t i = 0; i != out.size(); ++i) {
    if (stays[i]) kept.push_back(std::move(out[i]));
  }
  out = std::move(kept);
  return at;
}

template <class T>
[[nodiscard]] char const* read_list(json_scanner& in, char const* at, std::vector<T>& out) {
  out.clear();
  return read_elements(in, at, [&](std::size_t, char const* place) -> char const* {
    if constexpr (std::is_same_v<T, bool>) {
      bool value = false;
      place      = read_value(in, place, value);
      out.push_back(value);
      return place;
    } else {
      return read_value(in, place, out.emplace_back());
    }
  });
}

template <class T>
[[nodiscard]] char const* read_fixed_list(json_scanner& in, char const* at, T& out) {
  constexpr std::size_t size  = std::tuple_size_v<T>;
  std::size_t           count = 0;
  auto const* const     start = at;
  at                          = read_elements(in, at, [&](std::size_t index, char const* place) -> char const* {
    ++count;
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> char const* {
      char const* next = nullptr;
      bool const  fits = ((I == index ? (next = read_value(in, place, std::get<I>(out)), true) : false) || ...);
      return fits ? next : in.fail(place, errc::rule, "no more elements");
    }(std::make_index_sequence<size>{});
  });
  if (at != nullptr && count != size) return in.fail(start, errc::rule, "an array with more elements");
  return at;
}

// Variants. A kind of JSON value leads to the first alternative that takes it; two objects need a tag.

enum class json_kind { null, boolean, integer, number, string, array, object };

template <class T>
[[nodiscard]] consteval bool takes_kind(json_kind kind) {
  if constexpr (std::is_same_v<T, raw_json> || std::is_same_v<T, raw_json_view>) return true;
  switch (kind) {
    case json_kind::null: return std::is_same_v<T, std::monostate> || is_optional<T> || is_pointer<T>;
    case json_kind::boolean: return std::is_same_v<T, bool>;
    case json_kind::integer:
      return is_integer<T> || is_time_point<T> || std::is_floating_point_v<T> || std::is_same_v<T, raw_number>;
    case json_kind::number: return std::is_floating_point_v<T> || std::is_same_v<T, raw_number>;
    case json_kind::string: return is_text<T> || std::is_enum_v<T> || has_text_form<T> || is_duration<T>;
    case json_kind::array: return is_fixed_list<T> || (is_a<T, std::vector> && !is_pair_list<T>);
    case json_kind::object: return is_object<T> || is_map<T> || is_pair_list<T>;
  }
  return false;
}

template <class... A>
[[nodiscard]] char const* read_tagged(json_scanner& in, char const* at, std::variant<A...>& out) {
  constexpr std::string_view tag = tag_of<A...>();
  json_scanner               ahead(in);
  std::string                storage;
  std::string_view           value;
  bool                       found = false;
  auto const* const          stop =
      read_members(ahead, at, [&](std::string_view name, char const* key, char const* place) -> char const* {
        if (name != tag) return ahead.skip_value(place);
        if (found && ahead.options.duplicates == duplicate_members::reject)
          return ahead.fail(key, errc::duplicate, "each member once");
        found = true;
        return ahead.text(place, value, storage);
      });
  if (stop == nullptr) {
    in = std::move(ahead);
    return nullptr;
  }
  char const* next   = nullptr;
  auto const  choose = [&]<class O>(O*) {
    if constexpr (has_tag<O>) {
      if (describe<O>::tag_value != value) return false;
      next = read_value(in, at, out.template emplace<O>());
      return true;
    } else {
      return false;
    }
  };
  if (found && (choose(static_cast<A*>(nullptr)) || ...)) return next;
  in.fail(at, found ? errc::rule : errc::missing, found ? "a kind that is known here" : "a member that is required");
  in.step_into(tag);
  return nullptr;
}

template <class... A>
[[nodiscard]] char const* read_variant(json_scanner& in, char const* at, std::variant<A...>& out) {
  constexpr std::size_t objects = ((takes_kind<A>(json_kind::object) ? 1 : 0) + ... + 0);
  constexpr bool        tagged  = (has_tag<A> || ...);
  static_assert(objects <= 1 || ((has_tag<A> ? 1U : 0U) + ... + 0U) == objects,
                "reflect: of a variant's objects, each needs a tag and a tag_value in its describe");
  if (at == in.end()) return in.fail(at, errc::syntax, "a value");

  auto const read_first = [&]<json_kind Kind>(std::integral_constant<json_kind, Kind>) -> char const* {
    char const* next = nullptr;
    bool const  known =
        ((takes_kind<A>(Kind) ? (next = read_value(in, at, out.template emplace<A>()), true) : false) || ...);
    return known ? next : in.fail_type(at, "a value of another type");
  };
  auto const kind = [&]<json_kind Kind>() { return read_first(std::integral_constant<json_kind, Kind>{}); };
  switch (*at) {
    case '{':
      if constexpr (tagged) {
        return read_tagged(in, at, out);
      } else {
        return kind.template operator()<json_kind::object>();
      }
    case '[': return kind.template operator()<json_kind::array>();
    case '"': return kind.template operator()<json_kind::string>();
    case 't':
    case 'f': return kind.template operator()<json_kind::boolean>();
    case 'n': return kind.template operator()<json_kind::null>();
    default: {
      auto const parts = split_number(at, in.end());
      if (parts.end == nullptr) return in.fail(at, errc::syntax, "a value");
      return parts.whole ? kind.template operator()<json_kind::integer>()
                         : kind.template operator()<json_kind::number>();
    }
  }
}

template <class T>
[[nodiscard]] char const* read_raw(json_scanner& in, char const* at, T& out) {
  if constexpr (std::is_same_v<T, raw_number>) {
    std::string_view raw;
    at = in.number_text(at, raw);
    if (at != nullptr) out.text.assign(raw);
    return at;
  } else {
    auto const* const stop = in.skip_value(at);
    if (stop != nullptr) {
      if constexpr (std::is_same_v<T, raw_json>) {
        out.text.assign(at, stop);
      } else {
        out.text = {at, static_cast<std::size_t>(stop - at)};
      }
    }
    return stop;
  }
}

template <class T>
[[nodiscard]] char const* read_value(json_scanner& in, char const* at, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    return in.boolean(at, out);
  } else if constexpr (is_integer<T> || std::is_floating_point_v<T>) {
    return read_number(in, at, out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return in.string(at, out);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    bool              escaped = false;
    auto const* const next    = in.quoted(at, out, escaped);
    return next != nullptr && escaped ? in.fail(at, errc::rule, "a string without escapes") : next;
  } else if constexpr (is_optional<T> || is_pointer<T>) {
    if (at != in.end() && *at == 'n' && in.stands(at, "null")) {
      out.reset();
      return at + 4;
    }
    if constexpr (is_optional<T>) {
      return read_value(in, at, out.emplace());
    } else {
      out = std::make_unique<typename T::element_type>();
      return read_value(in, at, *out);
    }
  } else if constexpr (is_time_point<T>) {
    std::int64_t millis = 0;
    at                  = read_number(in, at, millis);
    out                 = T{std::chrono::milliseconds{millis}};
    return at;
  } else if constexpr (has_text_form<T> || is_duration<T> || std::is_enum_v<T>) {
    return read_text_form(in, at, out);
  } else if constexpr (is_raw<T>) {
    return read_raw(in, at, out);
  } else if constexpr (is_pair_list<T>) {
    return read_pair_list(in, at, out);
  } else if constexpr (is_a<T, std::vector>) {
    return read_list(in, at, out);
  } else if constexpr (is_map<T>) {
    return read_map(in, at, out);
  } else if constexpr (is_fixed_list<T>) {
    return read_fixed_list(in, at, out);
  } else if constexpr (is_a<T, std::variant>) {
    return read_variant(in, at, out);
  } else if constexpr (std::is_same_v<T, std::monostate>) {
    return in.null(at);
  } else if constexpr (is_object<T>) {
    return object_reader<T>{in, out}.object(at);
  } else {
    static_assert(never<T>,
                  "reflect: this type cannot be read from JSON; give it a text_form, or make it a plain aggregate");
  }
}

}  // namespace tensorgate::reflect::detail
