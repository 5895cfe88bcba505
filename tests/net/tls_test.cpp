#include <tensorgate/net/tls.hpp>

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "support/quiet_parts.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls.hpp"

using namespace tensorgate;

namespace {

struct files {
  test::temporary_folder const folder;
  net::tls_options const named = {.certificate = folder / "server.pem", .key = folder / "server.key", .follow = false};

  // What is said when these are loaded; empty when they can be used.
  [[nodiscard]] std::string refusal() const {
    test::quiet_parts    app;
    net::tls_certificate loaded(app, named);
    auto const           started = app.all.at(0).start();
    if (started) {
      CHECK(loaded.health().ready);
      CHECK(loaded.accept(-1) != nullptr);
      return {};
    }
    CHECK(started.error().code == net::errc::bad_certificate);
    CHECK(!loaded.health().ready);
    CHECK(loaded.health().degraded);
    CHECK(loaded.accept(-1) == nullptr);
    CHECK(loaded.health().note.starts_with("the certificate cannot be used: "));
    CHECK(app.said() == "tls: " + loaded.health().note + "\n");
    return loaded.health().note.substr(32);
  }
};

}  // namespace

TEST_CASE("what is wrong with a certificate or its key is told by file and in plain words") {
  files const in;
  auto const& [certificate, key, follow, tls12] = in.named;
  CHECK(in.refusal() == certificate + ": No such file or directory");
  std::ofstream(certificate) << "not PEM";
  CHECK(in.refusal() == certificate + ": it holds no certificate in PEM");
  auto const good  = test::make_certificate({});
  auto const other = test::make_certificate({});
  test::write_certificates(certificate, {&good});
  CHECK(in.refusal() == key + ": No such file or directory");
  std::ofstream(key) << "";
  CHECK(in.refusal() == key + ": it holds no private key in PEM");
  test::write_certificates(key, {&good});
  CHECK(in.refusal() == key + ": it holds no private key in PEM");
  test::write_key(key, other);
  CHECK(in.refusal() == key + " is not the key of " + certificate);
  test::write_key(key, good, "a passphrase");
  CHECK(in.refusal() ==
        key + ": the key needs a passphrase; store it without one, in a file that only this program reads");
  std::ofstream(key) << "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
  CHECK(in.refusal().starts_with(key + ": "));
  std::ofstream(certificate) << "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
  CHECK(in.refusal().starts_with(certificate + ": "));
  test::write_certificates(certificate, {&good});
  test::write_key(key, good);
  CHECK(in.refusal().empty());
}

TEST_CASE("a certificate out of its time is used, and said to be so") {
  files const in;
  for (bool const early : {false, true}) {
    auto const made = test::make_certificate({.from = early ? 3600 : -7200, .to = early ? 7200 : -3600});
    test::write_certificates(in.named.certificate, {&made});
    test::write_key(in.named.key, made);
    test::quiet_parts    app;
    net::tls_certificate loaded(app, in.named);
    REQUIRE(app.all.at(0).start());
    std::string const word = early ? "the certificate is not valid yet" : "the certificate has expired";
    CHECK(loaded.health().ready);
    CHECK(loaded.health().degraded);
    CHECK(loaded.health().note == word);
    CHECK(app.said().find(word) != std::string::npos);
  }
}

TEST_CASE("a certificate may end before its program, whether it follows its files or not") {
  files const in;
  test::write_pair(in.named.certificate, in.named.key, "first");
  test::quiet_parts app;
  auto              options = in.named;
  options.follow            = true;
  auto loaded               = std::make_optional<net::tls_certificate>(app, options);
  REQUIRE(app.all.at(0).start());
  app.loops().start();
  auto const link = loaded->accept(-1);
  CHECK(link != nullptr);
  loaded.reset();
  test::write_pair(in.named.certificate, in.named.key, "second");  // nobody is there to follow
  app.loops().on_each_done([](std::size_t) {});
  CHECK(app.all.at(0).reload().has_value());
  CHECK(app.all.at(0).health().ready);
  app.all.at(0).stop();
  CHECK(link->server_name().empty());
  app.loops().stop();
}
