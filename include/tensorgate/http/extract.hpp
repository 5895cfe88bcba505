// tensorgate/http/extract.hpp: how do a handler's parameters come out of a request, and its result into an answer?
//
//     result<reply> miner(library const& state, auth::key const& caller, std::string_view id, query<page> wanted);
//     get<"/positions/{id}">(keys, to<&miner>(library))
//
// First come the state objects, in the order in which `to<&fn>(…)` has them. Then, in any order, by type:
//   std::string_view, std::string, numbers, enums, types with a reflect::text_form
//                               the values of the pattern, in its order
//   query<T>                    the query, as a plain aggregate: an unknown parameter is ignored, of a repeated one the
//                               first counts unless the member is a vector (which may be left out); `+` is a blank
//   body<T>                     the body, as JSON; body<std::string_view> is its bytes, of whatever media type
//   P const&                    what a guard of the route provides
//   request const&, deadline    as they are
//   body_reader&, body_writer&  the body piece by piece, the answer piece by piece; then the handler waits
//   W&                          any W that is made from a body_writer&, such as sse::writer; a member `media_type` of W
//                               names it in the document
// What is missing or wrong is answered before the handler runs: 415 for a body of another media type or coding, 400 for
// text that breaks its grammar, 422 for a value that is sound but not what the type and its rules ask for.
//
// A handler returns a reply, a `T` that is written as JSON, `void` (204), a `result` of one of these, an
// `expected<…, problem>` of them, or a `task` of any. One that takes a writer returns `task<result<void>>`.
#pragma once

#include <array>        // array
#include <concepts>     // constructible_from, same_as
#include <cstddef>      // size_t
#include <functional>   // invoke
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <type_traits>  // remove_cvref_t, is_reference_v
#include <utility>      // forward, index_sequence, move
#include <variant>      // monostate

#include <tensorgate/core/result.hpp>             // result, expected
#include <tensorgate/core/time.hpp>               // steady_point
#include <tensorgate/http/detail/pattern.hpp>     // part_kind
#include <tensorgate/http/detail/read_query.hpp>  // read_query, text_value, bad_value
#include <tensorgate/http/detail/signature.hpp>   // signature
#include <tensorgate/http/endpoint.hpp>           // body_intake
#include <tensorgate/http/field.hpp>              // split_parameters, known_field
#include <tensorgate/http/guard.hpp>              // awaited, some_result, is_in
#include <tensorgate/http/problem.hpp>            // problem, from
#include <tensorgate/http/reply.hpp>              // reply, body_reader, body_writer
#include <tensorgate/http/request.hpp>            // request
#include <tensorgate/net/task.hpp>                // task
#include <tensorgate/reflect/json_read.hpp>       // read_json
#include <tensorgate/reflect/json_write.hpp>      // write_json
#include <tensorgate/reflect/text.hpp>            // from_text

namespace tensorgate::inline TENSORGATE_ABI::http {

/// The query of the target as an aggregate.
template <class T>
class query {
 public:
  T value{};

  query() = default;
  explicit query(T what) : value(std::move(what)) {}

  [[nodiscard]] T const* operator->() const noexcept { return &value; }
  [[nodiscard]] T const& operator*() const noexcept { return value; }
};

/// The body as a value read from JSON. Views in it point into the body, which lives as long as the exchange.
template <class T>
class body {
 public:
  T value{};

  body() = default;
  explicit body(T what) : value(std::move(what)) {}

  [[nodiscard]] T const* operator->() const noexcept { return &value; }
  [[nodiscard]] T const& operator*() const noexcept { return value; }
};

/// When the answer must be done.
class deadline {
 public:
  explicit deadline(steady_point at) noexcept : at_(at) {}
  [[nodiscard]] steady_point at() const noexcept { return at_; }

