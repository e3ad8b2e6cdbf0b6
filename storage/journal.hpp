// The journal: the rows on disk behind the book. Load at start, one transaction a turn, reads, housekeeping.
// Knows no clock, no thread, no log and no JSON: whatever of these it needs is passed in. Not for two threads at
// once; it may be opened on one thread and used on another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/book.hpp"
#include "core/ids.hpp"
#include "core/messages.hpp"
#include "core/order.hpp"
#include "core/outbox.hpp"
#include "core/result.hpp"

namespace storegate::storage {

using DigestKey = std::array<std::uint8_t, 32>;
/// Makes the function that digests rows under a key (the platform's HMAC in the product).
using DigestFactory = std::function<core::DigestFunction(std::span<const std::uint8_t> key)>;
/// The canonical order without its customer's data and notes; the codec implements it.
using Eraser = std::function<std::string(std::string_view canonical)>;

struct JournalOptions {
  std::string path;
  std::string vfs;  // a registered sqlite3_vfs by name; "" = SQLite's own
  DigestFactory digest;
  DigestKey fresh_key{};     // random; used only when the database is created
  std::string fresh_epoch;   // unique for ever; used when a database is created or its epoch's row is damaged
  std::int64_t wall_ms = 0;  // recorded with a fresh epoch, for people
  std::int64_t checkpoint_pages = 1000;  // checkpoint_due() from this many 4 KiB pages in the WAL on
  std::int64_t reserve_bytes = 0;        // held beside the database for a full disk (README.md); 0 = none
};

/// A row that must not be used: its digest does not match, or it contradicts the rows it belongs to.
struct DamagedRow {
  std::string table;
  std::string key;  // the primary key's columns, separated by '/'
  std::string why;
  friend bool operator==(const DamagedRow&, const DamagedRow&) = default;
};

/// Which ended orders load() gives, so that a repeat of one is known for what it is.
/// By itself: all of them that are kept.
struct IdentityWindow {
  core::Now now = {};
  core::Milliseconds reuse_ms =
      core::never_ms;  // those that may be younger, by witnessed time (core/witnessed.hpp)
  std::size_t ended_max = core::ended_orders_max;  // the newest of them
};

struct LoadReport {
  core::Loaded loaded;  // undamaged rows only
  std::vector<DamagedRow> damaged;
};

/// Bytes of a page of events, see ReadWish.
inline constexpr std::size_t page_bytes_usual = 256 * 1024;

/// Which outgoing events a commit reads once its rows are written.
struct ReadWish {
  std::optional<core::Position> events_after;  // none: no events
  std::size_t events_limit = 100;
  std::size_t bytes_limit =
      page_bytes_usual;  // of `shared`, details and references; the first event always fits
};

struct EventPage {
  std::vector<core::OutgoingEvent> events;  // ascending by position
  core::Position through;  // read up to here, damaged ones included; as asked if there was nothing
  std::vector<core::EventBrief> briefs;  // newest first; of a read for briefs, which gives no events
  bool more = false;                     // a limit ended the page
  std::vector<DamagedRow> damaged;       // left out of `events`
};

struct CommitResult {
  core::Result<void> written;           // not ok: nothing was written, the rows and the journal are as before
  core::Result<void> read;              // of what was asked for below; only meaningful when `written` is ok
  std::vector<core::OrderBody> bodies;  // of Changes::bodies_wanted, in that order: number and canonical only
  EventPage page;
  std::vector<DamagedRow> damaged;  // bodies wanted that are damaged or missing: left out of `bodies`
};

struct ListQuery {
  std::optional<core::Phase> phase;
  std::optional<std::string> partner;
  core::OrderNumber before = core::no_order;  // only orders below this number; no_order: from the newest
  std::size_t limit = 100;                    // orders in the page
  std::size_t scan_limit = 5000;  // rows looked at; a page may be short or empty and still have a next
};

struct OrderPage {
  std::vector<core::Order> orders;          // newest first
  core::OrderNumber next = core::no_order;  // `before` of the next page; no_order: this was the last
  std::vector<DamagedRow> damaged;
};

/// An order whose end no set clock has noted keeps its customer's data this much longer, counted from its arrival: no
/// order lives longer.
inline constexpr core::Milliseconds order_life_ms_max = 24 * core::hour_ms;

/// What has ended goes early from four fifths of the bound on, so that there is time before new orders are refused.
[[nodiscard]] constexpr bool too_large(std::int64_t used_bytes, std::int64_t bound_bytes) noexcept {
  return bound_bytes > 0 && used_bytes > bound_bytes / 5 * 4;
}

struct EraseLimits {
  core::Now now;               // with a trusted wall clock
  std::int64_t after_ms = 0;   // so long after an order's end, and after a dead letter came
  std::size_t rows_max = 500;  // looked at in one call, of each table
};

struct PruneLimits {
  core::Now now;  // with a trusted wall clock, or `by_size`: otherwise prune() refuses it as invalid
  std::int64_t retain_ms = 0;  // ended orders and events stay this long
  std::int64_t reuse_ms = 0;   // ended orders, early marks and key aliases stay this long, by witnessed time
  core::Position events_through;  // no event beyond it goes: the published or the acknowledged mark
  bool by_size =
      false;  // the database is too large: what was sent and has ended goes before its time (not reuse_ms)
  std::int64_t events_kept =
      10'000;                  // by size: so many of the newest stay, for load()'s checks and a short replay
  std::size_t rows_max = 500;  // looked at in one call, of each table
};

/// What one step of housekeeping did.
struct Housekept {
  std::size_t rows = 0;  // removed or erased
  bool finished = true;  // the pass came to its end; false: call again for the next step
  std::vector<DamagedRow> damaged;
};

enum class CheckpointMode : std::uint8_t {
  passive,   // WAL into the database file; the WAL is overwritten from its start afterwards
  truncate,  // the same, and the WAL is cut to nothing: no erased byte stays in it
};

class Journal {
 public:
  /// Opens or creates the database. Errors: unavailable (another process has it open), damaged (not a database, or
  /// the digest key cannot be found), invalid (a newer version's file, another program's, or bad options), disk_full,
  /// sync_failed, failed. A failed creation leaves nothing that a later open would mistake for a database.
  [[nodiscard]] static core::Result<Journal> open(const JournalOptions& options);

  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  /// Folds the rows. Ended orders are given by witnessed time: what a wall clock shows now, or showed at their arrival,
  /// hides none. Errors only when the file cannot be read; damaged rows are reported and left out.
  [[nodiscard]] core::Result<LoadReport> load(const IdentityWindow& window);

