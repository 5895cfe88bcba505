#include <tensorgate/net/listener.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <tensorgate/net/runtime.hpp>

#include "support/forked.hpp"
#include "support/temporary_folder.hpp"
#include "support/unix_socket.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using net::listening;

namespace {

int connect_tcp(std::uint16_t port, std::string const& address = "127.0.0.1") {
  auto const where = net::address::parse(address);
  REQUIRE(where);
  auto      to   = net::detail::socket_address::of(*where, port);
  int const made = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(made, to.get(), to.size) == 0) return made;
  ::close(made);
  return -1;
}
std::string sentence_of(net::listen_options const& where) {
  auto const opened = listening::open(where, 1);
  return opened ? std::string() : opened.error().sentence;
}
bool has(std::string const& text, std::string_view word) { return text.find(word) != std::string::npos; }

// Accepts on a loop and says one letter to whoever comes.
class greeter {
 public:
  explicit greeter(listening const& on)
      : loops_(1), accepts_(net::poller::of(loops_.loop(0)), on.socket_of(0), this, &greet) {
    loops_.start();
    loops_.on_each_done([this](std::size_t) { accepts_.start(); });
  }
  greeter(greeter const&)            = delete;
  greeter& operator=(greeter const&) = delete;
  ~greeter() {
    loops_.on_each_done([this](std::size_t) { accepts_.stop(); });
  }
  [[nodiscard]] std::uint64_t shortages() {
    std::uint64_t seen = 0;
    loops_.on_each_done([&](std::size_t) { seen = accepts_.shortages(); });
    return seen;
  }

 private:
  static void greet(void* /*self*/, int descriptor, net::address const& /*peer*/) {
    static_cast<void>(::send(descriptor, "h", 1, MSG_NOSIGNAL));
    ::close(descriptor);
  }
  net::runtime  loops_;
  net::acceptor accepts_;
};

// 'h' from a greeter, '-' where the connection ended without a word.
char greeting_on(int socket) {
  ::timeval const patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char       letter = '?';
  auto const got    = ::recv(socket, &letter, 1, 0);
  ::close(socket);
  return got == 1 ? letter : '-';
}

// Puts a listening socket where a service manager puts it, as it does between fork and exec.
void pass_on(int socket, std::string const& names) {
  ::dup2(socket, net::first_inherited);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

}  // namespace

TEST_CASE("a place to listen at is written as it is read") {
  CHECK(net::endpoint_text({.address = "127.0.0.1"}, 8080) == "127.0.0.1:8080");
  CHECK(net::endpoint_text({.address = "::1"}, 8080) == "[::1]:8080");
  CHECK(net::endpoint_text({.unix_socket = "/run/app.sock"}, 0) == "unix:/run/app.sock");
  CHECK(net::endpoint_text({.inherited = "web"}, 0) == "inherited:web");
}

TEST_CASE("each loop has a queue of its own at one port, IPv4 and IPv6, and who can come is known") {
  auto const four = listening::open({.address = "127.0.0.1", .port = 0}, 3);
  REQUIRE(four);
  CHECK(four->port() != 0);
  CHECK(!four->is_public());
  CHECK(four->socket_of(0) != four->socket_of(2));
  int const peer = connect_tcp(four->port());
  CHECK(peer >= 0);
  ::close(peer);
  auto const six = listening::open({.address = "::1", .port = 0}, 1);
  REQUIRE(six);
  CHECK(!six->is_public());
  CHECK(connect_tcp(six->port()) < 0);
  auto const both = listening::open({.address = "::", .port = 0}, 1);
  REQUIRE(both);
  CHECK(both->is_public());
  for (std::string const address : {"127.0.0.1", "::1"}) {
    int const one = connect_tcp(both->port(), address);
    CHECK(one >= 0);
    ::close(one);
  }
}

TEST_CASE("a port that another program listens at is told, and can be had when it is free") {
  auto first = listening::open({.port = 0}, 2);
  REQUIRE(first);
  auto const port = first->port();
  CHECK(has(sentence_of({.port = port}), "another program listens there"));
  CHECK(has(sentence_of({.port = port}), "127.0.0.1:" + std::to_string(port)));
  first->close();
  CHECK(sentence_of({.port = port}).empty());
}

