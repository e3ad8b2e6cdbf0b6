// What a journal holds while it is open. Shared by the journal's own .cpp files and nobody else.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/ages.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "storage/recent_orders.hpp"
#include "storage/reserve.hpp"
#include "storage/rows.hpp"
#include "storage/statements.hpp"

namespace storegate::storage {

/// Where the next rows go; put back when a commit fails.
struct Tail {
  core::Position last;           // the newest event, or {epoch, 0}
  core::Digest digest{};         // of the newest event's row, in whichever epoch
  std::int64_t dead_letter = 0;  // number of the newest one
};

/// Where the passes of housekeeping stand. Not stored: after a restart each begins anew.
struct Passes {
  std::int64_t erase_order = 0, erase_letter = 0;
  std::int64_t prune_order = 0;
  core::Position prune_event;           // looked at up to here, and nothing told that those before are young
  core::Position prune_events_through;  // known to be old up to here
  core::EarlyMark prune_early;          // only the key counts
  std::string prune_alias;
  std::int64_t verify_order = 0, verify_body = 0, verify_event = 0, verify_letter = 0;
  std::optional<core::Digest> verify_digest;  // of the event verified last
};

struct Journal::State {
  Database database;  // first: the statements go before their connection
  Statements sql;
  core::DigestFunction digest;
  Meta meta;
  std::map<std::int32_t, std::string> epochs;  // name by ordinal, undamaged ones
  Tail tail;
  Passes passes;
  RecentOrders recent;
  std::optional<Ages> ages;  // once the rows were loaded
  std::optional<Reserve> reserve;
  bool disk_full = false;  // the last commit that was not from the reserve found no room
  std::int64_t checkpoint_pages = 0;
  bool created = false;
  std::vector<DamagedRow> damaged_at_open;

  explicit State(Database opened) : database(std::move(opened)) {}

  // Opening.
  [[nodiscard]] core::Result<void> find_all(const JournalOptions& options);
  [[nodiscard]] core::Result<void> write_first_rows(const JournalOptions& options);
  [[nodiscard]] core::Result<void> find_key(const JournalOptions& options);
  [[nodiscard]] core::Result<void> read_epochs();
  [[nodiscard]] core::Result<void> find_meta();
  [[nodiscard]] core::Result<void> find_tail();
  [[nodiscard]] core::Result<void> draw_epoch_if_damaged(const JournalOptions& options);

  // Writing, within a transaction.
  [[nodiscard]] core::Result<void> write(const core::Changes& changes);
  [[nodiscard]] core::Result<void> write_in_any_case(const core::Changes& changes);
  void make_ready_to_write();
  void refill_reserve() noexcept;
  [[nodiscard]] core::Result<void> write_rows(const core::Changes& changes, Tail& into, Meta& facts);
  [[nodiscard]] core::Result<void> write_events(const core::Changes& changes, Tail& into);
  [[nodiscard]] core::Result<void> write_rest(const core::Changes& changes, Tail& into, Meta& facts);

  // Pruning, within a transaction.
  [[nodiscard]] core::Result<core::Position> old_events_through(const PruneLimits& limits, const Meta& facts,
                                                                Passes& at);
  [[nodiscard]] core::Result<std::size_t> prune_events(const PruneLimits& limits, Meta& facts, Passes& at);
  [[nodiscard]] core::Result<std::size_t> prune_orders(const PruneLimits& limits, Meta& facts, Passes& at);
  [[nodiscard]] core::Result<std::size_t> prune_early(const PruneLimits& limits, Passes& at);
  [[nodiscard]] core::Result<std::size_t> prune_aliases(const PruneLimits& limits, Passes& at);

  /// The stamp says when it was: not from before any clock was set, and not from the future.
  [[nodiscard]] static bool tells(std::int64_t wall_ms, const core::Now& now) noexcept {
    return wall_ms >= core::wall_floor_ms && wall_ms <= now.wall_ms + 24 * core::hour_ms;
  }
  [[nodiscard]] core::Result<core::Order> verify_order(const Statement& row, Housekept& done);
  [[nodiscard]] core::Result<bool> verify_events(std::size_t rows_max, Passes& at, Housekept& done);

  // Reading. Damaged rows are ErrorCode::damaged with table and key in the context.
  [[nodiscard]] core::Result<std::optional<core::Order>> find_order(core::OrderNumber number);
  [[nodiscard]] core::Result<std::optional<core::OrderBody>> find_body(core::OrderNumber number);
  [[nodiscard]] core::Result<std::string> find_canonical(core::OrderNumber number);
  [[nodiscard]] core::Result<std::optional<EventRow>> find_event(core::Position position);
  [[nodiscard]] core::Result<core::OutgoingEvent> complete(core::EventRecord record);
  [[nodiscard]] core::Result<core::OutgoingEvent> event_at(core::Position at);  // missing is damaged
  [[nodiscard]] core::Result<EventPage> events_after(core::Position position, std::size_t limit,
                                                     std::size_t bytes_limit);
  [[nodiscard]] core::Result<EventPage> events_at(const std::vector<core::Position>& positions,
                                                  std::size_t bytes_limit);
  [[nodiscard]] core::Result<EventPage> event_briefs(core::Position after, core::Position before,
                                                     std::size_t limit);
};

/// Where a pass goes on behind a row. A damaged row may have the greatest key there is: it is met again, and is the last.
[[nodiscard]] constexpr std::int64_t behind(std::int64_t key) noexcept {
  return key == std::numeric_limits<std::int64_t>::max() ? key : key + 1;
}

/// An error that names the row, as a single read reports it.
[[nodiscard]] inline core::Error at_row(core::Error error, std::string_view table, std::string_view key) {
  return std::move(error).in(std::string(table) + " " + std::string(key));
}

}  // namespace storegate::storage
