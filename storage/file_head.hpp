// Whose a database file is and of which schema version, found without SQLite and without changing anything: no lock is
// taken, no WAL is copied, no -shm appears.
#pragma once

#include <cstdint>
#include <string>

#include "storage/byte_source.hpp"

namespace storegate::storage {

/// As the last commit left it, which may still lie in the WAL. Damage may stand in any of it: the first page has no digest.
struct FileHead {
  bool empty = false;        // not a byte in the file, and no page of it in the WAL
  bool is_database = false;  // of SQLite, whoever wrote it
  bool has_tables = false;   // false: its creation was cut, and a start makes it anew
  bool in_use = false;       // somebody else has it open for writing
  std::int64_t application_id = 0;
  std::int64_t schema_version = 0;

  [[nodiscard]] bool is_ours() const noexcept;
  /// Written by a newer storegate: this one neither opens nor salvages it whole.
  [[nodiscard]] bool is_newer() const noexcept;
};

inline constexpr std::size_t head_bytes = 105;  // of the first page, as far as it is looked at

/// Of the first page; `empty` and `in_use` cannot be seen there.
[[nodiscard]] FileHead head_of(std::span<const unsigned char, head_bytes> first_page);

/// Of a file and its WAL. Errors: not_found, invalid (not a file), failed.
[[nodiscard]] core::Result<FileHead> read_head(const std::string& path);

}  // namespace storegate::storage
