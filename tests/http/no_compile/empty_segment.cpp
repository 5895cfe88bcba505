// expect: a pattern has no empty segment, but for a trailing slash
#include "table.hpp"

void broken() { routes table{get<"/a//b">(anyone, to<&none>())}; }
