// Salvage, step by step: the digest key, then page after page into the new database, then what the database knows of
// itself, and at the end the journal's own judgement on the result.
#include "storage/salvage.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "storage/file_head.hpp"
#include "storage/new_rows.hpp"
#include "storage/page_rows.hpp"
#include "storage/salvage_findings.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

// ---------------------------------------------------------------- the key

constexpr std::size_t candidate_keys_max = 256;

/// Goes over every row that can be read as one.
void for_each_row(const PageFile& pages, const std::function<void(const Row&)>& visit) {
  PageRows rows(pages);
  const PageRows::Visitor visitor{visit, [](std::optional<std::int64_t>, std::string_view) {}, [] {}};
  pages.for_each([&](std::uint32_t number, const Page& page, bool) { rows.visit(number, page, visitor); });
}

std::set<DigestKey> candidate_keys(const PageFile& pages) {
  std::set<DigestKey> keys;
  for_each_row(pages, [&keys](const Row& row) {
    const KnownTable* table = table_of(row);
    if (table == nullptr || keys.size() == candidate_keys_max) return;
    if (table->table != TableName::meta && table->table != TableName::epochs) return;
    const std::size_t column = table->table == TableName::meta ? MetaColumn::key : EpochColumn::key;
    const std::string_view stored = row.columns[column].bytes;
    DigestKey key{};
    if (stored.size() != key.size()) return;
    std::copy(stored.begin(), stored.end(), key.begin());
    keys.insert(key);
  });
  return keys;
}

/// A key that one row's digest fits, of whichever table: no damaged key can bring that about.
Result<DigestKey> find_key(const PageFile& pages, const DigestFactory& factory) {
  for (const DigestKey& key : candidate_keys(pages)) {
    const core::DigestFunction digest = factory(key);
    bool fits = false;
    for_each_row(pages, [&](const Row& row) {
      const KnownTable* table = fits ? nullptr : table_of(row);
      if (table != nullptr) fits = is_undamaged(*table, columns_of(row), digest);
    });
    if (fits) return key;
  }
  return Error{ErrorCode::damaged, "nothing to salvage: no copy of the digest key fits a row"};
}

// ---------------------------------------------------------------- what the database knows of itself

/// Of several versions what is safe: events are sent again rather than not, no number is given twice.
class MetaFold {
 public:
  /// False: it differs from the one before.
  bool take(std::span<const Value> columns) {
    Meta meta;
    meta.epoch = static_cast<std::int32_t>(columns[MetaColumn::epoch].integer);
    meta.availability_full = columns[MetaColumn::availability_full].integer != 0;
    meta.outbox.published = unpacked(columns[MetaColumn::published].integer);
    meta.outbox.acknowledged = unpacked(columns[MetaColumn::acknowledged].integer);
    meta.pruned_through = unpacked(columns[MetaColumn::pruned_through].integer);
    const std::string_view pruned = columns[MetaColumn::pruned_digest].bytes;
    if (pruned.size() == meta.pruned_digest.size()) std::ranges::copy(pruned, meta.pruned_digest.begin());
    meta.last_number = core::OrderNumber{columns[MetaColumn::last_number].integer};
    meta.store = store_of(columns);
    if (folded_) return join(meta), false;
    folded_ = meta;
    return true;
  }

  [[nodiscard]] const std::optional<Meta>& folded() const noexcept { return folded_; }

 private:
  void join(const Meta& other) {
    folded_->epoch = std::max(folded_->epoch, other.epoch);
    folded_->availability_full = folded_->availability_full || other.availability_full;
    folded_->outbox.published = std::min(folded_->outbox.published, other.outbox.published);
    folded_->outbox.acknowledged = std::min(folded_->outbox.acknowledged, other.outbox.acknowledged);
    if (other.pruned_through > folded_->pruned_through) {
      folded_->pruned_through = other.pruned_through;
      folded_->pruned_digest = other.pruned_digest;
    }
    folded_->last_number = std::max(folded_->last_number, other.last_number);
    // Of two an open store: a pause that somebody has ended would keep it closed, and nobody would know why.
    if (!other.store.paused) folded_->store = other.store;
  }
  static core::StoreState store_of(std::span<const Value> columns) {
    core::StoreState store;
    store.paused = columns[MetaColumn::paused].integer != 0;
    if (columns[MetaColumn::paused_until].kind == ValueKind::integer)
      store.until_wall_ms = columns[MetaColumn::paused_until].integer;
    store.since.steady_ms = columns[MetaColumn::paused_steady].integer;
    store.since.wall_ms = columns[MetaColumn::paused_wall].integer;
    const std::string_view boot = columns[MetaColumn::paused_boot].bytes;
    if (boot.size() == store.since.boot.size()) std::ranges::copy(boot, store.since.boot.begin());
    return store;
  }
  std::optional<Meta> folded_;
};

