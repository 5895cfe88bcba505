// The outputs app over a copy of a sample tree, started for real.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/raw_client.hpp"

namespace tensorgate_tests {

namespace fs = std::filesystem;

/// The cases: TENSORGATE_VECTORS, or the project's own copies.
inline fs::path vectors_root() {
  char const* const named = std::getenv("TENSORGATE_VECTORS");
  return named != nullptr ? fs::path(named) : fs::path(TENSORGATE_TESTS_DIR) / "vectors";
}

inline std::string read_text(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder of its own that goes with the object.
class scratch_folder {
 public:
  scratch_folder() {
    auto name = (fs::temp_directory_path() / "tensorgate-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  scratch_folder(scratch_folder const&)            = delete;
  scratch_folder& operator=(scratch_folder const&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] fs::path const& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

/// The program of this build, or the one that TENSORGATE_OUTPUTS names.
[[nodiscard]] inline std::string outputs_program() {
  char const* const named = std::getenv("TENSORGATE_OUTPUTS");
  return named != nullptr ? named : TENSORGATE_OUTPUTS_PROGRAM;
}

/// What `keys add NAME --tier TIER` prints: the new key.
[[nodiscard]] inline std::string add_key(fs::path const& config, std::string const& name, int tier,
                                         std::vector<std::string> more = {}) {
  std::vector<std::string> words{outputs_program(), "--config",          config.string(), "keys", "add", name,
                                 "--tier",          std::to_string(tier)};
  words.insert(words.end(), more.begin(), more.end());
  auto [code, said] = run(std::move(words));
  if (code != 0) throw std::runtime_error("keys add: " + said);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return said.substr(said.find_last_of(" \n") + 1);
}

/// Lines of a configuration beside those that every installation has.
struct more_settings {
  std::string tiers = "ours";
  std::string data{};
  std::string server{};
  std::string keys{};
};

/// A validator's tree, a configuration and keys in a folder of their own.
class installation {
 public:
  explicit installation(std::string_view profile = "v1", more_settings const& more = {}) {
    auto const at = folder_.path().string();
    std::ofstream(config()) << "profile = \"" << profile << "\"\ntiers = \"" << more.tiers
                            << "\"\n[data]\nvalidation = \"" << at << "/tree/validation\"\nstate = \"" << at
                            << "/state\"\n"
                            << more.data
                            << "[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nthreads = 2\n"
                            << more.server << "[server.log]\naccess = \"off\"\n[keys]\nfile = \"" << at
                            << "/keys.json\"\npoll = \"100ms\"\n"
                            << more.keys;
  }
  void add_tree(fs::path const& from) const {
    fs::copy(from, tree(), fs::copy_options::recursive);
    fs::permissions(tree(), fs::perms::owner_write, fs::perm_options::add);
    for (auto const& entry : fs::recursive_directory_iterator(tree()))
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
  }
  void                      add_sample() const { add_tree(vectors_root() / "ptn/sample"); }
  [[nodiscard]] std::string key(std::string const& name, int tier, std::vector<std::string> more = {}) const {
    return add_key(config(), name, tier, std::move(more));
  }
  [[nodiscard]] std::pair<int, std::string> call(std::vector<std::string> words) const {
    auto const first = this->words();
    words.insert(words.begin(), first.begin(), first.end());
    return run(std::move(words));
  }
  [[nodiscard]] std::vector<std::string> words() const { return {outputs_program(), "--config", config().string()}; }
  [[nodiscard]] fs::path                 tree() const { return folder_.path() / "tree"; }
  [[nodiscard]] fs::path                 folder() const { return folder_.path(); }
  [[nodiscard]] fs::path                 config() const { return folder_.path() / "outputs.toml"; }

 private:
  scratch_folder folder_;
};

/// A program that listens at ports of its own choosing, its words read all the while so that it never waits for us.
class running_program {
 public:
  /// On that core alone, if one is named.
  explicit running_program(std::vector<std::string> words, int core = -1) : child_(std::move(words), core) {
    drain_                           = std::jthread([this](std::stop_token const& end) {
      while (!end.stop_requested()) {
        std::scoped_lock const held(lock_);
        child_.read_until("\x01 never printed", std::chrono::milliseconds{20});
      }
    });
    constexpr std::string_view admin = "admin: listening at 127.0.0.1:";
    if (!says(admin)) throw std::runtime_error("the app did not start: " + said());
    port_  = port_after("http: listening at 127.0.0.1:");
    admin_ = port_after(admin);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint16_t admin() const noexcept { return admin_; }
  [[nodiscard]] pid_t         pid() const noexcept { return child_.pid(); }
  [[nodiscard]] std::string   said() const {
    std::scoped_lock const held(lock_);
    return child_.printed();
  }
  /// True if `word` is printed within the time.
  [[nodiscard]] bool says(std::string_view word, std::chrono::milliseconds patience = std::chrono::seconds{20}) const {
    auto const until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      if (auto const at = said().find(word); at != std::string::npos && said().find('\n', at) != std::string::npos)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return false;
  }
  void signal(int number) const { child_.signal(number); }
  /// Sends the signal and waits: the exit code, or 128 and the signal's number.
  int stop(int number = SIGTERM) {
    child_.signal(number);
    drain_.request_stop();
    if (drain_.joinable()) drain_.join();
    return child_.wait();
  }

  /// A figure of /proc/<pid>/status, in bytes.
  [[nodiscard]] std::size_t status(std::string_view name) const {
    auto const text = read_text("/proc/" + std::to_string(pid()) + "/status");
    auto const at   = text.find(std::string(name) + ":");
    return at == std::string::npos ? 0 : std::stoul(text.substr(at + name.size() + 1)) * 1024;
  }
  [[nodiscard]] std::size_t descriptors() const {
    std::size_t count = 0;
    for ([[maybe_unused]] auto const& one : fs::directory_iterator("/proc/" + std::to_string(pid()) + "/fd")) ++count;
    return count;
  }

 private:
  [[nodiscard]] std::uint16_t port_after(std::string_view word) const {
    auto const text = said();
    auto const at   = text.find(word);
    if (at == std::string::npos) throw std::runtime_error("no port: " + text);
    return static_cast<std::uint16_t>(std::stoi(text.substr(at + word.size())));
  }

  mutable std::mutex lock_;
  child              child_;
  std::jthread       drain_;
  std::uint16_t      port_  = 0;
  std::uint16_t      admin_ = 0;
};

/// The app over a copy of a tree, with the keys of the tree's api_keys.json.
class outputs_app {
 public:
  outputs_app(fs::path const& sample, std::string_view profile, more_settings const& more = {}) : at_(profile, more) {
    at_.add_tree(sample);
    auto const [code, said] = at_.call({"keys", "import", (tree() / "api_keys.json").string()});
    if (code != 0) throw std::runtime_error("keys import: " + said);
    program_.emplace(at_.words());
  }

  [[nodiscard]] fs::path      tree() const { return at_.tree(); }
  [[nodiscard]] fs::path      folder() const { return at_.folder(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return program_->port(); }

  /// The file, relative to the tree, that a path of profile v1 reads.
  [[nodiscard]] static std::string file_of(std::string_view path) {
    if (path.starts_with("/miner-positions?tier=")) {
      return "validation/outputs/tiered_positions/" + std::string(path.substr(22)) + "/output.json.gz";
    }
    if (path.starts_with("/statistics")) return "runnable/minerstatistics.json";
    if (path.starts_with("/eliminations")) return "validation/eliminations.json";
    if (path.starts_with("/validator-checkpoint")) return "runnable/validator_checkpoint.json.gz";
    if (path.starts_with("/miner-copying")) return "validation/miner_copying.json";
    return "validation/outputs/output.json";
  }

  /// SIGTERM, and the exit code.
  int stop() { return program_->stop(); }

 private:
  installation                   at_;
  std::optional<running_program> program_;
};

}  // namespace tensorgate_tests
