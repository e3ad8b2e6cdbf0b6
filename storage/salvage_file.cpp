// Salvage of files: what is read is locked and left alone; what is written has a name of its own until it is finished.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "storage/salvage.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

/// The database while it is made. Gone at the end of its scope, unless it has got its name.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    for (const char* ending : {"", "-wal", "-journal"}) ::unlink((path_ + ending).c_str());
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Errors: conflict (it exists), disk_full, failed.
  [[nodiscard]] Result<void> name(const std::string& out) const {
    int result = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, out.c_str(), RENAME_NOREPLACE);
    // A file system that does not know this knows hard links, as a rule.
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) result = ::link(path_.c_str(), out.c_str());
    if (result == 0) return sync_folder_of(out);
    const ErrorCode code = errno == EEXIST   ? ErrorCode::conflict
                           : errno == ENOSPC ? ErrorCode::disk_full
                                             : ErrorCode::failed;
    return Error{code, out + ": " + std::generic_category().message(errno)};
  }

 private:
  static Result<void> sync_folder_of(const std::string& out) {
    const std::filesystem::path folder = std::filesystem::path(out).parent_path();
    const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (synced) return {};
    ::unlink(out.c_str());
    return Error{ErrorCode::sync_failed, "sync the folder of " + out};
  }
  std::string path_;
};

Result<void> must_be_free(const std::string& out) {
  // A WAL under that name would be taken for the new database's own.
  for (const char* ending : {"", "-wal"}) {
    if (::faccessat(AT_FDCWD, (out + ending).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
      return Error{ErrorCode::conflict,
                   out + ending + " exists: move it away, or choose another name with --out"};
  }
  return {};
}

}  // namespace

std::string salvage_output(const SalvageRequest& request) {
  return request.out.empty() ? request.file + ".salvaged" : request.out;
}

Result<SalvageReport> salvage_file(const SalvageRequest& request) {
  Result<std::unique_ptr<FileSource>> database = FileSource::open(request.file);
  if (!database) return std::move(database).error();
  if (Result<void> locked = (*database)->lock_against_writers(); !locked)
    return std::move(locked).error().in(request.file);
  Result<std::unique_ptr<ByteSource>> wal = open_wal_of(request.file);
  if (!wal) return std::move(wal).error();
  const std::string out = salvage_output(request);
  if (Result<void> free = must_be_free(out); !free) return std::move(free).error();

  const Unfinished unfinished(out + "." + request.fresh_epoch + ".part");
  JournalOptions into;
  into.path = unfinished.path();
  into.digest = request.digest;
  into.fresh_epoch = request.fresh_epoch;
  into.wall_ms = request.wall_ms;
  Result<SalvageReport> report = salvage(**database, **wal, into);
  if (!report) return std::move(report).error().in(request.file);
  (*database)->lend_rights_to(unfinished.path());
  if (Result<void> named = unfinished.name(out); !named) return std::move(named).error();
  return report;
}

}  // namespace storegate::storage
