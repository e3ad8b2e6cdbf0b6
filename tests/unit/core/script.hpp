// Script: the engine with a clock, rows and a POS that a test drives by hand, one straight line per test. The rows
// are folded from what was committed, so restart() shows what a new process would know.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/engine.hpp"

namespace storegate::core::testing {

inline Policy default_policy() {
  Policy policy;
  policy.store = "test";
  policy.pos.rate_per_s = 0;
  policy.pos.watch_ms = 0;
  PartnerPolicy kiosk;
  kiosk.release = ReleaseMode::on_event;
  kiosk.rate_per_minute = 0;
  policy.partners["kiosk"] = kiosk;
  PartnerPolicy counter = kiosk;
  counter.release = ReleaseMode::immediate;
  policy.partners["counter"] = counter;
  return policy;
}

inline constexpr Milliseconds start_wall_ms = 1'790'000'000'000;

/// A calendar whose Monday noon is the start; its date never changes.
inline LocalTime local_time(std::int64_t wall_ms) {
  const std::int64_t minute = (wall_ms - start_wall_ms) / minute_ms + 12 * 60;
  constexpr std::int64_t day = 24 * 60;
  const std::int64_t days = minute >= 0 ? minute / day : (minute - day + 1) / day;
  return {"2026-11-23", static_cast<int>(((days % 7) + 7) % 7), static_cast<int>(minute - days * day)};
}

class Script {
 public:
  explicit Script(Policy policy = default_policy()) : policy_(std::move(policy)) {
    now.steady_ms = 1'000'000;
    now.wall_ms = start_wall_ms;
    now.wall_trusted = true;
    now.boot = {1};
    start();
  }

  // ---- what happens ----

