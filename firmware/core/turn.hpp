// Turn: what one turn of the loop has decided so far: the effects to carry out and the rows to write.
#pragma once

#include <vector>

#include "core/messages.hpp"
#include "core/time.hpp"

namespace storegate::core {

struct Turn {
  Now now;
  std::vector<Effect> effects;
  Changes changes;            // all but the order rows, which are taken from the book at the end
  bool urgent = false;        // somebody waits for the commit; otherwise it rides on the next one
  bool from_reserve = false;  // the disk is full: orders that are there move on, no order is taken
};

}  // namespace storegate::core