/// A damaged row counts where the next number's lies: elsewhere its very key may be damaged.
std::int64_t with_damaged(std::int64_t last, const std::vector<std::int64_t>& damaged) {
  const std::set<std::int64_t> numbers(damaged.begin(), damaged.end());
  while (numbers.contains(last + 1)) ++last;
  return last;
}

// ---------------------------------------------------------------- the pages

/// Said and not refused: the number itself may be what is damaged, and then nothing else would salvage the file.
constexpr const char* newer_schema =
    "the file is of a newer storegate by its schema version: what only that one knows is left out here; "
    "salvage "
    "the file with it, unless it never ran on this store";

bool is_newer(const PageFile& pages) {
  Page first{};
  pages.read(1, first);
  return head_of(std::span(std::as_const(first)).first<head_bytes>()).is_newer();
}

class Collecting {
 public:
  Collecting(const PageFile& pages, core::DigestFunction digest, NewRows& rows)
      : pages_(pages), page_rows_(pages), digest_(std::move(digest)), rows_(rows) {}

  Result<void> collect();
  Result<void> finish(const JournalOptions& into, const DigestKey& key);
  Result<void> count(SalvageReport& report);

 private:
  void take_page(std::uint32_t number, const Page& page, bool whole);
  void take_rows(std::uint32_t number, const Page& page);
  void take_row(const Row& row);
  void place(const KnownTable& table, std::span<const Value> columns);
  void judge_list(std::uint32_t number, const Page& page);
  bool is_twin(std::uint32_t number, const Page& page);
  void note_page(std::uint32_t number, std::string why) {
    findings_.note({"(page)", std::to_string(number), std::move(why)});
  }
  Result<Meta> meta_to_go_on_with();
  Result<std::int64_t> newest_epoch(const Meta& meta);
  Result<void> miss_epochs(const Meta& meta);

  const PageFile& pages_;
  PageRows page_rows_;
  core::DigestFunction digest_;
  NewRows& rows_;
  MetaFold meta_;
  SalvageFindings findings_;
  std::map<core::Digest, std::uint32_t> pages_seen_;  // with rows, by their content
  const KnownTable* table_of_page_ = nullptr;         // of the present page's undamaged rows
  Result<void> written_;
};

Result<void> Collecting::collect() {
  for (const DamagedRow& damage : pages_.damage()) findings_.note(damage);
  if (is_newer(pages_)) findings_.note({"(file)", "schema version", newer_schema});
  pages_.for_each([this](std::uint32_t number, const Page& page, bool whole) {
    if (written_) take_page(number, page, whole);
  });
  if (!written_) return written_;
  return findings_.compare(
      [this](const KnownTable& table, std::int64_t number) { return rows_.has(table, number); });
}

void Collecting::take_page(std::uint32_t number, const Page& page, bool whole) {
  if (!whole) note_page(number, "the disk could not read all of it");
  if (PageFile::is_list(number)) return judge_list(number, page);
  if (kind_of(number, page) == PageKind::other) {
    const PageUse use = pages_.use_of(number);
    if (number == 1 || use == PageUse::root || use == PageUse::tree)
      note_page(number, "it cannot be read; which rows it held is not known");
    return;
  }
  if (!is_twin(number, page)) take_rows(number, page);
}

/// A list that is damaged loses no row, but a lost page may go unnoticed.
void Collecting::judge_list(std::uint32_t number, const Page& page) {
  for (std::uint32_t entry = 0; entry * 5 + 5 <= page.size(); ++entry) {
    const unsigned char use = page.at(std::size_t{entry} * 5);
    if (pages_.has(number + 1 + entry) && (use == 0 || use > static_cast<unsigned char>(PageUse::tree)))
      return note_page(number, "its list of what pages are for is damaged: lost pages may go unnoticed");
  }
}

/// Two pages never have the same rows, unless one was written over the other. On the first page they lie elsewhere: what was
/// written over it has to be read in its own place.
bool Collecting::is_twin(std::uint32_t number, const Page& page) {
  const bool empty = page.at(3) == 0 && page.at(4) == 0;  // the number of cells
  if (number == 1 || empty) return false;
  const core::Digest print = digest_({reinterpret_cast<const char*>(page.data()), page.size()});
  const auto [seen, is_new] = pages_seen_.emplace(print, number);
  if (is_new) return false;
  note_page(number, "it holds the same as page " + std::to_string(seen->second) +
                        "; what it or that page held before is lost");
  return true;
}