  OrderArrived order(const std::string& id, const std::string& partner = "kiosk",
                     const std::string& body = "b") {
    OrderArrived input;
    input.caller = next_caller();
    input.order.partner = partner;
    input.order.partner_order_id = id;
    Item item;
    item.id = "taco";
    input.order.items.push_back(item);
    input.body.canonical = "{" + body + "}";
    for (std::size_t i = 0; i < body.size(); ++i) {
      input.body_digest[i % 16] = static_cast<std::uint8_t>(input.body_digest[i % 16] * 31 + body[i]);
    }
    return input;
  }
  void arrive(const std::string& id, const std::string& partner = "kiosk") { give(order(id, partner)); }
  void release(const std::string& id, const std::string& partner = "kiosk") {
    ReleaseArrived input;
    input.caller = next_caller();
    input.orders.push_back({std::pair{partner, id}});
    give(std::move(input));
  }
  void cancel(const std::string& id, const std::string& partner = "kiosk", const std::string& text = "") {
    CancelArrived input;
    input.caller = next_caller();
    input.orders.push_back({std::pair{partner, id}});
    input.text = text;
    give(std::move(input));
  }
  void resolve(const std::string& id, Resolution resolution, const std::string& partner = "kiosk") {
    give(ParkedResolved{next_caller(), {std::pair{partner, id}}, resolution});
  }
  /// The POS answers the oldest request that has no answer yet.
  void pos(PosOutcome outcome, const std::string& reference = "", const std::string& code = "") {
    PosAnswered answer = requests.front().second;
    requests.erase(requests.begin());
    answer.outcome = outcome;
    answer.pos_reference = reference;
    answer.code = code;
    give(std::move(answer));
  }
  /// The POS answers the oldest question how a ticket stands.
  void shows(PosStatus status) {
    PosAnswered answer = requests.front().second;
    requests.erase(requests.begin());
    answer.outcome = PosOutcome::shown;
    answer.pos_status = status;
    give(std::move(answer));
  }
  /// The POS tells by itself.
  void tells(const std::string& reference, PosStatus status) {
    give(PosStatusSeen{next_caller(), reference, status});
  }
  /// The POS answers the oldest request for a list that has no answer yet.
  void pos_list(PosListed::Outcome outcome, std::vector<std::string> off = {},
                std::vector<MenuPrice> prices = {}) {
    PosListed listed;
    listed.list = lists.front().list;
    listed.attempt = lists.front().attempt;
    lists.erase(lists.begin());
    listed.outcome = outcome;
    listed.off = std::move(off);
    listed.prices = std::move(prices);
    give(std::move(listed));
  }
  /// The partner answers the oldest of the store's requests that tell it something.
  void partner(TellOutcome outcome, std::optional<Milliseconds> retry_after_ms = {},
               const std::string& why = "") {
    const TellPartner asked = notices.front();
    notices.erase(notices.begin());
    give(PartnerTold{asked.order, asked.attempt, outcome, why, retry_after_ms});
  }
  /// Somebody's word about an item.
  void say(const std::string& item, bool available, std::optional<std::int64_t> until_wall_ms = {},
           Actor actor = Actor::person) {
    AvailabilityArrived input;
    input.caller = next_caller();
    input.actor = actor;
    input.items.push_back({item, available, until_wall_ms});
    give(std::move(input));
  }
  void announce(const std::string& id, const std::string& partner, bool is_new = true) {
    OrderAnnounced input;
    input.caller = next_caller();
    input.partner = partner;
    input.partner_order_id = id;
    input.href = "/orders/" + id;
    input.is_new = is_new;
    give(std::move(input));
  }
  /// The oldest fetch that has not ended, as it ends.
  OrderFetched ended(FetchOutcome outcome) {
    const FetchOrder fetch = fetches.front();
    fetches.erase(fetches.begin());
    OrderFetched input;
    input.order = fetch.order;
    input.attempt = fetch.attempt;
    input.outcome = outcome;
    if (outcome == FetchOutcome::fetched) {
      input.arrived = order(fetch.partner_order_id, fetch.partner);
      input.arrived.caller = nobody;
      input.arrived.source = Source::webhook;
    }
    return input;
  }
  void fetch(FetchOutcome outcome) { give(ended(outcome)); }
  /// Offers the input and runs one turn.
  void give(Input input) {
    if (auto refused = engine->offer(std::move(input))) answers.push_back(std::move(*refused));
    turn();
    if (disk_full && engine->wants_turn(now)) turn();  // once more, from the reserve
  }
  /// Time passes; whatever becomes due runs at its own moment.
  void pass(Milliseconds span_ms) {
    const Milliseconds end = now.steady_ms + span_ms;
    for (;;) {
      const auto wake = engine->next_wake_ms();
      if (!wake || *wake > end) break;
      advance(std::max(*wake, now.steady_ms));
      if (!engine->wants_turn(now)) break;
      turn();
    }
    advance(end);
  }
  void turn() {
    Changes changes = engine->begin_turn(now);
    Committed committed;
    committed.disk_full = disk_full && !changes.writes_nothing() && !(changes.from_reserve && reserve > 0);
    committed.written = !fail_commits && !committed.disk_full;
    committed.sync_failed = fail_syncs;
    if (committed.written) {
      if (changes.from_reserve && !changes.writes_nothing()) --reserve;
      if (!changes.writes_nothing()) ++commits;
      apply(changes);
      committed.bodies_unread = fail_reads;
      for (const OrderNumber number : changes.bodies_wanted)
        if (!fail_reads) committed.bodies.push_back(bodies.at(number));
    }
    act(engine->finish_turn(std::move(committed), now));
  }
  /// The process dies and a new one folds the rows; `reboot`: with a new boot id and clock.
  void restart(bool reboot = false) {
    if (reboot) {
      now.boot[0] = static_cast<std::uint8_t>(now.boot[0] + 1);
      now.steady_ms = 5'000;
    }
    requests.clear();
    lists.clear();
    fetches.clear();
    notices.clear();
    start();
  }

  // ---- what came of it ----

