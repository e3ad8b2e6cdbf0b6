// Ledger: what was seen on the wires, order by order: what was sent, what was acknowledged, tickets, events. The
// checkers judge by it alone (and by the rows at the end). It must not know the gateway's inside.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/policy.hpp"
#include "core/time.hpp"

namespace storegate::sim {

inline constexpr std::int64_t never = INT64_MAX;

/// What a message to the gateway is about.
// whole: one that was announced, sent as a whole by somebody else. called: its partner has called a person to it.
enum class About : std::uint8_t {
  order,
  release,
  cancel,
  resolve,
  other,
  store,
  availability,
  stranger,
  whole,
  called
};
// The cloud over MQTT, by itself or for a customer; the partner's webhook; the API.
enum class Way : std::uint8_t { cloud, partner, person, customer };
/// What is only announced once more: that it is cancelled there, or that its courier waits at the store.
enum class News : std::uint8_t { none, cancelled, courier };
struct Tag {
  About about = About::other;
  std::size_t story =
      SIZE_MAX;  // of the order meant; SIZE_MAX = none; store: which of the manager's words; availability: the word; called: which call
  int body = 0;  // order: which of its bodies; resolve: which answer; stranger: which guess
  Way way = Way::cloud;    // release, cancel: who sent it
  News news = News::none;  // order: what is new where it was ordered
};

/// One event about an order as the consumer kept it.
struct Seen {
  std::string name;  // "accepted" of storegate.order.accepted.v1
  std::string phase;
  std::string previous_phase;  // "" = null
  std::int64_t at_ms = 0;      // when the consumer got it first
  std::string reason;          // "" = null
  std::string by, why;         // "" = it does not say
};

/// A ticket came to another status at the POS.
struct Moved {
  core::PosStatus status = core::PosStatus::open;
  std::int64_t at_ms = 0;
};

/// What a new order has to hear, as the checker of acceptance sees it: bits of its rules.
struct Hearing {
  bool judged = false;
  bool fixed = false;  // its commit is known to be written
  std::uint32_t must = 0;
  std::uint32_t may = 0;  // those it must hear among them
};

/// One request of the manager, who opens or pauses the store.
struct StoreWord {
  bool paused = false;
  std::int64_t until_ms = never;  // of true time
  std::int64_t reached_ms = never;
  std::int64_t answered_ms = never;
  bool taken = false;    // answered so
  bool refused = false;  // answered so, for good
};

/// A partner did not take what became of an order, or could not give it to the store, and has called a person. What one
/// that comes again says is the same call.
struct Call {
  std::string partner, id;
  core::Notice untold = core::Notice::accepted;
  std::size_t story = SIZE_MAX;     // SIZE_MAX: there is no such order, and none comes
  std::int64_t reached_ms = never;  // first, since it was last acknowledged
  std::uint64_t times_reached = 0;  // the gateway
  bool acknowledged = false;
};

/// The story of one order.
struct Story {
  std::string partner, id;
  core::ReleaseMode mode = core::ReleaseMode::immediate;
  core::FallbackPolicy fallback = core::FallbackPolicy::release;
  std::optional<std::int64_t> promised_ms;        // of true time
  std::optional<std::int64_t> at_ms;              // at_time: of true time
  std::optional<std::int64_t> fallback_at_ms;     // on_event: of true time
  bool names_mode = true, names_fallback = true;  // its body does; otherwise its partner's count
  std::optional<std::int64_t> placed_ms;          // when its customer ordered: of true time
  std::optional<std::int64_t> sent_ms;            // when the cloud sent it on, where it says so: of true time
  bool foreign_currency = false;
  bool test = false;
  bool over_mqtt = false;
  bool never_there = false;      // its partner's API has no such order
  bool thin = false;             // its webhook only announces it
  bool must_be_refused = false;  // it uses a key that belongs to another order
  bool reborn = false;          // it came again when its id may be another order's: whatever is done is right
  bool pruned = false;          // its row went in its time
  bool of_flood = false;        // nobody sends it again, whatever the answer
  bool reached_before = false;  // it reached the gateway once more

  Hearing hearing;
  std::string modifier;                                      // of its first item, two levels deep; "" = none
  std::vector<std::pair<std::string, std::int64_t>> wanted;  // every item and modifier, at which price

  // of what it wants, when it was decided
  bool stock_seen = false;
  std::string off_item;      // this was off for certain
  bool all_on = false;       // nothing was, for certain
  std::string unknown_item;  // a whole list left this out, for certain
  bool all_known = false;    // none of its items was left out, for certain
  bool price_wrong = false, price_right = false;

  // what reached the gateway while it ran
  std::int64_t reached_ms = never;
  std::uint32_t bodies_reached = 0;  // bit n: its n-th body
  std::uint32_t boot = 0;            // the machine's boot at that time
  std::int64_t release_reached_ms = never;
  std::int64_t cancel_reached_ms = never;
  std::int64_t resolve_reached_ms = never;
  std::uint32_t answers_reached = 0;  // bit n: such an answer of a person for the parked order
  std::set<std::string, std::less<>> released_by, cancelled_by;  // who sent such a command that reached it
  int wrong_tokens = 0;                     // commands by a token that is not the order's, sent
  std::int64_t times_called = 0;            // a call to key it in reached the gateway
  std::int64_t send_again_reached_ms = -1;  // a person's answer that it is to be sent, the newest
  /// True time before which no clock may release it, whatever the clocks showed meanwhile.
  std::int64_t clock_may_release_ms = never;
  /// True time before which its hold does not end by itself; never: it has none.
  std::int64_t hold_may_end_ms = never;
  /// True time by which right clocks end its hold; never: it has none.
  std::int64_t hold_ends_ms = never;

