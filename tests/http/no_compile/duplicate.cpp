// expect: two routes have the same method and pattern
#include "table.hpp"

void broken() { routes table{get<"/a">(to<&none>()), post<"/a">(to<&none>()), get<"/a">(to<&none>())}; }
