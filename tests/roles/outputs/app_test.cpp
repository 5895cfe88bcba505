// The app started for real on the sample tree and asked what its clients ask: tests/vectors/ptn/http_cases.json.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <tensorgate/codec/gzip.hpp>

#include "support/outputs_app.hpp"

using json      = nlohmann::ordered_json;
namespace codec = tensorgate::codec;
namespace fs    = std::filesystem;
using namespace std::chrono_literals;
using tensorgate_tests::ask;
using tensorgate_tests::outputs_app;
using tensorgate_tests::raw_answer;
using tensorgate_tests::read_text;

namespace {

std::string gunzip(std::string_view packed) { return codec::gzip_decompress(packed, std::size_t{1} << 28U).value(); }

std::string plain_body(raw_answer const& answer) {
  return answer.field("content-encoding") == "gzip" ? gunzip(answer.body) : answer.body;
}

json read_json_file(fs::path const& path) {
  auto const text = read_text(path);
  return json::parse(path.extension() == ".gz" ? gunzip(text) : text);
}

json member_of(json const& whole, std::string const& hotkey) {
  if (!whole.contains("data")) return whole.at(hotkey);
  for (auto const& one : whole.at("data")) {
    if (one.at("hotkey") == hotkey) return one;
  }
  return {};
}

/// The value that `same_json_as` names; see the README beside the cases.
json named_value(fs::path const& sample, std::string what, std::string const& first) {
  auto const tier_file = [&](std::string const& tier) {
    return sample / "validation/outputs/tiered_positions" / tier / "output.json.gz";
  };
  if (what.starts_with("keys of ")) {
    json       keys  = json::array();
    auto const whole = read_json_file(sample / what.substr(8));
    for (auto const& [key, value] : whole.items()) keys.push_back(key);
    return keys;
  }
  if (what.starts_with("decoded tiered ")) return read_json_file(tier_file(what.substr(15)));
  if (what.starts_with("tiered ")) {
    auto const space = what.find(' ', 7);
    return member_of(read_json_file(tier_file(what.substr(7, space - 7))), first);
  }
  constexpr std::string_view without = " without data[*].checkpoints";
  if (what.ends_with(without)) {
    auto whole = read_json_file(sample / what.substr(0, what.size() - without.size()));
    for (auto& one : whole.at("data")) one.erase("checkpoints");
    return whole;
  }
  if (auto const hash = what.find('#'); hash != std::string::npos)
    return member_of(read_json_file(sample / what.substr(0, hash)), first);
  return read_json_file(sample / what);
}

/// Order of members does not count where the cases say "equal as JSON".
nlohmann::json unordered(json const& value) { return nlohmann::json::parse(value.dump()); }

}  // namespace

TEST_CASE("every case of the clients is answered as it should be, in both profiles") {
  auto const root = tensorgate_tests::vectors_root() / "ptn";
  auto const file = read_json_file(root / "http_cases.json");
  for (std::string const profile : {"v1", "v2"}) {
    outputs_app app{root / "sample", profile, {.tiers = "files"}};
    auto const  keys  = read_json_file(root / "sample/api_keys.json");
    auto const  first = read_json_file(app.tree() / "validation/outputs/output.json").begin().key();
    auto const  fill  = [&](std::string text) {
      auto const put = [&](std::string const& word, std::string const& value) {
        for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size()))
          text.replace(at, word.size(), value);
      };
      put("FIRST_HOTKEY", first);
      for (auto const* const tier : {"100", "50", "30", "0"})
        put(std::string("KEY") + tier, keys.at(std::string("user") + tier).at("key"));
      return text;
    };

    for (auto const& one : file.at("cases")) {
      auto const        name    = one.at("name").get<std::string>();
      auto const&       expect  = one.at("expect");
      std::string const belongs = expect.contains("profile") ? expect.at("profile").get<std::string>()
                                  : name.starts_with("v2:")  ? "v2"
                                                             : "v1";
      if (belongs != profile) continue;
      CAPTURE(name);

      auto const  path  = fill(one.at("path").get<std::string>());
      std::string setup = expect.contains("setup") ? expect.at("setup").get<std::string>()
                          : one.contains("setup")  ? one.at("setup").get<std::string>()
                                                   : "";
      fs::path    touched;
      std::string before;
      if (setup.starts_with("remove ")) {
        touched = app.tree() / (setup == "remove that file" ? app.file_of(path) : setup.substr(7));
        before  = read_text(touched);
        fs::remove(touched);
        std::this_thread::sleep_for(2s);
      } else if (setup.starts_with("truncate ")) {
        touched = app.tree() / "validation/outputs/output.json";
        before  = read_text(touched);
        std::ofstream(touched, std::ios::trunc) << before.substr(0, before.size() / 2);
      }

      std::vector<std::pair<std::string, std::string>> fields;
      for (auto const& [key, value] : one.at("headers").items())
        fields.emplace_back(key, fill(value.get<std::string>()));
      std::jthread mender;
      if (setup.starts_with("truncate ")) {
        mender = std::jthread([&] {
          std::this_thread::sleep_for(1200ms);
          std::ofstream(touched, std::ios::trunc) << before;
        });
      }
      auto const answer =
          ask(app.port(), one.at("method").get<std::string>(), path, fields, fill(one.at("body").get<std::string>()));
      if (mender.joinable()) mender.join();
      if (setup.starts_with("remove ")) std::ofstream(touched, std::ios::trunc) << before;

      if (expect.contains("status")) CHECK(answer.status == expect.at("status").get<int>());
      if (expect.contains("status_in")) {
        bool found = false;
        for (auto const& status : expect.at("status_in")) found = found || status.get<int>() == answer.status;
        CHECK(found);
      }
      if (expect.contains("text")) CHECK(answer.body == expect.at("text").get<std::string>());
      if (expect.contains("headers_expected")) {
        for (auto const& [key, value] : expect.at("headers_expected").items()) {
          std::string lower;
          for (char const c : key) lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
          CHECK(answer.field(lower) == value.get<std::string>());
        }
      }
      if (expect.contains("same_bytes_as"))
        CHECK(answer.body == read_text(app.tree() / expect.at("same_bytes_as").get<std::string>()));
      if (expect.contains("json")) CHECK(unordered(json::parse(plain_body(answer))) == unordered(expect.at("json")));
      if (expect.contains("same_json_as")) {
        CHECK(unordered(json::parse(plain_body(answer))) ==
              unordered(named_value(app.tree(), expect.at("same_json_as").get<std::string>(), first)));
      }
      if (setup.starts_with("remove ")) std::this_thread::sleep_for(1500ms);
    }
    CHECK(app.stop() == 0);
  }
}
