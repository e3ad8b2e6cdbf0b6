// The checkers of fairness and load: shares at the POS, due before backlog, shares of the turns, a chatty partner's time
// aside, the rate at the door, too busy before collapse, the breaker and its back-off. Each keeps its own count of what was
// committed and seen on the wires.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/messages.hpp"
#include "sim/checks/checks.hpp"
#include "sim/wire.hpp"

namespace storegate::sim::check {

/// At the POS: while a partner waits, nobody has more than its share; due orders go first, and the backlog every fourth
/// time; after an outage, a sleep or a jump of the clock nothing goes all at once, but at the POS's rate. By the rows of
/// each commit: what it sends, and who is left waiting behind that. ("fair")
class PosShares {
 public:
  /// A process has loaded the rows: what it remembers of turns begins anew.
  void begin(const core::Loaded& loaded);
  /// A commit was written; its rows are of one turn.
  void on_commit(const Scene& scene, const core::Changes& changes);
  /// A request goes to the POS: `asks` for an order or how it is, or voids one.
  void on_ask(const Scene& scene, bool asks);
  void on_heard(const Scene& scene, core::PosRequest request, const PosReply& reply, const Exchange& when);

 private:
  struct Row {
    std::string partner;
    core::Phase phase = core::Phase::held;
    core::Stamp released, intent;
    bool tried = false;  // since it was released, in this process: it may be backing off
  };
  /// What went to the POS since somebody began to wait.
  struct Count {
    std::map<std::string, std::int64_t> by_partner;
    std::int64_t due = 0, backlog = 0;
    void add(const Count& more);
  };
  void take(const core::Order& order);
  [[nodiscard]] bool is_due(const Row& row, const core::Stamp& now) const;
  void judge_partners(const Scene& scene, const std::set<std::string>& waiting, const Count& sent);
  void judge_classes(const Scene& scene, bool due_waits, bool backlog_waits, const Count& sent);
  void judge_arrival(const Scene& scene, const core::Order& order, std::int64_t own) const;
  void judge_pace(const Scene& scene, const core::Stamp& intent);

  std::map<core::OrderNumber, Row> rows_;                // live ones
  std::set<core::OrderNumber> queued_;                   // of them
  std::map<std::string, Count, std::less<>> since_due_;  // partners with a due order that waits
  Count since_due_waits_, since_backlog_waits_;
  std::deque<core::Stamp> intents_;  // of the last second
  std::int64_t questions_ = 0;       // on the wire
  std::int64_t placed_ = 0;  // tickets that it was seen to take its time for, in this life of the process
};

/// At the door: while an order waits for its turn, the flood gets no more than its share of the turns; whoever is called
/// chatty is, and whoever is gets turned away. By what reaches the gateway and what it answers. ("lanes")
class TurnShares {
 public:
  void begin();
  /// An order is at the HTTP door.
  void on_order(const Scene& scene, std::size_t story);
  /// One has come over MQTT; and its PUBACK leaves.
  void on_message(const Story& story) { ++waiting_of_[story.partner]; }
  /// One that was announced is at the HTTP door as a whole; its answer settles it.
  void on_whole(const Scene& scene, const Story& story);
  void on_settled(const Story& story);
  /// Its answer leaves.
  void on_answer(const Scene& scene, std::size_t story, const codec::HttpReply& reply);
  /// A commit was written, or failed.
  void on_commit(const core::Changes& changes, bool written) noexcept {
    if (!changes.writes_nothing()) stores_ = written && (stores_ || !changes.from_reserve);
  }

 private:
  struct Waiting {
    std::int64_t flood_before = 0;  // the flood's orders decided by then
    std::int64_t own_before = 0;  // of the same partner, repeats among them, without an answer or PUBACK yet
  };
  /// How many orders of its partner had come when it did.
  struct Beside {
    std::int64_t in_window = 0, in_two = 0;
    bool again = false;  // the same order came once more before its answer left
  };
  static void judge_chatty(const Scene& scene, const std::string& partner, const Beside& beside,
                           bool turned_away);

