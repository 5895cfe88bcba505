#include <tensorgate/store/durable_file.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace tensorgate;

namespace {

/// A folder of its own that goes with its test.
class folder {
 public:
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "tensorgate-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  folder(folder const&)            = delete;
  folder& operator=(folder const&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(char const* name) const { return path_ / name; }
  [[nodiscard]] std::size_t           files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

struct ::stat facts_of(std::filesystem::path const& path) {
  struct ::stat facts{};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts;
}

}  // namespace

TEST_CASE("what is written is read, with its mode, and nothing is left beside it") {
  folder const here;
  auto const   path = here / "keys.json";
  for (std::string const& text : {std::string("first"), std::string(), std::string(3'000'000, 'x')}) {
    REQUIRE(store::write_file(path, text, 0600));
    CHECK(store::read_file(path, 4'000'000).value() == text);
    CHECK((facts_of(path).st_mode & 0777U) == 0600);
    CHECK(here.files() == 1);
  }
}

TEST_CASE("a file at its limit is read, one byte beyond it is refused") {
  folder const here;
  REQUIRE(store::write_file(here / "f", "12345", 0600));
  CHECK(store::read_file(here / "f", 5).value() == "12345");
  CHECK(store::read_file(here / "f", 4).error().code == std::errc::file_too_large);
}

TEST_CASE("what is no regular file is refused at once") {
  folder const here;
  REQUIRE(::mkfifo((here / "fifo").c_str(), 0600) == 0);
  CHECK(store::read_file(here / "fifo", 10).error().note == "not a regular file");
  CHECK(!store::read_file(here / "", 10));
  CHECK(store::read_file(here / "none", 10).error().code == std::errc::no_such_file_or_directory);
}

TEST_CASE("a file that cannot be written leaves the old one and nothing beside it") {
  folder const here;
  CHECK(!store::write_file(here / "none" / "f", "text", 0600));
  REQUIRE(store::write_file(here / "f", "old", 0600));
  ::rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto const quiet = ::signal(SIGXFSZ, SIG_IGN);
  ::rlimit   small = before;
  small.rlim_cur   = 10;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  auto const written = store::write_file(here / "f", std::string(100, 'n'), 0600);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, quiet);
  REQUIRE(!written);
  CHECK(written.error().note == "the file cannot be written");
  CHECK(store::read_file(here / "f", 10).value() == "old");
  CHECK(here.files() == 1);
}

TEST_CASE("a symbolic link stays one, what it leads to is replaced") {
  folder const here;
  REQUIRE(store::write_file(here / "real", "old", 0600));
  std::filesystem::create_symlink("real", here / "link");
  REQUIRE(store::write_file(here / "link", "new", 0600));
  CHECK(std::filesystem::is_symlink(here / "link"));
  CHECK(store::read_file(here / "real", 10).value() == "new");
}

TEST_CASE("the owner of a file stays, and a new one is its folder's owner's") {
  folder const here;
  auto const   path = here / "f";
  REQUIRE(store::write_file(path, "old", 0600));
  CHECK(facts_of(path).st_uid == ::geteuid());
  if (::geteuid() != 0) return;  // nobody else may give files away
  REQUIRE(::chown(path.c_str(), 1234, 4321) == 0);
  REQUIRE(store::write_file(path, "new", 0600));
  CHECK(facts_of(path).st_uid == 1234);
  CHECK(facts_of(path).st_gid == 4321);
  REQUIRE(::chown(path.parent_path().c_str(), 77, 78) == 0);
  REQUIRE(store::write_file(here / "another", "text", 0600));
  CHECK(facts_of(here / "another").st_uid == 77);
  CHECK(facts_of(here / "another").st_gid == 78);
}

TEST_CASE("a process that is killed while it writes leaves one of its texts, whole") {
  folder const      here;
  auto const        path = here / "f";
  std::string const one(200'000, '1');
  std::string const two(300'000, '2');
  REQUIRE(store::write_file(path, one, 0600));
  for (int round = 0; round != 20; ++round) {
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (;;) {
        if (!store::write_file(path, two, 0600) || !store::write_file(path, one, 0600)) ::_exit(1);
      }
    }
    ::usleep(static_cast<unsigned>(1'000 + round * 700));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    auto const left = store::read_file(path, 400'000);
    REQUIRE(left);
    CHECK((*left == one || *left == two));
  }
}
