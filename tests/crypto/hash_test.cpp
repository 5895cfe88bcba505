#include <tensorgate/crypto/hash.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thread>

#include <tensorgate/core/bytes.hpp>
#include <tensorgate/core/hex.hpp>

namespace tg = tensorgate;

namespace {

std::string digest_of(std::string_view text) { return tg::to_hex(tg::crypto::sha256(tg::as_bytes(text))); }

}  // namespace

TEST_CASE("SHA-256 agrees with the examples of FIPS 180-4") {
  CHECK(digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(digest_of(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a digest leaves nothing behind for the next one, on any thread") {
  auto const  before = digest_of("abc");
  std::string there;
  std::thread{[&] { there = digest_of("abc"); }}.join();
  CHECK(digest_of("abc") == before);
  CHECK(there == before);
}
