#include <tensorgate/auth/api_key.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/quiet_parts.hpp"
#include "support/request_of.hpp"

using namespace tensorgate;
using namespace std::chrono_literals;
using test::request_of;

namespace {

constexpr std::string_view key_alice = "a key of alice";
constexpr std::string_view key_bob   = "a key of bob";

/// A folder with a file of two keys: alice (tier 100), bob (tier 30, expires 2026-01-01, 2/min).
struct fixture {
  std::string        folder = "/tmp/tensorgate-api-key-test-XXXXXX";
  unix_millis        now    = from_unix_millis(1'760'000'000'000);
  identity::key_file keys;
  test::quiet_parts  parts;

  fixture() {
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    keys = identity::new_key_file(system_random);
    REQUIRE(identity::enter_key(keys, {.name = "alice", .tier = 100}, key_alice, now));
    REQUIRE(identity::enter_key(keys,
                                {.name    = "bob",
                                 .tier    = 30,
                                 .rate    = identity::parse_allowance("2/min"),
                                 .expires = identity::parse_utc("2026-01-01")},
                                key_bob, now));
    write_keys();
  }
  ~fixture() { std::filesystem::remove_all(folder); }
  fixture(fixture const&)            = delete;
  fixture& operator=(fixture const&) = delete;

  [[nodiscard]] std::string file() const { return folder + "/keys.json"; }
  [[nodiscard]] std::string ptn() const { return folder + "/api_keys.json"; }
  void                      write_keys() const { REQUIRE(store::write_file(file(), identity::to_text(keys), 0600)); }
  void                      write_ptn(std::string_view text) const { REQUIRE(store::write_file(ptn(), text, 0600)); }

  [[nodiscard]] auth::api_keys_options options() const { return {.file = file(), .poll = 10ms}; }
  [[nodiscard]] auth::key_surroundings around() {
    return {.command = "sample keys add NAME", .clock = [this] { return now; }, .random = system_random};
  }
};

std::string bearer(std::string_view key, std::string_view target = "/") {
  return "GET " + std::string(target) + " HTTP/1.1\nAuthorization: Bearer " + std::string(key) + "\n";
}

/// Waits for what the watcher does, at most five seconds.
bool soon(std::function<bool()> const& holds) {
  for (int i = 0; i != 500; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

TEST_CASE("a good key is let in, and the handler learns whose it is") {
  fixture        f;
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::bearer, auth::key_place::header}, f.around());
  REQUIRE(f.parts.all.size() == 1);
  REQUIRE(f.parts.all[0].start());
  request_of q(bearer(key_alice));
  REQUIRE(q.sound);
  auto const who = keys.admit(q.r);
  REQUIRE(who);
  CHECK(who->name == "alice");
  CHECK(who->tier == 100);
  CHECK(q.r.record.caller == "alice");
  CHECK(keys.needs() == http::guard_needs::head);
  CHECK(q.answer_field("Cache-Control") == "private, no-cache");

  SUBCASE("the scheme in any case, the rest after one blank is the key") {
    for (std::string const scheme : {"bearer ", "BEARER ", "bEaReR "})
      CHECK(keys.admit(request_of("GET / HTTP/1.1\nAuthorization: " + scheme + std::string(key_alice) + "\n").get()));
    CHECK(!keys.admit(request_of("GET / HTTP/1.1\nAuthorization: Bearer  " + std::string(key_alice) + "\n").get()));
    CHECK(!keys.admit(request_of("GET / HTTP/1.1\nAuthorization: " + std::string(key_alice) + "\n").get()));
    CHECK(!keys.admit(request_of("GET / HTTP/1.1\nAuthorization: Basic " + std::string(key_alice) + "\n").get()));
    CHECK(!keys.admit(request_of("GET / HTTP/1.1\nAuthorization: Bearer\n").get()));
  }
  SUBCASE("the named field") {
    CHECK(keys.admit(request_of("GET / HTTP/1.1\nX-API-Key: " + std::string(key_alice) + "\n").get()));
    CHECK(!keys.admit(request_of("GET / HTTP/1.1\nX-API-Key: nope\n").get()));
  }
  SUBCASE("two fields that may hold a key are refused, for a proxy might look at the other one") {
    CHECK(!keys.admit(request_of(bearer(key_alice) + "Authorization: Bearer x\n").get()));
    auto const good = "X-API-Key: " + std::string(key_alice) + "\n";
    for (std::string const other : {"x-api-key: other\n", "X-API-Key:\n"}) {
      CAPTURE(other);
      CHECK(!keys.admit(request_of("GET / HTTP/1.1\n" + good + other).get()));
      CHECK(!keys.admit(request_of("GET / HTTP/1.1\n" + other + good).get()));
    }
  }
  SUBCASE("a body does not matter where it is not asked for") {
    CHECK(!keys.admit(request_of("GET / HTTP/1.1\n", R"({"api_key":"a key of alice"})").get()));
  }
  f.parts.all[0].stop();
}

TEST_CASE("a refusal is a 401 with a challenge, and says in the record why") {
  fixture        f;
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::bearer}, f.around());
  REQUIRE(f.parts.all[0].start());
  request_of none("GET / HTTP/1.1\n");
  auto       refused = keys.admit(none.r);
  REQUIRE(!refused);
  CHECK(refused.error().code == http::errc::unauthorized);
  CHECK(none.answer_field("WWW-Authenticate") == "Bearer realm=\"api\"");
  CHECK(none.r.record.refusal == "no key");
  CHECK(none.r.record.caller.empty());
  request_of wrong(bearer("nope"));
  CHECK(!keys.admit(wrong.r));
  CHECK(wrong.answer_field("WWW-Authenticate") == "Bearer realm=\"api\", error=\"invalid_token\"");
  CHECK(wrong.r.record.refusal == "unknown key");
}

