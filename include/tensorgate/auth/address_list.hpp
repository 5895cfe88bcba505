// tensorgate/auth/address_list.hpp: may this address ask at all?
#pragma once

#include <string>  // string
#include <vector>  // vector

#include <tensorgate/core/result.hpp>     // result
#include <tensorgate/http/errc.hpp>       // errc
#include <tensorgate/http/operation.hpp>  // openapi_operation
#include <tensorgate/http/request.hpp>    // request
#include <tensorgate/net/addresses.hpp>   // cidr_list

namespace tensorgate::inline TENSORGATE_ABI::auth {

/// A guard on the client's address, after the trusted-proxy rule. `deny` is asked first; an empty `allow` lets in
/// everybody else. A peer on a Unix socket has no address: whoever may open the socket file may ask. A client whose
/// proxy does not tell his address is let in where there are no lists. An address is not who somebody is, and without
/// an `allow` it keeps few out: a route needs another guard beside it, if only `anyone`.
class address_list {
 public:
  using whoever_asks = void;

  address_list() = default;
  address_list(net::cidr_list allow, net::cidr_list deny) : allow_(std::move(allow)), deny_(std::move(deny)) {}

  [[nodiscard]] bool admits(net::address const& client) const noexcept {
    if (client.is_none()) return true;
    if (client.is_unknown()) return empty();
    return !deny_.contains(client) && (allow_.empty() || allow_.contains(client));
  }
  [[nodiscard]] bool empty() const noexcept { return allow_.empty() && deny_.empty(); }

  [[nodiscard]] result<void> admit(http::request& r) const {
    if (admits(r.client)) return {};
    r.record.refusal = "address";
    return fail(http::errc::forbidden, "this address may not ask");
  }
  void describe(http::openapi_operation& about) const {
    if (!empty()) about.answers(http::status::forbidden, "the client's address is not admitted");
  }

 private:
  net::cidr_list allow_;
  net::cidr_list deny_;
};

}  // namespace tensorgate::auth
