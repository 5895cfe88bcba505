// expect: a route needs something that answers, such as to<&fn>(state...)
#include "table.hpp"

void broken() { routes table{get<"/a">()}; }
