// Stock: what the service finds on disk at start: the journal, opened or made, and the rows folded from it. It must
// not know who will work with them.
#pragma once

#include <string>
#include <vector>

#include "app/config.hpp"
#include "core/messages.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "storage/counting_vfs.hpp"
#include "storage/journal.hpp"

namespace storegate::app {

struct Stock {
  storage::Journal journal;
  core::DigestFunction digest;  // the journal's, for whoever must tell one body from another
  core::Loaded loaded;
  std::vector<storage::DamagedRow> damaged;  // already in the log
};

/// Opens the journal over `vfs`, drops what the page cache may hold wrongly after a failed sync, loads the rows and
/// reports the damaged ones. Errors: as Journal::open and load, with what was being done.
[[nodiscard]] core::Result<Stock> open_stock(const Config& config, const storage::CountingVfs& vfs,
                                             const core::Now& now);

}  // namespace storegate::app
