// tensorgate/tensorgate.hpp: every room, for trying things out.
#pragma once

#include <tensorgate/auth.hpp>
#include <tensorgate/codec.hpp>
#include <tensorgate/core.hpp>
#include <tensorgate/crypto.hpp>
#include <tensorgate/http.hpp>
#include <tensorgate/identity.hpp>
#include <tensorgate/net.hpp>
#include <tensorgate/ops.hpp>
#include <tensorgate/reflect.hpp>
#include <tensorgate/roles.hpp>
#include <tensorgate/service.hpp>
#include <tensorgate/store.hpp>
