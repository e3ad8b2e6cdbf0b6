// The checkers: one file each, named by the invariant. They see what was on the wires (the ledger) and rows as SQL gives
// them; none of them asks the gateway. The exception says so: that the book equals the rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http.hpp"
#include "core/engine.hpp"
#include "sim/ledger.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"
#include "storage/journal.hpp"
#include "support/disk/disk.hpp"

namespace storegate::sim::check {

/// What a checker looks at, and where it complains.
struct Scene {
  Ledger& ledger;
  const Plan& plan;
  std::int64_t now_ms = 0;
  void blame(std::string_view invariant, std::string what) const {
    ledger.blame(now_ms, invariant, std::move(what));
  }
  void blame_liveness(std::string_view invariant, std::string what) const {
    ledger.blame(now_ms, invariant, std::move(what), true);
  }
};

[[nodiscard]] std::string name_of(const Story& story);

// ---- I1: no acknowledged order is lost, each reaches one end

/// One row of the table of orders, read by plain SQL.
struct RowSeen {
  std::string partner, id;
  std::int64_t phase = 0;
};
[[nodiscard]] std::vector<RowSeen> rows_on(const disk::Disk& disk, std::string_view path, std::string& error);
void every_order_ended(const Scene& scene, const std::vector<RowSeen>& rows);

// ---- I2: at most one ticket under a key

void ticket_cut(const Scene& scene, Story& story, const std::string& key);

// ---- I3: events without gap or reorder, the same ever again, phases that follow each other

class EventStream {
 public:
  /// `forgotten`: events the broker took and lost, which the gateway cannot know of without acknowledgements.
  void on_event(const Scene& scene, const Publication& event, std::uint64_t forgotten);
  /// At the end: nothing up to `last` is missing.
  void complete(const Scene& scene, std::int64_t last) const;
  [[nodiscard]] std::int64_t newest() const noexcept { return newest_; }

 private:
  std::string epoch_;
  std::int64_t newest_ = 0;
  std::map<std::int64_t, std::uint64_t> prints_;
};
/// The story's newest event, seen for the first time.
void event_follows(const Scene& scene, const Story& story);

// ---- I4: a cancel that was acknowledged before the first placement left means no ticket; none is dropped

/// A commit begins that has the order in `sending`.
void intent_noted(const Scene& scene, Story& story, const core::Order& row);
void placement_after_cancel(const Scene& scene, const Story& story);
void no_cancel_dropped(const Scene& scene);

// ---- I5, I9: nothing is sent without a release, and no clock makes one early

/// `clock_excused`: a clock that was trusted and wrong may have judged the deadline after a reboot.
void placement_is_released(const Scene& scene, const Story& story, bool clock_excused);
void releases_on_record(const Scene& scene);

// ---- I8: a full disk stops no running order while the reserve lasts; with room again, orders are taken within 5 s

void reserve_serves(const Scene& scene, const storage::CommitResult& result, const core::Changes& changes,
                    std::int64_t reserve_left);

void answer_after_room(const Scene& scene, const Tag& tag, const codec::HttpReply& reply,
                       std::int64_t roomy_since_ms, bool serving);

// ---- I13: what can move moves

void everything_moved(const Scene& scene, std::int64_t healed_ms);
/// `full_ms`: when the probe was last told that the store has as many orders as it takes; -1 = never.
void probe_was_served(const Scene& scene, const Story& probe, std::int64_t full_ms);

// ---- I14: the same request has the same answer, another body a 409

void order_answered(const Scene& scene, Story& story, const Tag& tag, const codec::HttpReply& reply);

// ---- I7: no more live orders than the store takes

void live_orders_bounded(const Scene& scene, const core::Engine& engine);

// ---- the book is a fold of the rows

void book_equals_rows(const Scene& scene, core::Engine& engine, storage::Journal& journal);

}  // namespace storegate::sim::check
