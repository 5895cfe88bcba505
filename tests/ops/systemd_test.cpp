#include <tensorgate/ops/systemd.hpp>

#include <array>
#include <string>

#include <doctest/doctest.h>

using namespace tensorgate;

namespace {
/// A manager's end: a datagram socket under an abstract name.
struct listening_manager {
  std::string name = "@tensorgate-systemd-test-" + std::to_string(::getpid());
  int         fd   = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  listening_manager() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name.copy(static_cast<char*>(at.sun_path), name.size());
    at.sun_path[0] = '\0';
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&at),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0);
  }
  ~listening_manager() { ::close(fd); }
  listening_manager(listening_manager const&)                   = delete;
  listening_manager&        operator=(listening_manager const&) = delete;
  [[nodiscard]] std::string next() const {
    std::array<char, 1024> text{};
    auto const             got = ::recv(fd, text.data(), text.size(), 0);
    return got < 0 ? std::string("(nothing)") : std::string(text.data(), static_cast<std::size_t>(got));
  }
};
}  // namespace

TEST_CASE("the manager is told in its own words") {
  listening_manager const    at;
  ops::service_manager const manager(at.name);
  REQUIRE(manager.present());
  REQUIRE(manager.ready("serving\nREADY=0"));
  CHECK(at.next() == "READY=1\nSTATUS=serving READY=0");
  REQUIRE(manager.alive());
  CHECK(at.next() == "WATCHDOG=1");
  REQUIRE(manager.stopping("ending"));
  CHECK(at.next() == "STOPPING=1\nSTATUS=ending");
  REQUIRE(manager.reloading());
  CHECK(at.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
}

TEST_CASE("without a manager nothing is said, with a wrong name the failure is a value") {
  CHECK(ops::service_manager().ready("x"));
  CHECK(!ops::service_manager("relative").ready("x"));
  CHECK(!ops::service_manager("/" + std::string(200, 'x')).ready("x"));
  CHECK(!ops::service_manager("/nonexistent/socket").ready("x"));
}

TEST_CASE("the watchdog's interval is ours if the process is") {
  CHECK(ops::service_manager("@x", "2000000").watchdog() == std::chrono::seconds(2));
  CHECK(ops::service_manager("@x", "2000000", std::to_string(::getpid())).watchdog());
  CHECK(!ops::service_manager("@x", "2000000", "1").watchdog());
  CHECK(!ops::service_manager("@x", "0").watchdog());
  CHECK(!ops::service_manager("@x", "abc").watchdog());
  CHECK(!ops::service_manager("@x", "").watchdog());
}
