// benchmarks/baseline/raw_epoll.cpp: the least that can answer a GET: one thread, epoll, a look at the first bytes.
//
// It finds the end of each head, compares the target with two known ones, and sends bytes that were put together
// beforehand, Date included, renewed each second. No fields are parsed, nothing is limited, counted or logged; answers
// to requests that came in one packet leave in one. It is what a server costs that does nothing but what it must.
//
//     raw_epoll PORT
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct connection {
  int         descriptor;
  std::string in;   // the begin of a head that is not whole
  std::string out;  // what did not fit into the socket
};

class answers {
 public:
  void renew(std::time_t now) {
    if (now == made_) return;
    made_ = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char date[64];
    std::strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    plaintext_ = answer(date, "text/plain; charset=utf-8", "Hello, World!");
    json_      = answer(date, "application/json", R"({"message":"Hello, World!"})");
    missing_   = "HTTP/1.1 404 Not Found\r\n" + std::string(date) + "Content-Length: 0\r\n\r\n";
  }
  [[nodiscard]] std::string const& of(std::string_view head) const {
    if (head.starts_with("GET /plaintext ")) return plaintext_;
    if (head.starts_with("GET /json ")) return json_;
    return missing_;
  }

 private:
  static std::string answer(std::string const& date, std::string_view type, std::string_view body) {
    return "HTTP/1.1 200 OK\r\n" + date + "Content-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  std::time_t made_ = 0;
  std::string plaintext_;
  std::string json_;
  std::string missing_;
};

/// Answers all whole heads at the front of `in`; returns how many bytes they have.
std::size_t serve(std::string_view in, answers const& known, std::string& out) {
  std::size_t done = 0;
  while (true) {
    auto const rest = in.substr(done);
    auto const end  = static_cast<char const*>(::memmem(rest.data(), rest.size(), "\r\n\r\n", 4));
    if (end == nullptr) return done;
    out.append(known.of(rest));
    done += static_cast<std::size_t>(end - rest.data()) + 4;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: raw_epoll PORT\n");
    return 64;
  }
  ::signal(SIGPIPE, SIG_IGN);
  int const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int const one      = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  ::sockaddr_in where{};
  where.sin_family      = AF_INET;
  where.sin_port        = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<::sockaddr*>(&where), sizeof where) != 0 || ::listen(listener, 4096) != 0) {
    std::perror("raw_epoll");
    return 1;
  }
  int const     poll = ::epoll_create1(EPOLL_CLOEXEC);
  ::epoll_event event{};
  event.events = EPOLLIN;
  ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);

  answers                    known;
  std::vector<::epoll_event> ready(256);
  std::vector<char>          scratch(64 * 1024);
  std::string                out;
  while (true) {
    int const count = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), -1);
    if (count < 0 && errno != EINTR) return 1;
    ::timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    known.renew(now.tv_sec);
    for (int i = 0; i < count; ++i) {
      auto* const at = static_cast<connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
      if (at == nullptr) {
        int const fresh = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fresh < 0) continue;
        ::setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.events   = EPOLLIN;
        event.data.ptr = new connection{fresh, {}, {}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, fresh, &event);
        continue;
      }
      bool lost = false;
      if (at->out.empty()) {
        auto const got = ::recv(at->descriptor, scratch.data(), scratch.size(), 0);
        lost           = got == 0 || (got < 0 && errno != EAGAIN);
        if (got > 0) {
          out.clear();
          std::string_view bytes(scratch.data(), static_cast<std::size_t>(got));
          if (!at->in.empty()) {
            at->in.append(bytes);
            bytes = at->in;
          }
          auto const rest = std::string(bytes.substr(serve(bytes, known, out)));
          at->in          = rest;
          lost            = at->in.size() > 64 * 1024;
        }
      } else {
        out.swap(at->out);
        at->out.clear();
      }
      if (!lost && !out.empty()) {
        auto const put  = ::send(at->descriptor, out.data(), out.size(), MSG_NOSIGNAL);
        auto const sent = put > 0 ? static_cast<std::size_t>(put) : 0;
        lost            = put < 0 && errno != EAGAIN;
        if (!lost && (sent < out.size() || ready[static_cast<std::size_t>(i)].events == EPOLLOUT)) {
          at->out.assign(out, sent);
          event.events   = at->out.empty() ? EPOLLIN : EPOLLOUT;
          event.data.ptr = at;
          ::epoll_ctl(poll, EPOLL_CTL_MOD, at->descriptor, &event);
        }
        out.clear();
      }
      if (lost) {
        ::close(at->descriptor);
        delete at;
      }
    }
  }
}