 private:
  steady_point at_;
};

/// How a parameter of plain type P comes out of a request. Specialise it for types of your own:
///
///     using slot = …;                                                            // default constructible
///     static bool take(request& r, slot& into, std::optional<problem>& why);     // false: answered with `why`
///     static P give(slot& taken, request& r);                                    // or P const&, P&&
///     static void describe(openapi_operation& about);                            // may be left out
template <class P>
struct extractor;

namespace detail {

/// True for `application/json` and `application/…+json`, in UTF-8 as far as the parameters say.
[[nodiscard]] inline bool is_json(std::string_view content_type) {
  auto const split       = split_parameters(content_type);
  auto const type        = split.value;
  bool const plain       = equals_ignoring_case(type, "application/json");
  bool const with_suffix = type.size() > 17 && equals_ignoring_case(type.substr(0, 12), "application/") &&
                           equals_ignoring_case(type.substr(type.size() - 5), "+json");
  if (!plain && !with_suffix) return false;
  bool       utf8  = true;
  bool const sound = for_each_parameter(split.parameters, [&](parameter const& one) {
    if (equals_ignoring_case(one.name, "charset")) utf8 = equals_ignoring_case(one.value, "utf-8");
  });
  return sound && utf8;
}

[[nodiscard]] inline bool has_plain_coding(request& r, std::optional<problem>& why) {
  auto const coding = r.head.field(known_field::content_encoding);
  bool const single = r.head.count(known_field::content_encoding) <= 1;
  if (single && (coding.empty() || equals_ignoring_case(coding, "identity"))) return true;
  r.answer_fields.push_back({"Accept-Encoding", "identity"});
  why = problem_of(status::unsupported_media_type, "the content coding of the body is not supported");
  return false;
}

}  // namespace detail

template <class T>
struct extractor<query<T>> {
  using slot = query<T>;
  static bool take(request& r, slot& into, std::optional<problem>& why) {
    return detail::read_query(r.head.query(), r.decoded_query, into.value, why);
  }
  static query<T>&& give(slot& taken, request& /*r*/) { return std::move(taken); }
};

template <class T>
struct extractor<body<T>> {
  using slot = body<T>;
  static bool take(request& r, slot& into, std::optional<problem>& why) {
    if (!detail::has_plain_coding(r, why)) return false;
    bool const single = r.head.count(known_field::content_type) == 1;  // of two, nobody knows which was meant
    if (!single || !detail::is_json(r.head.field(known_field::content_type))) {
      r.answer_fields.push_back({"Accept", "application/json"});
      why = problem_of(status::unsupported_media_type, "the body must be application/json");
      return false;
    }
    auto read = reflect::read_json<T>(r.body);
    if (!read) {
      why = from(read.error());
      return false;
    }
    into.value = std::move(*read);
    return true;
  }
  static body<T>&& give(slot& taken, request& /*r*/) { return std::move(taken); }
};

template <>
struct extractor<body<std::string_view>> {
  using slot = std::monostate;
  static bool take(request& r, slot& /*into*/, std::optional<problem>& why) { return detail::has_plain_coding(r, why); }
  static body<std::string_view> give(slot& /*taken*/, request& r) { return body<std::string_view>(r.body); }
};

template <>
struct extractor<request> {
  using slot = std::monostate;
  static bool           take(request& /*r*/, slot& /*into*/, std::optional<problem>& /*why*/) { return true; }
  static request const& give(slot& /*taken*/, request& r) { return r; }
};

template <>
struct extractor<deadline> {
  using slot = std::monostate;
  static bool     take(request& /*r*/, slot& /*into*/, std::optional<problem>& /*why*/) { return true; }
  static deadline give(slot& /*taken*/, request& r) { return deadline(r.until); }
};

namespace detail {

enum class want_kind { provided, reader, writer, wrapped_writer, extracted, path_value };

template <class Param, class Provided>
[[nodiscard]] consteval want_kind kind_of_want() {
  using plain = std::remove_cvref_t<Param>;
  if constexpr (is_in<plain, Provided>) {
    return want_kind::provided;
  } else if constexpr (std::same_as<Param, body_reader&>) {
    return want_kind::reader;
  } else if constexpr (std::same_as<Param, body_writer&>) {
    return want_kind::writer;
  } else if constexpr (requires { typename extractor<plain>::slot; }) {
    return want_kind::extracted;
  } else if constexpr (std::same_as<Param, plain&> && std::constructible_from<plain, body_writer&>) {
    return want_kind::wrapped_writer;
  } else {
    return want_kind::path_value;
  }
}

/// One parameter of a handler behind its state. `Value` is its place among the values of the pattern.
template <class Param, class Context, std::size_t Value>
struct want {
  using plain                     = std::remove_cvref_t<Param>;
  static constexpr want_kind kind = kind_of_want<Param, typename Context::provided>();

  static constexpr bool known = kind != want_kind::path_value || text_value<plain>;  // else `check` says so, once
  static_assert(kind != want_kind::path_value || !std::is_lvalue_reference_v<Param> ||
                    std::is_const_v<std::remove_reference_t<Param>>,
                "tensorgate: a handler takes values of the path by value or by const reference");

