// tensorgate/roles/outputs/handlers.hpp: who is answered what, by the tier of the key.
//
// The order of decisions is that of protocols upstream: who asks (the guard, 401), the shape of the question (400),
// whether this key may ask it (403), whether there is an answer (404).
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#include <tensorgate/auth/api_key.hpp>            // auth::key
#include <tensorgate/codec/percent.hpp>           // append_percent_decoded
#include <tensorgate/core/text.hpp>               // equals_ignoring_case
#include <tensorgate/http/openapi.hpp>            // describe_handler
#include <tensorgate/http/representation.hpp>     // represent
#include <tensorgate/roles/outputs/describe.hpp>  // describe_stored
#include <tensorgate/roles/outputs/library.hpp>   // library
#include <tensorgate/roles/outputs/words.hpp>     // error_reply

namespace tensorgate::inline TENSORGATE_ABI::outputs {

namespace detail {

inline constexpr int whole_tier = 100;  ///< sees everything

/// The index in `tier_names` of a tier as it is written in a query.
[[nodiscard]] constexpr std::optional<std::size_t> parse_tier(std::string_view text) noexcept {
  constexpr std::array<std::string_view, tier_names.size()> texts{"100", "50", "30", "0"};
  static_assert(tier_names == std::array{100, 50, 30, 0});
  for (std::size_t i = 0; i != texts.size(); ++i) {
    if (texts[i] == text) return i;
  }
  return std::nullopt;
}

/// The index of the highest tier that a key may see.
[[nodiscard]] constexpr std::size_t tier_of_key(int tier) noexcept {
  std::size_t index = 0;
  while (index + 1 != tier_names.size() && tier_names[index] > tier) ++index;
  return index;
}

/// The first value of a query parameter; "" for a name without one. Read as the clients' servers read it: what cannot
/// be decoded stays as it stands, and other parameters do not matter, whatever they are.
[[nodiscard]] inline std::optional<std::string> first_value(std::string_view query, std::string_view wanted) {
  auto const decoded = [](std::string_view text) {
    std::string out;
    return codec::append_percent_decoded(out, text, codec::plus_sign::blank) ? out : std::string(text);
  };
  while (!query.empty()) {
    auto const pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() + (pair.size() < query.size() ? 1U : 0U));
    auto const name = pair.substr(0, pair.find('='));
    if (decoded(name) != wanted) continue;
    return name.size() == pair.size() ? std::string() : decoded(pair.substr(name.size() + 1));
  }
  return std::nullopt;
}

/// The query parameter's first value is `wanted`, in any case.
[[nodiscard]] inline bool asks_for(http::request const& r, omit_rule const& rule) {
  auto const value = first_value(r.head.query(), rule.parameter);
  return value && equals_ignoring_case(*value, rule.value);
}

/// What a key of this tier sees of the positions; null where the file is missing.
[[nodiscard]] inline positions_ptr as_fresh_as(snapshot const& now, int tier) {
  return tier >= whole_tier ? now.raw : now.tiers[tier_of_key(tier)];
}

[[nodiscard]] inline http::reply missing_tier(int tier) {
  return missing_page("outputs/tiered_positions/" + std::to_string(tier) + "/output.json.gz not found");
}

/// Names the file that would have answered.
[[nodiscard]] inline http::reply missing_positions(library const& from, int tier) {
  if (tier >= whole_tier || from.computes_tiers()) return missing_page("outputs/output.json not found");
  return missing_tier(tier_names[tier_of_key(tier)]);
}

[[nodiscard]] inline http::reply missing(row const& rule, std::string_view id) {
  if (!rule.not_found_page.empty()) return missing_page(with_id(rule.not_found_page, id));
  return error_reply(http::status::not_found, with_id(rule.not_found, id));
}

/// 308 to the same path with a slash at its end; the query is kept. Absolute where the client's Host is known.
[[nodiscard]] inline http::reply to_slash(http::request const& r) {
  std::string where;
  if (!r.head.authority().empty()) where.append(r.scheme).append("://").append(r.head.authority());
  where.append(r.head.path()).push_back('/');
  if (r.head.has_query()) where.append("?").append(r.head.query());
  http::reply answer(http::status::permanent_redirect);
  answer.with("Location", std::move(where));
  return answer;
}

}  // namespace detail

/// The row of the table that a request asks for; null where there is none.
struct asked_row {
  row const*       rule  = nullptr;
  std::size_t      index = 0;  ///< of the rule, among the library's
  std::string_view id{};       ///< what the path has for the rule's
};

/// Finds the row, and lets everybody pass. First among the guards of a route that serves rows, so that log and metrics
/// know every request by its row, "/statistics/{id}/", whoever it is from; one of no row keeps the route's pattern.
class row_guard {
 public:
  using provides     = asked_row;
  using whoever_asks = void;
  explicit row_guard(library const& of) noexcept : library_(of) {}

  [[nodiscard]] result<asked_row> admit(http::request& r) const {
    auto const& rows = library_.rows();
    for (std::size_t i = 0; i != rows.size(); ++i) {
      auto const id = match_row(std::string_view(rows[i].path).substr(1), r.values[0]);
      if (!id) continue;
      r.record.route = rows[i].path;  // rows live as long as the library, and so do their paths
      return asked_row{.rule = &rows[i], .index = i, .id = *id};
    }
    return asked_row{};
  }

