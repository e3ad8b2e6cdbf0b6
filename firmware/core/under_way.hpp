// UnderWay: the requests that are on the wire. One is until its end is told, whatever becomes of its order meanwhile.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace storegate::core {

class UnderWay {
 public:
  /// `probe`: it goes out while the other side is away.
  void started(std::uint64_t attempt, bool probe) { requests_.push_back({attempt, probe}); }
  /// Whether it was a probe; nothing: it was none of these.
  [[nodiscard]] std::optional<bool> ended(std::uint64_t attempt) noexcept {
    const auto found = std::find_if(requests_.begin(), requests_.end(),
                                    [&](const Request& one) { return one.attempt == attempt; });
    if (found == requests_.end()) return {};
    const bool probe = found->probe;
    requests_.erase(found);
    return probe;
  }
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size(); }

 private:
  struct Request {
    std::uint64_t attempt = 0;
    bool probe = false;
  };
  std::vector<Request> requests_;  // few: whoever sends them bounds them
};

}  // namespace storegate::core
