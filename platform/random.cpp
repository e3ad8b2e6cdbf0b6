// getrandom(2).
#include "platform/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace storegate::platform {

void fill_random(std::span<std::uint8_t> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();  // an id that is not random could repeat another's
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t random_seed() noexcept {
  const auto bytes = random_bytes<sizeof(std::uint64_t)>();
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

}  // namespace storegate::platform
