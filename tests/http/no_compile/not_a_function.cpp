// expect: to<…> wants the address of a function: to<&fn>(state...)
#include "table.hpp"

void broken() { routes table{get<"/a">(anyone, to<&kept>())}; }
