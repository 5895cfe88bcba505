// tensorgate/roles.hpp: every role of a subnet.
#pragma once

#include <tensorgate/roles/outputs.hpp>
