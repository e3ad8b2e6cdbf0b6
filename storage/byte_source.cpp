// Bytes from memory or from a file; a file is read again sector by sector where it cannot be read at once. statx and not
// fstat: its sizes and times have 64 bits everywhere, and fstat fails on 32-bit ARM for a file written after 2038.
#include "storage/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t sector_bytes = 512;

Error error_of(const std::string& what) {
  const int system = errno;
  const ErrorCode code = system == ENOENT ? ErrorCode::not_found : ErrorCode::failed;
  return {code, what + ": " + std::generic_category().message(system)};
}

/// The bytes that SQLite locks (os_unix.c). A journal holds them for writing as long as it lives, since its locking mode
/// is EXCLUSIVE.
struct flock lock_of_readers() noexcept {
  struct flock lock = {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0x40000000 + 2;
  lock.l_len = 510;
  return lock;
}

}  // namespace

bool MemorySource::read(std::int64_t offset, std::span<unsigned char> into) const noexcept {
  std::ranges::fill(into, static_cast<unsigned char>(0));
  if (offset < 0 || offset >= size()) return into.empty();
  const std::span<const unsigned char> from = bytes_.subspan(static_cast<std::size_t>(offset));
  const std::size_t there = std::min(from.size(), into.size());
  std::copy_n(from.begin(), there, into.begin());
  return there == into.size();
}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return error_of(path);
  struct statx status = {};
  const bool known = ::statx(descriptor, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &status) == 0;
  std::unique_ptr<FileSource> source(
      new FileSource(descriptor, known ? static_cast<std::int64_t>(status.stx_size) : 0));
  if (!known) return error_of(path);
  if (!S_ISREG(status.stx_mode)) return Error{ErrorCode::invalid, path + " is not a file"};
  return source;
}

FileSource::~FileSource() { ::close(descriptor_); }

Result<void> FileSource::lock_against_writers() {
  // An open file description's lock, so that another descriptor's end does not drop it.
  struct flock lock = lock_of_readers();
  if (::fcntl(descriptor_, F_OFD_SETLK, &lock) == 0) return {};
  if (errno == EAGAIN || errno == EACCES)
    return Error{ErrorCode::unavailable, "another process has it open: stop the service first"};
  return error_of("lock");
}

bool FileSource::has_writer() const noexcept {
  struct flock lock = lock_of_readers();
  return ::fcntl(descriptor_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void FileSource::lend_rights_to(const std::string& path) const noexcept {
  struct statx status = {};
  if (::statx(descriptor_, "", AT_EMPTY_PATH, STATX_MODE | STATX_UID | STATX_GID, &status) != 0) return;
  // Who may not give a file away keeps it: then the person who moves it there sets the owner.
  if (::chown(path.c_str(), status.stx_uid, status.stx_gid) != 0) return;
  static_cast<void>(::chmod(path.c_str(), status.stx_mode & 0777U));
}

bool FileSource::read_once(std::int64_t offset, std::span<unsigned char> into) const noexcept {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(descriptor_, into.data() + done, into.size() - done,
                                offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

bool FileSource::read(std::int64_t offset, std::span<unsigned char> into) const noexcept {
  if (read_once(offset, into)) return true;
  for (std::size_t at = 0; at < into.size(); at += sector_bytes) {
    const auto sector = into.subspan(at, std::min(sector_bytes, into.size() - at));
    std::ranges::fill(sector, static_cast<unsigned char>(0));
    if (offset + static_cast<std::int64_t>(at) >= size_) continue;
    if (!read_once(offset + static_cast<std::int64_t>(at), sector) &&
        offset + static_cast<std::int64_t>(at + sector.size()) <= size_) {
      std::ranges::fill(sector, static_cast<unsigned char>(0));
    }
  }
  return false;
}

Result<std::unique_ptr<ByteSource>> open_wal_of(const std::string& path) {
  Result<std::unique_ptr<FileSource>> wal = FileSource::open(path + "-wal");
  if (wal) return std::unique_ptr<ByteSource>(std::move(*wal));
  if (wal.error().code != ErrorCode::not_found) return std::move(wal).error();
  return std::unique_ptr<ByteSource>(std::make_unique<MemorySource>(std::span<const unsigned char>()));
}

}  // namespace storegate::storage
