// tensorgate/roles/outputs/detail/position_forms.hpp: what is answered from a map of miners?
#pragma once

#include <algorithm>    // sort
#include <memory>       // shared_ptr, make_shared
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/result.hpp>             // result
#include <tensorgate/reflect/json_write.hpp>      // write_json
#include <tensorgate/roles/outputs/form.hpp>      // form
#include <tensorgate/roles/outputs/slice.hpp>     // members_by_key
#include <tensorgate/roles/outputs/snapshot.hpp>  // positions_form
#include <tensorgate/roles/outputs/source.hpp>    // part_of, tag_of

namespace tensorgate::inline TENSORGATE_ABI::outputs::detail {

enum class hotkey_order { of_file, by_name };

/// Positions before they are shared.
struct open_positions {
  std::shared_ptr<form>           miners = std::make_shared<form>();
  std::shared_ptr<positions_form> made   = std::make_shared<positions_form>();

  [[nodiscard]] positions_ptr close() && {
    made->miners = std::move(miners);
    return made;
  }
};

/// The map whole, each miner's object, and their names. `text` lies in `file`.
[[nodiscard]] inline result<open_positions> positions_of(memory_ptr const& file, std::string_view text,
                                                         hotkey_order order) {
  auto const members = members_by_key(text, "");
  if (!members) return fail(errc::malformed_file, "a map of miners");
  open_positions all;
  all.miners->whole = json_of(part_of(file, text), tag_of(text));
  std::vector<std::string> names;
  names.reserve(members->size());
  for (auto const& [id, slice] : *members) {
    all.miners->members.insert_or_assign(id, json_of(part_of(file, slice), tag_of(slice)));
    names.push_back(id);
  }
  if (order == hotkey_order::by_name) std::sort(names.begin(), names.end());
  auto list = reflect::write_json(names);
  list.push_back('\n');
  all.made->hotkeys = json_of(http::shared_bytes::own(list), tag_of(list));
  all.made->count   = names.size();
  return all;
}

/// A tier, sent as `packed` to whoever takes gzip.
[[nodiscard]] inline result<positions_ptr> tier_of(memory_ptr const& text, memory_ptr const& packed,
                                                   hotkey_order order) {
  auto all = positions_of(text, text->view(), order);
  if (!all) return fail(all);
  auto& whole     = all->miners->whole;
  whole.gzip      = part_of(packed);
  whole.gzip_etag = tag_of(packed->view());
  whole.unasked   = codec::coding::gzip;
  return std::move(*all).close();
}

}  // namespace tensorgate::outputs::detail
