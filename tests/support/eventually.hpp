// eventually: the only way a test waits for another process: a predicate, looked at often, and a deadline.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace storegate::support {

/// Looks at `predicate` every `interval` until it is true. At the deadline it throws
/// std::runtime_error("not within N ms: WHAT"), which fails the test case with these words.
template <typename Predicate>
void eventually(const std::string& what, std::chrono::milliseconds deadline, Predicate&& predicate,
                std::chrono::milliseconds interval = std::chrono::milliseconds(2)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end)
      throw std::runtime_error("not within " + std::to_string(deadline.count()) + " ms: " + what);
    std::this_thread::sleep_for(interval);
  }
}

}  // namespace storegate::support
