// tensorgate/net/parts.hpp: what starts, reloads, drains and tells its health as one program.
#pragma once

#include <functional>    // function
#include <memory>        // make_shared
#include <mutex>         // scoped_lock
#include <shared_mutex>  // shared_mutex, shared_lock
#include <string>        // string
#include <string_view>   // string_view
#include <type_traits>   // is_same_v
#include <utility>       // move
#include <vector>        // vector

#include <tensorgate/core/result.hpp>  // result
#include <tensorgate/net/task.hpp>     // task

namespace tensorgate::inline TENSORGATE_ABI::net {

class runtime;   // net/runtime.hpp: the loops
class cpu_pool;  // net/cpu_pool.hpp: threads for what would hold a loop

/// How a part is doing, for the health page: `ready` decides readiness, `note` says why in a sentence.
struct part_health {
  bool        ready    = true;
  bool        degraded = false;  ///< answers, but not at its best: an old snapshot, an old certificate
  std::string note{};
};

/// A part of a program. Every function may be empty.
struct part {
  std::string                   name;
  std::function<result<void>()> start;   ///< before the first connection is accepted; a failure ends the program
  std::function<result<void>()> reload;  ///< at SIGHUP; a failure is logged and keeps what was in force
  std::function<task<void>()>   drain;   ///< after the listeners closed, within the drain's deadline
  std::function<void()>         stop;    ///< after the loops ended
  std::function<part_health()>  health;  ///< from any thread, quick
};

/// Ends with the part that has it: what `tied` made of the part's functions does nothing from then on, so that a part
/// may be destroyed before the program that it registered with. A function that runs on another thread is waited for.
class lifeline {
 public:
  lifeline()                           = default;
  lifeline(lifeline const&)            = delete;
  lifeline& operator=(lifeline const&) = delete;
  ~lifeline() { cut(); }

  /// No function of the part begins after this. First in a destructor, before what the functions use is gone.
  void cut() noexcept {
    std::scoped_lock const alone(state_->mutex);
    state_->is_cut = true;
  }

  /// The same part, whose functions are asked only while this lives.
  [[nodiscard]] part tied(part what) const {
    what.start  = guarded(std::move(what.start));
    what.reload = guarded(std::move(what.reload));
    what.drain  = guarded(std::move(what.drain));
    what.stop   = guarded(std::move(what.stop));
    what.health = guarded(std::move(what.health));
    return what;
  }

 private:
  struct state {
    std::shared_mutex mutex;
    bool              is_cut = false;
  };

  static task<void> nothing_to_do() { co_return; }

  template <class R>
  [[nodiscard]] std::function<R()> guarded(std::function<R()> what) const {
    if (!what) return {};
    return [state = state_, what = std::move(what)]() -> R {
      std::shared_lock const held(state->mutex);
      if (!state->is_cut) return what();
      if constexpr (std::is_same_v<R, task<void>>) {
        return nothing_to_do();
      } else {
        return R();
      }
    };
  }

  std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// A figure that a part keeps for whoever watches the program. `read` is asked from any thread and must be quick.
struct measurement {
  std::string             name;            ///< "tensorgate_snapshot_age_seconds"; a counter's name ends in "_total"
  std::string             help;            ///< one sentence
  bool                    counts = false;  ///< true: it only grows
  std::string             labels{};        ///< as written between the braces, `tier="30"`; empty for none
  std::function<double()> read;
};

/// Where parts register. Rooms take it as an argument; `service` owns the one of a program, tests make their own.
class parts {
 public:
  parts()                        = default;
  parts(parts const&)            = delete;
  parts& operator=(parts const&) = delete;
  virtual ~parts()               = default;

  /// Parts start in the order of registration and stop in the reverse one. Not after the start. A part that may be
  /// destroyed before the program hands itself over `tied` to a lifeline.
  virtual void add(part what) = 0;

  /// Offers a figure. At any time; the part must live until the program's loops have ended.
  virtual void measure(measurement what) { static_cast<void>(what); }

  [[nodiscard]] virtual runtime&  loops() = 0;
  [[nodiscard]] virtual cpu_pool& pool()  = 0;

  /// One line of news for the operator; `what` is the part, `text` a sentence. From any thread.
  virtual void say(std::string_view what, std::string_view text) = 0;
};

}  // namespace tensorgate::net
