// The schema's version and the way to it: forward only, each step in one transaction. Knows no row's meaning.
#pragma once

#include <cstdint>
#include <functional>

#include "core/result.hpp"
#include "storage/database.hpp"

namespace storegate::storage {

inline constexpr std::int64_t schema_version = 1;
/// "stog" in the file's header: says whose file this is.
inline constexpr std::int64_t application_id = 0x73746f67;

/// Whether this program may write the file; it only reads. Errors: invalid (a newer program's file, or another program's),
/// and whatever reading meets.
[[nodiscard]] core::Result<void> may_write(Database& database);

/// Brings a file that may be written to schema_version. An empty one gets all steps and `first_rows` in one transaction,
/// so that a half-made database cannot exist. True if it was empty. Errors: whatever writing meets.
[[nodiscard]] core::Result<bool> migrate(Database& database,
                                         const std::function<core::Result<void>()>& first_rows);

}  // namespace storegate::storage
