// Erasing customer data: of each ended order the raw bytes and whatever the eraser takes out of the canonical order,
// and old dead letters. A step looks at a limited number of rows and writes in one transaction; where the pass stands
// is kept in memory only.
#include <algorithm>
#include <utility>

#include "storage/journal.hpp"
#include "storage/journal_state.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

struct OrderStep {
  std::int64_t number = 0;
  bool ended = false;
  std::int64_t last_event = 0;
  std::int64_t updated_wall_ms = 0;
};

/// The next orders of a pass, ascending. Fewer than `limit`: the pass has come to its end.
Result<std::vector<OrderStep>> next_orders(Statement& rows, std::int64_t from, std::size_t limit) {
  std::vector<OrderStep> orders;
  const Reading reading(rows);
  rows.bind(1, from);
  rows.bind(2, static_cast<std::int64_t>(limit));
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error();
    if (!*row) return orders;
    const std::int64_t phase = rows.integer(1);
    const bool ended = phase >= 0 && phase < static_cast<std::int64_t>(core::phase_count) &&
                       core::is_end(static_cast<core::Phase>(phase));
    orders.push_back({rows.integer(0), ended, rows.integer(2), rows.integer(3)});
  }
}

/// First two columns of the next rows: a key and a wall time.
Result<std::vector<std::pair<std::int64_t, std::int64_t>>> next_pairs(Statement& rows, std::int64_t from,
                                                                      std::size_t limit) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  const Reading reading(rows);
  rows.bind(1, from);
  rows.bind(2, static_cast<std::int64_t>(limit));
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error();
    if (!*row) return pairs;
    pairs.emplace_back(rows.integer(0), rows.integer(1));
  }
}

Result<void> run_for(Statement& statement, std::int64_t key) {
  statement.bind(1, key);
  return statement.run();
}

Result<std::optional<std::int64_t>> single(Statement& statement, std::int64_t key, int column) {
  const Reading reading(statement);
  statement.bind(1, key);
  Result<bool> row = statement.step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<std::int64_t>{};
  return std::optional(statement.integer(column));
}

}  // namespace

// ---------------------------------------------------------------- erasing

namespace {

/// One order's body without its customer; the raw bytes go altogether. A damaged body is wiped all the same and stays
/// damaged. True if there was anything to erase.
Result<bool> erase_body(Journal& journal, Statements& sql, const core::DigestFunction& digest,
                        std::int64_t number, const Eraser& eraser, Housekept& done) {
  Result<std::optional<std::int64_t>> erased = single(sql.body_erased, number, 0);
  if (!erased) return std::move(erased).error();
  if (!*erased || **erased == 1) return false;
  Result<std::optional<core::OrderBody>> body = journal.find_body(core::OrderNumber{number});
  if (!body && body.error().code != ErrorCode::damaged) return std::move(body).error();
  if (!body) {
    done.damaged.push_back({"bodies", std::to_string(number), body.error().context});
    Result<void> wiped = run_for(sql.body_wipe, number);
    if (!wiped) return std::move(wiped).error();
    return true;
  }
  core::OrderBody& found = **body;
  found.canonical = eraser(found.canonical);
  found.raw.clear();
  Result<void> written = write_body(sql.body_put, digest, {std::move(found), true});
  if (!written) return std::move(written).error();
  return true;
}

}  // namespace

Result<Housekept> Journal::erase_customer_data(const EraseLimits& limits, const Eraser& eraser) {
  if (!state_->ages) {  // nobody has loaded the rows yet
    if (Result<LoadReport> report = load(IdentityWindow{limits.now, limits.after_ms}); !report)
      return std::move(report).error().in("erase customer data");
  }
  Housekept done;
  Statements& sql = state_->sql;
  Passes passes = state_->passes;
  Result<std::vector<OrderStep>> orders = next_orders(sql.orders_step, passes.erase_order, limits.rows_max);
  if (!orders) return std::move(orders).error();
  auto letters = next_pairs(sql.dead_letters_step, passes.erase_letter, limits.rows_max);
  if (!letters) return std::move(letters).error();
  const std::int64_t before = limits.now.wall_ms - limits.after_ms;
  const std::int64_t old_through = state_->ages->old_through(limits.now, limits.after_ms + order_life_ms_max);
  const auto is_over = [&](const OrderStep& order) {
    if (!order.ended) return false;
    if (State::tells(order.updated_wall_ms, limits.now)) return order.updated_wall_ms < before;
    return order.number <= old_through;
  };

  Result<Transaction> transaction = Transaction::begin(state_->database);
  if (!transaction) return std::move(transaction).error();
  for (const OrderStep& order : *orders) {
    passes.erase_order = behind(order.number);
    if (!is_over(order)) continue;
    Result<bool> erased = erase_body(*this, sql, state_->digest, order.number, eraser, done);
    if (!erased) return std::move(erased).error().in("erase customer data");
    if (*erased) ++done.rows;
    state_->recent.forget(core::OrderNumber{order.number});
  }
  for (const auto& [number, at_wall_ms] : *letters) {
    passes.erase_letter = behind(number);
    // A stamp that tells nothing is of a clock that was wrong: nobody needs that letter, and its customer waits for nobody.
    if (State::tells(at_wall_ms, limits.now) && at_wall_ms >= before) continue;
    if (Result<void> gone = run_for(sql.dead_letter_delete, number); !gone) return std::move(gone).error();
    ++done.rows;
  }
  if (Result<void> committed = transaction->commit(); !committed) return std::move(committed).error();
  done.finished = orders->size() < limits.rows_max && letters->size() < limits.rows_max;
  if (done.finished) passes.erase_order = passes.erase_letter = 0;
  state_->passes = passes;
  return done;
}

}  // namespace storegate::storage
