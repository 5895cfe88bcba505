// links: reflect
// JSON written: any bytes as strings and keys, any bits as numbers, give one valid text that reads back as the same
// value (bytes that are not UTF-8 apart), in every style.
#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_slice.hpp>
#include <tensorgate/reflect/json_write.hpp>

#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <cstring>      // memcpy
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

namespace {

namespace reflect = tensorgate::reflect;

struct record {
  std::string                                      name;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<std::int64_t>                        whole;
  std::vector<std::optional<double>>               numbers;

  friend bool operator==(record const&, record const&) = default;
};

void demand(bool holds) {
  if (!holds) __builtin_trap();
}

template <class T>
T take(std::string_view& from) {
  T value{};
  std::memcpy(&value, from.data(), std::min(sizeof(T), from.size()));
  from.remove_prefix(std::min(sizeof(T), from.size()));
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view input(reinterpret_cast<char const*>(data), size);
  record           one;
  one.name = input.substr(0, size / 2);
  for (std::size_t i = 0; i < size / 2; i += 7)
    one.pairs.emplace_back(std::to_string(i) + std::string(input.substr(i, 3)), input.substr(i, 5));
  while (!input.empty()) {
    one.whole.push_back(take<std::int64_t>(input));
    one.numbers.emplace_back(take<double>(input));
  }

  auto written = reflect::write_json(one);
#if defined(TENSORGATE_PLANTED_FAULT)
  if (auto const at = written.find("\\u001b"); at != std::string::npos) written.replace(at, 6, "\x1b");
#endif
  demand(reflect::validate_json(written).has_value());
  auto const read = reflect::read_json<record>(written, {.duplicates = reflect::duplicate_members::last_wins});
  demand(read.has_value() && reflect::write_json(*read) == written);
  demand(read->whole == one.whole && read->numbers.size() == one.numbers.size());
  for (std::size_t i = 0; i != one.numbers.size(); ++i) {
    auto const value = *one.numbers[i];
    demand(value - value != 0 ? !read->numbers[i] : *read->numbers[i] == value);  // not finite: null
  }
  for (reflect::json_style const style : {reflect::json_style{.indent = 2}, {.spaced = true, .ascii = true}}) {
    auto const styled = reflect::restyle_json(written, style);
    demand(*reflect::read_json<record>(styled, {.duplicates = reflect::duplicate_members::last_wins}) == *read);
    demand(reflect::restyle_json(styled, {}).size() >= written.size() &&
           (style.ascii || reflect::restyle_json(styled, {}) == written));
  }
  return 0;
}
