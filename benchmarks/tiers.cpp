// benchmarks/tiers.cpp: how long does it take to make the tiers' files, beside the same rule in Python; and how fast is
// the position file packed, beside zlib?
//
// Generated miners, as many and as large as asked for. Before anything is timed the two results are compared as JSON,
// on a smaller file. Both sides go from the text of output.json in memory to four gzip files in memory, turn about, on
// the same cores; the Python script has one thread. "one thread" pins ours to one too. A ratio is taken within a round,
// of wall time and of CPU time; the table has medians. Python packs at gzip 9, as the validator does, and at 6.
//
//     tiers [--json FILE] [--rounds N] [--miners N] [--positions N]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>
#include <zlib.h>
#include <nlohmann/json.hpp>

#include <tensorgate/codec/gzip.hpp>
#include <tensorgate/roles/outputs/tiers.hpp>

#include "../tests/support/json_compare.hpp"
#include "../tests/support/ptn_generate.hpp"

namespace {

namespace outputs = tensorgate::outputs;
using nlohmann::ordered_json;

struct cost {
  double      wall  = 0;
  double      cpu   = 0;
  std::size_t bytes = 0;  // of the four files
};

double cpu_seconds(clockid_t of) {
  timespec at{};
  ::clock_gettime(of, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

outputs::parallel_for on_threads(unsigned count) {
  return [count](std::size_t of, std::function<void(std::size_t)> const& call) {
    std::atomic<std::size_t> next{0};
    auto const               work = [&] {
      for (std::size_t i = next++; i < of; i = next++) call(i);
    };
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < count; ++i) others.emplace_back(work);
    work();
  };
}

constexpr std::int64_t now_ms = 1'760'000'000'000;

outputs::tier_set build(std::string const& raw, outputs::tier_mode mode, unsigned threads,
                        outputs::tier_cache* cache = nullptr) {
  outputs::tier_options options;
  options.json = false;
  auto made =
      outputs::build_tiers(raw, tensorgate::from_unix_millis(now_ms), mode, options, on_threads(threads), cache);
  if (!made) {
    std::fprintf(stderr, "the generated file was refused\n");
    std::exit(1);
  }
  return std::move(*made);
}

cost ours(std::string const& raw, unsigned threads, outputs::tier_cache* cache = nullptr) {
  auto const begin = std::chrono::steady_clock::now();
  auto const cpu   = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  auto const made  = build(raw, outputs::tier_mode::ours, threads, cache);
  cost       out;
  out.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  out.cpu  = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  for (auto const& one : made.tiers) out.bytes += one.gzip.size();
  return out;
}

cost python(std::filesystem::path const& file, int level, std::string const& folder = {}) {
  auto const command = "python3 '" TENSORGATE_TESTS_DIR "/../benchmarks/baseline/tiers.py' '" + file.string() + "' " +
                       std::to_string(now_ms) + " " + std::to_string(level) +
                       (folder.empty() ? "" : " '" + folder + "'");
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  std::string      text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), pipe));
  auto const told = ordered_json::parse(text, nullptr, false);
  if (::pclose(pipe) != 0 || told.is_discarded()) {
    std::fprintf(stderr, "the Python script failed\n");
    std::exit(1);
  }
  return {told["wall"], told["cpu"], told["bytes"]};
}

