#include <tensorgate/reflect/json_slice.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace reflect = tensorgate::reflect;
using reflect::errc;
using reflect::find_json;

TEST_CASE("a pointer leads to the bytes of a value") {
  std::string_view const text = R"( {"a" : [ 1 , {"b/c~":"x\n"} , []], "" : {"":0}, "\u0064":[ 2 ] , "a":"second"} )";
  CHECK(find_json(text, "")->front() == '{');
  CHECK(find_json(text, "")->back() == '}');
  CHECK(*find_json(text, "/a") == R"([ 1 , {"b/c~":"x\n"} , []])");
  CHECK(*find_json(text, "/a/0") == "1");
  CHECK(*find_json(text, "/a/1/b~1c~0") == R"("x\n")");
  CHECK(*find_json(text, "/a/2") == "[]");
  CHECK(*find_json(text, "/") == R"({"":0})");
  CHECK(*find_json(text, "//") == "0");
  CHECK(*find_json(text, "/d/0") == "2");
}

TEST_CASE("a pointer that leads nowhere, or is none, says so with the path") {
  std::string_view const text = R"({"a":[1,2],"e":[],"o":{}})";
  for (std::string_view const pointer :
       {"/b", "/a/2", "/a/-", "/a/-1", "/a/01", "/a/", "/a/x", "/a/99999999999999999999", "/a/0/x", "/e/0", "/o/k", "a",
        "/~", "/~2", "/a/+1"}) {
    CAPTURE(pointer);
    auto const found = find_json(text, pointer);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::missing);
    CHECK(found.error().path == pointer);
  }
  CHECK(find_json(R"({"x":[1,}],"a":1})", "/a").error().code == errc::syntax);
  CHECK(find_json(R"({"a":[1,})", "/a").error().code == errc::syntax);
  CHECK(find_json("", "/a").error().code == errc::missing);
  CHECK(find_json("", "").error().code == errc::syntax);
  CHECK(*find_json(R"({"a":1} and the rest is not looked at)", "/a") == "1");
  CHECK(find_json("{\"x\":" + std::string(70, '[') + std::string(70, ']') + ",\"a\":1}", "/a").error().code ==
        errc::too_deep);
}

TEST_CASE("a text is a pointer if it is empty or begins with a slash, and its tildes are escapes") {
  for (std::string_view const pointer : {"", "/", "//", "/a/0", "/a~0~1b", "/~01"}) {
    CAPTURE(pointer);
    CHECK(reflect::is_json_pointer(pointer));
  }
  for (std::string_view const text : {"a", "a/b", "#/a", "/~", "/a~2", "/~/a", "/a/b~"}) {
    CAPTURE(text);
    CHECK_FALSE(reflect::is_json_pointer(text));
  }
}

TEST_CASE("members and elements come one by one as their own bytes") {
  std::vector<std::string> seen;
  CHECK(reflect::for_each_member(R"( { "a" : 1 , "\u0062":[2, 3],"a":{} } )",
                                 [&](std::string_view key, std::string_view value) {
                                   seen.push_back(std::string(key) + '=' + std::string(value));
                                 }));
  CHECK(seen == std::vector<std::string>{"a=1", "b=[2, 3]", "a={}"});
  seen.clear();
  CHECK(reflect::for_each_element("[1, \"x\" ,[ ]]", [&](std::size_t index, std::string_view value) {
    seen.push_back(std::to_string(index) + '=' + std::string(value));
  }));
  CHECK(seen == std::vector<std::string>{"0=1", "1=\"x\"", "2=[ ]"});
  int count = 0;
  CHECK(reflect::for_each_element("[1,2,3,broken", [&](std::size_t, std::string_view) { return ++count != 2; }));
  CHECK(count == 2);
  CHECK(reflect::for_each_member("{}", [](std::string_view, std::string_view) {}));
  auto const nothing = [](auto const&, std::string_view) {};
  CHECK(reflect::for_each_member("[]", nothing).error().code == errc::wrong_type);
  CHECK(reflect::for_each_element("{}", nothing).error().code == errc::wrong_type);
  CHECK(reflect::for_each_member(R"({"a":1,"b":[1,})", nothing).error().path == "/b");
  CHECK(reflect::for_each_element("[1] x", nothing).error().expected == "the end of the text");
}

TEST_CASE("a whole text is checked, for duplicate keys only when asked") {
  CHECK(reflect::validate_json(R"({"a":{"b":1,"\u0062":2}})"));
  auto const twice = reflect::validate_json(R"({"a":[0,{"b":1,"\u0062":2}]})", {});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == errc::duplicate);
  CHECK(twice.error().path == "/a/1");
  CHECK(reflect::validate_json(R"({"a":{"b":1},"c":{"b":1},"b":1,"\u0061b":1})", {}));
  CHECK(reflect::validate_json("[1] ").has_value());
  CHECK(reflect::validate_json("[1],").error().column == 4);
}
