// tensorgate/http/openapi.hpp: what does a table of routes offer, as an OpenAPI 3.1 document and as a page?
//
//     documented shown{table, {.title = "Positions", .version = "1.2.0"}};
//     server web{app, options, errors, shown.table()};     // the table, and GET /openapi.json and /docs beside it
//
// The document is made once, from the types that read the requests, so it cannot drift. A handler adds words by
//
//     template <> struct tensorgate::http::describe_handler<&positions> {
//       static constexpr std::string_view summary = "…", description = "…", tag = "…";
//       static void responses(openapi_operation& about);      // statuses and contents that its types do not tell
//     };
//
// each of which may be left out. A state object of a catch-all route that dispatches on a table of its own may have
//
//     void describe_paths(openapi_document& into, openapi_operation const& like) const;
//
// which adds an operation for each of its rows, starting from `like`, what the route's guards and types say; the
// catch-all itself then stays out of the document.
#pragma once

#include <concepts>     // same_as
#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <type_traits>  // is_void_v, type_identity
#include <utility>      // index_sequence, move
#include <vector>       // erase_if

#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/core/append.hpp>            // append_all
#include <tensorgate/http/detail/docs_page.hpp>  // docs_page
#include <tensorgate/http/endpoint.hpp>          // endpoint, route_table
#include <tensorgate/http/extract.hpp>           // handler, query, body
#include <tensorgate/http/method.hpp>            // method
#include <tensorgate/http/openapi_document.hpp>  // openapi_document
#include <tensorgate/http/operation.hpp>         // openapi_operation
#include <tensorgate/http/reply.hpp>             // reply, shared_bytes
#include <tensorgate/http/request.hpp>           // request
#include <tensorgate/http/route.hpp>             // routes
#include <tensorgate/reflect/members.hpp>        // wire_name

namespace tensorgate::inline TENSORGATE_ABI::http {

/// Words for a handler; see above.
template <auto Fn>
struct describe_handler {};

namespace detail {

template <class T>
[[gnu::cold]] void describe_content(openapi_document& into, openapi_operation& about) {
  if constexpr (is_expected<T>) {
    describe_content<typename T::value_type>(into, about);
  } else if constexpr (std::is_void_v<T>) {
    about.entry(status::no_content);
  } else if constexpr (std::same_as<T, reply>) {
    about.entry(status::ok);
  } else {
    auto& good      = about.entry(status::ok);
    good.media_type = "application/json";
    good.schema     = into.schemas().template ref<T>();
  }
}

template <class T>
struct describe_extracted {
  static void to(openapi_document& /*into*/, openapi_operation& about) {
    if constexpr (requires { extractor<T>::describe(about); }) extractor<T>::describe(about);
  }
};

template <class T>
struct describe_extracted<query<T>> {
  static void to(openapi_document& into, openapi_operation& about) {
    add(into, about, std::make_index_sequence<reflect::field_count<T>>{});
    about.answers(status::unprocessable_content, "a parameter is missing, of another type or out of its bounds");
  }

