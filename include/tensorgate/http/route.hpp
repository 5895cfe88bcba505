// tensorgate/http/route.hpp: which handler answers which method and path? The words of a route table.
//
//     routes{
//       get<"/positions">      (keys, to<&positions>(library)),
//       get<"/positions/{id}"> (keys, to<&miner>(library)),
//       get<"/{rest...}">      (keys, to<&configured>(library)),
//     }
//
// A pattern is literals, `{name}` (one segment, not empty) and, last, `{name...}` (one segment or more). It is written
// decoded. A literal beats a value, a value beats the rest, whatever the order in the table. Patterns that are
// malformed, that stand twice, or of which neither is the more specific one do not compile. A trailing slash is
// significant, and "//" matches nothing. In parentheses stand the guards, of which one says who may call (`anyone`, if
// everybody may), then what answers: `to<&fn>(state&...)` of http/extract.hpp, or any other endpoint maker. Guards and
// state are named objects that outlive the table; only views are kept by value.
#pragma once

#include <algorithm>    // max
#include <array>        // array
#include <concepts>     // convertible_to, same_as
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t
#include <optional>     // optional, nullopt
#include <string_view>  // string_view
#include <tuple>        // tuple, forward_as_tuple
#include <type_traits>  // is_lvalue_reference_v, remove_cvref_t
#include <utility>      // forward, index_sequence, move

#include <tensorgate/core/fixed_string.hpp>    // fixed_string
#include <tensorgate/http/detail/matcher.hpp>  // matcher, route_shape
#include <tensorgate/http/detail/pattern.hpp>  // pattern, parse_pattern
#include <tensorgate/http/endpoint.hpp>        // endpoint, route_table, route_match
#include <tensorgate/http/guard.hpp>           // guard, guard_view, anyone
#include <tensorgate/http/method.hpp>          // method
#include <tensorgate/http/problem.hpp>         // problem, from
#include <tensorgate/http/reply.hpp>           // reply, body_reader, body_writer
#include <tensorgate/http/request.hpp>         // request
#include <tensorgate/http/target.hpp>          // decode_path
#include <tensorgate/net/task.hpp>             // task

namespace tensorgate::inline TENSORGATE_ABI::http {

/// What is known of a route at compile time.
template <method Verb, fixed_string Pattern, class Provided>
struct route_context {
  static constexpr method           verb  = Verb;
  static constexpr std::string_view text  = Pattern.view();
  static constexpr detail::pattern  shape = detail::parse_pattern(text);
  using provided                          = Provided;  ///< std::tuple of what its guards provide

  /// What a guard found out; it has run when the handler's arguments are passed.
  template <class T>
  [[nodiscard]] static T& of_guard(request& r) {
    using store = typename detail::provided_store<Provided>::type;
    return *std::get<detail::place_in<T, Provided>>(r.provided.get<store>());
  }
};

/// What may stand last in a route: it takes its arguments out of the request and answers. `Context` is a route_context.
///
///     template <class Context> using arguments = …;                        // default constructible
///     template <class Context> static constexpr body_intake intake = …;
///     template <class Context> static constexpr bool waits = …;
///     bool take(Context, request& r, arguments<Context>& into, std::optional<problem>& why) const;   // false: see why
///     reply call(Context, request& r, arguments<Context>& taken) const;    // if it does not wait
///     task<std::optional<reply>> call(Context, request& r, arguments<Context>& taken,
///                                     body_reader& in, body_writer& out) const;    // if it does
///
/// Optional: `static consteval void check(Context)` for readable errors, `std::size_t body_limit() const`, and
/// `void describe(Context, openapi_operation&) const`. No reply means that `call` answered through `out`.
template <class M, class Context>
concept endpoint_maker =
    requires(M const& maker, request& r, typename M::template arguments<Context>& taken, std::optional<problem>& why) {
      { M::template intake<Context> } -> std::convertible_to<body_intake>;
      { M::template waits<Context> } -> std::convertible_to<bool>;
      { maker.take(Context{}, r, taken, why) } -> std::same_as<bool>;
    };

namespace detail {

/// A guard that lives elsewhere.
template <class G>
class guard_reference {
 public:
  using type = G;
  constexpr explicit guard_reference(G const& one) noexcept : one_(&one) {}
  [[nodiscard]] constexpr G const& get() const noexcept { return *one_; }