  std::map<std::size_t, Waiting> waiting_;  // by story
  std::map<std::size_t, Beside> beside_;    // by story
  std::map<std::string, std::int64_t, std::less<>> waiting_of_;
  std::map<std::string, std::deque<std::int64_t>, std::less<>> came_;  // when, by partner; the newest
  std::int64_t flood_decided_ = 0;
  bool stores_ = true;  // the last commit was written, and not from the reserve alone
};

/// Each partner has its rate at the door: who keeps within it hears no 429 for it, who does not does. ("rate")
class RateWatch {
 public:
  /// A process has loaded the rows: all buckets are full.
  void begin();
  /// An order has reached the gateway, over HTTP or MQTT; before the ledger notes that.
  void on_order(const Scene& scene, std::size_t story);
  /// One that was announced is here as a whole; perhaps it takes a token.
  void on_whole(const Scene& scene, const Story& story);
  /// Its answer leaves the HTTP door.
  void on_answer(const Scene& scene, std::size_t story, const codec::HttpReply& reply);

 private:
  /// What is in a bucket, at least and at most.
  struct Reckoning {
    std::int64_t least = 0, most = 0, at_ms = 0;
  };
  struct Came {
    std::int64_t at_ms = 0;
    bool known = false;  // it had come before, or came again before its answer left
  };
  [[nodiscard]] static std::int64_t rate_of(const Scene& scene, const Story& story);
  [[nodiscard]] Reckoning& filled(const Scene& scene, const Story& story);

  std::map<std::string, Reckoning, std::less<>> buckets_;  // by partner
  std::map<std::size_t, Came> came_;                       // by story
  std::int64_t lag_ms_ = 2000;                             // the longest from a request to its answer
};

/// The POS said for certain that it does nothing now.
[[nodiscard]] bool is_away(core::PosRequest request, const PosReply& reply);

/// While the POS is away it gets one request at a time, none within 250 ms of the last failure. ("breaker")
class BreakerWatch {
 public:
  void begin();
  /// A turn begins: it knows of what was heard before, if it is `whole`.
  void on_turn_begins(bool whole) noexcept { away_ = failed_ && (whole || away_); }
  void on_ask(const Scene& scene);
  void on_heard(const Scene& scene, core::PosRequest request, const PosReply& reply);

 private:
  bool failed_ = false;  // the last clear word was that it is away
  bool away_ = false;    // and a turn has begun since
  std::int64_t failed_ms_ = 0;
  std::int64_t open_ = 0;
};

/// The waits between tries grow with each failure, are drawn anew each time, and end at a ceiling: then an order that
/// waits is tried. ("backoff")
class BackoffWatch {
 public:
  void begin(const Scene& scene);
  /// As for BreakerWatch. `rows`: as committed; `woke_ms`: when the machine last woke.
  void on_turn_begins(const Scene& scene, bool whole, const Fold& rows, std::int64_t woke_ms);
  void on_ask(const Scene& scene);
  void on_heard(const Scene& scene, core::PosRequest request, const PosReply& reply, const Exchange& when);
  /// A commit failed: what it would have sent was not.
  void on_commit_failed(const Scene& scene) { touched_ms_ = scene.now_ms; }
  void judge_end(const Scene& scene) const;

 private:
  struct Failing {
    std::int64_t times = 0;  // in a row
    std::int64_t at_ms = 0;  // the newest
  };
  Failing failing_, known_;  // as heard, and as the turn knows it
  std::int64_t known_since_ms_ = 0;
  std::int64_t open_ = 0;                       // requests on the wire
  std::int64_t touched_ms_ = 0;                 // something went there or came from there
  std::int64_t later_until_ms_ = 0;             // it asked for it
  std::int64_t waited_from_ms_ = -1;            // the failure whose wait was noted
  std::vector<std::int64_t> waits_at_ceiling_;  // of the whole world
};

}  // namespace storegate::sim::check
