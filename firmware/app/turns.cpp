// One posted run at a time: it opens turns until one needs the disk, and goes on when that commit is back.
#include "app/turns.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "platform/log.hpp"

namespace storegate::app {

namespace {
// The loop's timers stand still in suspend and the deadlines do not: never sleep longer than this past one.
constexpr core::Milliseconds sleep_ms_max = 1000;

bool needs_the_store(const core::Changes& changes) {
  return !changes.writes_nothing() || !changes.bodies_wanted.empty();
}

void log_damaged(const std::vector<storage::DamagedRow>& damaged) {
  for (const auto& row : damaged)
    platform::log_error("damaged row: it is not used",
                        {{"table", row.table}, {"key", row.key}, {"why", row.why}});
}
}  // namespace

/// What travels to the store thread and back.
struct Turns::Commit {
  core::Changes changes;
  storage::ReadWish wish;
  std::optional<storage::CommitResult> result;
  std::size_t inputs = 0;
  Instant begun;
  bool checkpoint_due = false;
};

Turns::Turns(core::Engine& engine, StoreThread& store, platform::Loop& loop, const platform::Clock& clock,
             Gauges& gauges, core::DigestFunction digest, TurnHooks hooks)
    : engine_(engine),
      store_(store),
      loop_(loop),
      clock_(clock),
      gauges_(gauges),
      digest_(std::move(digest)),
      hooks_(std::move(hooks)) {}

// Core cannot see the platform's: what one calls trusted the other must be able to recognise in a row.
static_assert(core::wall_floor_ms == platform::wall_floor_ms);

core::Now Turns::now() const {
  const auto reading = clock_.now();
  return {reading.steady_ms, reading.wall_ms, reading.wall_trusted, reading.boot_id};
}

void Turns::offer(core::Input input) {
  if (auto* order = std::get_if<core::OrderArrived>(&input)) order->body_digest = digest_(order->digested());
  if (auto* fetched = std::get_if<core::OrderFetched>(&input))
    fetched->arrived.body_digest = digest_(fetched->arrived.digested());
  if (auto refusal = engine_.offer(std::move(input))) return hooks_.carry_out(std::move(*refusal));
  ++gathered_;
  wake();
}

void Turns::published(core::Position position, bool acknowledged) {
  engine_.on_published(position, acknowledged);
  wake();
}

void Turns::sync_failed() {
  engine_.stop();
  if (!std::exchange(failed_, true)) hooks_.sync_failed();
}

void Turns::wake() {
  if (std::exchange(scheduled_, true)) return;
  loop_.post([this] {
    scheduled_ = false;
    run();
  });
}

void Turns::between_turns(std::function<void()> function) {
  if (!engine_.turn_open()) return function();
  between_ = std::move(function);
}

void Turns::run() {
  if (engine_.turn_open()) return;  // the commit's end runs us again
  while (true) {
    const auto now = this->now();
    if (!engine_.wants_turn(now)) break;
    auto changes = engine_.begin_turn(now);
    if (needs_the_store(changes)) return begin_commit(std::move(changes));
    gathered_ = 0;
    finish({});
  }
  want_events();
  arm_timer();
}

void Turns::begin_commit(core::Changes changes) {
  auto commit = std::make_shared<Commit>();
  commit->changes = std::move(changes);
  commit->inputs = std::exchange(gathered_, 0);
  const auto read = engine_.outbox().wanted_read();
  if (read && read->kind == core::OutboxRead::Kind::in_order) {
    commit->wish.events_after = read->after;
    commit->wish.events_limit = read->limit;
    engine_.outbox().on_read_started();
  }
  commit->begun = instant_now();
  store_.submit(Urgency::commit, [this, commit](storage::Journal& journal) -> Completion {
    commit->result.emplace(journal.commit(commit->changes, commit->wish));
    commit->checkpoint_due = journal.checkpoint_due();
    return [this, commit] { commit_ended(*commit); };
  });
  want_events();  // of a backlog: a read of its own, behind the commit
}

void Turns::commit_ended(Commit& commit) {
  ++commits_told_;
  auto& result = *commit.result;
  core::Committed committed;
  committed.written = result.written.ok();
  if (committed.written) {
    gauges_.committed(seconds_since(commit.begun), commit.inputs);
    committed.bodies = std::move(result.bodies);
    committed.bodies_unread = !result.read.ok();
    log_written(commit.changes);
  } else {
    gauges_.commit_failed();
    committed.sync_failed = result.written.error().code == core::ErrorCode::sync_failed;
    committed.disk_full = result.written.error().code == core::ErrorCode::disk_full;
    platform::log_error("commit failed: nothing of it is acknowledged",
                        {{"why", result.written.error().context}});
  }
  gauges_.rows_damaged(result.damaged.size());
  log_damaged(result.damaged);
  if (result.written && !result.read)
    platform::log_error("rows cannot be read: what needs them is tried again",
                        {{"why", result.read.error().context}});
  const bool sync_failed = committed.sync_failed;
  finish(std::move(committed));
  if (commit.wish.events_after) {
    if (!result.written.ok() || engine_.stopped())
      result.read = core::Error{core::ErrorCode::failed, "its commit failed"};
    events_read(result.read, std::move(result.page));
  }
  hooks_.events_ready();
  if (sync_failed) this->sync_failed();
  if (commit.checkpoint_due) checkpoint();
  if (const auto waiting = std::exchange(between_, nullptr)) waiting();
  wake();
}

void Turns::finish(core::Committed committed) {
  for (auto& effect : engine_.finish_turn(std::move(committed), now())) hooks_.carry_out(std::move(effect));
}

void Turns::checkpoint() {
  if (std::exchange(checkpointing_, true)) return;
  store_.submit(Urgency::spare, [this](storage::Journal& journal) -> Completion {
    auto done = journal.checkpoint(storage::CheckpointMode::passive);
    return [this, done = std::move(done)] {
      checkpointing_ = false;
      if (done) return;
      platform::log_error("checkpoint failed", {{"why", done.error().context}});
      if (done.error().code == core::ErrorCode::sync_failed) sync_failed();
    };
  });
}

void Turns::want_events() {
  if (!engine_.outbox().wanted_read()) return;
  store_.submit(Urgency::read,
                [this, read = engine_.outbox().on_read_started()](storage::Journal& journal) -> Completion {
                  auto page = std::make_shared<core::Result<storage::EventPage>>(journal.read_for(read));
                  return [this, page] {
                    if (page->ok())
                      events_read({}, std::move(**page));
                    else
                      events_read(page->error(), {});
                    wake();
                  };
                });
}

void Turns::events_read(const core::Result<void>& read, storage::EventPage page) {
  if (!read) platform::log_error("events cannot be read", {{"why", read.error().context}});
  gauges_.rows_damaged(page.damaged.size());
  log_damaged(page.damaged);
  engine_.on_events_read({std::move(page.events), page.through, std::move(page.briefs), !read.ok()});
  hooks_.events_ready();
}

void Turns::arm_timer() {
  const auto wake_ms = engine_.next_wake_ms();
  if (!wake_ms) return;
  const auto now_ms = now().steady_ms;
  const auto at_ms = std::clamp(*wake_ms, now_ms, now_ms + sleep_ms_max);
  if (timer_.pending() && armed_for_ms_ <= at_ms) return;  // it fires early enough and arms the next one
  armed_for_ms_ = at_ms;
  timer_ = loop_.after(std::chrono::milliseconds(at_ms - now_ms), [this] { run(); });
}

void Turns::log_written(const core::Changes& changes) {
  const platform::LogBatch together;
  for (const auto& event : changes.events) {
    if (event.order == core::no_order) {
      platform::log_info(core::name_of(event.type), {{"sequence", event.position.sequence}});
      continue;
    }
    gauges_.phase_entered(event.phase);
    if (event.type == core::EventType::order_rejected) gauges_.order_rejected(event.reason);
    if (!platform::log_enabled(platform::LogLevel::info)) continue;
    const auto order = std::find_if(changes.orders.begin(), changes.orders.end(),
                                    [&](const core::Order& row) { return row.number == event.order; });
    if (order == changes.orders.end()) continue;
    platform::log_info(core::name_of(event.type), {{"order", core::text_of(order->id)},
                                                   {"partner", order->partner},
                                                   {"partner_order_id", order->partner_order_id},
                                                   {"phase", core::name_of(event.phase)},
                                                   {"reason", core::name_of(event.reason)},
                                                   {"by", core::name_of(event.actor)},
                                                   {"sequence", event.position.sequence}});
  }
}

}  // namespace storegate::app