 private:
  G const* one_;
};

/// A guard that is kept in the route.
template <class G>
class guard_value {
 public:
  using type = G;
  constexpr explicit guard_value(G one) noexcept : one_(std::move(one)) {}
  [[nodiscard]] constexpr G const& get() const noexcept { return one_; }

 private:
  G one_;
};

template <class Arg>
struct kept_guard {
  using plain = std::remove_cvref_t<Arg>;
  static_assert(
      guard<plain>,
      "tensorgate: what stands before the last argument of a route must be a guard: a type with "
      "`admit(request&) const` that returns result<void>, result<P>, std::optional<reply> or a task of these");
  static_assert(guard_view<plain> || std::is_lvalue_reference_v<Arg>,
                "tensorgate: a route refers to its guards, so a guard must be a named object that outlives the table");
  using type = std::conditional_t<guard_view<plain>, guard_value<plain>, guard_reference<plain>>;
};

template <fixed_string Pattern>
[[nodiscard]] consteval bool is_well_formed() {
  constexpr auto fault = parse_pattern(Pattern.view()).fault;
  static_assert(fault != pattern_fault::no_leading_slash, "tensorgate: a pattern begins with a slash");
  static_assert(fault != pattern_fault::empty_segment,
                "tensorgate: a pattern has no empty segment, but for a trailing slash");
  static_assert(fault != pattern_fault::dot_segment, "tensorgate: `.` and `..` in a pattern can never match");
  static_assert(fault != pattern_fault::unbalanced_brace, "tensorgate: the braces of a pattern are not balanced");
  static_assert(fault != pattern_fault::mixed_segment, "tensorgate: a value `{name}` is a whole segment of a pattern");
  static_assert(fault != pattern_fault::bad_name,
                "tensorgate: the name of a value is letters, digits and `_`, and does not begin with a digit");
  static_assert(fault != pattern_fault::repeated_name, "tensorgate: two values of a pattern have the same name");
  static_assert(fault != pattern_fault::rest_not_last,
                "tensorgate: a catch-all `{name...}` stands last in its pattern");
  static_assert(
      fault != pattern_fault::bad_character,
      "tensorgate: a literal of a pattern has a character that a path cannot have (write it decoded, without a query)");
  static_assert(fault != pattern_fault::too_many_parts, "tensorgate: a pattern has at most 24 segments");
  static_assert(fault != pattern_fault::too_many_values, "tensorgate: a pattern has at most 16 values");
  return fault == pattern_fault::none;
}

}  // namespace detail

/// One route. `Guards` are guard_reference or guard_value.
template <method Verb, fixed_string Pattern, class Maker, class... Guards>
class route {
 public:
  using provided                      = detail::provided_list<typename Guards::type...>;
  using context                       = route_context<Verb, Pattern, provided>;
  static constexpr std::size_t guards = sizeof...(Guards);

  constexpr explicit route(Maker maker, Guards... all) : maker_(std::move(maker)), guards_(std::move(all)...) {
    if constexpr (requires { Maker::check(context{}); }) Maker::check(context{});
    static_assert(endpoint_maker<Maker, context>,
                  "tensorgate: what stands last in a route must be an endpoint maker, such as to<&fn>(state...)");
    static_assert((false || ... || says_who<typename Guards::type>),
                  "tensorgate: say who may call: a guard in front of the endpoint, or `anyone`; a limit says how much "
                  "or how often, not who");
  }

  /// This route without its types; it refers to this object.
  [[nodiscard]] endpoint erased() const {
    endpoint made;
    made.pattern = context::text;
    made.verb    = Verb;
    made.self    = this;
    if constexpr (endpoint_maker<Maker, context>) {
      made.intake     = Maker::template intake<context>;
      made.body_limit = limit();
      if constexpr (asks) {
        if constexpr (guards_wait) {
          made.admit_waiting = &admit_waiting;
        } else {
          made.admit = &admit;
        }
      }
      if constexpr (waits) {
        made.answer_waiting = &answer_waiting;
      } else {
        made.answer = &answer;
      }
    }
    return made;
  }

  [[nodiscard]] Maker const& maker() const noexcept { return maker_; }

  /// Calls `use` with each guard.
  template <class F>
  void for_each_guard(F&& use) const {
    std::apply([&](auto const&... all) { (use(all.get()), ...); }, guards_);
  }

 private:
  /// False if everybody may call and nothing else is asked: then guards cost nothing.
  static constexpr bool asks        = !(true && ... && std::is_same_v<typename Guards::type, anyone_guard>);
  static constexpr bool guards_wait = (false || ... || detail::guard_waits<typename Guards::type>);
  static constexpr bool waits       = guards_wait || Maker::template waits<context>;
  using store                       = typename detail::provided_store<provided>::type;

