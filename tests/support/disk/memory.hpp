// SQLite's memory in this process: an allocator of size classes that nobody shares (a check opens a database and
// prepares all its statements, and half of that is malloc), and the fault: the n-th allocation fails.
#pragma once

#include <cstdint>

namespace storegate::disk {

/// Gives SQLite this allocator and takes its mutexes away: one thread may use SQLite in this process. Before anything
/// else touches SQLite. False: it was touched already.
[[nodiscard]] bool own_sqlite_memory();

/// The n-th allocation of SQLite from now on fails, and with `persistent` every later one; 0 = none.
void fail_allocation(std::uint64_t nth, bool persistent) noexcept;
/// How many failed since fail_allocation().
[[nodiscard]] std::uint64_t failed_allocations() noexcept;

}  // namespace storegate::disk
