// expect: the handler takes fewer values of the path than the pattern has
#include "table.hpp"

void broken() { routes table{get<"/a/{x}/{y}">(anyone, to<&one>())}; }
