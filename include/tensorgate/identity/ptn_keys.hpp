// tensorgate/identity/ptn_keys.hpp: which keys does a validator's own api_keys.json hold?
//
// proprietary-trading-network ptn_api/api_key_refresh.py: {"<user>": {"key": "…", "tier": 0|30|50|100}, "<user>":
// "<key>"}.
#pragma once

#include <array>        // array
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move, pair
#include <vector>       // vector

#include <tensorgate/core/random.hpp>        // random_fn
#include <tensorgate/core/result.hpp>        // expected
#include <tensorgate/identity/api_key.hpp>   // key_table
#include <tensorgate/reflect/json_read.hpp>  // read_json
#include <tensorgate/reflect/raw.hpp>        // raw_json

namespace tensorgate::inline TENSORGATE_ABI::identity {

struct ptn_key {
  std::string user;
  std::string key;
  int         tier = 0;
};

struct ptn_keys {
  std::vector<ptn_key>     keys{};
  std::vector<std::string> warnings{};  ///< a sentence for each entry that was left out; never a key
};

/// The tier that an integer stands for: itself if it is one of the tiers, else the next lower one; 200 and above are
/// development keys. Nothing below 0.
[[nodiscard]] constexpr std::optional<int> ptn_tier_of(std::int64_t value) noexcept {
  constexpr std::array tiers{200, 100, 50, 30, 0};
  for (int const tier : tiers) {
    if (value >= tier) return tier;
  }
  return std::nullopt;
}

namespace detail {
struct ptn_entry {
  std::optional<reflect::raw_json> key{};
  std::optional<reflect::raw_json> tier{};
};

/// A whole number as JSON writes it; beyond 64 bits the nearest that fits.
[[nodiscard]] inline std::optional<std::int64_t> whole_number(std::string_view text) {
  bool const negative = text.starts_with('-');
  auto const digits   = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (digits.size() > 18) return negative ? std::int64_t{-1} : std::int64_t{1} << 62U;
  std::int64_t value = 0;
  for (auto const one : digits) value = value * 10 + (one - '0');
  return negative ? -value : value;
}
}  // namespace detail

/// Reads the file's text. An entry that is not understood is left out with a warning; text that is not a JSON object is
/// an error, and the keys of before stay in force.
[[nodiscard]] inline expected<ptn_keys, reflect::json_error> parse_ptn_keys(std::string_view text) {
  reflect::json_options const as_python{.duplicates = reflect::duplicate_members::last_wins};
  auto const users = reflect::read_json<std::vector<std::pair<std::string, reflect::raw_json>>>(text, as_python);
  if (!users) return unexpected<reflect::json_error>(users.error());

  ptn_keys   made;
  auto const skip = [&](std::string const& user, std::string_view why) {
    made.warnings.push_back("entry \"" + user + "\": " + std::string(why));
  };
  for (auto const& [user, value] : *users) {
    if (!is_key_name(user)) {
      skip("?", errc_text::of(errc::bad_name));
      continue;
    }
    ptn_key entry{.user = user, .key = {}, .tier = 0};
    auto    key = std::string_view(value.text);
    if (key.starts_with('{')) {
      auto const fields = reflect::read_json<detail::ptn_entry>(value.text, as_python);
      if (!fields || !fields->key) {
        skip(user, "it has no key");
        continue;
      }
      key = {};
      if (fields->tier) {
        auto const number = detail::whole_number(fields->tier->text);
        auto const tier   = number ? ptn_tier_of(*number) : std::nullopt;
        if (!tier) {
          skip(user, "the tier is not 0, 30, 50 or 100");
          continue;
        }
        entry.tier = *tier;
      }
      auto text_of_key = reflect::read_json<std::string>(fields->key->text);
      if (!text_of_key) {
        skip(user, "the key is not a text");
        continue;
      }
      entry.key = std::move(*text_of_key);
    } else {
      auto text_of_key = reflect::read_json<std::string>(key);
      if (!text_of_key) {
        skip(user, "it is neither a key nor an object");
        continue;
      }
      entry.key  = std::move(*text_of_key);
      entry.tier = 100;
    }
    if (entry.key.empty() || entry.key.size() > max_key_size) {
      skip(user, errc_text::of(errc::bad_key));
      continue;
    }
    made.keys.push_back(std::move(entry));
  }
  return made;
}

/// A table of these keys, under a salt of its own. Their texts are wiped.
[[nodiscard]] inline key_table table_of(ptn_keys&& from, random_fn const& random) {
  key_salt salt{};
  random(salt);
  std::vector<key_table::entry> entries;
  entries.reserve(from.keys.size());
  for (auto& one : from.keys) {
    entries.push_back(
        {digest_of(salt, one.key), key_grant{.name = one.user, .tier = one.tier, .rate = {}, .expires = {}}});
    wipe(one.key.data(), one.key.size());
  }
  return {salt, std::move(entries)};
}

}  // namespace tensorgate::identity
