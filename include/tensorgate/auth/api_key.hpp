// tensorgate/auth/api_key.hpp: the guard that asks for an API key and says whose it is.
//
// Keys come from our own file (salted hashes, identity/api_key.hpp) and, where one is named, from a validator's
// api_keys.json. Both are read again when they change and at SIGHUP; a file that cannot be read or parsed leaves what
// was in force, and shows in health. The last use of each key is kept beside our file. Answers to those who are let in
// say `Cache-Control: private, no-cache`, unless the reply has a word of its own on it.
#pragma once

#include <algorithm>           // find, min
#include <atomic>              // atomic
#include <chrono>              // milliseconds
#include <condition_variable>  // condition_variable
#include <cstddef>             // size_t
#include <cstdint>             // int64_t
#include <functional>          // function
#include <map>                 // map
#include <memory>              // shared_ptr
#include <mutex>               // mutex
#include <optional>            // optional
#include <string>              // string
#include <string_view>         // string_view
#include <system_error>        // error_category
#include <thread>              // thread
#include <tuple>               // tuple
#include <utility>             // move
#include <vector>              // vector

#include <tensorgate/auth/detail/bucket_table.hpp>  // bucket_table, known_by
#include <tensorgate/auth/detail/key_source.hpp>    // watched_text
#include <tensorgate/auth/key_command.hpp>          // key_command
#include <tensorgate/auth/rate.hpp>                 // apply_rate
#include <tensorgate/core/result.hpp>               // result, fail
#include <tensorgate/core/text.hpp>                 // equals_ignoring_case
#include <tensorgate/core/time.hpp>                 // clock_fn
#include <tensorgate/http/endpoint.hpp>             // guard_needs
#include <tensorgate/http/errc.hpp>                 // errc
#include <tensorgate/http/operation.hpp>            // openapi_operation
#include <tensorgate/http/request.hpp>              // request
#include <tensorgate/identity/api_key.hpp>          // key_table
#include <tensorgate/identity/ptn_keys.hpp>         // table_of
#include <tensorgate/net/parts.hpp>                 // parts
#include <tensorgate/net/runtime.hpp>               // runtime
#include <tensorgate/net/snapshot.hpp>              // snapshot
#include <tensorgate/reflect/json_read.hpp>         // read_json
#include <tensorgate/reflect/json_write.hpp>        // write_json
#include <tensorgate/store/durable_file.hpp>        // write_file