  [[nodiscard]] static constexpr auto slot_of() {
    if constexpr (kind == want_kind::extracted) {
      return std::type_identity<typename extractor<plain>::slot>{};
    } else if constexpr (kind == want_kind::wrapped_writer ||
                         (kind == want_kind::path_value && !std::same_as<plain, std::string_view>)) {
      return std::type_identity<std::optional<plain>>{};
    } else {
      return std::type_identity<std::monostate>{};
    }
  }
  using taken_slot = typename decltype(slot_of())::type;

  // True for a reference to what is made for this call alone. A handler that waits begins when the expression that
  // called it has ended, and what its references are bound to must be there still: it is kept beside the slot.
  [[nodiscard]] static consteval bool refers_to_made() {
    if constexpr (!std::is_reference_v<Param>) {
      return false;
    } else if constexpr (kind == want_kind::extracted) {
      return !std::is_reference_v<decltype(extractor<plain>::give(std::declval<taken_slot&>(),
                                                                  std::declval<request&>()))>;
    } else {
      return kind == want_kind::path_value && std::same_as<plain, std::string_view>;
    }
  }
  struct slot {
    taken_slot                                                                 taken{};
    std::conditional_t<refers_to_made(), std::optional<plain>, std::monostate> made{};
  };

  static bool take(request& r, slot& all, std::optional<problem>& why) {
    [[maybe_unused]] auto& into = all.taken;
    if constexpr (kind == want_kind::extracted) {
      return extractor<plain>::take(r, into, why);
    } else if constexpr (kind == want_kind::path_value && known && !std::same_as<plain, std::string_view>) {
      auto read = reflect::from_text<plain>(r.values[Value]);
      if (!read) {
        why = bad_value("path value", name(), read.error().code, read.error().note);
        return false;
      }
      into.emplace(std::move(*read));
      return true;
    } else {
      return true;
    }
  }

  // `out` and `in` are there if the handler waits.
  static decltype(auto) give(slot& all, request& r, body_reader* in, body_writer* out) {
    if constexpr (refers_to_made()) {
      return static_cast<plain&&>(all.made.emplace(give_taken(all.taken, r, in, out)));
    } else {
      return give_taken(all.taken, r, in, out);
    }
  }

  /// The name of the value in the pattern.
  [[nodiscard]] static constexpr std::string_view name() noexcept {
    std::size_t seen = 0;
    for (auto const& part : Context::shape.parts) {
      if (part.kind != part_kind::literal && seen++ == Value) return part.text;
    }
    return {};
  }

 private:
  static decltype(auto) give_taken(taken_slot& taken, request& r, body_reader* in, body_writer* out) {
    if constexpr (kind == want_kind::provided) {
      return static_cast<plain const&>(Context::template of_guard<plain>(r));
    } else if constexpr (kind == want_kind::reader) {
      return (*in);
    } else if constexpr (kind == want_kind::writer) {
      return (*out);
    } else if constexpr (kind == want_kind::wrapped_writer) {
      return static_cast<plain&>(taken.emplace(*out));
    } else if constexpr (kind == want_kind::extracted) {
      return extractor<plain>::give(taken, r);
    } else if constexpr (std::same_as<plain, std::string_view>) {
      return std::string_view(r.values[Value]);
    } else {
      return static_cast<plain&&>(*taken);
    }
  }
};

template <class P>
inline constexpr bool is_body = false;
template <class T>
inline constexpr bool is_body<body<T>> = true;

/// The parameters behind the first `Skip` as wants, the values of the path counted.
template <class Context, class Parameters, std::size_t Skip>
struct wants_of;
template <class Context, class... P, std::size_t Skip>
struct wants_of<Context, std::tuple<P...>, Skip> {
  static constexpr std::size_t count = sizeof...(P) - Skip;

  static constexpr std::array<bool, sizeof...(P) + 1> from_path{
      (kind_of_want<P, typename Context::provided>() == want_kind::path_value)..., false};
  [[nodiscard]] static constexpr std::size_t values_before(std::size_t parameter) noexcept {
    std::size_t values = 0;
    for (std::size_t i = Skip; i < parameter; ++i) values += from_path[i] ? 1U : 0U;
    return values;
  }

  template <std::size_t I>
  using at = want<std::tuple_element_t<I + Skip, std::tuple<P...>>, Context, values_before(I + Skip)>;

