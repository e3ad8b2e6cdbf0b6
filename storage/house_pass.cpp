// A pass: erase, prune, shrink, then the WAL if a customer's bytes may be left in it, then a look at digests.
#include "storage/house_pass.hpp"

namespace storegate::storage {

Chore HousePass::after(Chore chore) const noexcept {
  switch (chore) {
    case Chore::erase: return Chore::prune;
    case Chore::prune: return Chore::shrink;
    case Chore::shrink: return unwiped_ ? Chore::truncate : Chore::verify;
    case Chore::truncate: return Chore::verify;
    case Chore::verify: return Chore::rest;
    case Chore::rest: return Chore::erase;
  }
  return Chore::rest;
}

Chore HousePass::done(Chore chore, std::size_t rows, bool finished) noexcept {
  // A pruned order may have gone before its customer was erased: a store that keeps rows for less time than customers, or
  // whose database is too large.
  if ((chore == Chore::erase || chore == Chore::prune) && rows > 0) unwiped_ = true;
  if (chore == Chore::truncate) unwiped_ = false;
  // Looking at digests has no end: one step a pass.
  return finished || chore == Chore::verify ? after(chore) : chore;
}

}  // namespace storegate::storage
