// The journal: opening it, and the one transaction of a turn. Loading, reading and housekeeping lie in their own
// files beside this one. Knows no clock, no thread and no log.
#include "storage/journal.hpp"

#include <utility>

#include "storage/journal_state.hpp"
#include "storage/schema.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

// ---------------------------------------------------------------- commit

CommitResult Journal::commit(const core::Changes& changes, const ReadWish& wish) {
  CommitResult result;
  if (!changes.writes_nothing()) result.written = state_->write_in_any_case(changes);
  if (!result.written) return result;
  for (const core::OrderNumber number : changes.bodies_wanted) {
    Result<std::string> canonical = state_->find_canonical(number);
    if (canonical) {
      result.bodies.push_back({number, std::move(*canonical), {}, {}, {}});
    } else if (canonical.error().code == ErrorCode::damaged) {
      result.damaged.push_back({"bodies", std::to_string(value_of(number)), canonical.error().context});
    } else {
      result.read = std::move(canonical).error().in("read bodies");  // the others are read all the same
    }
  }
  if (wish.events_after) {
    Result<EventPage> page = state_->events_after(*wish.events_after, wish.events_limit, wish.bytes_limit);
    if (!page) return result.read = std::move(page).error(), result;
    result.page = std::move(*page);
  }
  return result;
}

namespace {

bool found_no_room(const Result<void>& done) { return !done && done.error().code == ErrorCode::disk_full; }

// A fraction of a second on an SD card: a commit may wait behind it.
constexpr std::int64_t refill_bytes = 1024 * 1024;

}  // namespace

Result<void> Journal::State::write_in_any_case(const core::Changes& changes) {
  if (!changes.from_reserve) {
    // New orders might still fit into what a checkpoint has freed in the WAL, and would eat the reserve later.
    disk_full = reserve->in_use() && !reserve->regain();
    if (disk_full) return Error{ErrorCode::disk_full, "no room to put back what was taken from the reserve"};
    Result<void> written = write(changes);
    disk_full = found_no_room(written);
    return written;
  }
  Result<void> written = write(changes);
  while (found_no_room(written) && reserve->release()) written = write(changes);
  return written;
}

// Opening may have to write: a migration, a new epoch. What stands in the way is met again, and told, by who writes.
void Journal::State::make_ready_to_write() {
  while (found_no_room(database.ready_to_write()) && reserve->release()) {
  }
}

// Not while the disk is full: the space that returns belongs to orders first.
void Journal::State::refill_reserve() noexcept {
  if (!disk_full) reserve->fill(refill_bytes);
}

Result<void> Journal::State::write(const core::Changes& changes) {
  Tail new_tail = tail;
  Meta new_meta = meta;
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (Result<void> rows = write_rows(changes, new_tail, new_meta); !rows) return rows;
  if (Result<void> committed = transaction->commit(); !committed) return committed;
  tail = new_tail;
  meta = new_meta;
  recent.remember(changes);
  if (ages) {
    for (const core::Order& order : changes.orders) ages->note(value_of(order.number), order.arrived);
  }
  return {};
}

Result<void> Journal::State::write_rows(const core::Changes& changes, Tail& into, Meta& facts) {
  for (const core::Order& order : changes.orders) {
    Result<void> written = write_order(sql.order_put, digest, order);
    if (!written) return std::move(written).error().in("write an order");
  }
  for (const core::OrderBody& body : changes.bodies) {
    Result<void> written = write_body(sql.body_put, digest, {body, false});
    if (!written) return std::move(written).error().in("write a body");
  }
  if (Result<void> written = write_events(changes, into); !written) return written;
  return write_rest(changes, into, facts);
}

Result<void> Journal::State::write_events(const core::Changes& changes, Tail& into) {
  for (const core::EventRecord& event : changes.events) {
    const core::Position next{meta.epoch, into.last.sequence + 1};
    if (event.position != next) {
      return Error{ErrorCode::invalid, "event " + key_of(event.position) +
                                           " does not follow the last one: " + key_of(next) + " is next"};
    }
    Result<core::Digest> written = write_event(sql.event_put, digest, event, into.digest);
    if (!written) return std::move(written).error().in("write an event");
    into.last = next;
    into.digest = *written;
  }
  return {};
}

