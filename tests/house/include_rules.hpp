// The include table: which room may include which room and which third party. Reads `#include` lines only;
// that a room does not reach another by forward declarations is seen by the symbols (binary_rules.hpp).
#pragma once

#include <vector>

#include "house/source_tree.hpp"

namespace storegate::house {

/// Each `#include` in a room's files that the room's row does not permit.
[[nodiscard]] std::vector<Finding> forbidden_includes(const std::vector<SourceFile>& tree);

}  // namespace storegate::house
