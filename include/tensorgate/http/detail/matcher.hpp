// tensorgate/http/detail/matcher.hpp: which patterns of a table does a path match? Answered by sets of routes.
//
// A route is a bit. At each segment the set of routes that are still possible shrinks to those that have this literal,
// a value or the rest there; the bits are in order of precedence, so that the lowest one that is left wins. No
// backtracking, no allocation, and all methods of a path are known at once, which `Allow` needs.
#pragma once

#include <algorithm>    // max
#include <array>        // array
#include <bit>          // bit_ceil, countr_zero
#include <cstddef>      // size_t
#include <cstdint>      // uint16_t, uint64_t
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>             // TENSORGATE_ABI
#include <tensorgate/http/detail/pattern.hpp>  // pattern
#include <tensorgate/http/method.hpp>          // method

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// A set of up to `Routes` routes.
template <std::size_t Routes>
struct route_set {
  std::array<std::uint64_t, std::max<std::size_t>((Routes + 63) / 64, 1)> words{};

  constexpr void               add(std::size_t i) noexcept { words[i / 64] |= std::uint64_t{1} << (i % 64); }
  [[nodiscard]] constexpr bool has(std::size_t i) const noexcept { return ((words[i / 64] >> (i % 64)) & 1U) != 0; }

  [[nodiscard]] constexpr bool empty() const noexcept {
    for (auto const word : words) {
      if (word != 0) return false;
    }
    return true;
  }
  /// The lowest member; `Routes` or more if there is none.
  [[nodiscard]] constexpr std::size_t first() const noexcept {
    for (std::size_t i = 0; i != words.size(); ++i) {
      if (words[i] != 0) return i * 64 + static_cast<std::size_t>(std::countr_zero(words[i]));
    }
    return words.size() * 64;
  }
  constexpr route_set& operator&=(route_set const& other) noexcept {
    for (std::size_t i = 0; i != words.size(); ++i) words[i] &= other.words[i];
    return *this;
  }
  constexpr route_set& operator|=(route_set const& other) noexcept {
    for (std::size_t i = 0; i != words.size(); ++i) words[i] |= other.words[i];
    return *this;
  }
};

/// The methods that a route may have, in the order in which `Allow` lists them.
inline constexpr std::array route_methods{method::get, method::post, method::put, method::patch, method::delete_};

[[nodiscard]] constexpr std::size_t route_method_index(method verb) noexcept {
  for (std::size_t i = 0; i != route_methods.size(); ++i) {
    if (route_methods[i] == verb) return i;
  }
  return route_methods.size();
}

struct allow_text {
  std::array<char, 48> text{};
  std::size_t          size = 0;

  constexpr void append(std::string_view word) noexcept {
    if (size != 0) {
      text[size++] = ',';
      text[size++] = ' ';
    }
    for (char const c : word) text[size++] = c;
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text.data(), size}; }
};

/// The value of `Allow` for each set of methods, by its bits: HEAD comes with GET, OPTIONS with any.
inline constexpr auto allow_texts = [] {
  std::array<allow_text, std::size_t{1} << route_methods.size()> texts{};
  for (std::size_t bits = 1; bits != texts.size(); ++bits) {
    for (std::size_t i = 0; i != route_methods.size(); ++i) {
      if (((bits >> i) & 1U) == 0) continue;
      texts[bits].append(to_text(route_methods[i]));
      if (route_methods[i] == method::get) texts[bits].append(to_text(method::head));
    }
    texts[bits].append(to_text(method::options));
  }
  return texts;
}();

/// A route as the matcher is built from it.
struct route_shape {
  method           verb = method::get;
  std::string_view text{};
  pattern          shape{};
};

/// The tables of a set of routes, made at compile time. `Depth` is the largest number of parts, `Literals` the number
/// of literals that are not empty, of all patterns together.
template <std::size_t Routes, std::size_t Depth, std::size_t Literals>
class matcher {
 public:
  using set = route_set<Routes>;

  /// What a path matches.
  struct found {
    std::size_t route   = Routes;  ///< in the order of the table; `Routes`: none of this method
    std::size_t methods = 0;       ///< bits of `route_methods` that the path has
    std::array<std::string_view::size_type, Depth> begins;  ///< where each segment starts, as far as there are
    std::array<std::string_view::size_type, Depth> ends;
  };

  constexpr explicit matcher(std::array<route_shape, Routes> const& shapes) noexcept {
    for (std::size_t i = 0; i != Routes; ++i) order_[i] = static_cast<std::uint16_t>(i);
    // By insertion: stable, and short.
    for (std::size_t i = 1; i < Routes; ++i) {
      for (std::size_t k = i; k != 0 && comes_before(shapes[order_[k]].shape, shapes[order_[k - 1]].shape); --k) {
        auto const kept = order_[k];
        order_[k]       = order_[k - 1];
        order_[k - 1]   = kept;
      }
    }
    for (std::size_t rank = 0; rank != Routes; ++rank) add(shapes[order_[rank]], rank);
  }

