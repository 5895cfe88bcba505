// tensorgate/http/openapi_document.hpp: the operations of a server, and how they are written as OpenAPI 3.1.
#pragma once

#include <algorithm>    // find, sort
#include <cstddef>      // size_t
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>             // TENSORGATE_ABI
#include <tensorgate/http/method.hpp>          // method
#include <tensorgate/http/operation.hpp>       // openapi_operation
#include <tensorgate/http/status.hpp>          // status, to_number
#include <tensorgate/reflect/json_schema.hpp>  // schema_registry

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
  void add(openapi_operation about) {
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
              [](openapi_answer const& a, openapi_answer const& b) { return to_number(a.code) < to_number(b.code); });
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

  /// The name of an operation, for programs: "get_statistics_id".
  [[nodiscard]] static std::string operation_id(openapi_operation const& one) {
    std::string id;
    for (char const c : to_text(one.verb)) id.push_back(static_cast<char>(c | 0x20));
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

  [[nodiscard]] static constexpr std::string_view place_text(parameter_place place) noexcept {
    switch (place) {
      case parameter_place::path: return "path";
      case parameter_place::query: return "query";
      case parameter_place::header: return "header";
    }
    return "query";
  }

  [[nodiscard]] std::string json() const {
    std::string out =
        R"({"openapi":"3.1.0","info":{"title":)" + quoted(info_.title) + R"(,"version":)" + quoted(info_.version);
    if (!info_.description.empty()) out.append(R"(,"description":)").append(quoted(info_.description));
    out.append(R"(},"paths":{)");
    std::vector<std::string_view> done;
    std::vector<std::string>      ids;
    for (auto const& first : operations_) {
      if (std::find(done.begin(), done.end(), first.path) != done.end()) continue;
      if (!done.empty()) out.push_back(',');
      done.push_back(first.path);
      out.append(quoted(first.path)).append(":{");
      bool comma = false;
      for (auto const& one : operations_) {
        if (one.path != first.path) continue;
        if (comma) out.push_back(',');
        comma          = true;
        std::string id = operation_id(one);
        for (int i = 2; std::find(ids.begin(), ids.end(), id) != ids.end(); ++i)
          id = operation_id(one) + "_" + std::to_string(i);
        ids.push_back(id);
        append_operation(out, one, id);
      }
      out.push_back('}');
    }
    out.append(R"(},"components":{"schemas":{"error":)").append(info_.error_schema);
    for (auto const& [name, schema] : schemas_.components())
      out.append(",").append(quoted(name)).append(":").append(schema);
    out.append("}");
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

  [[nodiscard]] static std::string quoted(std::string_view text) { return reflect::schema_registry::quoted(text); }

  static void append_words(std::string& out, std::string_view name, std::string_view text) {
    if (!text.empty()) out.append(",\"").append(name).append("\":").append(quoted(text));
  }

  static void append_operation(std::string& out, openapi_operation const& one, std::string_view id) {
    out.push_back('"');
    for (char const c : to_text(one.verb)) out.push_back(static_cast<char>(c | 0x20));
    out.append(R"(":{"operationId":)").append(quoted(id));
    append_words(out, "summary", one.summary);
    append_words(out, "description", one.description);
    if (!one.tags.empty()) {
      out.append(R"(,"tags":[)");
      for (std::size_t i = 0; i != one.tags.size(); ++i) out.append(i == 0 ? "" : ",").append(quoted(one.tags[i]));
      out.push_back(']');
    }
    if (!one.parameters.empty()) {
      out.append(R"(,"parameters":[)");
      for (std::size_t i = 0; i != one.parameters.size(); ++i) {
        auto const& p = one.parameters[i];
        out.append(i == 0 ? "" : ",")
            .append(R"({"name":)")
            .append(quoted(p.name))
            .append(R"(,"in":")")
            .append(place_text(p.place));
        out.append(p.required ? R"(","required":true)" : "\"");
        append_words(out, "description", p.description);
        out.append(R"(,"schema":)").append(p.schema).append("}");
      }
      out.push_back(']');
    }
    if (!one.body_media_type.empty()) {
      out.append(R"(,"requestBody":{"required":)").append(one.body_required ? "true" : "false");
      append_content(out, one.body_media_type, one.body_schema);
      out.push_back('}');
    }
    out.append(R"(,"responses":{)");
    for (auto const& answer : one.responses) {
      out.append("\"")
          .append(std::to_string(to_number(answer.code)))
          .append(R"(":{"description":)")
          .append(quoted(answer.description));
      if (!answer.headers.empty()) {
        out.append(R"(,"headers":{)");
        for (std::size_t i = 0; i != answer.headers.size(); ++i) {
          auto const& field = answer.headers[i];
          out.append(i == 0 ? "" : ",").append(quoted(field.name)).append(R"(:{"schema":)").append(field.schema);
          append_words(out, "description", field.description);
          out.push_back('}');
        }
        out.push_back('}');
      }
      if (!answer.media_type.empty()) append_content(out, answer.media_type, answer.schema);
      out.append("},");
    }
    out.append(R"("default":{"description":"any other failure"}})");
    if (!one.security.empty()) {
      out.append(R"(,"security":[{)");
      for (std::size_t i = 0; i != one.security.size(); ++i)
        out.append(i == 0 ? "" : ",").append(quoted(one.security[i].name)).append(":[]");
      out.append("}]");
    }
    out.push_back('}');
  }

  static void append_content(std::string& out, std::string_view media_type, std::string_view schema) {
    out.append(R"(,"content":{)").append(quoted(media_type)).append(":{");
    if (!schema.empty()) out.append(R"("schema":)").append(schema);
    out.append("}}");
  }

  void append_schemes(std::string& out) const {
    std::vector<std::string_view> names;
    for (auto const& one : operations_) {
      for (auto const& needed : one.security) {
        if (std::find(names.begin(), names.end(), needed.name) != names.end()) continue;
        out.append(names.empty() ? R"(,"securitySchemes":{)" : ",")
            .append(quoted(needed.name))
            .append(":")
            .append(needed.scheme);
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
