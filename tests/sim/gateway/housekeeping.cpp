// What the rows need now and then, and how much room they take. Follows firmware/app: housekeeping.cpp, space_watch.cpp;
// which chore comes next is the product's own code.
#include <memory>

#include "codec/canonical.hpp"
#include "sim/gateway/life.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t measure_every_ms = 2000;
constexpr std::int64_t measure_later_every_ms = 60'000;
// Nothing new to find when nothing fails any more, no row grows old enough for anything, and time there is long: two
// passes, then one in four hours.
constexpr std::int64_t passes_at_last_every_ms = 4 * 3'600'000;
constexpr int passes_before_the_last = 2;
constexpr std::int64_t between_chores_ms = 50;
constexpr std::size_t rows_per_step = 200;

core::Result<storage::Housekept> as_step(const core::Result<void>& done) {
  if (!done) return done.error();
  return storage::Housekept{};
}
}  // namespace

// As the product's space watch: on the store thread, and the gateway hears of a change.
void Process::measure() {
  const Plan& plan = world_.plan();
  life_->store.submit(Urgency::read, [this, &plan](storage::Journal& journal) -> Completion {
    const auto file = journal.database_bytes();
    const auto unused = journal.unused_bytes();
    if (file && unused) life_->used_bytes = *file - *unused + journal.wal_bytes();
    if (file && unused) world_.on_measured(life_->used_bytes);
    const bool low = plan.min_free_bytes > 0 && world_.free_bytes() < plan.min_free_bytes;
    const bool large = plan.max_bytes > 0 && life_->used_bytes > plan.max_bytes;
    const auto room = low     ? core::StorageRoom::disk_low
                      : large ? core::StorageRoom::database_full
                              : core::StorageRoom::enough;
    return [this, room] {
      if (life_->engine.gateway().room() != room) {
        if (room == core::StorageRoom::database_full) world_.fault("database full");
        offer(core::StorageMeasured{room});
      }
      after(world_.storm() || room != core::StorageRoom::enough ? measure_every_ms : measure_later_every_ms,
            [this] { measure(); });
    };
  });
}

// Passes as the product's housekeeping makes them. Where the plan has no ages, what lies beyond the days a store keeps is
// never reached in a run, and erasing and pruning only look.
void Process::keep_house(storage::Chore chore) {
  using storage::Chore;
  if (chore == Chore::rest) return keep_house_later(rest_ms(), life_->house.after(chore));
  const core::Now at = now();
  const core::Policy& policy = world_.plan().policy;
  storage::PruneLimits limits;
  limits.now = at;
  limits.retain_ms = world_.plan().ages.retain_ms;
  limits.reuse_ms = policy.order_id_reuse_ms;
  limits.by_size = storage::too_large(life_->used_bytes, world_.plan().max_bytes);
  limits.events_kept = events_kept_by_size;
  limits.rows_max = rows_per_step;
  const auto& marks = life_->engine.outbox().marks();
  limits.events_through = policy.wait_for_application_ack ? marks.acknowledged : marks.published;
  const bool by_the_clock = chore == Chore::erase || (chore == Chore::prune && !limits.by_size);
  if (by_the_clock && !at.wall_trusted) return keep_house(life_->house.after(chore));
  life_->store.submit(Urgency::spare, [this, chore, limits](storage::Journal& journal) -> Completion {
    const auto kept = std::make_shared<core::Result<storage::Housekept>>(do_chore(chore, limits, journal));
    return [this, chore, kept] { chore_ended(chore, *kept); };
  });
}

core::Result<storage::Housekept> Process::do_chore(storage::Chore chore, const storage::PruneLimits& limits,
                                                   storage::Journal& journal) {
  using storage::Chore;
  core::Result<storage::Housekept> kept = storage::Housekept{};
  const auto erase = [](std::string_view canonical) {
    auto erased = codec::erase_customer(canonical);
    return erased ? std::move(*erased) : std::string{};
  };
  const storage::EraseLimits old{limits.now, world_.plan().ages.erase_after_ms, rows_per_step};
  switch (chore) {
    case Chore::erase: kept = journal.erase_customer_data(old, erase); break;
    case Chore::prune: kept = journal.prune(limits); break;
    case Chore::shrink: kept = as_step(journal.shrink(64)); break;
    case Chore::truncate: kept = as_step(journal.checkpoint(storage::CheckpointMode::truncate)); break;
    case Chore::verify: kept = journal.verify(rows_per_step); break;
    case Chore::rest: break;
  }
  if (kept) world_.on_housekept(journal, chore, *kept, limits);
  return kept;
}

void Process::chore_ended(storage::Chore chore, const core::Result<storage::Housekept>& kept) {
  if (!kept && kept.error().code == core::ErrorCode::sync_failed) return on_sync_failed();
  if (!kept) return keep_house_later(between_chores_ms, life_->house.after(chore));
  if (!kept->damaged.empty()) world_.on_damaged(kept->damaged);
  if (chore == storage::Chore::verify) ++life_->passes;
  keep_house_later(between_chores_ms, life_->house.done(chore, kept->rows, kept->finished));
}

void Process::keep_house_later(std::int64_t ms, storage::Chore chore) {
  after(ms, [this, chore] { keep_house(chore); });
}

std::int64_t Process::rest_ms() const {
  const Ages& ages = world_.plan().ages;
  if (world_.storm()) return ages.passes_every_ms;
  return ages.on || life_->passes < passes_before_the_last ? ages.passes_later_every_ms
                                                           : passes_at_last_every_ms;
}

}  // namespace storegate::sim