Result<void> Journal::State::write_rest(const core::Changes& changes, Tail& into, Meta& facts) {
  for (const core::EarlyMark& mark : changes.early) {
    if (Result<void> written = write_early(sql.early_put, digest, mark); !written) return written;
  }
  // After the upserts: a mark may be made and spent in one turn.
  for (const core::EarlyMark& spent : changes.early_spent) {
    sql.early_delete.bind(1, static_cast<std::int64_t>(spent.kind));
    sql.early_delete.bind(2, std::string_view(spent.partner));
    sql.early_delete.bind(3, std::string_view(spent.partner_order_id));
    if (Result<void> gone = sql.early_delete.run(); !gone) return gone;
  }
  for (const core::KeyAlias& alias : changes.key_aliases) {
    if (Result<void> written = write_alias(sql.key_alias_put, digest, alias); !written) return written;
  }
  if (changes.availability_replaced) {
    if (Result<void> cleared = sql.availability_clear.run(); !cleared) return cleared;
  }
  for (const auto& [layer, item] : changes.availability_gone) {
    sql.availability_delete.bind(1, static_cast<std::int64_t>(layer));
    sql.availability_delete.bind(2, std::string_view(item));
    if (Result<void> gone = sql.availability_delete.run(); !gone) return gone;
  }
  for (const core::AvailabilityMark& mark : changes.availability) {
    if (Result<void> written = write_availability(sql.availability_put, digest, mark); !written)
      return written;
  }
  for (const core::DeadLetter& letter : changes.dead_letters) {
    Result<void> written = write_dead_letter(sql.dead_letter_put, digest, ++into.dead_letter, letter);
    if (!written) return written;
  }
  if (!changes.outbox && !changes.availability_replaced && !changes.store) return {};
  if (changes.outbox) facts.outbox = *changes.outbox;
  if (changes.store) facts.store = *changes.store;
  facts.availability_full = facts.availability_full || changes.availability_replaced;
  return write_meta(sql.meta_put, digest, facts);
}

// ---------------------------------------------------------------- the file

bool Journal::checkpoint_due() const noexcept {
  return state_->database.wal_pages() > state_->checkpoint_pages;
}

Result<void> Journal::checkpoint(CheckpointMode mode) {
  const bool truncate = mode == CheckpointMode::truncate;
  Result<void> done = state_->database.checkpoint(truncate);
  // Until the WAL is in the database file it grows with each commit: on a full disk this is worth the reserve.
  while (found_no_room(done) && state_->reserve->release()) done = state_->database.checkpoint(truncate);
  if (done) state_->refill_reserve();
  return done;
}

Result<void> Journal::shrink(std::int64_t pages_max) {
  if (Result<void> ready = state_->database.ready_to_write(); !ready) return ready;
  Result<void> done =
      state_->database.execute("PRAGMA incremental_vacuum(" + std::to_string(pages_max) + ")");
  if (done) state_->refill_reserve();
  return done;
}

Result<std::int64_t> Journal::database_bytes() {
  Result<std::int64_t> pages = state_->database.number("PRAGMA page_count");
  if (!pages) return pages;
  return *pages * page_bytes;
}

Result<std::int64_t> Journal::unused_bytes() {
  Result<std::int64_t> pages = state_->database.number("PRAGMA freelist_count");
  if (!pages) return pages;
  return *pages * page_bytes;
}

std::int64_t Journal::reserve_bytes() const noexcept { return state_->reserve->bytes(); }

std::int64_t Journal::wal_bytes() const noexcept { return state_->database.wal_pages() * page_bytes; }

core::DigestFunction Journal::digest() const { return state_->digest; }

}  // namespace storegate::storage
