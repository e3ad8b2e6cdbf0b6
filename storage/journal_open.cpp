// Opening the journal: create or migrate, find the digest key, the epoch and the outbox's end. A damaged row among
// these few is reported and done without where that loses nothing; the key lies on two pages for that reason.
#include <algorithm>
#include <set>
#include <utility>

#include "storage/journal.hpp"
#include "storage/journal_state.hpp"
#include "storage/schema.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

Result<Journal> Journal::open(const JournalOptions& options) {
  if (!options.digest || options.fresh_epoch.empty()) {
    return Error{ErrorCode::invalid, "a journal needs a digest and a fresh epoch's name"};
  }
  Result<Database> database = Database::open(options.path, options.vfs, may_write);
  if (!database) return std::move(database).error();
  auto state = std::make_unique<State>(std::move(*database));
  state->checkpoint_pages = options.checkpoint_pages;
  state->reserve.emplace(options.path, options.vfs, options.reserve_bytes);
  state->make_ready_to_write();

  Result<bool> created = migrate(state->database, [&] { return state->write_first_rows(options); });
  if (!created) return std::move(created).error().in(options.path);
  state->created = *created;
  if (!*created) {
    if (Result<void> ready = state->sql.prepare(state->database); !ready) return std::move(ready).error();
  }
  if (Result<void> found = state->find_all(options); !found) return std::move(found).error().in(options.path);
  state->reserve->fill(options.reserve_bytes);
  return Journal(std::move(state));
}

Result<void> Journal::State::find_all(const JournalOptions& options) {
  if (Result<void> found = find_key(options); !found) return found;
  if (Result<void> read = read_epochs(); !read) return read;
  if (Result<void> found = find_meta(); !found) return found;
  if (Result<void> drawn = draw_epoch_if_damaged(options); !drawn) return drawn;
  return find_tail();
}

Result<void> Journal::State::write_first_rows(const JournalOptions& options) {
  if (Result<void> ready = sql.prepare(database); !ready) return ready;
  digest = options.digest(options.fresh_key);
  Meta first;
  first.digest_key = options.fresh_key;
  first.epoch = 1;
  if (Result<void> written = write_meta(sql.meta_put, digest, first); !written) return written;
  return write_epoch(sql.epoch_put, digest,
                     {1, options.fresh_epoch, options.wall_ms, "created", options.fresh_key});
}

namespace {

/// Every stored copy of the digest key, damaged ones among them.
Result<std::set<DigestKey>> stored_keys(Database& database) {
  std::set<DigestKey> keys;
  Result<Statement> rows =
      database.prepare("SELECT digest_key FROM meta UNION ALL SELECT digest_key FROM epochs");
  if (!rows) return std::move(rows).error();
  for (;;) {
    Result<bool> row = rows->step();
    if (!row) return std::move(row).error();
    if (!*row) return keys;
    DigestKey key{};
    const std::string_view stored = rows->text(0);
    if (stored.size() != key.size()) continue;
    std::copy(stored.begin(), stored.end(), key.begin());
    keys.insert(key);
  }
}

/// Whether a row of meta or epochs has its digest under this key. No damaged key can bring that about.
Result<bool> fits(Statements& sql, const core::DigestFunction& digest) {
  for (auto& [rows, table] : {std::pair<Statement&, std::string_view>{sql.meta_get, "meta"},
                              std::pair<Statement&, std::string_view>{sql.epochs_all, "epochs"}}) {
    const Reading reading(rows);
    for (;;) {
      Result<bool> row = rows.step();
      if (!row) return row;
      if (!*row) break;
      if (RowReader(rows, table).intact(digest)) return true;
    }
  }
  return false;
}

}  // namespace

Result<void> Journal::State::find_key(const JournalOptions& options) {
  Result<std::set<DigestKey>> keys = stored_keys(database);
  if (!keys) return std::move(keys).error();
  for (const DigestKey& key : *keys) {
    digest = options.digest(key);
    Result<bool> fitting = fits(sql, digest);
    if (!fitting) return std::move(fitting).error();
    if (!*fitting) continue;
    meta.digest_key = key;
    return {};
  }
  return Error{ErrorCode::damaged, "no copy of the digest key fits the rows"};
}

