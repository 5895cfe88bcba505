// expect nothing
#include "table.hpp"

void sound() {
  routes table{
      get<"/">(anyone, to<&none>()),
      get<"/a/{id}">(keys, to<&one>()),
      put<"/a/{id}">(anyone, to<&one>()),
      get<"/a/{x}/b/{y}">(anyone, largest_body(10), to<&two>()),
      get<"/b/">(anyone, to<&with_state>(kept)),
      get<"/c/{rest...}">(keys, to<&one>()),
      get<"/d">(keys, to<&wants_caller>()),
  };
  static_cast<void>(table.table());
}
