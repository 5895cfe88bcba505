// tensorgate/identity.hpp: the rules of who is asking.
#pragma once

#include <tensorgate/identity/api_key.hpp>
#include <tensorgate/identity/errc.hpp>
#include <tensorgate/identity/ptn_keys.hpp>
#include <tensorgate/identity/token_bucket.hpp>
#include <tensorgate/identity/utc_stamp.hpp>
