// expect: what stands last in a route must be an endpoint maker, such as to<&fn>(state...)
#include "table.hpp"

void broken() { routes table{get<"/a">(keys)}; }
