#include <tensorgate/ops/access_log.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "support/request_of.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using test::request_of;

namespace {

struct folder {
  std::string name = "/tmp/tensorgate-access-log-test-XXXXXX";
  folder() { REQUIRE(::mkdtemp(name.data()) != nullptr); }
  ~folder() { std::filesystem::remove_all(name); }
  folder(folder const&)                              = delete;
  folder&                   operator=(folder const&) = delete;
  [[nodiscard]] std::string file(std::string const& of = "access.log") const { return name + "/" + of; }
};
std::string read(std::string const& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}
void fill(http::request& r) {
  r.id               = "id-1";
  r.record.route     = "/a/{id}";
  r.record.caller    = "alice";
  r.record.code      = http::status::ok;
  r.record.bytes_in  = 5;
  r.record.bytes_out = 1234;
  r.record.ended     = std::chrono::steady_clock::now();
  r.record.began     = r.record.ended - 1500us;
}
/// The line that one request makes.
std::string line_of(ops::log_options options, std::string_view lines, std::string_view client = "192.0.2.1") {
  folder const in;
  options.access = in.file();
  ops::access_log log(options, 1);
  REQUIRE(log.start());
  request_of q(lines, {}, client);
  fill(q.r);
  log.finished(q.r);
  log.stop();
  CHECK(log.written() == 1);
  return read(in.file());
}
std::string after(std::string const& text, std::string_view mark) {
  auto const at = text.find(mark);
  return at == std::string::npos ? std::string("(nothing)") : text.substr(at);
}

}  // namespace

TEST_CASE("a line of JSON says who asked what, and how it went") {
  auto const line = line_of({}, "GET /a/7?tier=30&x=y HTTP/1.1\nUser-Agent: curl/7\n");
  CHECK(line.starts_with("{\"time\":\"20"));
  CHECK(line[33] == '"');  // 2026-11-21T12:31:44.870Z
  CHECK(
      after(line, ",\"client\"") ==
      R"(,"client":"192.0.2.1","method":"GET","path":"/a/7","query":"tier&x","status":200,"us":1500,"in":5,"out":1234,"route":"/a/{id}","caller":"alice","id":"id-1","agent":"curl/7"})"
      "\n");
}

TEST_CASE("lines of one kind have each their own figures") {
  folder const    in;
  ops::access_log log({.access = in.file()}, 1);
  REQUIRE(log.start());
  request_of q("GET /a/7 HTTP/1.1\n");
  fill(q.r);
  auto const say = [&](std::chrono::microseconds took, std::uint64_t bytes_in, std::uint64_t bytes_out) {
    q.r.record.began     = q.r.record.ended - took;
    q.r.record.bytes_in  = bytes_in;
    q.r.record.bytes_out = bytes_out;
    log.finished(q.r);
  };
  say(0us, 0, 130);
  q.r.id.assign(std::uint64_t{0x0123456789abcdef});
  std::string const number{std::string_view(q.r.id)};
  say(7us, 0, 130);
  q.r.record.ended -= 2s;
  say(12'345'678us, 0, 130);
  q.r.id = "\"" + std::string(127, 'i');
  say(99us, 18'446'744'073'709'551'615U, 130);
  say(99us, 1, 4'294'967'296U);
  q.r.id = "";
  say(1us, 1, 4'294'967'296U);
  log.stop();

  std::vector<std::string> lines;
  std::istringstream       text(read(in.file()));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  REQUIRE(lines.size() == 6);
  std::string const begin = R"(,"client":"192.0.2.1","method":"GET","path":"/a/7","status":200,"us":)";
  std::string const end   = R"(,"route":"/a/{id}","caller":"alice")";
  std::string const named = end + R"(,"id":"\")" + std::string(127, 'i') + "\"}";
  auto const        said  = [&](std::size_t at) { return after(lines[at], ",\"client\""); };
  CHECK(said(0) == begin + R"(0,"in":0,"out":130)" + end + R"(,"id":"id-1"})");
  CHECK(said(1) == begin + R"(7,"in":0,"out":130)" + end + R"(,"id":")" + number + "\"}");
  CHECK(said(2) == begin + R"(12345678,"in":0,"out":130)" + end + R"(,"id":")" + number + "\"}");
  CHECK(said(3) == begin + R"(99,"in":18446744073709551615,"out":130)" + named);
  CHECK(said(4) == begin + R"(99,"in":1,"out":4294967296)" + named);
  CHECK(said(5) == begin + R"(1,"in":1,"out":4294967296)" + end + "}");
  CHECK(lines[0].substr(0, 34) == lines[1].substr(0, 34));
  CHECK(lines[1].substr(0, 29) != lines[2].substr(0, 29));
}

