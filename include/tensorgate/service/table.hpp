// tensorgate/service/table.hpp: the words of a route table: `using namespace tensorgate::table;` is all that an app
// says.
#pragma once

#include <chrono>  // chrono_literals

#include <tensorgate/core/abi.hpp>      // TENSORGATE_ABI
#include <tensorgate/http/extract.hpp>  // to
#include <tensorgate/http/guard.hpp>    // anyone, largest_body
#include <tensorgate/http/route.hpp>    // routes, get, post, put, patch, del

namespace tensorgate::inline TENSORGATE_ABI::table {

using http::del;
using http::get;
using http::patch;
using http::post;
using http::put;
using http::routes;
using http::to;

using http::anyone;
using http::largest_body;

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): 1min, 250ms

}  // namespace tensorgate::table
