// expect: a literal of a pattern has a character that a path cannot have
#include "table.hpp"

void broken() { routes table{get<"/a%20b">(anyone, to<&none>())}; }
