#include <tensorgate/service/service.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include <tensorgate/auth/api_key.hpp>
#include <tensorgate/service/key_commands.hpp>
#include <tensorgate/service/load.hpp>
#include <tensorgate/service/table.hpp>

#include "support/forked.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls.hpp"

namespace tg = tensorgate;
using namespace std::chrono_literals;

namespace service_sample {

struct settings {
  tg::server_config          server;
  tg::auth::api_keys_options keys;
};
tg::http::reply                       hello() { return tg::http::reply::text("hello\n"); }
tg::http::reply                       who(tg::auth::key const& caller) { return tg::http::reply::text(caller.name); }
tg::task<tg::result<tg::http::reply>> slow() {
  auto const         executor = co_await asio::this_coro::executor;
  asio::steady_timer pause(executor, 300ms);
  co_await pause.async_wait(tg::net::as_values);
  co_return tg::http::reply::text("done");
}
tg::task<tg::result<tg::http::reply>> hang() {
  auto const         executor = co_await asio::this_coro::executor;
  asio::steady_timer pause(executor, 600s);
  co_await pause.async_wait(tg::net::as_values);
  co_return tg::http::reply::text("never");
}

}  // namespace service_sample

namespace {

/// One exchange on a connection of its own; the whole answer.
std::string ask(std::uint16_t port, std::string const& request_line, std::string const& fields = {}) {
  int const   fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port   = htons(port);
  ::inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
  std::string got;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0) {
    auto const text = request_line + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + fields + "\r\n";
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    char piece[4096];
    for (auto n = ::recv(fd, piece, sizeof(piece), 0); n > 0; n = ::recv(fd, piece, sizeof(piece), 0))
      got.append(piece, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return got;
}
int status_of(std::string const& answer) { return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9); }

bool soon(std::function<bool()> const& holds) {
  for (int i = 0; i != 500; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

struct folder : tg::test::temporary_folder {
  std::string const name = path();
  void              write(std::string const& file, std::string_view text) const {
    REQUIRE(tg::store::write_file(name + "/" + file, text, 0600));
  }
  [[nodiscard]] std::string read(std::string const& file) const {
    auto const text = tg::store::read_file(name + "/" + file, std::size_t{1} << 24U);
    return text ? std::string(*text) : std::string();
  }
};

void write_keys(folder const& in) {
  auto keys = tg::identity::new_key_file(tg::system_random);
  REQUIRE(tg::identity::enter_key(keys, {.name = "alice"}, "a key of alice", tg::wall_clock()));
  in.write("keys.json", tg::identity::to_text(keys));
}

// The sample as a program of its own, with settings and keys in `in`; what it says is in `in`/said.
class program {
 public:
  // `prepare` runs in the new process first; false ends it.
  explicit program(folder const& in, std::function<bool()> const& prepare = {})
      : pipe_(open()), child_([&] {
          if (prepare && !prepare()) return 98;
          int const said = ::open((in / "said").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
          ::dup2(said, STDERR_FILENO);
          auto const        file   = in / "app.toml";
          char const* const argv[] = {"sample", "--config", file.c_str()};
          auto const        config = tg::load<service_sample::settings>(3, argv);
          if (!config) return tg::explain(config.error());
          return serve(*config, pipe_[1]);
        }) {
    ::close(pipe_[1]);
    pollfd waiting{pipe_[0], POLLIN, 0};
    if (::poll(&waiting, 1, 20'000) > 0) static_cast<void>(!::read(pipe_[0], ports_.data(), sizeof ports_));
  }
  program(program const&)            = delete;
  program& operator=(program const&) = delete;
  ~program() { ::close(pipe_[0]); }

  [[nodiscard]] std::uint16_t port() const { return ports_[0]; }
  [[nodiscard]] std::uint16_t admin() const { return ports_[1]; }
  [[nodiscard]] std::string   health() const { return ask(admin(), "GET /healthz"); }
  void                        signal(int number) const { child_.signal(number); }
  [[nodiscard]] pid_t         pid() const { return child_.pid(); }
  int                         wait() { return child_.wait(); }

 private:
  static int serve(service_sample::settings const& config, int ports_to) {
    using namespace tg::table;
    tg::service        app{config.server};
    tg::auth::api_keys keys{app, config.keys};
    std::thread        telling([&] {
      if (!soon([&] { return app.admin_port() != 0; })) return;
      std::array<std::uint16_t, 2> const ports{app.port(), app.admin_port()};
      static_cast<void>(!::write(ports_to, ports.data(), sizeof ports));
    });
    int const          code = app.serve(&tg::http::problem_json, routes{
                                                            get<"/">(anyone, to<&service_sample::hello>()),
                                                            get<"/who">(keys, to<&service_sample::who>()),
                                                            get<"/hang">(anyone, to<&service_sample::hang>()),
                                                        });
    telling.join();
    return code;
  }
  static std::array<int, 2> open() {
    std::array<int, 2> made{};
    REQUIRE(::pipe(made.data()) == 0);
    return made;
  }

  std::array<int, 2>           pipe_;
  std::array<std::uint16_t, 2> ports_{};
  tg::test::forked             child_;
};

}  // namespace

TEST_CASE("a program serves, follows SIGHUP, and ends at SIGTERM when its requests are done") {
  using namespace tg::table;
  folder const in;
  auto         keys_file = tg::identity::new_key_file(tg::system_random);
  REQUIRE(tg::identity::enter_key(keys_file, {.name = "alice"}, "a key of alice", tg::wall_clock()));
  in.write("keys.json", tg::identity::to_text(keys_file));
  auto const settings_text = [&](std::string const& more) {
    return "[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nthreads = 2\nlog.access = \"" + in.name +
           "/access.log\"\n" + more + "\n[keys]\nfile = \"" + in.name + "/keys.json\"\npoll = \"1h\"\n";
  };
  in.write("app.toml", settings_text(""));
  auto const        file   = in.name + "/app.toml";
  char const* const argv[] = {"sample", "--config", file.c_str()};
  auto const        config = tg::load<service_sample::settings>(3, argv);
  REQUIRE(config);

  tg::service        app{config->server};
  tg::auth::api_keys keys{app, config->keys};
  std::atomic<int>   code{-1};
  std::thread        program([&] {
    code = app.serve(&tg::http::problem_json, routes{
                                                  get<"/">(anyone, to<&service_sample::hello>()),
                                                  get<"/who">(keys, to<&service_sample::who>()),
                                                  get<"/slow">(anyone, to<&service_sample::slow>()),
                                              });
  });
  REQUIRE(soon([&] { return app.admin_port() != 0; }));
  auto const port  = app.port();
  auto const admin = app.admin_port();

  CHECK(status_of(ask(port, "GET /")) == 200);
  CHECK(status_of(ask(port, "GET /nothing")) == 404);
  CHECK(status_of(ask(port, "GET /who")) == 401);
  CHECK(ask(port, "GET /who", "Authorization: Bearer a key of alice\r\n").ends_with("alice"));
  CHECK(status_of(ask(port, "GET /openapi.json")) == 200);
  CHECK(status_of(ask(port, "GET /docs")) == 200);
  CHECK(status_of(ask(port, "GET /metrics")) == 404);

  auto const metrics = ask(admin, "GET /metrics");
  CHECK(metrics.find("tensorgate_requests_total{route=\"/who\",method=\"GET\",status=\"401\"} 1\n") !=
        std::string::npos);
  CHECK(metrics.find("tensorgate_api_keys 1\n") != std::string::npos);
  CHECK(ask(admin, "GET /healthz").find("\"status\":\"ok\"") != std::string::npos);
  CHECK(status_of(ask(admin, "GET /readyz")) == 200);
  CHECK(status_of(ask(admin, "POST /metrics")) == 405);

  // SIGHUP: new keys, new rules, the log's file opened again.
  REQUIRE(tg::identity::enter_key(keys_file, {.name = "bob"}, "a key of bob", tg::wall_clock()));
  in.write("keys.json", tg::identity::to_text(keys_file));
  in.write("app.toml", settings_text("rate.allowed = \"1000/s\"\ncors.origins = [\"https://a.example\"]\n"));
  std::filesystem::rename(in.name + "/access.log", in.name + "/access.log.1");
  CHECK(status_of(ask(port, "GET /who", "Authorization: Bearer a key of bob\r\n")) == 401);
  ::kill(::getpid(), SIGHUP);
  CHECK(soon([&] { return status_of(ask(port, "GET /who", "Authorization: Bearer a key of bob\r\n")) == 200; }));
  CHECK(soon([&] { return std::filesystem::exists(in.name + "/access.log"); }));
  CHECK(ask(port, "GET /").find("RateLimit-Limit: 1000\r\n") != std::string::npos);
  CHECK(status_of(ask(port, "OPTIONS /", "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n")) ==
        204);
  in.write("app.toml", settings_text("deny = [\"127.0.0.0/8\"]\n"));
  ::kill(::getpid(), SIGHUP);
  CHECK(soon([&] { return status_of(ask(port, "GET /")) == 403; }));
  in.write("app.toml", settings_text("deny = [\"127.0.0.0/8\"]\ncors.origins = [\"https://a.example\"]\n"));
  ::kill(::getpid(), SIGHUP);
  CHECK(soon([&] {
    auto const refused = ask(port, "GET /", "Origin: https://a.example\r\n");
    return status_of(refused) == 403 &&
           refused.find("Access-Control-Allow-Origin: https://a.example\r\n") != std::string::npos;
  }));
  in.write("app.toml", "this is not TOML");
  ::kill(::getpid(), SIGHUP);
  std::this_thread::sleep_for(50ms);
  CHECK(status_of(ask(port, "GET /")) == 403);
  in.write("app.toml", settings_text(""));
  ::kill(::getpid(), SIGHUP);
  CHECK(soon([&] { return status_of(ask(port, "GET /")) == 200; }));

  // SIGTERM: the request that has begun is answered, nobody new is let in, the program says that it went well.
  std::string slow_answer;
  std::thread slow([&] { slow_answer = ask(port, "GET /slow"); });
  REQUIRE(
      soon([&] { return ask(admin, "GET /metrics").find("tensorgate_requests_in_flight 1\n") != std::string::npos; }));
  ::kill(::getpid(), SIGTERM);
  CHECK(soon([&] { return status_of(ask(admin, "GET /readyz")) == 503; }));
  slow.join();
  program.join();
  CHECK(slow_answer.ends_with("done"));
  CHECK(code == 0);
  CHECK(status_of(ask(port, "GET /")) == 0);
}

TEST_CASE("a busy port and a missing key are told by the exit code") {
  using namespace tg::table;
  tg::server_config config;
  config.listen     = {*tg::listen_address::parse("127.0.0.1:0")};
  config.log.access = "off";
  config.threads    = 1;
  int const   fd    = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family      = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0);
  REQUIRE(::listen(fd, 1) == 0);
  socklen_t size = sizeof(at);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  {
    auto busy                 = config;
    busy.listen[0].value.port = ntohs(at.sin_port);
    tg::service app{busy};
    CHECK(app.serve(&tg::http::problem_json, routes{get<"/">(anyone, to<&service_sample::hello>())}) == 1);
  }
  ::close(fd);
  tg::service        app{config};
  tg::auth::api_keys keys{app, {.file = "/nonexistent/keys.json"}};
  CHECK(app.serve(&tg::http::problem_json, routes{get<"/">(keys, to<&service_sample::hello>())}) == 2);
}

TEST_CASE("places to listen at are read and written alike") {
  for (auto const* text : {"127.0.0.1:8080", "[::1]:8080", "tls:0.0.0.0:443", "unix:/run/app.sock", "systemd",
                           "systemd:api", "127.0.0.1:0"}) {
    CAPTURE(text);
    auto const made = tg::listen_address::parse(text);
    REQUIRE(made);
    CHECK(made->to_text() == text);
  }
  for (auto const* text : {"", "8080", "localhost:80", "::1:80", "[127.0.0.1]:80", "127.0.0.1:", "127.0.0.1:70000",
                           "127.0.0.1:-1", "unix:", "tls:"}) {
    CAPTURE(text);
    CHECK(!tg::listen_address::parse(text));
  }
}

TEST_CASE("settings of a server with which it cannot work are named") {
  folder const in;
  auto const   said = [&](std::string const& text) {
    in.write("app.toml", "[keys]\nfile = \"" + in.name + "/keys.json\"\n[server]\n" + text + "\n");
    auto const        file   = in / "app.toml";
    char const* const argv[] = {"sample", "--config", file.c_str()};
    auto const        got    = tg::load<service_sample::settings>(3, argv);
    if (got || got.error().problems.empty()) return std::string();
    auto const& one = got.error().problems.front();
    return std::to_string(one.line) + " " + one.field + ": " + one.said;
  };
  CHECK(said("listen = [\"127.0.0.1:80\", \"[::1]:80\", \"127.0.0.1:0\", \"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"") ==
        "");
  CHECK(said("admin = \"127.0.0.1:8080\"\nlisten = [\"[::1]:80\", \"127.0.0.1:8080\"]") ==
        "4 server.admin: server.listen[1] is the same address, and only one of them can listen there");
  CHECK(said("admin = \"unix:/run/a\"\nlisten = [\"unix:/run/a\"]").starts_with("4 server.admin: "));
  CHECK(said("listen = [\"[::1]:80\", \"127.0.0.1:80\", \"[0:0::1]:80\"]") ==
        "4 server.listen[2]: server.listen[0] is the same address already");
  CHECK(said("listen = [\"systemd\", \"systemd:0\"]").starts_with("4 server.listen[1]: "));
  CHECK(said("admin = \"here\"") == "4 server.admin: expected an address such as 127.0.0.1:9100, or off");
  CHECK(said("rate.by = \"caller\"").starts_with("4 server.rate.by: nobody is known yet"));

  CHECK(said(R"(hosts = ["example.org", "Example", "192.0.2.1", "[2001:db8::1]", "a-b.example."])") == "");
  for (auto const* const wrong : {"", "exa mple", "a:99999", "a:8080", "a:80", "a:", "*.example.org", "https://a", "a/",
                                  "me@a", "2001:db8::1", "a,b"}) {
    CAPTURE(wrong);
    CHECK(said(std::string("hosts = [\"a\", \"") + wrong + "\"]")
              .starts_with("4 server.hosts[1]: expected the name of a host such as example.org, "));
  }
  CHECK(said("cors.origins = [\"https://a\", \"https://a b\"]").starts_with("4 server.cors.origins[1]: an origin is "));

  CHECK(said("limits.fields = \"many\"") ==
        "4 server.limits.fields: expected a whole number from 0 to 4294967295, found \"many\"");
  CHECK(said("limits.head = \"many\"") ==
        "4 server.limits.head: expected a whole number, or a size such as 64KiB, found \"many\"");
}

TEST_CASE("settings of a server are complete in --print-config and read back") {
  auto const text = tg::service_detail::to_toml(service_sample::settings{});
  auto const tree = tg::service_detail::parse_toml(text, "printed");
  REQUIRE(tree);
  service_sample::settings          read;
  tg::service_detail::config_reader reader;
  tg::service_detail::read_setting(reader, *tree, read, "");
  for (auto const& one : reader.problems) FAIL_CHECK(one.sentence());
  CHECK(tg::service_detail::to_toml(read) == text);
  std::vector<tg::service_detail::setting> list;
  tg::service_detail::list_settings(list, read, "");
  for (auto const& one : list) {
    CAPTURE(one.path);
    CHECK(!one.words.empty());
  }
}

TEST_CASE("a relative path in the file counts from the file's folder, one of a flag from the current folder") {
  folder const in;
  in.write("app.toml",
           "[server]\nlisten = [\"tls:unix:run/app.sock\", \"127.0.0.1:0\", \"unix:/run/app.sock\"]\n"
           "admin = \"unix:admin.sock\"\ntls.certificate = \"server.pem\"\ntls.key = \"../server.key\"\n"
           "log.access = \"access.log\"\n[keys]\nfile = \"./keys.json\"\n");
  auto const        file   = in / "app.toml";
  char const* const argv[] = {"sample", "--config", file.c_str(), "--keys.ptn", "api_keys.json"};
  auto const        got    = tg::load<service_sample::settings>(5, argv);
  REQUIRE(got);
  CHECK(got->server.listen[0].to_text() == "tls:unix:" + in.name + "/run/app.sock");
  CHECK(got->server.listen[1].to_text() == "127.0.0.1:0");
  CHECK(got->server.listen[2].to_text() == "unix:/run/app.sock");
  CHECK(got->server.admin == "unix:" + in.name + "/admin.sock");
  CHECK(got->server.tls.certificate == in.name + "/server.pem");
  CHECK(got->server.tls.key == in.name + "/../server.key");
  CHECK(got->server.log.access == in.name + "/access.log");
  CHECK(got->keys.file == in.name + "/./keys.json");
  CHECK(got->keys.ptn == "api_keys.json");

  in.write("app.toml", "[server]\nadmin = \"off\"\nlog.access = \"stderr\"\n[keys]\nptn = \"\"\nfile = \"k.json\"\n");
  auto const        from_here = std::filesystem::proximate(std::filesystem::path(file)).string();
  char const* const again[]   = {"sample", "--config", from_here.c_str()};
  auto const        words     = tg::load<service_sample::settings>(3, again);
  REQUIRE(words);
  CHECK(words->server.admin == "off");
  CHECK(words->server.log.access == "stderr");
  CHECK(words->keys.ptn.empty());
  CHECK(words->keys.file.starts_with("/"));
  CHECK(std::filesystem::path(words->keys.file).lexically_normal() == in.name + "/k.json");
}

TEST_CASE("--check-config names everything that would stop the start, and where it was written") {
  folder const in;
  auto const   check = [&](std::string const& text) {
    in.write("app.toml", text);
    auto const        file   = in / "app.toml";
    char const* const argv[] = {"sample", "--config", file.c_str(), "--check-config"};
    auto              got    = tg::load<service_sample::settings>(4, argv);
    REQUIRE(!got);
    std::vector<std::string> said;
    for (auto const& one : got.error().problems) {
      CHECK(one.source == file);
      said.push_back(std::to_string(one.line) + " " + one.field + ": " + one.said);
    }
    CHECK(got.error().exit_code == (said.empty() ? 0 : 2));
    return said;
  };
  auto const text = "[server]\nlisten = [\"tls:127.0.0.1:0\", \"unix:" + in.name + "/none/app.sock\"]\n" +
                    "tls.certificate = \"" + in.name + "/server.pem\"\ntls.key = \"" + in.name +
                    "/server.key\"\nlog.access = \"" + in.name + "/logs/access.log\"\n[keys]\nfile = \"" + in.name +
                    "/keys.json\"\n";
  auto said = check(text);
  REQUIRE(said.size() == 4);
  CHECK(said[0].starts_with("3 server.tls.certificate: " + in.name + "/server.pem: "));
  CHECK(said[1] == "5 server.log.access: " + in.name + "/logs/access.log cannot be made: " + in.name +
                       "/logs: No such file or directory");
  CHECK(said[2] == "2 server.listen[1]: no socket can be made in " + in.name + "/none: No such file or directory");
  CHECK(said[3].starts_with("7 keys.file: " + in.name +
                            "/keys.json: No such file or directory; there is no API key that can be read"));

  tg::test::write_pair(in / "server.pem", in / "server.key", "first");
  tg::test::write_key(in / "server.key", tg::test::make_certificate({}));
  std::filesystem::create_directories(in / "none");
  std::filesystem::create_directories(in / "logs/access.log");
  in.write("keys.json", tg::identity::to_text(tg::identity::new_key_file(tg::system_random)));
  said = check(text);
  REQUIRE(said.size() == 3);
  CHECK(said[0] == "4 server.tls.key: " + in.name + "/server.key is not the key of " + in.name + "/server.pem");
  CHECK(said[1] == "5 server.log.access: " + in.name + "/logs/access.log is a folder");
  CHECK(said[2].starts_with("7 keys.file: " + in.name + "/keys.json; there is no API key, and nobody could be let in"));

  tg::test::write_pair(in / "server.pem", in / "server.key", "first");
  std::filesystem::remove(in / "logs/access.log");
  write_keys(in);
  CHECK(check(text).empty());
  CHECK(!std::filesystem::exists(in / "logs/access.log"));  // a look changes nothing
  CHECK(!std::filesystem::exists(in / "none/app.sock"));
}

TEST_CASE("a log that cannot be opened is named, with the reason") {
  folder const in;
  write_keys(in);
  in.write("app.toml", "[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nlog.access = \"" +
                           (in / "logs/access.log") + "\"\n[keys]\nfile = \"" + in.name + "/keys.json\"\n");
  {
    program one(in);
    CHECK(one.port() == 0);
    CHECK(one.wait() == 1);
    CHECK(in.read("said").find("error: access log cannot start: " + in.name +
                               "/logs/access.log cannot be opened (No such file or directory)") != std::string::npos);
  }
  std::filesystem::create_directories(in / "logs");
  program one(in);
  REQUIRE(one.port() != 0);
  std::filesystem::rename(in / "logs", in / "old");
  one.signal(SIGHUP);
  CHECK(soon([&] {
    return in.read("said").find("access log: is as before the reload: " + in.name +
                                "/logs/access.log cannot be opened (No such file or directory)") != std::string::npos;
  }));
  one.signal(SIGTERM);
  CHECK(one.wait() == 0);
}

TEST_CASE("a reload takes what it says that it follows, and nothing else") {
  tg::server_config started;
  tg::server_config now;
  now.threads         = 3;
  now.hosts           = {"other"};
  now.allow           = {tg::address_block{*tg::net::cidr::parse("10.0.0.0/8")}};
  now.deny            = now.allow;
  now.cors.origins    = {"https://a.example"};
  now.rate.callers    = 7;
  now.limits.head     = 512;
  now.drain           = 1s;
  auto const made     = tg::service_detail::after_reload(started, now);
  auto const followed = tg::service_detail::to_toml(made);
  auto       expected = now;
  expected.threads    = started.threads;
  expected.hosts      = started.hosts;
  CHECK(followed == tg::service_detail::to_toml(expected));
  CHECK(followed != tg::service_detail::to_toml(started));
  for (auto const* const name : {"allow", "deny", "rate", "cors", "limits", "drain"})
    CHECK(tg::server_config::is_followed(name));
  for (auto const* const name : {"threads", "hosts", "listen", "log", "tls", "limit", ""})
    CHECK(!tg::server_config::is_followed(name));
}

TEST_CASE("keys are added, listed, imported and revoked by commands") {
  folder const       in;
  std::FILE*         out  = std::tmpfile();
  std::optional<int> tier = 100;
  auto const         run  = [&](std::vector<std::string> words) {
    std::rewind(out);
    REQUIRE(::ftruncate(::fileno(out), 0) == 0);
    int const code = tg::run_key_command(
        {.file = in.name + "/keys.json", .tier = tier, .tiers = {0, 30, 100}, .out = {.out = out}, .err = {.out = out}},
        tg::arguments(std::move(words)));
    std::fflush(out);
    std::rewind(out);
    std::string text;
    for (int one = std::fgetc(out); one != EOF; one = std::fgetc(out)) text.push_back(static_cast<char>(one));
    return std::pair(code, text);
  };
  auto const none = run({"list"});
  CHECK(none.first == 0);
  CHECK(none.second ==
        in.name + "/keys.json does not exist yet; the first key that is added makes it\n" + "there is no key\n");
  auto [code, text] = run({"add", "alice", "--tier", "30", "--expires", "2030-01-01", "--rate=5/s"});
  CHECK(code == 0);
  CHECK(text.starts_with("tg_"));
  auto const key = text.substr(0, text.find('\n'));
  CHECK(run({"add", "alice"}).first == 2);
  CHECK(run({"add", "bob", "--tier", "31"}).second == "error: --tier: expected one of 0, 30, 100, found 31\n");
  CHECK(run({"add", "bob", "--expires", "soon"}).first == 2);
  CHECK(
      run({"add", "bob", "--expires", "2020-01-01"}) ==
      std::pair(2, std::string("error: --expires: expected a time to come, found 2020-01-01T00:00:00Z, with which the "
                               "key would never be good\n")));
  tier = std::nullopt;
  CHECK(run({"add", "bob"}) ==
        std::pair(2, std::string("error: which tier? --tier N says what the key may see, one of 0, 30, 100\n")));
  CHECK(run({"list"}).second.find("bob") == std::string::npos);
  CHECK(run({"list"}).second.find("does not exist") == std::string::npos);
  CHECK(run({"add", "carol", "--tier", "0"}).first == 0);
  CHECK(run({"revoke", "carol"}).first == 0);
  CHECK(run({"add"}).first == 2);
  CHECK(run({}).first == 2);
  in.write("api_keys.json", R"({"u":{"key":"a long key of u, good","tier":30},"v":"short","w":5})");
  auto const imported = run({"import", in.name + "/api_keys.json"});
  CHECK(imported.first == 0);
  CHECK(imported.second.find("the key of \"v\" is short") != std::string::npos);
  CHECK(imported.second.find("2 of 2 keys were entered") != std::string::npos);
  CHECK(run({"import", in.name + "/api_keys.json"}).second.find("0 of 2 keys were entered, 2 as before") !=
        std::string::npos);
  in.write("doubles.json",
           R"({"u":{"key":"a long key of u, good","tier":30},"x":{"key":"a long key of u, good","tier":0}})");
  CHECK(run({"import", in.name + "/doubles.json"}).second.find("0 of 2 keys were entered, 1 changed") !=
        std::string::npos);
  CHECK(run({"list"}).second.find("\nx      0 ") != std::string::npos);
  auto const listed = run({"list"});
  CHECK(listed.second.find("alice  30    5/s   2030-01-01T00:00:00Z") != std::string::npos);
  CHECK(listed.second.find(key) == std::string::npos);
  CHECK(run({"list", "--json"}).second.starts_with("[{\"name\":\"alice\",\"tier\":30"));
  CHECK(run({"revoke", "alice"}).first == 0);
  CHECK(run({"revoke", "alice"}).first == 2);
  CHECK(run({"list"}).second.find("alice") == std::string::npos);
  auto const mode = std::filesystem::status(in.name + "/keys.json").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  std::fclose(out);
}

TEST_CASE("limits follow SIGHUP, settings that are wrong leave them, and what waits for the next start is named") {
  folder const in;
  auto const   settings = [&](std::string const& more) {
    in.write("app.toml",
               "[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nthreads = 2\nlog.access = \"off\"\n" +
                   more + "\n[keys]\nfile = \"" + in.name + "/keys.json\"\n");
  };
  write_keys(in);
  settings("limits.head = 512");
  program one(in);
  REQUIRE(one.port() != 0);
  std::string const            long_field = "X: " + std::string(600, 'x') + "\r\n";
  std::string const            long_head  = "GET / HTTP/1.1\r\nHost: test\r\n" + long_field + "\r\n";
  tensorgate_tests::raw_client kept(one.port());
  kept.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(kept.read().status == 200);
  CHECK(status_of(ask(one.port(), "GET /", long_field)) == 431);

  settings("limits.head = \"4KiB\"\ndrain = \"5s\"");
  one.signal(SIGHUP);
  CHECK(soon([&] { return status_of(ask(one.port(), "GET /", long_field)) == 200; }));
  kept.send(long_head);  // a connection of before, at its next request
  CHECK(kept.read().status == 200);
  CHECK(in.read("said").find("next start") == std::string::npos);

  // Wrong in its own ways: no TOML, no such setting, a value that makes no sense, no file.
  for (std::string const wrong : {"limits.head = [", "limits.heads = 1", "limits.head = 3", "limits.idle = \"0s\"",
                                  "limits.connections = -1", "gone"}) {
    settings(wrong);
    if (wrong == "gone") std::filesystem::remove(in / "app.toml");
    one.signal(SIGHUP);
    CHECK_MESSAGE(soon([&] { return one.health().find("those of the last reload are wrong") != std::string::npos; }),
                  wrong);
    CHECK(one.health().find("\"status\":\"degraded\"") != std::string::npos);
    CHECK(status_of(ask(one.port(), "GET /", long_field)) == 200);
    CHECK(status_of(ask(one.port(), "GET /who", "Authorization: Bearer a key of alice\r\n")) == 200);
    settings("limits.head = \"4KiB\"");
    one.signal(SIGHUP);
    CHECK(soon([&] { return one.health().find("\"status\":\"ok\"") != std::string::npos; }));
  }
  CHECK(in.read("said").find("app.toml") != std::string::npos);
  CHECK(in.read("said").find("limits.heads") != std::string::npos);

  settings("limits.head = 512\npool = 3\nhosts = [\"test\"]");
  one.signal(SIGHUP);
  CHECK(soon([&] { return status_of(ask(one.port(), "GET /", long_field)) == 431; }));
  CHECK(in.read("said").find("server.pool has changed, which counts from the next start on") != std::string::npos);
  CHECK(in.read("said").find("server.hosts has changed") != std::string::npos);
  CHECK(in.read("said").find("server.limits.head has changed") == std::string::npos);
  one.signal(SIGTERM);
  CHECK(one.wait() == 0);
}

TEST_CASE("a certificate that a settings file names follows SIGHUP, and a broken pair keeps the one before") {
  folder const in;
  auto const   certificate = in / "server.pem";
  auto const   key         = in / "server.key";
  write_keys(in);
  in.write("app.toml", "[server]\nlisten = [\"tls:127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nlog.access = \"off\"\n" +
                           std::string("tls.certificate = \"") + certificate + "\"\ntls.key = \"" + key +
                           "\"\ntls.follow = false\n[keys]\nfile = \"" + in.name + "/keys.json\"\n");
  tg::test::write_pair(certificate, key, "first");
  program one(in);
  REQUIRE(one.port() != 0);
  auto const           name = [&] { return tg::test::tls_client(one.port()).name(); };
  tg::test::tls_client kept(one.port());
  CHECK(kept.name() == "first");
  tg::test::write_pair(certificate, key, "second");
  CHECK(name() == "first");
  one.signal(SIGHUP);
  CHECK(soon([&] { return name() == "second"; }));
  kept.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(kept.read_body() == "hello\n");
  tg::test::write_key(key, tg::test::make_certificate({}));
  one.signal(SIGHUP);
  CHECK(soon([&] { return one.health().find("is not the key of") != std::string::npos; }));
  CHECK(one.health().find("\"status\":\"degraded\"") != std::string::npos);
  CHECK(name() == "second");
  tg::test::write_pair(certificate, key, "third");
  one.signal(SIGHUP);
  CHECK(soon([&] { return name() == "third"; }));
  CHECK(one.health().find("is not the key of") == std::string::npos);
  CHECK(in.read("said").find("tls: is as before the reload") != std::string::npos);
  one.signal(SIGTERM);
  CHECK(one.wait() == 0);
}

TEST_CASE("a request that hangs is cut off by the drain's deadline, and at once by a second SIGTERM") {
  folder const in;
  write_keys(in);
  for (bool const again : {false, true}) {
    in.write("app.toml",
             std::string("[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nlog.access = \"off\"\n") +
                 "drain = \"" + (again ? "600s" : "300ms") + "\"\n[keys]\nfile = \"" + in.name + "/keys.json\"\n");
    program                      one(in);
    tensorgate_tests::raw_client hanging(one.port());
    hanging.send("GET /hang HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(soon([&] {
      return ask(one.admin(), "GET /metrics").find("tensorgate_requests_in_flight 1\n") != std::string::npos;
    }));
    one.signal(SIGTERM);
    if (again) {
      CHECK(soon([&] { return ask(one.port(), "GET /").empty(); }));
      one.signal(SIGTERM);
    }
    CHECK(one.wait() == 0);
    CHECK(hanging.closed());
    auto const said = in.read("said");
    CHECK_MESSAGE(said.find(again ? "a second signal" : "the drain's deadline has passed") != std::string::npos, said);
  }
}

TEST_CASE("a program that inherits its socket turns nobody away while it is started again") {
  folder const in;
  write_keys(in);
  in.write("app.toml",
           "[server]\nlisten = [\"systemd\"]\nadmin = \"127.0.0.1:0\"\nlog.access = \"off\"\n[keys]\nfile = \"" +
               in.name + "/keys.json\"\n");
  auto const opened = tg::net::listening::open({.port = 0}, 1);
  REQUIRE(opened);
  auto const passed = [&] {
    ::dup2(opened->socket_of(0), tg::net::first_inherited);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    return ::setenv("LISTEN_FDS", "1", 1) == 0;
  };
  for (int turn = 0; turn != 3; ++turn) {
    tensorgate_tests::raw_client early(opened->port());  // nobody accepts yet
    early.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    program one(in, passed);
    CHECK(one.port() == opened->port());
    CHECK(early.read().body == "hello\n");
    one.signal(SIGTERM);
    CHECK(one.wait() == 0);
    CHECK(early.closed());
  }
}

TEST_CASE("a disk that is full loses lines of the log and no request, and SIGHUP finds the new file") {
  folder const in;
  write_keys(in);
  in.write("app.toml", "[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nlog.access = \"" +
                           (in / "access.log") + "\"\n[keys]\nfile = \"" + in.name + "/keys.json\"\n");
  program one(in, [] {
    ::rlimit small{};
    ::getrlimit(RLIMIT_FSIZE, &small);
    small.rlim_cur = 4096;  // no file of this process grows beyond, as on a disk that is full
    return ::setrlimit(RLIMIT_FSIZE, &small) == 0;
  });
  REQUIRE(one.port() != 0);
  CHECK(one.health().find("\"status\":\"ok\"") != std::string::npos);
  for (int i = 0; i != 100; ++i) CHECK(status_of(ask(one.port(), "GET /")) == 200);
  CHECK(soon([&] { return one.health().find("lines were lost") != std::string::npos; }));
  CHECK(ask(one.admin(), "GET /metrics").find("tensorgate_log_lines_total{end=\"failed\"} 0\n") == std::string::npos);
  CHECK(in.read("access.log").size() <= 4096);

  ::rlimit large{};
  REQUIRE(::prlimit(one.pid(), RLIMIT_FSIZE, nullptr, &large) == 0);
  large.rlim_cur = large.rlim_max;
  REQUIRE(::prlimit(one.pid(), RLIMIT_FSIZE, &large, nullptr) == 0);
  std::filesystem::rename(in / "access.log", in / "access.log.1");
  one.signal(SIGHUP);
  CHECK(soon([&] { return std::filesystem::exists(in / "access.log"); }));
  CHECK(soon([&] { return one.health().find("lines were lost") == std::string::npos; }));
  CHECK(status_of(ask(one.port(), "GET /?after")) == 200);
  CHECK(soon([&] { return in.read("access.log").find("\"status\":200") != std::string::npos; }));
  one.signal(SIGTERM);
  CHECK(one.wait() == 0);
}

TEST_CASE("a disk that is full leaves the file of keys as it was, and the command says so") {
  folder const in;
  auto         keys = tg::identity::new_key_file(tg::system_random);
  for (int i = 0; i != 40; ++i) {
    REQUIRE(tg::identity::enter_key(keys, {.name = "caller " + std::to_string(i)}, "key " + std::to_string(i),
                                    tg::wall_clock()));
  }
  in.write("keys.json", tg::identity::to_text(keys));
  auto const       before = in.read("keys.json");
  tg::test::forked command([&] {
    ::rlimit small{};
    ::getrlimit(RLIMIT_FSIZE, &small);
    small.rlim_cur = 1024;
    ::setrlimit(RLIMIT_FSIZE, &small);
    ::signal(SIGXFSZ, SIG_IGN);
    auto const again = tg::store::write_file(in / "keys.json", before + " ", 0600);
    return !again && again.error().code == std::errc::file_too_large ? 0 : 1;
  });
  CHECK(command.wait() == 0);
  CHECK(in.read("keys.json") == before);
  std::size_t files = 0;
  for (auto const& one : std::filesystem::directory_iterator(in.name)) files += one.is_regular_file() ? 1U : 0U;
  CHECK(files == 1);  // nothing half-written is left beside it
}
