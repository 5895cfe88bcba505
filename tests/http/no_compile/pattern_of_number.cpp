// expect: `pattern` is a rule of a text
#include "table.hpp"

template <>
struct tensorgate::reflect::describe<state> {
  static constexpr auto rules = std::tuple{pattern<&state::value>("[a-z]+")};
};

reply kept_body(body<state> /*one*/) { return reply(); }
void  broken() { routes table{post<"/a">(anyone, to<&kept_body>())}; }
