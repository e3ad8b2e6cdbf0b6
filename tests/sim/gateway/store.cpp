// One job at a time, in virtual time.
#include "sim/gateway/store.hpp"

#include <utility>

#include "sim/gateway/process.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

void Store::submit(Urgency urgency, Job job) {
  lanes_[static_cast<std::size_t>(urgency)].push_back(std::move(job));
  if (!busy_) begin_next();
}

void Store::begin_next() {
  for (auto& lane : lanes_) {
    if (lane.empty()) continue;
    Job job = std::move(lane.front());
    lane.pop_front();
    busy_ = true;
    process_.after(process_.world().disk_time_ms(), [this, job = std::move(job)] { carry_out(job); });
    return;
  }
}

void Store::carry_out(const Job& job) {
  Completion completion = job(journal_);
  if (process_.world().disk().dead()) return;  // killed in the middle of it
  process_.after(process_.world().disk_time_ms(), [this, completion = std::move(completion)] {
    busy_ = false;
    if (completion) completion();
    if (!busy_) begin_next();
  });
}

}  // namespace storegate::sim
