// Files whose times do not fit in 32 bits, for a SQLite that was built where time_t has so many (Debian 12's armhf): its
// fstat refuses a file written after 19 January 2038, or by a clock that was ahead only once. Knows no database.
#pragma once

namespace storegate::storage {

/// Gives SQLite's VFS for Unix our own stat, by statx, where time_t has 32 bits; does nothing elsewhere. Takes effect in the
/// whole process, once; any thread, before it opens a file.
void give_sqlite_long_times() noexcept;

}  // namespace storegate::storage