TEST_CASE("what is not of the head is told anew though the head comes again") {
  folder const    in;
  ops::access_log log({.access = in.file()}, 1);
  REQUIRE(log.start());
  request_of q("GET /a/7 HTTP/1.1\n");
  fill(q.r);
  q.r.repeats = 77;
  std::vector<std::string> marks;
  auto const               say = [&](std::string_view mark) {
    log.finished(q.r);
    log.finished(q.r);
    marks.insert(marks.end(), 2, std::string(mark));
  };
  say(R"("status":200)");
  q.r.record.code = http::status::not_found;
  say(R"("status":404)");
  q.r.record.route = "/b/{id}";
  say(R"("route":"/b/{id}")");
  q.r.record.caller = "bobby";
  say(R"("caller":"bobby")");
  q.r.record.limit_hit = "body";
  say(R"("limit":"body")");
  q.r.record.refusal = "no_key";
  say(R"("refusal":"no_key")");
  q.r.client = net::address::v4(0x01020304);
  say(R"("client":"1.2.3.4")");
  q.r.peer.encrypted = true;
  say(R"("tls":true)");
  q.r.record.cut_off = true;
  say(R"("cut_off":true)");
  request_of p("GET /c/8 HTTP/1.1\n");
  fill(p.r);
  p.r.repeats = 78;
  log.finished(p.r);
  marks.emplace_back(R"("path":"/c/8")");
  log.stop();

  std::istringstream text(read(in.file()));
  std::size_t        at = 0;
  for (std::string line; std::getline(text, line); ++at) {
    REQUIRE(at < marks.size());
    CHECK(line.find(marks[at]) != std::string::npos);
  }
  CHECK(at == marks.size());
}

TEST_CASE("a line of text is in the combined format") {
  auto const line =
      line_of({.format = ops::log_form::text}, "GET /a/7?tier=30 HTTP/1.0\nUser-Agent: curl/7\n", "2001:db8::1");
  CHECK(line.starts_with("2001:db8::1 - alice ["));
  CHECK(after(line, " +0000]") ==
        " +0000] \"GET /a/7?tier HTTP/1.0\" 200 1234 \"-\" \"curl/7\" us=1500 in=5 id=id-1\n");
}

TEST_CASE("of a request whose target is none a line of text has a dash there") {
  folder const    in;
  ops::access_log log({.access = in.file(), .format = ops::log_form::text}, 1);
  REQUIRE(log.start());
  http::request broken;
  fill(broken);
  log.finished(broken);
  log.stop();
  CHECK(read(in.file()).find(" - HTTP/1.") != std::string::npos);
}

TEST_CASE("no secret gets into a line") {
  for (auto const form : {ops::log_form::json, ops::log_form::text}) {
    auto const line = line_of({.format = form},
                              "GET /a?api_key=SECRET&SECRET&t=SECRET HTTP/1.1\nAuthorization: Bearer "
                              "SECRET\nX-API-Key: SECRET\nCookie: SECRET\nReferer: SECRET\n");
    CHECK(line.find("SECRET") == std::string::npos);
    CHECK(line.find("api_key&t") != std::string::npos);
  }
  CHECK(line_of({.query = ops::query_words::none}, "GET /a?x=1 HTTP/1.1\n").find("query") == std::string::npos);
  CHECK(line_of({.query = ops::query_words::full}, "GET /a?x=1 HTTP/1.1\n").find("\"query\":\"x=1\"") !=
        std::string::npos);
  CHECK(line_of({.agent = false}, "GET /a HTTP/1.1\nUser-Agent: curl\n").find("curl") == std::string::npos);
}

