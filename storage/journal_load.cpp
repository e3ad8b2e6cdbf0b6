// Loading: the rows folded into core::Loaded, and what contradicts itself found out. Orders are read in two passes: a
// quick one over a few columns of every row, then whole and digested the rows that matter. Then the events are walked
// from the oldest one that a live order names as its last: an order row older than its events (a stale page, with a
// good digest) and an order whose row is gone show there.
#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "storage/journal.hpp"
#include "storage/journal_state.hpp"

namespace storegate::storage {

using core::Error;
using core::Result;

namespace {

/// What the quick pass keeps of each order.
struct Brief {
  std::int64_t number = 0;
  std::int64_t last_event = 0;
  bool live = false;      // or of a phase we do not know, or its partner has yet to be told
  bool fetching = false;  // it has no event yet
  bool ended = false;
  bool damaged = false;
  bool seen = false;  // its last event was met in the walk
};

constexpr int partner_column = 9, partner_order_id_column = 10;  // of order_get

/// A damaged row's text, if it can be shown to people.
std::string shown(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  return plain && text.size() <= core::partner_order_id_bytes_max ? std::string(text) : std::string();
}

core::Loaded::Ended ended_of(core::Order&& order) {
  return {order.number,
          order.id,
          order.release_token,
          std::move(order.partner),
          std::move(order.partner_order_id),
          std::move(order.idempotency_key),
          order.body_digest,
          order.phase,
          order.arrived,
          order.announced};
}

class Folding {
 public:
  Folding(Statements& sql, const core::DigestFunction& digest, const Meta& meta, LoadReport& into)
      : sql_(sql), digest_(digest), meta_(meta), into_(into) {}

  Result<void> fold_orders(const IdentityWindow& window);
  Result<void> fold_marks();
  Result<void> check_against_events();
  [[nodiscard]] core::OrderNumber last_number() const;
  [[nodiscard]] core::Position newest_named() const noexcept { return newest_named_; }
  [[nodiscard]] Ages ages() const;

 private:
  Result<void> scan_orders();
  /// Nothing if the row is damaged, which is noted.
  Result<std::optional<core::Order>> read_whole(Brief& brief);
  void damaged(std::string table, std::string key, std::string why) {
    into_.damaged.push_back({std::move(table), std::move(key), std::move(why)});
  }
  Result<bool> event_intact(std::int64_t position);
  Result<void> meet_event(std::int64_t position, std::int64_t number);
  void drop(Brief& brief, std::string why);
  void make_unsure(Brief& brief, std::string why);
  Brief* find(std::int64_t number);
  template <typename Row, typename Read, typename Key>
  Result<void> fold_all(Statement& rows, std::string table, std::vector<Row>& into, Read read, Key key);

