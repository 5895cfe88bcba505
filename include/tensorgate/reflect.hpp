// tensorgate/reflect.hpp: aggregates as JSON, as schema and from text.
#pragma once

#include <tensorgate/reflect/enum_names.hpp>
#include <tensorgate/reflect/errc.hpp>
#include <tensorgate/reflect/fields.hpp>
#include <tensorgate/reflect/json_error.hpp>
#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_schema.hpp>
#include <tensorgate/reflect/json_slice.hpp>
#include <tensorgate/reflect/json_style.hpp>
#include <tensorgate/reflect/json_write.hpp>
#include <tensorgate/reflect/members.hpp>
#include <tensorgate/reflect/pattern.hpp>
#include <tensorgate/reflect/raw.hpp>
#include <tensorgate/reflect/rules.hpp>
#include <tensorgate/reflect/text.hpp>
#include <tensorgate/reflect/traits.hpp>
#include <tensorgate/reflect/validate.hpp>
