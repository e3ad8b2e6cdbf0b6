// A look at the disk may hang on a card that stalls: it is a job of the store thread like every other.
#include "app/space_watch.hpp"

#include <filesystem>
#include <system_error>

#include "platform/log.hpp"
#include "storage/journal.hpp"

namespace storegate::app {

namespace {
// Half of what is promised from the moment there is room again (5 s).
constexpr std::chrono::milliseconds between_looks{2'000};
constexpr std::int64_t mib = 1024 * 1024;

Space look_at(storage::Journal& journal, const std::filesystem::path& folder, core::Position published,
              bool any_waits) {
  Space space;
  if (const auto bytes = journal.database_bytes()) space.database = *bytes;
  if (const auto bytes = journal.unused_bytes()) space.unused = *bytes;
  space.wal = journal.wal_bytes();
  space.reserve = journal.reserve_bytes();
  std::error_code unknown;
  const auto disk = std::filesystem::space(folder, unknown);
  if (!unknown) space.free = static_cast<std::int64_t>(disk.available);
  if (!any_waits) return space;
  const auto oldest = journal.events_after(published, 1, 1);
  if (oldest && !oldest->events.empty())
    space.oldest_waiting_wall_ms = oldest->events.front().record.at_wall_ms;
  return space;
}
}  // namespace

void SpaceWatch::measure() {
  auto folder = std::filesystem::path(config_.storage.path).parent_path();
  const auto& outbox = turns_.engine().outbox();
  store_.submit(
      Urgency::read,
      [this, folder = folder.empty() ? "." : std::move(folder), published = outbox.marks().published,
       any_waits = outbox.waiting() > 0](storage::Journal& journal) -> Completion {
        return [this, space = look_at(journal, folder, published, any_waits)] { measured(space); };
      });
}

void SpaceWatch::measured(const Space& space) {
  space_ = space;
  const auto room = this->room();
  const auto before = turns_.engine().gateway().room();
  if (room != before) {
    if (room == core::StorageRoom::enough)
      platform::log_info("there is room for new orders again", {{"free_bytes", space.free.value_or(-1)}});
    else
      platform::log_error(room == core::StorageRoom::disk_low
                              ? "less free space than storage.min_free_mib: new orders are refused"
                              : "the database has grown beyond storage.max_mib: new orders are refused",
                          {{"free_bytes", space.free.value_or(-1)}, {"used_bytes", space.used()}});
    turns_.offer(core::StorageMeasured{room});
  }
  timer_ = loop_.after(between_looks, [this] { measure(); });
}

core::StorageRoom SpaceWatch::room() const noexcept {
  const auto& limits = config_.storage;
  if (space_.free && *space_.free < limits.min_free_mib * mib) return core::StorageRoom::disk_low;
  if (limits.max_mib > 0 && space_.used() > limits.max_mib * mib) return core::StorageRoom::database_full;
  return core::StorageRoom::enough;
}

bool SpaceWatch::prunes_by_size() const noexcept {
  return storage::too_large(space_.used(), config_.storage.max_mib * mib);
}

}  // namespace storegate::app
