#include <tensorgate/identity/utc_stamp.hpp>

#include <initializer_list>

#include <doctest/doctest.h>

using namespace tensorgate::identity;

TEST_CASE("moments are read and written alike") {
  CHECK(to_text(*parse_utc("2027-01-31")) == "2027-01-31T00:00:00Z");
  CHECK(to_text(*parse_utc("2024-02-29T23:59:59Z")) == "2024-02-29T23:59:59Z");
  CHECK(parse_utc("1970-01-01")->value.time_since_epoch().count() == 0);
  CHECK(parse_utc("2025-10-09T08:53:20Z")->value.time_since_epoch().count() == 1'760'000'000);
}

TEST_CASE("what is no day of the calendar is refused") {
  for (auto const* text :
       {"", "2027", "2027-02-29", "2027-13-01", "2027-00-10", "1969-12-31", "2027-01-31T24:00:00Z",
        "2027-01-31T12:00:00", "2027-01-31 12:00:00Z", "2027-01-31T12:00:60Z", "+027-01-31", "2027-01-3x"}) {
    CAPTURE(text);
    CHECK(!parse_utc(text));
  }
}
