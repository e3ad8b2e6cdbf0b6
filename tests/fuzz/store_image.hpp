// A small store as bytes, to be damaged: every table has rows, and orders are in every phase.
#pragma once

#include "storage/journal.hpp"
#include "support/disk/disk.hpp"

namespace storegate::fuzz {

inline constexpr const char* store_path = "/orders.db";
inline constexpr std::int64_t store_orders = 14;

struct StoreImage {
  disk::Bytes database, wal;
};

/// Made through the journal with this digest; what was last lies in the WAL.
[[nodiscard]] StoreImage make_store(const storage::DigestFactory& digest);

/// How a journal opens it.
[[nodiscard]] storage::JournalOptions options_on(const disk::Disk& disk,
                                                 const storage::DigestFactory& digest);

/// Reads everything that the service reads of a journal, keeps house in it and writes to it; nothing of it may be more
/// than an error.
void use_journal(storage::Journal& journal);

}  // namespace storegate::fuzz