TEST_CASE("a peer's bytes neither end a line nor close a quote") {
  std::string const agent = "a\"b\\c\xc3\xa4\tq";
  auto const        json  = line_of({}, "GET / HTTP/1.1\nUser-Agent: " + agent + "\n");
  CHECK(json.find(R"("agent":"a\"b\\c\u00c3\u00a4\u0009q")") != std::string::npos);
  auto const text = line_of({.format = ops::log_form::text}, "GET / HTTP/1.1\nUser-Agent: " + agent + "\n");
  CHECK(text.find(R"("a\"b\\c\xc3\xa4\x09q")") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("long texts are cut") {
  auto const line = line_of({}, "GET /" + std::string(5000, 'p') + "?" + std::string(2000, 'q') +
                                    "=1 HTTP/1.1\nUser-Agent: " + std::string(3000, 'a') + "\n");
  CHECK(line.find(std::string(2047, 'p')) != std::string::npos);
  CHECK(line.find(std::string(2048, 'p')) == std::string::npos);
  CHECK(line.size() < 4096);
}

TEST_CASE("after a rotation a reopen writes to the new file, and nothing is lost") {
  folder const    in;
  ops::access_log log({.access = in.file()}, 1);
  REQUIRE(log.start());
  request_of q("GET /before HTTP/1.1\n");
  fill(q.r);
  log.finished(q.r);
  std::filesystem::rename(in.file(), in.file("old"));
  REQUIRE(log.reopen());
  for (int i = 0; i != 500 && !std::filesystem::exists(in.file()); ++i) std::this_thread::sleep_for(10ms);
  std::this_thread::sleep_for(150ms);
  request_of p("GET /after HTTP/1.1\n");
  fill(p.r);
  log.finished(p.r);
  log.stop();
  CHECK(log.written() == 2);
  CHECK((read(in.file("old")) + read(in.file())).find("/before") != std::string::npos);
  CHECK(read(in.file()).find("/after") != std::string::npos);
}

TEST_CASE("a reopen that fails keeps the file in use") {
  folder const in;
  std::filesystem::create_directory(in.name + "/sub");
  ops::access_log log({.access = in.name + "/sub/log"}, 1);
  REQUIRE(log.start());
  std::filesystem::rename(in.name + "/sub", in.name + "/gone");
  CHECK(!log.reopen());
  request_of q("GET /x HTTP/1.1\n");
  fill(q.r);
  log.finished(q.r);
  log.stop();
  CHECK(read(in.name + "/gone/log").find("/x") != std::string::npos);
}

TEST_CASE("a file that cannot be opened is told at the start, and off is off") {
  ops::access_log bad({.access = "/nonexistent/folder/log"}, 1);
  auto const      started = bad.start();
  REQUIRE(!started);
  CHECK(started.error().code == std::errc::no_such_file_or_directory);
  ops::access_log off({.access = "off"}, 1);
  REQUIRE(off.start());
  request_of q("GET / HTTP/1.1\n");
  off.finished(q.r);
  CHECK(off.written() + off.dropped() + off.failed() == 0);
}

TEST_CASE("a full disk loses lines, counts them, and the log goes on when there is room") {
  // /dev/full answers every write with ENOSPC.
  ops::access_log log({.access = "/dev/full"}, 1);
  REQUIRE(log.start());
  request_of q("GET / HTTP/1.1\n");
  fill(q.r);
  for (int i = 0; i != 10; ++i) log.finished(q.r);
  log.stop();
  CHECK(log.failed() == 10);
  CHECK(log.written() == 0);
}

TEST_CASE("a writer that does not keep up drops lines and counts them; what is written is whole") {
  folder const    in;
  ops::access_log log({.access = in.file(), .buffer = 65'536}, 1);
  request_of      q("GET /" + std::string(1000, 'x') + " HTTP/1.1\n");
  fill(q.r);
  REQUIRE(log.start());
  constexpr int count = 20'000;
  for (int i = 0; i != count; ++i) log.finished(q.r);
  log.stop();
  CHECK(log.written() + log.dropped() == count);
  auto const text = read(in.file());
  CHECK(std::count(text.begin(), text.end(), '\n') == static_cast<std::ptrdiff_t>(log.written()));
  auto const         first = text.substr(text.find(",\"client\""), text.find('\n') - text.find(",\"client\""));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) REQUIRE(after(line, ",\"client\"") == first);
}

TEST_CASE("loops write side by side") {
  folder const             in;
  ops::access_log          log({.access = in.file()}, 2);
  std::vector<std::thread> loops;
  REQUIRE(log.start());
  for (std::size_t loop = 0; loop != 2; ++loop) {
    loops.emplace_back([&log, loop] {
      request_of q("GET /loop HTTP/1.1\n");
      fill(q.r);
      q.r.record.loop = loop;
      for (int i = 0; i != 1000; ++i) log.finished(q.r);
    });
  }
  for (auto& one : loops) one.join();
  log.stop();
  CHECK(log.written() == 2000);
}