  template <std::size_t I>
  using guard_at = typename std::tuple_element_t<I, std::tuple<Guards...>>::type;
  template <std::size_t I>
  [[nodiscard]] auto const& guard_of() const noexcept {
    return std::get<I>(guards_).get();
  }

  // The smallest limit that anyone names; the server's default where nobody does.
  [[nodiscard]] std::size_t limit() const {
    std::size_t least = 0;
    auto const  take  = [&](auto const& one) {
      if constexpr (requires { one.body_limit(); }) {
        std::size_t const said = one.body_limit();
        if (said != 0 && (least == 0 || said < least)) least = said;
      }
    };
    for_each_guard(take);
    take(maker_);
    return least;
  }

  // What a guard's verdict means: a refusal, or that the next one is asked.
  template <std::size_t I, class Verdict>
  [[nodiscard]] std::optional<reply> judge(request& r, Verdict& said) const {
    if constexpr (std::is_same_v<Verdict, std::optional<reply>>) {
      if (!said) return std::nullopt;
      if (r.record.refusal.empty()) r.record.refusal = "refused";
      return std::move(said);
    } else {
      if (!said) {
        auto const why = from(said.error());
        if (r.record.refusal.empty()) r.record.refusal = why.slug;
        return r.refuse(why);
      }
      if constexpr (requires { typename guard_at<I>::provides; }) {
        using value = typename guard_at<I>::provides;
        std::get<detail::place_in<value, provided>>(r.provided.get<store>()).emplace(std::move(*said));
      }
      return std::nullopt;
    }
  }

  static void prepare(request& r) {
    if constexpr (std::tuple_size_v<store> != 0) r.provided.emplace<store>();
  }

  // The guards from `I` on that have not run and can decide by what is there.
  template <std::size_t I = 0>
  [[nodiscard]] std::optional<reply> pass(request& r, guard_needs seen) const {
    if constexpr (I == guards) {
      return std::nullopt;
    } else {
      if (I >= r.next_guard) {
        if (detail::needs_of(guard_of<I>()) > seen) return std::nullopt;
        auto said    = guard_of<I>().admit(r);
        auto refused = judge<I>(r, said);
        if (refused) return refused;
        r.next_guard = I + 1;
      }
      return pass<I + 1>(r, seen);
    }
  }

  template <std::size_t I>
  static task<std::optional<reply>> ask(route const& me, request& r) {
    if constexpr (detail::guard_waits<guard_at<I>>) {
      auto said    = co_await me.template guard_of<I>().admit(r);
      auto refused = me.template judge<I>(r, said);
      co_return refused;
    } else {
      auto said    = me.template guard_of<I>().admit(r);
      auto refused = me.template judge<I>(r, said);
      co_return refused;
    }
  }

  struct step {
    guard_needs (*needs)(route const&)                        = nullptr;
    task<std::optional<reply>> (*ask)(route const&, request&) = nullptr;
  };

  template <std::size_t... I>
  [[nodiscard]] static constexpr std::array<step, guards> make_steps(std::index_sequence<I...> /*all*/) {
    return {
        step{[](route const& me) { return detail::needs_of(me.template guard_of<I>()); }, &route::template ask<I>}...};
  }

  // As `pass`, where some guard waits. `me` and `r` live as long as the exchange.
  static task<std::optional<reply>> pass_waiting(route const& me, request& r, guard_needs seen) {
    static constexpr auto steps = make_steps(std::make_index_sequence<guards>{});
    std::optional<reply>  refused;
    while (r.next_guard < guards && steps[r.next_guard].needs(me) <= seen) {
      refused = co_await steps[r.next_guard].ask(me, r);
      if (refused) break;
      ++r.next_guard;
    }
    co_return refused;
  }

  static std::optional<reply> admit(void const* self, request& r) {
    prepare(r);
    return static_cast<route const*>(self)->pass(r, guard_needs::head);
  }

  static task<std::optional<reply>> admit_waiting(void const* self, request& r) {
    prepare(r);
    return pass_waiting(*static_cast<route const*>(self), r, guard_needs::head);
  }

