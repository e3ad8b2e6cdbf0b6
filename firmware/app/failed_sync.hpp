// The failed-sync marker: after a failed sync the kernel may hold pages that are not on the disk, and they outlive
// the process. The marker lies in a folder that a reboot empties and tells the next start to drop those pages before
// it believes what it reads (storage/README.md). It must not know what is in the database.
#pragma once

#include <string>

#include "core/result.hpp"

namespace storegate::app {

/// The marker's path: in the folder of the API's socket. "" if there is no socket, hence no such folder.
[[nodiscard]] std::string failed_sync_marker(const std::string& socket);

/// Leaves the marker. Errors: failed, with what a person must do instead.
[[nodiscard]] core::Result<void> leave_marker(const std::string& marker);

/// If the marker is there: drops database and WAL from the page cache. True if it was there.
[[nodiscard]] core::Result<bool> heed_marker(const std::string& marker, const std::string& database);

/// The database was opened: the marker has done its work.
void remove_marker(const std::string& marker) noexcept;

}  // namespace storegate::app