  // of one that is announced and fetched
  std::int64_t announced_ms = never;     // it was last announced, and that reached the gateway
  std::int64_t asked_ms = -1;            // it was last asked for because of what had come by then
  std::int64_t looked_at_ms = -1;        // the request whose answer was last written
  std::int64_t fetched_open_ms = never;  // its partner gave it, not cancelled, before it was decided
  std::int64_t decided_ms = never;       // its first phase after `fetching` was committed
  // such an event of it was
  bool accepted_written = false, refused_written = false, ready_written = false, ended_written = false,
       cancel_refused_written = false, untold_written = false;
  std::int64_t decision_owed_ms = never;  // since then its partner is to be told that it is accepted or not
  bool accept_told = false;               // that was sent
  bool end_taken = false;                 // its partner believes the store that it is not made
  bool untold = false;                    // an event says that its partner could not be told, or had decided
  bool unseen = false;                    // it was rejected without having been fetched
  std::int64_t news_heard_ms =
      never;  // cancelled at its partner, and the announcement that tells so was taken
  std::int64_t courier_heard_ms = never;  // the same of its courier, who waits
  std::int64_t whole_reached_ms = never;  // somebody sent it as a whole
  bool taken_unseen = false;              // committed as one that is to be fetched

  // what left the gateway
  int acknowledged_body = -1;
  std::int64_t acknowledged_ms = never;
  std::string first_answer;  // its body, "" over MQTT
  std::int64_t cancel_acknowledged_ms = never;
  bool told_too_late = false;  // a cancel was answered 200 though the order was completed
  /// The newest call to key it in of those that were acknowledged: when it reached the gateway; -1 = there is none.
  std::int64_t called_ms = -1;
  std::int64_t release_acknowledged_ms = never;
  std::int64_t release_refused_ms = never;  // since it has ended
  std::int64_t intent_ms =
      never;  // a commit began that may have put its intent on disk, and no later one took it back
  std::vector<core::Stamp> intents;  // of all tries, also such as a power cut took away
  std::int64_t first_post_ms = never;
  std::int64_t last_storm_try_ms = never;  // the newest intent or placement while things failed
  std::int64_t door_closed_ms = never;     // it was last told that the store has as many orders as it takes
  std::int64_t ended_ms = never;           // its end was committed
  std::int64_t settled_ms = never;         // its sender heard what became of it
  std::string last_key;                    // of the newest placement that left

  // what the POS would not take
  std::uint64_t tried_in_life = 0;        // of the process, first; 0 = it was not
  int unclear_tries = 0;                  // placements that had no clear answer, or not yet
  std::set<std::string> refused_reasons;  // that the POS gave for good
  bool called_wrong = false;              // the POS said that a person must look at it
  std::string refused_for;                // committed as cancelled for this, by the POS
  bool parked_as_wrong = false;           // committed so

  // at the POS: tickets by key
  std::map<std::string, int> tickets;
  std::int64_t first_ticket_ms = never;
  int voided = 0;                                   // of its tickets
  int reprints_asked = 0;                           // by a person
  bool keyed_in = false;                            // by a person, by hand: it is cooked
  std::map<std::string, std::vector<Moved>> moves;  // by the POS's reference
  std::int64_t last_void_asked_ms = -1;             // a void reached the POS
  /// When the POS first let out that a ticket of it has come to a status, by any way, heard or not.
  std::array<std::int64_t, core::pos_status_count> said_ms{never, never, never, never, never, never};

  // at the consumer
  std::string order_id, token;
  std::string reference;  // of the ticket it knows of
  std::vector<Seen> events;
  int refusals = 0;  // events that a command on it came to nothing

  [[nodiscard]] const Seen* last() const noexcept { return events.empty() ? nullptr : &events.back(); }
  [[nodiscard]] const Seen* first_named(std::string_view name) const noexcept;
  [[nodiscard]] int tickets_in_all() const noexcept;
};

[[nodiscard]] bool is_end_phase(std::string_view phase) noexcept;

/// The first thing that was found wrong.
struct Violation {
  std::string invariant;
  std::string what;
  std::int64_t at_ms = 0;
  bool of_liveness = false;
};

class Ledger {
 public:
  [[nodiscard]] std::size_t add(Story story);
  [[nodiscard]] std::size_t add(StoreWord word) {
    return store_words_.push_back(word), store_words_.size() - 1;
  }
  [[nodiscard]] std::vector<StoreWord>& store_words() noexcept { return store_words_; }
  [[nodiscard]] const std::vector<StoreWord>& store_words() const noexcept { return store_words_; }
  [[nodiscard]] std::size_t add(Call call) { return calls_.push_back(std::move(call)), calls_.size() - 1; }
  [[nodiscard]] std::vector<Call>& calls() noexcept { return calls_; }
  [[nodiscard]] Story& story(std::size_t index) { return stories_[index]; }
  [[nodiscard]] std::vector<Story>& stories() noexcept { return stories_; }
  [[nodiscard]] const std::vector<Story>& stories() const noexcept { return stories_; }
  /// By partner and its id; nullptr: nobody sent such an order.
  [[nodiscard]] Story* find(std::string_view partner, std::string_view id);
  /// By the POS's key `partner:id:day[:rN]`; the simulator's ids need no escaping.
  [[nodiscard]] Story* find_key(std::string_view key);

  void blame(std::int64_t now_ms, std::string_view invariant, std::string what, bool of_liveness = false);
  [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }

 private:
  std::vector<Story> stories_;
  std::vector<StoreWord> store_words_;
  std::vector<Call> calls_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::optional<Violation> violation_;
};

}  // namespace storegate::sim
