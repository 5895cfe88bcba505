// tensorgate/roles/outputs.hpp: everything of the role outputs.
#pragma once

#include <tensorgate/roles/outputs/commands.hpp>
#include <tensorgate/roles/outputs/config.hpp>
#include <tensorgate/roles/outputs/copying.hpp>
#include <tensorgate/roles/outputs/demo.hpp>
#include <tensorgate/roles/outputs/describe.hpp>
#include <tensorgate/roles/outputs/errc.hpp>
#include <tensorgate/roles/outputs/form.hpp>
#include <tensorgate/roles/outputs/handlers.hpp>
#include <tensorgate/roles/outputs/keeper.hpp>
#include <tensorgate/roles/outputs/library.hpp>
#include <tensorgate/roles/outputs/position.hpp>
#include <tensorgate/roles/outputs/profile.hpp>
#include <tensorgate/roles/outputs/rebuild.hpp>
#include <tensorgate/roles/outputs/row.hpp>
#include <tensorgate/roles/outputs/slice.hpp>
#include <tensorgate/roles/outputs/snapshot.hpp>
#include <tensorgate/roles/outputs/source.hpp>
#include <tensorgate/roles/outputs/tiers.hpp>
#include <tensorgate/roles/outputs/tree.hpp>
#include <tensorgate/roles/outputs/words.hpp>
