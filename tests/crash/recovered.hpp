// What SQLite makes of an image: it opens it, recovers the WAL, and the pages that a reader then sees are
// fingerprinted. The journal's loading and every check above it are a function of these pages; so images that recover
// to pages that were checked, against the same world, need no second look.
#pragma once

#include <optional>

#include "crash/fingerprint.hpp"
#include "support/disk/disk.hpp"

namespace storegate::crash {

/// Nothing: the image cannot be opened or read. Writes nothing.
[[nodiscard]] std::optional<Print> recovered_print(disk::Disk& disk);

}  // namespace storegate::crash
