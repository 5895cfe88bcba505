// tensorgate/auth/key_command.hpp: how does the operator of this program add a key?
#pragma once

#include <string>  // string

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::auth {

/// The command that adds a key where this program's settings want it, "tensorgate-outputs --config FILE keys add NAME";
/// empty: it has none. Set by what reads the command line, before any guard is made.
[[nodiscard]] inline std::string& key_command() {
  static std::string command;
  return command;
}

}  // namespace tensorgate::auth
