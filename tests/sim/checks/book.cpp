// The book is a fold of the rows: after every turn its live orders are what was committed, after every commit so are the
// rows on disk, and a process that starts finds what the last one left. It is bounded: no more live orders than the
// policy says.
#include <algorithm>
#include <optional>
#include <string>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

/// What never changes.
bool same_from_birth(const core::Order& a, const core::Order& b) {
  return a.number == b.number && a.id == b.id && a.release_token == b.release_token &&
         a.partner == b.partner && a.partner_order_id == b.partner_order_id &&
         a.business_day == b.business_day && a.idempotency_key == b.idempotency_key &&
         a.traceparent == b.traceparent && a.body_digest == b.body_digest && a.test == b.test &&
         a.arrival_phase == b.arrival_phase && a.arrival_reason == b.arrival_reason &&
         a.arrived == b.arrived && a.release_mode == b.release_mode && a.fallback == b.fallback &&
         a.item_count == b.item_count && a.refusals == b.refusals && a.href == b.href &&
         a.announced == b.announced;
}

bool same_now(const core::Order& a, const core::Order& b) {
  return a.phase == b.phase && a.reason == b.reason && a.updated_wall_ms == b.updated_wall_ms &&
         a.last_event == b.last_event && a.release_due == b.release_due && a.released == b.released &&
         a.released_by == b.released_by && a.intent == b.intent && a.reprints == b.reprints &&
         a.in_doubt == b.in_doubt && a.placed == b.placed && a.cancel_wanted == b.cancel_wanted &&
         a.cancelled_by == b.cancelled_by && a.cancel_asked == b.cancel_asked &&
         a.pos_reference == b.pos_reference && a.pos_code == b.pos_code && a.cancel_text == b.cancel_text &&
         a.pos_status == b.pos_status && a.held == b.held && a.look_again == b.look_again && a.owed == b.owed;
}

bool same(const core::Order& a, const core::Order& b) { return same_now(a, b) && same_from_birth(a, b); }

/// What never changes is compared every so many turns.
constexpr std::uint64_t whole_every = 8;

}  // namespace

void live_orders_bounded(const Scene& scene, const core::Engine& engine) {
  const auto live = static_cast<std::int64_t>(engine.gateway().book().live());
  if (live > scene.plan.policy.live_orders_max)
    scene.blame("I7", std::to_string(live) + " live orders, the store takes " +
                          std::to_string(scene.plan.policy.live_orders_max));
}

// ---------------------------------------------------------------- the second fold

const Fold::Row* Fold::find(core::OrderNumber number) const noexcept {
  const auto at = static_cast<std::size_t>(core::value_of(number));
  return at < rows_.size() && rows_[at].known ? &rows_[at] : nullptr;
}

void Fold::take(const core::Order& order, std::int64_t now_ms) {
  const auto at = static_cast<std::size_t>(core::value_of(order.number));
  if (at >= rows_.size()) rows_.resize(at + 1);
  Row& row = rows_[at];
  const bool live = !core::is_end(order.phase) || !order.owed.empty();
  if (!row.known) ++orders_;
  live_ = live_ + (live ? 1 : 0) - (row.live ? 1 : 0);
  // That its partner has been told changes nothing of when it ended.
  const bool ended_before = row.known && core::is_end(row.order.phase) && core::is_end(order.phase);
  row = {true, live, false, ended_before ? row.taken_ms : now_ms, order};
}

void Fold::take(const Commit& commit, std::int64_t now_ms) {
  for (const core::Order& order : commit.orders) take(order, now_ms);
  last_event_ = std::max(last_event_, commit.last_event);
}

bool Fold::holds(const core::Loaded& loaded) const {
  if (loaded.live.size() != live_ || loaded.last_event != last_event_) return false;
  return std::all_of(loaded.live.begin(), loaded.live.end(), [this](const core::Order& order) {
    const Row* row = find(order.number);
    return row != nullptr && row->live && same(order, row->order);
  });
}

