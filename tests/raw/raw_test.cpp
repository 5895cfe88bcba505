// tests/raw/raw_test.cpp: every raw case, whole, byte by byte and in random pieces.
#include <cstddef>      // size_t
#include <cstdlib>      // getenv
#include <map>          // map
#include <random>       // mt19937, random_device
#include <string>       // string, stoul
#include <string_view>  // string_view

#include <unistd.h>  // usleep

#include <doctest/doctest.h>

#include "cases/all.hpp"  // all_cases
#include "player.hpp"     // player
#include "server.hpp"     // echo_server

using namespace tensorgate::test::raw;

namespace {

// Plays every case; `size_of` says how many bytes the next piece has.
template <class Size>
void play_all(echo_server const& server, Size const& size_of) {
  for (auto const& one : all_cases().all()) {
    player            game(server.port(), one);
    std::string const bytes = game.bytes();
    for (std::size_t at = 0; at < bytes.size();) {
      auto const piece = std::string_view(bytes).substr(at, size_of(bytes.size()));
      game.send(piece);
      at += piece.size();
    }
    auto const wrong = game.judge();
    CHECK_MESSAGE(wrong.empty(), one.group << ": " << one.name << ": " << wrong);
  }
}

}  // namespace

TEST_CASE("raw requests, each in one piece, get what the RFCs say") {
  echo_server server;
  play_all(server, [](std::size_t all) { return all; });
  CHECK(server.stop() == 0);
}

TEST_CASE("raw requests, byte by byte, get the same") {
  echo_server server;
  play_all(server, [](std::size_t all) { return all < 1500 ? 1 : all / 300; });
  CHECK(server.stop() == 0);
}

TEST_CASE("raw requests, in random pieces, get the same") {
  char const* const given = std::getenv("TENSORGATE_SEED");
  auto const        seed  = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  MESSAGE("TENSORGATE_SEED=" << seed);
  std::mt19937 random(seed);
  echo_server  server;
  for (int round = 0; round != 3; ++round) {
    play_all(server, [&](std::size_t all) { return 1 + random() % (all < 2000 ? 40 : all / 20); });
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("bodies in two parts, the first seen alone, are read once") {
  echo_server server;
  for (std::string_view const target : {"/echo", "/stream"}) {
    for (std::string const& whole :
         {chunked("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n", target), sized("abcde", target)}) {
      raw_case const one{.group = "", .name = "", .bytes = whole, .expect = "200 keep", .body = "abcde"};
      for (std::size_t at = whole.find("\r\n\r\n") + 3; at != whole.size(); ++at) {
        player            game(server.port(), one);
        std::string const bytes = game.bytes();
        game.send(std::string_view(bytes).substr(0, at));
        ::usleep(3000);
        game.send(std::string_view(bytes).substr(at));
        auto const wrong = game.judge();
        CHECK_MESSAGE(wrong.empty(), target << " split at " << at << ": " << wrong);
      }
    }
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("the table has cases of every kind, each with a name of its own") {
  std::map<std::string, int> groups;
  std::map<std::string, int> names;
  for (auto const& one : all_cases().all()) {
    ++groups[one.group];
    CHECK_MESSAGE(++names[one.group + ": " + one.name] == 1, one.group << ": " << one.name << " twice");
    CHECK_FALSE(expectation(one.expect).end.empty());
  }
  std::string counts;
  for (auto const& [group, count] : groups) counts += "\n  " + std::to_string(count) + "  " + group;
  MESSAGE(all_cases().all().size() << " raw cases:" << counts);
  CHECK(all_cases().all().size() >= 400);
}
