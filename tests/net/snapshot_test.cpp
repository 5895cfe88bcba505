#include <tensorgate/net/snapshot.hpp>

#include <memory>

#include <doctest/doctest.h>

using namespace tensorgate;

TEST_CASE("a thread that is no loop has the value of each snapshot until it asks that one again") {
  auto               first = std::make_shared<int>(1);
  std::weak_ptr<int> seen  = first;
  net::snapshot<int> one(std::move(first), 1);
  net::snapshot<int> other(std::make_shared<int>(2), 1);
  int const&         value = one.on_loop();
  CHECK(value == 1);
  one.replace(std::make_shared<int>(3));
  CHECK(other.on_loop() == 2);
  REQUIRE(!seen.expired());
  CHECK(value == 1);
  CHECK(one.on_loop() == 3);
  CHECK(seen.expired());
}
