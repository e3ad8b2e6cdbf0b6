// Signals as calls on the loop. Knows nothing of what they are to mean.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "core/result.hpp"
#include "platform/loop.hpp"

namespace storegate::platform {

/// While it lives, the signals asked for are delivered; when it ends they have their default effect again.
class SignalWatch {
 public:
  SignalWatch(SignalWatch&&) noexcept;
  SignalWatch& operator=(SignalWatch&&) noexcept;
  ~SignalWatch();

 private:
  friend core::Result<SignalWatch> on_signal(Loop&, std::initializer_list<int>, std::function<void(int)>);
  struct State;
  explicit SignalWatch(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

/// Calls the function on the loop with the signal's number each time one of the signals arrives.
/// Errors: invalid, for a signal that cannot be caught.
core::Result<SignalWatch> on_signal(Loop& loop, std::initializer_list<int> signals,
                                    std::function<void(int)> function);

/// A write to a closed socket or pipe becomes an error instead of the process's end. Call once, early in main.
void ignore_broken_pipe() noexcept;

}  // namespace storegate::platform
