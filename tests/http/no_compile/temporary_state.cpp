// expect: a route refers to its state, so state must be a named object that outlives the table
#include "table.hpp"

void broken() { routes table{get<"/a">(anyone, to<&with_state>(state{}))}; }
