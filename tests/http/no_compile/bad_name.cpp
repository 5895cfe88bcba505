// expect: the name of a value is letters, digits and `_`, and does not begin with a digit
#include "table.hpp"

void broken() { routes table{get<"/a/{1d}">(anyone, to<&one>())}; }
