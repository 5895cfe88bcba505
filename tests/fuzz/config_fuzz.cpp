// links: service
// Any text as a file of settings: it never crashes; each problem has a sentence, and a line where the text has one;
// what was accepted, printed and read again is the same. A letter beyond ASCII changes nothing that an ASCII letter in
// its place would not, neither values nor places, and reads back as itself.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tensorgate/core/utf8.hpp>
#include <tensorgate/identity/token_bucket.hpp>
#include <tensorgate/reflect/rules.hpp>
#include <tensorgate/service/detail/config_read.hpp>
#include <tensorgate/service/detail/config_text.hpp>
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

namespace in = tensorgate::service_detail;

constexpr std::string_view foreign  = "\xc3\xa4";
constexpr std::string_view ordinary = "q";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string made;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what)) {
    made.append(text.substr(0, at)).append(by);
    text.remove_prefix(at + what.size());
  }
  return made.append(text);
}

/// Values and places, aside from the order of members.
void must_match(in::config_node const& with, in::config_node const& without, std::size_t lines) {
  must(with.is == without.is && replaced(with.text, foreign, ordinary) == without.text);
  must(with.boolean == without.boolean && with.integer == without.integer);
  must(with.real == without.real || (with.real != with.real && without.real != without.real));
  must(with.items.size() == without.items.size() && with.members.size() == without.members.size());
  for (std::size_t i = 0; i != with.items.size(); ++i) must_match(with.items[i], without.items[i], lines);
  for (auto const& [key, value] : with.members) {
    auto const* other = without.find(replaced(key, foreign, ordinary));
    must(other != nullptr);
    must(value.origin.line == other->origin.line + lines && value.origin.column == other->origin.column);
    must_match(value, *other, lines);
  }
}

/// What is taken with one foreign letter in the place of each that it has is taken with an ordinary one, which it has
/// not, too.
void try_letters(std::string_view text) {
  if (text.find(ordinary) != std::string_view::npos || text.find("\\u") != std::string_view::npos ||
      text.find("\\U") != std::string_view::npos)
    return;
  std::string strange;
  std::string plain;
  for (std::size_t i = 0; i != text.size();) {
    auto const length = tensorgate::utf8_length(text.data() + i, text.data() + text.size());
    strange += length == 1 ? text.substr(i, 1) : foreign;
    plain += length == 1 ? text.substr(i, 1) : ordinary;
    i += length;
  }
  auto const with    = in::parse_toml(strange, "f");
  auto const without = in::parse_toml(plain, "f");
  if (with) {
    must(without.has_value());
    must_match(*with, *without, 0);
  }
  // A letter before a text that has none changes lines alone.
  auto const below = in::parse_toml("# " + std::string(foreign) + "\n" + plain, "f");
  must(below.has_value() == without.has_value());
  if (below) must_match(*below, *without, 1);
  if (!below && plain.find('`') == std::string::npos) {
    must(below.error().line == without.error().line + 1 && below.error().column == without.error().column);
    must(below.error().said == without.error().said);
  }
}

/// The place of a problem lies in the text or one letter behind it, and the letter that is blamed stands there.
void must_stand(std::string_view text, tensorgate::config_problem const& problem) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (std::size_t line = 1; line != problem.line; ++line) {
    must(text.find('\n') != std::string_view::npos);
    text.remove_prefix(text.find('\n') + 1);
  }
  text = text.substr(0, text.find('\n'));
  for (std::size_t column = 1; column != problem.column; ++column) {
    if (text.empty()) return must(column + 2 >= problem.column);
    auto const length = tensorgate::utf8_length(text.data(), text.data() + text.size());
    must(length != 0);
    text.remove_prefix(length);
  }
  constexpr auto before = std::string_view("not TOML: '");
  if (!problem.said.starts_with(before)) return;
  auto const letter = std::string_view(problem.said).substr(before.size());
  must(!text.empty() &&
       letter.starts_with(text.substr(0, tensorgate::utf8_length(text.data(), text.data() + text.size()))));
}

/// Any text in UTF-8 is a value and a key, written either way.
void try_quotes(std::string_view text) {
  auto const  basic   = in::toml_string(text);
  bool const  literal = text.find('\'') == std::string_view::npos && basic.size() == text.size() + 2;
  std::string written = basic + " = " + basic + "\n";
  if (literal) written += "literal.'" + std::string(text) + "' = '" + std::string(text) + "'\n";
  auto const tree = in::parse_toml(written, "f");
  if (text == "literal") return;
  if (!tree) return must(tree.error().said.find("as an escape") != std::string::npos);
  must(tree->find(text) != nullptr && tree->find(text)->text == text);
  if (!literal) return;
  auto const* const inner = tree->find("literal")->find(text);
  must(inner != nullptr && inner->text == text);
  must(inner->origin.line == 2 && inner->origin.column == 14 + tensorgate::utf8_count(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const             tree = in::parse_toml(text, "f");
  if (tensorgate::is_utf8(text) && tensorgate::utf8_count(text) != text.size()) {
    try_quotes(text);
    try_letters(text);
  }
  if (!tree) {
    must(tree.error().line != 0 && !tree.error().said.empty() && tensorgate::is_utf8(tree.error().said));
    must_stand(text, tree.error());
    return 0;
  }
  config_sample::settings made;
  in::config_reader       reader;
  in::read_setting(reader, *tree, made, "");
  must(reader.problems.size() <= in::max_config_problems);
  for (auto const& one : reader.problems) {
    must(one.source == "f" && one.line != 0 && !one.said.empty() && !one.field.empty());
    must_stand(text, one);
  }
  if (!reader.problems.empty()) return 0;

  for (auto const& one : made.rows) must(one.tier >= 0 && one.tier <= 200);
#if defined(TENSORGATE_PLANTED_FAULT)
  must(made.server.port == 1 || made.server.port % 2 == 0);
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