  [[nodiscard]] const Order& row(const std::string& id, const std::string& partner = "kiosk") const {
    const Order* found = nullptr;
    for (const auto& [number, order] : rows) {
      if (order.partner == partner && order.partner_order_id == id) found = &order;
    }
    if (found == nullptr) throw std::runtime_error("no row of order " + id);
    return *found;
  }
  [[nodiscard]] Phase phase(const std::string& id, const std::string& partner = "kiosk") const {
    return row(id, partner).phase;
  }
  /// The phase in the book, ahead of the rows by what nobody waits for.
  [[nodiscard]] Phase book_phase(const std::string& id, const std::string& partner = "kiosk") const {
    const Entry* entry = engine->gateway().book().find(row(id, partner).number);
    return entry == nullptr ? phase(id, partner) : entry->order.phase;
  }
  [[nodiscard]] const Answer& last_answer() const { return answers.back(); }
  [[nodiscard]] std::size_t open_requests() const { return requests.size(); }
  [[nodiscard]] std::string history(const std::string& id, const std::string& partner = "kiosk") const {
    std::string text;
    for (const EventRecord& event : events) {
      if (event.order != row(id, partner).number) continue;
      text += (text.empty() ? "" : " ") + std::string(name_of(event.type)).substr(6);
    }
    return text;
  }
  [[nodiscard]] std::size_t count(EventType type) const {
    std::size_t found = 0;
    for (const EventRecord& event : events) found += event.type == type ? 1 : 0;
    return found;
  }
  [[nodiscard]] Caller next_caller() { return Caller{++callers_}; }
  void advance(Milliseconds to) {
    now.wall_ms += to - now.steady_ms;
    now.steady_ms = to;
  }

  Now now;
  std::optional<Engine> engine;
  std::map<OrderNumber, Order> rows;
  std::map<OrderNumber, OrderBody> bodies;
  std::vector<EventRecord> events;
  std::vector<DeadLetter> dead_letters;
  std::vector<KeyAlias> aliases;
  std::vector<Answer> answers;
  std::vector<std::pair<PosRequest, PosAnswered>> requests;  // sent to the POS, without an answer
  std::vector<AskPosList> lists;                             // asked for, without an answer
  std::vector<TellPartner> notices;                          // sent to partners, without an answer
  std::map<std::pair<StockLayer, std::string>, AvailabilityMark> availability;
  std::vector<OrderNumber> unsure;                           // at the next restart
  std::vector<Loaded::LostAnnouncement> lost_announcements;  // the same
  std::vector<PlaceOrder> sent;                              // every place request ever
  std::vector<FetchOrder> fetches;                           // under way
  std::vector<ReportWrongToken> wrong_tokens;
  std::size_t commits = 0;
  std::vector<std::string> last_written;  // whose rows the last commit wrote
  bool fail_commits = false;
  bool fail_syncs = false;
  bool disk_full = false;
  bool fail_reads = false;
  int reserve = 1'000;  // commits that a full disk still takes

