// expect: the handler takes more values of the path than the pattern has
#include "table.hpp"

void broken() { routes table{get<"/a/{x}">(anyone, to<&two>())}; }
