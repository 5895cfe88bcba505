// tests/soak/raw_pressure_test.cpp: as tests/raw/pressure_test.cpp, with a gibibyte and ten seconds.
#include <doctest/doctest.h>

#include "../raw/pressure.hpp"

using namespace tensorgate::test::raw;

TEST_CASE("1 GiB each way holds up who produces it and adds at most 1 MiB, though the peer stops for ten seconds") {
  check_back_pressure(1024, std::chrono::seconds{10});
}