void Collecting::take_rows(std::uint32_t number, const Page& page) {
  std::vector<std::pair<std::optional<std::int64_t>, std::string>> unreadable;
  table_of_page_ = nullptr;
  bool sound = true;
  page_rows_.visit(
      number, page,
      {[this](const Row& row) { take_row(row); },
       [&](std::optional<std::int64_t> rowid, std::string_view why) { unreadable.emplace_back(rowid, why); },
       [&] { sound = false; }});
  for (const auto& [rowid, why] : unreadable) findings_.left_out(table_of_page_, rowid, number, why);
  if (!sound) note_page(number, "its account of its space is damaged; rows of it may be missing");
}

void Collecting::take_row(const Row& row) {
  const std::vector<Value> columns = columns_of(row);
  const KnownTable* table = table_of(row);
  if (table == nullptr) {
    constexpr std::size_t schema_columns = 5;
    if (!row.by_rowid || columns.size() != schema_columns)
      findings_.note({"(unknown)", std::to_string(row.rowid), "a row with the columns of no table"});
    return;
  }
  if (!is_undamaged(*table, columns, digest_)) return findings_.left_out(*table, columns, digest_differs);
  table_of_page_ = table;
  place(*table, columns);
}

void Collecting::place(const KnownTable& table, std::span<const Value> columns) {
  constexpr std::string_view twice = "it was found on two pages";
  constexpr std::string_view versions = "two undamaged versions of it were found; the newer one was taken";
  if (table.table == TableName::meta) {
    if (!meta_.take(columns)) findings_.remark(table, columns, versions);
    return;
  }
  if (!written_) return;
  Result<Placed> placed = rows_.place(table, columns);
  if (!placed) {
    written_ = std::move(placed).error();
  } else if (*placed != Placed::fresh) {
    findings_.remark(table, columns, *placed == Placed::same ? twice : versions);
  }
}

// ---------------------------------------------------------------- the end

Result<Meta> Collecting::meta_to_go_on_with() {
  Meta meta = meta_.folded().value_or(Meta{});
  if (!meta_.folded()) {
    findings_.note({"meta", "1", "no undamaged row was found: every event counts as not published"});
    if (Result<void> found = rows_.find_pruned(digest_, meta); !found) return std::move(found).error();
  }
  Result<std::int64_t> last = rows_.number(
      "SELECT max(number) FROM (SELECT max(number) AS number FROM orders"
      " UNION ALL SELECT max(number) FROM bodies UNION ALL SELECT max(order_number) FROM events"
      " UNION ALL SELECT max(order_number) FROM key_aliases)");
  if (!last) return std::move(last).error();
  std::vector<std::int64_t> damaged = findings_.damaged_numbers(TableName::orders);
  std::ranges::copy(findings_.damaged_numbers(TableName::bodies), std::back_inserter(damaged));
  meta.last_number = core::OrderNumber{with_damaged(std::max(*last, value_of(meta.last_number)), damaged)};
  return meta;
}

Result<std::int64_t> Collecting::newest_epoch(const Meta& meta) {
  Result<std::int64_t> named = rows_.number(
      "SELECT max(ordinal) FROM (SELECT max(ordinal) AS ordinal FROM epochs"
      " UNION ALL SELECT max(position) >> 40 FROM events UNION ALL SELECT max(last_event) >> 40 FROM "
      "orders)");
  if (!named) return named;
  const std::int64_t known =
      std::max<std::int64_t>({*named, meta.epoch, meta.outbox.published.epoch, meta.outbox.acknowledged.epoch,
                              meta.pruned_through.epoch});
  return with_damaged(known, findings_.damaged_numbers(TableName::epochs));
}

/// Events of an epoch without a name cannot be given out.
Result<void> Collecting::miss_epochs(const Meta& meta) {
  Result<std::vector<std::int64_t>> used =
      rows_.numbers("SELECT DISTINCT position >> 40 FROM events LIMIT 100");
  if (!used) return std::move(used).error();
  std::set<std::int64_t> epochs(used->begin(), used->end());
  if (meta.epoch > 0) epochs.insert(meta.epoch);
  for (const std::int64_t epoch : epochs) {
    Result<bool> there = rows_.has(known(TableName::epochs), epoch);
    if (!there) return std::move(there).error();
    if (!*there)
      findings_.note(
          {"epochs", std::to_string(epoch), "no undamaged row was found: its events are not sent"});
  }
  return {};
}

