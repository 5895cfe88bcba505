#include <tensorgate/reflect/text.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <doctest/doctest.h>

namespace reflect = tensorgate::reflect;
using namespace std::chrono_literals;
using reflect::errc;
using reflect::from_text;
using reflect::to_text;

namespace texts {

enum class side { LONG, SHORT };
struct colour {
  unsigned char red = 0;

  friend bool operator==(colour, colour) = default;
};

}  // namespace texts

template <>
struct tensorgate::reflect::text_form<texts::colour> {
  static tensorgate::result<texts::colour> parse(std::string_view text) {
    if (text != "red") return fail(errc::rule, "a colour");
    return texts::colour{255};
  }
  static void append(std::string& out, texts::colour) { out += "red"; }
};

TEST_CASE("integers are decimal, without sign or zeros that are not needed, and fit") {
  CHECK(*from_text<int>("0") == 0);
  CHECK(*from_text<int>("-12") == -12);
  CHECK(*from_text<std::uint64_t>("18446744073709551615") == 18446744073709551615U);
  CHECK(*from_text<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (std::string_view const bad : {"", "-", "+1", " 1", "1 ", "01", "-01", "1.0", "0x1", "1e3", "--1", "1,0"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_text<int>(bad));
  }
  CHECK(from_text<std::int8_t>("128").error().code == make_error_code(errc::out_of_range));
  CHECK_FALSE(from_text<std::int8_t>("-129"));
  CHECK(*from_text<std::int8_t>("-128") == -128);
  CHECK_FALSE(from_text<std::uint8_t>("-1"));
  CHECK_FALSE(from_text<std::uint64_t>("18446744073709551616"));
  CHECK_FALSE(from_text<std::uint64_t>("99999999999999999999999"));
}

TEST_CASE("numbers, bools, enums and texts go there and back") {
  CHECK(*from_text<double>("-1.5e3") == -1500);
  CHECK_FALSE(from_text<double>("1e400"));
  CHECK_FALSE(from_text<double>("nan"));
  CHECK_FALSE(from_text<double>(""));
  CHECK_FALSE(from_text<double>("1.5 "));
  CHECK(*from_text<bool>("true"));
  CHECK_FALSE(*from_text<bool>("false"));
  CHECK_FALSE(from_text<bool>("1"));
  CHECK(*from_text<texts::side>("SHORT") == texts::side::SHORT);
  CHECK(from_text<texts::side>("short").error().note == "one of: LONG, SHORT");
  CHECK(*from_text<std::string>("") == "");
  CHECK(*from_text<std::string_view>("a b") == "a b");
  CHECK(**from_text<std::optional<int>>("4") == 4);
  CHECK_FALSE(from_text<std::optional<int>>(""));
  CHECK(*from_text<texts::colour>("red") == texts::colour{255});
  CHECK_FALSE(from_text<texts::colour>("blue"));
  CHECK(to_text(-5) == "-5");
  CHECK(to_text(1e16) == "1e+16");
  CHECK(to_text(true) == "true");
  CHECK(to_text(texts::side::LONG) == "LONG");
  CHECK(to_text(std::string_view("x")) == "x");
  CHECK(to_text(std::optional<int>{}).empty());
  CHECK(to_text(texts::colour{}) == "red");
}

TEST_CASE("durations carry their unit and are whole in their own") {
  CHECK(*from_text<std::chrono::milliseconds>("250ms") == 250ms);
  CHECK(*from_text<std::chrono::milliseconds>("10s") == 10s);
  CHECK(*from_text<std::chrono::seconds>("1min") == 60s);
  CHECK(*from_text<std::chrono::seconds>("2h") == 7200s);
  CHECK(*from_text<std::chrono::hours>("1d") == 24h);
  CHECK(*from_text<std::chrono::nanoseconds>("5us") == 5000ns);
  CHECK(*from_text<std::chrono::milliseconds>("0s") == 0ms);
  for (std::string_view const bad :
       {"250", "", "ms", "-1s", "1.5s", "1 s", "1sec", "01s", "1S", "99999999999999999999s", "18446744073709551615d"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_text<std::chrono::milliseconds>(bad));
  }
  CHECK(from_text<std::chrono::seconds>("1500ms").error().note == "a duration that is whole in its own unit");
  CHECK(to_text(90s) == "90s");
  CHECK(to_text(120s) == "2min");
  CHECK(to_text(1500ms) == "1500ms");
  CHECK(to_text(0s) == "0ns");
  CHECK(to_text(48h) == "2d");
}

TEST_CASE("amounts of bytes may carry a unit") {
  CHECK(from_text<reflect::byte_count>("512")->value == 512);
  CHECK(from_text<reflect::byte_count>("512B")->value == 512);
  CHECK(from_text<reflect::byte_count>("16KiB")->value == 16384);
  CHECK(from_text<reflect::byte_count>("1MiB")->value == 1048576);
  CHECK(from_text<reflect::byte_count>("2TiB")->value == std::uint64_t{2} << 40U);
  for (std::string_view const bad : {"", "KiB", "1KB", "1kib", "1.5MiB", "-1", "16777216TiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_text<reflect::byte_count>(bad));
  }
  CHECK(to_text(reflect::byte_count{65536}) == "64KiB");
  CHECK(to_text(reflect::byte_count{1000}) == "1000");
  CHECK(to_text(reflect::byte_count{0}) == "0");
}

TEST_CASE("a duration that no clock can count is refused") {
  CHECK(reflect::from_text<std::chrono::milliseconds>("106751d"));
  CHECK(reflect::from_text<std::chrono::milliseconds>("106752d").error().code == reflect::errc::out_of_range);
  CHECK(reflect::from_text<std::chrono::milliseconds>("200000d").error().code == reflect::errc::out_of_range);
  CHECK(reflect::from_text<float>("1e39").error().code == reflect::errc::out_of_range);
}
