// tensorgate/codec.hpp: compressed and coded forms.
#pragma once

#include <tensorgate/codec/content_coding.hpp>
#include <tensorgate/codec/error.hpp>
#include <tensorgate/codec/gunzip_stream.hpp>
#include <tensorgate/codec/gzip.hpp>
#include <tensorgate/codec/gzip_join.hpp>
#include <tensorgate/codec/percent.hpp>
