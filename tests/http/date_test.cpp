#include <tensorgate/http/date.hpp>

#include <chrono>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace http = tensorgate::http;
using namespace std::chrono;

namespace {

sys_seconds const now{seconds{1717200000}};  // 2024-06-01

std::optional<long long> read(std::string_view text, sys_seconds at = now) {
  auto const when = http::parse_date(text, at);
  if (!when) return std::nullopt;
  return when->time_since_epoch().count();
}

}  // namespace

TEST_CASE("the three forms of a date are read alike") {
  CHECK(read("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK(read("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
  CHECK(read("Sun Nov  6 08:49:37 1994") == 784111777);
  CHECK(read("Wed Nov 16 08:49:37 1994") == 784111777 + 10 * 86400);
  CHECK(read("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(read("Thu, 29 Feb 2024 12:00:00 GMT") == 1709208000);
  CHECK(read("Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800);
  CHECK(http::parse_date("Sun, 06 Nov 1994 08:49:37 GMT") == sys_seconds{seconds{784111777}});
}

TEST_CASE("a year of two digits lies at most fifty years ahead") {
  CHECK(read("Wednesday, 01-Jan-70 00:00:00 GMT", sys_seconds{seconds{1717200000}}) == 3155760000);  // 2070: 46 ahead
  CHECK(read("Friday, 01-Jan-75 00:00:00 GMT", now) == std::nullopt);  // 1975 began on a Wednesday
  CHECK(read("Wednesday, 01-Jan-75 00:00:00 GMT", now) == 157766400);  // 2075 is 51 ahead
  CHECK(read("Saturday, 01-Jan-00 00:00:00 GMT", now) == 946684800);
}

TEST_CASE("anything else is no date") {
  for (auto const text : {"",
                          "Sun",
                          "Sun,",
                          "now",
                          "0",
                          "784111777",
                          "Sun, 06 Nov 1994 08:49:37",
                          "Sun, 06 Nov 1994 08:49:37 UTC",
                          "Sun, 06 Nov 1994 08:49:37 gmt",
                          "Sun, 06 Nov 1994 08:49:37 GMT ",
                          " Sun, 06 Nov 1994 08:49:37 GMT",
                          "Sun, 6 Nov 1994 08:49:37 GMT",
                          "Sun, 06 nov 1994 08:49:37 GMT",
                          "sun, 06 Nov 1994 08:49:37 GMT",
                          "Sun,06 Nov 1994 08:49:37 GMT",
                          "Sun,  06 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 94 08:49:37 GMT",
                          "Sun, 06 Nov 1994 8:49:37 GMT",
                          "Sun, 06 Nov 1994 24:00:00 GMT",
                          "Sun, 06 Nov 1994 08:60:00 GMT",
                          "Sun, 06 Nov 1994 08:49:61 GMT",
                          "Sun, 06 Nov 1994 08:49 GMT",
                          "Sun, 31 Nov 1994 08:49:37 GMT",
                          "Tue, 29 Feb 2023 00:00:00 GMT",
                          "Sun, 00 Nov 1994 08:49:37 GMT",
                          "Mon, 06 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Foo 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37 GMTx",
                          "Sun, 06-Nov-94 08:49:37 GMT",
                          "Sunday, 06 Nov 1994 08:49:37 GMT",
                          "Sunday, 06-Nov-1994 08:49:37 GMT",
                          "Sunday, 06-Nov-94 08:49:37",
                          "Sun Nov 6 08:49:37 1994",
                          "Sun Nov 06 08:49:37 94",
                          "Sun Nov  6 08:49:37 1994 GMT",
                          "Sun Nov  6 08:49:37",
                          "Sunday Nov  6 08:49:37 1994",
                          "Sun, +6 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov -994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37 +0000",
                          "1994-11-06T08:49:37Z",
                          "Sunday,06-Nov-94 08:49:37 GMT"}) {
    INFO(text);
    CHECK(read(text) == std::nullopt);
  }
}

TEST_CASE("a date that was written is read as itself") {
  CHECK(http::format_date(sys_seconds{seconds{784111777}}) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http::format_date(sys_seconds{seconds{-5}}) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http::format_date(sys_seconds{seconds{253402300799}}) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(http::format_date(sys_seconds{seconds{253402300800}}) == "Fri, 31 Dec 9999 23:59:59 GMT");
  std::mt19937_64                          random(11);
  std::uniform_int_distribution<long long> moment(0, 253402300799);
  for (int round = 0; round != 5000; ++round) {
    auto const when = moment(random);
    CHECK(read(http::format_date(sys_seconds{seconds{when}})) == when);
  }
}

TEST_CASE("the Date line changes with the second") {
  http::date_line line;
  auto const      at = [&](long long millis) { return std::string(line.at(tensorgate::from_unix_millis(millis))); };
  CHECK(at(0) == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
  CHECK(at(784111777000) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  CHECK(at(784111777999) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  CHECK(at(784111778000) == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}
