// expect: two values of a pattern have the same name
#include "table.hpp"

void broken() { routes table{get<"/{a}/{a}">(anyone, to<&two>())}; }
