// expect: two routes have the same method and pattern
#include "table.hpp"

void broken() {
  routes table{get<"/a">(anyone, to<&none>()), post<"/a">(anyone, to<&none>()), get<"/a">(anyone, to<&none>())};
}
