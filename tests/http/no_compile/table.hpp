// tests/http/no_compile/table.hpp: what the sources beside it use.
#pragma once

#include <string>       // string
#include <string_view>  // string_view

#include <tensorgate/http/extract.hpp>  // to
#include <tensorgate/http/route.hpp>    // routes, get

using namespace tensorgate;
using namespace tensorgate::http;

struct state {
  int value = 0;
};
struct who {
  std::string name;
};
struct keys_guard {
  using provides = who;
  result<who> admit(request& /*r*/) const { return who{}; }
};
inline keys_guard const keys;
inline state            kept;

inline reply none() { return reply(); }
inline reply one(std::string_view /*id*/) { return reply(); }
inline reply two(std::string_view /*a*/, int /*b*/) { return reply(); }
inline reply with_state(state const& /*kept*/) { return reply(); }
inline reply wants_caller(who const& /*caller*/) { return reply(); }