  static reply answer(void const* self, request& r) {
    auto const& me = *static_cast<route const*>(self);
    if constexpr (asks) {
      auto refused = me.pass(r, guard_needs::body);
      if (refused) return std::move(*refused);
    }
    typename Maker::template arguments<context> taken{};
    std::optional<problem>                      why;
    if (!me.maker_.take(context{}, r, taken, why)) return r.refuse(*why);
    if constexpr (asks) {
      auto refused = me.pass(r, guard_needs::decoded);
      if (refused) return std::move(*refused);
    }
    return me.maker_.call(context{}, r, taken);
  }

  static task<std::optional<reply>> answer_waiting(void const* self, request& r, body_reader& in, body_writer& out) {
    auto const&          me = *static_cast<route const*>(self);
    std::optional<reply> answered;
    if constexpr (asks) {
      answered = co_await pass_any(me, r, guard_needs::body);
      if (answered) co_return answered;
    }
    typename Maker::template arguments<context> taken{};
    std::optional<problem>                      why;
    if (!me.maker_.take(context{}, r, taken, why)) co_return r.refuse(*why);
    if constexpr (asks) {
      answered = co_await pass_any(me, r, guard_needs::decoded);
      if (answered) co_return answered;
    }
    if constexpr (Maker::template waits<context>) {
      answered = co_await me.maker_.call(context{}, r, taken, in, out);
    } else {
      answered = me.maker_.call(context{}, r, taken);
    }
    co_return answered;
  }

  static task<std::optional<reply>> pass_any(route const& me, request& r, guard_needs seen) {
    if constexpr (guards_wait) {
      return pass_waiting(me, r, seen);
    } else {
      return pass_now(me, r, seen);
    }
  }
  static task<std::optional<reply>> pass_now(route const& me, request& r, guard_needs seen) {
    co_return me.pass(r, seen);
  }

  Maker                 maker_;
  std::tuple<Guards...> guards_;
};

namespace detail {

/// `get<"/path">` and its kin: takes the guards and, last, the endpoint maker.
template <method Verb, fixed_string Pattern>
struct route_word {
  template <class... Args>
  [[nodiscard]] constexpr auto operator()(Args&&... args) const {
    static_assert(is_well_formed<Pattern>());
    static_assert(sizeof...(Args) != 0, "tensorgate: a route needs something that answers, such as to<&fn>(state...)");
    if constexpr (sizeof...(Args) != 0) {
      auto const all = std::forward_as_tuple(std::forward<Args>(args)...);
      return make(all, std::make_index_sequence<sizeof...(Args) - 1>{});
    }
  }

 private:
  template <class All, std::size_t... I>
  [[nodiscard]] static constexpr auto make(All const& all, std::index_sequence<I...> /*guards*/) {
    using last  = std::tuple_element_t<sizeof...(I), All>;
    using maker = std::remove_cvref_t<last>;
    return route<Verb, Pattern, maker, typename kept_guard<std::tuple_element_t<I, All>>::type...>(
        std::forward<last>(std::get<sizeof...(I)>(all)),
        typename kept_guard<std::tuple_element_t<I, All>>::type(
            std::forward<std::tuple_element_t<I, All>>(std::get<I>(all)))...);
  }
};

}  // namespace detail

template <fixed_string Pattern>
inline constexpr detail::route_word<method::get, Pattern> get{};
template <fixed_string Pattern>
inline constexpr detail::route_word<method::post, Pattern> post{};
template <fixed_string Pattern>
inline constexpr detail::route_word<method::put, Pattern> put{};
template <fixed_string Pattern>
inline constexpr detail::route_word<method::patch, Pattern> patch{};
template <fixed_string Pattern>
inline constexpr detail::route_word<method::delete_, Pattern> del{};

namespace detail {

/// Where the values of a pattern are among its parts.
struct value_plan {
  std::array<std::uint8_t, pattern::max_values> places{};
  std::uint8_t                                  count = 0;
  bool                                          rest  = false;  ///< the last one goes to the end of the path
};

[[nodiscard]] constexpr value_plan plan_of(pattern const& shape) noexcept {
  value_plan plan;
  for (std::size_t i = 0; i != shape.count; ++i) {
    if (shape.parts[i].kind != part_kind::literal) plan.places[plan.count++] = static_cast<std::uint8_t>(i);
  }
  plan.rest = shape.has_rest();
  return plan;
}

struct two_routes {
  std::size_t first  = 0;
  std::size_t second = 0;  ///< equal to first: no such pair
};

template <std::size_t N>
[[nodiscard]] constexpr two_routes find_ambiguous(std::array<route_shape, N> const& all) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t k = i + 1; k < N; ++k) {
      if (all[i].verb == all[k].verb && ambiguous(all[i].shape, all[k].shape)) return {i, k};
    }
  }
  return {};
}

