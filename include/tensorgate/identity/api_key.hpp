// tensorgate/identity/api_key.hpp: which key is this, and what does it allow?
//
// A file of keys holds no key, only SHA-256(salt ‖ key), the salt being 32 random bytes of the file's own. One salt for
// a file, not one for a key, lets a key be found in constant time however many there are: a salt each would cost a
// digest for each key and request, or a look-up by the key's plain text. A slow digest (Argon2) buys nothing for keys
// that are made here, for 160 random bits cannot be guessed; it would help weak imported keys against a thief of the
// file, and it would let anybody who sends wrong keys hold a core for milliseconds each. So the digest is fast, the
// salt makes prepared tables useless, and whoever imports keys is told when they are short.
#pragma once

#include <array>        // array
#include <bit>          // bit_ceil
#include <cstddef>      // byte, size_t
#include <cstdint>      // uint64_t
#include <cstring>      // memcpy
#include <optional>     // optional
#include <span>         // span
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/bytes.hpp>             // secret_text, wipe
#include <tensorgate/core/hex.hpp>               // to_hex
#include <tensorgate/core/random.hpp>            // random_fn
#include <tensorgate/core/result.hpp>            // result
#include <tensorgate/core/time.hpp>              // unix_millis
#include <tensorgate/crypto/constant_time.hpp>   // constant_time_equal
#include <tensorgate/crypto/hash.hpp>            // sha256
#include <tensorgate/identity/errc.hpp>          // errc
#include <tensorgate/identity/token_bucket.hpp>  // allowance
#include <tensorgate/identity/utc_stamp.hpp>     // utc_stamp
#include <tensorgate/reflect/json_read.hpp>      // read_json
#include <tensorgate/reflect/json_write.hpp>     // write_json
#include <tensorgate/reflect/rules.hpp>          // describe

namespace tensorgate::inline TENSORGATE_ABI::identity {

/// The longest key that is looked at, in bytes. A longer one is unknown without being digested.
inline constexpr std::size_t max_key_size = 4096;
/// Below this an imported key is called short: 16 characters of a good alphabet are some 95 bits.
inline constexpr std::size_t short_key_size = 16;
/// The most keys in one table, whatever the file says.
inline constexpr std::size_t max_keys = 1'000'000;

using key_salt   = std::array<std::byte, 32>;
using key_digest = crypto::sha256_digest;

[[nodiscard]] inline key_digest digest_of(key_salt const& salt, std::string_view key) {
  std::array<std::byte, sizeof(key_salt) + 256> small{};  // keys that are made for it are shorter
  std::vector<std::byte>                        large;
  auto const                                    size = salt.size() + key.size();
  if (size > small.size()) large.resize(size);
  auto* const text = size > small.size() ? large.data() : small.data();
  std::memcpy(text, salt.data(), salt.size());
  if (!key.empty()) std::memcpy(text + salt.size(), key.data(), key.size());
  auto const digest = crypto::sha256({text, size});
  wipe(text, size);
  return digest;
}

/// A new key: "tg_" and 160 random bits in hexadecimal. The prefix lets scanners of repositories and logs find it.
[[nodiscard]] inline secret_text make_key(random_fn const& random) {
  std::array<std::byte, 20> bits{};
  random(bits);
  auto made = secret_text("tg_" + to_hex(bits));
  wipe(bits.data(), bits.size());
  return made;
}

/// What a key allows.
struct key_grant {
  std::string              name{};
  int                      tier = 100;
  std::optional<allowance> rate{};     ///< absent: the server's own
  std::optional<utc_stamp> expires{};  ///< absent: never

  [[nodiscard]] bool is_expired(unix_millis now) const noexcept {
    return expires && now >= unix_millis(expires->value);
  }
};

/// One key as the file has it.
struct key_record {
  std::string              name{};
  std::string              hash{};  ///< the digest in hexadecimal
  int                      tier = 100;
  std::optional<allowance> rate{};
  std::optional<utc_stamp> expires{};
  std::optional<utc_stamp> created{};
  std::string              note = std::string{};

  [[nodiscard]] key_grant grant() const { return {name, tier, rate, expires}; }
};

/// The file of keys: JSON, so that it can be read without us.
struct key_file {
  int                     version = 1;
  std::string             salt{};  ///< 32 bytes in hexadecimal
  std::vector<key_record> keys{};
};

[[nodiscard]] inline bool is_key_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 128) return false;
  for (auto const one : name) {
    if (static_cast<unsigned char>(one) < 0x20 || one == 0x7F) return false;
  }
  return true;
}

}  // namespace tensorgate::identity

template <>
struct tensorgate::reflect::describe<tensorgate::identity::key_record> {
  using record = tensorgate::identity::key_record;
  static constexpr auto rules =
      std::tuple{pattern<&record::hash>("[0-9a-f]{64}"), defaulted<&record::note>(), reject_unknown};
  static std::string_view check(record const& of) {
    return tensorgate::identity::is_key_name(of.name) ? std::string_view{}
                                                      : "a name of 1 to 128 bytes without control characters";
  }
};
template <>
struct tensorgate::reflect::describe<tensorgate::identity::key_file> {
  using file = tensorgate::identity::key_file;
  static constexpr auto rules =
      std::tuple{range<&file::version>(1, 1), pattern<&file::salt>("[0-9a-f]{64}"),
                 length<&file::keys>(0, tensorgate::identity::max_keys), required<&file::keys>(), reject_unknown};
};

