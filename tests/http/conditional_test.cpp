#include <tensorgate/http/conditional.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string_view>

namespace http = tensorgate::http;
using http::condition_outcome;
using http::entity_tag;
using http::method;
using http::tag_list_outcome;

namespace {

constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view same   = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view after  = "Sun, 06 Nov 1994 08:49:38 GMT";

http::validators current(bool weak = false) {
  http::validators made;
  made.etag          = entity_tag{.opaque = "abc", .weak = weak};
  made.last_modified = std::chrono::sys_seconds{std::chrono::seconds{784111777}};
  return made;
}

tag_list_outcome find(std::string_view list, bool strongly = false) {
  return http::find_tag(list, entity_tag{.opaque = "abc", .weak = false}, true, strongly);
}

}  // namespace

TEST_CASE("an entity tag is quoted text, weak if W/ stands before it") {
  CHECK(http::parse_entity_tag("\"abc\"") == entity_tag{.opaque = "abc", .weak = false});
  CHECK(http::parse_entity_tag("W/\"abc\"") == entity_tag{.opaque = "abc", .weak = true});
  CHECK(http::parse_entity_tag("\"\"") == entity_tag{.opaque = "", .weak = false});
  CHECK(http::parse_entity_tag("\"a\\\"") == entity_tag{.opaque = "a\\", .weak = false});
  for (auto const* const bad :
       {"", "abc", "\"abc", "abc\"", "w/\"abc\"", "W/abc", "\"a b\"", "\"a\" ", "\"a\"b", "\"\x7f\"", "W/ \"a\""}) {
    CAPTURE(bad);
    CHECK(!http::parse_entity_tag(bad));
  }
}

TEST_CASE("the table of comparisons of RFC 9110 section 8.8.3.2 holds") {
  entity_tag const weak_1{.opaque = "1", .weak = true};
  entity_tag const weak_2{.opaque = "2", .weak = true};
  entity_tag const strong_1{.opaque = "1", .weak = false};
  CHECK(!http::matches_strongly(weak_1, weak_1));
  CHECK(http::matches_weakly(weak_1, weak_1));
  CHECK(!http::matches_strongly(weak_1, weak_2));
  CHECK(!http::matches_weakly(weak_1, weak_2));
  CHECK(!http::matches_strongly(weak_1, strong_1));
  CHECK(http::matches_weakly(weak_1, strong_1));
  CHECK(http::matches_strongly(strong_1, strong_1));
  CHECK(http::matches_weakly(strong_1, strong_1));
}

TEST_CASE("a list of tags is searched whole, commas in tags and empty members included") {
  CHECK(find("\"abc\"") == tag_list_outcome::match);
  CHECK(find("*") == tag_list_outcome::match);
  CHECK(find(" * ") == tag_list_outcome::match);
  CHECK(find("\"x\", \"abc\"") == tag_list_outcome::match);
  CHECK(find(",, \"x\" ,\"abc\" ,") == tag_list_outcome::match);
  CHECK(find("W/\"abc\"") == tag_list_outcome::match);
  CHECK(find("W/\"abc\"", true) == tag_list_outcome::no_match);
  CHECK(find("\"x,abc\"") == tag_list_outcome::no_match);
  CHECK(find("\"x\",\"y\"") == tag_list_outcome::no_match);
  for (auto const* const bad : {"", ",", "abc", "\"abc\" \"x\"", "\"abc\",x", "*, \"abc\"", "\"abc\", *", "\"abc\"x"}) {
    CAPTURE(bad);
    CHECK(find(bad) == tag_list_outcome::malformed);
  }
}

TEST_CASE("what does not exist matches no tag and not the asterisk") {
  CHECK(http::find_tag("*", {}, false, true) == tag_list_outcome::no_match);
  CHECK(http::find_tag("*", {}, true, true) == tag_list_outcome::match);
  CHECK(http::find_tag("\"a\"", {}, true, true) == tag_list_outcome::no_match);
}