template <class First, class Second>
struct routes_that_do_not_exclude_each_other {
  static_assert(First::text != Second::text, "tensorgate: two routes have the same method and pattern");
  static_assert(First::text == Second::text,
                "tensorgate: two routes of one method match the same path, and neither is more specific");
};

}  // namespace detail

/// The table. It refers to itself and is therefore neither copied nor moved: name it, or pass it where it is made.
template <class... Routes>
class routes {
 public:
  static constexpr std::size_t size = sizeof...(Routes);

  explicit routes(Routes... all) : all_(std::move(all)...), endpoints_(erase(std::index_sequence_for<Routes...>{})) {}

  routes(routes const&)            = delete;
  routes& operator=(routes const&) = delete;
  ~routes()                        = default;

  /// The table as the server sees it; this object must outlive it.
  [[nodiscard]] route_table table() const noexcept { return route_table{this, &match}; }

  /// Calls `use(route)` for every route, in order.
  template <class F>
  void for_each(F&& use) const {
    std::apply([&](auto const&... one) { (use(one), ...); }, all_);
  }

  /// True if a route of the table has exactly this method and pattern.
  [[nodiscard]] static constexpr bool has(method verb, std::string_view text) noexcept {
    for (auto const& one : shapes) {
      if (one.verb == verb && one.text == text) return true;
    }
    return false;
  }

 private:
  static constexpr std::array<detail::route_shape, size> shapes{
      detail::route_shape{Routes::context::verb, Routes::context::text, Routes::context::shape}...};

  static constexpr detail::two_routes clash = detail::find_ambiguous(shapes);

  static constexpr std::size_t depth = [] {
    std::size_t most = 1;
    for (auto const& one : shapes) most = std::max(most, one.shape.count);
    return most;
  }();
  static constexpr std::size_t literals = [] {
    std::size_t sum = 0;
    for (auto const& one : shapes) sum += one.shape.count - one.shape.values;
    return sum;
  }();

  static constexpr detail::matcher<size, depth, literals> paths{shapes};
  static constexpr std::array<detail::value_plan, size>   plans{detail::plan_of(Routes::context::shape)...};

  template <std::size_t... I>
  [[nodiscard]] std::array<endpoint, size> erase(std::index_sequence<I...> /*all*/) const {
    if constexpr (clash.first != clash.second) {
      using all = std::tuple<typename Routes::context...>;
      static_cast<void>(detail::routes_that_do_not_exclude_each_other<std::tuple_element_t<clash.first, all>,
                                                                      std::tuple_element_t<clash.second, all>>{});
    }
    return {std::get<I>(all_).erased()...};
  }

  static route_match match(void const* self, request& r) {
    route_match said;
    if (r.matched_by == self && r.matched_for == r.head.number()) {  // it came before; its values are where they were
      said.found = r.matched;
      return said;
    }
    auto path = r.head.path();
    // The parser let through only what RFC 3986 has in a path, so without these two there is nothing to decode or
    // refuse.
    if (path.find('%') != std::string_view::npos || path.find('.') != std::string_view::npos ||
        !path.starts_with('/')) {
      auto const decoded = decode_path(path, r.decoded);
      if (!decoded) {
        said.bad = decoded.error();
        return said;
      }
      path = *decoded;
    }
    auto const verb = r.head.verb() == method::head ? method::get : r.head.verb();
    auto const seen = paths.match(path, detail::route_method_index(verb));
    if (seen.route == size) {
      said.allowed = detail::allow_texts[seen.methods].view();
      return said;
    }
    auto const& plan = plans[seen.route];
    for (std::size_t i = 0; i != plan.count; ++i) {
      auto const place = plan.places[i];
      auto const begin = seen.begins[place];
      r.values[i]      = path.substr(begin, seen.ends[place] - begin);
    }
    if (plan.rest) r.values[plan.count - 1U] = path.substr(seen.begins[plan.places[plan.count - 1U]]);
    r.value_count = plan.count;
    said.found    = &static_cast<routes const*>(self)->endpoints_[seen.route];
    r.matched     = said.found;
    r.matched_by  = self;
    r.matched_for = r.head.number();
    return said;
  }

  std::tuple<Routes...>      all_;
  std::array<endpoint, size> endpoints_;
};

}  // namespace tensorgate::http
