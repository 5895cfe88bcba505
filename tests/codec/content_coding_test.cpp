#include <tensorgate/codec/content_coding.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string_view>

namespace tg = tensorgate;
using tg::codec::choose_coding;
using tg::codec::coding;

namespace {

struct row {
  std::optional<std::string_view> field;
  std::optional<coding>           gzip_first;      // offers: gzip, identity
  std::optional<coding>           identity_first;  // offers: identity, gzip
};

constexpr auto gz    = coding::gzip;
constexpr auto plain = coding::identity;

constexpr row rows[] = {
    {std::nullopt, gz, plain},
    {"", plain, plain},
    {" \t", plain, plain},
    {"gzip", gz, gz},
    {"GZip", gz, gz},
    {"x-gzip", gz, gz},
    {"gzip, deflate, br", gz, gz},
    {",, ,gzip", gz, gz},
    {"br", plain, plain},
    {"*", gz, plain},
    {"*;q=0", std::nullopt, std::nullopt},
    {"*;q=0, gzip", gz, gz},
    {"*;q=0, identity;q=0.001", plain, plain},
    {"identity", plain, plain},
    {"identity;q=0", std::nullopt, std::nullopt},
    {"identity;q=0, gzip;q=0", std::nullopt, std::nullopt},
    {"identity;q=0, *", gz, gz},
    {"gzip;q=0", plain, plain},
    {"gzip;q=0.000", plain, plain},
    {"gzip;q=0, *", plain, plain},
    {"gzip;q=0.001", gz, gz},
    {"gzip;q=0.5, identity;q=0.4", gz, gz},
    {"gzip;q=0.5, identity;q=0.6", plain, plain},
    {"gzip;q=0.5, identity;q=0.5", gz, plain},
    {"gzip;q=0.5, *;q=0.6", plain, plain},
    {"gzip ; Q=0.9", gz, gz},
    {"gzip\t;\tq=1.000", gz, gz},
    // members that break the grammar count for nothing
    {"gzip;q=2", plain, plain},
    {"gzip;q=1.001", plain, plain},
    {"gzip;q=0.1234", plain, plain},
    {"gzip;q=.5", plain, plain},
    {"gzip;q=-0", plain, plain},
    {"gzip;q=", plain, plain},
    {"gzip;q", plain, plain},
    {"gzip;level=9", plain, plain},
    {"gzip;q=1;q=1", plain, plain},
    {"gzip;", plain, plain},
    {"gzip;q= 1", plain, plain},
    {"gzip;q=0, gzip", plain, plain},
    {"gzip;q=9, gzip", gz, gz},
    {"gzipp", plain, plain},
};

}  // namespace

TEST_CASE("the coding is the acceptable one of highest weight") {
  for (auto const& [field, gzip_first, identity_first] : rows) {
    CAPTURE(field.value_or("(absent)"));
    CHECK(choose_coding(field, {gz, plain}) == gzip_first);
    CHECK(choose_coding(field, {plain, gz}) == identity_first);
  }
}

TEST_CASE("one stored form is sent only where it is acceptable") {
  CHECK(choose_coding("gzip;q=0.1", {gz}) == gz);
  CHECK(choose_coding("identity", {gz}) == std::nullopt);
  CHECK(choose_coding("identity;q=0", {plain}) == std::nullopt);
  CHECK(choose_coding("deflate", {plain}) == plain);
  CHECK(choose_coding("gzip", {}) == std::nullopt);
}

TEST_CASE("a coding is named as the field writes it, and identity is not written") {
  CHECK(name_of(gz) == "gzip");
  CHECK(name_of(plain).empty());
}
