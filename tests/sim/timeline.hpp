// Timeline: virtual time as a queue of steps. Nothing in the world happens but as a step of it; equal times keep the
// order in which they were asked for, so that a seed gives one run. It must not know what a step does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace storegate::sim {

class Timeline {
 public:
  using Step = std::function<void()>;

  /// Milliseconds since the world began.
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }

  void at(std::int64_t ms, Step step) {
    if (free_.empty()) {
      free_.push_back(steps_asked_.size());
      steps_asked_.emplace_back();
    }
    const std::size_t place = free_.back();
    free_.pop_back();
    steps_asked_[place] = std::move(step);
    queue_.push_back({std::max(ms, now_ms_), ++asked_, place});
    std::push_heap(queue_.begin(), queue_.end(), later);
  }
  void after(std::int64_t ms, Step step) { at(now_ms_ + ms, std::move(step)); }

  /// The next step's time; nothing left: INT64_MAX.
  [[nodiscard]] std::int64_t next_ms() const noexcept {
    return queue_.empty() ? INT64_MAX : queue_.front().ms;
  }
  /// Carries out the next step; there must be one.
  void run_next() {
    std::pop_heap(queue_.begin(), queue_.end(), later);
    const Entry entry = queue_.back();
    queue_.pop_back();
    now_ms_ = entry.ms;
    ++steps_;
    const Step step = std::exchange(steps_asked_[entry.place], nullptr);
    free_.push_back(entry.place);
    step();
  }
  /// Time passes with nothing happening in it; not beyond the next step.
  void pass_to(std::int64_t ms) noexcept { now_ms_ = std::max(now_ms_, std::min(ms, next_ms())); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  struct Entry {
    std::int64_t ms = 0;
    std::uint64_t asked = 0;
    std::size_t place = 0;  // of the step itself: the heap moves small things only
  };
  static bool later(const Entry& a, const Entry& b) noexcept {
    return a.ms != b.ms ? a.ms > b.ms : a.asked > b.asked;
  }
  std::vector<Entry> queue_;
  std::vector<Step> steps_asked_;
  std::vector<std::size_t> free_;
  std::int64_t now_ms_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace storegate::sim