  Statements& sql_;
  const core::DigestFunction& digest_;
  const Meta& meta_;
  LoadReport& into_;
  std::vector<Brief> briefs_;     // ascending by number
  core::Position newest_named_;   // the newest event that an undamaged live order names
  std::int64_t newest_lost_ = 0;  // the highest number of an order that only its events remember
  std::vector<std::pair<std::int64_t, core::Stamp>> met_;  // arrivals of the rows read whole, newest first
};

Brief* Folding::find(std::int64_t number) {
  const auto at =
      std::lower_bound(briefs_.begin(), briefs_.end(), number,
                       [](const Brief& brief, std::int64_t wanted) { return brief.number < wanted; });
  return at != briefs_.end() && at->number == number ? &*at : nullptr;
}

Result<void> Folding::scan_orders() {
  Statement& rows = sql_.orders_scan;
  const Reading reading(rows);
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error();
    if (!*row) break;
    const std::int64_t phase = rows.integer(1);
    const bool known = phase >= 0 && phase < static_cast<std::int64_t>(core::phase_count);
    Brief brief;
    brief.number = rows.integer(0);
    brief.last_event = rows.integer(2);
    brief.ended = known && core::is_end(static_cast<core::Phase>(phase));
    brief.live = !brief.ended || rows.integer(3) != 0;
    brief.fetching = phase == static_cast<std::int64_t>(core::Phase::fetching);
    briefs_.push_back(brief);
  }
  // A page in the wrong place gives rows out of order, or twice; each is read whole by its number below.
  std::ranges::stable_sort(briefs_, {}, &Brief::number);
  const auto same = [](const Brief& a, const Brief& b) { return a.number == b.number; };
  briefs_.erase(std::unique(briefs_.begin(), briefs_.end(), same), briefs_.end());
  return {};
}

Result<void> Folding::fold_orders(const IdentityWindow& window) {
  if (Result<void> scanned = scan_orders(); !scanned) return scanned;
  const std::size_t damaged_before = into_.damaged.size();
  core::WitnessedAge age(core::stamp_of(window.now));
  bool young = true;  // by witnessed time; from the newest order back, as long as rows that are whole say so
  std::size_t ended = 0;
  for (std::size_t index = briefs_.size(); index-- > 0;) {
    Brief& brief = briefs_[index];
    if (!brief.live && !(young && ended < window.ended_max)) continue;
    Result<std::optional<core::Order>> order = read_whole(brief);
    if (!order) return std::move(order).error();
    if (!*order) continue;
    met_.emplace_back(brief.number, (*order)->arrived);
    if (age.of((*order)->arrived) >= window.reuse_ms) young = false;
    if (brief.live) {
      into_.loaded.live.push_back(std::move(**order));
    } else if (young) {
      ++ended;
      into_.loaded.ended.push_back(ended_of(std::move(**order)));
    }
  }
  std::reverse(into_.loaded.live.begin(), into_.loaded.live.end());
  std::reverse(into_.loaded.ended.begin(), into_.loaded.ended.end());
  std::reverse(into_.damaged.begin() + static_cast<std::ptrdiff_t>(damaged_before), into_.damaged.end());
  return {};
}

Result<std::optional<core::Order>> Folding::read_whole(Brief& brief) {
  Statement& row = sql_.order_get;
  const Reading reading(row);
  row.bind(1, brief.number);
  Result<bool> found = row.step();
  if (!found) return std::move(found).error();
  Result<core::Order> order =
      *found ? read_order(row, digest_) : Result<core::Order>(damaged_row("the row is missing"));
  if (order) return std::optional(std::move(*order));
  drop(brief, order.error().context);
  // Of any other order there is an event, which somebody has heard of.
  if (*found && (brief.fetching || brief.last_event == 0))
    into_.loaded.lost.push_back({core::OrderNumber{brief.number}, shown(row.text(partner_column)),
                                 shown(row.text(partner_order_id_column))});
  return std::optional<core::Order>{};
}

Ages Folding::ages() const {
  Ages ages;
  for (auto met = met_.rbegin(); met != met_.rend(); ++met) ages.note(met->first, met->second);
  return ages;
}

void Folding::drop(Brief& brief, std::string why) {
  brief.damaged = true;
  damaged("orders", std::to_string(brief.number), std::move(why));
}

void Folding::make_unsure(Brief& brief, std::string why) {
  brief.seen = true;
  damaged("orders", std::to_string(brief.number), std::move(why));
  into_.loaded.unsure.push_back(core::OrderNumber{brief.number});
}

// ---------------------------------------------------------------- orders against events

Result<bool> Folding::event_intact(std::int64_t position) {
  Statement& row = sql_.event_get;
  const Reading reading(row);
  row.bind(1, position);
  Result<bool> found = row.step();
  if (!found || !*found) return found;
  const bool intact = RowReader(row, "events").intact(digest_);
  if (!intact) damaged("events", key_of(unpacked(position)), std::string(digest_differs));
  return intact;
}

Result<void> Folding::meet_event(std::int64_t position, std::int64_t number) {
  if (number == 0) return {};
  Brief* brief = find(number);
  if (brief != nullptr && (brief->damaged || position < brief->last_event)) return {};
  if (brief != nullptr && position == brief->last_event) return brief->seen = true, Result<void>{};
  // Ended orders' rows were not all read whole: their last event is compared just the same.
  Result<bool> intact = event_intact(position);
  if (!intact) return std::move(intact).error();
  if (!*intact) return {};
  if (brief != nullptr && brief->fetching) {
    if (!brief->seen) make_unsure(*brief, "the row is older than its events: a person must decide");
    return {};
  }
  if (brief != nullptr) return drop(*brief, "the row is older than its last event"), Result<void>{};
  damaged("orders", std::to_string(number),
          "the row is missing, its event " + key_of(unpacked(position)) + " is there");
  newest_lost_ = std::max(newest_lost_, number);
  return {};
}

Result<void> Folding::check_against_events() {
  std::int64_t from = std::numeric_limits<std::int64_t>::max();
  for (const Brief& brief : briefs_) {
    if (!brief.live || brief.damaged) continue;
    from = std::min(from, std::max(brief.last_event, std::int64_t{1}));
    newest_named_ = std::max(newest_named_, unpacked(brief.last_event));
  }
  {
    Statement& rows = sql_.events_scan;
    const Reading reading(rows);
    rows.bind(1, from);
    for (;;) {
      Result<bool> row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      if (Result<void> met = meet_event(rows.integer(0), rows.integer(1)); !met) return met;
    }
  }
  for (Brief& brief : briefs_) {
    if (!brief.live || brief.damaged || brief.seen) continue;
    if (brief.last_event <= packed(meta_.pruned_through)) continue;  // none yet, or pruned
    // A damaged event says nothing against its order; one that is gone or is another order's does.
    const std::size_t known = into_.damaged.size();
    Result<bool> intact = event_intact(brief.last_event);
    if (!intact) return std::move(intact).error();
    if (!*intact && into_.damaged.size() != known) continue;
    if (brief.ended)  // whatever came after it, nothing can be done about it any more
      damaged("orders", std::to_string(brief.number), "its last event is missing");
    else
      make_unsure(brief, "its last event is missing: a person must decide");
  }
  std::erase_if(into_.loaded.live,
                [this](const core::Order& order) { return find(value_of(order.number))->damaged; });
  std::erase_if(into_.loaded.ended,
                [this](const core::Loaded::Ended& order) { return find(value_of(order.number))->damaged; });
  return {};
}

core::OrderNumber Folding::last_number() const {
  // A damaged row counts only where the next number's lies: elsewhere its very key may be damaged.
  std::int64_t last = std::max(value_of(meta_.last_number), newest_lost_);
  for (const Brief& brief : briefs_) {
    if (!brief.damaged || brief.number == last + 1) last = std::max(last, brief.number);
  }
  return core::OrderNumber{last};
}

// ---------------------------------------------------------------- marks

template <typename Row, typename Read, typename Key>
Result<void> Folding::fold_all(Statement& rows, std::string table, std::vector<Row>& into, Read read,
                               Key key) {
  const Reading reading(rows);
  for (;;) {
    Result<bool> found = rows.step();
    if (!found) return std::move(found).error();
    if (!*found) return {};
    Result<Row> row = read(rows, digest_);
    if (row) {
      into.push_back(std::move(*row));
    } else {
      damaged(table, key(rows), row.error().context);
    }
  }
}

Result<void> Folding::fold_marks() {
  core::Loaded& loaded = into_.loaded;
  const auto first_column = [](const Statement& row) { return std::string(row.text(0)); };
  const auto early_key = [](const Statement& row) {
    return std::to_string(row.integer(0)) + "/" + std::string(row.text(1)) + "/" + std::string(row.text(2));
  };
  if (auto done = fold_all(sql_.early_all, "early", loaded.early, read_early, early_key); !done) return done;
  if (auto done = fold_all(sql_.key_aliases_all, "key_aliases", loaded.key_aliases, read_alias, first_column);
      !done) {
    return done;
  }
  return fold_all(
      sql_.availability_all, "availability", loaded.availability, read_availability,
      [](const Statement& row) { return std::to_string(row.integer(0)) + "/" + std::string(row.text(1)); });
}

}  // namespace

