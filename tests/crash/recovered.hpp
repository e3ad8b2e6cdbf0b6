// What SQLite makes of an image: it opens it, recovers the WAL and copies it into the database file, whose pages are
// then those that a reader would have seen; they are fingerprinted. The journal's loading and every check above it are a
// function of these pages; so images that recover to pages that were checked, against the same world, need no second
// look.
#pragma once

#include <optional>

#include "crash/fingerprint.hpp"
#include "support/disk/disk.hpp"

namespace storegate::crash {

/// Nothing: the image cannot be opened or recovered. What `disk` holds is something else afterwards.
[[nodiscard]] std::optional<Print> recovered_print(disk::Disk& disk);

}  // namespace storegate::crash
