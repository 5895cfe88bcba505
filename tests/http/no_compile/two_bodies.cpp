// expect: a handler takes one body: one body<T>, or one body_reader&
#include "table.hpp"

reply two_bodies(body<state> /*one*/, body<std::string_view> const& /*other*/) { return reply(); }
void  broken() { routes table{post<"/a">(anyone, to<&two_bodies>())}; }
