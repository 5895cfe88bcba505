#include <tensorgate/net/signals.hpp>

#include <chrono>
#include <csignal>
#include <vector>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace std::chrono_literals;

TEST_CASE("each signal of a set is heard on the loop, again and again, until it is told to stop") {
  asio::io_context loop(1);
  std::vector<int> heard;
  net::signals     of(loop, {SIGUSR1, SIGUSR2}, [&](int which) {
    heard.push_back(which);
    if (heard.size() == 1) ::kill(::getpid(), SIGUSR2);
    if (heard.size() == 2) ::kill(::getpid(), SIGUSR1);
    if (heard.size() == 3) of.stop();
  });
  ::kill(::getpid(), SIGUSR1);
  auto const began = std::chrono::steady_clock::now();
  loop.run_for(10s);
  CHECK(std::chrono::steady_clock::now() - began < 9s);  // told to stop, it keeps no loop
  CHECK(heard == std::vector<int>{SIGUSR1, SIGUSR2, SIGUSR1});
}

TEST_CASE("a peer that hung up is an error code, not the end of the program") {
  net::ignore_broken_pipes();
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  ::close(pair[1]);
  CHECK(::write(pair[0], "x", 1) == -1);
  CHECK(errno == EPIPE);
  ::close(pair[0]);
}
