#include <tensorgate/ops/metrics.hpp>

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace tensorgate;
using namespace std::chrono_literals;

namespace {

http::exchange_record record(std::string_view route, http::status code, std::chrono::nanoseconds took,
                             std::size_t loop = 0) {
  http::exchange_record made;
  made.route     = route;
  made.code      = code;
  made.bytes_in  = 10;
  made.bytes_out = 100;
  made.began     = steady_point{1000s};
  made.ended     = made.began + took;
  made.loop      = loop;
  return made;
}
bool has(std::string const& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string(line) + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("requests are counted by route, method and status over all loops") {
  ops::metrics all(2);
  all.finished(record("/a/{id}", http::status::ok, 1ms), http::method::get);
  all.finished(record("/a/{id}", http::status::ok, 1ms, 1), http::method::get);
  all.finished(record("/a/{id}", http::status::not_found, 1ms), http::method::get);
  all.finished(record("", http::status::bad_request, 0ms), http::method::other);
  auto const text = all.to_text(ops::exposition::text);
  CHECK(has(text, R"(tensorgate_requests_total{route="/a/{id}",method="GET",status="200"} 2)"));
  CHECK(has(text, R"(tensorgate_requests_total{route="/a/{id}",method="GET",status="404"} 1)"));
  CHECK(has(text, R"x(tensorgate_requests_total{route="(none)",method="(other)",status="400"} 1)x"));
  CHECK(has(text, R"(tensorgate_request_body_bytes_total{route="/a/{id}"} 30)"));
  CHECK(has(text, R"(tensorgate_response_bytes_total{route="/a/{id}"} 300)"));
  CHECK(has(text, "# TYPE tensorgate_requests_total counter"));
}

TEST_CASE("the histogram's cells hold what is not slower than their bound, and the last one everything") {
  ops::metrics all(1);
  for (auto const took :
       {std::chrono::nanoseconds(0), std::chrono::nanoseconds(50us), std::chrono::nanoseconds(50us) + 1ns,
        std::chrono::nanoseconds(1ms), std::chrono::nanoseconds(20s), std::chrono::nanoseconds(-1s)}) {
    all.finished(record("/", http::status::ok, took), http::method::get);
  }
  auto const text = all.to_text(ops::exposition::text);
  CHECK(has(text, R"(tensorgate_request_duration_seconds_bucket{route="/",class="2xx",le="0.00005"} 3)"));
  CHECK(has(text, R"(tensorgate_request_duration_seconds_bucket{route="/",class="2xx",le="0.0001"} 4)"));
  CHECK(has(text, R"(tensorgate_request_duration_seconds_bucket{route="/",class="2xx",le="0.001"} 5)"));
  CHECK(has(text, R"(tensorgate_request_duration_seconds_bucket{route="/",class="2xx",le="10"} 5)"));
  CHECK(has(text, R"(tensorgate_request_duration_seconds_bucket{route="/",class="2xx",le="+Inf"} 6)"));
  CHECK(has(text, R"(tensorgate_request_duration_seconds_count{route="/",class="2xx"} 6)"));
}

TEST_CASE("each latency falls into the first cell whose bound it does not exceed") {
  using ops::detail::latency_bounds;
  for (std::size_t i = 0; i != latency_bounds.size(); ++i) {
    CHECK(ops::detail::latency_cell(latency_bounds[i]) == i);
    CHECK(ops::detail::latency_cell(latency_bounds[i] + 1) == i + 1);
  }
  CHECK(ops::detail::latency_cell(0) == 0);
  CHECK(ops::detail::latency_cell(~std::uint64_t{0}) == latency_bounds.size());
}

TEST_CASE("equal patterns at different places are one route, and a table that is full goes on as (other)") {
  ops::metrics      all(1);
  std::string const one = "/same/pattern";
  std::string const two = "/same/pattern";
  all.finished(record(one, http::status::ok, 1ms), http::method::get);
  all.finished(record(two, http::status::ok, 1ms), http::method::get);
  CHECK(has(all.to_text(ops::exposition::text),
            R"(tensorgate_requests_total{route="/same/pattern",method="GET",status="200"} 2)"));
  for (int i = 0; i != 3000; ++i)
    all.finished(record("/many/" + std::to_string(i) + "/x", http::status::ok, 1ms), http::method::get);
  auto const text = all.to_text(ops::exposition::text);
  CHECK(has(text, R"x(tensorgate_requests_total{route="(other)",method="(other)",status="200"} 1977)x"));
  CHECK(has(text, R"(tensorgate_requests_total{route="/same/pattern",method="GET",status="200"} 2)"));
}

TEST_CASE("limits, refusals and cut answers are counted by name") {
  ops::metrics all(1);
  auto         one = record("/", http::status::too_many_requests, 1ms);
  one.limit_hit    = "rate";
  one.refusal      = "no key";
  one.cut_off      = true;
  all.finished(one, http::method::get);
  all.finished(one, http::method::get);
  auto const text = all.to_text(ops::exposition::text);
  CHECK(has(text, R"(tensorgate_limit_hits_total{limit="rate"} 2)"));
  CHECK(has(text, R"(tensorgate_refusals_total{reason="no key"} 2)"));
  CHECK(has(text, "tensorgate_answers_cut_off_total 2"));
}

TEST_CASE("parts offer figures, which stand together by family") {
  ops::metrics all(1);
  all.add({.name = "x_age_seconds", .help = "How old\nit is.", .read = [] { return 1.5; }});
  all.add(
      {.name = "x_done_total", .help = "Done.", .counts = true, .labels = R"(tier="30")", .read = [] { return 2.0; }});
  all.add({.name = "x_age_seconds", .help = "", .labels = R"(of="b")", .read = [] { return 3.0; }});
  auto const text = all.to_text(ops::exposition::text);
  CHECK(text.find("# HELP x_age_seconds How old\\nit is.\n# TYPE x_age_seconds gauge\nx_age_seconds "
                  "1.5\nx_age_seconds{of=\"b\"} 3\n") != std::string::npos);
  CHECK(text.find("# TYPE x_done_total counter\nx_done_total{tier=\"30\"} 2\n") != std::string::npos);
  CHECK(text.find("\nprocess_start_time_seconds 1") != std::string::npos);
}

TEST_CASE("OpenMetrics names families without _total and ends with # EOF") {
  ops::metrics all(1);
  all.finished(record("/a\"b\\\n", http::status::ok, 1ms), http::method::get);
  auto const text = all.to_text(ops::exposition::openmetrics);
  CHECK(has(text, "# TYPE tensorgate_requests counter"));
  CHECK(has(text, R"(tensorgate_requests_total{route="/a\"b\\\n",method="GET",status="200"} 1)"));
  CHECK(text.ends_with("\n# EOF\n"));
  CHECK(ops::exposition_for("application/openmetrics-text;version=1.0.0,text/plain;q=0.5") ==
        ops::exposition::openmetrics);
  CHECK(ops::exposition_for("text/plain") == ops::exposition::text);
}

TEST_CASE("a scrape while loops count sees each count grow") {
  ops::metrics             all(2);
  std::vector<std::thread> loops;
  for (std::size_t loop = 0; loop != 2; ++loop) {
    loops.emplace_back([&all, loop] {
      for (int i = 0; i != 20'000; ++i)
        all.finished(
            record(i % 2 == 0 ? "/a" : "/b", i % 3 == 0 ? http::status::ok : http::status::not_found, 1us, loop),
            http::method::get);
    });
  }
  for (int i = 0; i != 20; ++i) CHECK(all.to_text(ops::exposition::text).size() > 100);
  for (auto& one : loops) one.join();
  CHECK(has(all.to_text(ops::exposition::text),
            R"(tensorgate_request_duration_seconds_count{route="/a",class="2xx"} 6668)"));
}
