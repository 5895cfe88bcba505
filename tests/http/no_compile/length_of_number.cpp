// expect: `length` counts the characters of a text or the elements of a list
#include "table.hpp"

template <>
struct tensorgate::reflect::describe<state> {
  static constexpr auto rules = std::tuple{length<&state::value>(1, 5)};
};

reply kept_body(body<state> /*one*/) { return reply(); }
void  broken() { routes table{post<"/a">(anyone, to<&kept_body>())}; }
