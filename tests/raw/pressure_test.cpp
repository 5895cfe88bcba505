// tests/raw/pressure_test.cpp: big bodies go through a server that holds little of them.
#include <doctest/doctest.h>

#include "pressure.hpp"

using namespace tensorgate::test::raw;

TEST_CASE("64 MiB each way hold up who produces them and add at most 1 MiB, though the peer stops for a second") {
  check_back_pressure(64, std::chrono::seconds{1});
}
