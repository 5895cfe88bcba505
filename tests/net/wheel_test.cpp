#include <tensorgate/net/wheel.hpp>

#include <memory>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace std::chrono_literals;
using net::wheel;
using net::wheel_node;

namespace {

struct bell final : wheel_node {
  bell() : wheel_node([](wheel_node& self) { ++static_cast<bell&>(self).rings; }) {}
  int rings = 0;
};

}  // namespace

TEST_CASE("a deadline is kept to within three ticks and never early, however far and however often it moves") {
  auto         clock = std::chrono::steady_clock::now();
  wheel        time;
  auto const   seed = std::random_device{}();
  std::mt19937 random(seed);
  CAPTURE(seed);
  std::vector<std::unique_ptr<bell>> bells;
  std::vector<steady_point>          due;
  for (int i = 0; i != 300; ++i) {
    bells.push_back(std::make_unique<bell>());
    auto const after = std::chrono::milliseconds(random() % 200'000);  // up to four turns of the wheel
    time.arm(*bells.back(), after);
    due.push_back(clock + after);
  }
  std::vector<bool> rang(bells.size());
  for (int step = 0; step != 2500; ++step) {
    clock += 100ms;
    time.advance(clock);
    for (std::size_t i = 0; i != bells.size(); ++i) {
      if (bells[i]->rings != 0 && !rang[i]) {
        rang[i] = true;
        CHECK(clock + 1ms >= due[i]);
        CHECK(clock - due[i] <= 3 * wheel::tick + 1ms);
      }
      // Some move while they wait, away or nearer.
      if (!rang[i] && step < 1000 && random() % 500 == 0) {
        auto const after = std::chrono::milliseconds(random() % 60'000);
        time.arm(*bells[i], after);
        due[i] = clock + after;
      }
    }
  }
  for (auto const& one : bells) CHECK(one->rings == 1);
  CHECK(time.is_empty());
}

TEST_CASE("a node that is disarmed or destroyed does not ring, not even by the hand of another") {
  wheel time;
  bell  kept;
  auto  gone = std::make_unique<bell>();
  time.arm(kept, 100ms);
  time.arm(*gone, 100ms);
  gone.reset();
  wheel::disarm(kept);
  time.advance(std::chrono::steady_clock::now() + 10s);
  CHECK(kept.rings == 0);

  struct breaker final : wheel_node {
    breaker() : wheel_node([](wheel_node& self) { static_cast<breaker&>(self).victim.reset(); }) {}
    std::unique_ptr<bell> victim = std::make_unique<bell>();
  };
  breaker breaks;
  time.arm(breaks, 100ms);
  time.arm(*breaks.victim, 100ms);
  time.advance(std::chrono::steady_clock::now() + 20s);
  CHECK(breaks.victim == nullptr);
}

TEST_CASE("a deadline that is set while a late wheel catches up counts from now") {
  wheel         time;
  bell          late;
  struct setter final : wheel_node {
    setter(wheel& on, bell& one)
        : wheel_node([](wheel_node& self) {
            auto& mine = static_cast<setter&>(self);
            mine.time.arm(mine.other, 1s);
          }),
          time(on),
          other(one) {}
    wheel& time;
    bell&  other;
  };
  setter     sets(time, late);
  auto const now = std::chrono::steady_clock::now();
  time.arm(sets, 100ms);
  time.advance(now + 10s);
  CHECK(late.rings == 0);
  time.advance(now + 10900ms);
  CHECK(late.rings == 0);
  time.advance(now + 11400ms);
  CHECK(late.rings == 1);
}
