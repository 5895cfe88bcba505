// links: identity
// Any text as a file of keys, and as a validator's api_keys.json: whatever is read can be written and read again, each
// key that was read is found with the lowest tier that it was given, and no entry with a tier outside the set appears.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <tensorgate/identity/api_key.hpp>
#include <tensorgate/identity/ptn_keys.hpp>

namespace {

void must(bool holds) {
  if (!holds) __builtin_trap();
}

void fixed_bytes(std::span<std::byte> out) {
  for (auto& one : out) one = std::byte{7};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  namespace id = tensorgate::identity;
  std::string_view const text(reinterpret_cast<char const*>(data), size);

  if (auto const file = id::parse_key_file(text)) {
    auto const written = id::to_text(*file);
    auto const again   = id::parse_key_file(written);
    must(again.has_value());
    must(id::to_text(*again) == written);
    auto const table = id::key_table::of(*file);
    must(table.size() <= file->keys.size());
    must(table.find("a key that nobody has") == nullptr);
  }

  if (auto keys = id::parse_ptn_keys(text)) {
    std::map<std::string, int> lowest;
    for (auto const& one : keys->keys) {
      must(!one.key.empty() && one.key.size() <= id::max_key_size);
      must(one.tier == 0 || one.tier == 30 || one.tier == 50 || one.tier == 100 || one.tier == 200);
      auto const [at, fresh] = lowest.emplace(one.key, one.tier);
      if (!fresh && one.tier < at->second) at->second = one.tier;
    }
    for (auto const& warning : keys->warnings) must(warning.starts_with("entry \""));
    auto       ours     = id::new_key_file(&fixed_bytes);
    auto const imported = id::import_keys(ours, *keys, tensorgate::unix_millis{});
    for (auto const& one : ours.keys) must(id::is_key_name(one.name));
    must(imported.warnings.empty() && ours.keys.size() <= imported.added);
    auto const table = id::table_of(std::move(*keys), &fixed_bytes);
    must(table.size() == lowest.size());
    for (auto const& [key, tier] : lowest) {
      auto const* found = table.find(key);
      must(found != nullptr);
#if defined(TENSORGATE_PLANTED_FAULT)
      must(found->tier != 50);
#else
      must(found->tier == tier);
#endif
    }
  }
  return 0;
}
