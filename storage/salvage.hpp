// Salvage: a new database out of what is undamaged in a damaged one, whatever SQLite says of that. The damaged files are
// only read. Every row is judged by its own digest; what contradicts itself is found out by the journal afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/byte_source.hpp"
#include "storage/journal.hpp"

namespace storegate::storage {

/// Something that is damaged, missing or in contradiction. A table in parentheses is no table but where it was seen.
struct SalvageFinding {
  DamagedRow row;
  std::string partner;  // of an order, as far as its row can be read; a damaged row may be wrong in this too
  std::string partner_order_id;
};

struct SalvageReport {
  struct Table {
    std::string name;
    std::int64_t salvaged = 0;  // rows in the new database
    std::int64_t damaged = 0;   // rows left out
  };
  std::vector<Table> tables;
  std::vector<SalvageFinding> damaged;  // left out, or seen twice
  std::vector<SalvageFinding>
      contradictions;         // rows that came over, or are missed: the service does not act on them
  std::int64_t unlisted = 0;  // findings beyond those listed

  [[nodiscard]] bool all_undamaged() const noexcept { return damaged.empty() && contradictions.empty(); }
};

/// Reads a database and its WAL, and creates another at `into.path`, with `into.fresh_epoch` as its new epoch's name.
/// The digest key is the found one. Errors: damaged (nothing to salvage: no row fits a digest key), conflict (there is a
/// database at into.path), disk_full, sync_failed, failed; then into.path is not to be used.
[[nodiscard]] core::Result<SalvageReport> salvage(const ByteSource& database, const ByteSource& wal,
                                                  const JournalOptions& into);

struct SalvageRequest {
  std::string file;
  std::string out;  // "" = the file's name with ".salvaged" behind it
  DigestFactory digest;
  std::string fresh_epoch;  // unique for ever
  std::int64_t wall_ms = 0;
};

/// The output's name.
[[nodiscard]] std::string salvage_output(const SalvageRequest& request);

/// The same with files. The output appears whole or not at all, and never in another file's place. Further errors:
/// not_found, invalid (not a file), unavailable (a journal has it open), conflict (the output, or a WAL of it, exists).
[[nodiscard]] core::Result<SalvageReport> salvage_file(const SalvageRequest& request);

}  // namespace storegate::storage
