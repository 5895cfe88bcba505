// expect: a handler takes one body: one body<T>, or one body_reader&
#include "table.hpp"

task<result<reply>> both(body<state> /*whole*/, body_reader& /*rest*/) { co_return reply(); }
void                broken() { routes table{post<"/a">(anyone, to<&both>())}; }