  template <std::size_t... I>
  static std::tuple<at<I>...> all_of(std::index_sequence<I...>);
  using list = decltype(all_of(std::make_index_sequence<count>{}));

  template <std::size_t... I>
  static std::tuple<typename at<I>::slot...> slots_of(std::index_sequence<I...>);
  using slots = decltype(slots_of(std::make_index_sequence<count>{}));

  template <std::size_t... I>
  [[nodiscard]] static consteval bool all_known(std::index_sequence<I...> /*all*/) {
    return (true && ... && at<I>::known);
  }
  static constexpr bool known = all_known(std::make_index_sequence<count>{});

  [[nodiscard]] static constexpr std::size_t how_many(want_kind kind) noexcept {
    std::array<want_kind, sizeof...(P) + 1> const kinds{kind_of_want<P, typename Context::provided>()...,
                                                        want_kind::provided};
    std::size_t                                   sum = 0;
    for (std::size_t i = Skip; i < sizeof...(P); ++i) sum += kinds[i] == kind ? 1U : 0U;
    return sum;
  }
  static constexpr std::size_t bodies      = (std::size_t{0} + ... + (is_body<std::remove_cvref_t<P>> ? 1U : 0U));
  static constexpr bool        reads       = how_many(want_kind::reader) != 0;
  static constexpr bool        writes      = how_many(want_kind::writer) + how_many(want_kind::wrapped_writer) != 0;
  static constexpr bool        has_request = (std::same_as<std::remove_cvref_t<P>, request> || ...);
};

template <class T>
inline constexpr bool is_expected = false;
template <class T, class E>
inline constexpr bool is_expected<expected<T, E>> = true;

/// What a handler returned, as an answer.
template <class V>
[[nodiscard]] reply to_reply(V&& value, request& r) {
  using plain = std::remove_cvref_t<V>;
  if constexpr (std::same_as<plain, reply>) {
    return std::forward<V>(value);
  } else if constexpr (is_expected<plain>) {
    if (!value) {
      if constexpr (std::same_as<typename plain::error_type, problem>) {
        return r.refuse(value.error());
      } else {
        return r.refuse(from(value.error()));
      }
    }
    if constexpr (std::is_void_v<typename plain::value_type>) {
      return reply(status::no_content);
    } else {
      return to_reply(*std::forward<V>(value), r);
    }
  } else {
    return reply::json(reflect::write_json(value));
  }
}

}  // namespace detail

/// A function of the role as the end of a route: `to<&fn>(state...)` makes it.
template <auto Fn, class... States>
class handler {
  using signature  = detail::signature<decltype(Fn)>;
  using parameters = typename signature::parameters;
  using returned   = typename signature::result;
  using awaited    = detail::awaited<returned>;

  static_assert(std::tuple_size_v<parameters> >= sizeof...(States),
                "tensorgate: to<&fn>(…) is given more state than the handler has parameters");

 public:
  template <class Context>
  using wants       = detail::wants_of<Context, parameters, sizeof...(States)>;
  using result_type = typename awaited::type;  ///< what the handler returns, without the waiting

  constexpr explicit handler(States&... states) noexcept : states_(&states...) {}

  /// Calls `use` with each state object.
  template <class F>
  void for_each_state(F&& use) const {
    std::apply([&](auto const*... all) { (static_cast<void>(use(*all)), ...); }, states_);
  }

  template <class Context>
  using arguments = typename wants<Context>::slots;
  template <class Context>
  static constexpr body_intake intake = wants<Context>::reads ? body_intake::streamed : body_intake::whole;
  template <class Context>
  static constexpr bool waits = awaited::waits;

  template <class Context>
  static consteval void check(Context /*of_route*/) {
    using all = wants<Context>;
    static_assert(
        takes_states(std::index_sequence_for<States...>{}),
        "tensorgate: the first parameters of a handler are references to the state given to to<&fn>(…), in its order");
    static_assert(all::known,
                  "tensorgate: a handler wants something that no guard of its route provides, and that the request "
                  "does not hold");
    constexpr std::size_t taken = all::how_many(detail::want_kind::path_value);
    static_assert(!all::known || taken <= Context::shape.values,
                  "tensorgate: the handler takes more values of the path than the pattern has");
    static_assert(!all::known || taken >= Context::shape.values || (taken == 0 && all::has_request),
                  "tensorgate: the handler takes fewer values of the path than the pattern has");
    static_assert(all::bodies + all::how_many(detail::want_kind::reader) <= 1,
                  "tensorgate: a handler takes one body: one body<T>, or one body_reader&");
    static_assert(awaited::waits || (!all::reads && !all::writes),
                  "tensorgate: a handler that takes body_reader& or body_writer& returns a task");
    static_assert(!all::writes || std::same_as<result_type, result<void>>,
                  "tensorgate: a handler that writes its answer piece by piece returns task<result<void>>");
  }

