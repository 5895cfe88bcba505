#include <tensorgate/net/parts.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "support/run_task.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;

namespace {

struct counting {
  int           asked = 0;
  net::lifeline alive;

  [[nodiscard]] net::part as_part() {
    net::part made;
    made.name   = "counting";
    made.start  = [this] { return ++asked, result<void>{}; };
    made.reload = [this] { return ++asked, result<void>{fail(std::make_error_code(std::errc::io_error), "no")}; };
    made.stop   = [this] { ++asked; };
    made.health = [this] { return ++asked, net::part_health{.ready = false}; };
    made.drain  = [this] { return count(this); };
    return alive.tied(std::move(made));
  }
  static task<void> count(counting* self) {
    ++self->asked;
    co_return;
  }
};

net::part idle() {
  net::part made;
  made.name = "idle";
  return made;
}

task<result<void>> await(task<void> what) {
  co_await std::move(what);
  co_return result<void>{};
}

}  // namespace

TEST_CASE("the functions of a part are asked while it lives, and do nothing afterwards") {
  auto       owner = std::make_unique<counting>();
  auto const part  = owner->as_part();
  CHECK(part.name == "counting");
  CHECK(part.start().has_value());
  CHECK(!part.reload());
  CHECK(!part.health().ready);
  CHECK(test::run_task(await(part.drain())).has_value());
  part.stop();
  CHECK(owner->asked == 5);
  owner.reset();
  CHECK(part.start().has_value());
  CHECK(part.reload().has_value());
  CHECK(part.health().ready);
  CHECK(test::run_task(await(part.drain())).has_value());
  part.stop();
}

TEST_CASE("a function that a part does not have stays empty") {
  net::lifeline const alive;
  auto const          part = alive.tied(idle());
  CHECK(!part.start);
  CHECK(!part.reload);
  CHECK(!part.drain);
  CHECK(!part.stop);
  CHECK(!part.health);
}

TEST_CASE("the end of a part waits for a function that runs on another thread") {
  auto              alive = std::make_unique<net::lifeline>();
  std::atomic<bool> inside{false};
  std::atomic<bool> left{false};
  net::part         slow;
  slow.health = [&] {
    inside = true;
    std::this_thread::sleep_for(50ms);
    left = true;
    return net::part_health{};
  };
  auto const  part = alive->tied(std::move(slow));
  std::thread asking([&] { static_cast<void>(part.health()); });
  while (!inside) std::this_thread::yield();
  alive.reset();
  CHECK(left);
  asking.join();
}
