// Loop: the one thread that runs sockets, timers and deciding. Knows nothing of what is run on it.
// Asio stays behind this header; platform's own .cpp files reach it through context().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace storegate::platform {

/// A function to be run later, once. Destroying or re-assigning the handle cancels it. Loop thread only.
class Timer {
 public:
  Timer() = default;
  ~Timer() { cancel(); }
  Timer(Timer&&) noexcept = default;
  Timer& operator=(Timer&& other) noexcept;

  /// After this the function is not called, also when its time had come. Does nothing on an empty handle.
  void cancel() noexcept;
  /// True until the function was called or cancelled.
  [[nodiscard]] bool pending() const noexcept;

 private:
  friend class Loop;
  struct State;
  explicit Timer(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// One io_context run by one thread. Everything that holds a Loop& must be destroyed before it.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(), also one that came before; it does not return for lack of work.
  /// Can be run again afterwards. An exception out of a posted function is our bug and ends the process.
  void run();
  /// Runs until there is nothing left that is ready now; for tests and for the end of the process.
  void run_ready();
  /// Lets run() return after what was posted before. Thread-safe.
  void stop();

  /// Runs the function on the loop, in the order of posting. Thread-safe; one small allocation.
  void post(std::function<void()> function);
  /// Runs the function after the delay on the steady clock (which stands still in suspend). Loop thread only,
  /// or before run().
  [[nodiscard]] Timer after(std::chrono::milliseconds delay, std::function<void()> function);

  /// Functions posted or timed that have been run; a watchdog sees from it that the loop turns. Thread-safe.
  [[nodiscard]] std::uint64_t turns() const noexcept;
  /// True when called from within run() on its thread.
  [[nodiscard]] bool on_loop_thread() const noexcept;

  /// For platform's own sources only.
  [[nodiscard]] boost::asio::io_context& context() noexcept;

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace storegate::platform
