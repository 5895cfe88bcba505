// tensorgate/core/result.hpp: a value, or the reason why there is none.
#pragma once

#include <string>        // error_category::message
#include <string_view>   // notes
#include <system_error>  // error_code, error_category
#include <type_traits>   // true_type
#include <utility>       // forward, move

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

#if defined(__cpp_lib_expected)
#include <expected>
#else
#include <tl/expected.hpp>
#endif

namespace tensorgate::inline TENSORGATE_ABI {

#if defined(__cpp_lib_expected)
template <class T, class E>
using expected = std::expected<T, E>;
template <class E>
using unexpected = std::unexpected<E>;
#else
template <class T, class E>
using expected = tl::expected<T, E>;
template <class E>
using unexpected = tl::unexpected<E>;
#endif

/// Why something failed. `note` says which rule was broken; it is a literal of ours, never bytes of a peer,
/// so that it may be logged and sent without escaping, and copied without allocating.
struct failure {
  std::error_code  code{};
  std::string_view note{};

  friend bool operator==(failure const&, failure const&) = default;
};

template <class T>
using result = expected<T, failure>;

/// Makes a failed result from a room's error code and a literal.
[[nodiscard]] inline unexpected<failure> fail(std::error_code code, std::string_view note = {}) {
  return unexpected<failure>(failure{code, note});
}

/// Passes on the failure of another result, of whatever value type.
template <class T>
[[nodiscard]] unexpected<failure> fail(result<T> const& failed) {
  return unexpected<failure>(failed.error());
}

[[nodiscard]] inline unexpected<failure> fail(failure const& why) { return unexpected<failure>(why); }

/// The category of a room's error enum. `Text` names the room and describes each value:
///
///     struct errc_text {
///       static constexpr char const* room = "http";
///       static constexpr std::string_view of(errc value) noexcept;
///     };
///
/// The enum then needs `is_error_code_enum` and a `make_error_code` that returns
/// `{int(e), category_of<errc, errc_text>()}`.
template <class Enum, class Text>
class room_category final : public std::error_category {
 public:
  [[nodiscard]] char const* name() const noexcept override { return Text::room; }
  [[nodiscard]] std::string message(int value) const override {
    return std::string(Text::of(static_cast<Enum>(value)));
  }
};

template <class Enum, class Text>
[[nodiscard]] std::error_category const& category_of() noexcept {
  static room_category<Enum, Text> const instance{};
  return instance;
}

}  // namespace tensorgate
