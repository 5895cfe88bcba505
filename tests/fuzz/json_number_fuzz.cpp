// links: reflect
// Numbers: a double is written as short as std::to_chars writes it, with the same digits, and reads back the same; a
// text that is a number reads as std::from_chars reads it; the three ways through our reader agree.
#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_write.hpp>

#include <array>         // array
#include <bit>           // bit_cast
#include <charconv>      // to_chars, from_chars
#include <cmath>         // isfinite
#include <cstddef>       // size_t
#include <cstdint>       // uint8_t, uint64_t
#include <cstring>       // memcpy
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // errc

namespace {

namespace reflect = tensorgate::reflect;

void demand(bool holds) {
  if (!holds) __builtin_trap();
}

/// Digits without zeros around them, and the power of ten of the last.
std::string plain(std::string_view text) {
  long        exponent = 0;
  auto const  e        = text.find('e');
  std::string digits(text.substr(0, e));
  if (e != std::string_view::npos) exponent = std::stol(std::string(text.substr(e + 1)));
  auto const point = digits.find('.');
  if (point != std::string::npos) {
    exponent -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  return digits.empty() ? "0" : digits + "e" + std::to_string(exponent);
}

void check_double(double value) {
  if (!std::isfinite(value)) return;
  auto written = reflect::write_json(value);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (written.size() > 22) written.pop_back();
#endif
  auto const read = reflect::read_json<double>(written);
  demand(read && std::bit_cast<std::uint64_t>(*read) == std::bit_cast<std::uint64_t>(value));
  std::array<char, 64> other{};
  auto const           size = std::fabs(value);
  auto const end = std::to_chars(other.data(), other.data() + other.size(), size, std::chars_format::scientific).ptr;
  demand(plain(std::string_view(written).substr(written.front() == '-' ? 1 : 0)) ==
         plain({other.data(), static_cast<std::size_t>(end - other.data())}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size >= 8) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, data, 8);
    check_double(std::bit_cast<double>(bits));
    check_double(static_cast<double>(bits % 1000000000) / 1e6);
    check_double(static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits))));
  }

  // Digits, points, signs and exponents out of any bytes.
  static constexpr std::string_view letters = "0123456789012345678901234.-+eE9";
  std::string                       text;
  for (std::size_t i = 0; i != size && i != 64; ++i) text += letters[data[i] % letters.size()];
  double     theirs = 0;
  auto const parsed = std::from_chars(text.data(), text.data() + text.size(), theirs);
  auto const ours   = reflect::read_json<double>(text);
  // Inside a longer text the fast way is taken, at its end the slow one.
  auto const inside =
      reflect::read_json<std::pair<double, std::string>>("[" + text + ",\"" + std::string(64, 'x') + "\"]");
  demand(ours.has_value() == inside.has_value());
  if (ours) {
    demand(std::bit_cast<std::uint64_t>(*ours) == std::bit_cast<std::uint64_t>(inside->first));
    demand(parsed.ptr == text.data() + text.size());
    if (parsed.ec == std::errc{}) {
      demand(std::bit_cast<std::uint64_t>(*ours) == std::bit_cast<std::uint64_t>(theirs));
    } else {
      demand(*ours == 0);  // too small for any double
    }
  }
  auto const whole = reflect::read_json<std::int64_t>(text);
  auto const whole_inside =
      reflect::read_json<std::pair<std::int64_t, std::string>>("[" + text + ",\"" + std::string(64, 'x') + "\"]");
  demand(whole.has_value() == whole_inside.has_value());
  if (whole) {
    demand(*whole == whole_inside->first && (reflect::write_json(*whole) == text || text == "-0"));
  }
  return 0;
}
