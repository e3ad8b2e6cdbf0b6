// Rules read off what the compiler made: which symbols a room's library wants from outside, and with which
// protections the program was linked. Runs nm and readelf; knows nothing of sources.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "house/source_tree.hpp"

namespace storegate::house {

/// What a library may want from outside.
enum class Purity {
  core,      // values and memory only: no clock, socket, file, thread, environment, randomness or output
  codec,     // the same, and core and Boost.JSON
  storage,   // anything but sockets and the rooms it must not know
  platform,  // anything but the rooms it must not know
};

/// The undefined symbols of a static library that its room may not have. `file` is the object in the archive.
/// A library that cannot be read, or that has no symbol at all, is a finding too.
[[nodiscard]] std::vector<Finding> impure_symbols(const std::filesystem::path& archive, Purity purity);

/// What a linked program lacks: position independence, full RELRO, a stack that cannot be executed, stack
/// canaries, fortified calls; one for AArch64 also signed return addresses. With `source_root`, also whether that path is left in the program.
[[nodiscard]] std::vector<Finding> unhardened(const std::filesystem::path& program,
                                              const std::filesystem::path& source_root);

}  // namespace storegate::house
