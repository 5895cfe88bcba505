// expect: the first parameters of a handler are references to the state given to to<&fn>(…), in its order
#include "table.hpp"

void broken() { routes table{get<"/a">(anyone, to<&with_state>(keys))}; }
