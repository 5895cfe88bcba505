// expect: a handler wants something that no guard of its route provides, and that the request does not hold
#include "table.hpp"

void broken() { routes table{get<"/a">(anyone, to<&with_state>())}; }
