// A loop on a thread of its own, for tests whose other side is a blocking socket.
#pragma once

#include <future>
#include <thread>
#include <type_traits>

#include "platform/loop.hpp"

namespace storegate::tests {

class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.run(); }) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    loop_.stop();
    thread_.join();
    loop_.run_ready();  // what was cancelled at the end still has to be told
  }

  platform::Loop& loop() { return loop_; }

  /// Runs the function on the loop, waits for it and gives its result.
  template <typename Function>
  auto on_loop(Function function) {
    std::promise<std::invoke_result_t<Function>> promise;
    loop_.post([&] {
      if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
        function();
        promise.set_value();
      } else {
        promise.set_value(function());
      }
    });
    return promise.get_future().get();
  }

 private:
  platform::Loop loop_;
  std::thread thread_;
};

}  // namespace storegate::tests
