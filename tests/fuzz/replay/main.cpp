// tests/fuzz/replay/main.cpp: does a fuzz target still hold for every input that was ever kept?
#include <algorithm>   // sort
#include <cstddef>     // size_t
#include <cstdint>     // uint8_t
#include <cstdio>      // fprintf, printf
#include <filesystem>  // recursive_directory_iterator
#include <fstream>     // ifstream
#include <iterator>    // istreambuf_iterator
#include <vector>      // vector

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> inputs;
  for (int i = 1; i < argc; ++i) {
    std::error_code failed;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(argv[i], failed)) {
      if (entry.is_regular_file()) inputs.push_back(entry.path());
    }
    if (failed) {
      std::fprintf(stderr, "%s: %s\n", argv[i], failed.message().c_str());
      return 1;
    }
  }
  if (inputs.empty()) {
    std::fprintf(stderr, "no input to replay\n");
    return 1;
  }
  std::ranges::sort(inputs);
  LLVMFuzzerTestOneInput(nullptr, 0);  // libFuzzer, too, begins with nothing at all
  for (auto const& path : inputs) {
    std::fprintf(stderr, "%s\n", path.c_str());  // the last line names the input that ended the run
    std::ifstream             file(path, std::ios::binary);
    std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    bytes.shrink_to_fit();  // so that one byte too far is one byte outside of the allocation
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%zu inputs\n", inputs.size());
  return 0;
}
