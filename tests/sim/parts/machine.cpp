// Times are drawn when the world begins; what a fault does is drawn when it strikes.
#include "sim/parts/machine.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/world.hpp"
#include "support/disk/cuts.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t s = 1000;
constexpr std::int64_t year_ms = 365LL * 24 * 3600 * s;
}  // namespace

std::int64_t Machine::between(std::int64_t from, std::int64_t to) {
  return from + static_cast<std::int64_t>(draws_.below(static_cast<std::uint64_t>(to - from) + 1));
}

template <typename Step>
void Machine::some_time(std::uint64_t times, Step step) {
  for (std::uint64_t i = 0; i < times; ++i) {
    const std::int64_t at_ms = between(2 * s, world_.plan().storm_ms - 5 * s);
    world_.timeline().at(at_ms, [this, step] {
      if (world_.storm()) step();
    });
  }
}

void Machine::plan() {
  world_.disk().set_hook([this](const disk::Op& op) {
    world_.trace().note(Noted::disk, op.kind, op.offset, op.bytes);
    if (world_.trace().telling() && op.file.ends_with("-reserve"))
      world_.tell("reserve", std::string(disk::name_of(op.kind)) + " at " + std::to_string(op.offset));
    if (armed_at_ != 0 && op.index >= armed_at_) {
      armed_at_ = 0;
      world_.disk().kill();
      return SQLITE_IOERR;
    }
    return SQLITE_OK;
  });
  world_.disk().on_failed_sync([this](const disk::Step&) {
    return disk::Fate{draws_.chance(500), ~0ULL, 0};
  });
  plan_ends();
  plan_disk();
  plan_clocks();
  plan_wires();
  start();
}

// ---------------------------------------------------------------- ends and starts

void Machine::arm(std::uint64_t operations, bool power) {
  armed_at_ = world_.disk().counts().all() + operations;
  armed_power_ = power;
}

void Machine::plan_ends() {
  const Faults& faults = world_.plan().faults;
  const auto strike = [this](bool power) {
    if (!world_.process().up() || armed_at_ != 0) return;
    if (draws_.chance(250)) return gone(power);
    arm(1 + draws_.below(80), power);
  };
  some_time(faults.kills, [strike] { strike(false); });
  some_time(faults.power_cuts, [strike] { strike(true); });
}

void Machine::start() {
  if (world_.process().up()) return;
  if (marker_) world_.disk().drop_clean_pages();
  if (world_.storm() && draws_.chance(world_.plan().faults.recovery_kills_of_1000) && armed_at_ == 0) {
    const bool power = draws_.chance(300) && world_.plan().faults.power_cuts > 0;
    arm(1 + draws_.below(40), power);
  }
  world_.trace().note(Noted::process, 1);
  if (world_.process().start()) return;
  if (world_.disk().dead()) return process_died();
  start_failed();
}

void Machine::start_failed() {
  world_.fault("start failed");
  world_.timeline().after(2 * s, [this, starting = ++starting_] {
    if (starting == starting_) start();
  });
}

void Machine::process_died() { gone(armed_power_); }

void Machine::end_process() {
  world_.timeline().after(0, [this, life = world_.process().lives()] {
    if (world_.process().up() && world_.process().lives() == life) gone(false);
  });
}

void Machine::gone(bool power) {
  world_.tell("machine", power ? "power cut" : "process gone");
  world_.trace().note(Noted::process, 2, power);
  power ? ++cuts_ : ++kills_;
  armed_at_ = 0;
  world_.process().die();
  world_.web().gateway_gone(power);
  world_.pos_link().gateway_gone();
  for (const char* partner : thin_partners) world_.thin_api(partner).gateway_gone();
  world_.broker().gateway_gone();
  if (power) {
    const Faults& faults = world_.plan().faults;
    const auto fates = disk::drawn_fates(world_.disk().pending(), faults.torn, faults.garbled, draws_);
    world_.disk().power_cut(fates);
    marker_ = false;
    asleep_until_ms_ = 0;
  } else {
    world_.disk().restart();
  }
  world_.timeline().after(power ? dark_ms() : between(100, 3 * s), [this, power, starting = ++starting_] {
    if (starting != starting_) return;
    if (power) boot();
    start();
  });
}

void Machine::boot() {
  world_.clock().boot(world_.now_ms(), world_.storm() && world_.plan().faults.boots_in_1970);
  if (!world_.clock().trusted()) {
    const std::int64_t heard_ms = between(2 * s, 90 * s);
    world_.timeline().after(heard_ms, [this] {
      world_.clock().set_right();
      world_.on_clock_changed();
    });
  }
  world_.on_clock_changed();
}

// It is back when the storm ends.
std::int64_t Machine::dark_ms() {
  const std::int64_t briefly_ms = between(3 * s, 12 * s);
  const std::int64_t long_ms = between(30 * s, 360 * s);
  if (!world_.storm() || !draws_.chance(world_.plan().faults.long_cuts_of_1000)) return briefly_ms;
  world_.fault("long power cut");
  return std::max(briefly_ms, std::min(long_ms, world_.plan().storm_ms - world_.now_ms()));
}

// ---------------------------------------------------------------- disk

