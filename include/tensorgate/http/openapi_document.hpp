// tensorgate/http/openapi_document.hpp: the operations of a server, and how they are written as OpenAPI 3.1.
#pragma once

#include <algorithm>         // find, sort
#include <cstddef>           // size_t
#include <initializer_list>  // initializer_list
#include <string>            // string, to_string
#include <string_view>       // string_view
#include <utility>           // exchange, move
#include <vector>            // vector

#include <tensorgate/core/abi.hpp>             // TENSORGATE_ABI
#include <tensorgate/core/append.hpp>          // append_all, append_in_turn
#include <tensorgate/core/text.hpp>            // to_lower
#include <tensorgate/http/method.hpp>          // method
#include <tensorgate/http/operation.hpp>       // openapi_operation
#include <tensorgate/http/status.hpp>          // status, to_number
#include <tensorgate/reflect/json_schema.hpp>  // schema_registry
#include <tensorgate/reflect/json_write.hpp>   // append_json

namespace tensorgate::inline TENSORGATE_ABI::http {

/// What stands above the operations.
struct openapi_info {
  std::string title       = "API";
  std::string version     = "0.0.0";
  std::string description = {};
  /// The form of errors, a JSON schema and its media type, where the role's renderer has another than the house's.
  std::string error_schema     = {};
  std::string error_media_type = "application/json";
};

/// Operations in the order in which they were added.
class openapi_document {
 public:
  explicit openapi_document(openapi_info info) : info_(std::move(info)) {
    if (info_.error_schema.empty()) info_.error_schema = house_error_schema;
  }

  /// Adds an operation. A path is written as "/statistics/{id}"; one that stands already keeps its first description.
  [[gnu::cold]] void add(openapi_operation about) {
    for (auto const& one : operations_) {
      if (one.path == about.path && one.verb == about.verb) return;
    }
    for (auto& one : about.responses) {
      if (to_number(one.code) >= 400 && one.media_type.empty() && one.schema.empty()) {
        one.media_type = info_.error_media_type;
        one.schema     = error_reference;
      }
      for (auto const& field : about.every_answer) {
        bool known = false;
        for (auto const& own : one.headers) known = known || own.name == field.name;
        if (!known) one.headers.push_back(field);
      }
    }
    std::sort(about.responses.begin(), about.responses.end(),
              [](auto const& a, auto const& b) { return to_number(a.code) < to_number(b.code); });
    operations_.push_back(std::move(about));
  }

  [[nodiscard]] openapi_info const&                   info() const noexcept { return info_; }
  [[nodiscard]] std::vector<openapi_operation> const& operations() const noexcept { return operations_; }

  /// Where types become schemas: `schemas().ref<order>()` is what an operation's schema says.
  [[nodiscard]] reflect::schema_registry&       schemas() noexcept { return schemas_; }
  [[nodiscard]] reflect::schema_registry const& schemas() const noexcept { return schemas_; }

  /// The schema that a reference of this document stands for; any other schema is itself.
  [[nodiscard]] std::string_view resolve(std::string_view schema) const noexcept {
    if (schema == error_reference) return info_.error_schema;
    static constexpr std::string_view before = R"({"$ref":"#/components/schemas/)";
    if (!schema.starts_with(before) || !schema.ends_with("\"}")) return schema;
    auto const name = schema.substr(before.size(), schema.size() - before.size() - 2);
    for (auto const& [known, text] : schemas_.components()) {
      if (known == name) return text;
    }
    return schema;
  }

  /// "get" for GET, as the document and the page spell it.
  [[nodiscard]] static std::string lower(method verb) {
    std::string text;
    for (char const c : to_text(verb)) text.push_back(to_lower(c));
    return text;
  }

  /// The name of an operation, for programs: "get_statistics_id".
  [[nodiscard]] static std::string operation_id(openapi_operation const& one) {
    std::string id = lower(one.verb);
    for (char const c : one.path) {
      bool const word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (word) {
        id.push_back(c);
      } else if (id.back() != '_') {
        id.push_back('_');
      }
    }
    while (id.back() == '_') id.pop_back();
    return id;
  }

  /// The names of the operations, in their order, each different from all others.
  [[nodiscard]] std::vector<std::string> operation_ids() const {
    std::vector<std::string> ids;
    for (auto const& one : operations_) {
      auto const name = operation_id(one);
      auto       id   = name;
      for (int i = 2; std::find(ids.begin(), ids.end(), id) != ids.end(); ++i) id = name + "_" + std::to_string(i);
      ids.push_back(std::move(id));
    }
    return ids;
  }

  [[nodiscard]] static constexpr std::string_view place_text(parameter_place place) noexcept {
    switch (place) {
      case parameter_place::path: return "path";
      case parameter_place::query: return "query";
      case parameter_place::header: return "header";
    }
    return "query";
  }

