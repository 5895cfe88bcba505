#include <tensorgate/net/poller.hpp>

#include <chrono>
#include <thread>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace std::chrono_literals;

namespace {

struct bell final : net::wheel_node {
  bell() : wheel_node(&bell::ring) {}
  static void ring(net::wheel_node& self) {
    auto& mine = static_cast<bell&>(self);
    mine.rang  = true;
    if (mine.other != nullptr) mine.where->arm(*mine.other, 70s);
    if (mine.loop != nullptr) mine.loop->stop();
  }
  net::poller*      where = nullptr;
  bell*             other = nullptr;  // armed when this one rings
  asio::io_context* loop  = nullptr;  // stopped then
  bool              rang  = false;
};

}  // namespace

TEST_CASE("a loop that is late keeps the deadlines behind one that arms another") {
  asio::io_context loop(1);
  auto&            poll = net::poller::of(loop);
  bell             third;
  bell             first;
  bell             second;
  first.where = &poll;
  first.other = &third;
  second.loop = &loop;
  poll.arm(first, 100ms);
  poll.arm(second, 300ms);
  asio::steady_timer busy(loop, 50ms);
  busy.async_wait([](std::error_code) { std::this_thread::sleep_for(500ms); });
  loop.run_for(5s);
  CHECK(first.rang);
  CHECK(second.rang);
  CHECK(!third.rang);
}