 private:
  template <std::size_t... I>
  static void add(openapi_document& into, openapi_operation& about, std::index_sequence<I...> /*all*/) {
    auto const must = query_members<T>::required();
    (about.parameters.push_back(one<I>(into, (must >> I & 1U) != 0)), ...);
  }
  template <std::size_t I>
  [[nodiscard]] static openapi_parameter one(openapi_document& into, bool required) {
    openapi_parameter made;
    made.place    = parameter_place::query;
    made.name     = std::string(reflect::detail::wire_name<T, I>);
    made.schema   = into.schemas().template member<T, I>();
    made.required = required;
    reflect::detail::for_each_rule<T, I, reflect::rule_kind::text>(
        [&](auto const& rule) { made.description = std::string(rule.words); });
    return made;
  }
};

template <class T>
struct describe_extracted<body<T>> {
  static void to(openapi_document& into, openapi_operation& about) {
    about.body_media_type = "application/json";
    about.body_schema     = into.schemas().template ref<T>();
    about.answers(status::bad_request, "the body is not JSON");
    about.answers(status::unsupported_media_type, "the body is of another media type, or coded");
    about.answers(status::unprocessable_content, "the body is JSON, but not what was asked for");
  }
};
template <>
struct describe_extracted<body<std::string_view>> {
  static void to(openapi_document& /*into*/, openapi_operation& about) {
    about.body_media_type = "*/*";
    about.answers(status::unsupported_media_type, "the body is coded");
  }
};

template <class Want>
[[gnu::cold]] void describe_want(openapi_document& into, openapi_operation& about) {
  if constexpr (Want::kind == want_kind::path_value) {
    using plain = typename Want::plain;
    for (auto& one : about.parameters) {
      if (one.place == parameter_place::path && one.name == Want::name())
        one.schema = into.schemas().template ref<plain>();
    }
    if constexpr (!reflect::detail::is_text<plain>) {
      about.answers(status::unprocessable_content, "a value of the path is of another type");
    }
  } else if constexpr (Want::kind == want_kind::extracted) {
    describe_extracted<typename Want::plain>::to(into, about);
  } else if constexpr (Want::kind == want_kind::reader) {
    about.body_media_type = "*/*";
  } else if constexpr (Want::kind == want_kind::wrapped_writer) {
    if constexpr (requires { Want::plain::media_type; })
      about.entry(status::ok).media_type = std::string(Want::plain::media_type);
  }
}

/// What any request may get, whatever its route: from the parser, the limits and the state of the server.
[[gnu::cold]] inline void describe_server(openapi_operation& about) {
  about.answers(status::bad_request, "the request is malformed");
  about.answers(status::request_timeout, "the request came too slowly");
  about.answers(status::content_too_large, "the body exceeds the limit");
  about.answers(status::uri_too_long, "the target exceeds the limit");
  about.answers(status::expectation_failed, "an expectation other than 100-continue");
  about.answers(status::request_header_fields_too_large, "the head exceeds the limit");
  about.answers(status::internal_server_error, "the server failed");
  about.answers(status::service_unavailable, "the server has too much to do, or is about to stop");
}

[[nodiscard, gnu::cold]] inline openapi_operation operation_of_pattern(method verb, pattern const& shape) {
  openapi_operation made;
  made.verb = verb;
  for (std::size_t i = 0; i != shape.count; ++i) {
    auto const& part = shape.parts[i];
    made.path.push_back('/');
    if (part.kind == part_kind::literal) {
      made.path.append(part.text);
      continue;
    }
    append_all(made.path, {"{", part.text, "}"});
    openapi_parameter value;
    value.place    = parameter_place::path;
    value.name     = std::string(part.text);
    value.schema   = R"({"type":"string"})";
    value.required = true;
    value.rest     = part.kind == part_kind::rest;
    if (value.rest) value.description = "the rest of the path, slashes and all";
    made.parameters.push_back(std::move(value));
  }
  return made;
}

template <class Context, auto Fn, class... States>
[[gnu::cold]] void describe_maker(openapi_document& into, openapi_operation& about,
                                  handler<Fn, States...> const& /*maker*/) {
  using made = handler<Fn, States...>;
  using all  = typename made::template wants<Context>::list;
  [&]<class... W>(std::type_identity<std::tuple<W...>> /*all*/) {
    (describe_want<W>(into, about), ...);
  }(std::type_identity<all>{});
  if constexpr (made::template wants<Context>::writes) {
    about.entry(status::ok);
  } else {
    describe_content<typename made::result_type>(into, about);
  }
  using words = describe_handler<Fn>;
  if constexpr (requires { words::summary; }) about.summary = std::string(words::summary);
  if constexpr (requires { words::description; }) about.description = std::string(words::description);
  if constexpr (requires { words::tag; }) about.tags.emplace_back(words::tag);
  if constexpr (requires { words::responses(about); }) words::responses(about);
}

template <class Context, class Maker>
void describe_maker(openapi_document& /*into*/, openapi_operation& about, Maker const& maker) {
  if constexpr (requires { maker.describe(Context{}, about); }) maker.describe(Context{}, about);
}

/// True if some state described its paths.
template <class Context, auto Fn, class... States>
bool describe_rows(openapi_document& into, openapi_operation const& like, handler<Fn, States...> const& maker) {
  bool any = false;
  maker.for_each_state([&](auto const& one) {
    if constexpr (requires { one.describe_paths(into, like); }) {
      one.describe_paths(into, like);
      any = true;
    }
  });
  return any;
}
template <class Context, class Maker>
bool describe_rows(openapi_document& /*into*/, openapi_operation const& /*like*/, Maker const& /*maker*/) {
  return false;
}

template <class Route>
[[gnu::cold]] void describe_route(openapi_document& into, Route const& route) {
  using context = typename Route::context;
  auto about    = operation_of_pattern(context::verb, context::shape);
  describe_maker<context>(into, about, route.maker());
  route.for_each_guard([&](auto const& guard) {
    if constexpr (requires { guard.describe(about); }) guard.describe(about);
  });
  describe_server(about);
  if constexpr (context::shape.has_rest()) {
    auto like = about;
    like.path.clear();
    std::erase_if(like.parameters, [](openapi_parameter const& one) { return one.place == parameter_place::path; });
    if (describe_rows<context>(into, like, route.maker())) return;
  }
  into.add(std::move(about));
}

}  // namespace detail

/// Adds what a table of routes offers.
template <class... R>
void describe_routes(openapi_document& into, routes<R...> const& table) {
  table.for_each([&](auto const& one) { detail::describe_route(into, one); });
}

/// A table with its document at `/openapi.json` and its page at `/docs`, both open to everybody; a route of the table's
/// own with one of these literal paths goes first. `table` must outlive this object, which is neither copied nor moved.
template <class Table>
class documented {
 public:
  documented(Table const& table, openapi_info info, bool enabled = true) : inner_(table.table()) {
    if (!enabled) return;
    openapi_document about(std::move(info));
    describe_routes(about, table);
    document_ = shared_bytes::own(about.json());
    page_     = shared_bytes::own(detail::docs_page(about));
    policy_   = detail::docs_policy();
    if (!Table::has(method::get, document_path)) offer(document_route_, document_path, &give_document);
    if (!Table::has(method::get, page_path)) offer(page_route_, page_path, &give_page);
  }

