#include <tensorgate/ops/terminal.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace tensorgate;

namespace {
/// A stream that can be written and read back.
struct sheet {
  std::FILE* file = std::tmpfile();
  ~sheet() { std::fclose(file); }
  sheet()                                           = default;
  sheet(sheet const&)                               = delete;
  sheet&                    operator=(sheet const&) = delete;
  [[nodiscard]] std::string text() const {
    std::fflush(file);
    std::rewind(file);
    std::string all;
    for (int one = std::fgetc(file); one != EOF; one = std::fgetc(file)) all.push_back(static_cast<char>(one));
    return all;
  }
  void say(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), file);
    std::rewind(file);
  }
};
}  // namespace

TEST_CASE("a table is as wide as what it holds, counted in letters") {
  ops::text_table table({"name", "tier"});
  table.add({"alice", "100"});
  table.add({"jörg", "0"});
  table.add({"x"});
  CHECK(table.to_text() == "name   tier\nalice  100\njörg   0\nx      \n");
}

TEST_CASE("what could steer a terminal is not printed") {
  CHECK(ops::printable("a\x1b[31mb\nc\x7f\xc2\x9b") == "a?[31mb?c??");
  CHECK(ops::printable("jörg") == "jörg");
  ops::text_table table({"n"});
  table.add({"\x1b]0;title\x07"});
  CHECK(table.to_text().find('\x1b') == std::string::npos);
}

TEST_CASE("colour is only where it is wanted") {
  ops::terminal const plain{};
  CHECK(plain.paint("x", ops::ink::red) == "x");
  ops::terminal const coloured{.colour = true};
  CHECK(coloured.paint("x", ops::ink::red) == "\x1b[31mx\x1b[0m");
  sheet const file;
  CHECK(!ops::terminal::of(file.file).colour);
  CHECK(!ops::terminal::of(file.file).moving);
}

TEST_CASE("progress is a line every tenth where lines cannot be overwritten") {
  sheet const       file;
  ops::progress_bar bar(ops::terminal::of(file.file), "tiers", 200);
  for (std::uint64_t i = 0; i <= 200; ++i) bar.show(i);
  bar.finish();
  auto const text = file.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 11);
  CHECK(text.starts_with("tiers: 0 %\n"));
  CHECK(text.ends_with("tiers: 100 %\n"));
}

TEST_CASE("questions take yes, no, and the end of the input") {
  sheet const         out;
  ops::terminal const screen{.out = out.file};
  auto const          ask = [&](std::string_view typed, bool otherwise) {
    sheet const in;
    in.say(typed);
    return ops::ask_yes_no(screen, "sure?", otherwise, in.file);
  };
  CHECK(ask("y\n", false));
  CHECK(ask("yes\n", false));
  CHECK(!ask("n\n", true));
  CHECK(ask("\n", true));
  CHECK(!ask("\n", false));
  CHECK(ask("", true));
  CHECK(ask("what\ny\n", false));
  CHECK(!ask("a\nb\nc\nd\n", true));
}

TEST_CASE("a secret is read from what is no terminal too") {
  sheet const         out;
  sheet const         in;
  ops::terminal const screen{.out = out.file};
  in.say("hunter2\r\nrest");
  auto const secret = ops::ask_hidden(screen, "key: ", in.file);
  REQUIRE(secret);
  CHECK(secret->reveal() == "hunter2");
  CHECK(ops::read_line(in.file) == "rest");
  CHECK(!ops::ask_hidden(screen, "key: ", in.file));
}
