// The order of things before the first decision: marker, journal, rows.
#include "app/stock.hpp"

#include <span>
#include <utility>

#include "app/failed_sync.hpp"
#include "platform/digest.hpp"
#include "platform/log.hpp"
#include "platform/random.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::app {

namespace {
// Carries thousands of running orders to their ends on a full disk (storage/README.md).
constexpr std::int64_t reserve_bytes = 8 * 1024 * 1024;

storage::JournalOptions options_of(const Config& config, const storage::CountingVfs& vfs,
                                   const core::Now& now) {
  storage::JournalOptions options;
  options.path = config.storage.path;
  options.vfs = vfs.name();
  options.digest = storage::sip_digest;
  options.fresh_key = platform::random_bytes<32>();
  options.fresh_epoch = platform::to_hex(platform::random_bytes<10>());
  options.wall_ms = now.wall_ms;
  options.reserve_bytes = reserve_bytes;
  return options;
}

/// A sync that fails while the WAL is recovered leaves pages in the cache that the disk does not have, as one under a
/// commit does: the next start must drop them.
core::Error failure(core::Error why, const std::string& marker) {
  if (why.code != core::ErrorCode::sync_failed) return why;
  if (auto left = leave_marker(marker); !left) why.context += "; " + left.error().context;
  return why;
}

void report(const std::vector<storage::DamagedRow>& damaged) {
  for (const auto& row : damaged)
    platform::log_error("damaged row: it is not used, a person must look",
                        {{"table", row.table}, {"key", row.key}, {"why", row.why}});
}
}  // namespace

core::Result<Stock> open_stock(const Config& config, const storage::CountingVfs& vfs, const core::Now& now) {
  const auto marker = failed_sync_marker(config.http.socket);
  auto heeded = heed_marker(marker, config.storage.path);
  if (!heeded) return std::move(heeded).error();
  if (*heeded) platform::log_warn("an earlier run had a failed sync: pages not on the disk were dropped");

  auto journal = storage::Journal::open(options_of(config, vfs, now));
  if (!journal) return failure(std::move(journal).error().in("opening " + config.storage.path), marker);
  auto report_of =
      journal->load(storage::IdentityWindow{now, config.storage.order_id_reuse_hours * core::hour_ms});
  if (!report_of) return failure(std::move(report_of).error().in("reading " + config.storage.path), marker);
  remove_marker(marker);
  report(report_of->damaged);
  auto digest = journal->digest();
  return Stock{std::move(*journal), std::move(digest), std::move(report_of->loaded),
               std::move(report_of->damaged)};
}

}  // namespace storegate::app
