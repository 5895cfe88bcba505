// tests/house/sketches/llm_miner.cpp: a miner that answers chats: typed JSON in, JSON or server-sent events out.
#include <string>       // string
#include <string_view>  // string_view
#include <tuple>        // tuple
#include <utility>      // move
#include <vector>       // vector

#include <tensorgate/auth/api_key.hpp>        // api_keys, key
#include <tensorgate/http/problem.hpp>        // problem_json
#include <tensorgate/http/sse.hpp>            // sse::writer
#include <tensorgate/reflect/json_write.hpp>  // write_json
#include <tensorgate/reflect/rules.hpp>       // range, length
#include <tensorgate/service/load.hpp>        // load, explain
#include <tensorgate/service/service.hpp>     // service
#include <tensorgate/service/table.hpp>       // post, routes, to

namespace tg = tensorgate;

namespace sketch {

using tg::result;
using tg::task;
namespace http = tg::http;

struct config {
  tg::server_config          server{};
  tg::auth::api_keys_options keys{};
  std::string                model = "small";
};

enum class role { system, user, assistant };
struct message {
  role        from = role::user;
  std::string content;
};
struct chat {
  std::vector<message> messages;
  double               temperature = 1;
  int                  max_tokens  = 256;
};
struct completion {
  std::string model;
  message     answer;
};
struct token {
  std::string text;
};

/// Whatever makes words: a process, a library, another machine.
class engine {
 public:
  explicit engine(std::string const& model) : model_(model) {}
  [[nodiscard]] std::string const& model() const noexcept { return model_; }
  task<result<std::string>>        next(chat const& what, int already) const {
    std::string word = already < what.max_tokens && already < 3 ? "word " : "";
    co_return word;
  }

 private:
  std::string model_;
};

task<result<completion>> complete(engine const& by, tg::auth::key const& /*caller*/, http::body<chat> asked) {
  completion made{by.model(), {role::assistant, ""}};
  for (int i = 0;; ++i) {
    auto const word = co_await by.next(asked.value, i);
    if (!word) co_return tg::fail(word);
    if (word->empty()) break;
    made.answer.content += *word;
  }
  co_return made;
}

task<result<void>> stream(engine const& by, tg::auth::key const& /*caller*/, http::body<chat> asked,
                          http::deadline /*until*/, http::sse::writer& out) {
  for (int i = 0;; ++i) {
    auto word = co_await by.next(asked.value, i);
    if (!word) co_return tg::fail(word);
    if (word->empty()) break;
    token const made{std::move(*word)};
    auto const  text = tg::reflect::write_json(made);
    auto const  sent = co_await out.send(text);
    if (!sent) co_return sent;
  }
  co_return co_await out.send("[DONE]");
}

}  // namespace sketch

template <>
struct tensorgate::reflect::describe<sketch::chat> {
  static constexpr auto rules =
      std::tuple{length<&sketch::chat::messages>(1, 100), range<&sketch::chat::temperature>(0.0, 2.0),
                 range<&sketch::chat::max_tokens>(1, 4096)};
};

int main(int argc, char** argv) {
  using namespace tg::table;
  auto const config = tg::load<sketch::config>(argc, argv);
  if (!config) return tg::explain(config.error());

  tg::service          app{config->server};
  tg::auth::api_keys   keys{app, config->keys};
  sketch::engine const engine{config->model};

  // clang-format off
  return app.serve(&tg::http::problem_json, routes{
    post<"/v1/complete">(keys, largest_body(1 << 20), to<&sketch::complete>(engine)),
    post<"/v1/stream">  (keys, largest_body(1 << 20), to<&sketch::stream>(engine)),
  });
  // clang-format on
}
