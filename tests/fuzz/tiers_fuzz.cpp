// links: rules
// Any text as a validator's position file, and as a file of a row: what comes out is JSON, its gzip form holds the same
// text, and below tier 100 no order of the last day is shown but those of the tier's own buckets.
#include <tensorgate/roles/outputs/copying.hpp>
#include <tensorgate/roles/outputs/slice.hpp>
#include <tensorgate/roles/outputs/tiers.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/codec/gzip.hpp>         // gzip_decompress
#include <tensorgate/reflect/json_read.hpp>  // read_json
#include <tensorgate/reflect/raw.hpp>        // raw_json_view

namespace {

namespace outputs = tensorgate::outputs;
namespace reflect = tensorgate::reflect;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

struct seen_miner {
  std::vector<reflect::raw_json_view> positions;
};

void check_tiers(std::string_view raw, outputs::tier_mode mode) {
  auto const now  = tensorgate::from_unix_millis(1760000000000);
  auto const made = outputs::build_tiers(raw, now, mode);
  if (!made) return;
  for (auto const& one : made->tiers) {
    auto const plain = tensorgate::codec::gzip_decompress(one.gzip, one.json.size());
    require(plain && *plain == one.json);
    auto const miners = reflect::read_json<std::vector<std::pair<std::string, seen_miner>>>(one.json);
    require(miners && miners->size() == one.miners.size());
    for (auto const& slice : one.miners) {
      require(reflect::read_json<seen_miner>(std::string_view(one.json).substr(slice.offset, slice.size)).has_value());
    }
    if (one.tier == 100) continue;
    auto cut_ms = tensorgate::to_unix_millis(now - outputs::tier_lag);
#if defined(TENSORGATE_PLANTED_FAULT)
    cut_ms -= 3'600'000;
#endif
    for (auto const& [hotkey, miner] : *miners) {
      for (auto const& text : miner.positions) {
        auto const position = outputs::read_position(text.text);
        require(position.has_value());
        if (mode == outputs::tier_mode::compat || outputs::bucket_of(position->uuid) < one.tier) continue;
        for (auto const t : position->order_ms) require(t < cut_ms);
      }
    }
  }
}

void check_slices(std::string_view text) {
  if (auto const members = outputs::members_by_key(text, "")) {
    for (auto const& [key, value] : *members) require(reflect::read_json<reflect::raw_json_view>(value).has_value());
  }
  if (auto const elements = outputs::elements_by_member(text, "/data", "hotkey")) {
    for (auto const& [key, value] : *elements) require(reflect::read_json<reflect::raw_json_view>(value).has_value());
  }
  auto const now = tensorgate::from_unix_millis(1'000'000'000'000);
  for (auto const* pointer : {"/data", ""}) {
    auto const lagged = outputs::lag_array(text, pointer, "/t", now);
    if (lagged) require(reflect::read_json<reflect::raw_json_view>(lagged->text).has_value());
    auto const without = outputs::without_member(text, pointer, "hotkey");
    if (!without) continue;
    require(reflect::read_json<reflect::raw_json_view>(*without).has_value());
    auto const none = outputs::elements_by_member(*without, pointer, "hotkey");
    require(none && none->empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  check_tiers(text, outputs::tier_mode::ours);
  check_tiers(text, outputs::tier_mode::compat);
  check_slices(text);
  outputs::copying_tracker tracker;
  auto const               report = tracker.update(text, tensorgate::from_unix_millis(0));
  if (report) require(report->miners <= text.size());
  return 0;
}
