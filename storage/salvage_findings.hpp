// What salvage has to report, collected while it goes: bounded, whatever the file holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/known_tables.hpp"
#include "storage/salvage.hpp"

namespace storegate::storage {

class SalvageFindings {
 public:
  /// About no row in particular.
  void note(DamagedRow what) { add({{std::move(what), {}, {}}, {}}); }
  /// A row that is left out. Its columns as far as they can be read.
  void left_out(const KnownTable& table, std::span<const Value> columns, std::string_view why);
  /// A row whose columns cannot be read. Null: not even whose it was.
  void left_out(const KnownTable* table, std::optional<std::int64_t> rowid, std::uint32_t page,
                std::string_view why);
  /// A row that came over and about which there is something to say.
  void remark(const KnownTable& table, std::span<const Value> columns, std::string_view why);

  /// Numbers under which damaged rows of a table were seen; the numbers may be damaged themselves.
  [[nodiscard]] std::vector<std::int64_t> damaged_numbers(TableName table) const;
  /// Says of each row that was left out whether another version of it came over.
  template <typename Has>
  [[nodiscard]] core::Result<void> compare(Has has);

  [[nodiscard]] std::int64_t damaged_rows(std::string_view table) const;
  void move_into(SalvageReport& report);

 private:
  struct Noted {
    SalvageFinding finding;
    std::optional<std::pair<TableName, std::int64_t>> number;  // of a row that was left out
  };
  void add(Noted noted);
  std::vector<Noted> noted_;
  std::int64_t unlisted_ = 0;
  std::map<std::string, std::int64_t, std::less<>> damaged_rows_;
};

inline constexpr std::size_t salvage_findings_max = 10'000;

template <typename Has>
core::Result<void> SalvageFindings::compare(Has has) {
  for (Noted& noted : noted_) {
    if (!noted.number) continue;
    core::Result<bool> there = has(known(noted.number->first), noted.number->second);
    if (!there) return std::move(there).error();
    if (*there) noted.finding.row.why += "; an undamaged version was found";
  }
  return {};
}

}  // namespace storegate::storage
