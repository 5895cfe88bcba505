// benchmarks/minimal.cpp: a whole program of 25 lines, for what it costs to compile, how big it gets and how it starts.
#include <tensorgate/service/service.hpp>
#include <tensorgate/service/table.hpp>

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

int main(int, char** argv) {
  using namespace tg::table;
  tg::server_config config;
  config.listen = {*tg::listen_address::parse(std::string("127.0.0.1:") + argv[1])};
  tg::service app{config};
  // clang-format off
  return app.serve(tg::http::problem_json, routes{get<"/greet/{name}">(anyone, to<&greet>())});
  // clang-format on
}