Result<LoadReport> Journal::load(const IdentityWindow& window) {
  State& state = *state_;
  LoadReport report;
  report.damaged = state.damaged_at_open;
  Folding folding(state.sql, state.digest, state.meta, report);
  if (Result<void> done = folding.fold_orders(window); !done) return std::move(done).error().in("load");
  if (Result<void> done = folding.check_against_events(); !done) return std::move(done).error().in("load");
  if (Result<void> done = folding.fold_marks(); !done) return std::move(done).error().in("load");

  state.ages = folding.ages();
  const core::Position named = folding.newest_named();
  if (named > state.tail.last) {
    report.damaged.push_back({"events", key_of(named), "the row is missing, an order names it"});
    if (named.epoch == state.meta.epoch) state.tail.last = named;  // a sequence is never given twice
  }
  core::Loaded& loaded = report.loaded;
  loaded.availability_full = state.meta.availability_full;
  loaded.outbox = state.meta.outbox;
  loaded.store = state.meta.store;
  loaded.last_event = state.tail.last;
  loaded.last_number = folding.last_number();
  loaded.epoch = state.epochs.at(state.meta.epoch);
  const auto previous = state.epochs.find(state.meta.epoch - 1);
  if (previous != state.epochs.end()) loaded.previous_epoch = previous->second;
  loaded.created = state.created;
  return report;
}

}  // namespace storegate::storage
