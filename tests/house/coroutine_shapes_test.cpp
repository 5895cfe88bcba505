// tests/house/coroutine_shapes_test.cpp: no source of the project needs a shape that g++ 12.2 miscompiles.
#include "house/coroutine_shapes.hpp"

#include <doctest/doctest.h>

#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

#include "house/tree.hpp"

namespace {

using namespace tensorgate::house;

constexpr std::string_view types = R"(
struct order  { std::string key; std::vector<int> body; };
enum class side { left, right };
struct point  { int x; std::int64_t y; };
struct named  { explicit named(std::string); std::string name; };
class  holder { public: holder(); private: std::string held_; };
)";

/// The rules that `body` breaks, in a coroutine, as text: "R1 R4".
std::string broken_in(std::string_view body) {
  std::string const source =
      std::string(types) + "task<int> f(int n, std::string text) {\n" + std::string(body) + "\n}\n";
  std::string rules;
  for (auto const& one : find_broken_shapes(source)) {
    if (rules.find(one.rule) == std::string::npos) rules += (rules.empty() ? "" : " ") + std::string(one.rule);
  }
  return rules;
}

}  // namespace

TEST_CASE("R1: a condition that awaits is found") {
  CHECK(broken_in("if (co_await g()) co_return 1; co_return 2;") == "R1");
  CHECK(broken_in("if (!(co_await g())) co_return 1;") == "R1");
  CHECK(broken_in("if (!co_await g()) co_return 1;") == "R1");
  CHECK(broken_in("if (n > 1 && co_await g()) { co_return 1; }") == "R1");
  CHECK(broken_in("if (n > 1) co_return 1; else if ((co_await g()).ok) co_return 2;") == "R1");
  CHECK(broken_in("switch ((co_await g()).kind) { case 1: co_return 1; }") == "R1");
}

TEST_CASE("R2: a lambda that captures by value in an awaited call is found") {
  CHECK(broken_in("co_await g([text] { return text; });") == "R2");
  CHECK(broken_in("co_await g([=] { return text; });") == "R2");
  CHECK(broken_in("co_await g(1, [text = std::move(text)]() mutable -> task<void> { co_return; }, use_awaitable);") ==
        "R2");
  CHECK(broken_in("co_await [text]() -> task<int> { co_return 1; }();") == "R2");
  CHECK(broken_in("auto r = co_await co_spawn(ex, [&n, text]() -> task<void> { co_await h(); }, use_awaitable);") ==
        "R2");
  CHECK(broken_in("co_await call([... b = std::move(a)] { return h(b...); });") == "R2");
}

TEST_CASE("R3: such a lambda beside an await is found") {
  CHECK(broken_in("co_spawn(co_await this_coro::executor, [text]() -> task<void> { co_return; }, detached);") == "R3");
  CHECK(broken_in("int r = [text] { return 1; }() + co_await g();") == "R3");
}

TEST_CASE("R4: an aggregate temporary beside an await is found") {
  CHECK(broken_in("co_await put(order{text, {}});") == "R4");
  CHECK(broken_in("co_await put(order{.key = text});") == "R4");
  CHECK(broken_in("co_await put({.key = text});") == "R4");
  CHECK(broken_in("co_await put(order(text, std::vector<int>{}));") == "R4");
  CHECK(broken_in("co_await put(order{});") == "R4");
  CHECK(broken_in("co_await put(body<order>(order{text, {}}));") == "R4");
  CHECK(broken_in("co_await put(std::array<std::string, 2>{text, text});") == "R4");
  CHECK(broken_in("int r = size(order{text, {}}) + co_await g();") == "R4");
  CHECK(broken_in("co_return co_await put(tg::order{text, {}});") == "R4");
  CHECK(broken_in("if (n) co_await put(order{text, {}});") == "R4");
  CHECK(broken_in("co_await put(holder{{text, {}}});") == "R4");
  CHECK(broken_in("co_await put(std::optional<order>{{text, {}}});") == "R4");
  CHECK(broken_in("co_await put(std::pair<int, order>{1, {text, {}}});") == "R4");
  CHECK(broken_in("using alias = order; co_await put(alias{text, std::vector<int>()});") == "R4");
}

TEST_CASE("R4: an aggregate as a coroutine's default argument is found") {
  CHECK(broken_in("} task<int> put(int n, order what = {}) {") == "R4");
  CHECK(broken_in("} asio::awaitable<std::vector<int>> put(order const& what = order{}); void g() {") == "R4");
  CHECK(broken_in("} task<int> put(int n, point what = {}, named other = named(\"\")) {").empty());
}

TEST_CASE("R5: an aggregate initialised by awaits is found") {
  CHECK(broken_in("order o{co_await g(), co_await h()};") == "R5");
  CHECK(broken_in("order o = {co_await g(), {}};") == "R5");
  CHECK(broken_in("auto o = order{co_await g(), {}};") == "R5");
  CHECK(broken_in("co_return order{.key = co_await g()};") == "R5");
  CHECK(broken_in("o = {co_await g(), n};") == "R5");
  CHECK(broken_in("w.o = {co_await g(), n};") == "R5");
  CHECK(broken_in("order a[] = {{co_await g(), n}};") == "R5");
  CHECK(broken_in("std::optional<order> x{{co_await g(), n}};") == "R5");
  CHECK(broken_in("point p = {co_await g(), 1};").empty());
}

