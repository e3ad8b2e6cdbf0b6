// Findings as a list with an end.
#include "storage/salvage_findings.hpp"

namespace storegate::storage {
namespace {

/// Names the order as its partner would.
SalvageFinding finding_of(const KnownTable& table, std::span<const Value> columns, std::string_view why) {
  SalvageFinding finding{{std::string(table.name), key_of(table, columns), std::string(why)}, {}, {}};
  if (table.table != TableName::orders) return finding;
  finding.partner = columns[OrderColumn::partner].bytes;
  finding.partner_order_id = columns[OrderColumn::partner_order_id].bytes;
  return finding;
}

}  // namespace

void SalvageFindings::add(Noted noted) {
  if (noted_.size() < salvage_findings_max) {
    noted_.push_back(std::move(noted));
  } else {
    ++unlisted_;
  }
}

void SalvageFindings::left_out(const KnownTable& table, std::span<const Value> columns,
                               std::string_view why) {
  ++damaged_rows_[std::string(table.name)];
  Noted noted{finding_of(table, columns, why), {}};
  if (table.by_rowid) noted.number = {table.table, columns[0].integer};
  add(std::move(noted));
}

void SalvageFindings::left_out(const KnownTable* table, std::optional<std::int64_t> rowid, std::uint32_t page,
                               std::string_view why) {
  const std::string name(table == nullptr ? "(unknown)" : table->name);
  ++damaged_rows_[name];
  Noted noted{{{name, "on page " + std::to_string(page), std::string(why)}, {}, {}}, {}};
  if (table != nullptr && table->by_rowid && rowid) {
    noted.finding.row.key = key_of_number(*table, *rowid);
    noted.number = {table->table, *rowid};
  }
  add(std::move(noted));
}

void SalvageFindings::remark(const KnownTable& table, std::span<const Value> columns, std::string_view why) {
  add({finding_of(table, columns, why), {}});
}

std::vector<std::int64_t> SalvageFindings::damaged_numbers(TableName table) const {
  std::vector<std::int64_t> numbers;
  for (const Noted& noted : noted_) {
    if (noted.number && noted.number->first == table) numbers.push_back(noted.number->second);
  }
  return numbers;
}

std::int64_t SalvageFindings::damaged_rows(std::string_view table) const {
  const auto rows = damaged_rows_.find(table);
  return rows == damaged_rows_.end() ? 0 : rows->second;
}

void SalvageFindings::move_into(SalvageReport& report) {
  for (Noted& noted : noted_) report.damaged.push_back(std::move(noted.finding));
  report.unlisted += unlisted_;
}

}  // namespace storegate::storage
