// What a POS will not have: an order that it refuses for good is cancelled by the POS, with the reason it gave; one that it
// calls wrong is parked for a person. At once, and neither is sent again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

class RefusalWatch {
 public:
  /// A process has loaded the rows: an answer whose commit it does not know of is lost.
  void begin(const Scene& scene, const core::Loaded& loaded);
  void on_post(const Scene& scene, Story& story);
  /// A placement was answered, and the gateway decides on it next.
  void on_heard(const Scene& scene, Story& story, const PosReply& reply);
  void on_commit_begins(const Scene& scene, const core::Changes& changes) const;
  void on_written(const Scene& scene, const core::Changes& changes);

 private:
  struct Refusal {
    bool for_good = false;  // otherwise a person must look
    std::string reason;
  };
  static void judge(const Scene& scene, const Story& story, const Refusal& refusal, const core::Order& row);
  template <typename Visit>
  void each_answered(const Scene& scene, const core::Changes& changes, Visit visit) const;

  std::uint64_t life_ = 0;
  std::map<std::size_t, Refusal>
      heard_;  // by story: nothing of the order can be in doubt, and no commit has it yet
};

/// The story's newest event, seen for the first time.
void told_as_refused(const Scene& scene, const Story& story);

}  // namespace storegate::sim::check