TEST_CASE("R6: a choice of class type beside an await is found") {
  CHECK(broken_in("auto t = n ? co_await g() : co_await h();") == "R6");
  CHECK(broken_in("co_await g(n ? named(1) : named(2));") == "R6");
  CHECK(broken_in("auto t = (co_await g()) ? text : other;") == "R6");
  CHECK(broken_in("auto t = n ? std::string{} : co_await h();") == "R6");
}

TEST_CASE("R7: a braced list as an argument beside an await is found") {
  CHECK(broken_in("co_await g({named(1), named(2)});") == "R7");
  CHECK(broken_in("co_await g(1, {text, text});") == "R7");
  CHECK(broken_in("co_await g({});") == "R7");
}

TEST_CASE("a shape is found wherever it stands") {
  CHECK(broken_in("auto run = [&]() -> task<void> { if (co_await g()) co_return; }; co_await run();") == "R1");
  CHECK(broken_in("try { co_await put(order{text, {}}); } catch (...) { }") == "R4");
  CHECK(broken_in("switch (n) { case 1: co_await put(order{text, {}}); break; default: break; }") == "R4");
  CHECK(broken_in("while (n) { for (auto x : list) { co_await put(order{text, {}}); } }") == "R4");
  auto const found = find_broken_shapes("task<int> f() {\n  int a = 1;\n  if (co_await g()) co_return 1;\n}\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].line == 3);
}

TEST_CASE("sound shapes are left alone") {
  for (auto const* body : {
           "bool ok = co_await g(); if (!ok) co_return 1;",
           "if (auto got = co_await g()) co_return 1;",
           "if (bool ok = co_await g(); ok) co_return 1;",
           "if (auto k = 1; co_await g(k)) co_return 1;",
           "while (!(co_await g())) ++n;",
           "for (auto& x : co_await list()) n += x;",
           "auto call = [text] { return text; }; co_await g(std::move(call));",
           "co_await g([&] { return text; });",
           "co_await g([&text] { return text; }, [] { return 1; }, [this] { return 2; }, [p = &text] { return 3; });",
           "auto ex = co_await this_coro::executor; co_spawn(ex, [text]() -> task<void> { co_await h(); }, detached);",
           "order o{text, {}}; co_await put(std::move(o));",
           "order o{.key = text}; co_await put(std::move(o));",
           "co_await put(order(std::move(o)));",
           "co_await put(make_order(text), named{text}, holder{}, std::string{text}, std::vector<int>(3));",
           "co_await put(point{1, 2});",
           "co_return order{text, {}};",
           "std::string s{co_await g()}; named m{co_await g()};",
           "int v = n ? co_await g() : 0; auto c = (co_await g()) ? \"a\" : \"b\";",
           "auto t = n ? text : other; co_await g(t);",
           "order both[] = {order{text, {}}}; co_await g(both);",
           "auto const [a, b] = co_await pair(); table[n] = co_await g(); table[n]{};",
           "std::string_view const s = R\"(co_await put(order{a, b}))\"; // co_await put(order{a, b})",
           "auto run = [o = order{text, {}}]() mutable { return std::move(o); };",
           "struct local { int x; }; local l{1}; co_await g(l);",
           "co_await g(n ? side::left : side::right);",
           "for (int v : {1, 2, 3}) n += co_await g(v);",
       }) {
    CAPTURE(body);
    CHECK(broken_in(body) == "");
  }
}

TEST_CASE("no source and no page of the project needs a broken shape") {
  aggregates               known;
  std::vector<std::string> sources;
  std::vector<std::string> names;
  for (auto const* folder : {"include", "apps", "tests", "benchmarks"}) {
    for (auto const& path : files_in(folder, {".hpp", ".cpp"})) {
      names.push_back(path.lexically_relative(root).string());
      sources.push_back(read_file(path));
    }
  }
  std::size_t const files = sources.size();
  for (auto const& page : pages()) {
    for (auto const& block : code_blocks(read_file(page))) {
      if (!block.info.starts_with("cpp")) continue;
      names.push_back(page.lexically_relative(root).string() + ", the block at line " + std::to_string(block.line));
      sources.push_back(block.text);
    }
  }
  REQUIRE(files > 10);
  for (std::size_t i = 0; i != files; ++i) known.read(cpp_tokens(sources[i]));
  for (std::size_t i = 0; i != sources.size(); ++i) {
    for (auto const& one : find_broken_shapes(sources[i], known)) {
      FAIL_CHECK(names[i] << ":" << one.line << ": " << one.rule << " of tests/house/coroutine_shapes.hpp");
    }
  }
}
