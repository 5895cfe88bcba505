// expect: to<&fn>(…) is given more state than the handler has parameters
#include "table.hpp"

void broken() { routes table{get<"/a">(anyone, to<&none>(kept))}; }
