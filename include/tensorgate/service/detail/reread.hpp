// tensorgate/service/detail/reread.hpp: how do the settings that `load` read come to a reload?
#pragma once

#include <functional>   // function
#include <memory>       // shared_ptr
#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI {

struct server_config;  // service/server_config.hpp

}  // namespace tensorgate

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// Reads all sources again. Null when something is wrong, which is told to `say`.
using reread_function =
    std::function<std::shared_ptr<server_config const>(std::function<void(std::string_view)> const& say)>;

/// A process has one command line, so it has one of these. Set by `load` for settings with a member `server`, before
/// any thread is started.
inline reread_function reread_server;

}  // namespace tensorgate::service_detail