TEST_CASE("a place that is none, or not ours, is told") {
  CHECK(has(sentence_of({.address = "localhost"}), "not an IP address"));
  CHECK(has(sentence_of({.address = "192.0.2.1", .port = 0}), "it cannot be bound"));
  CHECK(has(sentence_of({.unix_socket = std::string(200, 'x')}), "too long"));
  CHECK(has(sentence_of({.unix_socket = "/nonexistent/folder/app.sock"}), "it cannot be bound"));
  CHECK(has(sentence_of({.inherited = "web"}), "no such socket was passed"));
}

TEST_CASE("a Unix socket has the mode that was asked for, and its path goes with it") {
  test::temporary_folder const folder;
  auto const                   path = folder / "app.sock";
  {
    auto const opened = listening::open({.unix_socket = path, .unix_mode = 0600}, 2);
    REQUIRE(opened);
    struct ::stat about{};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    CHECK(S_ISSOCK(about.st_mode));
    CHECK((about.st_mode & 0777) == 0600);
    CHECK(!opened->is_public());
    int const peer = test::connect_unix(path);
    CHECK(peer >= 0);
    ::close(peer);
    CHECK(has(sentence_of({.unix_socket = path}), "another program listens there"));
    CHECK(std::filesystem::exists(path));  // the refused one took nothing away
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a path that a program left behind is taken over, a file of another kind is not") {
  test::temporary_folder const folder;
  auto const                   path = folder / "app.sock";
  {
    // As after a crash: bound, listened at, closed without being removed.
    int const  left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const name = net::unix_name(path);
    REQUIRE(name);
    REQUIRE(::bind(left, reinterpret_cast<::sockaddr const*>(&*name), sizeof *name) == 0);
    ::close(left);
  }
  REQUIRE(std::filesystem::exists(path));
  auto const opened = listening::open({.unix_socket = path}, 1);
  REQUIRE(opened);
  int const peer = test::connect_unix(path);
  CHECK(peer >= 0);
  ::close(peer);
  auto const file = folder / "data";
  std::ofstream(file) << "precious";
  CHECK(has(sentence_of({.unix_socket = file}), "no socket"));
  CHECK(std::filesystem::file_size(file) == 8);
}

TEST_CASE("a program that is started with a socket listens at it, by number or by name, and leaves it open") {
  auto const opened = listening::open({.port = 0}, 1);
  REQUIRE(opened);
  for (std::string const which : {"0", "web"}) {
    int const peer = connect_tcp(opened->port());  // before the program is there: nobody is turned away
    REQUIRE(peer >= 0);
    test::forked program([&] {
      pass_on(opened->socket_of(0), "web");
      auto const mine = listening::open({.inherited = which}, 2);
      if (!mine || mine->port() != opened->port() || mine->is_public()) return 1;
      int one = -1;
      for (int i = 0; i != 1000 && one < 0; ++i) {
        one = ::accept(mine->socket_of(1), nullptr, nullptr);
        if (one < 0) ::usleep(5000);
      }
      return ::send(one, "h", 1, MSG_NOSIGNAL) == 1 ? 0 : 2;
    });
    CHECK(greeting_on(peer) == 'h');
    CHECK(program.wait() == 0);
  }
}

TEST_CASE("what was passed to another process, or is no listening socket, is not used") {
  auto const   opened = listening::open({.port = 0}, 1);
  test::forked program([&] {
    pass_on(opened->socket_of(0), "web");
    if (!has(sentence_of({.inherited = "other"}), "no such socket")) return 1;
    if (!has(sentence_of({.inherited = "1"}), "no such socket")) return 2;
    ::setenv("LISTEN_PID", "1", 1);
    if (!has(sentence_of({.inherited = "web"}), "no such socket")) return 3;
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    for (char const* const count : {"", "x", "-1", "1x", "99999999999"}) {
      ::setenv("LISTEN_FDS", count, 1);
      if (*count != '\0' && net::count_inherited() != 0) return 4;
    }
    ::setenv("LISTEN_FDS", "1", 1);
    int const plain = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(plain, net::first_inherited);
    if (!has(sentence_of({.inherited = "web"}), "no listening socket")) return 5;
    return 0;
  });
  CHECK(program.wait() == 0);
}

TEST_CASE("without descriptors nobody can listen, and it is told") {
  test::forked program([] {
    ::rlimit none{};
    ::getrlimit(RLIMIT_NOFILE, &none);
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
    for (net::listen_options const& where :
         {net::listen_options{.port = 0}, net::listen_options{.unix_socket = "/tmp/x"}}) {
      if (!has(sentence_of(where), "Too many open files")) return 1;
    }
    return 0;
  });
  CHECK(program.wait() == 0);
}

TEST_CASE("when descriptors are gone whoever comes is turned away at once, and greeted again when there are some") {
  test::forked program([] {
    auto const opened = listening::open({.port = 0}, 1);
    if (!opened) return 1;
    greeter          one(*opened);
    std::vector<int> waiting;
    waiting.reserve(3);
    for (int i = 0; i != 3; ++i) waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::vector<int> hoard;
    hoard.reserve(4096);
    ::rlimit few{};
    ::getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int made = ::dup(0); made >= 0; made = ::dup(0)) hoard.push_back(made);
    auto to = net::detail::socket_address::of(*net::address::parse("127.0.0.1"), opened->port());
    for (int const each : waiting) {
      if (::connect(each, to.get(), to.size) != 0) return 2;
      if (greeting_on(each) != '-') return 3;
      int const again = ::dup(0);  // what that one set free
      if (again >= 0) hoard.push_back(again);
    }
    if (one.shortages() == 0) return 4;
    for (int const each : hoard) ::close(each);
    int const after = connect_tcp(opened->port());
    if (after < 0 || greeting_on(after) != 'h') return 5;
    return 0;
  });
  CHECK(program.wait() == 0);
}

