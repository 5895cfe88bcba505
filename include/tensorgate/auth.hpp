// tensorgate/auth.hpp: guards before a handler.
#pragma once

#include <tensorgate/auth/address_list.hpp>
#include <tensorgate/auth/api_key.hpp>
#include <tensorgate/auth/cors.hpp>
#include <tensorgate/auth/key_command.hpp>
#include <tensorgate/auth/rate.hpp>
