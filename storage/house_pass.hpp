// HousePass: which chore of housekeeping comes next, and when the WAL is cut. Asked by whoever keeps house, the product
// and the simulator. It must not know of time, threads or the journal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace storegate::storage {

enum class Chore : std::uint8_t { erase, prune, shrink, truncate, verify, rest };

class HousePass {
 public:
  /// What comes behind it, whether or not it was done this time.
  [[nodiscard]] Chore after(Chore chore) const noexcept;
  /// A step of it went well and touched so many rows: what comes next, the same chore until its pass has `finished`.
  [[nodiscard]] Chore done(Chore chore, std::size_t rows, bool finished) noexcept;

 private:
  /// The WAL may hold bytes of rows that were erased or pruned; at first, since the process before may have ended in between.
  bool unwiped_ = true;
};

}  // namespace storegate::storage
