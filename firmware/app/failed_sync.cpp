// A file's presence, and posix_fadvise.
#include "app/failed_sync.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace storegate::app {

namespace {
core::Error failure(const std::string& doing, int number) {
  return {core::ErrorCode::failed, doing + ": " + std::strerror(number)};
}

/// A file that is not there has no pages.
core::Result<void> drop_from_cache(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return {};
    return failure(path, errno);
  }
  const int advised = ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  ::close(descriptor);
  if (advised != 0) return failure(path, advised);
  return {};
}
}  // namespace

std::string failed_sync_marker(const std::string& socket) {
  if (socket.empty()) return {};
  return (std::filesystem::path(socket).parent_path() / "failed-sync").string();
}

core::Result<void> leave_marker(const std::string& marker) {
  if (marker.empty())
    return core::Error{core::ErrorCode::failed, "no folder for the failed-sync marker: reboot"};
  const int descriptor = ::open(marker.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure(marker + " (reboot instead)", errno);
  ::close(descriptor);
  return {};
}

core::Result<bool> heed_marker(const std::string& marker, const std::string& database) {
  if (marker.empty() || ::access(marker.c_str(), F_OK) != 0) return false;
  for (const char* suffix : {"", "-wal"})
    if (auto dropped = drop_from_cache(database + suffix); !dropped)
      return std::move(dropped).error().in("dropping pages after a failed sync");
  return true;
}

void remove_marker(const std::string& marker) noexcept {
  if (!marker.empty()) ::unlink(marker.c_str());
}

}  // namespace storegate::app
