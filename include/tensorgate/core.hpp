// tensorgate/core.hpp: results, byte views, text forms, clocks and randomness as values.
#pragma once

#include <tensorgate/core/abi.hpp>
#include <tensorgate/core/append.hpp>
#include <tensorgate/core/bytes.hpp>
#include <tensorgate/core/fixed_string.hpp>
#include <tensorgate/core/hex.hpp>
#include <tensorgate/core/random.hpp>
#include <tensorgate/core/result.hpp>
#include <tensorgate/core/text.hpp>
#include <tensorgate/core/time.hpp>
#include <tensorgate/core/utf8.hpp>
