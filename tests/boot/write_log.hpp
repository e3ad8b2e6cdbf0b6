// The log of a disk's writes as qemu's blklogwrites keeps it (the format of Linux's dm-log-writes), and the disk that a power
// cut at any moment could have left. Knows nothing of what is on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace storegate::boot {

/// One entry. A flush has no bytes: it says that every write before it is on the disk for good.
struct LoggedWrite {
  std::uint64_t disk_offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t log_offset = 0;  // where the bytes stand in the log; of no meaning for a discard
  bool is_flush = false;
  bool is_forced = false;  // FUA: on the disk for good by itself
  bool is_discard = false;
};

/// Whether the disk did what a flush asks of it. One that lies is a control: orders must be lost on it.
enum class Flushes { heeded, ignored };

class WriteLog {
 public:
  /// Reads the heads of a log of one boot; the file must stay. Throws std::runtime_error: there is none, or it is no such log, or it ends too early.
  explicit WriteLog(const std::string& path);

  [[nodiscard]] const std::vector<LoggedWrite>& entries() const noexcept { return entries_; }

  /// Makes of the file `image`, the disk as it was at the start of the log, what a cut right after the first `count` entries
  /// leaves: what a flush or FUA has made sure of, and of the other writes those that `kept` says yes to (called with their
  /// places in entries(), in order). Throws std::runtime_error if it cannot be written.
  void cut(std::size_t count, const std::function<bool(std::size_t)>& kept, const std::string& image,
           Flushes flushes = Flushes::heeded) const;

 private:
  std::string path_;
  std::vector<LoggedWrite> entries_;
};

/// How many entries the log of a running machine has by its first sector, which qemu writes anew at each flush: what was
/// told to be durable before the call is among them. 0: there is no log yet.
[[nodiscard]] std::uint64_t entries_logged(const std::string& path);

}  // namespace storegate::boot
