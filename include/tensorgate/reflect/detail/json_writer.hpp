// tensorgate/reflect/detail/json_writer.hpp: one function for each kind of C++ value that becomes JSON.
//
// Text is made in a small buffer on the stack, which is appended to the string when it is full: a small message costs
// one allocation of its exact size, and nothing is filled with zeros before it is written.
#pragma once

#include <algorithm>    // min
#include <array>        // array
#include <bit>          // countr_zero
#include <cmath>        // isfinite
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcpy
#include <string>       // string
#include <string_view>  // string_view
#include <variant>      // visit

#include <tensorgate/core/utf8.hpp>                    // utf8_length
#include <tensorgate/reflect/detail/double_write.hpp>  // write_double, write_unsigned
#include <tensorgate/reflect/detail/members.hpp>       // key_text
#include <tensorgate/reflect/detail/scan.hpp>          // find_special
#include <tensorgate/reflect/text.hpp>                 // append_text
#include <tensorgate/reflect/traits.hpp>               // is_optional

namespace tensorgate::inline TENSORGATE_ABI::reflect::detail {

/// The place to write at travels in a register: each function takes it and returns it.
class json_sink {
 public:
  explicit json_sink(std::string& out) noexcept : out_(out) {}

  [[nodiscard]] char* begin() noexcept { return buffer_.data(); }

  /// Room for `size` characters at the place that is returned; `size` is at most `largest`.
  static constexpr std::size_t largest = 1024;
  [[nodiscard]] char*          room(char* at, std::size_t size) {
    return static_cast<std::size_t>(buffer_.data() + buffer_.size() - at) >= size ? at : flush(at);
  }

  void finish(char* at) { static_cast<void>(flush(at)); }

  [[nodiscard]] char* put(char* at, char c) {
    at    = room(at, 1);
    *at++ = c;
    return at;
  }

  /// Text that is JSON already.
  [[nodiscard]] char* put(char* at, std::string_view text) {
    if (text.size() > largest) {
      at = flush(at);
      out_.append(text);
      return at;
    }
    at = room(at, text.size());
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }

  /// A string in quotes.
  [[nodiscard]] __attribute__((noinline)) char* put_string(char* at, std::string_view text) {
    auto const* from = text.data();
    auto const* end  = from + text.size();
    at               = room(at, largest);
    *at++            = '"';
    // Up to a few hundred plain characters are copied while they are looked at.
    auto const* const stop = from + std::min<std::size_t>(text.size(), largest - 32);
    while (stop - from >= 8) {
      auto const word = get_word(from);
      std::memcpy(at, from, 8);
      auto const marks = special_bytes(word);
      if (marks != 0) {
        auto const plain = std::countr_zero(marks) / 8;
        return put_rest(at + plain, from + plain, end);
      }
      from += 8;
      at += 8;
    }
    for (; from != stop; ++from) {
      if (!is_plain(*from)) return put_rest(at, from, end);
      *at++ = *from;
    }
    if (from != end) return put_rest(at, from, end);
    *at++ = '"';
    return at;
  }

 private:
  __attribute__((noinline)) char* flush(char const* at) {
    out_.append(buffer_.data(), static_cast<std::size_t>(at - buffer_.data()));
    return buffer_.data();
  }

  // The rest of a string that has something to escape, or is long.
  __attribute__((noinline)) char* put_rest(char* at, char const* from, char const* end) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (;;) {
      auto const* const next = find_special(from, end);
      at                     = put(at, std::string_view(from, static_cast<std::size_t>(next - from)));
      at                     = room(at, 8);
      if (next == end) break;
      from         = next + 1;
      auto const c = static_cast<unsigned char>(*next);
      if (c >= 0x80) {
        auto const length = utf8_length(next, end);
        if (length == 0) {
          std::memcpy(at, "\xef\xbf\xbd", 3);
          at += 3;
        } else {
          std::memcpy(at, next, length);
          at += length;
          from = next + length;
        }
        continue;
      }
      static constexpr std::string_view named   = "\"\\\b\f\n\r\t";
      static constexpr std::string_view letters = "\"\\bfnrt";
      *at++                                     = '\\';
      if (auto const which = named.find(static_cast<char>(c)); which != std::string_view::npos) {
        *at++ = letters[which];
      } else {
        std::memcpy(at, "u00", 3);
        at[3] = digits[c >> 4U];
        at[4] = digits[c & 15U];
        at += 5;
      }
    }
    *at++ = '"';
    return at;
  }

  std::string&           out_;
  std::array<char, 2048> buffer_;  // NOLINT(cppcoreguidelines-pro-type-member-init): only what was written is read
};

/// The most characters that a number takes, blanks of the method included.
inline constexpr std::size_t number_room = double_room;

template <class T>
[[nodiscard]] char* write_value(json_sink& out, char* at, T const& value);

/// Numbers and bools, at a place with `number_room` characters of room.
template <class T>
inline constexpr bool is_small =
    std::is_same_v<T, bool> || is_integer<T> || std::is_floating_point_v<T> || is_time_point<T>;

[[nodiscard]] inline char* write_floating(char* at, double value) noexcept {
  if (std::isfinite(value)) return write_double(at, value);
  std::memcpy(at, "null", 4);
  return at + 4;
}

/// A float has fewer digits than the double it becomes.
[[nodiscard]] inline char* write_floating(char* at, float value) noexcept {
  if (!std::isfinite(value)) return write_floating(at, static_cast<double>(value));
  return write_float(at, value);
}

