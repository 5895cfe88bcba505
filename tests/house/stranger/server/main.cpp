// A stranger's server: two endpoints, one of them typed.
#include <tensorgate/service.hpp>

#include <string>

namespace tg = tensorgate;

struct greeting {
  std::string hello;
  int         times = 0;
};

struct asked {
  int times = 1;
};

greeting greet(std::string_view name, tg::http::query<asked> const& want) { return {std::string(name), want->times}; }

int main() {
  using namespace tg::table;
  tg::server_config config;
  config.listen = {*tg::listen_address::parse("127.0.0.1:48901")};
  tg::service app{config};
  // clang-format off
  return app.serve(tg::http::problem_json, routes{
    get<"/greet/{name}">(anyone, to<&greet>()),
  });
  // clang-format on
}
