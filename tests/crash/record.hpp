// A recorded run: a station played by the script on a disk that records, with what the world knew at each step. From
// it every image that a cut could have left is rebuilt without running again. Judges nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "crash/check.hpp"
#include "crash/outside.hpp"
#include "crash/script.hpp"
#include "support/disk/disk.hpp"

namespace storegate::crash {

struct Recorded {
  PosClass pos_class = PosClass::deduplicates;
  disk::Disk::Recording disk;
  std::vector<Outside> moments;  // the n-th mark on the disk: what was known from there on
  std::uint64_t commits = 0;
  Broken failed;  // a start on an undamaged disk that did not work
};

struct RecordOptions {
  PosClass pos_class = PosClass::deduplicates;
  int happenings = 60;
  ScriptLimits script;
  bool ignore_syncs = false;  // a control
};

/// Plays on `image` (empty: a new store) from the world as `outside` has it.
[[nodiscard]] Recorded record(disk::Disk& disk, const RecordOptions& options, disk::Image image,
                              Outside outside);

}  // namespace storegate::crash
