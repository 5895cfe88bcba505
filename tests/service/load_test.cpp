#include <tensorgate/service/load.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <tensorgate/core/utf8.hpp>
#include <tensorgate/reflect/rules.hpp>

namespace tg = tensorgate;
using namespace std::chrono_literals;

namespace load_sample {

enum class profile { v1, v2 };

struct bounds {
  std::size_t               body = 1U << 20U;
  std::chrono::milliseconds idle{75'000};
  std::chrono::seconds      drain{30};
};
struct row {
  std::string path;
  int         tier = 100;
};
struct server {
  std::vector<std::string> listen{"127.0.0.1:48888"};
  std::uint16_t            threads = 0;
  bounds                   limits;
  bool                     docs = true;
  tg::secret_text          password;
};
struct settings {
  static constexpr std::string_view program = "sample";
  load_sample::profile              profile = load_sample::profile::v1;
  load_sample::server               server;
  std::vector<row>                  routes;
  std::map<std::string, row>        named;
  std::optional<int>                tier;
  double                            share = 0.5;
};

/// Settings of a part that needs a word of the machine.
struct needy {
  std::string              word = "absent";
  std::vector<std::string> words{};
};
struct needs {
  needy                        one;
  std::vector<needy>           list;
  std::map<std::string, needy> named;
  std::optional<needy>         perhaps;
};

int echo(settings const& config, tg::arguments words) {
  auto const tier = words.number<int>("--tier");
  auto const word = words.word();
  if (words.complaint()) return 2;
  return config.server.threads + tier.value_or(0) + (word == "go" ? 100 : 0);
}
inline constexpr std::array commands{tg::command<settings>{"echo", "adds things up", &echo}};

}  // namespace load_sample

template <>
struct tensorgate::reflect::describe<load_sample::server> {
  static constexpr auto rules = std::tuple{text<&load_sample::server::threads>("loops; 0: one for each core"),
                                           range<&load_sample::server::threads>(std::uint16_t{0}, std::uint16_t{64})};
};

template <>
struct tensorgate::reflect::describe<load_sample::needy> {
  static void start_faults(load_sample::needy const& of, auto const& tell) {
    if (of.word == "absent") tell("word", "it is absent");
    for (std::size_t i = 0; i != of.words.size(); ++i) {
      if (of.words[i] == "absent") tell("words[" + std::to_string(i) + "]", "it is absent too");
    }
  }
};

namespace {

using load_sample::settings;

/// A file that is gone when the test ends.
struct written_file {
  std::string name = "/tmp/tensorgate-load-test-XXXXXX";
  explicit written_file(std::string_view text) {
    int const fd = ::mkstemp(name.data());
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(fd);
  }
  ~written_file() { ::unlink(name.c_str()); }
  written_file(written_file const&)            = delete;
  written_file& operator=(written_file const&) = delete;
};

tg::expected<settings, tg::config_failure> load(std::vector<char const*> words) {
  words.insert(words.begin(), "sample");
  return tg::load<settings>(static_cast<int>(words.size()), words.data(), load_sample::commands);
}

std::string first_problem(tg::expected<settings, tg::config_failure> const& got) {
  if (got || got.error().problems.empty()) return "";
  return got.error().problems[0].sentence();
}

std::string problem_of(std::string_view toml) {
  written_file const file(toml);
  auto               said = first_problem(load({"-c", file.name.c_str()}));
  if (said.starts_with(file.name)) said = "F" + said.substr(file.name.size());
  return said;
}

}  // namespace

TEST_CASE("without words the settings are the defaults") {
  auto const got = load({});
  REQUIRE(got);
  CHECK(got->server.listen == std::vector<std::string>{"127.0.0.1:48888"});
  CHECK(got->server.limits.idle == 75s);
  CHECK(!got->tier);
}

TEST_CASE("a file, then a variable, then a flag win") {
  written_file const file(
      "profile = \"v2\"\nshare = 1\ntier = 30\n[server]\nthreads = 2\nlimits.body = \"64KiB\"\nlimits.idle = \"2min\"\n"
      "[[routes]]\npath = \"/a\"\n[[routes]]\npath = \"/b\"\ntier = 0\n[named.x]\npath = \"p\"\n");
  auto got = load({"--config", file.name.c_str()});
  REQUIRE_MESSAGE(got, first_problem(got));
  CHECK(got->profile == load_sample::profile::v2);
  CHECK(got->share == 1.0);
  CHECK(got->tier == 30);
  CHECK(got->server.threads == 2);
  CHECK(got->server.limits.body == 65'536);
  CHECK(got->server.limits.idle == 120s);
  REQUIRE(got->routes.size() == 2);
  CHECK(got->routes[0].tier == 100);
  CHECK(got->routes[1].tier == 0);
  CHECK(got->named.at("x").path == "p");

  ::setenv("TENSORGATE_SERVER_THREADS", "3", 1);
  got = load({"--config", file.name.c_str()});
  REQUIRE(got);
  CHECK(got->server.threads == 3);
  got = load({"--config", file.name.c_str(), "--server.threads", "4", "--server.limits.idle=5s", "--set",
              "server.listen=a,b", "--server.docs=false"});
  ::unsetenv("TENSORGATE_SERVER_THREADS");
  REQUIRE(got);
  CHECK(got->server.threads == 4);
  CHECK(got->server.limits.idle == 5s);
  CHECK(got->server.listen == std::vector<std::string>{"a", "b"});
  CHECK(!got->server.docs);
}

TEST_CASE("a problem names file, line, field and what was expected") {
  CHECK(problem_of("profile = \"v3\"\n") == R"(F:1:11: profile: expected one of: v1, v2, found "v3")");
  CHECK(problem_of("[server]\nthreads = \"two\"\n") ==
        R"(F:2:11: server.threads: expected a whole number from 0 to 65535, found "two")");
  CHECK(problem_of("[server]\nthreads = -1\n") ==
        "F:2:11: server.threads: expected a whole number from 0 to 65535, found -1");
  CHECK(problem_of("[server]\nthreads = 65\n") == "F:2:11: server.threads: expected a number from 0 to 64, found 65");
  CHECK(problem_of("[server]\nlimits.idle = 5\n").find("F:2:15: server.limits.idle: expected a duration such as") == 0);
  CHECK(problem_of("[server]\nlimits.drain = \"1500ms\"\n") ==
        R"(F:2:16: server.limits.drain: expected a duration that is whole in its own unit, found "1500ms")");
  CHECK(problem_of("[server]\nlimits.body = \"1 fortnight\"\n").find("F:2:15: server.limits.body: expected") == 0);
  CHECK(problem_of("server = 5\n") == "F:1:10: server: expected a table of settings, found 5");
  CHECK(problem_of("[[routes]]\npath = 5\n") == "F:2:8: routes[0].path: expected a text, found 5");
  CHECK(problem_of("a = \n").find("F:1:") == 0);
  CHECK(problem_of("a = 1\na = 2\n").find("F:2:") == 0);
  CHECK(problem_of("share = 2020-01-01\n") == "F:1:9: share: expected a number, found a date");
}

TEST_CASE("letters beyond ASCII stand in quotes and comments alone") {
  CHECK(problem_of("# gr\xc3\xbc\xc3\x9f\n[[routes]]\npath = \"\xc3\xa4\"\n").empty());
  CHECK(problem_of("[[routes]]\npath = '''\xc3\xa4 ' \\''' # \xc3\xa4\n").empty());
  CHECK(problem_of("[[routes]]\npath = \"\"\"\n\xc3\xa4 \\\"\"\"\"\n").empty());
  CHECK(problem_of("[[routes]]\npath = \"a\\\"\xc3\xa4\"\n").empty());
  CHECK(problem_of("share = 1 \xc6\xbf\n") ==
        "F:1:11: not TOML: '\xc6\xbf' (U+01BF) cannot stand here; letters beyond ASCII belong into quotes, and not "
        "behind a backslash");
  CHECK(problem_of("\xc3\xa4 = 1\n").find("F:1:1: not TOML: '\xc3\xa4' (U+00E4) cannot stand here;") == 0);
  CHECK(problem_of("gr\xc3\xbc\xc3\x9f = 1\n").find("F:1:3: not TOML: '\xc3\xbc' (U+00FC) cannot stand here;") == 0);
  CHECK(problem_of("[server]\nthreads =\xc2\xa0 2\n").find("F:2:10: not TOML: '\xc2\xa0' (U+00A0) cannot") == 0);
  CHECK(problem_of("[s\xc3\xa4]\n").find("F:1:3: not TOML: '\xc3\xa4' (U+00E4) cannot stand here;") == 0);
  CHECK(problem_of("tier = 3\xf0\x9f\x98\x80\n").find("F:1:9: not TOML: '\xf0\x9f\x98\x80' (U+1F600) cannot") == 0);
  std::string many = "tier = 3";
  for (int i = 0; i != 40; ++i) many += "\xe7\x95\xaa";
  CHECK(problem_of(many).find("F:1:9: not TOML: '\xe7\x95\xaa' (U+756A) cannot stand here;") == 0);
  CHECK(problem_of("[=\n").find("F:1:") == 0);
}

TEST_CASE("a letter beyond ASCII is no escape") {
  CHECK(problem_of("profile = \"\xc3\xa4\\\xc3\xa4\"\n").find("F:1:14: not TOML: '\xc3\xa4' (U+00E4) cannot") == 0);
  CHECK(problem_of("profile = \"\\u00\xc3\xa4\"\n").find("F:1:16: not TOML: '\xc3\xa4' (U+00E4) cannot stand") == 0);
  CHECK(problem_of("profile = \"\"\"a\\ \xc2\xa0\n\"\"\"\n").find("F:1:17: not TOML: '\xc2\xa0' (U+00A0) cannot") == 0);
  CHECK(problem_of("profile = '\\\xc3\xa4'\n") == "F:1:11: profile: expected one of: v1, v2, found \"\\\\\xc3\xa4\"");
}

TEST_CASE("behind a backslash that ends a line, blanks alone are left out") {
  CHECK(problem_of("\"\"\"a\"!+ba\"!+b\\\non \"a\"!+b\xef\xbb\xbf\xef\xbb\xae").find("F:2:12: not TOML: ") == 0);
  CHECK(problem_of("a = \"\"\"b\\\non \\\xef\xbb\xae\"\"\"\n").find("F:2:5: not TOML: '\xef\xbb\xae' (U+FEEE)") == 0);
  CHECK(problem_of("a = \"\"\"b\\\n \xef\xbb\xae\xe4\xba\x8c\"\"\"\n") == "F:1:5: a: there is no such setting");
  CHECK(problem_of("profile = \"\"\"a\\\n  \xef\xbb\xbf\xe3\x80\x80 z\"\"\"\n") ==
        "F:1:11: profile: expected one of: v1, v2, found \"a\xef\xbb\xbf\xe3\x80\x80 z\"");
}

TEST_CASE("letters beyond ASCII read back as themselves") {
  auto const value_of = [](std::string_view value) {
    auto const tree = tg::service_detail::parse_toml("k = " + std::string(value), "F");
    return tree ? tree->find("k")->text : tree.error().sentence();
  };
  CHECK(value_of("\"\xc3\xa4`^~|!\xf0\x9f\x98\x80\"") == "\xc3\xa4`^~|!\xf0\x9f\x98\x80");
  CHECK(value_of("'''\n\xc3\xa4\n`,0000E4'''") == "\xc3\xa4\n`,0000E4");
  CHECK(value_of("\"\xc3\xa4\\u00fc\"") == "\xc3\xa4\xc3\xbc");
  // What would be a mark of the reader, but comes of escapes, stays what it is.
  CHECK(value_of("\"\xc3\xa4\\u0060,0000E4\\U0000005e,0000E4\"") == "\xc3\xa4`,0000E4^,0000E4");
  std::string every = "'\xc3\xa4' # ";
  for (char const sign : std::string_view("`^~|!$%&*;<>?@")) {
    every += "\\u00";
    every += "0123456789abcdef"[sign / 16];
    every += "0123456789ABCDEF"[sign % 16];
  }
  CHECK(value_of(every) ==
        "F:1:6: letters beyond ASCII cannot be read while each of `^~|!$%&*;<>?@ is written as an escape; write one of "
        "these as itself");
  CHECK(value_of("'a'" + every.substr(4)) == "a");
}

TEST_CASE("a letter beyond ASCII counts as one in a column") {
  CHECK(problem_of("named = {\"\xc3\xa4\xc3\xb6\" = {path = \"\xc3\xbc\", tier = \"x\"}}\n") ==
        "F:1:37: named.\"\xc3\xa4\xc3\xb6\".tier: expected a whole number, found \"x\"");
  CHECK(
      problem_of("[named.'\xc3\xa4']\npath = '\xc3\xa4' # \xc3\xa4\ntier = 'x'\n").find("F:3:8: named.\"\xc3\xa4\"") ==
      0);
  CHECK(problem_of("profile = '\xc3\xa4' `\n") == "F:1:15: not TOML: '`' (U+0060) cannot stand here");
  CHECK(problem_of("profile = [ '\xc3\xa4', = ]\n").find("F:1:18: not TOML: ") == 0);
}

TEST_CASE("a key beyond ASCII stands in a table once") {
  auto const twice = problem_of("'\xc3\xa4' = 1\n\"\xc3\xa4\" = 1\n");
  CHECK(twice.find("F:2:7: not TOML: ") == 0);
  CHECK(twice.find("'\"\xc3\xa4\"") != std::string::npos);
  CHECK(twice.find('`') == std::string::npos);
  CHECK(problem_of("'\xc3\xa4' = 1\n\"\\u00e4\" = 1\n") ==
        "F:2:12: the key \"\xc3\xa4\" is written once in letters and once by an escape; write it in one way");
  for (std::size_t size = 400; size != 450; ++size) {
    auto const key = "'" + std::string(size, 'a') + "\xc3\xa4\xc3\xa4' = 1\n";
    CHECK(tg::is_utf8(problem_of(key + key)));
    CHECK(problem_of(key + key).find('`') == std::string::npos);
  }
}

TEST_CASE("a text that is not UTF-8 is refused, and a byte order mark is taken at its start alone") {
  CHECK(problem_of("# \xc3\xa4\n# \xc3\xa4 \xff\n") == "F:2:5: not TOML: the text is not UTF-8");
  CHECK(problem_of("# \xed\xa0\x80\n") == "F:1:3: not TOML: the text is not UTF-8");
  CHECK(problem_of("\xef\xbb\xbf").empty());
  CHECK(problem_of("\xef\xbb\xbftier = 3\n").empty());
  CHECK(problem_of("\xef\xbb\xbftier = 'x'\n").find("F:1:8: tier: expected") == 0);
  CHECK(problem_of("\xef\xbb\xbf\xef\xbb\xbftier = 3\n").find("F:1:1: not TOML: '\xef\xbb\xbf' (U+FEFF)") == 0);
}

TEST_CASE("a key has at most a thousand dots") {
  auto const key_of = [](std::size_t dots) {
    std::string key = "a";
    for (std::size_t i = 0; i != dots; ++i) key += ".a";
    return key;
  };
  CHECK(problem_of("tier = 3\n" + key_of(1000) + " = 1\n").find("more than 1000 dots") == std::string::npos);
  for (auto const dots : {std::size_t{1001}, std::size_t{1'000'000}}) {
    CHECK(problem_of("tier = 3\n" + key_of(dots) + " = 1\n").starts_with("F:2:2002: more than 1000 dots stand here"));
    CHECK(problem_of("tier = 3\n[" + key_of(dots) + "]\n").starts_with("F:2:2003: more than 1000 dots stand here"));
  }
}

TEST_CASE("an unknown setting is a problem and is told what was probably meant") {
  CHECK(problem_of("[server]\nthread = 1\n") ==
        "F:2:10: server.thread: there is no such setting; did you mean server.threads?");
  CHECK(problem_of("[sever]\n") == "F:1:2: sever: there is no such setting; did you mean server?");
  CHECK(problem_of("completely_else = 1\n") == "F:1:19: completely_else: there is no such setting");
  CHECK(first_problem(load({"--server.thread", "1"})) ==
        "--server.thread: there is no such flag; did you mean --server.threads?");
  CHECK(first_problem(load({"ecko"})) == "ecko: there is no such command; did you mean echo?");
  CHECK(first_problem(load({"--server.threads"})) ==
        "--server.threads: expected a whole number from 0 to 65535 behind it");
  CHECK(first_problem(load({"--server.threads", "x"})).find("flag --server.threads: server.threads: expected") == 0);
  CHECK(first_problem(load({"-c", "/nonexistent/file"})) ==
        "/nonexistent/file: the file cannot be opened: No such file or directory");
}

TEST_CASE("all problems of a file are told at once") {
  written_file const file("profile = 1\nshare = \"x\"\nzzz = 1\n");
  auto const         got = load({"-c", file.name.c_str()});
  REQUIRE(!got);
  CHECK(got.error().problems.size() == 3);
  CHECK(got.error().exit_code == 2);
}

TEST_CASE("what --print-config prints is read back, and secrets are not in it") {
  settings made;
  made.profile            = load_sample::profile::v2;
  made.server.limits.idle = 1500ms;
  made.server.password    = tg::secret_text("hunter2");
  made.server.listen      = {"a \"quoted\"\\\n\x01 name"};
  made.routes             = {{"/a", 1}, {"/b", 2}};
  made.named["a b"]       = {"/c", 3};
  auto const text         = tg::service_detail::to_toml(made);
  CHECK(text.find("hunter2") == std::string::npos);
  written_file const file(text);
  auto const         got = load({"-c", file.name.c_str()});
  REQUIRE_MESSAGE(got, first_problem(got));
  CHECK(got->profile == made.profile);
  CHECK(got->server.limits.idle == 1500ms);
  CHECK(got->server.listen == made.server.listen);
  CHECK(got->routes.size() == 2);
  CHECK(got->named.at("a b").tier == 3);
}

TEST_CASE("tables that there are none of are printed, and read back as none") {
  settings   made;
  auto const text = tg::service_detail::to_toml(made);
  CHECK(text.find("# one begins with [[routes]], instead of this line\n") != std::string::npos);
  CHECK(text.find("# one begins with [named.NAME], instead of this line\nnamed = {}\n") != std::string::npos);
  CHECK(text.find("routes = []\n") < text.find("[server]"));
  CHECK(tg::service_detail::to_toml(load_sample::needs{}).find("# perhaps is not set\n") != std::string::npos);
  written_file const file(text);
  auto const         got = load({"-c", file.name.c_str()});
  REQUIRE_MESSAGE(got, first_problem(got));
  CHECK(got->routes.empty());
  CHECK(got->named.empty());

  auto const                        tree = tg::service_detail::parse_toml(text, "F");
  tg::service_detail::config_reader reader;
  settings                          other;
  other.routes     = {{"/a", 1}};
  other.named["a"] = {"/b", 2};
  tg::service_detail::read_setting(reader, *tree, other, "");
  CHECK(reader.problems.empty());
  CHECK(other.routes.empty());
  CHECK(other.named.empty());
}

TEST_CASE("what a start would find missing is told with the place where it was written") {
  auto const tree = tg::service_detail::parse_toml(
      "[one]\nwords = [\"a\", \"absent\"]\n[[list]]\nword = \"here\"\n[[list]]\nword = \"absent\"\n"
      "[named.\"a b\"]\nword = \"absent\"\n[perhaps]\nword = \"absent\"\n",
      "F");
  REQUIRE(tree);
  load_sample::needs                read;
  tg::service_detail::config_reader reader;
  tg::service_detail::read_setting(reader, *tree, read, "");
  REQUIRE(reader.problems.empty());
  auto const& type = tg::service_detail::type_of_setting<load_sample::needs>;
  tg::service_detail::look_around(reader, *tree, type, &read, "");
  std::vector<std::string> said;
  for (auto const& one : reader.problems) said.push_back(one.sentence());
  CHECK(said == std::vector<std::string>{"F:1:2: one.word: it is absent (nothing sets it, so this is the default)",
                                         "F:2:15: one.words[1]: it is absent too", "F:6:8: list[1].word: it is absent",
                                         "F:8:8: named.\"a b\".word: it is absent",
                                         "F:10:8: perhaps.word: it is absent"});

  load_sample::needs                defaults;
  tg::service_detail::config_reader none;
  tg::service_detail::look_around(none, {}, type, &defaults, "");
  REQUIRE(none.problems.size() == 1);
  CHECK(none.problems[0].sentence() == "one.word: it is absent (nothing sets it, so this is the default)");
}

TEST_CASE("a variable of ours that names no setting is told, with the one that was probably meant") {
  std::vector<tg::service_detail::setting> list;
  tg::service_detail::list_settings(list, settings{}, "");
  std::vector<std::string>         said;
  std::array<char const*, 8> const environment{"TENSORGATE_CONFIG=/a",
                                               "TENSORGATE_SERVER_THREADS=2",
                                               "TENSORGATE_SERVER_THREAD=1",
                                               "TENSORGATE_VECTORS=/b",
                                               "TENSORGATE_ROUTES=none",
                                               "TENSORGATE=1",
                                               "PATH=/bin",
                                               nullptr};
  tg::service_detail::tell_of_variables(list, environment.data(),
                                        [&](std::string one) { said.push_back(std::move(one)); });
  CHECK(said ==
        std::vector<std::string>{
            "environment variable TENSORGATE_SERVER_THREAD: there is no such setting, so it changes nothing; did "
            "you mean TENSORGATE_SERVER_THREADS?",
            "environment variable TENSORGATE_VECTORS: there is no such setting, so it changes nothing",
            "environment variable TENSORGATE_ROUTES: there is no such setting, so it changes nothing"});
}

TEST_CASE("a command gets its words and the settings, and gives the exit code") {
  auto got = load({"--server.threads", "5", "echo", "--tier", "7", "go"});
  REQUIRE(!got);
  CHECK(got.error().problems.empty());
  CHECK(got.error().exit_code == 112);
  got = load({"echo", "go", "--server.threads", "1"});
  CHECK(got.error().exit_code == 101);
  got = load({"echo", "--unknown"});
  CHECK(got.error().exit_code == 2);
  got = load({"echo", "--", "go"});
  CHECK(got.error().exit_code == 100);
}

TEST_CASE("each setting is in the list that --help prints") {
  std::vector<tg::service_detail::setting> list;
  tg::service_detail::list_settings(list, settings{}, "");
  std::vector<std::string> names;
  for (auto const& one : list) names.push_back(one.path);
  CHECK(names == std::vector<std::string>{"profile", "server.listen", "server.threads", "server.limits.body",
                                          "server.limits.idle", "server.limits.drain", "server.docs", "server.password",
                                          "routes[].path", "routes[].tier", "named.<name>.path", "named.<name>.tier",
                                          "tier", "share"});
  CHECK(list[2].words == "loops; 0: one for each core");
  CHECK(list[2].standard == "0");
}
