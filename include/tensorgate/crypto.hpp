// tensorgate/crypto.hpp: hashes, signatures, keys.
#pragma once

#include <tensorgate/crypto/constant_time.hpp>
#include <tensorgate/crypto/hash.hpp>
