// The document of each profile, kept by the program that serves it: one request at, and one past, every constraint; and
// every status that a route gives is listed.
#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/outputs_app.hpp"
#include "support/rewriting.hpp"

using json = nlohmann::ordered_json;
using namespace std::chrono_literals;
using tensorgate_tests::add_key;
using tensorgate_tests::ask;
using tensorgate_tests::installation;
using tensorgate_tests::raw_answer;
using tensorgate_tests::running_program;

namespace {

using field_list = std::vector<std::pair<std::string, std::string>>;

std::string encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string                out;
  for (char const one : text) {
    auto const byte = static_cast<unsigned char>(one);
    out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

/// Values of a parameter on each side of each constraint of its schema.
struct sides {
  std::vector<std::string> at;
  std::vector<std::string> past;
};

sides sides_of(json const& schema) {
  sides out;
  for (auto const& [word, value] : schema.items()) {
    CAPTURE(word);
    if (word == "enum") {
      for (auto const& one : value) out.at.push_back(one.get<std::string>());
      for (auto const* const other : {"no-such-value", "", "0 ", "+0", "00", "1e2"}) out.past.emplace_back(other);
    } else if (word == "minimum" || word == "maximum") {
      auto const bound = value.get<std::int64_t>();
      out.at.push_back(std::to_string(bound));
      out.past.push_back(std::to_string(word == "minimum" ? bound - 1 : bound + 1));
    } else if (word == "minLength" || word == "maxLength") {
      auto const bound = value.get<std::size_t>();
      out.at.emplace_back(bound, 'x');
      if (word == "maxLength") out.past.emplace_back(bound + 1, 'x');
      if (word == "minLength" && bound != 0) out.past.emplace_back(bound - 1, 'x');
    } else {
      REQUIRE((word == "type" || word == "description" || word == "default"));  // else a constraint that is not tried
    }
  }
  return out;
}

/// One program and what its document says.
class kept_document {
 public:
  kept_document(running_program const& app, std::map<int, std::string> keys, std::string limited)
      : app_(app),
        keys_(std::move(keys)),
        limited_(std::move(limited)),
        document_(json::parse(ask(app.port(), "GET", "/openapi.json").body)) {}

  /// Tries every operation. How many requests that were.
  std::size_t try_all() {
    for (auto const& [path, item] : document_.at("paths").items()) {
      for (auto const& [verb, operation] : item.items()) {
        CAPTURE(path);
        REQUIRE(verb == "get");
        try_one(path, operation);
      }
    }
    return count_;
  }

  /// Ids that stand for something, by path.
  std::map<std::string, std::string> ids;

 private:
  [[nodiscard]] std::string target_of(std::string path, std::string const& id) const {
    if (auto const at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, encoded(id));
    return path;
  }
  [[nodiscard]] static std::pair<std::string, std::string> bearer(std::string const& key) {
    return {"Authorization", "Bearer " + key};
  }

  raw_answer send(json const& operation, std::string const& target, field_list const& fields,
                  std::string_view body = {}) {
    auto const answer = ask(app_.port(), "GET", target, fields, body);
    CAPTURE(target);
    CAPTURE(answer.status);
    ++count_;
    auto const& listed = operation.at("responses");
    auto const  code   = std::to_string(answer.status);
    CHECK(listed.contains(code));
    if (listed.contains(code) && listed.at(code).contains("content")) {
      auto const type = answer.field("content-type");
      // A missing file of v1 is named in plain words, as its clients know it; ranges of several parts have their own.
      bool const known =
          listed.at(code).at("content").contains(type) || type == "text/html; charset=utf-8" || type.empty();
      CHECK(known);
    }
    return answer;
  }

  void try_one(std::string const& path, json const& operation) {
    auto const known  = ids.find(path);
    auto const id     = known == ids.end() ? std::string("no-such-id") : known->second;
    auto const target = target_of(path, id);
    auto const full   = bearer(keys_.at(100));
    bool const secure = operation.contains("security");
    REQUIRE(secure);
    CHECK(send(operation, target, {}).status == 401);
    CHECK(send(operation, target, {bearer("nobody's")}).status == 401);

    raw_answer whole;
    for (auto const& [tier, key] : keys_) {
      auto const answer = send(operation, target, {bearer(key)});
      CHECK(answer.status < 500);
      if (tier == 100) whole = answer;
    }
    if (path.find("{id}") != std::string::npos) {
      for (auto const* const other : {"no-such-id", "..", "%", "a b", "\xc3\xa9"})
        CHECK(send(operation, target_of(path, other), {full}).status < 500);
    }
    if (operation.contains("parameters")) {
      for (auto const& one : operation.at("parameters")) {
        auto const name = one.at("name").get<std::string>();
        if (one.at("in") == "path") continue;
        CAPTURE(name);
        auto const tried = sides_of(one.at("schema"));
        auto const with  = [&](std::string const& value) {
          return send(operation, target + "?" + name + "=" + encoded(value), {full}).status;
        };
        for (auto const& value : tried.at) CHECK(with(value) < 400);
        for (auto const& value : tried.past) {
          auto const status = with(value);
          CHECK((status == 400 || status == 422));
        }
        CHECK(with("false") < 500);
      }
    }

    send(operation, target, {full}, "{\"api_key\": ");
    send(operation, target, {full}, std::string(257UL << 10U, ' '));
    if (whole.status == 200) {
      CHECK(send(operation, target, {full, {"If-None-Match", "*"}}).status == 304);
      CHECK(send(operation, target, {full, {"If-Match", "\"another\""}}).status == 412);
      CHECK(send(operation, target, {full, {"Range", "bytes=0-0"}}).status == 206);
      CHECK(send(operation, target, {full, {"Range", "bytes=99999999999-"}}).status == 416);
      CHECK(send(operation, target, {full, {"Accept-Encoding", "identity;q=0, gzip;q=0"}}).status == 406);
    }
    send(operation, target, {bearer(limited_)});
    CHECK(send(operation, target, {bearer(limited_)}).status == 429);
  }

  running_program const&     app_;
  std::map<int, std::string> keys_;
  std::string                limited_;
  json                       document_;
  std::size_t                count_ = 0;
};

std::map<int, std::string> keys_of(std::filesystem::path const& config) {
  std::map<int, std::string> keys;
  for (int const tier : {0, 30, 50, 100})
    keys.emplace(tier, add_key(config, "t" + std::to_string(tier), tier, {"--rate", "unlimited"}));
  return keys;
}

}  // namespace

TEST_CASE("the program keeps the document of profiles v1 and v2 at and past every constraint, and lists every status") {
  for (std::string const profile : {"v1", "v2"}) {
    CAPTURE(profile);
    installation at{profile, {.server = "[server.rate]\nallowed = \"unlimited\"\n"}};
    at.add_sample();
    auto const      keys    = keys_of(at.config());
    auto const      limited = at.key("limited", 100, {"--rate", "1/min"});
    running_program app{at.words()};
    auto const      hotkeys =
        json::parse(ask(app.port(), "GET", "/miner-hotkeys", {{"Authorization", "Bearer " + keys.at(100)}}).body);
    kept_document document{app, keys, limited};
    for (auto const* const path : {"/miner-positions/{id}", "/statistics/{id}/", "/perf-ledger/{id}"})
      document.ids.emplace(path, hotkeys.front().get<std::string>());
    CHECK(document.try_all() > 100);
    CHECK(app.stop() == 0);
  }
}

TEST_CASE("the program keeps the document of a table's rows") {
  tensorgate_tests::scratch_folder  folder;
  tensorgate_tests::rewritten_files files{folder.path() / "data"};
  std::filesystem::create_directories(folder.path() / "validation");
  auto const config = folder.path() / "table.toml";
  std::ofstream(config) << tensorgate_tests::table_settings(folder.path());
  auto const      keys    = keys_of(config);
  auto const      limited = add_key(config, "limited", 100, {"--rate", "1/min"});
  running_program app{{tensorgate_tests::outputs_program(), "--config", config.string()}};
  kept_document   document{app, keys, limited};
  document.ids = {{"/scores/{id}", "h0"}, {"/weights/{id}", "h1"}};
  CHECK(document.try_all() > 50);
  CHECK(app.stop() == 0);
}
