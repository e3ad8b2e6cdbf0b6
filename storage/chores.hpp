// Chores: which piece of housekeeping comes next. A pure value; it must not know how often, nor who carries it out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace storegate::storage {

enum class Chore : std::uint8_t {
  erase,     // customers' data of orders that ended long ago
  prune,     // rows that have had their days
  shrink,    // unused pages back to the disk
  truncate,  // the WAL, while it may hold bytes that were erased or pruned
  verify,    // digests, one step a pass: it has no end
  rest,      // the pass is over
};

class Chores {
 public:
  [[nodiscard]] Chore current() const noexcept { return current_; }

  /// The current chore did one step: `rows` were erased or removed; `finished`: there is no more of it in this pass.
  void done(std::size_t rows, bool finished) noexcept {
    const bool removes = current_ == Chore::erase || current_ == Chore::prune;
    if (removes && rows > 0) wal_holds_them_ = true;
    if (current_ == Chore::truncate) wal_holds_them_ = false;
    if (finished || current_ == Chore::verify) go_on();
  }
  /// It failed, or there is nothing for it to go by: it has its turn again in the next pass, and keeps nobody from theirs.
  void skip() noexcept { go_on(); }

 private:
  void go_on() noexcept {
    switch (current_) {
      case Chore::erase: current_ = Chore::prune; return;
      case Chore::prune: current_ = Chore::shrink; return;
      case Chore::shrink: current_ = wal_holds_them_ ? Chore::truncate : Chore::verify; return;
      case Chore::truncate: current_ = Chore::verify; return;
      case Chore::verify: current_ = Chore::rest; return;
      case Chore::rest: current_ = Chore::erase; return;
    }
  }

  Chore current_ = Chore::rest;
  bool wal_holds_them_ = true;  // a process before this one may have ended between the two
};

}  // namespace storegate::storage
