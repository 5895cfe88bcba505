#include <tensorgate/net/standalone.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>

#include <poll.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <tensorgate/net/deadline.hpp>

#include "support/forked.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;

namespace {

task<void> drain_for(std::chrono::milliseconds time) {
  auto const slept = co_await net::sleep_until(std::chrono::steady_clock::now() + time);
  static_cast<void>(slept);
}

// A part that says a letter at each turn of its life: s(tart), r(eload), d(rain), e(nd).
net::part telling(int to, std::chrono::milliseconds drain) {
  auto const say = [to](char letter) { static_cast<void>(!::write(to, &letter, 1)); };
  net::part  made;
  made.name   = "telling";
  made.start  = [say] { return say('s'), result<void>{}; };
  made.reload = [say] {
    say('r');
    return result<void>{fail(std::make_error_code(std::errc::io_error), "nothing new")};
  };
  made.drain = [say, drain] {
    say('d');
    return drain_for(drain);
  };
  made.stop = [say] { say('e'); };
  return made;
}

// A program in a process of its own, and what its part says.
class program {
 public:
  explicit program(std::chrono::milliseconds drain, std::chrono::milliseconds deadline = 20s)
      : pipe_(open()), child_([this, drain, deadline] {
          net::standalone::options wanted;
          wanted.loops = 1;
          wanted.drain = deadline;
          wanted.say   = [](std::string_view) {};
          net::standalone app(wanted);
          app.add(telling(pipe_[1], drain));
          return app.run() == 0 ? 7 : 1;
        }) {
    ::close(pipe_[1]);
  }
  program(program const&)            = delete;
  program& operator=(program const&) = delete;
  ~program() { ::close(pipe_[0]); }

  char next() {
    pollfd waiting{pipe_[0], POLLIN, 0};
    char   letter = '?';
    if (::poll(&waiting, 1, 10'000) <= 0 || ::read(pipe_[0], &letter, 1) != 1) return '-';
    return letter;
  }
  void signal(int number) const { child_.signal(number); }
  int  wait() { return child_.wait(); }

 private:
  static std::array<int, 2> open() {
    std::array<int, 2> made{};
    if (::pipe(made.data()) != 0) throw std::runtime_error("pipe");
    return made;
  }
  std::array<int, 2> pipe_;
  test::forked       child_;
};

}  // namespace

TEST_CASE("a program starts its parts, reloads them at SIGHUP, drains and stops them at SIGTERM or SIGINT") {
  for (int const ending : {SIGTERM, SIGINT}) {
    program one(1ms);
    CHECK(one.next() == 's');
    one.signal(SIGHUP);
    CHECK(one.next() == 'r');
    one.signal(SIGHUP);
    CHECK(one.next() == 'r');
    one.signal(ending);
    CHECK(one.next() == 'd');
    CHECK(one.next() == 'e');
    CHECK(one.wait() == 7);
    CHECK(one.next() == '-');
  }
}

TEST_CASE("a drain ends with its deadline, or at a second signal") {
  {
    program one(60s, 100ms);
    CHECK(one.next() == 's');
    one.signal(SIGTERM);
    CHECK(one.next() == 'd');
    CHECK(one.next() == 'e');
    CHECK(one.wait() == 7);
  }
  program two(60s, 60s);
  CHECK(two.next() == 's');
  two.signal(SIGTERM);
  CHECK(two.next() == 'd');
  two.signal(SIGHUP);  // too late for that
  two.signal(SIGTERM);
  CHECK(two.next() == 'e');
  CHECK(two.wait() == 7);
}

TEST_CASE("a part that cannot start keeps the loops from running, and all are stopped in the reverse order") {
  std::string              said;
  net::standalone::options wanted;
  wanted.loops = 1;
  wanted.say   = [](std::string_view) {};
  {
    net::standalone app(wanted);
    net::part       first;
    first.start = [&] { return said += 'a', result<void>{}; };
    first.stop  = [&] { said += 'A'; };
    app.add(first);
    net::part broken;
    broken.start = [&] {
      said += 'b';
      return result<void>{fail(std::make_error_code(std::errc::address_in_use), "busy")};
    };
    broken.stop = [&] { said += 'B'; };
    app.add(broken);
    net::part never;
    never.start = [&] { return said += 'c', result<void>{}; };
    app.add(never);
    CHECK(app.start().error().code == std::errc::address_in_use);
    CHECK(!app.loops().is_running());
  }
  CHECK(said == "abBA");
}
