// The start of a life, its turns, and what they give. Follows firmware/app: stock.cpp, service.cpp, turns.cpp.
#include "sim/gateway/process.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "sim/gateway/life.hpp"
#include "sim/gateway/turn_trace.hpp"
#include "sim/world.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t sleep_ms_max = 1000;
// After the storm no clock moves and no machine sleeps: a wake that only looks finds nothing.
constexpr std::int64_t calm_sleep_ms_max = 60'000;
constexpr std::int64_t linger_after_failed_sync_ms = 10'000;
// Turns at one instant without the disk: beyond it the engine goes round in circles.
constexpr std::uint64_t turns_at_once_max = 1000;

bool needs_the_store(const core::Changes& changes) {
  return !changes.writes_nothing() || !changes.bodies_wanted.empty();
}
}  // namespace

Process::Process(World& world) : world_(world) {}
Process::~Process() = default;

core::Now Process::now() const { return world_.clock().now(world_.now_ms()); }
core::Engine& Process::engine() noexcept { return life_->engine; }
Store& Process::store() noexcept { return life_->store; }
Uplink& Process::uplink() noexcept { return life_->uplink; }
Door& Process::door() noexcept { return life_->door; }
bool Process::serving() const noexcept { return up() && !life_->engine.stopped(); }

bool Process::start() {
  ++lives_;
  auto journal = storage::Journal::open(world_.journal_options());
  if (!journal) return world_.on_start_failed(journal.error()), false;
  auto report = journal->load(storage::IdentityWindow{now(), world_.plan().policy.order_id_reuse_ms});
  if (!report) return world_.on_start_failed(report.error()), false;
  if (world_.disk().dead()) return false;
  world_.on_loaded(*report);
  core::GatewayStarted started;
  started.epoch = report->loaded.epoch;
  started.previous_epoch = report->loaded.previous_epoch;
  started.why = report->loaded.created ? "created" : "started";
  started.version = "sim";
  life_ = std::make_unique<Life>(*this, std::move(*journal), world_.plan().policy, std::move(report->loaded),
                                 core::Generator(world_.fresh_seed()), world_.local_time());
  life_->uplink.start();
  offer(std::move(started));
  keep_house_later(rest_ms(), storage::Chore::erase);
  if (world_.plan().min_free_bytes > 0 || world_.plan().max_bytes > 0) after(0, [this] { measure(); });
  return true;
}

void Process::die() {
  life_.reset();
  world_.on_life_ended();
}

void Process::after(std::int64_t ms, std::function<void()> step) {
  world_.timeline().after(ms, [this, life = lives_, step = std::move(step)] { step_of(life, step); });
}

void Process::step_of(std::uint64_t life, const std::function<void()>& step) {
  if (life != lives_ || !up()) return;
  if (const std::int64_t wakes_ms = world_.asleep_until_ms(); wakes_ms > world_.now_ms()) {
    world_.timeline().at(wakes_ms, [this, life, step] { step_of(life, step); });
    return;
  }
  step();
  if (world_.disk().dead()) world_.process_died();
}

void Process::http(const WebAsk& ask, Responder responder) { life_->door.handle(ask, std::move(responder)); }

void Process::offer(core::Input input) {
  note_input(world_.trace(), input, world_.now_ms());
  const auto* acknowledged = std::get_if<core::EventsAcknowledged>(&input);
  if (acknowledged != nullptr) world_.on_cloud_acknowledged(*acknowledged);
  if (auto refusal = life_->engine.offer(std::move(input))) return carry_out(std::move(*refusal));
  wake();
}

void Process::published(core::Position position, bool acknowledged) {
  life_->engine.on_published(position, acknowledged);
  wake();
}

void Process::wake() {
  if (std::exchange(life_->scheduled, true)) return;
  after(0, [this] {
    life_->scheduled = false;
    run();
  });
}

void Process::run() {
  Life& life = *life_;
  if (life.engine.turn_open()) return;
  if (life.turns_at_ms != world_.now_ms()) life.turns_now = 0;
  life.turns_at_ms = world_.now_ms();
  while (true) {
    const core::Now at = now();
    if (!life.engine.wants_turn(at)) break;
    if (++life.turns_now > turns_at_once_max)
      return world_.ledger().blame(world_.now_ms(), "budget",
                                   "the engine wants turn after turn at one instant");
    core::Changes changes = life.engine.begin_turn(at);
    world_.on_turn_begins(!changes.from_reserve, life.engine.inputs_waiting() == 0);
    note_changes(world_.trace(), changes, world_.now_ms());
    if (needs_the_store(changes)) return begin_commit(std::move(changes));
    finish({});
  }
  want_events();
  arm_timer();
}

/// What travels to the store and back.
struct Process::Commit {
  core::Changes changes;
  storage::ReadWish wish;
  std::optional<storage::CommitResult> result;
  bool checkpoint_due = false;
};

void Process::begin_commit(core::Changes changes) {
  auto commit = std::make_shared<Commit>();
  commit->changes = std::move(changes);
  const auto read = life_->engine.outbox().wanted_read();
  if (read && read->kind == core::OutboxRead::Kind::in_order) {
    commit->wish.events_after = read->after;
    commit->wish.events_limit = read->limit;
    life_->engine.outbox().on_read_started();
  }
  world_.on_commit_begins(commit->changes);
  life_->store.submit(Urgency::commit, [this, commit](storage::Journal& journal) -> Completion {
    commit->result.emplace(journal.commit(commit->changes, commit->wish));
    commit->checkpoint_due = journal.checkpoint_due();
    return [this, commit] { commit_ended(*commit); };
  });
  want_events();
}