TEST_CASE("conditions are decided in the order of RFC 9110 section 13.2.2") {
  struct row {
    std::string_view  what;
    http::conditions  asked;
    method            verb;
    condition_outcome outcome;
  };
  auto const go      = condition_outcome::proceed;
  auto const fresh   = condition_outcome::not_modified;
  auto const refused = condition_outcome::precondition_failed;
  for (auto const& row : {
           row{"no condition", {}, method::get, go},
           row{"if-match holds", {.if_match = "\"abc\""}, method::get, go},
           row{"if-match fails", {.if_match = "\"x\""}, method::get, refused},
           row{"if-match is weak", {.if_match = "W/\"abc\""}, method::put, refused},
           row{"if-match is broken", {.if_match = "abc"}, method::put, refused},
           row{"if-match outranks its date", {.if_match = "\"abc\"", .if_unmodified_since = before}, method::get, go},
           row{"unmodified since", {.if_unmodified_since = same}, method::get, go},
           row{"modified after", {.if_unmodified_since = before}, method::get, refused},
           row{"a date that is none", {.if_unmodified_since = "yesterday"}, method::get, go},
           row{"none-match matches a read", {.if_none_match = "\"abc\""}, method::get, fresh},
           row{"none-match matches HEAD", {.if_none_match = "W/\"abc\""}, method::head, fresh},
           row{"none-match matches a write", {.if_none_match = "*"}, method::put, refused},
           row{"none-match does not match", {.if_none_match = "\"x\""}, method::get, go},
           row{"none-match outranks its date", {.if_none_match = "\"x\"", .if_modified_since = same}, method::get, go},
           row{"a broken none-match outranks its date too",
               {.if_none_match = "x", .if_modified_since = same},
               method::get,
               go},
           row{"not modified since", {.if_modified_since = same}, method::get, fresh},
           row{"not modified since later", {.if_modified_since = after}, method::head, fresh},
           row{"modified since", {.if_modified_since = before}, method::get, go},
           row{"a date is for reading", {.if_modified_since = same}, method::post, go},
           row{"both kinds, the first fails", {.if_match = "\"x\"", .if_none_match = "\"abc\""}, method::get, refused},
           row{"both kinds, the first holds", {.if_match = "*", .if_none_match = "\"abc\""}, method::get, fresh},
           row{"dates, both hold", {.if_modified_since = same, .if_unmodified_since = same}, method::get, fresh},
       }) {
    CAPTURE(row.what);
    CHECK(http::evaluate(row.asked, current(), row.verb) == row.outcome);
  }
}

TEST_CASE("a representation without validators meets no condition but the asterisk") {
  http::validators const bare{};
  CHECK(http::evaluate({.if_none_match = "\"a\"", .if_modified_since = after}, bare, method::get) ==
        condition_outcome::proceed);
  CHECK(http::evaluate({.if_modified_since = after}, bare, method::get) == condition_outcome::proceed);
  CHECK(http::evaluate({.if_unmodified_since = before}, bare, method::get) == condition_outcome::proceed);
  CHECK(http::evaluate({.if_match = "*"}, bare, method::put) == condition_outcome::proceed);
  CHECK(http::evaluate({.if_match = "*"}, {.exists = false}, method::put) == condition_outcome::precondition_failed);
  CHECK(http::evaluate({.if_none_match = "*"}, {.exists = false}, method::put) == condition_outcome::proceed);
}

TEST_CASE("if-range lets ranges through for exactly the same bytes") {
  CHECK(http::allows_ranges({}, current()));
  CHECK(http::allows_ranges({.if_range = "\"abc\""}, current()));
  CHECK(!http::allows_ranges({.if_range = "\"x\""}, current()));
  CHECK(!http::allows_ranges({.if_range = "W/\"abc\""}, current()));
  CHECK(!http::allows_ranges({.if_range = "\"abc\""}, current(true)));
  CHECK(http::allows_ranges({.if_range = same}, current()));
  CHECK(!http::allows_ranges({.if_range = before}, current()));
  CHECK(!http::allows_ranges({.if_range = after}, current()));
  CHECK(!http::allows_ranges({.if_range = "*"}, current()));
  CHECK(!http::allows_ranges({.if_range = ""}, current()));
  CHECK(!http::allows_ranges({.if_range = "\"abc\""}, {}));
}
