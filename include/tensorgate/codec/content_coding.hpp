// tensorgate/codec/content_coding.hpp: which coding of an answer may this client be sent? (RFC 9110 §12.5.3)
#pragma once

#include <cstddef>           // size_t
#include <initializer_list>  // offers
#include <optional>          // optional
#include <string_view>       // string_view

#include <tensorgate/core/abi.hpp>   // TENSORGATE_ABI
#include <tensorgate/core/text.hpp>  // trim_blanks, equals_ignoring_case

namespace tensorgate::inline TENSORGATE_ABI::codec {

enum class coding { identity, gzip };

/// The name to write into `Content-Encoding`; empty for identity, which is not written.
[[nodiscard]] constexpr std::string_view name_of(coding which) noexcept { return which == coding::gzip ? "gzip" : ""; }

/// What a request says about codings: a weight for each, 0 to 1000 (thousandths of `q`), nothing where refused.
/// An identity that the field does not mention stays acceptable, after everything that it does mention: weight 0.
struct accepted_codings {
  std::optional<int> identity = 1000;
  std::optional<int> gzip     = 1000;

  [[nodiscard]] constexpr std::optional<int> weight(coding which) const noexcept {
    return which == coding::gzip ? gzip : identity;
  }
  friend bool operator==(accepted_codings const&, accepted_codings const&) = default;
};

namespace detail {

/// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths.
[[nodiscard]] constexpr std::optional<int> parse_qvalue(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int value = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int worth = 100;
  for (std::size_t i = 2; i < text.size(); ++i, worth /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value += (text[i] - '0') * worth;
  }
  if (value > 1000) return std::nullopt;
  return value;
}

}  // namespace detail

/// Reads the field's value; nothing means that the request has no such field, which accepts every coding alike, while
/// an empty value accepts identity alone. Several field lines are joined with a comma before. A member that breaks the
/// grammar (a weight of 2, a fourth digit) counts for nothing; of two members for one coding the first counts.
[[nodiscard]] constexpr accepted_codings parse_accept_encoding(std::optional<std::string_view> field) noexcept {
  if (!field) return {};
  std::optional<int> identity;
  std::optional<int> gzip;
  std::optional<int> any;
  for (auto rest = *field; !rest.empty();) {
    auto const comma  = rest.find(',');
    auto const member = trim_blanks(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);

    auto const         semicolon = member.find(';');
    auto const         name      = trim_blanks(member.substr(0, semicolon));
    std::optional<int> weight    = 1000;
    if (semicolon != std::string_view::npos) {
      auto const parameter = trim_blanks(member.substr(semicolon + 1));
      bool const is_weight = parameter.size() > 2 && equals_ignoring_case(parameter.substr(0, 2), "q=");
      weight               = is_weight ? detail::parse_qvalue(parameter.substr(2)) : std::nullopt;
    }
    if (!weight) continue;
    auto&      slot  = name == "*" ? any : equals_ignoring_case(name, "identity") ? identity : gzip;
    bool const known = &slot != &gzip || equals_ignoring_case(name, "gzip") ||
                       equals_ignoring_case(name, "x-gzip");  // §8.4.1.3: the same coding
    if (known && !slot) slot = weight;
  }
  auto const       refused_if_zero = [](int weight) { return weight == 0 ? std::nullopt : std::optional<int>{weight}; };
  accepted_codings out;
  out.gzip     = refused_if_zero(gzip.value_or(any.value_or(0)));
  out.identity = identity || any ? refused_if_zero(identity ? *identity : *any) : std::optional<int>{0};
  return out;
}

/// The acceptable offer of the highest weight; among equals, the one that stands first. Nothing if the client refuses
/// them all: the caller answers 406, or sends identity all the same, as §12.5.3 allows.
[[nodiscard]] constexpr std::optional<coding> choose_coding(accepted_codings const&       accepted,
                                                            std::initializer_list<coding> offers) noexcept {
  std::optional<coding> best;
  for (auto const offer : offers) {
    auto const weight = accepted.weight(offer);
    if (weight && (!best || *weight > *accepted.weight(*best))) best = offer;
  }
  return best;
}
[[nodiscard]] constexpr std::optional<coding> choose_coding(std::optional<std::string_view> field,
                                                            std::initializer_list<coding>   offers) noexcept {
  return choose_coding(parse_accept_encoding(field), offers);
}

}  // namespace tensorgate::codec