TEST_CASE("a key has its rate, and ends at its moment") {
  fixture        f;
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::bearer}, f.around());
  REQUIRE(f.parts.all[0].start());
  auto const ask = [&](steady_point at) {
    request_of q(bearer(key_bob));
    q.r.record.began = at;
    auto const who   = keys.admit(q.r);
    return std::tuple(who.has_value(), who ? std::error_code{} : who.error().code,
                      q.answer_field("RateLimit-Remaining").value_or(""), q.answer_field("Retry-After").value_or(""));
  };
  steady_point const start{1000s};
  CHECK(ask(start) == std::tuple(true, std::error_code{}, "1", ""));
  CHECK(ask(start) == std::tuple(true, std::error_code{}, "0", ""));
  CHECK(ask(start) == std::tuple(false, make_error_code(http::errc::too_many_requests), "0", "30"));
  CHECK(ask(start + 30s) == std::tuple(true, std::error_code{}, "0", ""));
  f.now = from_unix_millis(1'767'225'600'000);  // 2026-01-01
  request_of late(bearer(key_bob));
  late.r.record.began = start + 100s;
  CHECK(keys.admit(late.r).error().code == http::errc::unauthorized);
  CHECK(late.r.record.refusal == "expired key");
}

TEST_CASE("a key in the body of a GET, as the seed's clients send it") {
  fixture        f;
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::body, auth::key_place::bearer}, f.around());
  REQUIRE(f.parts.all[0].start());
  CHECK(keys.needs() == http::guard_needs::body);
  CHECK(keys.body_limit() == 256 * 1024);
  auto const code = [&](std::string body, std::string lines = "GET / HTTP/1.1\n") {
    auto const who = keys.admit(request_of(lines, std::move(body)).get());
    return who ? std::error_code{} : who.error().code;
  };
  auto const good         = std::error_code{};
  auto const unauthorized = make_error_code(http::errc::unauthorized);
  auto const bad_body     = make_error_code(http::errc::bad_body);
  CHECK(code(R"({"api_key":"a key of alice"})") == good);
  CHECK(code(R"({"x":[1,{"y":2}],"api_key":"a key of alice"})") == good);
  CHECK(code(R"({"api_key":"nope"})") == unauthorized);
  CHECK(code("{}") == unauthorized);
  CHECK(code("") == unauthorized);
  CHECK(code("[]") == unauthorized);
  CHECK(code("\"a key of alice\"") == unauthorized);
  CHECK(code(R"({"api_key":5})") == unauthorized);
  CHECK(code(R"({"api_key":null})") == unauthorized);
  CHECK(code(R"({"api_key":["a key of alice"]})") == unauthorized);
  CHECK(code("{bad") == bad_body);
  CHECK(code("{}{}") == bad_body);
  SUBCASE("the body's key wins over the field's") {
    CHECK(code(R"({"api_key":"nope"})", bearer(key_alice)) == unauthorized);
    CHECK(code(R"({"api_key":"a key of alice"})", bearer("nope")) == good);
  }
  SUBCASE("without a key in the body the field is looked at") {
    CHECK(code("{}", bearer(key_alice)) == good);
    CHECK(code("", bearer(key_alice)) == good);
  }
  SUBCASE("a body that is not JSON is told so, whatever the field says") {
    CHECK(code("{bad", bearer(key_alice)) == bad_body);
    CHECK(code("{bad", bearer("nope")) == bad_body);
  }
  SUBCASE("a body that is no object, or a key that is no text, is refused whatever the field says") {
    CHECK(code("[]", bearer(key_alice)) == unauthorized);
    CHECK(code(R"({"api_key":5})", bearer(key_alice)) == unauthorized);
  }
}

