// 4.2: the store takes what it must and refuses what it must, and tells every reason. Judged a second time here, from what
// was sent, what the manager said and what the rows say, at the true time of the decision. Where a clock is wrong, or what
// was said has not been answered yet, the checker says nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

class Acceptance {
 public:
  /// A commit with new orders begins: what each of them has to hear. `rows`: what was committed before.
  void judge(const Scene& scene, const Clock& clock, const Fold& rows, const core::Changes& changes) const;
  /// It was written: what was judged stays.
  static void written(const Scene& scene, const core::Changes& changes);
  /// An answer or an event (`body`) says what became of a new order: its phase, and the reasons of a rejection.
  static void told(const Scene& scene, const Story& story, std::string_view phase, std::string_view body);
  void on_clock_changed(std::int64_t now_ms, const Clock& clock);

 private:
  struct Marks;
  void judge_store(const Scene& scene, const Story& story, Marks& marks) const;
  void judge_pause(const Scene& scene, Marks& marks) const;
  void judge_times(const Scene& scene, const Story& story, Marks& marks) const;
  void judge_kitchen(const Scene& scene, const core::Now& now, const Fold& rows, const core::Changes& changes,
                     const core::Order& order, Marks& marks) const;

  bool right_ = true;  // the wall clock is trusted and right
  bool trusted_ = true;
  std::int64_t last_wrong_ms_ = -1;  // when it last was not right
};

/// The kitchen cooks what the store took for it, and nothing that only tries the way.
void placement_is_no_test(const Scene& scene, const Story& story);

}  // namespace storegate::sim::check
