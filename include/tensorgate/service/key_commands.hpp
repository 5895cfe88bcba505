// tensorgate/service/key_commands.hpp: the commands that make, show and take back API keys.
//
//     keys add NAME [--tier N] [--rate 600/min] [--expires 2027-01-31] [--note TEXT]
//     keys list · keys revoke NAME · keys import api_keys.json
#pragma once

#include <cerrno>        // errno
#include <chrono>        // system_clock
#include <cstdio>        // stdout
#include <filesystem>    // absolute, exists, path
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code
#include <utility>       // move
#include <vector>        // vector

#include <fcntl.h>     // open
#include <sys/file.h>  // flock

#include <tensorgate/auth/api_key.hpp>            // read_last_use
#include <tensorgate/core/random.hpp>             // system_random
#include <tensorgate/core/time.hpp>               // wall_clock
#include <tensorgate/identity/api_key.hpp>        // key_file
#include <tensorgate/identity/ptn_keys.hpp>       // parse_ptn_keys, import_keys
#include <tensorgate/ops/terminal.hpp>            // terminal, text_table
#include <tensorgate/reflect/json_write.hpp>      // write_json
#include <tensorgate/reflect/text.hpp>            // from_text
#include <tensorgate/service/arguments.hpp>       // arguments
#include <tensorgate/service/config_failure.hpp>  // exit_codes
#include <tensorgate/store/durable_file.hpp>      // read_file, write_file

namespace tensorgate::inline TENSORGATE_ABI {

inline constexpr std::string_view key_commands_usage =
    "  add NAME [--tier N] [--rate 600/min] [--expires 2027-01-31] [--note TEXT]\n"
    "                     makes a key and shows it, this once; where keys are sold by tier, --tier must be given\n"
    "  list               shows the names, and when each key was last used\n"
    "  revoke NAME        takes a key out; a running server follows within seconds\n"
    "  import FILE        enters the keys of a validator's api_keys.json, or brings them up to date\n"
    "With --json, add and list print JSON.\n";

/// What the commands work on.
struct key_commands_options {
  std::string file;  ///< the file of keys; made when there is none
  /// Of a key that is added without one; nothing: a tier must be named, for it says what is given away.
  std::optional<int> tier = 100;
  std::vector<int>   tiers{};  ///< the tiers that there are; empty: any
  clock_fn           clock  = wall_clock;
  random_fn          random = system_random;
  ops::terminal      out    = ops::terminal::of(stdout);
  ops::terminal      err    = ops::terminal::of(stderr);
};

namespace service_detail {

inline constexpr std::size_t max_key_file_size = 64UL << 20U;  // bytes

struct listed_key {
  std::string                        name;
  int                                tier = 0;
  std::optional<identity::allowance> rate;
  std::optional<identity::utc_stamp> expires;
  std::optional<identity::utc_stamp> created;
  std::optional<identity::utc_stamp> last_used;
  std::string                        note;
};
struct shown_key {
  std::string name;
  std::string key;
  int         tier = 0;
};

class key_commands {
 public:
  key_commands(key_commands_options options, arguments words)
      : options_(std::move(options)), words_(std::move(words)) {}

  [[gnu::cold]] int run() {
    json_            = words_.flag("--json");
    auto const asked = words_.word();
    if (options_.file.empty()) return refuse("no file of keys is named in the settings");
    if (asked == "add") return add();
    if (asked == "list") return list();
    if (asked == "revoke") return revoke();
    if (asked == "import") return import();
    return refuse((asked ? "there is no command \"" + *asked + "\"" : std::string("which command?")) +
                  "; there are:\n" + std::string(key_commands_usage));
  }

 private:
  [[nodiscard]] int refuse(std::string_view said) const {
    options_.err.print("error: " + std::string(said) + (said.ends_with('\n') ? "" : "\n"));
    return exit_codes::refused;
  }
  [[nodiscard]] int fail_with(std::string_view said) const {
    options_.err.print("error: " + std::string(said) + "\n");
    return exit_codes::failed;
  }
  template <class T>
  std::optional<T> option(std::string_view flag) {
    auto const text = words_.value(flag);
    if (!text) return std::nullopt;
    auto made = reflect::from_text<T>(*text);
    if (!made) {
      words_.refuse(std::string(flag) + ": expected " + std::string(made.error().note) + ", found \"" + *text + "\"");
      return std::nullopt;
    }
    return *made;
  }