  [[nodiscard, gnu::cold]] std::string json() const {
    std::string out;
    put(out, {R"({"openapi":"3.1.0","info":{"title":)", info_.title, R"(,"version":)", info_.version});
    append_words(out, "description", info_.description);
    out.append(R"(},"paths":{)");
    std::vector<std::string_view> done;
    auto const                    ids = operation_ids();
    for (auto const& first : operations_) {
      if (std::find(done.begin(), done.end(), first.path) != done.end()) continue;
      put(out, {done.empty() ? "" : ",", first.path, ":{"});
      done.push_back(first.path);
      std::string_view comma;
      for (std::size_t i = 0; i != operations_.size(); ++i) {
        if (operations_[i].path != first.path) continue;
        out.append(comma);
        append_operation(out, operations_[i], ids[i]);
        comma = ",";
      }
      out.push_back('}');
    }
    append_all(out, {R"(},"components":{"schemas":{"error":)", info_.error_schema});
    for (auto const& [name, schema] : schemas_.components()) {
      put(out, {",", name, ":"});
      out.append(schema);
    }
    out.push_back('}');
    append_schemes(out);
    return out.append("}}");
  }

 private:
  static constexpr std::string_view error_reference = R"({"$ref":"#/components/schemas/error"})";
  static constexpr std::string_view house_error_schema =
      R"({"type":"object","required":["error"],"properties":{"error":{"type":"object",)"
      R"("required":["code","message","request_id"],"properties":{)"
      R"("code":{"type":"string","description":"short and stable, for programs"},)"
      R"("message":{"type":"string","description":"for people"},)"
      R"("request_id":{"type":"string"},)"
      R"("path":{"type":"string","description":"which member of the input"}}}}})";

  static void append_quoted(std::string& out, std::string_view text) { reflect::append_json(out, text); }

  /// JSON and text in turn; the text becomes JSON strings.
  static void put(std::string& out, std::initializer_list<std::string_view> turns) {
    append_in_turn(out, turns, &append_quoted);
  }

  static void append_words(std::string& out, std::string_view name, std::string_view text) {
    if (!text.empty()) put(out, {",", name, ":", text});
  }

  /// Every set of proofs that is enough (OpenAPI 3.1 §4.8.30): one of each group of alternatives.
  [[gnu::cold]] static void append_security(std::string& out, std::vector<openapi_security> const& needed) {
    if (needed.empty()) return;
    std::vector<std::vector<std::string_view>> sets{{}};
    for (std::size_t at = 0; at != needed.size();) {
      auto const before = std::exchange(sets, {});
      do {
        for (auto const& one : before) sets.emplace_back(one).push_back(needed[at].name);
      } while (++at != needed.size() && needed[at].instead);
    }
    std::string_view begin = R"(,"security":[)";
    for (auto const& set : sets) {
      out.append(begin);
      std::string_view before = "{";
      for (auto const& name : set) {
        put(out, {before, name, ":[]"});
        before = ",";
      }
      out.push_back('}');
      begin = ",";
    }
    out.push_back(']');
  }

  [[gnu::cold]] static void append_operation(std::string& out, openapi_operation const& one, std::string_view id) {
    put(out, {"", lower(one.verb), R"(:{"operationId":)", id});
    append_words(out, "summary", one.summary);
    append_words(out, "description", one.description);
    if (!one.tags.empty()) {
      std::string_view before = R"(,"tags":[)";
      for (auto const& tag : one.tags) {
        put(out, {before, tag});
        before = ",";
      }
      out.push_back(']');
    }
    if (!one.parameters.empty()) {
      std::string_view before = R"(,"parameters":[{"name":)";
      for (auto const& p : one.parameters) {
        put(out, {before, p.name, R"(,"in":)", place_text(p.place), p.required ? R"(,"required":true)" : ""});
        append_words(out, "description", p.description);
        append_all(out, {R"(,"schema":)", p.schema, "}"});
        before = R"(,{"name":)";
      }
      out.push_back(']');
    }
    if (!one.body_media_type.empty()) {
      append_all(out, {R"(,"requestBody":{"required":)", one.body_required ? "true" : "false"});
      append_content(out, one.body_media_type, one.body_schema);
      out.push_back('}');
    }
    out.append(R"(,"responses":{)");
    for (auto const& answer : one.responses) {
      put(out, {"", std::to_string(to_number(answer.code)), R"(:{"description":)", answer.description});
      if (!answer.headers.empty()) {
        std::string_view before = R"(,"headers":{)";
        for (auto const& field : answer.headers) {
          put(out, {before, field.name, R"(:{"schema":)"});
          out.append(field.schema);
          append_words(out, "description", field.description);
          out.push_back('}');
          before = ",";
        }
        out.push_back('}');
      }
      if (!answer.media_type.empty()) append_content(out, answer.media_type, answer.schema);
      out.append("},");
    }
    out.append(R"("default":{"description":"any other failure"}})");
    append_security(out, one.security);
    out.push_back('}');
  }

  [[gnu::cold]] static void append_content(std::string& out, std::string_view media_type, std::string_view schema) {
    put(out, {R"(,"content":{)", media_type, ":{"});
    if (!schema.empty()) append_all(out, {R"("schema":)", schema});
    out.append("}}");
  }

  [[gnu::cold]] void append_schemes(std::string& out) const {
    std::vector<std::string_view> names;
    for (auto const& one : operations_) {
      for (auto const& needed : one.security) {
        if (std::find(names.begin(), names.end(), needed.name) != names.end()) continue;
        put(out, {names.empty() ? R"(,"securitySchemes":{)" : ",", needed.name, ":"});
        out.append(needed.scheme);
        names.push_back(needed.name);
      }
    }
    if (!names.empty()) out.push_back('}');
  }

  openapi_info                   info_;
  std::vector<openapi_operation> operations_;
  reflect::schema_registry       schemas_;
};

}  // namespace tensorgate::http
