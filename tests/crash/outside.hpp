// Everything around the gateway that outlives it: time, partners and what they were told, the POS, the cloud's end of
// the outbox. A value: a copy of it is what the world knew at one moment. Judges nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "crash/fingerprint.hpp"
#include "crash/pos.hpp"
#include "support/disk/draws.hpp"

namespace storegate::crash {

/// Time as it is, and the gateway's two clocks over it.
struct TrueTime {
  std::int64_t ms = 0;       // since the world began
  std::int64_t boot_ms = 0;  // when the present boot began
  std::uint8_t boot = 1;
  bool trusted = true;
  [[nodiscard]] core::Now now() const noexcept;
  void reboot() noexcept {
    boot_ms = ms;
    ++boot;
  }
};

/// What was asked and heard about one order.
struct Known {
  std::string partner, id, key;               // key: the POS's, without reprints
  std::optional<core::OrderId> acknowledged;  // its first answer has left
  core::OrderNumber number = core::no_order;
  core::Phase first_phase = core::Phase::held;
  bool arrived = false;        // it was sent to the gateway at all
  std::int64_t made_ms = 0;    // true time of its first mention
  bool release_asked = false;  // by the cloud or a person
  bool cancel_asked = false;   // at all
  bool cancelled = false;      // a cancel was answered: never to be cooked (before the intent)
  bool tombstone = false;      // a cancel was answered before the order had arrived
  int sent = 0;                // placements that left the box
  bool given_back = false;     // since the last one the POS said "certainly not taken"
  bool resolved = false;       // a person answered for it
  bool reprinted = false;
  std::optional<core::Phase> published_end;  // an event told the cloud of its end
  bool published_placed = false;
  bool void_unknown = false;  // an event told that the POS never said what became of the void
};

/// The cloud's end: what came.
struct Cloud {
  std::map<core::Position, Print> events;
  std::map<std::int32_t, std::string> epochs;  // their names, as events showed them
  std::string started_in, started_after;       // of the last gateway.started: its epoch and the one before
  std::int64_t highest = 0;                    // sequence in the newest epoch that was heard of
  bool gaps_allowed = false;                   // rows were damaged: what they held cannot come
  std::string fault;                           // the first reorder or change that was seen; "" = none
  void receive(const core::OutgoingEvent& event);
  /// The first sequence of the newest epoch that is not there although a later one is; 0 = none.
  [[nodiscard]] std::int64_t missing() const;

 private:
  void note_epoch(const core::OutgoingEvent& event);
};

[[nodiscard]] Print print_of(const core::OutgoingEvent& event);

/// What the rows must say after a commit.
struct Rows {
  Print durable;                // after the last commit that was acknowledged
  std::optional<Print> coming;  // of the commit under way
};

/// What a caller waits for.
struct Question {
  enum class Kind : std::uint8_t { order, release, cancel, resolve, other } kind = Kind::other;
  std::string identity;
};

struct Outside {
  explicit Outside(PosClass pos_class, std::uint64_t seed) : pos(pos_class), draws(seed) {}

  TrueTime time;
  Pos pos;
  Cloud cloud;
  Rows rows;
  disk::Draws draws;
  std::map<std::string, Known> orders;  // by partner/id
  std::map<std::uint64_t, Question> waiting;
  std::uint64_t callers = 0;
  std::uint64_t acknowledged = 0;         // answers that bind the gateway
  std::uint64_t acknowledged_orders = 0;  // those of them that took an order
  std::int64_t pruned_before_ms = -1;     // true time: ended orders from before may be gone

  [[nodiscard]] core::Caller ask(Question::Kind kind, std::string identity);
  void hear(const core::Answer& answer);
  /// An event reached the cloud.
  void publish(const core::OutgoingEvent& event);
  [[nodiscard]] Known* find(core::OrderNumber number);
  /// The gateway is gone: nobody is answered any more, the POS ends what it had begun.
  void lose_gateway();
};

[[nodiscard]] std::string identity_of(const std::string& partner, const std::string& id);
[[nodiscard]] core::Policy policy_for(PosClass pos_class);

}  // namespace storegate::crash