namespace tensorgate::inline TENSORGATE_ABI::auth {

/// Where a request may carry its key. Looked at in this order; the first place that carries one decides.
enum class key_place : std::uint8_t {
  body,           ///< the member `api_key` of a JSON object, also of a GET's body; whatever Content-Type says
  bearer,         ///< Authorization: Bearer <key>
  header,         ///< a field of its own
  authorization,  ///< Authorization: the second word, whatever the first one is
};

struct api_keys_options {
  std::string               file{};    ///< ours; empty: keys.json, or none where `ptn` names one
  std::string               ptn{};     ///< a validator's api_keys.json; empty: none
  std::vector<key_place>    places{};  ///< empty: what the role takes
  std::string               header = "X-API-Key";
  identity::allowance       rate{};       ///< of keys that name none
  std::chrono::milliseconds poll{2'000};  ///< how often the files are looked at
};

/// Our own file of keys; empty: there is none.
[[nodiscard]] inline std::string key_file_of(api_keys_options const& options) {
  return options.file.empty() && options.ptn.empty() ? "keys.json" : options.file;
}

/// Whose key it is, for handlers: `auth::key const&`.
struct key {
  std::string                        name{};
  int                                tier = 0;
  std::optional<identity::allowance> rate{};
};

/// The name of the file that keeps when each key was last used: {"alice": <Unix milliseconds>}.
[[nodiscard]] inline std::string last_use_file(std::string const& key_file) { return key_file + ".used"; }

[[nodiscard]] inline std::map<std::string, std::int64_t> read_last_use(std::string const& key_file) {
  auto const text = store::read_file(last_use_file(key_file), detail::watched_text::max_size);
  if (!text) return {};
  auto read = reflect::read_json<std::map<std::string, std::int64_t>>(*text);
  return read ? std::move(*read) : std::map<std::string, std::int64_t>{};
}

namespace detail {

/// Why a start would be refused for want of a key: a sentence for each member that names a file; none if a key is
/// there.
[[nodiscard, gnu::cold]] inline std::vector<std::pair<std::string_view, std::string>> key_faults(
    api_keys_options const& of) {
  std::vector<std::pair<std::string_view, std::string>> faults;
  std::size_t                                           keys     = 0;
  bool                                                  readable = true;
  auto const note = [&](std::string_view member, std::string const& path, auto const& read) {
    if (read) keys += read->keys.size();
    readable = readable && read.has_value();
    faults.emplace_back(member, read ? path : read.error());
  };
  if (auto const own = key_file_of(of); !own.empty())
    note("file", own, own_keys_of(own, store::read_file(own, watched_text::max_size)));
  if (!of.ptn.empty()) {
    auto text = store::read_file(of.ptn, watched_text::max_size);
    note("ptn", of.ptn, ptn_keys_of(of.ptn, text));
  }
  if (keys != 0) return {};
  for (auto& one : faults) one.second += "; " + no_key_text(readable, key_command());
  return faults;
}

/// The one member of a body that is looked for.
struct body_key {
  reflect::raw_json api_key{.text = {}};
};

}  // namespace detail

}  // namespace tensorgate::auth

template <>
struct tensorgate::reflect::describe<tensorgate::auth::detail::body_key> {
  static constexpr auto rules = std::tuple{defaulted<&tensorgate::auth::detail::body_key::api_key>()};
};
template <>
struct tensorgate::reflect::describe<tensorgate::auth::api_keys_options> {
  using options               = tensorgate::auth::api_keys_options;
  static constexpr auto rules = std::tuple{
      text<&options::file>("the file of keys, made by the keys command; empty: keys.json, or none where ptn names one"),
      file_path<&options::file>(),
      text<&options::ptn>("a validator's api_keys.json; empty: none"),
      file_path<&options::ptn>(),
      text<&options::places>("where requests may carry their key; empty: what the API's clients are used to"),
      text<&options::header>("the field of the place \"header\""),
      text<&options::rate>("how often a key without a rate of its own may ask"),
      text<&options::poll>("how often the files are looked at")};
  static void start_faults(options const& of, std::function<void(std::string_view, std::string)> const& tell) {
    for (auto& [member, text] : tensorgate::auth::detail::key_faults(of)) tell(member, std::move(text));
  }
  static constexpr std::string_view check(options const& of) {
    return of.poll < std::chrono::milliseconds(10) ? "poll must be at least 10ms" : "";
  }
};

namespace tensorgate::inline TENSORGATE_ABI::auth {

namespace detail {

/// The key that a request presents; an empty optional when it presents none.
[[nodiscard]] inline result<std::optional<std::string>> key_in_body(std::string_view body) {
  if (body.empty()) return std::nullopt;
  reflect::json_options const options{.unknown    = reflect::unknown_members::skip,
                                      .duplicates = reflect::duplicate_members::last_wins};
  auto const                  read = reflect::read_json<body_key>(body, options);
  if (!read) {
    auto const code = read.error().code;
    bool const text =
        code == reflect::errc::syntax || code == reflect::errc::encoding || code == reflect::errc::too_deep;
    return text ? fail(http::errc::bad_body, "the body is not JSON")
                : fail(http::errc::unauthorized, "the body is not a JSON object");
  }
  if (read->api_key.text.empty()) return std::nullopt;
  auto key = reflect::read_json<std::string>(read->api_key.text);
  if (!key) return fail(http::errc::unauthorized, "api_key is not a text");
  return std::optional<std::string>(std::move(*key));
}

/// The rest after the scheme, in any case, and one blank. A field of another scheme presents no key.
[[nodiscard]] inline std::optional<std::string_view> bearer_key(std::string_view field) noexcept {
  constexpr std::string_view scheme = "bearer ";
  if (field.size() <= scheme.size() || !equals_ignoring_case(field.substr(0, scheme.size()), scheme))
    return std::nullopt;
  return field.substr(scheme.size());
}

/// The second word, whatever the first one is: "Bearer key", "Token key and more".
[[nodiscard]] inline std::optional<std::string_view> second_word(std::string_view field) noexcept {
  for (int word = 1; word != 3; ++word) {
    auto const begin = field.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    field.remove_prefix(begin);
    auto const end = std::min(field.find(' '), field.size());
    if (word == 2) return field.substr(0, end);
    field.remove_prefix(end);
  }
  return std::nullopt;
}

/// Why a start without a key is refused: as with what is not permitted, trying again would not mend it.
class no_key_category final : public std::error_category {
 public:
  [[nodiscard]] char const*          name() const noexcept override { return "auth"; }
  [[nodiscard]] std::string          message(int /*value*/) const override { return "no key is in force"; }
  [[nodiscard]] std::error_condition default_error_condition(int /*value*/) const noexcept override {
    return std::errc::permission_denied;
  }
};

[[nodiscard]] inline std::error_code no_key() noexcept {
  static no_key_category const category{};
  return {1, category};
}

}  // namespace detail

/// What the guard takes from outside. `command` tells, in the refusal to start without a key, how one is added.
struct key_surroundings {
  std::string command = key_command();
  clock_fn    clock   = wall_clock;
  random_fn   random  = system_random;
};

class api_keys {
 public:
  using provides = key;

