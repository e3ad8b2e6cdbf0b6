// A write-ahead log read without SQLite ("WAL-mode file format" in its documentation): which frame holds the newest
// committed content of each page. Knows nothing of what is on a page.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "storage/byte_source.hpp"

namespace storegate::storage {

struct WalPages {
  std::map<std::uint32_t, std::int64_t> content_at;  // page number to the offset of its bytes in the WAL
  std::uint32_t database_pages = 0;                  // after the last commit; 0: nothing was committed
  bool header_damaged = false;                       // SQLite would take none of it
  std::vector<std::int64_t> damaged_frames;          // from 1; of commits that had been synced
};

/// SQLite ends at the first frame that does not fit. This goes on behind it, since a frame's checksum goes by the one
/// that its predecessor has stored: a commit with a damaged frame in it counts, without that frame, once the next
/// commit was begun behind it, for only then had it been synced; what a power cut left half written does not. It ends
/// where two frames on end are of an earlier use of the file.
[[nodiscard]] WalPages read_wal(const ByteSource& wal);

}  // namespace storegate::storage
