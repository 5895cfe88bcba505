// tensorgate/roles/outputs/demo.hpp: a sample tree, served with a key of its own, of which nothing stays behind.
#pragma once

#include <array>         // array
#include <cerrno>        // errno
#include <csignal>       // kill
#include <cstdio>        // fflush
#include <cstdlib>       // mkdtemp, setenv
#include <filesystem>    // path, copy, remove_all
#include <functional>    // function
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code

#include <poll.h>          // poll
#include <sys/prctl.h>     // prctl
#include <sys/signalfd.h>  // signalfd
#include <sys/socket.h>    // socket, bind, recv
#include <sys/wait.h>      // waitpid
#include <unistd.h>        // fork, execv

#include <fmt/format.h>  // lines for people

#include <tensorgate/core/random.hpp>             // system_random
#include <tensorgate/core/result.hpp>             // result
#include <tensorgate/core/time.hpp>               // wall_clock
#include <tensorgate/identity/api_key.hpp>        // new_key_file, add_key
#include <tensorgate/net/unix_name.hpp>           // unix_name
#include <tensorgate/roles/outputs/config.hpp>    // config
#include <tensorgate/service/arguments.hpp>       // arguments
#include <tensorgate/service/config_failure.hpp>  // exit_codes
#include <tensorgate/store/durable_file.hpp>      // write_file, descriptor, system_failure