  /// The largest body that may carry a key, in bytes; beyond it 413. Where none may, the guard has no word on bodies.
  static constexpr std::size_t max_body = 256UL << 10U;

  /// `usual`: where this API's clients carry their keys, unless the options say otherwise.
  api_keys(net::parts& owner, api_keys_options options,
           std::vector<key_place> const& usual = {key_place::bearer, key_place::header}, key_surroundings around = {})
      : owner_(owner),
        options_(std::move(options)),
        around_(std::move(around)),
        own_(key_file_of(options_)),
        ptn_(options_.ptn),
        tables_(std::make_shared<in_force>(), owner.loops().size()),
        buckets_(65'536, around_.random) {
    auto const& places = options_.places.empty() ? usual : options_.places;
    auto const  has    = [&](key_place one) { return std::find(places.begin(), places.end(), one) != places.end(); };
    in_body_           = has(key_place::body);
    in_bearer_         = has(key_place::bearer) || has(key_place::authorization);
    any_scheme_        = has(key_place::authorization);
    in_header_         = has(key_place::header);
    owner.add(alive_.tied({.name   = "keys",
                           .start  = [this] { return start(); },
                           .reload = [this] { return reload(); },
                           .drain  = {},
                           .stop   = [this] { stop(); },
                           .health = [this] { return health(); }}));
    owner.measure({.name = "tensorgate_api_keys", .help = "Keys in force.", .read = [this] {
                     return static_cast<double>(tables_.get()->size());
                   }});
  }
  api_keys(api_keys const&)            = delete;
  api_keys& operator=(api_keys const&) = delete;
  ~api_keys() {
    alive_.cut();
    stop();
  }

  [[nodiscard]] http::guard_needs needs() const { return in_body_ ? http::guard_needs::body : http::guard_needs::head; }
  [[nodiscard]] std::size_t       body_limit() const { return in_body_ ? max_body : 0; }

  [[nodiscard]] result<key> admit(http::request& r) const {
    std::string                     from_body;
    std::optional<std::string_view> presented;
    if (in_body_) {
      auto found = detail::key_in_body(r.body);
      if (!found && found.error().code == http::errc::bad_body) return fail(found);
      if (!found) return refused(r, "key form", found.error().note);
      if (*found) {
        from_body = std::move(**found);
        presented = from_body;
      }
    }
    if (!presented && in_bearer_ && r.head.has(http::known_field::authorization)) {
      if (r.head.count(http::known_field::authorization) != 1)
        return refused(r, "key form", "more than one Authorization field");
      auto const field = r.head.field(http::known_field::authorization);
      presented        = any_scheme_ ? detail::second_word(field) : detail::bearer_key(field);
    }
    if (!presented && in_header_) {
      auto const fields = r.head.count(options_.header);
      if (fields > 1) return refused(r, "key form", "more than one field with a key");
      if (auto const field = r.head.field(options_.header); !field.empty()) presented = field;
    }
    if (!presented) return refused(r, "no key", "an API key is needed");

    auto const found = tables_.on_loop().find(*presented);
    wipe(from_body.data(), from_body.size());
    if (!found) return refused(r, "unknown key", "the API key is not known");
    auto const& grant = *found->grant;
    if (grant.expires && grant.is_expired(around_.clock())) return refused(r, "expired key", "the API key has expired");
    r.record.caller = grant.name;
    found->used(r.record.began);
    auto const& allowed = grant.rate ? *grant.rate : options_.rate;
    if (!allowed.unlimited()) {
      auto const answer = buckets_.take(detail::known_by::name, grant.name, allowed, r.record.began);
      if (auto const passed = apply_rate(r, answer.bucket, answer.shared ? "rate_table" : "key_rate"); !passed)
        return fail(passed);
    }
    // A shared cache keeps Authorization's answers to itself, but knows nothing of the other places (RFC 9111 §3.5).
    r.answer_fields.push_back({"Cache-Control", "private, no-cache"});
    return key{grant.name, grant.tier, grant.rate};
  }

