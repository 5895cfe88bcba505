// expect: a route refers to its guards, so a guard must be a named object that outlives the table
#include "table.hpp"

void broken() { routes table{get<"/a">(keys_guard{}, to<&none>())}; }
