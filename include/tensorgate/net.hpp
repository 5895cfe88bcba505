// tensorgate/net.hpp: loops, listeners, streams, deadlines.
#pragma once

#include <tensorgate/net/addresses.hpp>
#include <tensorgate/net/asio.hpp>
#include <tensorgate/net/both.hpp>
#include <tensorgate/net/cpu_pool.hpp>
#include <tensorgate/net/deadline.hpp>
#include <tensorgate/net/errc.hpp>
#include <tensorgate/net/gate.hpp>
#include <tensorgate/net/listener.hpp>
#include <tensorgate/net/memory_file.hpp>
#include <tensorgate/net/parallel.hpp>
#include <tensorgate/net/parts.hpp>
#include <tensorgate/net/poller.hpp>
#include <tensorgate/net/runtime.hpp>
#include <tensorgate/net/signals.hpp>
#include <tensorgate/net/snapshot.hpp>
#include <tensorgate/net/standalone.hpp>
#include <tensorgate/net/stream.hpp>
#include <tensorgate/net/task.hpp>
#include <tensorgate/net/tls.hpp>
#include <tensorgate/net/tls_client.hpp>
#include <tensorgate/net/tls_connector.hpp>
#include <tensorgate/net/unix_name.hpp>
#include <tensorgate/net/watch.hpp>
#include <tensorgate/net/wheel.hpp>
