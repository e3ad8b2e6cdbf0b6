// What is judged when the faults have ended, and at the end of a world.
#include <algorithm>
#include <string>

#include "sim/world.hpp"

namespace storegate::sim {

// By cause: whoever had nothing special in the way has moved within 30 s of the process's being up.
void World::judge_healing(std::int64_t healed_ms) {
  run_until(healed_ms + check::up_within_ms);
  if (ledger_.violation()) return;
  if (!process_.serving()) return scene().blame_liveness("I13", "the gateway is not up again");
  const std::uint64_t life = process_.lives();
  const std::int64_t written = process_.engine().outbox().last_written().sequence;
  const std::int64_t up_ms = std::max(loaded_ms_, machine_.asleep_until_ms());
  healed_since_ms_ = std::max(healed_ms, up_ms);
  const check::Healing healing(scene(), healed_ms, up_ms);
  run_until(healing.uplink_by_ms());
  if (ledger_.violation()) return;
  if (stream_.through() < written)
    scene().blame_liveness("I13", "the events wait though the broker is there");
  run_until(healing.all_by_ms());
  if (ledger_.violation()) return;
  if (process_.lives() != life) scene().blame_liveness("I13", "the process ended though nothing failed");
  healing.judge(scene(), ledger_.story(probe_));
}

void World::judge_end() {
  const check::Scene at = scene();
  if (!process_.up()) return at.blame_liveness("I13", "the gateway is not up at the end");
  stream_.complete(at, process_.engine().outbox().last_written().sequence);
  last_sequence_ = process_.engine().outbox().last_written().sequence;
  fold_.tell_ends(ledger_);
  check::no_cancel_dropped(at);
  check::ends_are_the_kitchens(at);
  check::releases_on_record(at);
  check::refused_when_ended(at);
  strangers_.judge_end(at);
  calls_told_.judge_end(at);
  store_told_.judge_end(at);
  check::holds_end_in_time(at, healed_since_ms_);
  check::FetchWatch::judge_end(at, healed_since_ms_);
  if (plan_.thin_is_told)
    for (const Story& story : ledger_.stories())
      if (story.thin) judge_told(story);
  check::tickets_are_followed(at, healed_since_ms_);
  stock_watch_.judge_end(at);
  check::probe_has_ticket(at, ledger_.story(probe_));
  if (partners_.undelivered() > 0) at.blame_liveness("I13", "a partner still waits for an answer");
  backoff_.judge_end(at);
  process_.die();
  judge_rows();
}

void World::judge_told(const Story& story) {
  const ThinApi& api = thin_api(story.partner);
  check::TellWatch::judge_end(scene(), story,
                              {api.decided(story.id), api.is_ready(story.id), api.waits_for_word(story.id)});
}

void World::judge_rows() {
  const check::Scene at = scene();
  const std::string path = journal_options().path;
  std::string error;
  const check::RowsLeft left = check::rows_on(disk_, path, error);
  if (!error.empty()) return at.blame("I1", "the rows cannot be read: " + error);
  const check::Since since{healed_since_ms_, loaded_ms_, size_.large_since_ms(), events_kept_by_size};
  check::customers_are_erased(at, left);
  check::rows_are_pruned(at, left, since);
  check::letters_are_erased(at, left, since);
  check::erased_customers_leave(at, disk_, path, since);
  if (unwiped_ == 0) check::no_customer_is_left(at, left, disk_, path);
  for (const check::RowSeen& row : left.orders) {
    trace_.note_text(Noted::row, row.id);
    trace_.note(Noted::row, row.phase);
  }
  check::every_order_ended(at, left.orders);
}

}  // namespace storegate::sim
