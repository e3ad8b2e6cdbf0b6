// sd_notify(3).
#include "platform/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "platform/clock.hpp"

namespace storegate::platform {
namespace {

// An unreachable notify socket changes nothing for an order; systemd sees the missing word by itself.
void notify(const char* words) noexcept { static_cast<void>(::sd_notify(0, words)); }

}  // namespace

void systemd_ready() noexcept { notify("READY=1"); }

void systemd_reloading() noexcept {
  char words[64];
  std::snprintf(words, sizeof words, "RELOADING=1\nMONOTONIC_USEC=%lld",
                static_cast<long long>(monotonic_now_us()));
  notify(words);
}

void systemd_stopping() noexcept { notify("STOPPING=1"); }

void systemd_alive() noexcept { notify("WATCHDOG=1"); }

void systemd_status(std::string_view line) noexcept {
  constexpr std::size_t limit = 200;
  char words[8 + limit] = "STATUS=";
  char* const begin = words + 7;
  const std::string_view cut = line.substr(0, limit);
  char* const end = std::copy(cut.begin(), cut.end(), begin);
  std::replace_if(
      begin, end, [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  *end = '\0';
  notify(words);
}

std::chrono::milliseconds watchdog_interval() noexcept {
  std::uint64_t limit_us = 0;
  if (::sd_watchdog_enabled(0, &limit_us) <= 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(std::max<std::uint64_t>(1, limit_us / 4'000));
}

}  // namespace storegate::platform
