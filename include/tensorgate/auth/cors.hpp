// tensorgate/auth/cors.hpp: which pages of other origins may ask from within a browser?
//
// The CORS protocol of the Fetch standard, §3.2. Off until origins are named.
#pragma once

#include <algorithm>    // all_of, find
#include <chrono>       // seconds
#include <cstddef>      // size_t
#include <optional>     // optional
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>       // TENSORGATE_ABI
#include <tensorgate/core/text.hpp>      // to_lower
#include <tensorgate/http/field.hpp>     // known_field
#include <tensorgate/http/reply.hpp>     // reply
#include <tensorgate/http/request.hpp>   // request
#include <tensorgate/http/url.hpp>       // url
#include <tensorgate/reflect/rules.hpp>  // describe

namespace tensorgate::inline TENSORGATE_ABI::auth {

struct cors_options {
  std::vector<std::string> origins{};  ///< "https://example.org", or "*" alone; empty: off
  std::vector<std::string> methods{"GET", "HEAD", "POST"};
  std::vector<std::string> headers{"Authorization", "Content-Type", "X-API-Key", "X-Request-Id"};
  std::vector<std::string> expose{"ETag",        "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
                                  "Retry-After", "X-Request-Id"};
  bool                     credentials = false;  ///< cookies and the browser's own credentials; not with "*"
  std::chrono::seconds     max_age{600};         ///< how long a browser may keep the answer to a preflight
};

class cors {
 public:
  using whoever_asks = void;  // it tells browsers; who may call is for others to say

  cors() = default;
  explicit cors(cors_options options) : options_(std::move(options)) {
    any_     = std::find(options_.origins.begin(), options_.origins.end(), "*") != options_.origins.end();
    methods_ = joined(options_.methods);
    headers_ = joined(options_.headers);
    expose_  = joined(options_.expose);
  }

  [[nodiscard]] bool off() const noexcept { return options_.origins.empty(); }

  /// The answer to a preflight; nothing for any other request, whose answer gets its fields. Origins are compared byte
  /// by byte, as browsers send them; one that is not listed gets an answer without the fields, which the browser
  /// withholds.
  [[nodiscard]] std::optional<http::reply> admit(http::request& r) const {
    if (off()) return std::nullopt;
    auto const origin = r.head.field(http::known_field::origin);
    if (!any_ || options_.credentials) r.answer_fields.push_back({"Vary", "Origin"});
    if (origin.empty()) return std::nullopt;
    bool const listed =
        any_ || std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end();
    if (listed) {
      r.answer_fields.push_back(
          {"Access-Control-Allow-Origin", any_ && !options_.credentials ? std::string("*") : std::string(origin)});
      if (options_.credentials) r.answer_fields.push_back({"Access-Control-Allow-Credentials", "true"});
    }
    bool const preflight =
        r.head.verb() == http::method::options && r.head.has(http::known_field::access_control_request_method);
    if (!preflight) {
      if (listed && !expose_.empty()) r.answer_fields.push_back({"Access-Control-Expose-Headers", expose_});
      return std::nullopt;
    }
    http::reply answer(http::status::no_content);
    if (listed) {
      answer.with("Access-Control-Allow-Methods", methods_);
      if (!headers_.empty()) answer.with("Access-Control-Allow-Headers", headers_);
      answer.with("Access-Control-Max-Age", std::to_string(options_.max_age.count()));
    }
    return answer;
  }

 private:
  static std::string joined(std::vector<std::string> const& words) {
    std::string made;
    for (auto const& one : words) {
      if (!made.empty()) made += ", ";
      made += one;
    }
    return made;
  }

  cors_options options_{};
  bool         any_ = false;
  std::string  methods_, headers_, expose_;
};

}  // namespace tensorgate::auth

template <>
struct tensorgate::reflect::describe<tensorgate::auth::cors_options> {
  using options = tensorgate::auth::cors_options;
  static constexpr auto rules =
      std::tuple{text<&options::origins>("origins whose pages may ask, such as https://example.org; empty: off"),
                 text<&options::methods>("methods that pages may use"),
                 text<&options::headers>("fields that pages may send"),
                 text<&options::expose>("fields that pages may read"),
                 text<&options::credentials>("whether cookies may come along"),
                 text<&options::max_age>("how long a browser keeps the answer")};
  static constexpr bool is_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }
  /// `scheme://host[:port]` in lower case, as a browser writes it.
  static bool is_origin(std::string_view one) {
    auto const end    = one.find("://");
    auto const scheme = one.substr(0, end);
    if (end == one.npos || scheme.empty() || !is_letter(scheme.front())) return false;
    bool const sound = std::all_of(scheme.begin(), scheme.end(), [](char c) {
      return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    });
    auto const where = std::string(one.substr(end + 3));
    auto const read  = tensorgate::http::url::parse((scheme == "https" ? "https://" : "http://") + where);
    if (!sound || !read) return false;
    return where == read->authority() || where == read->authority() + ":" + std::to_string(read->port());
  }
  /// `inside` names the origin that is wrong.
  static std::string_view check(options const& of, std::string& inside) {
    if (of.credentials && std::find(of.origins.begin(), of.origins.end(), "*") != of.origins.end()) {
      return "credentials cannot be allowed to every origin: name the origins";
    }
    for (std::size_t i = 0; i != of.origins.size(); ++i) {
      auto const& one = of.origins[i];
      inside          = "origins[" + std::to_string(i) + "]";
      if (one == "*" || one == "null") continue;
      bool const as_sent = std::all_of(one.begin(), one.end(), [](char c) { return c > ' ' && to_lower(c) == c; });
      if (!as_sent) return "an origin is written as browsers send it: in lower case, one a string";
      if ((one.starts_with("https://") && one.ends_with(":443")) ||
          (one.starts_with("http://") && one.ends_with(":80"))) {
        return "browsers leave out the port that a scheme has anyway: https://example.org, not https://example.org:443";
      }
      if (!is_origin(one)) return "an origin is scheme://host or scheme://host:port, without a path";
    }
    inside.clear();
    return {};
  }
};