TEST_CASE("the second word of Authorization, whatever the first one is") {
  fixture f;
  REQUIRE(identity::enter_key(f.keys, {.name = "word", .tier = 30}, "one-word", f.now));
  f.write_keys();
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::body, auth::key_place::authorization}, f.around());
  REQUIRE(f.parts.all[0].start());
  auto const is_good = [&](std::string const& value) {
    return keys.admit(request_of("GET / HTTP/1.1\nAuthorization: " + value + "\n").get()).has_value();
  };
  for (auto const* value :
       {"Bearer one-word", "bearer one-word", "Token one-word", "Bearer one-word extra", "Bearer  one-word"})
    CHECK(is_good(value));
  for (auto const* value : {"one-word", "Bearer", "Bearer x one-word", "Bearer one-words"}) CHECK(!is_good(value));
}

TEST_CASE("our file is keys.json, unless a validator's is named alone") {
  CHECK(auth::key_file_of({}) == "keys.json");
  CHECK(auth::key_file_of({.ptn = "api_keys.json"}).empty());
  CHECK(auth::key_file_of({.file = "mine.json", .ptn = "api_keys.json"}) == "mine.json");
}

TEST_CASE("without any key the start is refused, and says how one is added") {
  fixture f;
  auto    options = f.options();
  options.file    = f.folder + "/none.json";
  auth::api_keys keys(f.parts, options, {auth::key_place::bearer}, f.around());
  auto const     started = f.parts.all[0].start();
  REQUIRE(!started);
  CHECK(started.error().note.find("sample keys add NAME") != std::string_view::npos);
  CHECK(started.error().code == std::errc::permission_denied);  // for the exit code
  CHECK(started.error().code.message() == "no key is in force");
  CHECK(f.parts.said().find("none.json: No such file or directory") != std::string::npos);
  CHECK(f.parts.said().find("in force stays") == std::string::npos);
}

TEST_CASE("why a start would be refused is known before it, for each file of keys") {
  fixture    f;
  auto const faults_of = [](auth::api_keys_options const& of) {
    std::vector<std::string> all;
    for (auto const& [member, text] : auth::detail::key_faults(of)) all.push_back(std::string(member) + ": " + text);
    return all;
  };
  CHECK(faults_of(f.options()).empty());
  auto const none = f.folder + "/none.json";
  CHECK(faults_of({.file = none, .ptn = none}) ==
        std::vector<std::string>{"file: " + none +
                                     ": No such file or directory; there is no API key that can be read, and nobody "
                                     "could be let in",
                                 "ptn: " + none +
                                     ": No such file or directory; there is no API key that can be read, and nobody "
                                     "could be let in"});
  // One file with keys is enough for a start.
  CHECK(faults_of({.file = f.file(), .ptn = none}).empty());
  f.write_ptn(R"({"u":"a long key of u, good"})");
  CHECK(faults_of({.file = none, .ptn = f.ptn()}).empty());
  CHECK(faults_of({.ptn = f.ptn()}).empty());
  f.write_ptn("{}");
  CHECK(faults_of({.ptn = f.ptn()}) ==
        std::vector<std::string>{"ptn: " + f.ptn() + "; there is no API key, and nobody could be let in"});
  f.write_ptn("{");
  CHECK(faults_of({.ptn = f.ptn()}).front().starts_with("ptn: " + f.ptn() + ": "));
}

