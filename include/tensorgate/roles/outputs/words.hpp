// tensorgate/roles/outputs/words.hpp: the sentences that clients of the data API have come to expect.
#pragma once

#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#include <tensorgate/core/abi.hpp>               // TENSORGATE_ABI
#include <tensorgate/http/problem.hpp>           // problem
#include <tensorgate/http/reply.hpp>             // reply
#include <tensorgate/http/request.hpp>           // request
#include <tensorgate/reflect/json_write.hpp>     // write_json
#include <tensorgate/roles/outputs/profile.hpp>  // api_profile

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// `{"error":"…"}` and a newline, byte for byte as Flask's jsonify writes it.
struct error_body {
  std::string error;
};

[[nodiscard]] inline http::reply error_reply(http::status code, std::string text) {
  auto body = reflect::write_json(error_body{std::move(text)});
  body.push_back('\n');
  return http::reply::json(std::move(body), code);
}

/// A missing file in profile v1: plain words as text/html, without a newline.
[[nodiscard]] inline http::reply missing_page(std::string text) {
  return http::reply::of(std::move(text), "text/html; charset=utf-8", http::status::not_found);
}

[[nodiscard]] inline http::reply no_access(int tier) {
  return error_reply(http::status::forbidden,
                     "Your API key does not have access to tier " + std::to_string(tier) + " data");
}

/// Problems of the framework in the API's form. The words are upstream's where it has any.
[[nodiscard]] inline http::reply errors(http::problem const& what, http::request const& /*r*/) {
  switch (what.code) {
    case http::status::unauthorized: return error_reply(what.code, "Unauthorized access");
    case http::status::forbidden: return error_reply(what.code, "Forbidden");
    case http::status::not_found: return error_reply(what.code, "Resource not found");
    case http::status::internal_server_error: return error_reply(what.code, "Internal server error");
    default: {
      std::string text = what.message.empty() ? std::string(http::reason(what.code)) : what.message;
      if (!what.path.empty()) text.append(" at ").append(what.path);
      return error_reply(what.code, std::move(text));
    }
  }
}

/// The same as profile v2 words it, which gives no reasons for a 400.
[[nodiscard]] inline http::reply errors_of_v2(http::problem const& what, http::request const& r) {
  return what.code == http::status::bad_request ? error_reply(what.code, "Bad request") : errors(what, r);
}

[[nodiscard]] inline http::error_renderer errors_of(api_profile profile) noexcept {
  return profile == api_profile::v2 ? &errors_of_v2 : &errors;
}

}  // namespace tensorgate::outputs