void Machine::plan_disk() {
  const Faults& faults = world_.plan().faults;
  some_time(faults.full_disks, [this] {
    world_.fault("disk full");
    world_.disk().set_capacity(world_.disk().used_bytes() + between(0, 40'000));
    roomy_since_ms_ = -1;
    world_.timeline().after(between(2 * s, 40 * s), [this] {
      world_.disk().set_capacity(std::nullopt);
      if (world_.storm()) roomy_since_ms_ = world_.now_ms();
    });
  });
  some_time(faults.disk_errors, [this] {
    constexpr disk::OpKind kinds[] = {disk::OpKind::read, disk::OpKind::write, disk::OpKind::truncate,
                                      disk::OpKind::open};
    disk::Fault fault;
    fault.kind = kinds[draws_.below(4)];
    fault.nth = 1 + draws_.below(30);
    world_.fault("disk error");
    world_.disk().plan(fault);
  });
  some_time(faults.failed_syncs, [this, &faults] {
    disk::Fault fault;
    fault.kind = disk::OpKind::sync;
    fault.nth = 1 + draws_.below(5);
    world_.fault("failed sync");
    world_.disk().plan(fault);
    // The next one is that of the next start, or of the reserve, or of a commit after it.
    fault.nth += 1 + draws_.below(3);
    if (!draws_.chance(faults.failed_again_of_1000)) return;
    world_.fault("failed sync again");
    world_.disk().plan(fault);
  });
}

// ---------------------------------------------------------------- clocks

void Machine::plan_clocks() {
  const Faults& faults = world_.plan().faults;
  some_time(faults.wall_jumps, [this] {
    const std::uint64_t size = draws_.below(4);
    const std::int64_t by_ms = size == 0   ? between(-5 * s, 5 * s)
                               : size == 1 ? between(-3600 * s, 3600 * s)
                               : size == 2 ? between(-20 * year_ms, 20 * year_ms)
                                           : -world_.clock().error_ms();
    world_.clock().jump(by_ms);
    // Days slow is seen to be wrong; ahead, or an hour slow, looks right.
    if (draws_.chance(500) || world_.clock().error_ms() < -2 * 3600 * s) world_.clock().distrust();
    world_.fault("wall jump");
    world_.on_clock_changed();
    world_.timeline().after(between(1 * s, 60 * s), [this] {
      world_.clock().set_right();
      world_.on_clock_changed();
    });
  });
  some_time(faults.suspends, [this] {
    // No longer than the storm: what a sleep put off runs when it ends.
    asleep_until_ms_ = std::min(world_.now_ms() + between(1 * s, 60 * s), world_.plan().storm_ms);
    world_.fault("suspend");
  });
}

// ---------------------------------------------------------------- wires, broker, POS

void Machine::plan_wires() {
  const Faults& faults = world_.plan().faults;
  some_time(faults.partitions, [this] {
    const std::uint64_t which = draws_.below(3);
    const std::uint64_t way = draws_.below(3);
    const Ways ways{way == 1, way == 2};
    const auto set = [this, which](Ways now) {
      if (which == 0) world_.web().set_ways(now);
      if (which == 1) world_.pos_link().set_ways(now);
      if (which == 2) world_.broker().set_ways(now);
    };
    world_.fault("partition");
    set(ways);
    world_.timeline().after(between(1 * s, 60 * s), [set] { set(Ways{}); });
  });
  some_time(faults.uplink_resets, [this] {
    world_.fault("uplink reset");
    world_.broker().reset_link();
  });
  some_time(faults.broker_restarts, [this] {
    world_.fault("broker restart");
    world_.broker().restart(world_.plan().faults.broker_forgets, between(100, 30 * s));
  });
  some_time(faults.uplink_outages, [this] {
    world_.fault("uplink outage");
    world_.broker().restart(false, between(40 * s, 120 * s));
  });
  some_time(faults.pos_blind, [this] {
    world_.fault("pos blind");
    world_.pos().set_blind(true);
    world_.timeline().after(between(5 * s, 60 * s), [this] { world_.pos().set_blind(false); });
  });
  some_time(faults.pos_outages, [this] {
    world_.fault("pos outage");
    world_.pos().set_down(true);
    const std::int64_t longest_ms = draws_.chance(100) ? 400 * s : 90 * s;
    world_.timeline().after(between(1 * s, longest_ms), [this] { world_.pos().set_down(false); });
  });
  for (const char* partner : thin_partners)
    some_time(faults.api_outages, [this, partner] {
      world_.fault("partner's API away");
      world_.thin_api(partner).set_down(true);
      const std::int64_t longest_ms = draws_.chance(300) ? 200 * s : 40 * s;
      world_.timeline().after(between(1 * s, longest_ms),
                              [this, partner] { world_.thin_api(partner).set_down(false); });
    });
}

void Machine::heal() {
  armed_at_ = 0;
  static_cast<void>(world_.disk().heal());
  roomy_since_ms_ = roomy_since_ms_ < 0 ? world_.now_ms() : roomy_since_ms_;
  world_.web().set_ways({});
  world_.pos_link().set_ways({});
  world_.broker().set_ways({});
  world_.broker().come_back();
  world_.pos().set_down(false);
  world_.pos().set_blind(false);
  for (const char* partner : thin_partners) world_.thin_api(partner).set_down(false);
  world_.clock().set_right();
  world_.on_clock_changed();
  world_.manager().open_up();
}

// What was decided before a sleep is answered after it.
std::int64_t Machine::roomy_since_ms() const noexcept {
  return roomy_since_ms_ < 0 ? -1 : std::max(roomy_since_ms_, asleep_until_ms_);
}

}  // namespace storegate::sim