  void describe(http::openapi_operation& about) const {
    // No scheme of OpenAPI says that a body has the key, so the words of the others do.
    std::string const words = in_body_ ? R"(,"description":"or the member api_key of a JSON object as )"
                                         R"(the body, also of a GET"})"
                                       : "}";
    if (in_bearer_) about.secured_by("bearer", R"({"type":"http","scheme":"bearer")" + words);
    if (in_header_) {
      auto const name = reflect::write_json(options_.header);
      about.or_secured_by("api_key", R"({"type":"apiKey","in":"header","name":)" + name + words);
    }
    about.answers(http::status::unauthorized, "the API key is missing, unknown or expired");
    about.answers(http::status::too_many_requests, "the key's rate is used up");
    if (in_body_) {
      about.answers(http::status::bad_request, "the body is not JSON");
      about.answers(http::status::content_too_large, "the body exceeds 256 KiB");
    }
  }

  /// Looks at the files now. A failure leaves the keys that were in force.
  [[nodiscard]] result<void> reload() {
    std::scoped_lock const held(reading_);
    return look(true) ? result<void>{}
                      : fail(std::make_error_code(std::errc::invalid_argument),
                             "a file of keys is not good; the keys of before stay in force");
  }

  /// When each key was last used, Unix milliseconds, by name.
  [[nodiscard]] std::map<std::string, std::int64_t> last_use() const {
    auto made = carried_last_use();
    tables_.get()->collect(made, around_.clock(), std::chrono::steady_clock::now());
    return made;
  }

 private:
  /// A key in force, with the moment of its last use.
  struct entry {
    identity::key_grant const* grant = nullptr;
    std::atomic<std::int64_t>* last  = nullptr;

    /// Loops share the mark, so it is written once a second at most.
    void used(steady_point now) const noexcept {
      auto const second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
      if (last->load(std::memory_order_relaxed) < second) last->store(second, std::memory_order_relaxed);
    }
  };

  /// The tables of both files. Ours is asked first.
  struct in_force {
    std::shared_ptr<identity::key_table const> own = std::make_shared<identity::key_table const>();
    std::shared_ptr<identity::key_table const> ptn = std::make_shared<identity::key_table const>();
    std::vector<std::atomic<std::int64_t>>     own_last{};
    std::vector<std::atomic<std::int64_t>>     ptn_last{};

    in_force() = default;
    in_force(std::shared_ptr<identity::key_table const> ours, std::shared_ptr<identity::key_table const> validators)
        : own(std::move(ours)), ptn(std::move(validators)), own_last(own->size()), ptn_last(ptn->size()) {}

    [[nodiscard]] std::size_t size() const noexcept { return own->size() + ptn->size(); }

    [[nodiscard]] std::optional<entry> lookup(identity::key_table const&              in,
                                              std::vector<std::atomic<std::int64_t>>& last, std::string_view text) {
      auto const index = in.index_of(text);
      if (!index) return std::nullopt;
      return entry{&in.entries()[*index].grant, &last[*index]};
    }
    /// A key that stands in both files has the lower tier.
    [[nodiscard]] std::optional<entry> find(std::string_view text) {
      auto const one = lookup(*own, own_last, text);
      auto const two = lookup(*ptn, ptn_last, text);
      return two && (!one || two->grant->tier < one->grant->tier) ? two : one;
    }
    void collect(std::map<std::string, std::int64_t>& into, unix_millis wall, steady_point steady) const {
      auto const add = [&](identity::key_table const& table, std::vector<std::atomic<std::int64_t>> const& last) {
        for (std::size_t i = 0; i != last.size(); ++i) {
          auto const second = last[i].load(std::memory_order_relaxed);
          if (second == 0) continue;
          auto const ago = std::chrono::duration_cast<std::chrono::seconds>(steady.time_since_epoch()).count() - second;
          auto const when = to_unix_millis(wall) - ago * 1000;
          auto&      at   = into[table.entries()[i].grant.name];
          at              = std::max(at, when);
        }
      };
      add(*own, own_last);
      add(*ptn, ptn_last);
    }
  };

  [[nodiscard]] static unexpected<failure> refused(http::request& r, std::string_view why, std::string_view note) {
    r.record.refusal = why;
    // RFC 6750 §3: without credentials the challenge alone.
    r.answer_fields.push_back({"WWW-Authenticate", why == "no key" ? "Bearer realm=\"api\""
                                                                   : "Bearer realm=\"api\", error=\"invalid_token\""});
    return fail(http::errc::unauthorized, note);
  }

  result<void> start() {
    std::scoped_lock const held(reading_);
    if (own_.named()) carry(read_last_use(own_.path()));
    bool const good = look(true);
    if (tables_.get()->size() == 0) {
      trouble_ = detail::no_key_text(good, around_.command);
      refusal_ = trouble_;
      return fail(detail::no_key(), refusal_);
    }
    stopping_ = false;
    watcher_  = std::thread([this] { watch(); });
    return {};
  }

  void stop() {
    {
      std::scoped_lock const held(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (!watcher_.joinable()) return;
    watcher_.join();
    keep_last_use();
  }

  void watch() {
    auto kept = std::chrono::steady_clock::now();
    while (true) {
      {
        std::unique_lock held(mutex_);
        if (wake_.wait_for(held, options_.poll, [this] { return stopping_; })) return;
      }
      {
        std::scoped_lock const held(reading_);
        look(false);
      }
      if (auto const now = std::chrono::steady_clock::now(); now - kept > std::chrono::minutes(1)) {
        kept = now;
        keep_last_use();
      }
    }
  }

  /// Reads what changed. False if a file is not good. Under `reading_`.
  bool look(bool always) {
    auto const before = tables_.get();
    auto       own    = before->own;
    auto       ptn    = before->ptn;
    bool       fresh  = false;
    bool       good   = true;
    if (own_.named()) {
      if (auto text = own_.look(always)) {
        auto const read = detail::own_keys_of(own_.path(), *text);
        own_trouble_    = read ? std::string{} : read.error();
        if (read) {
          own_.accept();
          own   = std::make_shared<identity::key_table const>(identity::key_table::of(*read));
          fresh = true;
        }
      }
      good = good && own_trouble_.empty();
    }
    if (ptn_.named()) {
      if (auto text = ptn_.look(always)) {
        auto read    = detail::ptn_keys_of(ptn_.path(), *text);
        ptn_trouble_ = read ? std::string{} : read.error();
        if (read) {
          for (auto const& one : read->warnings) owner_.say("keys", ptn_.path() + ": " + one);
          ptn_.accept();
          ptn   = std::make_shared<identity::key_table const>(identity::table_of(std::move(*read), around_.random));
          fresh = true;
        }
      }
      good = good && ptn_trouble_.empty();
    }
    auto const now = own_trouble_.empty() ? ptn_trouble_ : own_trouble_;
    if (!now.empty() && now != said_)
      owner_.say("keys", now + (before->size() == 0 ? "" : "; what was in force stays so"));
    said_ = now;
    if (fresh) {
      auto made = std::make_shared<in_force>(std::move(own), std::move(ptn));
      {
        std::scoped_lock const held(mutex_);
        before->collect(carried_, around_.clock(), std::chrono::steady_clock::now());
      }
      owner_.say("keys", std::to_string(made->size()) + (made->size() == 1 ? " key is" : " keys are") + " in force");
      tables_.replace(std::move(made));
    }
    {
      std::scoped_lock const held(mutex_);
      trouble_ = now;
    }
    return good;
  }

  net::part_health health() const {
    std::scoped_lock const held(mutex_);
    auto const             count = tables_.get()->size();
    if (!trouble_.empty()) return {.ready = true, .degraded = true, .note = trouble_};
    if (count == 0) return {.ready = true, .degraded = true, .note = "no key is in force: nobody is let in"};
    return {.ready = true, .degraded = false, .note = std::to_string(count) + " in force"};
  }

  void carry(std::map<std::string, std::int64_t> from) {
    std::scoped_lock const held(mutex_);
    carried_ = std::move(from);
  }
  [[nodiscard]] std::map<std::string, std::int64_t> carried_last_use() const {
    std::scoped_lock const held(mutex_);
    return carried_;
  }
  void keep_last_use() {
    if (!own_.named()) return;
    auto const uses = last_use();
    if (uses == written_) return;
    auto const kept = store::write_file(last_use_file(own_.path()), reflect::write_json(uses) + "\n", 0600);
    if (kept) {
      written_ = uses;
    } else {
      owner_.say("keys", "the last use of keys cannot be written: " + kept.error().code.message());
    }
  }

  net::parts&                         owner_;
  api_keys_options                    options_;
  key_surroundings                    around_;
  bool                                in_body_ = false, in_bearer_ = false, in_header_ = false, any_scheme_ = false;
  std::mutex                          reading_;  // one reads the files at a time
  detail::watched_text                own_, ptn_;
  std::string                         own_trouble_, ptn_trouble_, said_, refusal_;
  mutable net::snapshot<in_force>     tables_;
  mutable detail::bucket_table        buckets_;
  std::map<std::string, std::int64_t> written_;
  mutable std::mutex                  mutex_;  // of what follows
  std::condition_variable             wake_;
  bool                                stopping_ = false;
  std::string                         trouble_;
  std::map<std::string, std::int64_t> carried_;
  std::thread                         watcher_;
  net::lifeline                       alive_;
};

}  // namespace tensorgate::auth
