// tensorgate/core/abi.hpp: which tensorgate is this, and with whose `expected` was it built?
#pragma once

#include <version>  // __cpp_lib_expected

/// The version, written here alone: the build system and `--version` read it from this file.
#define TENSORGATE_VERSION_MAJOR 0
#define TENSORGATE_VERSION_MINOR 1
#define TENSORGATE_VERSION_PATCH 0
#define TENSORGATE_VERSION "0.1.0"

// Two files built with different `expected` types must fail to link instead of disagreeing while running,
// so the choice is part of every mangled name.
#if defined(__cpp_lib_expected)
#define TENSORGATE_ABI v0_std
#else
#define TENSORGATE_ABI v0_tl
#endif
