// tensorgate/service/server_config.hpp: what an operator may set about any server of the house.
#pragma once

#include <cerrno>        // errno
#include <charconv>      // from_chars
#include <chrono>        // milliseconds
#include <cstddef>       // size_t
#include <cstdint>       // uint16_t
#include <filesystem>    // path
#include <functional>    // function
#include <optional>      // optional
#include <string>        // string, to_string
#include <string_view>   // string_view
#include <system_error>  // errc, generic_category
#include <tuple>         // tuple
#include <utility>       // move
#include <vector>        // vector

#include <sys/stat.h>  // stat
#include <unistd.h>    // access

#include <tensorgate/auth/cors.hpp>       // cors_options
#include <tensorgate/auth/rate.hpp>       // rate_options
#include <tensorgate/core/result.hpp>     // result, fail
#include <tensorgate/core/text.hpp>       // equals_ignoring_case
#include <tensorgate/http/limits.hpp>     // limits
#include <tensorgate/http/server.hpp>     // request_id_field
#include <tensorgate/http/url.hpp>        // url
#include <tensorgate/net/addresses.hpp>   // cidr, forwarding_field
#include <tensorgate/net/listener.hpp>    // listen_options
#include <tensorgate/net/tls.hpp>         // tls_options, tls_certificate
#include <tensorgate/ops/access_log.hpp>  // log_options
#include <tensorgate/reflect/errc.hpp>    // errc
#include <tensorgate/reflect/fields.hpp>  // field_names, field_index
#include <tensorgate/reflect/rules.hpp>   // describe
#include <tensorgate/reflect/traits.hpp>  // text_form

namespace tensorgate::inline TENSORGATE_ABI {

/// Where a server listens: "127.0.0.1:8080", "[::1]:8080", "tls:0.0.0.0:443", "unix:/run/app.sock", "systemd" (the
/// first socket that the service manager passed) or "systemd:NAME".
struct listen_address {
  net::listen_options value{};

