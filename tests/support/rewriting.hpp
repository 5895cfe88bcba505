// tests/support/rewriting.hpp: a subnet whose files are rewritten in place all the time, and clients that look for torn
// answers.
#pragma once

#include <atomic>       // atomic
#include <chrono>       // milliseconds
#include <cstddef>      // size_t
#include <cstdint>      // int64_t
#include <filesystem>   // path
#include <fstream>      // ofstream
#include <mutex>        // mutex
#include <string>       // string
#include <string_view>  // string_view
#include <thread>       // jthread
#include <vector>       // vector

#include <nlohmann/json.hpp>

#include "support/outputs_app.hpp"

namespace tensorgate_tests {

/// What an operator of another subnet would write: rows alone, no line of code.
inline std::string table_settings(fs::path const& folder) {
  auto const at = folder.string();
  return "profile = \"table\"\n"
         "[data]\nvalidation = \"" +
         at + "/validation\"\nroot = \"" + at + "/data\"\nstate = \"" + at +
         "/state\"\n"
         "[[table]]\npath = \"/scores/{id}\"\nfiles = [\"scores/{id}.json\"]\ntier = 30\n"
         "[[table]]\npath = \"/weights\"\nfiles = [\"weights.json\"]\ntier = 0\n"
         "[[table]]\npath = \"/weights/{id}\"\nfiles = [\"weights.json\"]\ntier = 0\nslice = { at = \"/data\", by = "
         "\"hotkey\" }\n"
         "[[table]]\npath = \"/events\"\nfiles = [\"events.json\", \"events.json.gz\"]\ntier = 50\n"
         "lag = { array = \"/events\", time = \"/at/ms\", by = \"1h\" }\n"
         "[[table]]\npath = \"/rounds\"\nfiles = [\"rounds.json\"]\ntier = 0\n"
         "omit = { parameter = \"details\", value = \"no\", array = \"/rounds\", member = \"details\" }\n"
         "[server]\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nthreads = 2\n"
         "[server.log]\naccess = \"" +
         at +
         "/access.log\"\n"
         "[keys]\nfile = \"" +
         at + "/keys.json\"\n";
}

/// One version of every file. Each says its version at both ends and in every element, so that a torn answer shows.
class rewritten_files {
 public:
  static constexpr std::size_t ids = 8;

  explicit rewritten_files(fs::path root) : root_(std::move(root)) {
    fs::create_directories(root_ / "scores");
    write_next();
  }

  /// The next version; every second one in pieces.
  void write_next() {
    auto const version   = ++version_;
    bool const in_pieces = version % 2 == 0;
    auto const v         = std::to_string(version);
    auto const hour      = 3'600'000;
    auto const now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    auto const list = [&](std::string_view name, std::size_t count, auto const& element) {
      std::string out = "{\"version\": " + v + ", \"" + std::string(name) + "\": [";
      for (std::size_t i = 0; i != count; ++i) out.append(i == 0 ? "" : ", ").append(element(i));
      return out + "], \"end\": " + v + "}\n";
    };
    auto const element = [&](std::size_t i, std::string_view more) {
      return "{\"hotkey\": \"h" + std::to_string(i) + "\", \"v\": " + v + std::string(more) + ", \"pad\": \"" +
             std::string(300, 'x') + "\"}";
    };
    for (std::size_t i = 0; i != ids; ++i) {
      put("scores/h" + std::to_string(i) + ".json", list("data", 3, [&](std::size_t at) { return element(at, ""); }),
          in_pieces);
    }
    put("weights.json", list("data", 200, [&](std::size_t i) { return element(i, ""); }), in_pieces);
    put("events.json",
        list("events", 20,
             [&](std::size_t i) {
               auto const ago = i % 2 == 0 ? 2 * hour : hour / 2;
               return element(i, ", \"fresh\": " + std::string(i % 2 == 0 ? "false" : "true") +
                                     ", \"at\": {\"ms\": " + std::to_string(now - ago) + "}");
             }),
        in_pieces);
    put("rounds.json", list("rounds", 50, [&](std::size_t i) { return element(i, ", \"details\": [1, 2, 3]"); }),
        in_pieces);
  }

