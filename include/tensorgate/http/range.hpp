// tensorgate/http/range.hpp: which parts of a representation does a request ask for? (RFC 9110 §14)
#pragma once

#include <algorithm>    // max, min, sort
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // uint64_t, uint8_t
#include <limits>       // numeric_limits
#include <optional>     // optional
#include <span>         // span
#include <string>       // string, to_string
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>    // TENSORGATE_ABI
#include <tensorgate/core/text.hpp>   // equals_ignoring_case, trim_blanks
#include <tensorgate/http/field.hpp>  // for_each_list_item

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Bytes `first` to `last` of a representation, both included, as the protocol counts them.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t last  = 0;

  [[nodiscard]] constexpr std::uint64_t length() const noexcept { return last - first + 1; }
  friend bool                           operator==(byte_range const&, byte_range const&) = default;
};

/// What may be asked for at once. A request for more is answered as if it had no Range: serving ranges is optional,
/// and many small or overlapping ones are an attack (RFC 9110 §14.2, §17.15).
struct range_limits {
  std::size_t   asked    = 64;   ///< ranges in the field; `range_choice::room` bounds it too
  std::size_t   answered = 16;   ///< parts of an answer, after those that touch were joined
  std::uint64_t gap      = 128;  ///< ranges this near to one another are joined: the head of a part costs more
};

enum class range_outcome : std::uint8_t {
  whole,          ///< no range, or a field that counts for nothing: 200 with everything
  partial,        ///< 206 with `ranges()`
  unsatisfiable,  ///< 416 with `Content-Range: bytes */size`
};

/// What a Range field means for a representation of a given size.
class range_choice {
 public:
  static constexpr std::size_t room = 64;

  constexpr explicit range_choice(range_outcome outcome = range_outcome::whole) noexcept : outcome_(outcome) {}

  [[nodiscard]] constexpr range_outcome outcome() const noexcept { return outcome_; }

  /// Disjoint and not empty, in the order in which they were asked for; a joined one stands where its earliest stood.
  [[nodiscard]] constexpr std::span<byte_range const> ranges() const noexcept { return {ranges_.data(), count_}; }

 private:
  friend constexpr range_choice choose_ranges(std::string_view field, std::uint64_t size,
                                              range_limits const& limits) noexcept;

  range_outcome                outcome_;
  std::size_t                  count_ = 0;
  std::array<byte_range, room> ranges_{};
};

namespace detail {

/// 1*DIGIT; what exceeds 64 bits lies behind the end of any representation, so it saturates.
[[nodiscard]] constexpr std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char const c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    auto const digit = static_cast<std::uint64_t>(c - '0');
    value            = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return value;
}

/// One range-spec of RFC 9110 §14.1.1, before it meets a size.
struct range_spec {
  std::optional<std::uint64_t> first{};  ///< absent: the last `last` bytes
  std::optional<std::uint64_t> last{};   ///< absent: to the end
};

[[nodiscard]] constexpr std::optional<range_spec> parse_range_spec(std::string_view text) noexcept {
  auto const dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  auto const       before = text.substr(0, dash);
  auto const       behind = text.substr(dash + 1);
  range_spec const spec{.first = parse_position(before), .last = parse_position(behind)};
  if ((!before.empty() && !spec.first) || (!behind.empty() && !spec.last)) return std::nullopt;
  if (!spec.first && !spec.last) return std::nullopt;
  if (spec.first && spec.last && *spec.last < *spec.first) return std::nullopt;  // §14.1.1: invalid, not empty
  return spec;
}

/// The bytes that a spec names in a representation of `size` bytes; nothing if there are none.
[[nodiscard]] constexpr std::optional<byte_range> resolve(range_spec const& spec, std::uint64_t size) noexcept {
  if (size == 0) return std::nullopt;
  if (!spec.first) {
    if (*spec.last == 0) return std::nullopt;
    return byte_range{.first = size - std::min(size, *spec.last), .last = size - 1};
  }
  if (*spec.first >= size) return std::nullopt;
  return byte_range{.first = *spec.first, .last = std::min(spec.last.value_or(size - 1), size - 1)};
}

}  // namespace detail

/// Reads a Range field's value for a representation of `size` bytes. A unit other than bytes, a broken grammar or a
/// range that ends before it begins makes the whole field count for nothing (§14.2).
[[nodiscard]] constexpr range_choice choose_ranges(std::string_view field, std::uint64_t size,
                                                   range_limits const& limits = {}) noexcept {
  range_choice const nothing(range_outcome::whole);

  auto const equals = field.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(field.substr(0, equals), "bytes")) return nothing;

  struct ordered {
    byte_range  range{};
    std::size_t place = 0;
  };
  std::array<ordered, range_choice::room> found{};
  std::size_t                             count = 0;
  std::size_t                             asked = 0;
  bool const sound = for_each_list_item(field.substr(equals + 1), [&](std::string_view item) {
    auto const spec = detail::parse_range_spec(item);
    if (!spec || ++asked > std::min(limits.asked, range_choice::room)) return false;
    if (auto const range = detail::resolve(*spec, size)) {
      found[count] = {.range = *range, .place = count};
      ++count;
    }
    return true;
  });
  if (!sound || asked == 0) return nothing;
  if (count == 0) return size == 0 ? nothing : range_choice(range_outcome::unsatisfiable);

  auto const end = found.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(found.begin(), end, [](ordered const& a, ordered const& b) { return a.range.first < b.range.first; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i != count; ++i) {
    auto&       last = found[kept];
    auto const& next = found[i];
    if (next.range.first > last.range.last && next.range.first - last.range.last - 1 > limits.gap) {
      found[++kept] = next;
    } else {
      last.range.last = std::max(last.range.last, next.range.last);
      last.place      = std::min(last.place, next.place);
    }
  }
  count = kept + 1;
  if (count > limits.answered) return nothing;

  std::sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count),
            [](ordered const& a, ordered const& b) { return a.place < b.place; });
  range_choice chosen(range_outcome::partial);
  for (std::size_t i = 0; i != count; ++i) chosen.ranges_[i] = found[i].range;
  chosen.count_ = count;
  return chosen;
}

/// The value of Content-Range in a 206, or before a part of one.
[[nodiscard]] inline std::string content_range(byte_range range, std::uint64_t size) {
  std::string text = "bytes ";
  text.append(std::to_string(range.first)).append("-").append(std::to_string(range.last));
  return text.append("/").append(std::to_string(size));
}

/// The value of Content-Range in a 416.
[[nodiscard]] inline std::string content_range_of_none(std::uint64_t size) { return "bytes */" + std::to_string(size); }

}  // namespace tensorgate::http