  documented(documented const&)            = delete;
  documented& operator=(documented const&) = delete;
  ~documented()                            = default;

  [[nodiscard]] route_table table() const noexcept {
    return document_.size() == 0 ? inner_ : route_table{this, &match};
  }

  /// The document's text; empty when it is switched off.
  [[nodiscard]] std::string_view document() const noexcept { return document_.view(); }
  [[nodiscard]] std::string_view page() const noexcept { return page_.view(); }

 private:
  static constexpr std::string_view document_path = "/openapi.json";
  static constexpr std::string_view page_path     = "/docs";

  void offer(endpoint& route, std::string_view path, reply (*answer)(void const*, request&)) const {
    route.pattern = path;
    route.self    = this;
    route.answer  = answer;
  }

  static route_match match(void const* self, request& r) {
    auto const& me   = *static_cast<documented const*>(self);
    auto const  path = r.head.path();
    for (auto const* const one : {&me.document_route_, &me.page_route_}) {
      if (path != one->pattern || one->answer == nullptr) continue;
      r.value_count = 0;
      route_match said;
      if (r.head.verb() == method::get || r.head.verb() == method::head) {
        said.found = one;
      } else {
        said = me.inner_.match(me.inner_.self, r);
        if (said.found == nullptr) said.allowed = "GET, HEAD, OPTIONS";
      }
      return said;
    }
    return me.inner_.match(me.inner_.self, r);
  }

  static reply give_document(void const* self, request& /*r*/) {
    auto made = reply::of(static_cast<documented const*>(self)->document_, "application/json");
    made.with("Cache-Control", "no-cache");
    return made;
  }
  static reply give_page(void const* self, request& /*r*/) {
    auto const& me   = *static_cast<documented const*>(self);
    auto        made = reply::of(me.page_, "text/html; charset=utf-8");
    made.with("Cache-Control", "no-cache")
        .with("Content-Security-Policy", me.policy_)
        .with("X-Content-Type-Options", "nosniff");
    made.with("Referrer-Policy", "no-referrer");
    return made;
  }

  route_table  inner_;
  shared_bytes document_;
  shared_bytes page_;
  std::string  policy_;
  endpoint     document_route_;
  endpoint     page_route_;
};

}  // namespace tensorgate::http
