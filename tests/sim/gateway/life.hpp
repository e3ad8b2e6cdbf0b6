// Life: everything that ends with the process.
#pragma once

#include <cstdint>
#include <optional>

#include "core/engine.hpp"
#include "sim/gateway/door.hpp"
#include "sim/gateway/fetcher.hpp"
#include "sim/gateway/pos_driver.hpp"
#include "sim/gateway/process.hpp"
#include "sim/gateway/store.hpp"
#include "sim/gateway/uplink.hpp"

namespace storegate::sim {

struct Process::Life {
  Life(Process& process, storage::Journal journal, core::Policy policy, core::Loaded loaded,
       core::Generator generator, core::LocalTimeFunction local_time)
      : epoch(loaded.epoch),
        engine(std::move(policy), std::move(loaded), generator, std::move(local_time), process.now()),
        store(process, std::move(journal)),
        door(process),
        pos(process),
        fetcher(process),
        uplink(process) {}

  std::string epoch;
  core::Engine engine;
  Store store;
  Door door;
  PosDriver pos;
  Fetcher fetcher;
  Uplink uplink;

  bool scheduled = false;
  bool sync_failed = false;
  bool checkpointing = false;
  std::optional<std::int64_t> armed_for_ms;
  std::uint64_t armed = 0;  // which arming is the present one
  std::uint64_t turns_now = 0;
  std::int64_t turns_at_ms = -1;
  storage::HousePass house;
  int passes = 0;               // of housekeeping, gone through
  std::int64_t used_bytes = 0;  // of the database, as last measured
};

}  // namespace storegate::sim