  /// `path` begins with a slash and is decoded: no segment of it holds an encoded slash. `methods` is told only where
  /// there is no route of this method.
  [[nodiscard]] found match(std::string_view path, std::size_t method_index) const noexcept {
    found       seen;
    set         left  = all_;
    std::size_t at    = 1;
    std::size_t index = 0;
    for (bool last = false; !last; ++index) {
      auto end = path.find('/', at);
      last     = end == std::string_view::npos;
      if (last) end = path.size();
      if (end == at) {
        if (!last) return seen;  // "//" matches nothing
        left &= empty_[std::min(index, Depth)];
      } else if (index < Depth) {
        set possible = wild_[index];
        if (auto const* const with = find(index, path.substr(at, end - at)); with != nullptr) possible |= *with;
        left &= possible;
      } else {
        left &= wild_[Depth];
      }
      if (left.empty()) return seen;
      if (index < Depth) {
        seen.begins[index] = at;
        seen.ends[index]   = end;
      }
      at = end + 1;
    }
    left &= length_[std::min(index, Depth + 1)];
    if (method_index < route_methods.size()) {
      set of_method = left;
      of_method &= methods_[method_index];
      if (!of_method.empty()) {
        seen.route = order_[of_method.first()];
        return seen;
      }
    }
    for (std::size_t i = 0; i != route_methods.size(); ++i) {
      set of_method = left;
      of_method &= methods_[i];
      if (!of_method.empty()) seen.methods |= std::size_t{1} << i;
    }
    return seen;
  }

 private:
  static constexpr std::size_t slots = std::bit_ceil(std::max<std::size_t>(Literals, 1) * 4);

  /// Routes that have `text` as part `position`.
  struct literal {
    std::string_view text{};
    std::size_t      position = 0;
    set              routes{};
  };

  [[nodiscard]] static constexpr std::size_t slot_of(std::size_t position, std::string_view text) noexcept {
    auto const    byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])); };
    std::uint64_t key  = text.size() | (position << 8U) | (byte(0) << 16U) | (byte(text.size() - 1) << 24U) |
                        (byte(text.size() / 2) << 32U) | (byte(text.size() / 3) << 40U);
    key *= 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(key >> 40U) & (slots - 1);
  }

  [[nodiscard]] constexpr set const* find(std::size_t position, std::string_view text) const noexcept {
    for (std::size_t slot = slot_of(position, text); slots_[slot] != 0; slot = (slot + 1) & (slots - 1)) {
      auto const& one = literals_[slots_[slot] - 1U];
      if (one.position == position && one.text == text) return &one.routes;
    }
    return nullptr;
  }

  constexpr set& routes_of(std::size_t position, std::string_view text) noexcept {
    std::size_t slot = slot_of(position, text);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots - 1)) {
      auto& one = literals_[slots_[slot] - 1U];
      if (one.position == position && one.text == text) return one.routes;
    }
    auto& added    = literals_[used_++];
    added.text     = text;
    added.position = position;
    slots_[slot]   = static_cast<std::uint16_t>(used_);
    return added.routes;
  }

  constexpr void add(route_shape const& one, std::size_t rank) noexcept {
    auto const& shape = one.shape;
    all_.add(rank);
    methods_[route_method_index(one.verb)].add(rank);
    for (std::size_t i = 0; i != shape.count; ++i) {
      auto const& part = shape.parts[i];
      if (part.kind == part_kind::literal) {
        (part.text.empty() ? empty_[i] : routes_of(i, part.text)).add(rank);
      } else {
        wild_[i].add(rank);
      }
    }
    if (!shape.has_rest()) {
      length_[shape.count].add(rank);
      return;
    }
    for (std::size_t i = shape.count; i <= Depth; ++i) {
      wild_[i].add(rank);
      empty_[i].add(rank);
    }
    for (std::size_t i = shape.count; i <= Depth + 1; ++i) length_[i].add(rank);
  }

  std::array<std::uint16_t, Routes>                       order_{};  // rank → place in the table
  set                                                     all_{};
  std::array<set, route_methods.size()>                   methods_{};
  std::array<set, Depth + 1>                              wild_{};    // a value or the rest at this position
  std::array<set, Depth + 1>                              empty_{};   // nothing at this position, as the last one
  std::array<set, Depth + 2>                              length_{};  // as many segments
  std::array<literal, std::max<std::size_t>(Literals, 1)> literals_{};
  std::array<std::uint16_t, slots>                        slots_{};  // hash → place in literals_, plus one
  std::size_t                                             used_ = 0;
};

}  // namespace tensorgate::http::detail
