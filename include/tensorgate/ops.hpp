// tensorgate/ops.hpp: metrics, logs, health.
#pragma once

#include <tensorgate/ops/access_log.hpp>
#include <tensorgate/ops/health.hpp>
#include <tensorgate/ops/metrics.hpp>
#include <tensorgate/ops/systemd.hpp>
#include <tensorgate/ops/terminal.hpp>