  /// The digest under this database's key. A copy may be used on any thread, also after the journal is gone.
  [[nodiscard]] core::DigestFunction digest() const;

  /// Writes all of `changes` in one transaction with one sync, then reads. With nothing to write no transaction is
  /// opened. Errors in `written`: disk_full, sync_failed (read storage/README.md first), invalid (events that do not
  /// follow the last one: our own bug), failed. Never checkpoints: see checkpoint_due(). Changes that are
  /// `from_reserve` get disk_full only when the reserve is used up as well.
  [[nodiscard]] CommitResult commit(const core::Changes& changes, const ReadWish& wish = {});

  /// Events after `position` with what their orders add. `bytes_limit` as in ReadWish.
  [[nodiscard]] core::Result<EventPage> events_after(core::Position position, std::size_t limit,
                                                     std::size_t bytes_limit);
  /// What the outbox wants. In order: as events_after. Picked: of the positions asked for those that are there and
  /// undamaged, `through` the last one looked at. Briefs are given without a look at their digests.
  [[nodiscard]] core::Result<EventPage> read_for(const core::OutboxRead& read,
                                                 std::size_t bytes_limit = page_bytes_usual);
  /// An order's events, oldest first, as far back as they are kept. not_found, damaged, failed.
  [[nodiscard]] core::Result<std::vector<core::OutgoingEvent>> events_of(core::OrderNumber order);
  /// The event at that position; nothing if there is none, or none any more. damaged, failed.
  [[nodiscard]] core::Result<std::optional<core::EventRecord>> find_event(core::Position position);
  /// Nothing if there is no such row. damaged, failed.
  [[nodiscard]] core::Result<std::optional<core::Order>> find_order(core::OrderNumber number);
  /// The whole body; `raw` is empty and `canonical` without the customer's data once erased. damaged, failed.
  [[nodiscard]] core::Result<std::optional<core::OrderBody>> find_body(core::OrderNumber number);
  [[nodiscard]] core::Result<OrderPage> list_orders(const ListQuery& query);

  /// One step of erasing customer data: bodies of orders that ended so long ago, and dead letters as old. A stamp of a
  /// clock that was not set, or from the future, says nothing: the order's age by witnessed time counts then, with a
  /// day for its life. The bytes are gone from the file after the next checkpoint(truncate).
  [[nodiscard]] core::Result<Housekept> erase_customer_data(const EraseLimits& limits, const Eraser& eraser);
  /// One step of pruning. An order goes after its last event.
  [[nodiscard]] core::Result<Housekept> prune(const PruneLimits& limits);
  /// Gives up to `pages_max` free 4 KiB pages back to the file system.
  [[nodiscard]] core::Result<void> shrink(std::int64_t pages_max);
  /// One step of checking digests that nothing else reads (ended orders, bodies, events and their chain): a pass over
  /// everything, `rows_max` rows of each table at a time, then from the start again.
  [[nodiscard]] core::Result<Housekept> verify(std::size_t rows_max);

  /// The WAL has grown beyond JournalOptions::checkpoint_pages: call checkpoint(passive) when nobody waits.
  [[nodiscard]] bool checkpoint_due() const noexcept;
  /// On a full disk the reserve is used. Otherwise this and shrink() put a little back that was used.
  [[nodiscard]] core::Result<void> checkpoint(CheckpointMode mode);
  /// What the reserve holds.
  [[nodiscard]] std::int64_t reserve_bytes() const noexcept;

  /// Bytes of the database file without its WAL, those of its pages that hold nothing, and of the WAL's used part.
  [[nodiscard]] core::Result<std::int64_t> database_bytes();
  [[nodiscard]] core::Result<std::int64_t> unused_bytes();
  [[nodiscard]] std::int64_t wal_bytes() const noexcept;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace storegate::storage
