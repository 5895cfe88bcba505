#include <tensorgate/identity/api_key.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace tensorgate::identity;

namespace {

/// Bytes that count up, from one call to the next.
random_fn counting() {
  return [next = std::uint8_t{0}](std::span<std::byte> out) mutable {
    for (auto& one : out) one = static_cast<std::byte>(next++);
  };
}
constexpr unix_millis now = from_unix_millis(1'760'000'000'000);

}  // namespace

TEST_CASE("a key that was added is found, and its text is nowhere in the file") {
  auto       random = counting();
  auto       file   = new_key_file(random);
  auto const made =
      add_key(file, {.name = "alice", .tier = 30, .rate = parse_allowance("10/s"), .expires = parse_utc("2030-01-01")},
              random, now, "a note");
  REQUIRE(made);
  auto const key = std::string(made->reveal());
  CHECK(key == "tg_202122232425262728292a2b2c2d2e2f30313233");
  auto const text = to_text(file);
  CHECK(text.find(key) == std::string::npos);
  CHECK(text.find(key.substr(3)) == std::string::npos);

  auto const read = parse_key_file(text);
  REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  auto const  table = key_table::of(*read);
  auto const* found = table.find(key);
  REQUIRE(found != nullptr);
  CHECK(found->name == "alice");
  CHECK(found->tier == 30);
  CHECK(found->rate == allowance{10, std::chrono::seconds(1)});
  CHECK(table.find(key.substr(1)) == nullptr);
  CHECK(table.find(key + "0") == nullptr);
  CHECK(table.find("") == nullptr);
  CHECK(table.find(std::string(257, 'a')) == nullptr);
}

TEST_CASE("the same key has another hash in another file") {
  auto random = counting();
  auto one    = new_key_file(random);
  auto two    = new_key_file(random);
  REQUIRE(enter_key(one, {.name = "a"}, "the same key of both", now));
  REQUIRE(enter_key(two, {.name = "a"}, "the same key of both", now));
  CHECK(one.keys[0].hash != two.keys[0].hash);
}

TEST_CASE("the hash is SHA-256 of the salt and the key") {
  key_salt salt{};
  CHECK(to_hex(digest_of(salt, "abc")) == to_hex(crypto::sha256(as_bytes(std::string(32, '\0') + "abc"))));
}

TEST_CASE("names are unique, keys are unique, and both are bounded") {
  auto file = new_key_file(counting());
  REQUIRE(enter_key(file, {.name = "a"}, "k1", now));
  CHECK(enter_key(file, {.name = "a"}, "k2", now).error().code == errc::duplicate_name);
  CHECK(enter_key(file, {.name = "b"}, "k1", now).error().code == errc::known_key);
  CHECK(enter_key(file, {.name = ""}, "k2", now).error().code == errc::bad_name);
  CHECK(enter_key(file, {.name = "x\ny"}, "k2", now).error().code == errc::bad_name);
  CHECK(enter_key(file, {.name = std::string(129, 'x')}, "k2", now).error().code == errc::bad_name);
  CHECK(enter_key(file, {.name = "b"}, "", now).error().code == errc::bad_key);
  CHECK(enter_key(file, {.name = "b"}, std::string(max_key_size + 1, 'k'), now).error().code == errc::bad_key);
  CHECK(revoke_key(file, "b").error().code == errc::unknown_name);
  CHECK(revoke_key(file, "a"));
  CHECK(file.keys.empty());
}

TEST_CASE("a key is expired from its moment on, which is an argument") {
  key_grant const grant{.name = "a", .expires = parse_utc("2025-10-09T08:53:20Z")};
  CHECK(!grant.is_expired(now - std::chrono::milliseconds(1)));
  CHECK(grant.is_expired(now));
  CHECK(!key_grant{.name = "b"}.is_expired(now));
}

TEST_CASE("of two entries with one key the lower tier stays") {
  key_salt const  salt{};
  key_table const table(salt, {{digest_of(salt, "k"), {.name = "high", .tier = 100}},
                               {digest_of(salt, "k"), {.name = "low", .tier = 0}},
                               {digest_of(salt, "k"), {.name = "mid", .tier = 50}}});
  CHECK(table.size() == 1);
  CHECK(table.find("k")->name == "low");
}

TEST_CASE("ten thousand keys are each found") {
  key_salt const                salt{};
  std::vector<key_table::entry> entries;
  for (int i = 0; i != 10'000; ++i)
    entries.push_back({digest_of(salt, "key" + std::to_string(i)), {.name = std::to_string(i)}});
  key_table const table(salt, std::move(entries));
  for (int i = 0; i < 10'000; i += 7) CHECK(table.find("key" + std::to_string(i))->name == std::to_string(i));
  CHECK(table.find("key10000") == nullptr);
}

TEST_CASE("a file that is not one is refused with the place") {
  auto const problem = [](std::string_view text) {
    auto const read = parse_key_file(text);
    return read ? std::string{} : read.error().path;
  };
  std::string const salt = R"("salt":")" + std::string(64, 'a') + "\"";
  CHECK(parse_key_file("{\"version\":1," + salt + ",\"keys\":[]}"));
  CHECK(problem("{\"version\":2," + salt + ",\"keys\":[]}") == "/version");
  CHECK(problem("{\"version\":1,\"salt\":\"aa\",\"keys\":[]}") == "/salt");
  CHECK(!parse_key_file("{\"version\":1," + salt + "}"));
  CHECK(!parse_key_file("{\"version\":1," + salt + ",\"keys\":[{\"name\":\"a\",\"hash\":\"zz\"}]}"));
  CHECK(!parse_key_file("{\"version\":1," + salt + ",\"keys\":[{\"name\":\"\",\"hash\":\"" + std::string(64, '0') +
                        "\"}]}"));
  CHECK(!parse_key_file(""));
}
