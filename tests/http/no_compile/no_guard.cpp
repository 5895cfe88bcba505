// expect: what stands before the last argument of a route must be a guard
#include "table.hpp"

void broken() { routes table{get<"/a">(kept, to<&none>())}; }
