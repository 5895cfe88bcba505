// tensorgate/ops/terminal.hpp: what commands show to a person: tables, progress, questions; colour only where it is
// wanted.
#pragma once

#include <algorithm>    // max
#include <chrono>       // steady_clock
#include <cstdint>      // uint64_t
#include <cstdio>       // FILE, fputs
#include <cstdlib>      // getenv
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <sys/ioctl.h>  // TIOCGWINSZ
#include <termios.h>    // tcsetattr
#include <unistd.h>     // isatty

#include <tensorgate/core/bytes.hpp>  // secret_text

namespace tensorgate::inline TENSORGATE_ABI::ops {

enum class ink : std::uint8_t { plain, bold, dim, red, green, yellow, cyan };

/// What a stream can show. Made once and handed on; tests make their own.
struct terminal {
  std::FILE*  out    = stdout;
  bool        colour = false;
  bool        moving = false;  ///< lines may be overwritten: a progress bar
  std::size_t width  = 80;     ///< columns

  /// Colour and movement on a terminal only; none with NO_COLOR (no-color.org), none where TERM is "dumb".
  [[nodiscard]] static terminal of(std::FILE* out) {
    terminal          made{.out = out};
    auto const        tty  = ::isatty(::fileno(out)) == 1;
    char const* const none = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): commands have one thread
    char const* const term = std::getenv("TERM");      // NOLINT(concurrency-mt-unsafe)
    auto const        dumb = term != nullptr && std::string_view(term) == "dumb";
    made.moving            = tty && !dumb;
    made.colour            = made.moving && (none == nullptr || *none == '\0');
    winsize size{};
    if (tty && ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) made.width = size.ws_col;
    return made;
  }

  [[nodiscard]] std::string paint(std::string_view text, ink with) const {
    static constexpr std::string_view codes[] = {"",         "\x1b[1m",  "\x1b[2m", "\x1b[31m",
                                                 "\x1b[32m", "\x1b[33m", "\x1b[36m"};
    if (!colour || with == ink::plain) return std::string(text);
    return std::string(codes[static_cast<std::size_t>(with)]) + std::string(text) + "\x1b[0m";
  }

  void print(std::string_view text) const { std::fwrite(text.data(), 1, text.size(), out); }
};

/// The text without what could steer a terminal or break a line: control characters become "?".
[[nodiscard]] inline std::string printable(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i != text.size(); ++i) {
    auto const one = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too: C2 80 to C2 9F in UTF-8.
    bool const c1 = one == 0xC2 && i + 1 != text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    made.push_back(one < 0x20 || one == 0x7F || c1 ? '?' : text[i]);
  }
  return made;
}

/// How many columns a text takes, where each code point takes one.
[[nodiscard]] inline std::size_t columns_of(std::string_view text) noexcept {
  std::size_t count = 0;
  for (auto const one : text) count += (static_cast<unsigned char>(one) & 0xC0U) != 0x80U ? 1U : 0U;
  return count;
}

/// Rows under headings, columns as wide as what they hold. The last column is not padded.
class text_table {
 public:
  explicit text_table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  /// Missing cells are empty; further ones are dropped.
  void add(std::vector<std::string> row) {
    row.resize(headings_.size());
    for (auto& cell : row) cell = printable(cell);
    rows_.push_back(std::move(row));
  }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

  [[nodiscard]] std::string to_text(terminal const& screen = {}) const {
    std::vector<std::size_t> widths;
    widths.reserve(headings_.size());
    for (auto const& heading : headings_) widths.push_back(columns_of(heading));
    for (auto const& row : rows_) {
      for (std::size_t i = 0; i != row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    auto const line = [&](std::vector<std::string> const& cells, ink with) {
      std::string made;
      for (std::size_t i = 0; i != cells.size(); ++i) {
        made += screen.paint(cells[i], with);
        if (i + 1 != cells.size()) made.append(widths[i] - columns_of(cells[i]) + 2, ' ');
      }
      return made + "\n";
    };
    auto made = line(headings_, ink::bold);
    for (auto const& row : rows_) made += line(row, ink::plain);
    return made;
  }

 private:
  std::vector<std::string>              headings_;
  std::vector<std::vector<std::string>> rows_;
};

/// A bar that grows on a terminal, and one line every tenth elsewhere.
class progress_bar {
 public:
  progress_bar(terminal const& screen, std::string label, std::uint64_t total)
      : screen_(screen), label_(std::move(label)), total_(total) {}

  /// `done` of `total` are done. Cheap to call often: it draws at most when a hundredth is gained.
  void show(std::uint64_t done) {
    auto const part = total_ == 0 ? 100U : static_cast<unsigned>(std::min<std::uint64_t>(100, done * 100 / total_));
    auto const step = screen_.moving ? 1U : 10U;
    if (drawn_ && part / step == *drawn_ / step) return;
    drawn_ = part;
    if (!screen_.moving) {
      screen_.print(label_ + ": " + std::to_string(part) + " %\n");
      return;
    }
    constexpr unsigned cells = 30;
    auto const         full  = part * cells / 100;
    screen_.print("\r" + label_ + " [" + std::string(full, '#') + std::string(cells - full, '.') + "] " +
                  std::to_string(part) + " %");
    std::fflush(screen_.out);
  }

  /// Ends the line; the bar is shown full.
  void finish() {
    show(total_);
    if (screen_.moving) screen_.print("\n");
  }

 private:
  terminal                screen_;
  std::string             label_;
  std::uint64_t           total_;
  std::optional<unsigned> drawn_{};
};

/// Reads one line, without its end. Nothing at the end of the input; lines over 4 096 bytes are cut.
[[nodiscard]] inline std::optional<std::string> read_line(std::FILE* in = stdin) {
  constexpr std::size_t most = 4096;
  std::string           line;
  line.reserve(most);  // a secret leaves no copies behind while it grows
  int one = 0;
  while ((one = std::fgetc(in)) != EOF && one != '\n') {
    if (line.size() < most) line.push_back(static_cast<char>(one));
  }
  if (one == EOF && line.empty()) return std::nullopt;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

/// Asks until the answer is yes or no; an empty answer or the end of the input takes `otherwise`.
[[nodiscard]] inline bool ask_yes_no(terminal const& screen, std::string_view question, bool otherwise,
                                     std::FILE* in = stdin) {
  for (int tries = 0; tries != 3; ++tries) {
    screen.print(std::string(question) + (otherwise ? " [Y/n] " : " [y/N] "));
    std::fflush(screen.out);
    auto const line = read_line(in);
    if (!line || line->empty()) return otherwise;
    if (*line == "y" || *line == "Y" || *line == "yes" || *line == "Yes") return true;
    if (*line == "n" || *line == "N" || *line == "no" || *line == "No") return false;
  }
  return false;
}

/// Asks for a secret; on a terminal what is typed is not shown. Nothing at the end of the input.
[[nodiscard]] inline std::optional<secret_text> ask_hidden(terminal const& screen, std::string_view question,
                                                           std::FILE* in = stdin) {
  screen.print(question);
  std::fflush(screen.out);
  termios    before{};
  int const  fd     = ::fileno(in);
  bool const hidden = ::tcgetattr(fd, &before) == 0;
  if (hidden) {
    auto quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    ::tcsetattr(fd, TCSAFLUSH, &quiet);
  }
  auto line = read_line(in);
  if (hidden) ::tcsetattr(fd, TCSAFLUSH, &before);
  if (!line) return std::nullopt;
  return secret_text(std::move(*line));
}

}  // namespace tensorgate::ops
