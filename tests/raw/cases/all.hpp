// tests/raw/cases/all.hpp: every raw case.
#pragma once

#include "../case.hpp"
#include "chunks.hpp"
#include "exchanges.hpp"
#include "fields.hpp"
#include "framing.hpp"
#include "request_line.hpp"

namespace tensorgate::test::raw {

inline case_list const& all_cases() {
  static case_list const all = [] {
    case_list made;
    add_request_lines(made);
    add_fields(made);
    add_framing(made);
    add_chunks(made);
    add_exchanges(made);
    return made;
  }();
  return all;
}

}  // namespace tensorgate::test::raw
