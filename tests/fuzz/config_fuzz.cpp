// links: service
// Any text as a file of settings: it never crashes; each problem has a sentence, and a line where the text has one;
// what was accepted, printed and read again is the same.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tensorgate/identity/token_bucket.hpp>
#include <tensorgate/reflect/rules.hpp>
#include <tensorgate/service/detail/config_read.hpp>
#include <tensorgate/service/detail/config_write.hpp>
#include <tensorgate/service/detail/toml.hpp>

namespace config_sample {

enum class level { low, high };

struct row {
  std::string path;
  int         tier = 100;
};
struct inner {
  std::size_t                     body = 1024;
  std::chrono::milliseconds       idle{75'000};
  std::vector<std::string>        names;
  std::uint16_t                   port = 1;
  std::optional<level>            how;
  tensorgate::identity::allowance often{};
};
struct settings {
  inner                      server;
  std::vector<row>           rows;
  std::map<std::string, row> named;
  std::map<std::string, int> counts;
  double                     share = 0.5;
  bool                       on    = true;
  std::vector<std::int64_t>  numbers;
  tensorgate::secret_text    password;
};

}  // namespace config_sample

template <>
struct tensorgate::reflect::describe<config_sample::row> {
  static constexpr auto rules = std::tuple{range<&config_sample::row::tier>(0, 200)};
};

namespace {

void must(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  namespace in = tensorgate::service_detail;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const             tree = in::parse_toml(text, "f");
  if (!tree) {
    must(tree.error().line != 0 && !tree.error().said.empty());
    return 0;
  }
  config_sample::settings made;
  in::config_reader       reader;
  in::read_setting(reader, *tree, made, "");
  must(reader.problems.size() <= in::max_config_problems);
  for (auto const& one : reader.problems)
    must(one.source == "f" && one.line != 0 && !one.said.empty() && !one.field.empty());
  if (!reader.problems.empty()) return 0;

  for (auto const& one : made.rows) must(one.tier >= 0 && one.tier <= 200);
#if defined(TENSORGATE_PLANTED_FAULT)
  must(made.server.port % 10 != 7);
#endif
  auto const printed = in::to_toml(made);
  auto const again   = in::parse_toml(printed, "f");
  must(again.has_value());
  config_sample::settings read;
  in::config_reader       second;
  in::read_setting(second, *again, read, "");
  must(second.problems.empty());
  must(in::to_toml(read) == printed || !made.password.empty());  // a secret is not printed, so it is not read back
  return 0;
}
