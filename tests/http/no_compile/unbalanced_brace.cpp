// expect: the braces of a pattern are not balanced
#include "table.hpp"

void broken() { routes table{get<"/a/{id">(anyone, to<&one>())}; }
