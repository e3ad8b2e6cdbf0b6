// Reads the list to its end: a line that is no pair makes it no list, and a list of nothing agrees with nothing.
#include "sim/hash_list.hpp"

#include <cstdio>
#include <fstream>

namespace storegate::sim {

namespace {

constexpr std::size_t hash_digits = 32;

bool read_hashes(const std::string& path, HashList& hashes) {
  std::ifstream list(path);
  std::uint64_t seed = 0;
  std::string hash;
  while (list >> seed >> hash) {
    if (hash.size() != hash_digits) return false;
    hashes[seed] = hash;
  }
  return list.eof() && !hashes.empty();
}

}  // namespace

bool write_hashes(const std::string& path, const HashList& hashes) {
  std::ofstream list(path, std::ios::trunc);
  for (const auto& [seed, hash] : hashes) list << seed << ' ' << hash << '\n';
  list.flush();
  if (!list) std::fprintf(stderr, "cannot write %s\n", path.c_str());
  return static_cast<bool>(list);
}

bool same_hashes(const std::string& path, const HashList& hashes) {
  HashList wanted;
  if (!read_hashes(path, wanted)) {
    std::printf("%s is no list of seeds and their hashes\n", path.c_str());
    return false;
  }
  std::size_t differing = 0;
  for (const auto& [seed, hash] : wanted) {
    const auto found = hashes.find(seed);
    if (found != hashes.end() && found->second == hash) continue;
    ++differing;
    std::printf("seed %llu: the hash is %s, in the list it is %s\n", static_cast<unsigned long long>(seed),
                found == hashes.end() ? "not known, it was not run" : found->second.c_str(), hash.c_str());
  }
  if (differing == 0) std::printf("%zu seeds have the hashes of %s\n", wanted.size(), path.c_str());
  return differing == 0;
}

}  // namespace storegate::sim
