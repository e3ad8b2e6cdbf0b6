// SQLite's memory in this process, which can fail: the disk's neighbour, and the simulator's too.
#pragma once

#include "support/disk/memory.hpp"

namespace storegate::crash {

using disk::fail_allocation;
using disk::failed_allocations;
using disk::own_sqlite_memory;

}  // namespace storegate::crash
