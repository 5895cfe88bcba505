// expect: say who may call: a guard in front of the endpoint, or `anyone`
#include "table.hpp"

void broken() { routes table{get<"/a">(largest_body(10), to<&none>())}; }
