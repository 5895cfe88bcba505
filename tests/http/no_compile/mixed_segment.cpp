// expect: a value `{name}` is a whole segment of a pattern
#include "table.hpp"

void broken() { routes table{get<"/a/x{id}">(anyone, to<&one>())}; }