 private:
  /// In place, as validators write: cut to nothing, then one piece after the other.
  void put(std::string const& name, std::string_view text, bool in_pieces) const {
    std::ofstream out(root_ / name, std::ios::binary | std::ios::trunc);
    if (in_pieces) {
      auto const half = text.size() / 2;
      out << text.substr(0, half) << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
      text.remove_prefix(half);
    }
    out << text;
  }

  fs::path     root_;
  std::int64_t version_ = 0;
};

struct rewriting_counts {
  std::atomic<std::size_t> answers{0};
  std::atomic<std::size_t> versions{0};  ///< that were written
  std::atomic<std::size_t> seen{0};      ///< that the first client saw of /weights
  std::mutex               lock;
  std::vector<std::string> wrong;  ///< what was not as it should be, the first few

  void complain(std::string what) {
    std::scoped_lock const held(lock);
    if (wrong.size() < 10) wrong.push_back(std::move(what));
  }
};

/// Everything in the answer speaks of one version; that version.
inline std::int64_t version_of(nlohmann::json const& answer, std::string_view list) {
  auto const version = answer.at("version").get<std::int64_t>();
  if (answer.at("end") != version) return -1;
  for (auto const& one : answer.at(std::string(list))) {
    if (one.at("v") != version) return -1;
  }
  return version;
}

/// Rewrites the files every `pause`, while `clients` ask each route in turn, for `duration`.
inline void rewrite_and_ask(running_program const& app, rewritten_files& files, std::string_view key30,
                            std::string_view key100, std::size_t clients, std::chrono::milliseconds pause,
                            std::chrono::milliseconds duration, rewriting_counts& counts) {
  auto const                until  = std::chrono::steady_clock::now() + duration;
  auto const                writer = std::jthread([&] {
    while (std::chrono::steady_clock::now() < until) {
      files.write_next();
      ++counts.versions;
      std::this_thread::sleep_for(pause);
    }
  });
  std::vector<std::jthread> asking;
  for (std::size_t client = 0; client != clients; ++client) {
    asking.emplace_back([&, client] {
      struct one_question {
        std::string      target;
        std::string_view key;
        std::string_view list;  ///< empty: an element alone
        std::int64_t     last = 0;
      };
      std::vector<one_question> questions{{"/scores/h" + std::to_string(client % rewritten_files::ids), key30, "data"},
                                          {"/weights", key30, "data"},
                                          {"/weights/h" + std::to_string(client * 7 % 200), key30, ""},
                                          {"/events", key30, "events"},
                                          {"/events", key100, "events"},
                                          {"/rounds", key30, "rounds"},
                                          {"/rounds?details=no", key30, "rounds"}};
      std::optional<raw_client> link;
      link.emplace(app.port());
      for (std::size_t turn = 0; std::chrono::steady_clock::now() < until; ++turn) {
        auto& one = questions[turn % questions.size()];
        link->send("GET " + one.target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                   std::string(one.key) + "\r\n\r\n");
        auto const answer = link->read();
        ++counts.answers;
        if (answer.status != 200) {
          counts.complain(one.target + ": status " + std::to_string(answer.status) + " " + answer.body.substr(0, 200));
        } else {
          auto const json = nlohmann::json::parse(answer.body, nullptr, false);
          if (json.is_discarded()) {
            counts.complain(one.target + ": not JSON: " + answer.body.substr(0, 200));
          } else {
            auto const version = one.list.empty() ? json.at("v").get<std::int64_t>() : version_of(json, one.list);
            if (version < one.last)
              counts.complain(one.target + ": version " + std::to_string(version) + " after " +
                              std::to_string(one.last));
            if (client == 0 && one.target == "/weights" && version != one.last) ++counts.seen;
            one.last = version;
            if (one.target == "/events") {
              auto const expected = one.key == key100 ? 20U : 10U;
              if (json.at("events").size() != expected)
                counts.complain(one.target + ": " + std::to_string(json.at("events").size()) + " events");
            }
            bool const details = one.list == "rounds" && json.at("rounds").front().contains("details");
            if (one.list == "rounds" && details != (one.target == "/rounds")) counts.complain(one.target + ": details");
          }
        }
        if (answer.status == 0 || answer.field("connection") == "close") link.emplace(app.port());
      }
    });
  }
}

}  // namespace tensorgate_tests
