// tensorgate/identity/ptn_keys.hpp: which keys does a validator's own api_keys.json hold?
//
// proprietary-trading-network ptn_api/api_key_refresh.py:
//
//     {"<user>": {"key": "…", "tier": 0|30|50|100}, "<user>": "<key>"}
#pragma once

#include <algorithm>    // min, find_if
#include <array>        // array
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <map>          // map
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move, pair
#include <vector>       // vector

#include <tensorgate/core/hex.hpp>           // to_hex
#include <tensorgate/core/random.hpp>        // random_fn
#include <tensorgate/core/result.hpp>        // expected
#include <tensorgate/core/time.hpp>          // unix_millis
#include <tensorgate/crypto/hash.hpp>        // sha256
#include <tensorgate/identity/api_key.hpp>   // key_table
#include <tensorgate/reflect/json_read.hpp>  // read_json
#include <tensorgate/reflect/raw.hpp>        // raw_json_view

namespace tensorgate::inline TENSORGATE_ABI::identity {

struct ptn_key {
  std::string user{};  ///< a name as `is_key_name` has it; a digest of any other
  std::string key{};
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

/// Python writes and reads NaN and Infinity where JSON has no such value. Each becomes a fraction of the same length,
/// which no entry may hold either, so that an entry is refused and not the file, and places in errors stay true.
inline void replace_python_numbers(std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> words{
      {{"NaN", "1.5"}, {"Infinity", "1.500000"}}};
  bool in_string = false;
  char before    = ' ';
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (in_string) {
      if (text[at] == '\\') {
        ++at;
      } else {
        in_string = text[at] != '"';
      }
    } else if (text[at] == '"') {
      in_string = true;
    } else {
      bool const begins = std::string_view(" \t\r\n:,[").find(before) != std::string_view::npos;
      for (auto const& [word, number] : words) {
        bool const negative = before == '-' && word.size() > 3;
        if ((begins || negative) && std::string_view(text).substr(at).starts_with(word))
          text.replace(at, word.size(), number);
      }
    }
    before = text[std::min(at, text.size() - 1)];
  }
}

/// What stands for a user in lists and logs: the name itself, or a digest of one that does not fit on a line.
[[nodiscard]] inline std::string name_of_user(std::string const& user) {
  if (is_key_name(user)) return user;
  auto const digest = crypto::sha256(as_bytes(user));
  return "user-" + to_hex(bytes_view(digest).first(8));
}

/// What an entry holds, or why it is left out.
[[nodiscard]] inline expected<ptn_key, std::string_view> read_ptn_entry(std::string_view             text,
                                                                        reflect::json_options const& as_python) {
  ptn_key entry;
  auto    key = text;
  entry.tier  = 100;
  if (text.starts_with('{')) {
    entry.tier = 0;
    key        = {};
    std::string_view tier;
    auto const       fields =
        reflect::read_json<std::vector<std::pair<std::string, reflect::raw_json_view>>>(text, as_python);
    if (!fields) return unexpected<std::string_view>("it is no object");
    for (auto const& [name, value] : *fields) {
      if (name == "key") key = value.text;
      if (name == "tier") tier = value.text;
    }
    if (key.empty()) return unexpected<std::string_view>("it has no key");
    if (!tier.empty()) {
      auto const number = whole_number(tier);
      auto const known  = number ? ptn_tier_of(*number) : std::nullopt;
      if (!known) return unexpected<std::string_view>("the tier is not 0, 30, 50 or 100");
      entry.tier = *known;
    }
  }
  auto read = reflect::read_json<std::string>(key);
  if (!read) {
    return unexpected<std::string_view>(text.starts_with('{') ? "the key is not a text"
                                                              : "it is neither a key nor an object");
  }
  entry.key = std::move(*read);
  if (entry.key.empty() || entry.key.size() > max_key_size)
    return unexpected<std::string_view>(errc_text::of(errc::bad_key));
  return entry;
}

}  // namespace detail

