// tensorgate/service.hpp: what makes parts one program.
#pragma once

#include <tensorgate/service/admin.hpp>
#include <tensorgate/service/arguments.hpp>
#include <tensorgate/service/config_failure.hpp>
#include <tensorgate/service/key_commands.hpp>
#include <tensorgate/service/load.hpp>
#include <tensorgate/service/server_config.hpp>
#include <tensorgate/service/service.hpp>
#include <tensorgate/service/table.hpp>
