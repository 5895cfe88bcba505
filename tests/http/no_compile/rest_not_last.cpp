// expect: a catch-all `{name...}` stands last in its pattern
#include "table.hpp"

void broken() { routes table{get<"/{rest...}/b">(anyone, to<&one>())}; }
