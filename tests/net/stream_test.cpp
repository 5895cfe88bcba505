#include <tensorgate/net/stream.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <tensorgate/net/memory_file.hpp>

using namespace tensorgate;
using net::transfer_state;
using namespace std::string_view_literals;

namespace {

struct pair {
  net::stream ours;
  int         theirs = -1;

  pair() {
    std::array<int, 2> made{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, made.data()) == 0);
    ours   = net::stream(made[0]);
    theirs = made[1];
  }
  pair(pair const&)            = delete;
  pair& operator=(pair const&) = delete;
  ~pair() {
    if (theirs >= 0) ::close(theirs);
  }
  [[nodiscard]] std::string take(std::size_t size = 100) const {
    std::string text(size, '\0');
    auto const  got = ::recv(theirs, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
};

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("what comes is read, nothing yet is told from nothing more") {
  pair                 two;
  std::array<char, 16> into{};
  CHECK(two.ours.read(into).state == transfer_state::wants_read);
  REQUIRE(::send(two.theirs, "hello", 5, 0) == 5);
  auto const got = two.ours.read(into);
  CHECK(got.state == transfer_state::moved);
  CHECK(std::string_view(into.data(), got.bytes) == "hello");
  ::close(std::exchange(two.theirs, -1));
  CHECK(two.ours.read(into).state == transfer_state::ended);
}

TEST_CASE("a peer that does not read is told by wants_write, one that is gone by failed") {
  pair              two;
  std::string const much(std::size_t{64} * 1024, 'x');
  auto              last = two.ours.write(much);
  CHECK(last.state == transfer_state::moved);
  for (int i = 0; i != 10'000 && last.state == transfer_state::moved; ++i) last = two.ours.write(much);
  CHECK(last.state == transfer_state::wants_write);
  CHECK(last.bytes == 0);
  ::close(std::exchange(two.theirs, -1));
  CHECK(two.ours.write("x").state == transfer_state::failed);  // and no SIGPIPE
  CHECK(two.ours.write("x"sv, "y"sv).state == transfer_state::failed);
}

TEST_CASE("two pieces leave in one go, also where one is empty") {
  pair two;
  CHECK(two.ours.write("ab"sv, "cd"sv).bytes == 4);
  CHECK(two.ours.write(""sv, "ef"sv).bytes == 2);
  CHECK(two.ours.write("gh"sv, ""sv).bytes == 2);
  CHECK(two.take() == "abcdefgh");
}

TEST_CASE("a part of a file is sent as it is, and one that is shorter is told") {
  pair       two;
  auto const file = net::memory_file::copy_of("0123456789");
  REQUIRE(file);
  auto const sent = two.ours.write_file(file->descriptor(), 3, 4);
  CHECK(sent.state == transfer_state::moved);
  CHECK(sent.bytes == 4);
  CHECK(two.take() == "3456");
  CHECK(two.ours.write_file(file->descriptor(), 10, 1).state == transfer_state::ended);
  CHECK(two.ours.write_file(-1, 0, 1).state == transfer_state::failed);
}

TEST_CASE("an end of sending is seen by the peer, whose bytes still come") {
  pair                 two;
  std::array<char, 16> into{};
  two.ours.end_sending();
  char one = 0;
  CHECK(::recv(two.theirs, &one, 1, MSG_DONTWAIT) == 0);
  REQUIRE(::send(two.theirs, "x", 1, 0) == 1);
  CHECK(two.ours.read(into).bytes == 1);
}

TEST_CASE("a reset is seen as a broken connection, not as an end") {
  int const     listens = ::socket(AF_INET, SOCK_STREAM, 0);
  ::sockaddr_in where{};
  where.sin_family      = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size      = sizeof where;
  REQUIRE(::bind(listens, reinterpret_cast<::sockaddr const*>(&where), sizeof where) == 0);
  REQUIRE(::listen(listens, 1) == 0);
  REQUIRE(::getsockname(listens, reinterpret_cast<::sockaddr*>(&where), &size) == 0);
  int const theirs = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(::connect(theirs, reinterpret_cast<::sockaddr const*>(&where), sizeof where) == 0);
  net::stream ours(::accept(listens, nullptr, nullptr));
  ours.reset();
  CHECK(ours.descriptor() == -1);
  char one = 0;
  CHECK(::recv(theirs, &one, 1, 0) == -1);
  CHECK(errno == ECONNRESET);
  ::close(theirs);
  ::close(listens);
}

TEST_CASE("a stream owns its descriptor, also when it is moved") {
  pair      two;
  int const descriptor = two.ours.descriptor();
  {
    net::stream moved(std::move(two.ours));
    CHECK(two.ours.descriptor() == -1);
    CHECK(moved.descriptor() == descriptor);
    net::stream assigned;
    assigned = std::move(moved);
    CHECK(assigned.descriptor() == descriptor);
    CHECK(is_open(descriptor));
  }
  CHECK(!is_open(descriptor));
}