namespace tensorgate::inline TENSORGATE_ABI::identity {

[[nodiscard]] inline key_file new_key_file(random_fn const& random) {
  key_salt salt{};
  random(salt);
  return {.version = 1, .salt = to_hex(salt), .keys = {}};
}

/// Reads a file of keys. The error names line, column and member.
[[nodiscard]] inline expected<key_file, reflect::json_error> parse_key_file(std::string_view text) {
  return reflect::read_json<key_file>(text);
}
[[nodiscard]] inline std::string to_text(key_file const& file) {
  return reflect::write_json(file, reflect::json_style{.indent = 2}) + "\n";
}

namespace detail {
template <std::size_t N>
[[nodiscard]] std::array<std::byte, N> bytes_of_hex(std::string_view text) {
  std::array<std::byte, N> made{};
  auto const               read = from_hex(text);
  if (read && read->size() == N) std::memcpy(made.data(), read->data(), N);
  return made;
}
}  // namespace detail

[[nodiscard]] inline key_salt salt_of(key_file const& file) { return detail::bytes_of_hex<32>(file.salt); }

/// Enters a key that is known, under a name.
/// Fails with: errc::bad_name, bad_key, duplicate_name, known_key.
[[nodiscard]] inline result<void> enter_key(key_file& file, key_grant const& grant, std::string_view key,
                                            unix_millis now, std::string note = {}) {
  if (!is_key_name(grant.name)) return fail(errc::bad_name, errc_text::of(errc::bad_name));
  if (key.empty() || key.size() > max_key_size) return fail(errc::bad_key, errc_text::of(errc::bad_key));
  auto const hash = to_hex(digest_of(salt_of(file), key));
  for (auto const& one : file.keys) {
    if (one.name == grant.name) return fail(errc::duplicate_name, errc_text::of(errc::duplicate_name));
    if (one.hash == hash) return fail(errc::known_key, errc_text::of(errc::known_key));
  }
  file.keys.push_back({grant.name, hash, grant.tier, grant.rate, grant.expires, stamp_of(now), std::move(note)});
  return {};
}

/// Makes a key and enters it; the text is shown once and kept nowhere.
[[nodiscard]] inline result<secret_text> add_key(key_file& file, key_grant const& grant, random_fn const& random,
                                                 unix_millis now, std::string note = {}) {
  auto       made    = make_key(random);
  auto const entered = enter_key(file, grant, made.reveal(), now, std::move(note));
  if (!entered) return fail(entered);
  return made;
}

/// Takes a key out. Fails with: errc::unknown_name.
[[nodiscard]] inline result<void> revoke_key(key_file& file, std::string_view name) {
  for (auto at = file.keys.begin(); at != file.keys.end(); ++at) {
    if (at->name != name) continue;
    file.keys.erase(at);
    return {};
  }
  return fail(errc::unknown_name, errc_text::of(errc::unknown_name));
}

/// Keys to be looked up. Made whole, then never changed.
class key_table {
 public:
  struct entry {
    key_digest digest{};
    key_grant  grant{};
  };

  key_table() : key_table(key_salt{}, {}) {}
  /// Of two entries with one key the lower tier stays.
  key_table(key_salt const& salt, std::vector<entry> entries) : salt_(salt) {
    slots_.resize(std::bit_ceil(entries.size() * 2 + 2));
    for (auto& one : entries) {
      auto& slot = slots_[place_of(one.digest)];
      if (slot == 0) {
        entries_.push_back(std::move(one));
        slot = static_cast<std::uint32_t>(entries_.size());
      } else if (one.grant.tier < entries_[slot - 1].grant.tier) {
        entries_[slot - 1] = std::move(one);
      }
    }
  }
  [[nodiscard]] static key_table of(key_file const& file) {
    std::vector<entry> entries;
    entries.reserve(file.keys.size());
    for (auto const& one : file.keys) entries.push_back({detail::bytes_of_hex<32>(one.hash), one.grant()});
    return {salt_of(file), std::move(entries)};
  }

  /// The place among `entries()` of a key that was presented. Where in the table one looks depends on the digest of a
  /// secret salt and the key, which tells a listener nothing; the digests are compared in constant time.
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view presented) const {
    if (presented.empty() || presented.size() > max_key_size || entries_.empty()) return std::nullopt;
    auto const slot = slots_[place_of(digest_of(salt_, presented))];
    if (slot == 0) return std::nullopt;
    return slot - 1;
  }
  [[nodiscard]] key_grant const* find(std::string_view presented) const {
    auto const at = index_of(presented);
    return at ? &entries_[*at].grant : nullptr;
  }

  [[nodiscard]] std::size_t            size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool                   empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::span<entry const> entries() const noexcept { return entries_; }

 private:
  /// The slot that holds the digest, or the empty one where it belongs. At least half of the slots are empty.
  [[nodiscard]] std::size_t place_of(key_digest const& digest) const noexcept {
    std::uint64_t start = 0;
    std::memcpy(&start, digest.data(), sizeof(start));
    for (auto at = static_cast<std::size_t>(start) & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      auto const slot = slots_[at];
      if (slot == 0 || crypto::constant_time_equal(bytes_view(entries_[slot - 1].digest), bytes_view(digest)))
        return at;
    }
  }

  key_salt                   salt_;
  std::vector<entry>         entries_;
  std::vector<std::uint32_t> slots_;  // an index into entries_ plus one; 0: empty
};

}  // namespace tensorgate::identity