 private:
  library const& library_;
};

/// GET /miner-positions[?tier=]: exactly one of 0, 30, 50, 100; of a repeated parameter the first counts.
[[nodiscard]] inline http::reply positions(library const& from, auth::key const& caller, http::request const& r) {
  auto const asked = detail::first_value(r.head.query(), "tier");
  auto const tier  = asked ? detail::parse_tier(*asked) : std::optional{std::size_t{0}};
  if (!tier) return error_reply(http::status::bad_request, "Invalid tier value. Allowed values are 0, 30, 50, or 100");
  int const wanted = tier_names[*tier];
  if (caller.tier < wanted) return no_access(wanted);

  auto const  now = from.now();
  bool const  raw = !asked && from.profile() == api_profile::v1;
  auto const& set = raw ? now->raw : now->tiers[*tier];
  if (set) return http::represent(r, set->miners->whole);
  if (from.profile() == api_profile::v2) return error_reply(http::status::not_found, "Data not found");
  return raw ? detail::missing_positions(from, wanted) : detail::missing_tier(wanted);
}

/// GET /miner-positions/{id}: as fresh as the key.
[[nodiscard]] inline http::reply miner(library const& from, auth::key const& caller, http::request const& r,
                                       std::string_view id) {
  auto const now = from.now();
  auto const set = detail::as_fresh_as(*now, caller.tier);
  if (set) {
    auto const found = set->miners->members.find(id);
    if (found != set->miners->members.end()) return http::represent(r, found->second);
  }
  if (from.profile() == api_profile::v2)
    return error_reply(http::status::not_found, "Miner ID " + std::string(id) + " not found");
  if (!set) return detail::missing_positions(from, caller.tier);
  return error_reply(http::status::not_found, "Miner ID not found");
}

/// GET /miner-hotkeys: in the validator's order of rank for keys that may see it, by name for others.
[[nodiscard]] inline http::reply hotkeys(library const& from, auth::key const& caller, http::request const& r) {
  auto const now  = from.now();
  int const  tier = from.compat() ? detail::whole_tier : caller.tier;
  auto const set  = detail::as_fresh_as(*now, tier);
  if (set && set->count != 0) return http::represent(r, set->hotkeys);
  if (from.profile() == api_profile::v2) return error_reply(http::status::not_found, "No miner hotkeys found");
  return detail::missing_positions(from, tier);
}

/// GET of everything that a row of the table names.
[[nodiscard]] inline http::reply configured(library const& from, asked_row const& asked, auth::key const& caller,
                                            http::request const& r) {
  if (asked.rule == nullptr) return error_reply(http::status::not_found, "Resource not found");
  auto const& rule = *asked.rule;
  auto const  id   = asked.id;
  if (rule.slash) return detail::to_slash(r);

  bool const sees_all = caller.tier >= rule.tier;
  if (!sees_all && !rule.lag)
    return rule.forbidden.empty() ? no_access(rule.tier) : error_reply(http::status::forbidden, rule.forbidden);

  auto const now   = from.now();
  auto const files = now->rows[asked.index];
  auto const file  = files->find(rule.slice ? std::string_view{} : id);
  if (file == files->end()) return detail::missing(rule, id);

  bool const  omit  = rule.omit && detail::asks_for(r, *rule.omit);
  auto const& forms = file->second;
  auto const& form  = sees_all ? (omit ? forms.omitted : forms.live) : (omit ? forms.lagged_omitted : forms.lagged);
  if (!form) return detail::missing(rule, id);
  if (!rule.slice) return http::represent(r, form->whole);
  auto const member = form->members.find(id);
  if (member == form->members.end()) return error_reply(http::status::not_found, with_id(rule.no_member, id));
  return http::represent(r, member->second);
}

}  // namespace tensorgate::outputs

template <>
struct tensorgate::http::describe_handler<&tensorgate::outputs::positions> {
  static constexpr std::string_view summary = "All miners' positions";
  static constexpr std::string_view description =
      "As the tier sees them; `tier` is 0, 30, 50 or 100, and not above the key's.";
  static void responses(openapi_operation& about) {
    tensorgate::outputs::detail::describe_stored(about, "a map of miners by hotkey");
    tensorgate::outputs::detail::add_parameter(about, parameter_place::query, "tier",
                                               R"({"type":"string","enum":["0","30","50","100"]})", "how fresh");
    about.answers(status::bad_request, "tier is none of 0, 30, 50 and 100");
    about.answers(status::forbidden, "the key's tier is too low");
  }
};

template <>
struct tensorgate::http::describe_handler<&tensorgate::outputs::miner> {
  static constexpr std::string_view summary     = "One miner's positions";
  static constexpr std::string_view description = "As fresh as the key.";
  static void                       responses(openapi_operation& about) {
    tensorgate::outputs::detail::describe_stored(about, "the miner's object");
  }
};

template <>
struct tensorgate::http::describe_handler<&tensorgate::outputs::hotkeys> {
  static constexpr std::string_view summary     = "All miners' hotkeys";
  static constexpr std::string_view description = "In order of rank for keys of tier 100, by name for others.";
  static void                       responses(openapi_operation& about) {
    tensorgate::outputs::detail::describe_stored(about, "an array of hotkeys");
  }
};