TEST_CASE("a changed file is followed; a broken one leaves the keys of before and shows in health") {
  fixture        f;
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::bearer}, f.around());
  auto const&    part = f.parts.all[0];
  REQUIRE(part.start());
  auto const good = [&](std::string_view key) { return keys.admit(request_of(bearer(key)).get()).has_value(); };
  REQUIRE(identity::enter_key(f.keys, {.name = "carol"}, "a key of carol", f.now));
  CHECK(!good("a key of carol"));
  f.write_keys();
  CHECK(soon([&] { return good("a key of carol"); }));
  CHECK(!part.health().degraded);

  REQUIRE(store::write_file(f.file(), "{\"version\":1,", 0600));
  CHECK(soon([&] { return part.health().degraded; }));
  CHECK(good(key_alice));
  CHECK(!part.reload());
  CHECK(f.parts.said().find("keys.json: line 1") != std::string::npos);

  REQUIRE(identity::revoke_key(f.keys, "alice"));
  f.write_keys();
  CHECK(soon([&] { return !good(key_alice); }));
  CHECK(soon([&] { return !part.health().degraded; }));
  CHECK(part.reload());
  part.stop();
}

TEST_CASE("a validator's api_keys.json is a source too, alone or beside ours; of both the lower tier counts") {
  fixture f;
  f.write_ptn(R"({"v":{"key":"a key of alice","tier":30},"w":"a key of w"})");
  auto const options = [&](bool ours) {
    auto made = f.options();
    made.ptn  = f.ptn();
    if (!ours) made.file.clear();
    return made;
  };
  auto const tier = [](auth::api_keys& keys, std::string_view key) {
    auto const who = keys.admit(request_of(bearer(key)).get());
    return who ? who->tier : -1;
  };
  auth::api_keys both(f.parts, options(true), {auth::key_place::bearer}, f.around());
  REQUIRE(f.parts.all[0].start());
  CHECK(tier(both, key_alice) == 30);
  CHECK(tier(both, "a key of w") == 100);
  auth::api_keys alone(f.parts, options(false), {auth::key_place::bearer}, f.around());
  REQUIRE(f.parts.all[1].start());
  CHECK(tier(alone, "a key of w") == 100);
  CHECK(tier(alone, key_bob) == -1);
  f.write_ptn(R"({"v":)");
  CHECK(soon([&] { return f.parts.all[1].health().degraded; }));
  CHECK(tier(alone, "a key of w") == 100);
  f.write_ptn(R"({"w":{"key":"a key of w","tier":0}})");
  CHECK(soon([&] { return tier(alone, "a key of w") == 0; }));
  CHECK(tier(alone, key_alice) == -1);
}

TEST_CASE("the last use of a key is kept over a restart") {
  fixture    f;
  auto const used = f.now;
  {
    auth::api_keys keys(f.parts, f.options(), {auth::key_place::bearer}, f.around());
    REQUIRE(f.parts.all[0].start());
    CHECK(auth::read_last_use(f.file()).empty());
    request_of q(bearer(key_alice));
    q.r.record.began = std::chrono::steady_clock::now();
    REQUIRE(keys.admit(q.r));
    f.parts.all[0].stop();
  }
  auto const kept = auth::read_last_use(f.file());
  REQUIRE(kept.size() == 1);
  CHECK(std::abs(kept.at("alice") - to_unix_millis(used)) <= 2000);
  f.parts.all.clear();
  auth::api_keys keys(f.parts, f.options(), {auth::key_place::bearer}, f.around());
  REQUIRE(f.parts.all[0].start());
  CHECK(keys.last_use() == kept);
}

TEST_CASE("the guard says of itself what a document needs: any one of the places is enough") {
  fixture f;
  using enum auth::key_place;
  auto const described = [&](std::vector<auth::key_place> places) {
    auth::api_keys          keys(f.parts, f.options(), std::move(places), f.around());
    http::openapi_operation about;
    keys.describe(about);
    return about;
  };
  auto const v1 = described({body, bearer});
  REQUIRE(v1.security.size() == 1);
  CHECK(v1.security[0].scheme.starts_with(R"({"type":"http","scheme":"bearer","description":"or the member api_key)"));
  CHECK(v1.responses.size() == 4);
  auto const both = described({bearer, header});
  REQUIRE(both.security.size() == 2);
  CHECK(both.security[0].scheme == R"({"type":"http","scheme":"bearer"})");
  CHECK(both.security[1].scheme == R"({"type":"apiKey","in":"header","name":"X-API-Key"})");
  CHECK(both.security[1].instead);
  CHECK(both.responses.size() == 2);
  CHECK_FALSE(described({header}).security.at(0).instead);
}