  template <class Context>
  bool take(Context /*of_route*/, request& r, arguments<Context>& into, std::optional<problem>& why) const {
    return take_all<Context>(r, into, why, std::make_index_sequence<wants<Context>::count>{});
  }

  template <class Context>
  reply call(Context /*of_route*/, request& r, arguments<Context>& taken) const {
    constexpr auto all = std::make_index_sequence<wants<Context>::count>{};
    if constexpr (std::is_void_v<returned>) {
      invoke<Context>(r, taken, nullptr, nullptr, all, std::index_sequence_for<States...>{});
      return reply(status::no_content);
    } else if constexpr (std::same_as<returned, reply>) {
      return invoke<Context>(r, taken, nullptr, nullptr, all, std::index_sequence_for<States...>{});
    } else {
      return detail::to_reply(invoke<Context>(r, taken, nullptr, nullptr, all, std::index_sequence_for<States...>{}),
                              r);
    }
  }

  template <class Context>
  task<std::optional<reply>> call(Context /*of_route*/, request& r, arguments<Context>& taken, body_reader& in,
                                  body_writer& out) const {
    // The function only makes the task; it is awaited by name.
    auto                 work = invoke<Context>(r, taken, &in, &out, std::make_index_sequence<wants<Context>::count>{},
                                                std::index_sequence_for<States...>{});
    std::optional<reply> answered;
    if constexpr (std::is_void_v<result_type>) {
      co_await std::move(work);
      answered = reply(status::no_content);
    } else {
      auto value = co_await std::move(work);
      if constexpr (wants<Context>::writes) {
        // A failure behind the head cannot be told any more: the session sees a reply after a started answer, and cuts
        // off.
        if (!value) {
          answered = r.refuse(from(value.error()));
        } else if (!out.started()) {
          answered = reply(status::ok);
        }
      } else {
        answered = detail::to_reply(std::move(value), r);
      }
    }
    co_return answered;
  }

 private:
  template <std::size_t... I>
  [[nodiscard]] static consteval bool takes_states(std::index_sequence<I...> /*all*/) {
    return (std::is_convertible_v<States&, std::tuple_element_t<I, parameters>> && ... && true) &&
           (std::is_reference_v<std::tuple_element_t<I, parameters>> && ... && true);
  }

  template <class Context, std::size_t... I>
  static bool take_all([[maybe_unused]] request& r, [[maybe_unused]] arguments<Context>& into,
                       [[maybe_unused]] std::optional<problem>& why, std::index_sequence<I...> /*all*/) {
    return (wants<Context>::template at<I>::take(r, std::get<I>(into), why) && ... && true);
  }

  template <class Context, std::size_t... I, std::size_t... S>
  returned invoke([[maybe_unused]] request& r, [[maybe_unused]] arguments<Context>& taken,
                  [[maybe_unused]] body_reader* in, [[maybe_unused]] body_writer* out,
                  std::index_sequence<I...> /*wants*/, std::index_sequence<S...> /*states*/) const {
    return std::invoke(Fn, *std::get<S>(states_)...,
                       wants<Context>::template at<I>::give(std::get<I>(taken), r, in, out)...);
  }

  std::tuple<States*...> states_;
};

/// `to<&fn>(state&...)`. The state is named objects that outlive the table.
template <auto Fn>
struct to_word {
  static_assert(detail::handler_function<decltype(Fn)>,
                "tensorgate: to<…> wants the address of a function: to<&fn>(state...)");

  template <class... States>
  [[nodiscard]] constexpr auto operator()(States&&... states) const noexcept {
    static_assert((std::is_lvalue_reference_v<States> && ...),
                  "tensorgate: a route refers to its state, so state must be a named object that outlives the table");
    return handler<Fn, std::remove_reference_t<States>...>(states...);
  }
};
template <auto Fn>
inline constexpr to_word<Fn> to{};

}  // namespace tensorgate::http
