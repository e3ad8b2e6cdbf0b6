// One chore after the other, each step one job of the store thread.
#include "app/housekeeping.hpp"

#include <memory>
#include <utility>

#include "codec/canonical.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::size_t rows_per_step = 200;
constexpr std::size_t bodies_per_step = 50;  // each is read, parsed and written anew
constexpr std::int64_t pages_per_step = 64;
// A pass meets the same damaged rows every few minutes, for as long as they are kept.
constexpr std::size_t rows_told_max = 1'000;

std::string without_customer(std::string_view canonical) {
  auto erased = codec::erase_customer(canonical);
  return erased ? std::move(*erased) : std::string{};  // not of our making: nothing of it is worth keeping
}

core::Result<storage::Housekept> as_step(const core::Result<void>& done) {
  if (!done) return done.error();
  return storage::Housekept{};
}
}  // namespace

void Housekeeping::start() { step_later(pace_.between_passes, Chore::erase); }

void Housekeeping::step_later(std::chrono::milliseconds delay, Chore chore) {
  timer_ = loop_.after(delay, [this, chore] { step(chore); });
}

void Housekeeping::step(Chore chore) {
  if (chore == Chore::rest) return step_later(pace_.between_passes, pass_.after(chore));
  const bool by_the_clock = chore == Chore::erase || (chore == Chore::prune && !space_.prunes_by_size());
  if (by_the_clock && !turns_.now().wall_trusted) return step(pass_.after(chore));
  store_.submit(Urgency::spare, job_of(chore));
}

Job Housekeeping::job_of(Chore chore) {
  const auto now = turns_.now();
  const auto& keep = config_.storage;
  storage::PruneLimits limits;
  limits.now = now;
  limits.retain_ms = keep.retain_days * 24 * core::hour_ms;
  limits.reuse_ms = keep.order_id_reuse_hours * core::hour_ms;
  limits.rows_max = rows_per_step;
  limits.by_size = space_.prunes_by_size();
  const auto& marks = turns_.engine().outbox().marks();
  const bool never_had_uplink =
      !config_.mqtt && marks.published == core::Position{} && marks.acknowledged == core::Position{};
  if (never_had_uplink)  // nobody is to hear of them but who asks in time
    limits.events_through = {INT32_MAX, INT64_MAX};
  else
    limits.events_through =
        config_.mqtt && config_.mqtt->application_acknowledgement ? marks.acknowledged : marks.published;
  const storage::EraseLimits erase{now, keep.customer_data_hours * core::hour_ms, bodies_per_step};
  return [this, chore, limits, erase](storage::Journal& journal) -> Completion {
    core::Result<storage::Housekept> kept = storage::Housekept{};
    switch (chore) {
      case Chore::erase: kept = journal.erase_customer_data(erase, without_customer); break;
      case Chore::prune: kept = journal.prune(limits); break;
      case Chore::shrink: kept = as_step(journal.shrink(pages_per_step)); break;
      case Chore::verify: kept = journal.verify(rows_per_step); break;
      case Chore::truncate: kept = as_step(journal.checkpoint(storage::CheckpointMode::truncate)); break;
      case Chore::rest: break;
    }
    auto result = std::make_shared<core::Result<storage::Housekept>>(std::move(kept));
    return [this, chore, result] { ended(chore, *result); };
  };
}

void Housekeeping::ended(Chore chore, const core::Result<storage::Housekept>& kept) {
  if (!kept) {
    platform::log_error("housekeeping failed", {{"why", kept.error().context}});
    if (kept.error().code == core::ErrorCode::sync_failed) return turns_.sync_failed();
    return step_later(pace_.between_steps, pass_.after(chore));  // it keeps nobody from their turn
  }
  gauges_.rows_damaged(kept->damaged.size());
  tell(kept->damaged);
  if (chore == Chore::erase && kept->finished) erased_at_wall_ms_ = turns_.now().wall_ms;
  step_later(pace_.between_steps, pass_.done(chore, kept->rows, kept->finished));
}

/// Each row once in this life of the process, and not without end.
void Housekeeping::tell(const std::vector<storage::DamagedRow>& damaged) {
  for (const auto& row : damaged) {
    if (told_.size() == rows_told_max) return;
    if (!told_.insert(row.table + " " + row.key + ": " + row.why).second) continue;
    platform::log_error("damaged row found", {{"table", row.table}, {"key", row.key}, {"why", row.why}});
    if (told_.size() == rows_told_max)
      platform::log_error("no further damaged row is named until the next start", {{"named", rows_told_max}});
  }
}

}  // namespace storegate::app
