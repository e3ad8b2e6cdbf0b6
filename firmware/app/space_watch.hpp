// SpaceWatch: looks now and then at what the rows take and what the disk has left, and tells the gateway when there is
// no room for new orders, or room again. It must not erase or prune: that is housekeeping's, which asks it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "app/config.hpp"
#include "app/store_thread.hpp"
#include "app/turns.hpp"
#include "core/messages.hpp"
#include "platform/loop.hpp"

namespace storegate::app {

/// As last measured, in bytes.
struct Space {
  std::int64_t database = 0;  // the file, without its WAL
  std::int64_t unused = 0;    // of it: pages that hold nothing
  std::int64_t wal = 0;
  std::int64_t reserve = 0;                            // held for a full disk
  std::optional<std::int64_t> free;                    // on the disk, for us; nothing: it cannot be told
  std::optional<std::int64_t> oldest_waiting_wall_ms;  // when the oldest event that waits was written
  [[nodiscard]] std::int64_t used() const noexcept { return database - unused + wal; }
};

class SpaceWatch {
 public:
  SpaceWatch(const Config& config, platform::Loop& loop, StoreThread& store, Turns& turns)
      : config_(config), loop_(loop), store_(store), turns_(turns) {}

  /// At once, and then every two seconds.
  void start() { measure(); }
  void stop() noexcept { timer_.cancel(); }

  [[nodiscard]] const Space& space() const noexcept { return space_; }
  /// What has ended must go before its time.
  [[nodiscard]] bool prunes_by_size() const noexcept;

 private:
  void measure();
  void measured(const Space& space);
  [[nodiscard]] core::StorageRoom room() const noexcept;

  const Config& config_;
  platform::Loop& loop_;
  StoreThread& store_;
  Turns& turns_;
  Space space_;
  platform::Timer timer_;
};

}  // namespace storegate::app
