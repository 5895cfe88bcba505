// tensorgate/roles/outputs/library.hpp: the validator's files, followed while the server runs.
#pragma once

#include <atomic>       // atomic<shared_ptr>
#include <chrono>       // seconds
#include <cstddef>      // size_t
#include <cstdint>      // int64_t, uint64_t
#include <filesystem>   // is_directory
#include <memory>       // shared_ptr
#include <mutex>        // mutex
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <fmt/format.h>  // health in words

#include <tensorgate/core/time.hpp>               // wall_clock
#include <tensorgate/http/openapi_document.hpp>   // openapi_document
#include <tensorgate/http/operation.hpp>          // openapi_operation
#include <tensorgate/net/cpu_pool.hpp>            // cpu_pool
#include <tensorgate/net/parallel.hpp>            // on_every_core
#include <tensorgate/net/parts.hpp>               // parts
#include <tensorgate/net/watch.hpp>               // watch
#include <tensorgate/roles/outputs/describe.hpp>  // describe_row
#include <tensorgate/roles/outputs/keeper.hpp>    // keeper

namespace tensorgate::inline TENSORGATE_ABI::outputs {

/// A part: reads the tree before the first connection is accepted, follows it from then on, off the loops.
class library {
 public:
  library(net::parts& app, data_config const& data, api_profile profile, tier_source tiers,
          std::vector<table_row> const& own)
      : app_(app),
        poll_(data.poll),
        fixed_now_(data.now_ms),
        validation_(data.validation),
        profile_(profile),
        tiers_(tiers),
        keeper_(data, profile, tiers, all_rows(profile, own, tiers == tier_source::compat), events()) {
    net::part me;
    me.name   = "data";
    me.start  = [this] { return start(); };
    me.health = [this] { return health(); };
    me.drain  = [this] { return end(); };
    app_.add(std::move(me));
    measure();
  }
  library(library const&)            = delete;
  library& operator=(library const&) = delete;

  /// What requests are answered from. The pointer keeps it whole for as long as it is held.
  [[nodiscard]] snapshot_ptr now() const { return current_.load(std::memory_order_acquire); }

  [[nodiscard]] std::vector<row> const& rows() const noexcept { return keeper_.rows(); }
  [[nodiscard]] api_profile             profile() const noexcept { return profile_; }
  /// An operation for each row, for the document of the API.
  void describe_paths(http::openapi_document& into, http::openapi_operation const& like) const {
    for (auto const& one : rows()) detail::describe_row(into, like, one);
  }

  /// The validator's own rule: aggregates and ranks of now in every tier.
  [[nodiscard]] bool compat() const noexcept { return tiers_ == tier_source::compat; }
  /// Tiers are made here of the raw positions, and not read.
  [[nodiscard]] bool computes_tiers() const noexcept { return tiers_ != tier_source::files; }

 private:
  keeper_events events() {
    keeper_events all;
    all.publish = [this](snapshot_ptr next) {
      auto before = current_.exchange(std::move(next), std::memory_order_acq_rel);
      retired_.push_back(std::move(before));
      swaps_.fetch_add(1, std::memory_order_relaxed);
    };
    all.say = [this](std::string_view what, std::string_view text) { app_.say(what, text); };
    return all;
  }

  void measure() {
    net::measurement broken;
    broken.name = "tensorgate_outputs_files_in_fault";
    broken.help =
        "Files of the validator that are not whole, not of the expected shape, missing or unreadable, each counted "
        "once; "
        "the last good version of what they hold is served.";
    broken.read = [this] {
      std::lock_guard const lock(health_lock_);
      return static_cast<double>(faults_.size());
    };
    app_.measure(std::move(broken));

    net::measurement newest;
    newest.name = "tensorgate_outputs_newest_file_timestamp_seconds";
    newest.help = "When the newest file that is served was written, Unix time; 0 while there is none.";
    newest.read = [this] {
      std::lock_guard const lock(health_lock_);
      return newest_ ? static_cast<double>(to_unix_millis(*newest_)) / 1000 : 0;
    };
    app_.measure(std::move(newest));

    net::measurement swaps;
    swaps.name   = "tensorgate_outputs_snapshots_total";
    swaps.help   = "Times that what is served was replaced.";
    swaps.counts = true;
    swaps.read   = [this] { return static_cast<double>(swaps_.load(std::memory_order_relaxed)); };
    app_.measure(std::move(swaps));
  }

