// A validator with a server of its own embeds what tensorgate knows of the protocol.
#include <tensorgate/codec.hpp>
#include <tensorgate/core.hpp>
#include <tensorgate/crypto.hpp>
#include <tensorgate/reflect.hpp>
#include <tensorgate/roles/outputs/tiers.hpp>

#include <cstdio>
#include <string>

namespace tg = tensorgate;

struct seen {
  std::string hotkey;
  int         orders = 0;
};

int main() {
  auto const packed = tg::codec::gzip_compress(R"({"hotkey": "5F", "orders": 3})");
  auto const plain  = tg::codec::gzip_decompress(packed, 1024);
  if (!plain) return 1;
  auto const got = tg::reflect::read_json<seen>(*plain);
  if (!got || got->orders != 3) return 1;
  std::puts(tg::to_hex(tg::crypto::sha256(tg::as_bytes(got->hotkey))).c_str());
}
