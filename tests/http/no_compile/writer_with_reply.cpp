// expect: a handler that writes its answer piece by piece returns task<result<void>>
#include "table.hpp"

task<reply> takes_writer(body_writer& /*out*/) { co_return reply(); }
void        broken() { routes table{post<"/a">(anyone, to<&takes_writer>())}; }
