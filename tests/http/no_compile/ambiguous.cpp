// expect: two routes of one method match the same path, and neither is more specific
#include "table.hpp"

void broken() { routes table{get<"/{x}/b">(anyone, to<&one>()), get<"/a/{y}">(anyone, to<&one>())}; }
