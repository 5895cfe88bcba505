// tensorgate/store.hpp: what is kept, and how durably.
#pragma once

#include <tensorgate/store/durable_file.hpp>
