// To the end of every order, in virtual time.
#include "crash/finish.hpp"

#include <algorithm>

#include "crash/script.hpp"

namespace storegate::crash {

namespace {

using core::Phase;

constexpr int rounds_max = 400;
constexpr int unkind_rounds = 6;  // the POS goes on losing replies for a while

/// Moves time to whatever is next. False: nothing will ever happen by itself.
bool pass_to_next(Station& station, Outside& outside) {
  const auto wake_ms = station.engine().next_wake_ms();
  std::int64_t next = outside.pos.next_ms();
  const std::int64_t steady_ms = outside.time.now().steady_ms;
  if (wake_ms && *wake_ms != core::never_ms)
    next = std::min(next, outside.time.ms + std::max<std::int64_t>(*wake_ms - steady_ms, 0));
  if (next == INT64_MAX) return false;
  outside.time.ms = std::max(outside.time.ms, next);
  outside.pos.pass(outside.time.ms);
  return true;
}

Broken check_end(const std::string& identity, const Known& known, Phase phase, const Outside& outside) {
  const int standing = outside.pos.standing(known.key);
  const bool never_cooked = phase == Phase::cancelled || phase == Phase::rejected || phase == Phase::expired;
  if (!core::is_end(phase) && phase != Phase::parked)
    return {"I1", "order " + identity + " came to rest as " + std::string(name_of(phase))};
  if (never_cooked && standing > 0)
    return {"I4", "order " + identity + " is " + std::string(name_of(phase)) + ", its ticket stands"};
  // Of a void whose reply never came nobody knows what became, and the cloud was told so.
  if (phase == Phase::completed && standing == 0 && !known.void_unknown)
    return {"I1", "order " + identity + " is completed without a ticket"};
  return {};
}

Broken check_ends(Station& station, const Outside& outside) {
  const core::Book& book = station.engine().gateway().book();
  for (const auto& [identity, known] : outside.orders) {
    if (!known.acknowledged) continue;
    const core::Entry* live = book.find(known.number);
    const core::EndedOrder* ended = book.find_ended(known.number);
    if (live == nullptr && ended == nullptr) {
      if (known.made_ms < outside.pruned_before_ms) continue;
      return {"I1", "order " + identity + " is gone"};
    }
    const Phase phase = live != nullptr ? live->order.phase : ended->phase;
    if (Broken broken = check_end(identity, known, phase, outside)) return broken;
  }
  return {};
}

}  // namespace

Broken check_world(const Outside& outside) {
  if (!outside.cloud.fault.empty()) return {"I3", outside.cloud.fault};
  for (const auto& [key, ticket] : outside.pos.tickets()) {
    if (ticket.cut > 1) return {"I2", std::to_string(ticket.cut) + " tickets were cut for " + key};
  }
  for (const auto& [identity, known] : outside.orders) {
    const auto ticket = outside.pos.tickets().find(known.key);
    if (ticket == outside.pos.tickets().end()) continue;
    if (known.cancelled || known.tombstone) return {"I4", "order " + identity + " was cancelled and cooked"};
  }
  return {};
}

void run_for_a_while(Station& station, Outside& outside) {
  for (int round = 0; round < rounds_max; ++round) {
    station.run();
    station.acknowledge(64);
    station.run();
    const bool kind = round >= unkind_rounds;
    if (!outside.pos.open().empty()) {
      outside.time.ms += 40;
      while (!outside.pos.open().empty()) answer_one(station, outside, 0, kind);
      continue;
    }
    if (resolve_parked(station, outside)) {
      // What is in doubt takes an answer only when the POS's time for it is over.
      outside.time.ms += station.engine().gateway().policy().pos.max_processing_ms;
      outside.pos.pass(outside.time.ms);
      continue;
    }
    if (!pass_to_next(station, outside)) return;
  }
}

Broken run_to_the_end(Station& station, Outside& outside) {
  run_for_a_while(station, outside);
  if (Broken broken = check_world(outside)) return broken;
  if (station.engine().outbox().in_flight() > 0 ||
      outside.cloud.highest != station.engine().outbox().last_written().sequence)
    return {"I3", "the cloud heard up to " + std::to_string(outside.cloud.highest) + ", written is " +
                      std::to_string(station.engine().outbox().last_written().sequence)};
  if (const std::int64_t missing = outside.cloud.missing(); missing > 0)
    return {"I3", "event " + std::to_string(missing) + " never came"};
  return check_ends(station, outside);
}

}  // namespace storegate::crash
