// Two lanes of multiply and shift; text is taken byte by byte, so that the machine's byte order does not count.
#include "sim/trace.hpp"

#include <cstdio>

namespace storegate::sim {

void Trace::add(std::uint64_t word) noexcept {
  high_ = (high_ ^ word) * 0x9fb21c651e98df25ULL;
  high_ ^= high_ >> 29U;
  low_ = (low_ + word + high_) * 0xd6e8feb86659fd93ULL;
  low_ ^= low_ >> 32U;
}

void Trace::note_text(Noted what, std::string_view text) noexcept {
  std::uint64_t lane = 0xcbf29ce484222325ULL;
  for (const char byte : text) lane = (lane ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  add(static_cast<std::uint64_t>(what));
  add(static_cast<std::uint64_t>(text.size()));
  add(lane);
}

void Trace::tell(std::int64_t now_ms, std::string_view who, std::string_view what) const {
  if (!telling_) return;
  std::printf("%9lld.%03lld  %-9.*s %.*s\n", static_cast<long long>(now_ms / 1000),
              static_cast<long long>(now_ms % 1000), static_cast<int>(who.size()), who.data(),
              static_cast<int>(what.size()), what.data());
}

std::string Trace::hash() const {
  char text[40];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high_),
                static_cast<unsigned long long>(low_));
  return text;
}

}  // namespace storegate::sim
