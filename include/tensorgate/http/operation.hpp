// tensorgate/http/operation.hpp: what a route says of itself: the entry that guards, extractors and handlers fill in.
//
// A guard that wants to be seen in the document has `void describe(openapi_operation& about) const`:
//
//     about.secured_by("api_key", R"({"type":"apiKey","in":"header","name":"X-API-Key"})");
//     about.answers(status::unauthorized, "the key is missing or unknown");
#pragma once

#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>     // TENSORGATE_ABI
#include <tensorgate/http/method.hpp>  // method
#include <tensorgate/http/status.hpp>  // status, reason

namespace tensorgate::inline TENSORGATE_ABI::http {

enum class parameter_place : std::uint8_t { path, query, header };

/// One parameter of an operation. `schema` is the text of a JSON schema.
struct openapi_parameter {
  parameter_place place = parameter_place::query;
  std::string     name{};
  std::string     schema      = "{}";
  std::string     description = {};
  bool            required    = false;
  bool            rest        = false;  ///< of a path: the rest of it, slashes and all
};

/// A field of an answer, such as `RateLimit-Remaining`.
struct openapi_header {
  std::string name{};
  std::string description{};
  std::string schema = R"({"type":"string"})";
};

/// What one status looks like. Without a media type it has no body; `schema` may be empty: any content.
struct openapi_answer {
  status                      code = status::ok;
  std::string                 description{};
  std::string                 media_type{};
  std::string                 schema{};
  std::vector<openapi_header> headers{};
};

/// A way to say who one is. `scheme` is the text of a Security Scheme Object.
struct openapi_security {
  std::string name{};
  std::string scheme{};
  bool        instead = false;  ///< of the one before it, not beside it
};

/// One method of one path.
struct openapi_operation {
  method                         verb = method::get;
  std::string                    path{};  ///< "/statistics/{id}"
  std::string                    summary{};
  std::string                    description{};
  std::vector<std::string>       tags{};
  std::vector<openapi_parameter> parameters{};
  std::string                    body_media_type{};  ///< empty: the operation takes no body
  std::string                    body_schema{};
  bool                           body_required = true;
  std::vector<openapi_answer>    responses{};
  std::vector<openapi_security>  security{};  ///< all of them are needed, but for those that stand for others

  std::vector<openapi_header> every_answer{};  ///< fields that any answer may have

  /// What is said of `code`; made if nothing is yet, with the reason phrase as its description.
  [[gnu::cold]] openapi_answer& entry(status code) {
    for (auto& one : responses) {
      if (one.code == code) return one;
    }
    openapi_answer made;
    made.code        = code;
    made.description = std::string(reason(code));
    responses.push_back(std::move(made));
    return responses.back();
  }

  /// Says that `code` may be answered, and why. Said twice, the reasons are joined. An error without a media type
  /// gets the form of all errors when the document is written.
  [[gnu::cold]] openapi_answer& answers(status code, std::string_view why = {}) {
    auto& one = entry(code);
    if (why.empty() || one.description.find(why) != std::string::npos) return one;
    if (one.description == reason(code)) {
      one.description = std::string(why);
    } else {
      one.description.append("; ").append(why);
    }
    return one;
  }

  /// Says how the caller proves who it is. Of several, all are needed.
  [[gnu::cold]] void secured_by(std::string_view name, std::string_view scheme) {
    openapi_security needed;
    needed.name   = std::string(name);
    needed.scheme = std::string(scheme);
    security.push_back(std::move(needed));
  }
  /// Says how it may do so instead of the way that was said last, if any was.
  void or_secured_by(std::string_view name, std::string_view scheme) {
    bool const other = !security.empty();
    secured_by(name, scheme);
    security.back().instead = other;
  }
};

}  // namespace tensorgate::http
