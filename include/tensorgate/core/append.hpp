// tensorgate/core/append.hpp: how is a text put together from many pieces?
#pragma once

#include <initializer_list>  // initializer_list
#include <string>            // string
#include <string_view>       // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

/// Appends the pieces in their order. One function for all: what is worded rarely costs little code where it is worded.
__attribute__((noinline)) inline void append_all(std::string& out, std::initializer_list<std::string_view> pieces) {
  for (auto const piece : pieces) out.append(piece);
}

/// Appends text as it is and text that `escaped` writes, in turn: {as it is, escaped, as it is, …}.
__attribute__((noinline)) inline void append_in_turn(std::string& out, std::initializer_list<std::string_view> turns,
                                                     void (*escaped)(std::string&, std::string_view)) {
  bool plain = true;
  for (auto const turn : turns) {
    if (plain) {
      out.append(turn);
    } else {
      escaped(out, turn);
    }
    plain = !plain;
  }
}

}  // namespace tensorgate
