// Part three: rot. Bits flip, sectors die, pages come back from the past or land elsewhere, rows vanish, in the database
// file of a store that rests. What is left undamaged loads as it was; what is not is reported or refused; and nothing
// that differs from what was written ever leaves the box. What is refused is salvaged: every order comes over whose page
// nobody touched, and
// the engine goes on in a new epoch, with a cloud that remembers the old one. Rot in the WAL is told from it: SQLite ends the WAL there.
#pragma once

#include <cstdint>

#include "crash/campaign.hpp"

namespace storegate::crash {

struct RotOptions {
  std::uint64_t seed = 1;
  int images = 400;  // of each unit
};

enum class RotFigure : std::size_t {
  images,
  refused,
  reported,
  harmless,
  run_on,
  rows_reported,
  lost_unseen,
  stale_unseen,
  salvaged,
  new_epochs,
  unsure
};
inline constexpr const char* rot_figures[] = {"images",   "refused",       "reported",    "harmless",
                                              "run_on",   "rows_reported", "lost_unseen", "stale_unseen",
                                              "salvaged", "new_epochs",    "unsure"};

void run_rot(const RotOptions& options, std::uint64_t number, Unit& unit);

}  // namespace storegate::crash