  [[nodiscard]] static std::optional<listen_address> parse(std::string_view text) {
    listen_address made;
    made.value.tls = text.starts_with("tls:");
    if (made.value.tls) text.remove_prefix(4);
    if (text.starts_with("unix:")) {
      made.value.unix_socket = std::string(text.substr(5));
      if (made.value.unix_socket.empty()) return std::nullopt;
      return made;
    }
    if (text == "systemd" || text.starts_with("systemd:")) {
      made.value.inherited = text.size() > 8 ? std::string(text.substr(8)) : "0";
      return made;
    }
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto       host      = text.substr(0, colon);
    auto const port      = text.substr(colon + 1);
    bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    auto const address = net::address::parse(host);
    auto const got     = std::from_chars(port.data(), port.data() + port.size(), made.value.port);
    if (!address || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
    if (port.empty() || got.ec != std::errc{} || got.ptr != port.data() + port.size()) return std::nullopt;
    made.value.address = std::string(host);
    return made;
  }
  /// True if both are one socket, so that only one of them can be had. Port 0 is another one each time.
  [[nodiscard]] bool is_same_place(listen_address const& other) const {
    auto const& a = value;
    auto const& b = other.value;
    if (!a.inherited.empty() || !b.inherited.empty()) return a.inherited == b.inherited;
    if (!a.unix_socket.empty() || !b.unix_socket.empty()) return a.unix_socket == b.unix_socket;
    auto const one = net::address::parse(a.address);
    auto const two = net::address::parse(b.address);
    return a.port != 0 && a.port == b.port && one && two && *one == *two;
  }
  [[nodiscard]] std::string to_text() const {
    std::string made = value.tls ? "tls:" : "";
    if (!value.inherited.empty())
      return made + (value.inherited == "0" ? std::string("systemd") : "systemd:" + value.inherited);
    return made + net::endpoint_text(value, value.port);
  }
};

/// A block of addresses in settings: "10.0.0.0/8".
struct address_block {
  net::cidr value{net::address{}};
};

struct proxies_config {
  std::vector<address_block> trusted{};            ///< empty: nobody is believed
  bool                       unix_socket = false;  ///< whoever comes by a Unix socket is a proxy
  net::forwarding_field      field       = net::forwarding_field::x_forwarded_for;
};

struct server_config {
  std::vector<listen_address> listen{*listen_address::parse("127.0.0.1:8080")};
  std::string                 admin{"off"};
  net::tls_options            tls{};
  std::uint16_t               threads = 0;
  std::uint16_t               pool    = 0;
  bool                        docs    = true;
  std::chrono::milliseconds   drain{30'000};
  std::vector<std::string>    hosts{};
  http::request_id_field      request_ids = http::request_id_field::echo;
  std::vector<address_block>  allow{};
  std::vector<address_block>  deny{};
  proxies_config              proxies{};
  auth::rate_options          rate{};
  auth::cors_options          cors{};
  http::limits                limits{};
  ops::log_options            log{};

  /// True for the members that a reload follows at once. All else counts from the next start on.
  [[nodiscard]] static constexpr bool is_followed(std::string_view member) noexcept;
};

namespace service_detail {

template <auto... Members>
struct member_list {
  /// Calls `use` with each pointer to a member.
  template <class F>
  static constexpr void each(F use) {
    (use(Members), ...);
  }
  template <class T>
  [[nodiscard]] static constexpr bool holds(std::string_view name) noexcept {
    return ((reflect::field_names<T>[reflect::field_index<Members>] == name) || ...);
  }
};

/// What a reload follows: the one list of it.
using followed_at_reload = member_list<&server_config::allow, &server_config::deny, &server_config::rate,
                                       &server_config::cors, &server_config::limits, &server_config::drain>;

/// The settings in force after a reload: those of the start, and what is followed as it is now.
[[nodiscard]] inline server_config after_reload(server_config started, server_config const& now) {
  followed_at_reload::each([&](auto member) { started.*member = now.*member; });
  return started;
}

/// True for what the Host field of a request may name, without its port: hosts are compared whole.
[[nodiscard]] inline bool is_host(std::string_view text) {
  auto const read = http::url::parse("http://" + std::string(text));
  return read && text.find('*') == text.npos && read->port() == 80 && equals_ignoring_case(read->authority(), text);
}

/// Why a file cannot be written at, with nothing made or changed; empty when it can be.
[[nodiscard]] inline std::string unwritable(std::string const& file) {
  struct stat facts{};
  if (::stat(file.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) return file + " is a folder";
    return ::access(file.c_str(), W_OK) == 0 ? ""
                                             : file + " cannot be written: " + std::generic_category().message(errno);
  }
  if (errno != ENOENT) return file + " cannot be opened: " + std::generic_category().message(errno);
  auto const folder = std::filesystem::path(file).parent_path().string();
  if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0) return {};
  return file + " cannot be made: " + folder + ": " + std::generic_category().message(errno);
}

/// The path of "unix:app.sock" or "tls:unix:app.sock".
[[nodiscard]] constexpr std::string_view socket_path_in(std::string_view listen) noexcept {
  if (listen.starts_with("tls:")) listen.remove_prefix(4);
  return listen.starts_with("unix:") ? listen.substr(5) : std::string_view{};
}

/// What a start would find missing.
inline void start_faults_of(server_config const& of, std::function<void(std::string_view, std::string)> const& tell) {
  if (!of.tls.certificate.empty()) {
    if (auto why = net::tls_certificate::fault_of(of.tls); !why.empty()) {
      bool const certificate = why.starts_with(of.tls.certificate + ":");
      tell(certificate ? "tls.certificate" : "tls.key", std::move(why));
    }
  }
  auto const& log = of.log.access;
  if (log != "off" && log != "stdout" && log != "stderr") {
    if (auto why = unwritable(log); !why.empty()) tell("log.access", std::move(why));
  }
  auto const socket = [&](std::string const& member, net::listen_options const& where) {
    if (where.unix_socket.empty()) return;
    auto const folder = std::filesystem::path(where.unix_socket).parent_path();
    if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0)
      tell(member, "no socket can be made in " + folder.string() + ": " + std::generic_category().message(errno));
  };
  for (std::size_t i = 0; i != of.listen.size(); ++i) socket("listen[" + std::to_string(i) + "]", of.listen[i].value);
  if (auto const admin = listen_address::parse(of.admin)) socket("admin", admin->value);
}

}  // namespace service_detail

constexpr bool server_config::is_followed(std::string_view member) noexcept {
  return service_detail::followed_at_reload::holds<server_config>(member);
}

}  // namespace tensorgate

