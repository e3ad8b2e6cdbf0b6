// Pruning: events from the outbox's old end, then the orders whose last event has gone, then marks and aliases that
// no order can meet any more. A row whose stamp comes from a clock that was not set is only pruned when the rows
// after it prove its age; and what makes a repeat known stays its whole time by the witnessed clock.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "storage/journal.hpp"
#include "storage/journal_state.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

/// Nothing ends before it: no wall clock says that anything is old.
constexpr std::int64_t nothing_is_old = std::numeric_limits<std::int64_t>::min();

std::int64_t old_before(const PruneLimits& limits) {
  return limits.now.wall_trusted ? limits.now.wall_ms - limits.retain_ms : nothing_is_old;
}

}  // namespace

Result<Housekept> Journal::prune(const PruneLimits& limits) {
  if (!limits.now.wall_trusted && !limits.by_size)
    return Error{ErrorCode::invalid, "pruning needs a trusted clock"};
  State& state = *state_;
  if (!state.ages) {  // nobody has loaded the rows yet
    if (Result<LoadReport> report = load(IdentityWindow{limits.now, limits.reuse_ms}); !report)
      return std::move(report).error().in("prune");
  }
  Meta facts = state.meta;
  Passes passes = state.passes;
  Result<Transaction> transaction = Transaction::begin(state.database);
  if (!transaction) return std::move(transaction).error();
  Housekept done;
  for (const auto& step : {std::function([&] { return state.prune_events(limits, facts, passes); }),
                           std::function([&] { return state.prune_orders(limits, facts, passes); }),
                           std::function([&] { return state.prune_early(limits, passes); }),
                           std::function([&] { return state.prune_aliases(limits, passes); })}) {
    Result<std::size_t> rows = step();
    if (!rows) return std::move(rows).error().in("prune");
    done.rows += *rows;
  }
  const bool marks_moved =
      facts.pruned_through != state.meta.pruned_through || facts.last_number != state.meta.last_number;
  if (marks_moved) {
    if (Result<void> written = write_meta(state.sql.meta_put, state.digest, facts); !written) {
      return std::move(written).error().in("prune");
    }
  }
  if (Result<void> committed = transaction->commit(); !committed)
    return std::move(committed).error().in("prune");
  // The orders' pass is the long one; the events go on as long as there are some to go.
  done.finished = passes.prune_order == 0 && passes.prune_event == core::Position{} &&
                  facts.pruned_through == state.meta.pruned_through;
  state.meta = facts;
  state.passes = passes;
  return done;
}

// The oldest events may all be of a clock without a time, and of them there may be more than a step looks at: the pass goes
// on behind them until a row tells. If that one is old, so are all before it, and they go a step's worth at a time.
Result<core::Position> Journal::State::old_events_through(const PruneLimits& limits, const Meta& facts,
                                                          Passes& at) {
  const std::int64_t before = old_before(limits);
  // Too large: what was sent goes as well, but for the newest ones.
  const core::Position kept = limits.by_size
                                  ? core::Position{tail.last.epoch, tail.last.sequence - limits.events_kept}
                                  : core::Position{};
  core::Position old = std::max(at.prune_events_through, facts.pruned_through);
  Statement& rows = sql.events_step;
  const Reading reading(rows);
  rows.bind(1, packed(std::min(limits.events_through, tail.last)));
  rows.bind(2, static_cast<std::int64_t>(limits.rows_max));
  rows.bind(3, packed(std::max(at.prune_event, old)));
  for (std::size_t seen = 0;; ++seen) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error();
    if (!*row) {
      if (seen < limits.rows_max) at.prune_event = {};  // the pass is over
      return old;
    }
    const core::Position position = unpacked(rows.integer(0));
    const bool by_size = position <= kept;
    const bool told = by_size || tells(rows.integer(1), limits.now);
    if (told && !by_size && rows.integer(1) >= before) {
      at.prune_event = {};
      return old;
    }
    at.prune_event = position;
    if (told) old = position;
  }
}

Result<std::size_t> Journal::State::prune_events(const PruneLimits& limits, Meta& facts, Passes& at) {
  Result<core::Position> old = old_events_through(limits, facts, at);
  if (!old) return std::move(old).error();
  // The mark may have gone back since, because the cloud wants to hear of them again.
  at.prune_events_through = std::min(*old, limits.events_through);
  std::size_t going = 0;
  {
    Statement& rows = sql.events_step;
    const Reading reading(rows);
    rows.bind(1, packed(at.prune_events_through));
    rows.bind(2, static_cast<std::int64_t>(limits.rows_max));
    rows.bind(3, packed(facts.pruned_through));
    for (;;) {
      Result<bool> row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      const std::string_view stored = rows.text(2);
      if (stored.size() != facts.pruned_digest.size()) break;
      ++going;
      facts.pruned_through = unpacked(rows.integer(0));
      std::copy(stored.begin(), stored.end(), facts.pruned_digest.begin());
    }
  }
  if (going == 0) return going;
  sql.events_prune.bind(1, packed(facts.pruned_through));
  if (Result<void> gone = sql.events_prune.run(); !gone) return std::move(gone).error();
  return going;
}

