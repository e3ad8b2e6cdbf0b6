// I1 to I5 on rows that were just loaded.
#include "crash/check.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "crash/allocations.hpp"
#include "crash/row_prints.hpp"
#include "crash/station.hpp"

namespace storegate::crash {

namespace {

using core::Phase;

constexpr std::string_view unreadable = "I3 unread";

/// Rows found again, by identity.
struct Found {
  const core::Order* live = nullptr;
  const core::Loaded::Ended* ended = nullptr;
  [[nodiscard]] Phase phase() const { return live != nullptr ? live->phase : ended->phase; }
  [[nodiscard]] const core::OrderId& id() const { return live != nullptr ? live->id : ended->id; }
};

std::string named(const std::string& identity, Phase phase) {
  return "order " + identity + " is " + std::string(name_of(phase));
}

/// I1 and what the cloud was told.
Broken check_found(const std::string& identity, const Known& known, const Found& found) {
  if (found.id() != *known.acknowledged) return {"I1", "order " + identity + " has another id"};
  const Phase phase = found.phase();
  if (known.published_end && phase != *known.published_end)
    return {"I1", named(identity, phase) + ", published as " + std::string(name_of(*known.published_end))};
  if (known.published_placed && (phase == Phase::held || phase == Phase::queued || phase == Phase::sending))
    return {"I1", named(identity, phase) + ", published as placed"};
  return {};
}

/// I2: the intent of whatever left is on disk.
Broken check_intent(const std::string& identity, const Known& known, const Found& found) {
  const Phase phase = found.phase();
  if (known.sent == 0 || known.given_back || known.resolved) return {};
  if (phase == Phase::held || phase == Phase::queued || phase == Phase::fetching)
    return {"I2", named(identity, phase) + ", but it was sent to the POS"};
  if (found.live != nullptr && !found.live->intent.is_set())
    return {"I2", "order " + identity + " has no intent, but it was sent to the POS"};
  return {};
}

/// I5: what is at the POS, or about to be, was released by somebody who could.
Broken check_release(const std::string& identity, const Known& known, const core::Order& order,
                     const Outside& world) {
  const Phase phase = order.phase;
  const bool on_its_way = phase == Phase::queued || phase == Phase::sending;
  if (!on_its_way || known.resolved) return {};
  if (!order.released.is_set()) return {"I5", named(identity, phase) + " without a release"};
  switch (order.released_by) {
    case core::Actor::policy:
      if (order.release_mode == core::ReleaseMode::immediate) return {};
      break;
    case core::Actor::cloud:
      if (known.release_asked) return {};
      break;
    case core::Actor::clock: {
      const core::Now now = world.time.now();
      if (order.release_due.is_set() && order.release_due.wall_ms <= now.wall_ms) return {};
      break;
    }
    default: break;
  }
  return {"I5", "order " + identity + " was released by " + std::string(name_of(order.released_by)) +
                    ", who did not"};
}

/// I4: a cancel that was answered stays.
Broken check_cancel(const std::string& identity, const Known& known, const Found& found) {
  if (known.cancelled && found.phase() != Phase::cancelled)
    return {"I4", named(identity, found.phase()) + ", its cancel was answered"};
  return {};
}

bool may_be_pruned(const Known& known, const Outside& world) {
  return known.made_ms < world.pruned_before_ms;
}

Broken check_tombstone(const std::string& identity, const Known& known, const core::Loaded& loaded) {
  const bool kept = std::any_of(loaded.early.begin(), loaded.early.end(), [&](const core::EarlyMark& mark) {
    return mark.kind == core::EarlyKind::cancel && mark.partner == known.partner &&
           mark.partner_order_id == known.id;
  });
  if (kept) return {};
  return {"I4", "the tombstone of order " + identity + " is gone"};
}

}  // namespace

Broken check_orders(const core::Loaded& loaded, const Outside& world) {
  std::map<std::string, Found> rows;
  for (const core::Order& order : loaded.live)
    rows[identity_of(order.partner, order.partner_order_id)].live = &order;
  for (const core::Loaded::Ended& order : loaded.ended)
    rows[identity_of(order.partner, order.partner_order_id)].ended = &order;
  for (const auto& [identity, known] : world.orders) {
    const auto row = rows.find(identity);
    if (row == rows.end()) {
      if (known.acknowledged && !may_be_pruned(known, world))
        return {"I1", "order " + identity + " was acknowledged and is gone"};
      if (known.tombstone && !known.acknowledged && !may_be_pruned(known, world)) {
        if (Broken broken = check_tombstone(identity, known, loaded)) return broken;
      }
      continue;
    }
    const Found& found = row->second;
    if (found.live != nullptr && found.ended != nullptr)
      return {"I1", "order " + identity + " is there twice"};
    if (known.tombstone && found.phase() != Phase::cancelled)
      return {"I4", named(identity, found.phase()) + ", a cancel was answered before it came"};
    if (found.live != nullptr) {
      if (Broken broken = check_release(identity, known, *found.live, world)) return broken;
    }
    if (!known.acknowledged) continue;
    if (Broken broken = check_found(identity, known, found)) return broken;
    if (Broken broken = check_intent(identity, known, found)) return broken;
    if (Broken broken = check_cancel(identity, known, found)) return broken;
  }
  return {};
}

Broken check_events(storage::Journal& journal, const core::Loaded& loaded, const Outside& world) {
  if (loaded.last_event.sequence < world.cloud.highest)
    return {"I3", "the next sequence is " + std::to_string(loaded.last_event.sequence + 1) +
                      ", published was " + std::to_string(world.cloud.highest)};
  core::Result<storage::EventPage> page = own([&] {
    return journal.events_after({loaded.last_event.epoch, 0}, 100'000, 1U << 30U);
  });
  if (!page) return {std::string(unreadable), "events cannot be read: " + page.error().context};
  if (!page->damaged.empty()) return {"I10", "event " + page->damaged.front().key + " is damaged"};
  std::int64_t expected = page->events.empty() ? 0 : page->events.front().record.position.sequence;
  for (const core::OutgoingEvent& event : page->events) {
    const std::int64_t sequence = event.record.position.sequence;
    if (sequence != expected++) return {"I3", "there is no event " + std::to_string(expected - 1)};
    const auto published = world.cloud.events.find(event.record.position);
    if (published != world.cloud.events.end() && published->second != print_of(event))
      return {"I3", "event " + std::to_string(sequence) + " is not as it was published"};
  }
  if (!page->events.empty() && expected != loaded.last_event.sequence + 1)
    return {"I3", "the last event is " + std::to_string(expected - 1) + ", the journal says " +
                      std::to_string(loaded.last_event.sequence)};
  return {};
}

namespace {

Opened refused(Opened opened, const std::string& what, const core::Error& error) {
  opened.refused = true;
  opened.broken = {"I1", what + error.context};
  return opened;
}

Broken check_all(Opened& opened, const storage::LoadReport& report, const Outside& world) {
  if (!report.damaged.empty()) {
    const storage::DamagedRow& row = report.damaged.front();
    return {"I10", row.table + " " + row.key + ": " + row.why};
  }
  if (Broken broken = check_orders(opened.loaded, world)) return broken;
  if (Broken broken = check_events(*opened.journal, opened.loaded, world)) return broken;
  const Print print = print_of(opened.loaded);
  if (world.acknowledged > 0 && print != world.rows.durable && print != world.rows.coming)
    return {"I1", "the rows are neither those of the last commit nor of the one under way"};
  return {};
}

}  // namespace

Opened open_and_check(disk::Disk& disk, const Outside& world) {
  Opened opened;
  const storage::JournalOptions options = options_on(disk);
  core::Result<storage::Journal> journal = own([&] { return storage::Journal::open(options); });
  if (!journal) return refused(std::move(opened), "the journal does not open: ", journal.error());
  core::Result<storage::LoadReport> report = own([&] { return journal->load({}); });
  opened.journal.emplace(std::move(*journal));
  if (!report) return refused(std::move(opened), "the rows do not load: ", report.error());
  opened.loaded = std::move(report->loaded);
  opened.broken = check_all(opened, *report, world);
  opened.refused = opened.broken.rule == unreadable;
  return opened;
}

}  // namespace storegate::crash
