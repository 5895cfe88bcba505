// tensorgate/roles/outputs/snapshot.hpp: everything that requests are answered from, at one moment.
#pragma once

#include <array>        // array
#include <cstddef>      // size_t
#include <map>          // map
#include <memory>       // shared_ptr
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>              // TENSORGATE_ABI
#include <tensorgate/roles/outputs/form.hpp>    // form
#include <tensorgate/roles/outputs/row.hpp>     // row
#include <tensorgate/roles/outputs/source.hpp>  // source_ptr
#include <tensorgate/roles/outputs/tiers.hpp>   // tier_names

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// The forms of one file of a row. Those that the row has no rule for, or that cannot be made of the file, are null.
struct row_file {
  source_ptr from;            ///< null: computed here
  form_ptr   live;            ///< as it stands
  form_ptr   omitted;         ///< without the member that a parameter leaves out
  form_ptr   lagged;          ///< without what is too fresh
  form_ptr   lagged_omitted;  ///< both
};

/// The files of one row by id; of a row without `{id}` in its files, one under "".
using row_files = std::map<std::string, row_file, std::less<>>;

/// The positions as one tier shows them.
struct positions_form {
  form_ptr             miners;   ///< the map of all, and each miner's object
  http::representation hotkeys;  ///< the array of their names
  std::size_t          count = 0;
};
using positions_ptr = std::shared_ptr<positions_form const>;

/// Immutable; swapped whole. Parts that did not change are shared with the snapshot before.
struct snapshot {
  positions_ptr                                 raw;    ///< the validator's own file; null while there is none
  std::array<positions_ptr, tier_names.size()>  tiers;  ///< in the order of `tier_names`
  std::vector<std::shared_ptr<row_files const>> rows;   ///< beside the rows of the table, one to one; never null
};

using snapshot_ptr = std::shared_ptr<snapshot const>;

}  // namespace tensorgate::outputs
