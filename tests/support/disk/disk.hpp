// Disk: a sqlite3_vfs kept wholly in memory, with a medium below a page cache. It can lose, tear, garble and refuse,
// counts and records what is done to it, and reads no clock and no randomness but what it is given. SQLite on it runs
// with locking_mode=EXCLUSIVE (there is no shared memory). One disk is used by one thread at a time; a process may
// have many. It must not know what is written on it.
//
// Three things can happen to a process on it:
//   kill()       from here on every call fails and changes nothing, as for a process that is gone;
//   restart()    a new process: the page cache is as the old one left it (also where the medium is not, see below);
//   power_cut()  the page cache is gone; of what was not synced the caller chooses what stays. Includes restart().
//
// A failed sync does what Linux does: the pages count as clean and keep their new bytes in the cache, and the medium
// keeps the old ones, until the page is written again (storage/README.md) or drop_clean_pages() has it read anew.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/disk/draws.hpp"
#include "support/disk/medium.hpp"

namespace storegate::disk {

enum class OpKind : std::uint8_t { open, read, write, truncate, sync, remove, access };
inline constexpr std::size_t op_kinds = 7;
[[nodiscard]] std::string_view name_of(OpKind kind) noexcept;

/// One call of SQLite that is about to be carried out.
struct Op {
  OpKind kind = OpKind::open;
  std::string_view file;    // "" = a nameless temporary one
  std::uint64_t index = 0;  // of all operations of this disk, from 1
  std::int64_t offset = 0;  // read, write; truncate: the new size
  std::int64_t bytes = 0;   // read, write
};

/// The n-th operation of a kind from now on fails.
struct Fault {
  OpKind kind = OpKind::write;
  std::uint64_t nth = 1;    // from 1
  int code = 0;             // SQLITE_IOERR_WRITE, SQLITE_FULL, …; 0 = the I/O error of that kind
  bool persistent = false;  // and every later one of the kind, until heal()
  std::string file_ends;    // only files whose name ends so: "-wal", ".db"; "" = all
};

/// Counts by kind, and the bytes that were written.
struct Counts {
  std::array<std::uint64_t, op_kinds> by_kind{};
  std::uint64_t bytes_written = 0;
  [[nodiscard]] std::uint64_t of(OpKind kind) const noexcept {
    return by_kind[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::uint64_t all() const noexcept;
};

class Disk {
 public:
  /// Called before each operation: SQLITE_OK lets it happen, any other code is its answer and nothing is done. May
  /// call kill(), plan() and mark() of this disk.
  using Hook = std::function<int(const Op&)>;
  /// The fate of one unsynced step at a power cut or of one unsynced write at a failed sync (there `kept` alone counts).
  using Choose = std::function<Fate(const Step&)>;

  /// Registers the VFS under `name`, which no other may have. `seed` is what xRandomness draws from.
  explicit Disk(std::string name, std::uint64_t seed = 1, Image image = {});
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // ---- what is on it

  /// Replaces everything by this image, synced; faults, counts, log and hook are gone. No file may be open.
  void reset(Image image, std::uint64_t seed = 1);
  /// The same without a medium below: quicker, for a run that sees no power cut, no failed sync and no recording.
  void reset_without_medium(Image image, std::uint64_t seed = 1);
  /// Files as a process reads them now (the page cache).
  [[nodiscard]] Image cached() const;
  /// The same of one file; nothing: there is none of that name.
  [[nodiscard]] const Bytes* cached(std::string_view name) const;
  /// What a cut now could undo, in the order it was made.
  [[nodiscard]] const std::vector<Step>& pending() const noexcept { return medium_.pending(); }
  /// What a cut with these fates would leave; changes nothing. One fate for each of pending().
  [[nodiscard]] Image cut_image(std::span<const Fate> fates) const { return medium_.cut(fates); }
  /// Files that are open: 0 after a process is gone.
  [[nodiscard]] std::size_t open_files() const noexcept { return open_files_; }
  /// Bytes of all files, as the cache has them.
  [[nodiscard]] std::int64_t used_bytes() const noexcept { return used_bytes_; }

  // ---- processes and power. No file may be open at restart() and power_cut(): the connection is closed before

  void kill() noexcept { dead_ = true; }
  [[nodiscard]] bool dead() const noexcept { return dead_; }
  void restart();
  void power_cut(const Choose& choose);
  void power_cut(std::span<const Fate> fates);
  /// posix_fadvise(DONTNEED): pages that are clean are read from the medium anew, dirty ones stay.
  void drop_clean_pages();

  // ---- faults

  /// Several may be planned; they count apart.
  void plan(Fault fault);
  /// Operations that failed by plan or for want of space since the last heal().
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
  /// All planned faults off, capacity unlimited. The number of operations that failed by them.
  std::uint64_t heal() noexcept;
  /// The disk is full beyond so many bytes of all files together; nothing = never.
  void set_capacity(std::optional<std::int64_t> bytes) noexcept { capacity_ = bytes; }
  [[nodiscard]] std::optional<std::int64_t> capacity() const noexcept { return capacity_; }
  /// What of the unsynced writes reached the medium although their sync failed; without it: none.
  void on_failed_sync(Choose choose) { failed_sync_ = std::move(choose); }
  /// A control: syncs are answered with success and sync nothing.
  void ignore_syncs(bool ignored) noexcept { ignore_syncs_ = ignored; }
  void set_hook(Hook hook) { hook_ = std::move(hook); }

  // ---- time, counts, the log

  void set_wall_ms(std::int64_t wall_ms) noexcept { wall_ms_ = wall_ms; }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  /// From now on every step is kept, and the image as it is now.
  void start_recording();
  /// The image at start_recording() and the steps since; played on Medium(image) they give every image of the run.
  struct Recording {
    Image start;
    std::vector<Step> steps;
  };
  [[nodiscard]] Recording stop_recording();
  /// Puts a number into the log between two steps.
  void mark(std::int64_t number);

 private:
  struct File;    // an inode
  struct Handle;  // SQLite's view of an open one
  struct Calls;   // the methods
  struct Registered;
  friend struct Calls;
  using Folder = std::map<std::string, std::shared_ptr<File>, std::less<>>;

  [[nodiscard]] int before(OpKind kind, std::string_view file, std::int64_t offset, std::int64_t bytes);
  [[nodiscard]] int planned_failure(OpKind kind, std::string_view file);
  void step(Step step);
  [[nodiscard]] int write(File& file, const unsigned char* from, std::int64_t bytes, std::int64_t offset);
  void write_down(File& file, std::int64_t offset, std::int64_t bytes);
  void truncate(File& file, std::int64_t size);
  [[nodiscard]] int sync(File& file);
  void fail_sync(File& file);
  void take(Image image);
  void must_be_closed() const;
  void reset_numbers();
  std::shared_ptr<File> open_file(const std::string& name, int flags);
  bool forget(const std::string& name);

  struct Planned {
    Fault fault;
    std::uint64_t seen = 0;
  };

  std::string name_;
  std::unique_ptr<Registered> vfs_;
  Draws randomness_;
  Medium medium_;
  Folder folder_;
  FileId next_file_ = 1;
  std::size_t open_files_ = 0;
  std::int64_t used_bytes_ = 0;
  std::int64_t wall_ms_ = 1'790'000'000'000;
  bool dead_ = false;
  bool has_medium_ = true;
  bool ignore_syncs_ = false;
  std::optional<std::int64_t> capacity_;
  std::vector<Planned> faults_;
  std::uint64_t failures_ = 0;
  Choose failed_sync_;
  Hook hook_;
  Counts counts_;
  std::optional<Recording> recording_;
};

/// SQLite's own random numbers (WAL salts) come from one generator of the process, seeded from the default VFS: this
/// seeds it, so that a run is repeated to the byte. Before each run; not while another thread uses SQLite.
void seed_sqlite(std::uint64_t seed) noexcept;

}  // namespace storegate::disk
