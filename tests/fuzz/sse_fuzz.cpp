// links: http
// Server-sent events: whatever the split, the reader sees the same events; and what we write is read back as it was.
#include <tensorgate/http/sse.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <vector>       // vector

namespace {

namespace sse = tensorgate::http::sse;

constexpr std::size_t limit = 64;

struct seen {
  std::vector<std::tuple<std::string, std::string, std::string>> events;
  bool                                                           sound = true;
  std::string                                                    last_id;

  void read(sse::parser& reader, std::string_view bytes) {
    auto const fed =
        reader.feed(bytes, [&](sse::received_event const& e) { events.emplace_back(e.type, e.data, e.id); });
    sound   = fed.has_value();
    last_id = reader.last_id();
  }
  friend bool operator==(seen const&, seen const&) = default;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view const input(reinterpret_cast<char const*>(data) + 2, size - 2);

  seen        whole;
  sse::parser reader(limit);
  whole.read(reader, input);

  // Pieces of two lengths, in turn.
  seen              split;
  sse::parser       piecewise(limit);
  std::size_t const lengths[2] = {data[0] % 7U + 1U, data[1] % 31U + 1U};
  for (std::size_t at = 0, turn = 0; at < input.size(); at += lengths[turn++ % 2]) {
#if defined(TENSORGATE_PLANTED_FAULT)
    if (at != 0 && input[at - 1] == '\r' && input[at] == '\n') piecewise = sse::parser(limit);
#endif
    split.read(piecewise, input.substr(at, lengths[turn % 2]));
    if (!split.sound) break;
  }
  if (!(split == whole)) __builtin_trap();

  // What is written comes back, line ends as LF; and never as more than one event.
  auto const  cut  = input.size() / 2;
  auto const  type = input.substr(0, cut);
  auto const  text = input.substr(cut);
  std::string wire;
  sse::event  one;
  one.type = type;
  one.data = text;
  if (!sse::append_event(wire, one)) {
    if (!wire.empty() || type.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) __builtin_trap();
    return 0;
  }
  std::string normal;
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] == '\r' && i + 1 != text.size() && text[i + 1] == '\n') continue;
    normal.push_back(text[i] == '\r' ? '\n' : text[i]);
  }
  seen        back;
  sse::parser roomy(wire.size() + 1);
  back.read(roomy, wire);
  if (back.events.size() != 1 || std::get<1>(back.events[0]) != normal) __builtin_trap();
  if (std::get<0>(back.events[0]) != (type.empty() ? "message" : type)) __builtin_trap();
  return 0;
}