void Fold::begin(const Scene& scene, const core::Loaded& loaded) {
  if (!begun_) {
    last_event_ = loaded.last_event;
    for (const core::Order& order : loaded.live) take(order, scene.now_ms);
  } else if (!holds(loaded)) {
    const auto done = std::find_if(tried_.begin(), tried_.end(), [&](const Commit& commit) {
      Fold with = *this;
      with.take(commit, scene.now_ms);
      return with.holds(loaded);
    });
    if (done == tried_.end())
      scene.blame("book", "the rows that were loaded are not those that were committed");
    else
      take(Commit(*done), scene.now_ms);
  }
  begun_ = true;
  tried_.clear();
}

void Fold::trying(const core::Changes& changes) {
  tried_.push_back(
      {changes.orders, changes.events.empty() ? core::Position{} : changes.events.back().position});
}

void Fold::written(std::int64_t now_ms) {
  take(tried_.back(), now_ms);
  tried_.clear();
}

void Fold::equals_book(const Scene& scene, core::Engine& engine) {
  const bool whole = ++compared_ % whole_every == 0;
  std::size_t in_book = 0;
  std::optional<std::vector<core::Order>> unwritten;
  engine.gateway().book().for_each([&](const core::Entry& entry) {
    ++in_book;
    const Row* row = find(entry.order.number);
    if (row != nullptr && row->live && same_now(entry.order, row->order) &&
        (!whole || same_from_birth(entry.order, row->order)))
      return;
    if (!unwritten) unwritten = engine.gateway().unwritten_orders();
    const bool rides_along = std::any_of(unwritten->begin(), unwritten->end(), [&](const core::Order& order) {
      return order.number == entry.order.number;
    });
    if (row != nullptr && row->live && rides_along) return;
    scene.blame("book", entry.order.partner + "/" + entry.order.partner_order_id +
                            " is not in the book as it was committed");
  });
  if (in_book != live_)
    scene.blame("book", "the book has " + std::to_string(in_book) + " live orders, the rows " +
                            std::to_string(live_));
}

// ---------------------------------------------------------------- the disk

void Fold::compare_row(const Scene& scene, const core::Order& wanted, storage::Journal& journal) const {
  const auto row = journal.find_order(wanted.number);
  if (!row && row.error().code != core::ErrorCode::damaged) return;  // a read failed: the disk's matter
  if (row && *row && same(wanted, **row)) return;
  scene.blame("book",
              wanted.partner + "/" + wanted.partner_order_id +
                  (row && !*row ? " was committed and has no row" : " has not the row that was committed"));
}

void Fold::is_on_disk(const Scene& scene, const core::Changes& changes, storage::Journal& journal) const {
  for (const core::Order& order : changes.orders) compare_row(scene, order, journal);
}

void Fold::live_are_on_disk(const Scene& scene, storage::Journal& journal) const {
  for (const Row& row : rows_)
    if (row.live) compare_row(scene, row.order, journal);
}

void Fold::tell_ends(Ledger& ledger) const {
  for (const Row& row : rows_) {
    if (!row.known || row.live) continue;
    Story* story = ledger.find(row.order.partner, row.order.partner_order_id);
    if (story != nullptr) story->ended_ms = std::min(story->ended_ms, row.taken_ms);
  }
}

std::int64_t Fold::queued_since_ms() const noexcept {
  std::int64_t since_ms = never;
  for (const Row& row : rows_)
    if (row.live && row.order.phase == core::Phase::queued) since_ms = std::min(since_ms, row.taken_ms);
  return since_ms;
}

// Pruning goes from the oldest on; where several that have ended are still there, it has not been further.
std::size_t Fold::note_pruned(const Scene& scene, storage::Journal& journal, std::int64_t acknowledged,
                              bool by_size) {
  constexpr int enough = 8;
  std::size_t gone = 0;
  int there = 0;
  for (Row& row : rows_) {
    if (!row.known || row.live || row.gone) continue;
    const auto found = journal.find_order(row.order.number);
    if (!found || *found) {
      if (++there == enough) break;
      continue;
    }
    row.gone = true;
    ++gone;
    pruned_in_time(scene, row.order, row.taken_ms, acknowledged, by_size);
  }
  return gone;
}

}  // namespace storegate::sim::check