/// Reads the file's text as Python does: of a user who stands twice the last entry counts. One that is not understood
/// is left out with a warning; text that is not a JSON object is an error, and the keys of before stay in force.
[[nodiscard]] inline expected<ptn_keys, reflect::json_error> parse_ptn_keys(std::string_view text) {
  reflect::json_options const as_python{.duplicates = reflect::duplicate_members::last_wins};
  std::string                 mended;
  if (text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos) {
    mended = text;
    detail::replace_python_numbers(mended);
    text = mended;
  }
  auto const users = reflect::read_json<std::vector<std::pair<std::string, reflect::raw_json_view>>>(text, as_python);
  std::map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; users && i != users->size(); ++i) last[(*users)[i].first] = i;

  ptn_keys made;
  for (std::size_t i = 0; users && i != users->size(); ++i) {
    auto const& [user, value] = (*users)[i];
    if (last[user] != i) continue;
    auto entry = detail::read_ptn_entry(value.text, as_python);
    auto name  = detail::name_of_user(user);
    if (entry) {
      entry->user = std::move(name);
      made.keys.push_back(std::move(*entry));
    } else {
      made.warnings.push_back("entry \"" + name + "\": " + std::string(entry.error()));
    }
  }
  wipe(mended.data(), mended.size());
  if (!users) return unexpected<reflect::json_error>(users.error());
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

/// What an import did to a file of keys.
struct ptn_import {
  std::size_t              added   = 0;
  std::size_t              changed = 0;  ///< entries of an earlier import with another key, tier or user
  std::size_t              same    = 0;
  std::vector<std::string> warnings{};  ///< a sentence for each user who was left out
};

/// The note of keys that were imported, by which a later import knows what it may change.
inline constexpr std::string_view imported_note = "imported";

/// Enters the keys into a file of ours, or brings those of an earlier import up to date; what was added otherwise
/// stays. Of two users with one key the lower tier counts. Users who are no longer there are not taken out.
[[nodiscard]] inline ptn_import import_keys(key_file& file, ptn_keys const& from, unix_millis now) {
  std::vector<ptn_key const*>             merged;
  std::map<std::string_view, std::size_t> places;
  for (auto const& one : from.keys) {
    auto const [place, fresh] = places.try_emplace(one.key, merged.size());
    if (fresh) {
      merged.push_back(&one);
    } else if (one.tier < merged[place->second]->tier) {
      merged[place->second] = &one;
    }
  }

  ptn_import done;
  auto const salt = salt_of(file);
  for (auto const* one : merged) {
    auto const hash  = to_hex(digest_of(salt, one->key));
    auto const mine  = [](key_record const& known) { return known.note != imported_note; };
    auto const named = [&](key_record const& known) { return known.name == one->user; };
    auto const keyed = [&](key_record const& known) { return known.hash == hash; };
    auto const find  = [&](auto const& is) { return std::find_if(file.keys.begin(), file.keys.end(), is); };
    auto const name  = find(named);
    auto const key   = find(keyed);
    auto const none  = file.keys.end();
    if ((name != none && mine(*name)) || (key != none && mine(*key))) {
      auto const why = key != none && mine(*key) ? errc::known_key : errc::duplicate_name;
      done.warnings.push_back("\"" + one->user + "\" is left out: " + std::string(errc_text::of(why)));
      continue;
    }
    if (name == none && key == none) {
      file.keys.push_back({one->user, hash, one->tier, {}, {}, stamp_of(now), std::string(imported_note)});
      ++done.added;
      continue;
    }
    if (name != none && name == key && name->tier == one->tier) {
      ++done.same;
      continue;
    }
    auto entry                   = name != none ? *name : *key;
    entry.name                   = one->user;
    entry.hash                   = hash;
    entry.tier                   = one->tier;
    *(name != none ? name : key) = std::move(entry);
    if (name != none && key != none && name != key) file.keys.erase(key);
    ++done.changed;
  }
  return done;
}

}  // namespace tensorgate::identity