namespace tensorgate::inline TENSORGATE_ABI::outputs {

namespace detail {

inline int complain(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
  return exit_codes::refused;
}

/// A folder of its own among the temporary ones, which goes with the object. Empty where none can be made.
class passing_folder {
 public:
  passing_folder() {
    auto name = (std::filesystem::temp_directory_path() / "tensorgate-outputs-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  passing_folder(passing_folder const&)            = delete;
  passing_folder& operator=(passing_folder const&) = delete;
  ~passing_folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Where a service manager hears from its programs: a socket at a path.
[[nodiscard]] inline result<store::descriptor> listen_for_news(std::string const& path) {
  auto const at = net::unix_name(path);
  if (!at) return fail(make_error_code(std::errc::filename_too_long), "no socket for news");
  store::descriptor made{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!made.open() || ::bind(made.get(), reinterpret_cast<sockaddr const*>(&*at), sizeof *at) != 0)
    return store::system_failure("no socket for news");
  return made;
}

/// Runs this program again with those settings, calls `serving` when it serves, hands on what should end it, and gives
/// its exit code.
inline result<int> run_again(std::string const& settings, std::string const& news_path,
                             std::function<void()> const& serving) {
  auto const news = listen_for_news(news_path);
  if (!news) return fail(news);
  ::sigset_t watched{};
  ::sigset_t before{};
  ::sigemptyset(&watched);
  for (int const one : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::sigaddset(&watched, one);
  ::sigprocmask(SIG_BLOCK, &watched, &before);
  store::descriptor const signals{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!signals.open()) return store::system_failure("signals cannot be watched");

  std::string          program = "/proc/self/exe";
  std::string          flag    = "--config";
  std::string          file    = settings;
  std::array<char*, 4> call{program.data(), flag.data(), file.data(), nullptr};
  ::setenv("NOTIFY_SOCKET", news_path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): a command has one thread
  auto const self  = ::getpid();
  auto const child = ::fork();
  if (child < 0) return store::system_failure("the program cannot be started again");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // NOLINT(cppcoreguidelines-pro-type-vararg)
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (::getppid() == self) ::execv(program.c_str(), call.data());
    ::_exit(exit_codes::failed);
  }

  bool told = false;
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{news->get(), POLLIN, 0}, pollfd{signals.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) break;
    std::array<char, 1024> text{};
    auto const             size = ::recv(news->get(), text.data(), text.size(), 0);
    if (size > 0 && !told && std::string_view(text.data(), static_cast<std::size_t>(size)).starts_with("READY=1\n")) {
      told = true;
      serving();
    }
    ::signalfd_siginfo what{};
    if (::read(signals.get(), &what, sizeof what) != sizeof what) continue;
    if (what.ssi_signo != SIGCHLD) {
      // The terminal's Ctrl-C reached both; a second signal would cut off what the first one lets end.
      bool const both = what.ssi_signo == SIGINT && what.ssi_code == SI_KERNEL;
      if (!both) ::kill(child, SIGTERM);
      continue;
    }
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != child || (!WIFEXITED(status) && !WIFSIGNALED(status))) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : exit_codes::failed;
  }
  auto const why = store::system_failure("the program cannot be watched");
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
  return why;
}

}  // namespace detail

/// `--demo`: serves a copy of a sample tree with a key of its own, and says how to ask once it can be asked.
inline int demo_command(config const& /*unused*/, tensorgate::arguments words) {
  auto const wanted = words.number<std::uint16_t>("--port");
  auto const sample = words.word();
  if (wanted && (*wanted < 1024 || *wanted > 64535)) words.refuse("--port: expected 1024 to 64535");
  if (auto const wrong = words.complaint()) return detail::complain(*wrong);
  unsigned const              port = wanted.value_or(48888);
  std::filesystem::path const tree = sample ? *sample : "/usr/share/tensorgate/outputs/sample";
  if (!std::filesystem::is_directory(tree / "validation"))
    return detail::complain(tree.string() + ": expected a sample tree with a folder called validation");

  detail::passing_folder const folder;
  auto const&                  own = folder.path();
  if (own.empty()) return detail::complain("no folder can be made among the temporary ones");
  std::error_code error;
  std::filesystem::copy(tree, own / "tree", std::filesystem::copy_options::recursive, error);
  if (error) return detail::complain(tree.string() + ": " + error.message());

  auto                keys = identity::new_key_file(system_random);
  identity::key_grant grant;
  grant.name     = "demo";
  auto const key = identity::add_key(keys, grant, system_random, wall_clock());
  if (!key) return detail::complain(key.error().note);
  auto const kept     = store::write_file(own / "keys.json", identity::to_text(keys), 0600);
  auto const settings = fmt::format(
      "# A demonstration; the sample's last day ended on 2025-10-09.\n"
      "[data]\nvalidation = \"{0}/tree/validation\"\nstate = \"{0}/state\"\nnow_ms = 1760000000000\n"
      "[server]\nlisten = [\"127.0.0.1:{1}\"]\nadmin = \"127.0.0.1:{2}\"\n"
      "[keys]\nfile = \"{0}/keys.json\"\n",
      own.string(), port, port + 1000);
  auto const written = store::write_file(own / "outputs.toml", settings, 0600);
  if (!kept || !written) return detail::complain(own.string() + ": the files of the demonstration cannot be written");

  auto const say = [&] {
    fmt::print(
        "Serving {0} on http://127.0.0.1:{2} (documentation: http://127.0.0.1:{2}/docs)\n"
        "The key of this demonstration, a key of tier 100: {1}\n\n"
        "Try, in another terminal:\n"
        "  curl -X GET http://127.0.0.1:{2}/miner-hotkeys -H 'Content-Type: application/json' -d '{{\"api_key\": "
        "\"{1}\"}}'\n"
        "  curl 'http://127.0.0.1:{2}/miner-positions?tier=30' -H 'Authorization: Bearer {1}' -o positions.json.gz\n"
        "  curl 'http://127.0.0.1:{2}/statistics?checkpoints=false' -H 'Authorization: Bearer {1}'\n\n",
        tree.string(), key->reveal(), port);
    std::fflush(stdout);
  };
  auto const code = detail::run_again((own / "outputs.toml").string(), (own / "news").string(), say);
  if (code) return *code;
  return detail::complain(std::string(code.error().note) + ": " + code.error().code.message());
}

}  // namespace tensorgate::outputs
