// The medium: what lies on the flash, and what was written and not yet synced. Plays a log of steps forward and says
// what a power cut at that point could leave. It must not know SQLite, processes or faults.
//
// Fault model. Every unsynced write and truncate is kept, lost, or torn at sectors of 512 bytes, each by itself, so
// also out of order. What was not written reads as zeros. A folder's entry (a file made or removed) is lost until the
// folder is synced; a file's own entry also by a sync of that file. A write in progress may garble what else lies in
// its block of 4096 bytes (flash without "powersafe overwrite"). What was synced stays.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace storegate::disk {

using Bytes = std::vector<unsigned char>;

inline constexpr std::int64_t sector_bytes = 512;
inline constexpr std::int64_t block_bytes = 4096;

/// Files by name, as they lie on the medium.
struct Image {
  std::map<std::string, Bytes> files;
  friend bool operator==(const Image&, const Image&) = default;
};

/// A file for ever: one that is made anew under the same name is another.
using FileId = std::uint32_t;

enum class StepKind : std::uint8_t {
  create,       // `name` is `file` from now on
  remove,       // `name` is no more
  write,        // `bytes` at `offset`
  truncate,     // to `offset` bytes
  sync,         // of `file`: what it has is on the medium; its entry too
  sync_folder,  // all entries are on the medium
  fail_sync,  // of `file`: its unsynced writes that `bytes` marks 0 (a mark for each) never reach the medium
  mark,       // `offset` is the harness' own number: a turn was acknowledged, say
};

struct Step {
  StepKind kind = StepKind::mark;
  FileId file = 0;
  std::int64_t offset = 0;
  std::string name;
  std::shared_ptr<const Bytes> bytes;
};

/// What a power cut makes of one unsynced step.
struct Fate {
  bool kept = true;  // at all; for a write: the sectors below
  std::uint64_t sectors =
      ~0ULL;  // bit n: the n-th sector that the write touches (from the 64th on: as the last bit)
  std::uint64_t garble = 0;  // not 0: seed of the garble around a write that was in progress
  friend bool operator==(const Fate&, const Fate&) = default;
};

/// What the fates of a cut came to: a write of which some sectors arrived and others not, bytes around one that changed.
struct Spoiled {
  bool torn = false, garbled = false;
};

class Medium {
 public:
  Medium() = default;
  /// Everything in it counts as synced.
  explicit Medium(Image image);
  /// The file that lies under `name`, unsynced entries included; 0 = there is none.
  [[nodiscard]] FileId find(const std::string& name) const;

  /// Plays one step.
  void apply(const Step& step);
  /// Writes, truncates, files made and removed that a cut may undo, in the order they were made.
  [[nodiscard]] const std::vector<Step>& pending() const noexcept { return pending_; }
  /// What a cut now leaves: `fates` has one for each of pending().
  [[nodiscard]] Image cut(std::span<const Fate> fates) const {
    Spoiled spoiled;
    return cut(fates, spoiled);
  }
  /// The same, and what it did.
  [[nodiscard]] Image cut(std::span<const Fate> fates, Spoiled& spoiled) const;
  /// What a file has if nothing unsynced is lost: what a process reads whose clean pages were dropped.
  [[nodiscard]] Bytes content(FileId file) const;

 private:
  using Folder = std::map<std::string, FileId>;
  void sync(FileId file);
  void sync_folder();
  void fail_sync(const Step& step);

  std::map<FileId, Bytes> synced_;
  Folder folder_;
  std::vector<Step> pending_;
};

/// Writes over what there is and appends the rest; what lies between its end and `offset` becomes zeros.
void put(Bytes& bytes, std::int64_t offset, const unsigned char* from, std::int64_t count);
/// Carries a write or a truncate out on `bytes`, as far as `fate` lets it.
Spoiled carry_out(const Step& step, const Fate& fate, Bytes& bytes);

}  // namespace storegate::disk
