// Disks as files: made, copied, and read after a power cut, by e2fsprogs; nothing is mounted.
#pragma once

#include <set>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace storegate::boot {

/// Makes an empty ext4 of so many MiB. Throws std::runtime_error if it cannot.
void make_disk(const std::string& path, std::size_t mib);
/// Copies a disk; what it has as holes stays holes. Throws std::runtime_error if it cannot.
void copy_disk(const std::string& from, const std::string& to);

/// What the box finds in /var/lib/storegate at its next boot: the file system is mended as it does, and all its files are
/// brought into `folder`. Throws std::runtime_error if either cannot be done.
void recover(const std::string& disk, const support::TempDir& folder);

/// The orders' numbers in the database in a folder. Throws std::runtime_error if it cannot be read, or is damaged.
[[nodiscard]] std::set<std::string> orders_in(const support::TempDir& folder);

/// The orders' numbers that a storegate of this machine, started on that database, shows. Throws std::runtime_error if it
/// does not become ready. `program`: which storegate.
[[nodiscard]] std::set<std::string> orders_served(const std::string& program, const support::TempDir& folder);

}  // namespace storegate::boot
