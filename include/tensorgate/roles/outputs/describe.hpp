// tensorgate/roles/outputs/describe.hpp: what the document of the API says of stored bytes and of rows.
#pragma once

#include <chrono>       // duration_cast
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // erase_if

#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/http/openapi_document.hpp>  // openapi_document
#include <tensorgate/http/operation.hpp>         // openapi_operation
#include <tensorgate/roles/outputs/row.hpp>      // row

namespace tensorgate::inline TENSORGATE_ABI::outputs {

namespace detail {

/// Every answer that stands for stored bytes: whole, in part, unchanged, or not as the client demands.
inline void describe_stored(http::openapi_operation& about, std::string_view what) {
  auto& whole      = about.answers(http::status::ok, what);
  whole.media_type = "application/json";
  auto& part       = about.answers(http::status::partial_content, "the ranges that were asked for");
  part.media_type  = "application/json";
  about.answers(http::status::not_modified, "the client has these bytes already");
  about.answers(http::status::not_acceptable, "every coding that there is was refused");
  about.answers(http::status::precondition_failed, "a condition of the request does not hold");
  about.answers(http::status::range_not_satisfiable, "none of the ranges lies within the content");
  about.answers(http::status::not_found, "there is no such data");
}

inline void add_parameter(http::openapi_operation& about, http::parameter_place place, std::string_view name,
                          std::string schema, std::string description) {
  http::openapi_parameter made;
  made.place       = place;
  made.name        = std::string(name);
  made.schema      = std::move(schema);
  made.description = std::move(description);
  made.required    = place == http::parameter_place::path;
  about.parameters.push_back(std::move(made));
}

/// The operation of one row, from `like`, what is said of the route that serves them all.
inline void describe_row(http::openapi_document& into, http::openapi_operation like, row const& one) {
  like.path = one.path;
  like.parameters.clear();
  if (one.path.find("{id}") != std::string::npos) {
    add_parameter(like, http::parameter_place::path, "id", R"({"type":"string"})", "whose data");
  }
  if (one.slash) {
    like.summary = "Leads to the same path with a slash at its end";
    std::erase_if(like.responses, [](http::openapi_answer const& said) { return said.code == http::status::ok; });
    like.answers(http::status::permanent_redirect, "with the slash");
    into.add(std::move(like));
    return;
  }
  like.summary = one.files.front();
  if (one.slice) like.summary += ", one member";
  if (one.lag) {
    like.description = "Keys below tier " + std::to_string(one.tier) + " do not see entries of the last " +
                       std::to_string(std::chrono::duration_cast<std::chrono::seconds>(one.lag->by).count()) +
                       " seconds.";
  } else {
    like.description = "Needs a key of tier " + std::to_string(one.tier) + ".";
    like.answers(http::status::forbidden, "the key's tier is too low");
  }
  if (one.omit) {
    add_parameter(like, http::parameter_place::query, one.omit->parameter, R"({"type":"string"})",
                  "`" + one.omit->value + "` leaves `" + one.omit->member + "` out of each element");
  }
  describe_stored(like, "the file's own bytes");
  into.add(std::move(like));
}

}  // namespace detail

}  // namespace tensorgate::outputs
