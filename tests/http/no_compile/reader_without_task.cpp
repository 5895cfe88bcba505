// expect: a handler that takes body_reader& or body_writer& returns a task
#include "table.hpp"

reply takes_reader(body_reader& /*in*/) { return reply(); }
void  broken() { routes table{post<"/a">(anyone, to<&takes_reader>())}; }
