// The app in the conditions of a real machine: files that are rewritten under load, broken, away, unreadable; a full
// disk, a killed process; keys that come and go.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tensorgate/codec/gzip.hpp>
#include <tensorgate/core/time.hpp>
#include <tensorgate/identity/utc_stamp.hpp>

#include "support/outputs_app.hpp"
#include "support/rewriting.hpp"

using json      = nlohmann::ordered_json;
namespace codec = tensorgate::codec;
namespace fs    = std::filesystem;
using namespace std::chrono_literals;
using tensorgate_tests::add_key;
using tensorgate_tests::ask;
using tensorgate_tests::installation;
using tensorgate_tests::raw_answer;
using tensorgate_tests::read_text;
using tensorgate_tests::run;
using tensorgate_tests::running_program;
using tensorgate_tests::scratch_folder;

namespace {

void write(fs::path const& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

bool soon(std::function<bool()> const& so, std::chrono::milliseconds patience = 10s) {
  auto const until = std::chrono::steady_clock::now() + patience;
  while (!so()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

raw_answer ask_as(running_program const& app, std::string_view target, std::string const& key) {
  return ask(app.port(), "GET", target, {{"Authorization", "Bearer " + key}});
}
std::string health(running_program const& app) { return ask(app.admin(), "GET", "/healthz").body; }

std::string plain(raw_answer const& answer) {
  return answer.field("content-encoding") == "gzip"
             ? codec::gzip_decompress(answer.body, std::size_t{1} << 28U).value_or("")
             : answer.body;
}

}  // namespace

TEST_CASE("another subnet's files are served by settings alone, whole at every moment while they are rewritten") {
  scratch_folder folder;
  fs::create_directories(folder.path() / "validation");
  tensorgate_tests::rewritten_files files{folder.path() / "data"};
  auto const                        config = folder.path() / "table.toml";
  write(config, tensorgate_tests::table_settings(folder.path()));
  auto const      key0   = add_key(config, "low", 0);
  auto const      key30  = add_key(config, "middle", 30);
  auto const      key100 = add_key(config, "high", 100);
  running_program app{{tensorgate_tests::outputs_program(), "--config", config.string()}};

  CHECK(ask_as(app, "/scores/h0", key0).status == 403);
  CHECK(ask_as(app, "/scores/none", key30).status == 404);
  CHECK(ask_as(app, "/scores/..%2fweights", key30).status >= 400);
  CHECK(ask_as(app, "/weights/none", key30).status == 404);
  CHECK(ask_as(app, "/miner-positions", key100).status == 404);
  CHECK(ask(app.port(), "GET", "/weights").status == 401);
  CHECK(ask(app.port(), "GET", "/openapi.json").body.find("/scores/{id}") != std::string::npos);

  tensorgate_tests::rewriting_counts counts;
  tensorgate_tests::rewrite_and_ask(app, files, key30, key100, 4, 50ms, 4s, counts);
  MESSAGE(counts.answers.load(), " answers, ", counts.versions.load(), " versions written, ", counts.seen.load(),
          " seen by one client");
  for (auto const& what : counts.wrong) {
    CAPTURE(what);
    CHECK(false);
  }
  CHECK(counts.answers > 200);
  CHECK(counts.seen >= 3);
  CHECK(app.stop() == 0);
}

TEST_CASE("a broken file, plain or gzip, leaves the last good one, shows in health, and is taken when it is mended") {
  installation at;
  at.add_sample();
  auto const      key = at.key("one", 100);
  running_program app{at.words()};
  for (std::string const& name :
       {std::string("validation/eliminations.json"), std::string("runnable/validator_checkpoint.json.gz")}) {
    CAPTURE(name);
    std::string const target = name.find("check") == std::string::npos ? "/eliminations" : "/validator-checkpoint";
    auto const        good   = plain(ask_as(app, target, key));
    auto const        bytes  = read_text(at.tree() / name);
    for (auto const& broken : {bytes.substr(0, bytes.size() / 2), std::string(), std::string("\x1f\x8b\x08 nothing")}) {
      write(at.tree() / name, broken);
      CHECK(soon([&] { return health(app).find(fs::path(name).filename().string()) != std::string::npos; }));
      CHECK(app.says(fs::path(name).filename().string() + " "));
      CHECK(ask_as(app, target, key).status == 200);
      CHECK(plain(ask_as(app, target, key)) == good);
    }
    write(at.tree() / name, bytes);
    CHECK(soon([&] { return health(app).find(fs::path(name).filename().string()) == std::string::npos; }));
    CHECK(app.says(fs::path(name).filename().string() + " is whole again, and in force"));
    fs::remove(at.tree() / name);
    CHECK(soon([&] { return ask_as(app, target, key).status == 404; }));
    write(at.tree() / name, bytes);
    CHECK(soon([&] { return ask_as(app, target, key).status == 200; }));
    CHECK(plain(ask_as(app, target, key)) == good);
  }
  CHECK(app.stop() == 0);
}

TEST_CASE("an empty tree starts degraded with 404s, and serves what appears in it") {
  installation at;
  fs::create_directories(at.tree() / "validation");
  auto const      key = at.key("one", 100);
  running_program app{at.words()};
  CHECK(app.says("the data folders are empty"));
  CHECK(health(app).find("no file of the validator has been read") != std::string::npos);
  for (auto const* const target :
       {"/miner-positions", "/miner-positions?tier=0", "/miner-hotkeys", "/statistics", "/eliminations"}) {
    CHECK(ask_as(app, target, key).status == 404);
  }
  at.add_sample();
  CHECK(soon([&] { return ask_as(app, "/miner-positions?tier=0", key).status == 200; }));
  CHECK(soon([&] { return ask_as(app, "/statistics", key).status == 200; }));
  CHECK(soon([&] { return health(app).find("no file of the validator") == std::string::npos; }));
  CHECK(app.stop() == 0);
}

TEST_CASE("what prevents a start is said in one line, with the right exit code") {
  installation at;
  SUBCASE("no key") {
    at.add_sample();
    auto const [code, said] = run(at.words());
    CHECK(code == 2);
    CHECK(said.find("tensorgate-outputs --config " + at.words().back() + " keys add NAME --tier 100") !=
          std::string::npos);
    auto const [checked, told] = at.call({"--check-config"});
    CHECK(checked == 2);
    CHECK(told.find(": keys.file: " + (at.folder() / "keys.json").string() + ": No such file or directory") !=
          std::string::npos);
    CHECK(told.find("keys add NAME --tier 100") != std::string::npos);
    static_cast<void>(at.key("one", 100));
    CHECK(at.call({"--check-config"}).first == 0);
  }
  SUBCASE("no folder of a validator") {
    static_cast<void>(at.key("one", 100));
    auto const [code, said] = run(at.words());
    CHECK(code == 1);
    CHECK(said.find((at.tree() / "validation").string() + " is no folder that can be read") != std::string::npos);
    // The same words, and all that is wrong at once.
    auto const [checked, told] =
        at.call({"--check-config", "--server.log.access", (at.folder() / "none/log").string()});
    CHECK(checked == 2);
    CHECK(told.find(at.words().back() + ":4:14: data.validation: " + (at.tree() / "validation").string() +
                    " is no folder that can be read (No such file or directory)") != std::string::npos);
    CHECK(told.find("flag --server.log.access: server.log.access: " + (at.folder() / "none/log").string() +
                    " cannot be made") != std::string::npos);
    CHECK(told.find("keys.file") == std::string::npos);
    // An empty folder is enough for a start, and so for a check.
    fs::create_directories(at.tree() / "validation");
    CHECK(at.call({"--check-config"}).first == 0);
  }
  SUBCASE("the port is busy") {
    at.add_sample();
    static_cast<void>(at.key("one", 100));
    running_program first{at.words()};
    auto            words = at.words();
    words.push_back("--server.listen=127.0.0.1:" + std::to_string(first.port()));
    auto const [code, said] = run(words);
    CHECK(code == 1);
    CHECK(said.find("another program listens there") != std::string::npos);
    CHECK(first.stop() == 0);
  }
}

TEST_CASE("where the state cannot be written, the tiers are served all the same and it is said") {
  installation at;
  at.add_sample();
  write(at.folder() / "state", "a file where a folder should be");
  auto const      key = at.key("one", 30);
  running_program app{at.words()};
  CHECK(ask_as(app, "/miner-positions?tier=30", key).status == 200);
  CHECK(app.says("the tiers are served all the same"));
  CHECK(soon([&] { return health(app).find("tiered_positions") != std::string::npos; }));
  CHECK(app.stop() == 0);
}

TEST_CASE("on a full disk the state keeps its last whole files, and the answers go on") {
  installation at;
  at.add_sample();
  auto const key   = at.key("one", 100);
  auto const state = at.folder() / "state/tiered_positions/100/output.json.gz";
  auto const raw   = at.tree() / "validation/outputs/output.json";
  {
    running_program app{at.words()};
    CHECK(soon([&] { return fs::exists(state); }));
    // From now on no file of this process grows beyond a page, which fails as a full disk does: part of it is written.
    ::rlimit const small{4096, 4096};
    REQUIRE(::prlimit(app.pid(), RLIMIT_FSIZE, &small, nullptr) == 0);
    auto const before = read_text(state);
    auto       text   = read_text(raw);
    auto const at_sol = text.find("SOL/USD");
    REQUIRE(at_sol != std::string::npos);
    text.replace(at_sol, 7, "SOL-USD");
    write(raw, text);
    bool const came = soon(
        [&] { return plain(ask_as(app, "/miner-positions?tier=100", key)).find("SOL-USD") != std::string::npos; }, 5s);
    // A limit on files is also one on files in memory: then the last good version stays in service.
    CHECK((came || ask_as(app, "/miner-positions?tier=100", key).status == 200));
    CHECK(soon([&] { return health(app).find("degraded") != std::string::npos; }));
    CHECK(read_text(state) == before);
    for (auto const& entry : fs::directory_iterator(state.parent_path()))
      CHECK(entry.path() == state);  // nothing half-written is left
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("files of the state are whole after a kill at any moment") {
  installation at;
  at.add_sample();
  auto const key = at.key("one", 100);
  auto const raw = at.tree() / "validation/outputs/output.json";
  auto const one = read_text(raw);
  for (int round = 0; round != 6; ++round) {
    CAPTURE(round);
    running_program app{at.words()};
    CHECK(ask_as(app, "/miner-positions?tier=0", key).status == 200);
    CHECK(soon([&] { return fs::exists(at.folder() / "state/tiered_positions/0/output.json.gz"); }));
    for (int i = 0; i != 8; ++i) {
      write(raw, one + std::string(static_cast<std::size_t>(i + round), ' '));
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * round));
    }
    CHECK(app.stop(SIGKILL) == 128 + SIGKILL);
    for (auto const* const tier : {"0", "30", "50", "100"}) {
      auto const text = codec::gzip_decompress(
          read_text(at.folder() / "state/tiered_positions" / tier / "output.json.gz"), std::size_t{1} << 28U);
      REQUIRE(text);
      CHECK_FALSE(json::parse(*text, nullptr, false).is_discarded());
    }
  }
  running_program app{at.words()};
  CHECK(ask_as(app, "/miner-positions?tier=0", key).status == 200);
  CHECK(app.stop() == 0);
}

TEST_CASE("files that may not be read show in health and in the log, and are served when they may") {
  installation at;
  at.add_sample();
  auto const key  = at.key("one", 100);
  auto const file = at.tree() / "validation/eliminations.json";
  fs::create_directories(at.folder() / "state");
  for (auto const& path : {at.folder(), at.folder() / "state"}) fs::permissions(path, fs::perms::all);
  for (auto const& entry : fs::recursive_directory_iterator(at.folder()))
    fs::permissions(entry.path(), fs::perms::others_all, fs::perm_options::add);
  fs::permissions(file, fs::perms::none);
  auto words = at.words();
  if (::geteuid() == 0)  // who may read everything: somebody else has to
    words.insert(words.begin(), {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  running_program app{words};
  CHECK(ask_as(app, "/eliminations", key).status == 404);
  CHECK(health(app).find("eliminations.json cannot be opened: Permission denied") != std::string::npos);
  CHECK(app.says("eliminations.json cannot be opened: Permission denied"));
  fs::permissions(file, fs::perms::all);
  CHECK(soon([&] { return ask_as(app, "/eliminations", key).status == 200; }));
  CHECK(app.stop() == 0);
}

TEST_CASE("keys come, change their tier, expire and go while the server runs") {
  installation at;
  at.add_sample();
  auto const      first = at.key("first", 100);
  running_program app{at.words()};
  CHECK(ask_as(app, "/statistics", first).status == 200);

  auto const second = at.key("second", 30);
  CHECK(soon([&] { return ask_as(app, "/miner-positions?tier=30", second).status == 200; }));
  CHECK(ask_as(app, "/statistics", second).status == 403);

  // A time that will be over, and one that is.
  auto const until   = tensorgate::identity::stamp_of(tensorgate::wall_clock() + 4s);
  auto const expires = at.key("third", 100, {"--expires", tensorgate::identity::to_text(until)});
  CHECK(soon([&] { return ask_as(app, "/statistics", expires).status == 200; }));
  CHECK(soon([&] { return ask_as(app, "/statistics", expires).status == 401; }));
  CHECK(at.call({"keys", "add", "fourth", "--tier", "100", "--expires", "2020-01-01"}).first == 2);
  CHECK(at.call({"keys", "add", "fourth"}).second.find("which tier?") != std::string::npos);

  CHECK(at.call({"keys", "revoke", "second"}).first == 0);
  CHECK(soon([&] { return ask_as(app, "/miner-positions?tier=30", second).status == 401; }));
  CHECK(ask_as(app, "/statistics", first).status == 200);

  // Half a file of keys locks nobody out.
  auto const keys = read_text(at.folder() / "keys.json");
  write(at.folder() / "keys.json", keys.substr(0, keys.size() / 2));
  CHECK(soon([&] { return health(app).find("keys.json") != std::string::npos; }));
  CHECK(ask_as(app, "/statistics", first).status == 200);
  app.signal(SIGHUP);
  std::this_thread::sleep_for(200ms);
  CHECK(ask_as(app, "/statistics", first).status == 200);
  write(at.folder() / "keys.json", keys);
  CHECK(soon([&] { return health(app).find("keys.json") == std::string::npos; }));
  CHECK(app.stop() == 0);
  CHECK(at.call({"keys", "list"}).second.find(first) == std::string::npos);
  CHECK(at.call({"keys", "list"}).second.find("first") != std::string::npos);
}

TEST_CASE("the way to a path with a slash keeps the client's host, its port and the query") {
  installation at;
  at.add_sample();
  auto const      key = at.key("one", 100);
  running_program app{at.words()};
  for (std::string const& host : {std::string("127.0.0.1:") + std::to_string(app.port()), std::string("[::1]:8080"),
                                  std::string("data.example")}) {
    tensorgate_tests::raw_client client{app.port()};
    client.send("GET /statistics/5X?checkpoints=false HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + key +
                "\r\n\r\n");
    auto const answer = client.read();
    CHECK(answer.status == 308);
    CHECK(answer.field("location") == "http://" + host + "/statistics/5X/?checkpoints=false");
  }
  CHECK(app.stop() == 0);
}

TEST_CASE("a validator's own file of keys is a second source, of which a change of tier alone applies") {
  scratch_folder file;
  auto const     path = file.path() / "api_keys.json";
  write(path, R"({"a": {"key": "key-of-a", "tier": 30}, "b": "key-of-b"})");
  installation at{"v2", {.keys = "ptn = \"" + path.string() + "\"\n"}};
  at.add_sample();
  auto const      own = at.key("own", 50);
  running_program app{at.words()};
  CHECK(ask_as(app, "/miner-positions?tier=50", own).status == 200);
  CHECK(ask_as(app, "/miner-positions", own).status == 403);
  CHECK(ask_as(app, "/miner-positions", "key-of-b").status == 200);
  CHECK(ask_as(app, "/miner-positions?tier=30", "key-of-a").status == 200);
  CHECK(ask_as(app, "/miner-positions?tier=50", "key-of-a").status == 403);
  write(path, R"({"a": {"key": "key-of-a", "tier": 50}, "b": "key-of-b"})");
  CHECK(soon([&] { return ask_as(app, "/miner-positions?tier=50", "key-of-a").status == 200; }));
  write(path, R"({"a": {"key": "key-of-a", "tier": 0})");
  std::this_thread::sleep_for(400ms);
  CHECK(ask_as(app, "/miner-positions?tier=50", "key-of-a").status == 200);
  write(path, R"({"a": {"key": "key-of-a", "tier": 0}})");
  CHECK(soon([&] { return ask_as(app, "/miner-positions?tier=50", "key-of-a").status == 403; }));
  CHECK(soon([&] { return ask_as(app, "/miner-positions", "key-of-b").status == 401; }));
  CHECK(app.stop() == 0);
}