template <>
struct tensorgate::reflect::text_form<tensorgate::listen_address> {
  static constexpr std::string_view expected =
      "a place to listen at such as 127.0.0.1:8080, [::1]:8080, tls:0.0.0.0:443, unix:/run/app.sock or systemd";
  [[nodiscard]] static result<tensorgate::listen_address> parse(std::string_view text) {
    auto made = tensorgate::listen_address::parse(text);
    if (!made) return fail(errc::wrong_type, expected);
    return std::move(*made);
  }
  static void append(std::string& out, tensorgate::listen_address const& of) { out += of.to_text(); }
};
template <>
struct tensorgate::reflect::text_form<tensorgate::address_block> {
  static constexpr std::string_view expected = "an address or a block of them such as 10.0.0.0/8 or 2001:db8::/32";
  [[nodiscard]] static result<tensorgate::address_block> parse(std::string_view text) {
    auto const made = tensorgate::net::cidr::parse(text);
    if (!made) return fail(errc::wrong_type, made.error().note);
    return tensorgate::address_block{*made};
  }
  static void append(std::string& out, tensorgate::address_block const& of) { out += of.value.to_text(); }
};

template <>
struct tensorgate::reflect::describe<tensorgate::net::tls_options> {
  using config = tensorgate::net::tls_options;
  static constexpr auto rules =
      std::tuple{text<&config::certificate>("PEM file of the certificate and those it rests on"),
                 file_path<&config::certificate>(),
                 text<&config::key>("PEM file of its key"),
                 file_path<&config::key>(),
                 text<&config::follow>("takes a new pair when the files change; at SIGHUP in any case"),
                 text<&config::tls12>("TLS 1.2 too; 1.3 always")};
  static constexpr std::string_view check(config const& of) {
    return of.certificate.empty() == of.key.empty() ? "" : "certificate and key go together";
  }
};
template <>
struct tensorgate::reflect::describe<tensorgate::proxies_config> {
  using config = tensorgate::proxies_config;
  static constexpr auto rules =
      std::tuple{text<&config::trusted>("proxies that are believed when they say for whom they ask; empty: nobody"),
                 text<&config::unix_socket>("whether whoever comes by a Unix socket is such a proxy"),
                 text<&config::field>("the field that they write")};
};
template <>
struct tensorgate::reflect::describe<tensorgate::http::limits> {
  using limits = tensorgate::http::limits;
  static constexpr auto rules =
      std::tuple{text<&limits::head>("bytes of request line and fields; beyond: 431"),
                 text<&limits::fields>("field lines; beyond: 431"),
                 text<&limits::target>("bytes of the target; beyond: 414"),
                 text<&limits::body>("bytes of a body, unless the route says otherwise; beyond: 413"),
                 text<&limits::drain>("bytes of an unwanted body that are read so that the connection can be kept"),
                 text<&limits::handshake>("time for TLS; then closed"),
                 text<&limits::head_time>("time for a head; then 408"),
                 text<&limits::idle>("time between requests; then closed"),
                 text<&limits::progress_interval>("in each such span a body must move"),
                 text<&limits::progress>("by so many bytes; else 408, or the answer is cut off"),
                 text<&limits::answer>("time until an answer begins; then 503"),
                 text<&limits::half_closed>("time for the answer to a peer that sends no more"),
                 text<&limits::linger>("time for a peer to close after the last answer"),
                 text<&limits::requests_per_connection>("requests on one connection; 0: no limit"),
                 text<&limits::connections>("connections in all; beyond: 503; 0: no limit"),
                 text<&limits::connections_per_address>("connections of one address; beyond: 503; 0: no limit"),
                 text<&limits::in_flight>("requests that wait for their handler; beyond: 503; 0: no limit")};
  static constexpr std::string_view check(limits const& of) {
    constexpr std::chrono::milliseconds none{0};
    if (of.head < 256 || of.target < 16 || of.fields == 0)
      return "limits: too little for any request: head at least "
             "256, target at least 16, fields at least 1";
    bool const timed = of.handshake > none && of.head_time > none && of.idle > none && of.progress_interval > none &&
                       of.answer > none && of.half_closed > none && of.linger > none;
    return timed ? "" : "limits: a time must be longer than 0";
  }
};
template <>
struct tensorgate::reflect::describe<tensorgate::server_config> {
  using config = tensorgate::server_config;
  static constexpr auto rules =
      std::tuple{text<&config::listen>("where it listens"),
                 file_path<&config::listen>(&tensorgate::service_detail::socket_path_in),
                 text<&config::admin>("where metrics and health are served: an address such as 127.0.0.1:9100, or off"),
                 file_path<&config::admin>(&tensorgate::service_detail::socket_path_in),
                 text<&config::threads>("loops; 0: one for each core"),
                 range<&config::threads>(std::uint16_t{0}, std::uint16_t{256}),
                 text<&config::pool>("threads for heavy work; 0: one for each core"),
                 range<&config::pool>(std::uint16_t{0}, std::uint16_t{256}),
                 text<&config::docs>("whether /openapi.json and /docs are served"),
                 text<&config::drain>("how long requests may end after SIGTERM"),
                 text<&config::hosts>("names that it answers for, 421 to others; empty: any"),
                 text<&config::request_ids>("whether answers carry X-Request-Id"),
                 text<&config::allow>("addresses that may ask; empty: all"),
                 text<&config::deny>("addresses that may not ask")};
  static void start_faults(config const& of, std::function<void(std::string_view, std::string)> const& tell) {
    tensorgate::service_detail::start_faults_of(of, tell);
  }
  /// `inside` names the member that is wrong, where it is one.
  static std::string check(config const& of, std::string& inside) {
    if (of.listen.empty()) return "listen names no address";
    bool tls = false;
    for (auto const& one : of.listen) tls = tls || one.value.tls;
    if (tls && of.tls.certificate.empty()) return "a tls: address needs tls.certificate and tls.key";
    if (!tls && !of.tls.certificate.empty())
      return "a certificate is named, but no address speaks TLS: write tls: before one";
    auto const admin = tensorgate::listen_address::parse(of.admin);
    auto const at    = [](std::string_view list, std::size_t i) {
      return std::string(list) + "[" + std::to_string(i) + "]";
    };
    inside = "admin";
    if (of.admin != "off" && !admin) return "expected an address such as 127.0.0.1:9100, or off";
    if (admin && admin->value.tls) return "admin is served without TLS: an address of this host, or behind a proxy";
    for (std::size_t i = 0; i != of.listen.size(); ++i) {
      if (admin && admin->is_same_place(of.listen[i]))
        return "server." + at("listen", i) + " is the same address, and only one of them can listen there";
    }
    for (std::size_t i = 0; i != of.listen.size(); ++i) {
      inside = at("listen", i);
      for (std::size_t before = 0; before != i; ++before) {
        if (of.listen[before].is_same_place(of.listen[i]))
          return "server." + at("listen", before) + " is the same address already";
      }
    }
    for (std::size_t i = 0; i != of.hosts.size(); ++i) {
      inside = at("hosts", i);
      if (!tensorgate::service_detail::is_host(of.hosts[i])) {
        return "expected the name of a host such as example.org, or an address such as 192.0.2.1 or [2001:db8::1], "
               "without scheme, port and wildcard";
      }
    }
    inside = "rate.by";
    if (of.rate.by == tensorgate::auth::rate_by::caller)
      return "nobody is known yet where this rate is asked; by = \"address\", or a rate of the keys";
    return {};
  }
};