Result<std::size_t> Journal::State::prune_orders(const PruneLimits& limits, Meta& facts, Passes& at) {
  const std::int64_t before = old_before(limits);
  const std::int64_t old_through = ages->old_through(limits.now, limits.reuse_ms);
  std::vector<std::int64_t> going;
  std::size_t seen = 0;
  {
    Statement& rows = sql.orders_step;
    const Reading reading(rows);
    rows.bind(1, at.prune_order);
    rows.bind(2, static_cast<std::int64_t>(limits.rows_max));
    for (;;) {
      Result<bool> row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      ++seen;
      at.prune_order = behind(rows.integer(0));
      const std::int64_t phase = rows.integer(1);
      const bool ended = phase >= 0 && phase < static_cast<std::int64_t>(core::phase_count) &&
                         core::is_end(static_cast<core::Phase>(phase));
      const std::int64_t last_event = rows.integer(2);
      // Its last event has gone, which proves its age where its own stamp does not tell.
      const bool events_gone = last_event <= packed(facts.pruned_through);
      const bool aged = tells(rows.integer(3), limits.now) ? rows.integer(3) < before : last_event != 0;
      const bool old = limits.by_size || aged;
      const bool told = rows.integer(4) == 0;  // its partner still hears of it
      // A row that is gone is an order that is new: no wall clock decides that alone.
      if (ended && told && events_gone && old && rows.integer(0) <= old_through)
        going.push_back(rows.integer(0));
    }
  }
  if (seen < limits.rows_max) at.prune_order = 0;
  for (const std::int64_t number : going) {
    for (Statement* gone : {&sql.order_delete, &sql.body_delete}) {
      gone->bind(1, number);
      if (Result<void> done = gone->run(); !done) return std::move(done).error();
    }
    facts.last_number = std::max(facts.last_number, core::OrderNumber{number});
  }
  return going.size();
}

Result<std::size_t> Journal::State::prune_early(const PruneLimits& limits, Passes& at) {
  std::vector<core::EarlyMark> going, unknown;
  std::size_t seen = 0;
  {
    Statement& rows = sql.early_step;
    const Reading reading(rows);
    const core::EarlyMark from = at.prune_early;
    rows.bind(1, static_cast<std::int64_t>(from.kind));
    rows.bind(2, std::string_view(from.partner));
    rows.bind(3, std::string_view(from.partner_order_id));
    rows.bind(4, static_cast<std::int64_t>(limits.rows_max));
    for (;;) {
      Result<bool> row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      ++seen;
      at.prune_early.kind = static_cast<core::EarlyKind>(rows.integer(0));
      at.prune_early.partner = rows.text(1);
      at.prune_early.partner_order_id = rows.text(2);
      Result<core::EarlyMark> mark = read_early(rows, digest);
      if (!mark) continue;  // load() and verify() report it; a tombstone is not thrown away for being damaged
      const bool this_boot = mark->at.boot == limits.now.boot;
      const std::optional<core::Milliseconds> age =
          this_boot ? limits.now.steady_ms - mark->at.steady_ms : ages->age_of(mark->at, limits.now);
      if (!age) {
        unknown.push_back(std::move(*mark));
      } else if (*age > limits.reuse_ms) {
        going.push_back(std::move(*mark));
      }
    }
  }
  if (seen < limits.rows_max) at.prune_early = {};
  for (const core::EarlyMark& mark : going) {
    sql.early_delete.bind(1, static_cast<std::int64_t>(mark.kind));
    sql.early_delete.bind(2, std::string_view(mark.partner));
    sql.early_delete.bind(3, std::string_view(mark.partner_order_id));
    if (Result<void> gone = sql.early_delete.run(); !gone) return std::move(gone).error();
  }
  // Nobody knows how old these are: they are dated today and stay a whole window from now.
  for (core::EarlyMark& mark : unknown) {
    mark.at = core::stamp_of(limits.now);
    if (Result<void> kept = write_early(sql.early_put, digest, mark); !kept) return std::move(kept).error();
  }
  return going.size();
}

Result<std::size_t> Journal::State::prune_aliases(const PruneLimits& limits, Passes& at) {
  const std::int64_t old_through = ages->old_through(limits.now, limits.reuse_ms);
  std::vector<std::string> going;
  std::size_t seen = 0;
  {
    Statement& rows = sql.key_aliases_step;
    const Reading reading(rows);
    const std::string from = at.prune_alias;
    rows.bind(1, std::string_view(from));
    rows.bind(2, static_cast<std::int64_t>(limits.rows_max));
    for (;;) {
      Result<bool> row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      ++seen;
      at.prune_alias = rows.text(0);
      Statement& order = sql.order_arrival;
      const Reading reading_order(order);
      order.bind(1, rows.integer(1));
      Result<bool> found = order.step();
      if (!found) return std::move(found).error();
      const bool old = !*found || (order.integer(0) >= 0 && rows.integer(1) <= old_through &&
                                   core::is_end(static_cast<core::Phase>(order.integer(0))));
      if (old) going.push_back(at.prune_alias);
    }
  }
  if (seen < limits.rows_max) at.prune_alias.clear();
  for (const std::string& key : going) {
    sql.key_alias_delete.bind(1, std::string_view(key));
    if (Result<void> gone = sql.key_alias_delete.run(); !gone) return std::move(gone).error();
  }
  return going.size();
}

}  // namespace storegate::storage