template <class T>
[[nodiscard]] char* write_small(char* at, T value) noexcept {
  if constexpr (std::is_same_v<T, bool>) {
    std::memcpy(at, value ? "true" : "false", value ? 4 : 5);
    return at + (value ? 4 : 5);
  } else if constexpr (std::is_floating_point_v<T>) {
    return write_floating(at, value);
  } else if constexpr (is_time_point<T>) {
    return write_signed(at, value.time_since_epoch().count());
  } else if constexpr (std::is_signed_v<T>) {
    return write_signed(at, value);
  } else {
    return write_unsigned(at, value);
  }
}

/// One member with its key; `first` moves from true to false with the first that is written.
template <class T, std::size_t I, class M>
[[nodiscard]] char* write_member(json_sink& out, char* at, M const& member, bool& first) {
  constexpr auto& key = key_text<T, I>;
  static_assert(key.size() + number_room <= json_sink::largest, "reflect: this name is too long");
  if constexpr (std::is_same_v<M, other_members>) {
    return at;
  } else if constexpr ((is_optional<M> || is_pointer<M>) && !has_rule<T, I, rule_kind::null_if_empty>()) {
    return member ? write_member<T, I>(out, at, *member, first) : at;
  } else {
    at                    = out.room(at, key.size() + number_room);
    std::size_t const cut = first ? 1 : 0;
    std::memcpy(at, key.data(), key.size());
    if (first) {
      std::memcpy(at, key.data() + 1, key.size() - 1);
      first = false;
    }
    at += key.size() - cut;
    if constexpr (is_small<M>) {
      return write_small(at, member);
    } else {
      return write_value(out, at, member);
    }
  }
}

template <class T>
[[nodiscard]] __attribute__((noinline)) char* write_object(json_sink& out, char* at, T const& value) {
  bool first = true;
  at         = out.put(at, '{');
  if constexpr (has_tag<T>) {
    at    = out.put_string(at, describe<T>::tag);
    at    = out.put(at, ':');
    at    = out.put_string(at, describe<T>::tag_value);
    first = false;
  }
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    with_members<field_count<T>>(
        value, [&](auto const&... members) { ((at = write_member<T, I>(out, at, members, first)), ...); });
  }(std::make_index_sequence<field_count<T>>{});
  if constexpr (other_members_index<T> != field_count<T>) {
    for (auto const& [name, one] : get_field<other_members_index<T>>(value).list) {
      if (!first) at = out.put(at, ',');
      first = false;
      at    = out.put_string(at, name);
      at    = out.put(at, ':');
      at    = out.put(at, one.text);
    }
  }
  return out.put(at, '}');
}

template <class T>
[[nodiscard]] char* write_map(json_sink& out, char* at, T const& map) {
  at         = out.put(at, '{');
  bool first = true;
  for (auto const& [name, value] : map) {
    if (!first) at = out.put(at, ',');
    first = false;
    if constexpr (is_text<std::remove_cvref_t<decltype(name)>>) {
      at = out.put_string(at, name);
    } else {
      at = out.put_string(at, to_text(name));
    }
    at = out.put(at, ':');
    at = write_value(out, at, value);
  }
  return out.put(at, '}');
}

template <class T>
[[nodiscard]] char* write_list(json_sink& out, char* at, T const& list) {
  at         = out.put(at, '[');
  bool first = true;
  for (auto&& value : list) {
    if (!first) at = out.put(at, ',');
    first = false;
    at    = write_value<typename T::value_type>(out, at, value);
  }
  return out.put(at, ']');
}

template <class T>
[[nodiscard]] char* write_value(json_sink& out, char* at, T const& value) {
  if constexpr (is_small<T>) {
    return write_small(out.room(at, number_room), value);
  } else if constexpr (is_text<T>) {
    return out.put_string(at, value);
  } else if constexpr (is_optional<T> || is_pointer<T>) {
    return value ? write_value(out, at, *value) : out.put(at, "null");
  } else if constexpr (has_text_form<T> || is_duration<T>) {
    return out.put_string(at, to_text(value));
  } else if constexpr (std::is_enum_v<T>) {
    return out.put_string(at, name_of(value));
  } else if constexpr (is_raw<T>) {
    return out.put(at, std::string_view(value.text));
  } else if constexpr (is_map<T> || is_pair_list<T>) {
    return write_map(out, at, value);
  } else if constexpr (is_a<T, std::vector>) {
    return write_list(out, at, value);
  } else if constexpr (is_fixed_list<T>) {
    at         = out.put(at, '[');
    bool first = true;
    std::apply(
        [&](auto const&... elements) {
          [[maybe_unused]] auto const one = [&](auto const& element) {
            if (!first) at = out.put(at, ',');
            first = false;
            at    = write_value(out, at, element);
          };
          (one(elements), ...);
        },
        value);
    return out.put(at, ']');
  } else if constexpr (is_a<T, std::variant>) {
    std::visit([&](auto const& one) { at = write_value(out, at, one); }, value);
    return at;
  } else if constexpr (std::is_same_v<T, std::monostate>) {
    return out.put(at, "null");
  } else if constexpr (is_object<T>) {
    return write_object(out, at, value);
  } else {
    static_assert(never<T>,
                  "reflect: this type cannot be written as JSON; give it a text_form, or make it a plain aggregate");
  }
}

}  // namespace tensorgate::reflect::detail
