// expect: a pattern begins with a slash
#include "table.hpp"

void broken() { routes table{get<"a">(anyone, to<&none>())}; }
