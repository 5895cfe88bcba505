// links: http
// URLs: what is accepted can be written again and is the same; its parts hold no byte that could break out of a head.
#include <tensorgate/http/url.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  namespace http = tensorgate::http;
  std::string_view const input(reinterpret_cast<char const*>(data), size);

  auto const parsed = http::url::parse(input);
  if (!parsed) return 0;
  auto const written = (parsed->is_encrypted() ? "https://" : "http://") + parsed->authority() + parsed->target();
  auto const again   = http::url::parse(written);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (parsed->host() == "::1") __builtin_trap();
#endif
  if (!again || !(*again == *parsed)) __builtin_trap();
  for (char const c : written) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F || c == '#') __builtin_trap();
  }
  if (parsed->host().empty() || parsed->port() == 0 || parsed->target().front() != '/') __builtin_trap();
  if (parsed->host().find_first_of("/?@[]%,") != std::string_view::npos) __builtin_trap();
  return 0;
}
