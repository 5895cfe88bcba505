// expect: `.` and `..` in a pattern can never match
#include "table.hpp"

void broken() { routes table{get<"/a/../b">(anyone, to<&none>())}; }
