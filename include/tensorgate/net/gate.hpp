// tensorgate/net/gate.hpp: how does a coroutine wait for something that a plain function tells?
#pragma once

#include <memory>        // unique_ptr
#include <system_error>  // error_code
#include <tuple>         // tuple
#include <utility>       // move

#include <asio/associated_cancellation_slot.hpp>  // get_associated_cancellation_slot
#include <asio/associated_executor.hpp>           // get_associated_executor
#include <asio/error.hpp>                         // operation_aborted

#include <tensorgate/net/task.hpp>  // task, as_values

namespace tensorgate::inline TENSORGATE_ABI::net {

/// One coroutine waits, a function of the same loop opens. Opening while nobody waits is not remembered: whoever waits
/// looks first whether there is a reason to.
class gate {
 public:
  gate()                       = default;
  gate(gate const&)            = delete;
  gate& operator=(gate const&) = delete;

  [[nodiscard]] bool is_awaited() const noexcept { return waiting_ != nullptr; }

  /// Completes: at `open`, with no error; when the coroutine is cancelled, with operation_aborted.
  /// Owns: nothing; the gate must live until this completes.
  task<std::tuple<std::error_code>> wait() {
    return asio::async_initiate<decltype(as_values) const, void(std::error_code)>(
        [](auto handler, gate* self) { self->park(std::move(handler)); }, as_values, this);
  }

  /// Resumes the waiter before it returns; the gate may be gone afterwards.
  void open() {
    if (waiting_ != nullptr) waiting_.release()->finish({}, false);
  }

 private:
  struct waiter {
    waiter()                         = default;
    waiter(waiter const&)            = delete;
    waiter& operator=(waiter const&) = delete;
    virtual ~waiter()                = default;
    /// Destroys itself and calls the handler: now, or from the loop.
    virtual void finish(std::error_code why, bool later) = 0;
  };

  template <class Handler>
  struct waiter_of final : waiter {
    explicit waiter_of(Handler one) : handler(std::move(one)) {}
    void finish(std::error_code why, bool later) override {
      auto slot = asio::get_associated_cancellation_slot(handler);
      if (slot.is_connected() && !later) slot.clear();  // a slot that is being emitted clears itself
      Handler kept(std::move(handler));
      delete this;  // before the upcall, so that what it starts may use the memory
      if (later) {
        auto const executor = asio::get_associated_executor(kept);
        asio::post(executor, [kept = std::move(kept), why]() mutable { std::move(kept)(why); });
      } else {
        std::move(kept)(why);
      }
    }
    Handler handler;
  };

  template <class Handler>
  void park(Handler handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([this](asio::cancellation_type) {
        if (waiting_ != nullptr) waiting_.release()->finish(asio::error::operation_aborted, true);
      });
    }
    waiting_.reset(new waiter_of<Handler>(std::move(handler)));
  }

  std::unique_ptr<waiter> waiting_;
};

}  // namespace tensorgate::net