std::string read_file(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

ordered_json unpacked(std::string const& packed) {
  return ordered_json::parse(tensorgate::codec::gzip_decompress(packed, std::size_t{1} << 30U).value_or("null"));
}

/// Both rules on a file that is small enough to be compared: the validator's result, tier by tier.
void compare_results(std::filesystem::path const& folder) {
  tensorgate_tests::ptn_options wanted;
  wanted.positions = 60;
  wanted.days      = 10;
  wanted.open      = 0.2;
  auto const raw   = positions_json(make_miners(wanted));
  std::ofstream(folder / "small.json") << raw;
  python(folder / "small.json", 6, folder.string());
  for (auto const& one : build(raw, outputs::tier_mode::compat, 1).tiers) {
    auto const theirs = unpacked(read_file(folder / (std::to_string(one.tier) + ".json.gz")));
    auto const found  = tensorgate_tests::difference(unpacked(one.gzip), theirs);
    if (found.empty()) continue;
    std::fprintf(stderr, "tier %d differs at %s\n", one.tier, found.c_str());
    std::exit(1);
  }
}

struct row {
  std::string question;
  double      wall_ratio = 0;  // theirs to ours: times faster
  double      cpu_ratio  = 0;
  double      size_ratio = 0;  // ours to theirs
  double      seconds    = 0;  // ours, wall
};

row summarise(std::string question, std::vector<cost> const& mine, std::vector<cost> const& theirs) {
  std::vector<double> wall, cpu, seconds;
  for (std::size_t i = 0; i != mine.size(); ++i) {
    wall.push_back(theirs[i].wall / mine[i].wall);
    cpu.push_back(theirs[i].cpu / mine[i].cpu);
    seconds.push_back(mine[i].wall);
  }
  auto const size = static_cast<double>(mine[0].bytes) / static_cast<double>(theirs[0].bytes);
  row        out{std::move(question), median(wall), median(cpu), size, median(seconds)};
  std::printf("%-66s %6.1f × wall  %6.1f × CPU  size %.3f  %.3f s\n", out.question.c_str(), out.wall_ratio,
              out.cpu_ratio, out.size_ratio, out.seconds);
  return out;
}

/// The raw file as one gzip, at the level that is no larger than zlib's 6.
row pack_file(std::string const& raw, int rounds) {
  std::vector<cost> mine, theirs;
  for (int i = 0; i != rounds; ++i) {
    auto       start = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    auto const size  = tensorgate::codec::gzip_compress(raw, {5}).size();
    auto       took  = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    mine.push_back({took, took, size});

    std::string packed(::compressBound(static_cast<uLong>(raw.size())), '\0');
    auto        length = static_cast<uLongf>(packed.size());
    start              = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    ::compress2(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<Bytef const*>(raw.data()),
                static_cast<uLong>(raw.size()), 6);
    took = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    theirs.push_back({took, took, length});
  }
  return summarise("the position file packed at level 5, zlib 6", mine, theirs);
}

}  // namespace

int main(int argc, char** argv) {
  std::string                   json_file;
  int                           rounds = 5;
  tensorgate_tests::ptn_options wanted;
  wanted.miners    = 200;
  wanted.positions = 200;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view const name = argv[i];
    if (name == "--json") json_file = argv[i + 1];
    if (name == "--rounds") rounds = std::max(1, std::atoi(argv[i + 1]));
    if (name == "--miners") wanted.miners = static_cast<std::size_t>(std::max(1, std::atoi(argv[i + 1])));
    if (name == "--positions") wanted.positions = static_cast<std::size_t>(std::max(1, std::atoi(argv[i + 1])));
  }
  auto const folder = std::filesystem::temp_directory_path() / ("tensorgate-tiers-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  compare_results(folder);

  auto const raw = positions_json(make_miners(wanted));
  std::ofstream(folder / "large.json") << raw;
  unsigned const cores = std::max(1U, std::thread::hardware_concurrency());
  std::printf("%zu miners of %zu positions, %.1f MB, %u cores, %d rounds\n", wanted.miners, wanted.positions,
              static_cast<double>(raw.size()) / 1e6, cores, rounds);

  std::vector<cost>   single, all, again, nine, six;
  outputs::tier_cache cache;
  ours(raw, cores, &cache);
  for (int i = 0; i != rounds; ++i) {
    single.push_back(ours(raw, 1));
    nine.push_back(python(folder / "large.json", 9));
    all.push_back(ours(raw, cores));
    six.push_back(python(folder / "large.json", 6));
    again.push_back(ours(raw, cores, &cache));
  }
  std::vector<row> const table{
      summarise("tiers of one file, all cores, Python with gzip 9", all, nine),
      summarise("tiers of one file, all cores, Python with gzip 6", all, six),
      summarise("tiers of one file, one thread, Python with gzip 9", single, nine),
      summarise("tiers of one file, one thread, Python with gzip 6", single, six),
      summarise("tiers again, most of it unchanged, all cores, Python with gzip 9", again, nine),
      pack_file(raw, rounds),
  };
  std::filesystem::remove_all(folder);

  if (!json_file.empty()) {
    auto rows = ordered_json::array();
    for (auto const& one : table) {
      rows.push_back({{"question", one.question},
                      {"bytes", raw.size()},
                      {"times_faster", one.wall_ratio},
                      {"times_less_cpu", one.cpu_ratio},
                      {"size_ratio", one.size_ratio},
                      {"seconds", one.seconds}});
    }
    std::ofstream(json_file) << rows.dump(2) << "\n";
  }
}
