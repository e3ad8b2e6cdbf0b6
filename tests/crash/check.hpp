// The checks of one image: opened and loaded by the real journal, held against what the world knew when the power
// went. Each check is a rule of the design; none asks the code under test what is right.
#pragma once

#include <optional>
#include <string>

#include "core/result.hpp"
#include "crash/outside.hpp"
#include "storage/journal.hpp"
#include "support/disk/disk.hpp"

namespace storegate::crash {

/// A rule that was broken: which, and how. Empty `rule`: none was.
struct Broken {
  std::string rule;
  std::string what;
  [[nodiscard]] explicit operator bool() const noexcept { return !rule.empty(); }
};

/// An image that was opened; the journal may be run on.
struct Opened {
  std::optional<storage::Journal> journal;
  core::Loaded loaded;
  Broken broken;
  bool refused = false;  // `broken` says that the journal could not be opened or read at all
};

/// Opens the journal on `disk` and checks I1 to I5 against `world`.
[[nodiscard]] Opened open_and_check(disk::Disk& disk, const Outside& world);

/// The rules that hold for loaded rows at any time: I1, I2, I4, I5.
[[nodiscard]] Broken check_orders(const core::Loaded& loaded, const Outside& world);
/// I3: the events on disk have no gap, and those that were published are there as they were.
[[nodiscard]] Broken check_events(storage::Journal& journal, const core::Loaded& loaded,
                                  const Outside& world);

}  // namespace storegate::crash