Result<void> Journal::State::read_epochs() {
  Statement& rows = sql.epochs_all;
  const Reading reading(rows);
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
    const std::int64_t ordinal = rows.integer(0);
    Result<EpochRow> epoch = read_epoch(rows, digest);
    if (epoch) {
      epochs[epoch->ordinal] = std::move(epoch->name);
    } else {
      damaged_at_open.push_back({"epochs", std::to_string(ordinal), epoch.error().context});
    }
  }
}

Result<void> Journal::State::find_meta() {
  {
    const Reading reading(sql.meta_get);
    Result<bool> row = sql.meta_get.step();
    if (!row) return std::move(row).error();
    Result<Meta> read =
        *row ? read_meta(sql.meta_get, digest) : Result<Meta>(damaged_row("the row is missing"));
    if (read) return meta = *read, Result<void>{};
    damaged_at_open.push_back({"meta", "1", read.error().context});
  }
  // Without it: the key is known, the epoch is the newest one, nothing counts as published (events are sent again,
  // which their consumers expect), and what was pruned is what lies before the first event.
  const DigestKey key = meta.digest_key;
  meta = {};
  meta.digest_key = key;
  if (!epochs.empty()) meta.epoch = epochs.rbegin()->first;
  return read_pruned(sql.events_after, digest, meta);
}

Result<void> Journal::State::draw_epoch_if_damaged(const JournalOptions& options) {
  if (epochs.contains(meta.epoch)) return {};
  // Events need their epoch's name, and a name must never be used twice: a new epoch begins.
  Result<std::int64_t> newest = database.number("SELECT max(ordinal) FROM epochs");
  if (!newest) return std::move(newest).error();
  Meta next = meta;
  next.epoch = std::max(static_cast<std::int32_t>(*newest), meta.epoch) + 1;
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  const EpochRow row{next.epoch, options.fresh_epoch, options.wall_ms, "repaired", meta.digest_key};
  if (Result<void> written = write_epoch(sql.epoch_put, digest, row); !written) return written;
  if (Result<void> written = write_meta(sql.meta_put, digest, next); !written) return written;
  if (Result<void> committed = transaction->commit(); !committed) return committed;
  meta = next;
  epochs[next.epoch] = options.fresh_epoch;
  return {};
}

namespace {

struct LastRow {
  std::int64_t position = 0;
  core::Digest digest{};
  bool intact = false;
};

/// The newest events, newest first, down to the first undamaged one.
Result<std::vector<LastRow>> last_rows(Statement& rows, const core::DigestFunction& digest) {
  std::vector<LastRow> found;
  const Reading reading(rows);
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error();
    if (!*row) return found;
    LastRow last{rows.integer(0), {}, false};
    const std::string_view stored = rows.text(rows.columns() - 1);
    if (stored.size() == last.digest.size()) std::copy(stored.begin(), stored.end(), last.digest.begin());
    if (Result<EventRow> event = read_event(rows, digest)) {
      last.intact = true;
    }
    found.push_back(last);
    if (last.intact) return found;
  }
}

}  // namespace

Result<void> Journal::State::find_tail() {
  Result<std::int64_t> letter = database.number("SELECT max(number) FROM dead_letters");
  if (!letter) return std::move(letter).error();
  tail.dead_letter = *letter;
  Result<std::vector<LastRow>> rows = last_rows(sql.events_last, digest);
  if (!rows) return std::move(rows).error();
  std::int64_t position = packed(meta.pruned_through);
  tail.digest = meta.pruned_digest;
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    // A damaged row counts where the next event's lies; elsewhere its very key is damaged.
    if (!row->intact && row->position != position + 1) continue;
    position = row->position;
    tail.digest = row->digest;
  }
  // An event that was published was there: its sequence is not given again.
  position = std::max({position, packed(meta.outbox.published), packed(meta.outbox.acknowledged)});
  tail.last = unpacked(position);
  if (tail.last.epoch != meta.epoch) tail.last = {meta.epoch, 0};
  return {};
}

}  // namespace storegate::storage