Result<void> Collecting::finish(const JournalOptions& into, const DigestKey& key) {
  Result<Meta> meta = meta_to_go_on_with();
  if (!meta) return std::move(meta).error();
  if (Result<void> missed = miss_epochs(*meta); !missed) return missed;
  Result<std::int64_t> newest = newest_epoch(*meta);
  if (!newest) return std::move(newest).error();
  // Whatever was lost, no position is given twice: a new epoch begins.
  meta->digest_key = key;
  meta->epoch = static_cast<std::int32_t>(*newest + 1);
  return rows_.finish(digest_, *meta, {meta->epoch, into.fresh_epoch, into.wall_ms, "salvaged", key});
}

Result<void> Collecting::count(SalvageReport& report) {
  for (const KnownTable& table : known_tables()) {
    Result<std::int64_t> rows = rows_.number("SELECT count(*) FROM " + std::string(table.name));
    if (!rows) return std::move(rows).error();
    report.tables.push_back({std::string(table.name), *rows, findings_.damaged_rows(table.name)});
  }
  findings_.move_into(report);
  return {};
}

// ---------------------------------------------------------------- the judgement

class Judging {
 public:
  Judging(Journal& journal, SalvageReport& report) : journal_(journal), report_(report) {
    for (const SalvageFinding& finding : report.damaged)
      left_out_.emplace(finding.row.table, finding.row.key);
  }

  Result<void> judge() {
    Result<LoadReport> loaded = journal_.load({});
    if (!loaded) return std::move(loaded).error();
    tell(loaded->damaged);
    for (;;) {
      Result<Housekept> step = journal_.verify(rows_a_step);
      if (!step) return std::move(step).error();
      tell(step->damaged);
      if (step->finished) return {};
    }
  }

 private:
  static constexpr std::size_t rows_a_step = 1000;

  void tell(const std::vector<DamagedRow>& damaged) {
    for (const DamagedRow& row : damaged) {
      const bool known =
          row.why.starts_with("the row is missing") && left_out_.contains({row.table, row.key});
      if (known || !told_.emplace(row.table, row.key, row.why).second) continue;
      if (report_.contradictions.size() >= salvage_findings_max) {
        ++report_.unlisted;
        continue;
      }
      report_.contradictions.push_back({row, {}, {}});
      if (row.table == "orders") name_order(report_.contradictions.back());
    }
  }

  void name_order(SalvageFinding& finding) {
    const std::int64_t number = std::strtoll(finding.row.key.c_str(), nullptr, 10);
    Result<std::optional<core::Order>> order = journal_.find_order(core::OrderNumber{number});
    if (!order || !*order) return;
    finding.partner = (*order)->partner;
    finding.partner_order_id = (*order)->partner_order_id;
  }

  Journal& journal_;
  SalvageReport& report_;
  std::set<std::pair<std::string, std::string>> left_out_;
  std::set<std::tuple<std::string, std::string, std::string>> told_;
};

Result<void> judge(const JournalOptions& into, SalvageReport& report) {
  Result<Journal> journal = Journal::open(into);
  if (!journal) return std::move(journal).error();
  if (Result<void> judged = Judging(*journal, report).judge(); !judged) return judged;
  return journal->checkpoint(CheckpointMode::truncate);
}

Result<SalvageReport> make(const PageFile& pages, const DigestKey& key, const JournalOptions& into) {
  SalvageReport report;
  Result<NewRows> rows = NewRows::create(into);
  if (!rows) return std::move(rows).error();
  Collecting collecting(pages, into.digest(key), *rows);
  if (Result<void> done = collecting.collect(); !done) return std::move(done).error();
  if (Result<void> done = collecting.finish(into, key); !done) return std::move(done).error();
  if (Result<void> done = collecting.count(report); !done) return std::move(done).error();
  return report;
}

}  // namespace

Result<SalvageReport> salvage(const ByteSource& database, const ByteSource& wal, const JournalOptions& into) {
  const PageFile pages(database, wal);
  Result<DigestKey> key = find_key(pages, into.digest);
  if (!key) return is_newer(pages) ? Error{ErrorCode::invalid, newer_schema} : std::move(key).error();
  Result<SalvageReport> report = make(pages, *key, into);
  if (!report) return std::move(report).error().in("write the new database");
  if (Result<void> judged = judge(into, *report); !judged)
    return std::move(judged).error().in("read it again");
  return report;
}

}  // namespace storegate::storage
