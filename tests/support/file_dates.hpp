// Files dated past 19 January 2038, as a clock makes them that was ahead once, also where time_t has 32 bits.
#pragma once

#include <filesystem>

namespace storegate::support {

/// Dates a file to the year 2040. False: it cannot have that date (a file system with short inodes).
[[nodiscard]] bool date_to_2040(const std::filesystem::path& file);

}  // namespace storegate::support
