// What systemd is told: ready, stopping, alive, and a word on the state. Without systemd all of it does nothing.
// It must not know what the words mean.
#pragma once

#include <chrono>
#include <string_view>

namespace storegate::platform {

/// READY=1: the service takes orders now. Call once.
void systemd_ready() noexcept;

/// RELOADING=1 with the monotonic time; follow it with systemd_ready().
void systemd_reloading() noexcept;

/// STOPPING=1: an orderly end has begun.
void systemd_stopping() noexcept;

/// WATCHDOG=1: the loop turns. Call at least every watchdog_interval().
void systemd_alive() noexcept;

/// STATUS=: one line for `systemctl status`; newlines become spaces, cut at 200 bytes.
void systemd_status(std::string_view line) noexcept;

/// How often to call systemd_alive(): a quarter of WatchdogSec, so that one call left out is not the end, or zero
/// when no watchdog watches this process.
[[nodiscard]] std::chrono::milliseconds watchdog_interval() noexcept;

}  // namespace storegate::platform