TEST_CASE("a port whose listener accepts nobody is seen to be taken, soon") {
  int const        mute = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in    name{};
  ::socklen_t      size = sizeof name;
  std::vector<int> waiting;
  name.sin_family      = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(mute, reinterpret_cast<::sockaddr*>(&name), size) == 0);
  REQUIRE(::listen(mute, 0) == 0);
  REQUIRE(::getsockname(mute, reinterpret_cast<::sockaddr*>(&name), &size) == 0);
  for (int i = 0; i != 4; ++i) {  // more than its queue holds
    waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    static_cast<void>(::connect(waiting.back(), reinterpret_cast<::sockaddr*>(&name), size));
  }
  net::listen_options where;
  where.address    = "127.0.0.1";
  where.port       = ntohs(name.sin_port);
  auto const began = std::chrono::steady_clock::now();
  CHECK(!listening::open(where, 1));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{10});
  for (int const one : waiting) ::close(one);
  ::close(mute);
}

TEST_CASE("a socket that cannot be watched at the start is watched as soon as it can") {
  net::listen_options where;
  where.address     = "127.0.0.1";
  where.port        = 0;
  auto const opened = listening::open(where, 1);
  REQUIRE(opened);
  int const        place = ::memfd_create("place", MFD_CLOEXEC);  // no poller watches a plain file
  asio::io_context loop(1);
  int              taken = 0;
  net::acceptor    takes(net::poller::of(loop), place, &taken, [](void* self, int descriptor, net::address const&) {
    ++*static_cast<int*>(self);
    ::close(descriptor);
  });
  takes.start();
  CHECK(takes.shortages() == 1);
  REQUIRE(::dup2(opened->socket_of(0), place) == place);
  int const  client = connect_tcp(opened->port());
  auto const until  = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  while (taken == 0 && std::chrono::steady_clock::now() < until) loop.run_for(std::chrono::milliseconds{50});
  CHECK(taken == 1);
  takes.stop();
  ::close(client);
  ::close(place);
}
