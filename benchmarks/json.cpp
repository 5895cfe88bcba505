// benchmarks/json.cpp: how fast are JSON texts read into values and written from them, beside the packaged libraries?
//
// The same bytes for all, in one process, turn about; every library's answer is checked before anything is timed. We
// read into plain aggregates, whose strings are views of the text (as simdjson's are views of its parser) or own their
// characters (as the rest do); the others into their own document. RapidJSON parses with its default flags, which
// neither check UTF-8 nor round doubles exactly; simdjson reuses its parser and is given padded text ahead of time.
//
//     json [--json FILE] [--rounds N]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <simdjson.h>
#include <nlohmann/json.hpp>

#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_write.hpp>

namespace {

template <class Text>
struct price_source {
  Text                  source;
  std::int64_t          timespan_ms = 0;
  double                open        = 0;
  double                close       = 0;
  std::optional<double> vwap;
  double                high      = 0;
  double                low       = 0;
  std::int64_t          start_ms  = 0;
  bool                  websocket = false;
  std::int64_t          lag_ms    = 0;
  std::optional<double> bid;
  std::optional<double> ask;
};

template <class Text>
struct order {
  Text                            order_type;
  double                          leverage = 0;
  double                          price    = 0;
  std::optional<double>           bid;
  std::optional<double>           ask;
  std::optional<double>           slippage;
  std::int64_t                    processed_ms = 0;
  Text                            order_uuid;
  std::vector<price_source<Text>> price_sources;
  int                             src = 0;
};

template <class Text>
struct position {
  Text                                           miner_hotkey;
  Text                                           position_uuid;
  std::int64_t                                   open_ms = 0;
  std::tuple<Text, Text, double, double, double> trade_pair;
  std::vector<order<Text>>                       orders;
  double                                         current_return         = 0;
  std::int64_t                                   close_ms               = 0;
  double                                         net_leverage           = 0;
  double                                         return_at_close        = 0;
  double                                         average_entry_price    = 0;
  double                                         cumulative_entry_value = 0;
  double                                         account_size           = 0;
  double                                         realized_pnl           = 0;
  Text                                           position_type;
  bool                                           is_closed_position = false;
};

template <class Text>
struct miner {
  std::vector<position<Text>> positions;
  double                      thirty_day_returns    = 0;
  double                      all_time_returns      = 0;
  int                         n_positions           = 0;
  double                      percentage_profitable = 0;
};

template <class Text>
using positions = std::vector<std::pair<std::string, miner<Text>>>;

struct checkpoint {
  std::int64_t open_ms            = 0;
  std::int64_t accum_ms           = 0;
  double       gain               = 0;
  double       loss               = 0;
  int          n_updates          = 0;
  double       prev_portfolio_ret = 0;
  std::int64_t last_update_ms     = 0;
};
struct rank {
  int value = 0;
};
struct weight {
  double value = 0;
};
template <class Text>
struct miner_statistics {
  Text                    hotkey;
  struct rank             rank;
  struct weight           weight;
  std::vector<checkpoint> checkpoints;
};
template <class Text>
struct statistics {
  Text                                version;
  std::int64_t                        created_timestamp_ms = 0;
  Text                                created_date;
  std::vector<miner_statistics<Text>> data;
};

template <class Text>
struct message {
  Text hotkey;
  int  tier   = 0;
  bool active = false;
  Text note;
};

}  // namespace

template <class Text>
struct tensorgate::reflect::describe<price_source<Text>> {
  static constexpr auto rules = std::tuple{null_if_empty<&price_source<Text>::vwap>()};
};

