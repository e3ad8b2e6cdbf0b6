// HashList: the trace hash of each seed as a file of lines `seed hash`, so that what one build did can be held against
// another's, also on another machine. It must not run anything.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace storegate::sim {

using HashList = std::map<std::uint64_t, std::string>;

[[nodiscard]] bool write_hashes(const std::string& path, const HashList& hashes);
/// Prints every seed of the list that was not run or came to another hash. False: there was one, or there is no list.
[[nodiscard]] bool same_hashes(const std::string& path, const HashList& hashes);

}  // namespace storegate::sim