  [[nodiscard]] unix_millis clock() const { return fixed_now_ != 0 ? from_unix_millis(fixed_now_) : wall_clock(); }

  result<void> start() {
    if (auto const fault = fault_of_validation(validation_)) {
      app_.say("data", fault->text);
      return fail(fault->code, "the validator's folder cannot be read");
    }
    std::error_code error;
    if (std::filesystem::is_directory(validation_ / "validation", error)) {
      app_.say("data", validation_.string() + " holds a folder called validation: name that one in data.validation");
    }
    look();
    if (keeper_.empty()) {
      app_.say("data", "the data folders are empty; answers are 404 until the validator writes");
    } else {
      for (auto const& one : keeper_.awaited()) app_.say("data", one + "; what it would answer is 404");
    }
    auto& loop = app_.loops().loop(0);
    asio::co_spawn(loop, follow(), asio::detached);
    return {};
  }

  /// One look, on whatever thread calls; never two at once.
  void look() {
    // What nobody reads any more is freed here and not on a loop, where unmapping hundreds of megabytes would be felt.
    std::erase_if(retired_, [](snapshot_ptr const& one) { return !one || one.use_count() == 1; });
    keeper_.look(std::chrono::steady_clock::now(), clock(), net::on_every_core);
    take_health();
  }

  void save() {
    keeper_.save_tiers();
    take_health();
  }

  void take_health() {
    std::lock_guard const lock(health_lock_);
    faults_ = keeper_.faults();
    newest_ = keeper_.newest();
  }

  task<void> follow() {
    net::watch watch(app_.loops().loop(0), keeper_.folders());
    auto       job = [this] {
      look();
      save();
    };
    auto first = [this] { save(); };
    co_await app_.pool().run(first);
    while (!ending_) {
      co_await watch.changed(poll_);
      if (ending_) break;
      co_await app_.pool().run(job);
    }
    ended_ = true;
  }

  task<void> end() {
    ending_ = true;
    co_return;
  }

  [[nodiscard]] net::part_health health() const {
    std::lock_guard const lock(health_lock_);
    net::part_health      all;
    for (auto const& one : faults_) all.note.append(all.note.empty() ? "" : "; ").append(one);
    if (!newest_) all.note.append(all.note.empty() ? "" : "; ").append("no file of the validator has been read");
    if (newest_ && fixed_now_ == 0 && *newest_ > wall_clock() + std::chrono::minutes{1}) {
      all.note.append(all.note.empty() ? "" : "; ")
          .append("the validator's files are dated in the future: clocks disagree");
    }
    all.degraded = !all.note.empty();
    return all;
  }

  net::parts&                app_;
  std::chrono::milliseconds  poll_;
  std::int64_t               fixed_now_;
  std::filesystem::path      validation_;
  api_profile                profile_;
  tier_source                tiers_;
  std::vector<snapshot_ptr>  retired_;
  std::atomic<snapshot_ptr>  current_{std::make_shared<snapshot const>()};
  keeper                     keeper_;
  std::atomic<std::uint64_t> swaps_  = 0;
  std::atomic<bool>          ending_ = false;
  std::atomic<bool>          ended_  = false;
  mutable std::mutex         health_lock_;
  std::vector<std::string>   faults_;
  std::optional<unix_millis> newest_;
};

}  // namespace tensorgate::outputs