namespace {

/// The processor's time of this thread in seconds: other work on the machine does not count.
double now() {
  timespec at{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

std::string read_file(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Keeps the optimiser from dropping work whose result nobody reads.
template <class T>
void keep(T const& value) {
  __asm__ volatile("" : : "r"(&value) : "memory");
}

struct rival {
  std::string           name;
  std::function<void()> run;
  std::vector<double>   seconds = {};
};

struct outcome {
  std::string                                 question;
  std::size_t                                 bytes;
  std::vector<std::pair<std::string, double>> megabytes;  // per second, medians
  std::vector<std::pair<std::string, double>> ratios;     // ours to theirs: median of the rounds
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

outcome measure(std::string question, std::size_t bytes, std::vector<rival> rivals, int rounds) {
  int repeat = 1;
  for (;; repeat *= 2) {
    auto const start = now();
    for (int i = 0; i != repeat; ++i) rivals[0].run();
    if (now() - start > 0.005) break;
  }
  for (int round = 0; round != rounds; ++round) {
    for (auto& one : rivals) {
      auto const start = now();
      for (int i = 0; i != repeat; ++i) one.run();
      one.seconds.push_back((now() - start) / repeat);
    }
  }
  outcome out{std::move(question), bytes, {}, {}};
  for (auto const& one : rivals) {
    out.megabytes.emplace_back(one.name, static_cast<double>(bytes) / median(one.seconds) / 1e6);
    std::vector<double> ratios;
    for (std::size_t i = 0; i != one.seconds.size(); ++i) ratios.push_back(one.seconds[i] / rivals[0].seconds[i]);
    out.ratios.emplace_back(one.name, median(ratios));
  }
  std::printf("%-22s %9zu bytes", out.question.c_str(), bytes);
  for (std::size_t i = 0; i != rivals.size(); ++i) {
    std::printf("  %s %.0f MB/s", out.megabytes[i].first.c_str(), out.megabytes[i].second);
    if (i != 0) std::printf(" (%.2fx)", out.ratios[i].second);
  }
  std::printf("\n");
  return out;
}

[[noreturn]] void wrong(char const* what) {
  std::fprintf(stderr, "json: %s\n", what);
  std::exit(1);
}

template <class Owning, class Viewing>
void compare(std::string const& name, std::string const& text, int rounds, std::vector<outcome>& table) {
  namespace reflect = tensorgate::reflect;
  auto const value  = reflect::read_json<Owning>(text);
  if (!value) wrong(value.error().text().c_str());
  auto const written = reflect::write_json(*value);
  auto const viewed  = reflect::read_json<Viewing>(text);
  if (!viewed || reflect::write_json(*viewed) != written) wrong("views read another value");
  auto const tree = nlohmann::json::parse(text);
  if (nlohmann::json::parse(written) != tree) wrong("what we read and write is not what stands in the text");
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError()) wrong("rapidjson refuses the text");
  simdjson::dom::parser         parser;
  simdjson::padded_string const padded(text);
  if (parser.parse(padded).error() != simdjson::SUCCESS) wrong("simdjson refuses the text");

  table.push_back(measure("read " + name, text.size(),
                          {{"tensorgate", [&] { keep(*reflect::read_json<Viewing>(text)); }},
                           {"tensorgate_owning", [&] { keep(*reflect::read_json<Owning>(text)); }},
                           {"rapidjson",
                            [&] {
                              rapidjson::Document one;
                              one.Parse(text.data(), text.size());
                              keep(one);
                            }},
                           {"simdjson", [&] { keep(parser.parse(padded).value_unsafe()); }},
                           {"nlohmann", [&] { keep(nlohmann::json::parse(text)); }}},
                          rounds));
  table.push_back(measure("write " + name, written.size(),
                          {{"tensorgate", [&] { keep(reflect::write_json(*value)); }},
                           {"rapidjson",
                            [&] {
                              rapidjson::StringBuffer                    buffer;
                              rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
                              document.Accept(writer);
                              keep(std::string(buffer.GetString(), buffer.GetSize()));
                            }},
                           {"nlohmann", [&] { keep(tree.dump()); }}},
                          rounds));
}

}  // namespace

int main(int argc, char** argv) {
  std::string json_file;
  int         rounds = 15;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--json") json_file = argv[i + 1];
    if (std::string_view(argv[i]) == "--rounds") rounds = std::atoi(argv[i + 1]);
  }
  char const*       other   = std::getenv("TENSORGATE_VECTORS");
  std::string const samples = std::string(other != nullptr ? other : TENSORGATE_TESTS_DIR "/vectors") + "/ptn/sample/";
  std::vector<outcome> table;
  compare<positions<std::string>, positions<std::string_view>>(
      "positions", read_file(samples + "validation/outputs/output.json"), rounds, table);
  compare<statistics<std::string>, statistics<std::string_view>>(
      "statistics", read_file(samples + "runnable/minerstatistics.json"), rounds, table);
  compare<message<std::string>, message<std::string_view>>(
      "a small message",
      R"({"hotkey":"5Dp1A7pk5qoXtnjoT2H73CygqkrVbLuFAW3bTFggHq2SQhUC","tier":30,"active":true,"note":"hello"})", rounds,
      table);

  if (!json_file.empty()) {
    auto rows = nlohmann::json::array();
    for (auto const& row : table) {
      nlohmann::json ratios;
      nlohmann::json speeds;
      for (auto const& [name, ratio] : row.ratios) ratios[name] = ratio;
      for (auto const& [name, speed] : row.megabytes) speeds[name] = speed;
      rows.push_back({{"question", row.question},
                      {"bytes", row.bytes},
                      {"megabytes_per_second", speeds},
                      {"times_slower", ratios}});
    }
    std::ofstream(json_file) << rows.dump(2) << "\n";
  }
}