 private:
  void start() {
    Loaded loaded;
    for (const auto& [number, order] : rows) {
      if (is_end(order.phase) && order.owed.empty()) {
        loaded.ended.push_back({order.number, order.id, order.release_token, order.partner,
                                order.partner_order_id, order.idempotency_key, order.body_digest, order.phase,
                                order.arrived, order.announced});
      } else {
        loaded.live.push_back(order);
      }
      loaded.last_number = number;
    }
    for (const auto& [key, mark] : early_) loaded.early.push_back(mark);
    loaded.key_aliases = aliases;
    for (const auto& [key, mark] : availability) loaded.availability.push_back(mark);
    loaded.availability_full = availability_full_;
    rotten_ = !unsure.empty();
    loaded.unsure = std::exchange(unsure, {});
    loaded.lost = std::exchange(lost_announcements, {});
    loaded.epoch = "epoch-1";
    loaded.store = store_;
    loaded.last_event = events.empty() ? Position{1, 0} : events.back().position;
    engine.emplace(policy_, std::move(loaded), Generator(7), local_time, now);
  }
  void apply(const Changes& changes) {
    if (!changes.writes_nothing()) last_written.clear();
    for (const Order& order : changes.orders) {
      last_written.push_back(order.partner_order_id);
      check_move(order);
      rows[order.number] = order;
    }
    for (const OrderBody& body : changes.bodies) bodies[body.number] = body;
    check_fetching(changes);
    events.insert(events.end(), changes.events.begin(), changes.events.end());
    dead_letters.insert(dead_letters.end(), changes.dead_letters.begin(), changes.dead_letters.end());
    for (const EarlyMark& mark : changes.early)
      early_[{mark.kind, mark.partner, mark.partner_order_id}] = mark;
    for (const EarlyMark& mark : changes.early_spent)
      early_.erase({mark.kind, mark.partner, mark.partner_order_id});
    if (changes.store) store_ = *changes.store;
    aliases.insert(aliases.end(), changes.key_aliases.begin(), changes.key_aliases.end());
    availability_full_ = availability_full_ || changes.availability_replaced;
    if (changes.availability_replaced)
      std::erase_if(availability, [](const auto& mark) { return mark.first.first == StockLayer::said; });
    for (const auto& gone : changes.availability_gone) availability.erase(gone);
    for (const AvailabilityMark& mark : changes.availability)
      availability[{mark.layer, mark.item.item}] = mark;
  }
  // Every phase change of every test is one that the table of moves names.
  void check_move(const Order& order) const {
    const auto before = rows.find(order.number);
    const bool named = before == rows.end() ? may_arrive_in_one_commit(order.phase)
                                            : may_follow_in_one_commit(before->second.phase, order.phase);
    const bool lost = before != rows.end() && order.phase == Phase::parked && order.in_doubt &&
                      targets_of(outcome_of(Happening::event_lost, before->second.phase)).has(Phase::parked);
    if (!named && !(lost && rotten_))
      throw std::logic_error("the table of moves does not name this: to " +
                             std::string(name_of(order.phase)) + " from " +
                             (before == rows.end() ? "nothing" : std::string(name_of(before->second.phase))));
  }
  // Every order has a body unless it is still to be fetched, and nobody hears of that phase.
  void check_fetching(const Changes& changes) const {
    for (const Order& order : changes.orders)
      if (bodies.contains(order.number) == (order.phase == Phase::fetching) && !rotten_)
        throw std::logic_error("a body is missing, or there before its order");
    for (const EventRecord& event : changes.events)
      if (event.order != no_order &&
          (event.phase == Phase::fetching || event.previous_phase == Phase::fetching))
        throw std::logic_error("an event tells of an order that is still to be fetched");
  }
  void act(std::vector<Effect> effects) {
    for (Effect& effect : effects) {
      if (auto* answer = std::get_if<Answer>(&effect)) {
        answers.push_back(std::move(*answer));
      } else if (auto* place = std::get_if<PlaceOrder>(&effect)) {
        note(PosRequest::place, place->order, place->attempt);
        sent.push_back(std::move(*place));
      } else if (const auto* ask = std::get_if<AskPos>(&effect)) {
        note(PosRequest::ask, ask->order, ask->attempt);
      } else if (const auto* health = std::get_if<CheckPosHealth>(&effect)) {
        note(PosRequest::check_health, health->order, health->attempt);
      } else if (const auto* voiding = std::get_if<VoidOrder>(&effect)) {
        note(PosRequest::cancel, voiding->order, voiding->attempt);
      } else if (const auto* watch = std::get_if<WatchOrder>(&effect)) {
        note(PosRequest::watch, watch->order, watch->attempt);
      } else if (const auto* list = std::get_if<AskPosList>(&effect)) {
        lists.push_back(*list);
      } else if (const auto* fetch = std::get_if<FetchOrder>(&effect)) {
        fetches.push_back(*fetch);
      } else if (auto* told = std::get_if<TellPartner>(&effect)) {
        notices.push_back(std::move(*told));
      } else if (const auto* wrong = std::get_if<ReportWrongToken>(&effect)) {
        wrong_tokens.push_back(*wrong);
      }
    }
  }
  void note(PosRequest request, OrderNumber order, std::uint64_t attempt) {
    PosAnswered answer;
    answer.order = order;
    answer.attempt = attempt;
    answer.request = request;
    requests.emplace_back(request, std::move(answer));
  }

  Policy policy_;
  std::map<std::tuple<EarlyKind, std::string, std::string>, EarlyMark> early_;
  bool availability_full_ = false;

  StoreState store_;
  std::uint64_t callers_ = 0;
  bool rotten_ = false;  // the rows of this process had lost events
};

}  // namespace storegate::core::testing