void Process::commit_ended(Commit& commit) {
  storage::CommitResult& result = *commit.result;
  core::Committed committed;
  committed.written = result.written.ok();
  if (committed.written) {
    committed.bodies = std::move(result.bodies);
    committed.bodies_unread = !result.read.ok();
  } else {
    committed.sync_failed = result.written.error().code == core::ErrorCode::sync_failed;
    committed.disk_full = result.written.error().code == core::ErrorCode::disk_full;
  }
  world_.on_commit(result, commit.changes);
  const bool sync_failed = committed.sync_failed;
  finish(std::move(committed));
  if (result.written) world_.on_written(*this, commit.changes);
  if (commit.wish.events_after) {
    events_read(std::move(result.page), result.written.ok());
  }
  life_->uplink.drain();
  if (sync_failed) on_sync_failed();
  if (commit.checkpoint_due) checkpoint();
  wake();
}

void Process::finish(core::Committed committed) {
  const bool written = committed.written && !life_->engine.stopped();
  std::vector<core::Effect> effects = life_->engine.finish_turn(std::move(committed), now());
  world_.on_turn_ended(*this, written);
  for (core::Effect& effect : effects) {
    note_effect(world_.trace(), effect, world_.now_ms());
    carry_out(std::move(effect));
  }
}

void Process::carry_out(core::Effect&& effect) {
  if (auto* answer = std::get_if<core::Answer>(&effect)) return life_->door.answer(std::move(*answer));
  if (const auto* wrong = std::get_if<core::ReportWrongToken>(&effect)) return world_.on_wrong_token(*wrong);
  if (auto* place = std::get_if<core::PlaceOrder>(&effect)) return life_->pos.carry_out(std::move(*place));
  if (auto* ask = std::get_if<core::AskPos>(&effect)) return life_->pos.carry_out(std::move(*ask));
  if (auto* check = std::get_if<core::CheckPosHealth>(&effect)) return life_->pos.carry_out(*check);
  if (auto* watch = std::get_if<core::WatchOrder>(&effect)) return life_->pos.carry_out(std::move(*watch));
  if (const auto* list = std::get_if<core::AskPosList>(&effect)) return life_->pos.carry_out(*list);
  if (auto* fetch = std::get_if<core::FetchOrder>(&effect))
    return life_->fetcher.carry_out(std::move(*fetch));
  if (auto* tell = std::get_if<core::TellPartner>(&effect)) return life_->fetcher.carry_out(std::move(*tell));
  life_->pos.carry_out(std::get<core::VoidOrder>(std::move(effect)));
}

void Process::checkpoint() {
  if (std::exchange(life_->checkpointing, true)) return;
  life_->store.submit(Urgency::spare, [this](storage::Journal& journal) -> Completion {
    const core::Result<void> done = journal.checkpoint(storage::CheckpointMode::passive);
    world_.trace().note(Noted::disk, 1, done.ok());
    return [this, failed = !done && done.error().code == core::ErrorCode::sync_failed] {
      life_->checkpointing = false;
      if (failed) on_sync_failed();
    };
  });
}

void Process::want_events() {
  core::Outbox& outbox = life_->engine.outbox();
  if (!outbox.wanted_read()) return;
  life_->store.submit(
      Urgency::read, [this, read = outbox.on_read_started()](storage::Journal& journal) -> Completion {
        auto page = std::make_shared<core::Result<storage::EventPage>>(journal.read_for(read));
        return [this, page] {
          events_read(page->ok() ? std::move(**page) : storage::EventPage{}, page->ok());
          wake();
        };
      });
}

// An empty page: the read or its commit failed; the outbox asks again.
void Process::events_read(storage::EventPage page, bool read) {
  if (!page.damaged.empty()) world_.on_damaged(page.damaged);
  if (!read) world_.on_read_failed();
  life_->engine.on_events_read({std::move(page.events), page.through, std::move(page.briefs), !read});
  life_->uplink.drain();
}

void Process::arm_timer() {
  const auto wake_ms = life_->engine.next_wake_ms();
  if (!wake_ms) return;
  const std::int64_t now_ms = now().steady_ms;
  const std::int64_t at_ms =
      std::clamp(*wake_ms, now_ms, now_ms + (world_.storm() ? sleep_ms_max : calm_sleep_ms_max));
  if (life_->armed_for_ms && *life_->armed_for_ms <= at_ms) return;
  life_->armed_for_ms = at_ms;
  after(at_ms - now_ms, [this, armed = ++life_->armed] {
    if (armed != life_->armed) return;
    life_->armed_for_ms.reset();
    run();
  });
}

// Under a commit or beside one: nothing more is taken until a restart.
void Process::on_sync_failed() {
  life_->engine.stop();
  if (std::exchange(life_->sync_failed, true)) return;
  world_.leave_marker();
  after(linger_after_failed_sync_ms, [this] { world_.end_process(); });
}

}  // namespace storegate::sim
