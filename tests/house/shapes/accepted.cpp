// tests/house/shapes/accepted.cpp: the coroutine shapes that the project does use, run.
//
// Built by each compiler, with the address sanitizer; both must print the same lines. Every object passed around counts
// its lives: one destroyed twice, or never, shows in the balance behind each name even where the sanitizer is silent.
#include <cstdio>      // printf
#include <functional>  // function
#include <map>         // map
#include <memory>      // unique_ptr, shared_ptr
#include <optional>    // optional
#include <string>      // string
#include <tuple>       // tuple
#include <utility>     // move
#include <variant>     // variant
#include <vector>      // vector

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace {

template <class T>
using task = asio::awaitable<T>;

int alive = 0;

/// Owns memory, and is counted.
struct counted {
  explicit counted(std::string text = "a text too long for the small buffer") : value(std::move(text)) { ++alive; }
  counted(counted const& other) : value(other.value) { ++alive; }
  counted(counted&& other) noexcept : value(std::move(other.value)) { ++alive; }
  counted& operator=(counted const&)     = default;
  counted& operator=(counted&&) noexcept = default;
  ~counted() { --alive; }

  std::string value;
};

struct order {  // an aggregate with something to destroy
  counted          key;
  std::vector<int> body;
};

struct point {  // an aggregate with nothing to destroy
  int x;
  int y;
};

struct options {  // made an ordinary class, so that it may stand as a temporary
  options() = default;
  explicit options(counted given) : name(std::move(given)) {}
  counted name;
};

task<void> pause() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

task<int> number(int n) {
  co_await pause();
  co_return n;
}
task<counted> text(std::string value) {
  co_await pause();
  co_return counted(std::move(value));
}
task<order> made(int n) {
  co_await pause();
  co_return order{counted("from a coroutine, long enough to allocate"), {n, n}};
}
task<int> take(order what) {
  co_await pause();
  co_return static_cast<int>(what.key.value.size() + what.body.size());
}
task<int> look(order const& what) {
  co_await pause();
  co_return static_cast<int>(what.key.value.size());
}
task<int> take_options(options how) {
  co_await pause();
  co_return static_cast<int>(how.name.value.size());
}
task<int> take_point(point where) {
  co_await pause();
  co_return where.x + where.y;
}
task<int> call(std::function<int()> f) {
  co_await pause();
  co_return f();
}
template <class F>
task<int> call_later(F f) {
  co_await pause();
  co_return co_await f();
}
task<std::optional<counted>> maybe(bool some) {
  co_await pause();
  if (!some) co_return std::nullopt;
  co_return counted("here, and long enough to allocate");
}
task<std::tuple<int, counted>> several() {
  co_await pause();
  co_return std::tuple<int, counted>(3, counted());
}
task<std::vector<counted>> list() {
  co_await pause();
  co_return std::vector<counted>(3);
}
order make_order() { return order{counted(), {1, 2, 3}}; }

// --- the shapes: one function each, returning what it saw ---

task<int> named_condition() {
  bool const yes = (co_await number(1)) == 1;
  if (!yes) co_return 0;
  co_return 1;
}
task<int> declared_condition() {
  if (auto got = co_await maybe(true)) co_return static_cast<int>(got->value.size());
  co_return 0;
}
task<int> condition_with_initialiser() {
  if (auto n = co_await number(4); n > 3) co_return n;
  co_return 0;
}
task<int> looped_condition() {
  int n = 0;
  while ((co_await number(n)) < 5) ++n;
  co_return n;
}
task<int> named_switch() {
  auto const kind = co_await number(2);
  switch (kind) {
    case 2: co_return 22;
    default: co_return 0;
  }
}
task<int> named_aggregate() {
  order what{counted(), {1, 2}};
  co_return co_await take(std::move(what));
}
task<int> designated_aggregate() {
  order what{.key = counted(), .body = {1}};
  co_return co_await take(std::move(what));
}
task<int> aggregate_by_reference() {
  order const what{counted(), {1}};
  co_return co_await look(what) + co_await look(what);
}
task<int> aggregate_from_a_function() { co_return co_await take(make_order()); }
task<int> aggregate_moved_into_a_temporary() {
  order what = make_order();
  co_return co_await take(order(std::move(what)));
}
task<int> aggregate_from_a_coroutine() { co_return co_await take(co_await made(2)); }
task<int> awaited_then_aggregate() {
  auto  key  = co_await text("awaited first, on a line of its own");
  auto  size = co_await number(7);
  order what{std::move(key), {size}};
  co_return co_await take(std::move(what));
}
task<int> trivial_aggregate() { co_return co_await take_point(point{1, 2}); }
task<int> class_temporary() {
  co_return co_await take_options(options(counted("a class may be a temporary, braces or not")));
}
task<int> class_temporary_in_braces() {
  co_return co_await take_options(options{counted("so may this one, in its braces")});
}
task<int> named_lambda() {
  counted held;
  auto    f = [held] { return static_cast<int>(held.value.size()); };
  co_return co_await call(std::move(f));
}
task<int> lambda_by_reference() {
  counted held;
  co_return co_await call([&held] { return static_cast<int>(held.value.size()); });
}
task<int> lambda_without_captures() {
  co_return co_await call([] { return 9; });
}
task<int> generic_coroutine_lambda() {
  counted held;
  auto    f = [&held]() -> task<int> { co_return static_cast<int>(held.value.size()) + co_await number(1); };
  co_return co_await call_later(f);
}
task<int> spawned_with_a_named_executor() {
  auto const executor = co_await asio::this_coro::executor;
  auto       seen     = std::make_shared<int>(0);
  counted    held;
  asio::co_spawn(
      executor, [seen, held]() -> task<void> { *seen = static_cast<int>(held.value.size()) + co_await number(1); },
      asio::detached);
  for (int i = 0; i != 8; ++i) co_await pause();
  co_return *seen;
}
task<int> choice_by_statements() {
  counted one;
  if (alive == 1)
    one = co_await text("the left one, long enough to allocate");
  else
    one = co_await text("the right one");
  co_return static_cast<int>(one.value.size());
}
task<int> choice_of_numbers() { co_return (co_await number(1)) == 1 ? 5 : 6; }
task<int> named_list() {
  std::vector<counted> all(3);
  auto const           f = [](std::vector<counted> some) -> task<int> {
    co_await pause();
    co_return static_cast<int>(some.size());
  };
  co_return co_await f(std::move(all));
}
task<int> nested_awaits() {
  auto const joined =
      (co_await text("left, long enough to allocate")).value + (co_await text("right, likewise, allocates")).value;
  co_return static_cast<int>(joined.size()) + co_await number(co_await number(1));
}
task<int> range_over_awaited() {
  int n = 0;
  for (auto const& one : co_await list()) n += static_cast<int>(one.value.size()) + co_await number(1);
  co_return n;
}
task<int> structured_binding() {
  auto const [n, held] = co_await several();
  co_return n + static_cast<int>(held.value.size());
}
task<int> caught() {
  counted held;
  int     n = 0;
  try {
    n = co_await number(1);
    throw std::string("thrown after the wait, long enough to allocate");
  } catch (std::string const& why) {
    n += static_cast<int>(why.size());
  }
  co_return n + co_await number(1);
}
task<int> variant_and_unique() {
  std::variant<int, counted> either = co_await text("in a variant, long enough to allocate");
  auto                       owned  = std::make_unique<counted>();
  co_await pause();
  co_return static_cast<int>(std::get<counted>(either).value.size() + owned->value.size());
}
struct session {
  counted   name;
  task<int> size() {
    co_await pause();
    co_return static_cast<int>(name.value.size());
  }
};
task<int> member_coroutine() {
  session one{counted()};
  co_return co_await one.size();
}
task<int> handlers_in_a_table() {
  std::map<std::string, std::function<task<order>(int)>> table;
  table["made"]   = [](int n) -> task<order> { co_return co_await made(n); };
  auto const what = co_await table["made"](3);
  co_return static_cast<int>(what.body.size());
}

struct shape {
  char const* name;
  task<int> (*run)();
};
constexpr shape shapes[] = {
#define SHAPE(name) {#name, &name}
    SHAPE(named_condition),
    SHAPE(declared_condition),
    SHAPE(condition_with_initialiser),
    SHAPE(looped_condition),
    SHAPE(named_switch),
    SHAPE(named_aggregate),
    SHAPE(designated_aggregate),
    SHAPE(aggregate_by_reference),
    SHAPE(aggregate_from_a_function),
    SHAPE(aggregate_moved_into_a_temporary),
    SHAPE(aggregate_from_a_coroutine),
    SHAPE(awaited_then_aggregate),
    SHAPE(trivial_aggregate),
    SHAPE(class_temporary),
    SHAPE(class_temporary_in_braces),
    SHAPE(named_lambda),
    SHAPE(lambda_by_reference),
    SHAPE(lambda_without_captures),
    SHAPE(generic_coroutine_lambda),
    SHAPE(spawned_with_a_named_executor),
    SHAPE(choice_by_statements),
    SHAPE(choice_of_numbers),
    SHAPE(named_list),
    SHAPE(nested_awaits),
    SHAPE(range_over_awaited),
    SHAPE(structured_binding),
    SHAPE(caught),
    SHAPE(variant_and_unique),
    SHAPE(member_coroutine),
    SHAPE(handlers_in_a_table),
#undef SHAPE
};

}  // namespace

int main() {
  int leaked = 0;
  for (auto const& one : shapes) {
    asio::io_context loop(1);
    int              seen = -1;
    asio::co_spawn(loop, one.run(), [&seen](std::exception_ptr failed, int n) { seen = failed ? -2 : n; });
    loop.run();
    std::printf("%s %d %d\n", one.name, seen, alive);
    leaked += alive;
    alive = 0;
  }
  return leaked == 0 ? 0 : 1;
}