  /// The file, which two commands at once would otherwise overwrite for each other. A missing file is a new one.
  std::optional<identity::key_file> open(int& code) {
    lock_ = store::descriptor(::open((options_.file + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));  // NOLINT
    if (!lock_.open() || ::flock(lock_.get(), LOCK_EX) != 0) {
      code = fail_with(options_.file + ".lock: " + std::generic_category().message(errno));
      return std::nullopt;
    }
    // Who owns the file may use the lock too, also when it was root that made it.
    std::filesystem::path const file = options_.file;
    static_cast<void>(store::file_owner::at(file, file.has_parent_path() ? file.parent_path() : ".").give(lock_.get()));
    return read(code);
  }
  std::optional<identity::key_file> read(int& code) const {
    auto const text = store::read_file(options_.file, max_key_file_size);
    if (!text) {
      if (text.error().code == std::errc::no_such_file_or_directory) return identity::new_key_file(options_.random);
      code = fail_with(options_.file + ": " + text.error().code.message());
      return std::nullopt;
    }
    auto file = identity::parse_key_file(*text);
    if (!file) {
      code = fail_with(options_.file + ": " + file.error().text());
      return std::nullopt;
    }
    return std::move(*file);
  }
  [[nodiscard, gnu::cold]] int write(identity::key_file const& file) const {
    auto const written = store::write_file(options_.file, identity::to_text(file), 0600);
    if (!written)
      return fail_with(options_.file + ": " + std::string(written.error().note) + ": " +
                       written.error().code.message());
    return exit_codes::fine;
  }

  [[gnu::cold]] int add() {
    identity::key_grant grant;
    auto const          tier = option<int>("--tier");
    grant.tier               = tier.value_or(options_.tier.value_or(0));
    grant.rate               = option<identity::allowance>("--rate");
    grant.expires            = option<identity::utc_stamp>("--expires");
    auto       note          = words_.value("--note").value_or("");
    auto const name          = words_.word();
    if (auto const wrong = words_.complaint()) return refuse(*wrong);
    if (!name) return refuse("whose key? keys add NAME");
    std::string known;
    for (int const one : options_.tiers) known += (known.empty() ? "" : ", ") + std::to_string(one);
    if (!tier && !options_.tier) {
      return refuse("which tier? --tier N says what the key may see" +
                    (known.empty() ? std::string() : ", one of " + known));
    }
    if (!options_.tiers.empty() &&
        std::find(options_.tiers.begin(), options_.tiers.end(), grant.tier) == options_.tiers.end()) {
      return refuse("--tier: expected one of " + known + ", found " + std::to_string(grant.tier));
    }
    if (grant.expires && options_.clock() >= unix_millis(grant.expires->value)) {
      return refuse("--expires: expected a time to come, found " + to_text(*grant.expires) +
                    ", with which the key would never be good");
    }
    grant.name = *name;
    int  code  = exit_codes::fine;
    auto file  = open(code);
    if (!file) return code;
    auto const made = identity::add_key(*file, grant, options_.random, options_.clock(), std::move(note));
    if (!made) return refuse(*name + ": " + std::string(made.error().note));
    if (code = write(*file); code != exit_codes::fine) return code;
    if (json_) {
      options_.out.print(reflect::write_json(shown_key{*name, std::string(made->reveal()), grant.tier}) + "\n");
    } else {
      options_.out.print(std::string(made->reveal()) + "\n");
      options_.err.print("the key of \"" + ops::printable(*name) + "\", tier " + std::to_string(grant.tier) +
                         "; it is shown this once and kept nowhere\n");
    }
    return exit_codes::fine;
  }

  [[gnu::cold]] int list() {
    if (auto const wrong = words_.complaint()) return refuse(*wrong);
    int        code = exit_codes::fine;
    auto const file = read(code);
    if (!file) return code;
    std::error_code error;
    if (!std::filesystem::exists(options_.file, error) && !error) {
      auto const path = std::filesystem::absolute(options_.file, error).string();
      options_.err.print(ops::printable(path) + " does not exist yet; the first key that is added makes it\n");
    }
    auto const              uses = auth::read_last_use(options_.file);
    std::vector<listed_key> keys;
    for (auto const& one : file->keys) {
      listed_key shown{one.name, one.tier, one.rate, one.expires, one.created, std::nullopt, one.note};
      if (auto const use = uses.find(one.name); use != uses.end())
        shown.last_used = identity::stamp_of(from_unix_millis(use->second));
      keys.push_back(std::move(shown));
    }
    if (json_) {
      options_.out.print(reflect::write_json(keys) + "\n");
      return exit_codes::fine;
    }
    auto const now   = options_.clock();
    auto const or_no = [](auto const& value, std::string_view none) {
      return value ? to_text(*value) : std::string(none);
    };
    ops::text_table table({"name", "tier", "rate", "expires", "created", "last used", "note"});
    for (auto const& one : keys) {
      auto expires = or_no(one.expires, "never");
      if (one.expires && now >= unix_millis(one.expires->value)) expires += " (expired)";
      table.add({one.name, std::to_string(one.tier), or_no(one.rate, "-"), expires, or_no(one.created, "-"),
                 or_no(one.last_used, "-"), one.note});
    }
    options_.out.print(table.empty() ? "there is no key\n" : table.to_text(options_.out));
    return exit_codes::fine;
  }

  [[gnu::cold]] int revoke() {
    auto const name = words_.word();
    if (auto const wrong = words_.complaint()) return refuse(*wrong);
    if (!name) return refuse("whose key? keys revoke NAME");
    int  code = exit_codes::fine;
    auto file = open(code);
    if (!file) return code;
    if (auto const gone = identity::revoke_key(*file, *name); !gone)
      return refuse(*name + ": " + std::string(gone.error().note));
    code = write(*file);
    if (code == exit_codes::fine)
      options_.err.print("the key of \"" + ops::printable(*name) + "\" is no longer good\n");
    return code;
  }

  [[gnu::cold]] int import() {
    auto const from = words_.word();
    if (auto const wrong = words_.complaint()) return refuse(*wrong);
    if (!from) return refuse("from where? keys import api_keys.json");
    auto const text = store::read_file(*from, max_key_file_size);
    if (!text) return fail_with(*from + ": " + text.error().code.message());
    auto const keys = identity::parse_ptn_keys(*text);
    if (!keys) return fail_with(*from + ": " + keys.error().text());
    int  code = exit_codes::fine;
    auto file = open(code);
    if (!file) return code;
    for (auto const& warning : keys->warnings) options_.err.print("warning: " + ops::printable(warning) + "\n");
    auto const done = identity::import_keys(*file, *keys, options_.clock());
    for (auto const& warning : done.warnings) options_.err.print("warning: " + ops::printable(warning) + "\n");
    for (auto const& one : keys->keys) {
      if (one.key.size() < identity::short_key_size) {
        options_.err.print("warning: the key of \"" + ops::printable(one.user) + "\" is short: it could be guessed\n");
      }
    }
    code = write(*file);
    if (code != exit_codes::fine) return code;
    auto said = std::to_string(done.added) + " of " + std::to_string(keys->keys.size()) + " keys were entered";
    if (done.changed != 0) said += ", " + std::to_string(done.changed) + " changed";
    if (done.same != 0) said += ", " + std::to_string(done.same) + " as before";
    options_.err.print(said + "\n");
    return code;
  }

  key_commands_options options_;
  arguments            words_;
  bool                 json_ = false;
  store::descriptor    lock_;
};

}  // namespace service_detail

/// Runs one of the commands; the exit code comes back.
[[nodiscard]] inline int run_key_command(key_commands_options options, arguments words) {
  return service_detail::key_commands(std::move(options), std::move(words)).run();
}

}  // namespace tensorgate
