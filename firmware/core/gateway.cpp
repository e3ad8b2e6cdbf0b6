// Gateway: the one switch from what happened to what is done, events, and where an order stands in the indexes.
#include "core/gateway.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "core/person.hpp"

namespace storegate::core {

Gateway::Gateway(Policy policy, Generator generator, LocalTimeFunction local_time)
    : generator_(generator), local_time_(std::move(local_time)) {
  set_policy(std::move(policy), Now{});
}

void Gateway::set_policy(Policy policy, const Now& now) {
  policy_ = std::move(policy);
  pos_.set_policy(policy_.pos);
  watch_pace_.set_policy(policy_.pos);
  poll_of(PosList::availability).set_interval(policy_.pos.availability_poll_ms, now.steady_ms);
  poll_of(PosList::menu).set_interval(policy_.pos.menu_poll_ms, now.steady_ms);
  alarms_.set_limits(policy_.alarms);
  doors_.clear();
  for (const auto& [name, partner] : policy_.partners) {
    doors_[name] = TokenBucket(partner.rate_per_minute, minute_ms, partner.rate_per_minute);
  }
  book_.for_each([&](Entry& entry) { reindex(entry, now); });
}

void Gateway::load(Loaded loaded, const Now& now) {
  loaded_ms_ = now.steady_ms;
  book_.last_number = loaded.last_number;
  book_.last_event = loaded.last_event;
  epoch_ = loaded.epoch;
  book_.begin_turn();
  auto ended = loaded.ended.begin();
  for (auto& order : loaded.live) {  // both ascend: the witnessed clock hears of arrivals as they came
    for (; ended != loaded.ended.end() && ended->number < order.number; ++ended)
      book_.load_ended(*ended, witnessed_.note(ended->arrived));
    load_live(std::move(order), now);
  }
  for (; ended != loaded.ended.end(); ++ended) book_.load_ended(*ended, witnessed_.note(ended->arrived));
  loaded_witnessed_ms_ = witnessed_.note(stamp_of(now));
  book_.for_each([&](Entry& entry) {  // how long it has been there for certain is known only now
    if (entry.order.phase == Phase::held || entry.order.phase == Phase::fetching || !entry.order.owed.empty())
      reindex(entry, now);
  });
  for (auto& alias : loaded.key_aliases) {
    const bool known = book_.find(alias.order) != nullptr || book_.find_ended(alias.order) != nullptr;
    if (known) book_.add_alias(alias.key, alias.order);
  }
  clock_offset_ms_ = now.wall_ms - now.steady_ms;
  clock_trusted_ = now.wall_trusted;
  for (auto& mark : loaded.early) book_.put_early(std::move(mark));
  if (loaded.availability_full) book_.stock().load_full();
  for (auto& mark : loaded.availability) book_.stock().load(std::move(mark), now);
  book_.put_store(std::move(loaded.store));
  judge_pause(now);
  book_.keep_turn();
  std::copy_if(loaded.unsure.begin(), loaded.unsure.end(), std::back_inserter(unsure_),
               [this](OrderNumber number) { return may_act(number); });
  lost_ = std::move(loaded.lost);
}

/// Whether anybody but the person who is asked about its ticket can move it.
bool Gateway::may_act(OrderNumber number) const {
  const Entry* entry = book_.find(number);
  return entry != nullptr && !is_end(entry->order.phase) &&
         !(entry->order.phase == Phase::parked && entry->order.in_doubt);
}

// What is newer than such an order's row is not known, a ticket perhaps: nothing happens to it before a person has said.
void Gateway::park_unsure(Turn& turn) {
  for (const OrderNumber number : unsure_) {
    if (!may_act(number)) continue;  // parked by this turn already
    happen(*book_.find(number), Happening::event_lost, {}, turn);
  }
}

// Whoever announced such an order was answered, and will not do so again.
void Gateway::tell_lost(Turn& turn) {
  for (const auto& lost : lost_) {
    Details about{{"order_number", value_of(lost.number)}};
    if (!lost.partner.empty()) about.emplace_back("partner", lost.partner);
    if (!lost.partner_order_id.empty()) about.emplace_back("partner_order_id", lost.partner_order_id);
    message_refused({"webhook/" + lost.partner, {}},
                    "the row of this announced order is damaged: ask its partner what it wanted",
                    std::move(about), turn);
  }
}

void Gateway::load_live(Order order, const Now& now) {
  const Milliseconds witnessed_ms = witnessed_.note(order.arrived);
  Entry& entry = book_.add(std::move(order), witnessed_ms);
  entry.fetch.since_ms = now.steady_ms;
  entry.closed_ms = now.steady_ms;  // whatever earlier processes sent was under way until then at most
  if (entry.order.phase == Phase::sending) {
    // The process that sent it is gone, and with it the connection; what the POS did is not known.
    entry.soft.doubting = true;
    entry.soft.doubt_since_ms = now.steady_ms;
    entry.soft.next_ms = now.steady_ms;  // the first turn plans what settles it
  }
  if (entry.order.phase == Phase::voiding) {
    entry.soft.doubting = true;  // so may the void have been carried out
    entry.soft.next_request = entry.order.pos_reference.empty() ? PosRequest::ask : PosRequest::cancel;
  }
  if (!entry.order.owed.empty()) load_owed(entry, now);
  if (!entry.order.pos_reference.empty() && !is_end(entry.order.phase))
    book_.add_reference(entry.order.pos_reference, entry.order.number);
  reindex(entry, now);
}

void Gateway::decide(const Input& input, Outbox& outbox, Turn& turn) {
  park_unsure(turn);
  rejudge_if_clock_moved(turn);
  end_pause_if_due(turn);
  if (const auto* order = std::get_if<OrderArrived>(&input))
    arrived(*order, turn);
  else if (const auto* release = std::get_if<ReleaseArrived>(&input))
    released(*release, turn);
  else if (const auto* cancel = std::get_if<CancelArrived>(&input))
    cancelled(*cancel, turn);
  else if (const auto* called = std::get_if<PersonCalled>(&input))
    person_called(*called, turn);
  else if (const auto* person = std::get_if<ParkedResolved>(&input))
    resolved(*person, turn);
  else if (const auto* pos = std::get_if<PosAnswered>(&input))
    pos_answered(*pos, turn);
  else if (const auto* partner = std::get_if<PartnerTold>(&input))
    partner_told(*partner, turn);
  else if (const auto* list = std::get_if<AvailabilityArrived>(&input))
    availability_arrived(*list, turn);
  else if (const auto* listed = std::get_if<PosListed>(&input))
    pos_listed(*listed, turn);
  else if (const auto* ack = std::get_if<EventsAcknowledged>(&input))
    events_acknowledged(*ack, outbox, turn);
  else if (const auto* start = std::get_if<GatewayStarted>(&input))
    gateway_started(*start, turn);
  else if (const auto* refused = std::get_if<MessageRefused>(&input)) {
    message_refused(refused->letter, refused->why, {}, turn);
    answer(refused->caller, AnswerKind::done, nullptr, turn);
  } else if (const auto* store = std::get_if<StoreSet>(&input)) {
    store_set(*store, turn);
  } else if (const auto* told = std::get_if<PosStatusSeen>(&input)) {
    status_seen(*told, turn);
  } else if (const auto* announcement = std::get_if<OrderAnnounced>(&input)) {
    announced(*announcement, turn);
  } else if (const auto* fetched = std::get_if<OrderFetched>(&input)) {
    order_fetched(*fetched, turn);
  } else if (const auto* measured = std::get_if<StorageMeasured>(&input)) {
    room_ = measured->room;
  } else if (const auto* certificates = std::get_if<CertificatesSeen>(&input)) {
    certificate_ends_ = certificates->end_soon;
  } else if (const auto* uplink = std::get_if<UplinkConnected>(&input)) {
    if (!uplink->session_present) emit_plain(EventType::gateway_snapshot_requested, {}, turn);
  }
}

Outcome Gateway::happen(Entry& entry, Happening happening, const Facts& facts, Turn& turn) {
  const Outcome outcome = outcome_of(happening, entry.order.phase);
  switch (outcome) {
    case Outcome::impossible:
      std::abort();  // our own bug; the journal holds the truth, the supervisor restarts us
    case Outcome::replay:
    case Outcome::no_change:
    case Outcome::refuse:
    case Outcome::remember_release: return outcome;
    default: break;
  }
  book_.save(entry);
  switch (outcome) {
    case Outcome::release: do_release(entry, facts.actor, {}, turn); break;
    case Outcome::release_parked:
      if (is_released_from_parked(entry.order)) do_release(entry, facts.actor, "late", turn);
      break;
    case Outcome::cancel: do_cancel(entry, facts, turn); break;
    case Outcome::remember_cancel:
      remember_cancel(entry, facts, turn);
      replan_if_resending(entry, turn);
      break;
    case Outcome::cancel_parked:
      if (is_cancelled_by_answer(entry.order))
        remember_cancel(entry, facts, turn);
      else
        do_cancel(entry, facts, turn);
      break;
    case Outcome::start_void: start_void(entry, facts, turn); break;
    case Outcome::follow_fallback: follow_fallback(entry, turn); break;
    case Outcome::send: send(entry, turn); break;
    case Outcome::settle_doubt: request(entry, entry.soft.next_request, turn); break;
    case Outcome::send_void: request(entry, entry.soft.next_request, turn); break;
    case Outcome::place: place(entry, facts, turn); break;
    case Outcome::cancel_by_pos: refused_by_pos(entry, facts, true, turn); break;
    case Outcome::park_refused: refused_by_pos(entry, facts, false, turn); break;
    case Outcome::try_later: try_later(entry, facts.retry_after_ms, turn); break;
    case Outcome::doubt: doubt(entry, turn); break;
    case Outcome::cancel_found_void: finish_cancel(entry, Reason::other, Actor::pos, turn); break;
    case Outcome::note_lacking: note_lacking(entry, turn); break;
    case Outcome::ask_later: ask_later(entry, facts.retry_after_ms, turn); break;
    case Outcome::ask_now:
      entry.soft.next_request = PosRequest::ask;
      entry.soft.next_ms = turn.now.steady_ms;
      break;
    case Outcome::expire:
      entry.order.reason = Reason::timed_out;
      move_and_emit(entry, Phase::expired, EventType::order_expired, Actor::clock, turn);
      break;
    case Outcome::park_doubt: park(entry, Reason::in_doubt, true, turn); break;
    case Outcome::finish_void: finish_void(entry, turn); break;
    case Outcome::keep_placed:
      keep_placed(entry, happening == Happening::void_refused ? Reason::too_late : Reason::pos_offline, turn);
      break;
    case Outcome::void_later: back_off(entry, facts.retry_after_ms, turn.now); break;
    case Outcome::resolve_placed:
    case Outcome::resolve_queued:
    case Outcome::resolve_reprint: resolve(entry, outcome, turn); break;
    case Outcome::complete:
      entry.order.reason = Reason::assumed;
      move_and_emit(entry, Phase::completed, EventType::order_completed, Actor::clock, turn);
      break;
    case Outcome::place_test: place_test(entry, turn); break;
    case Outcome::make_ready:
    case Outcome::complete_by_pos:
    case Outcome::cancel_at_pos: moved_at_pos(entry, outcome, turn); break;
    case Outcome::void_again: void_again(entry, turn); break;
    case Outcome::refuse_void: refuse_void(entry, facts.pos_status, turn); break;
    case Outcome::take_fetched: take_fetched(entry, facts, turn); break;
    case Outcome::give_up_fetch: give_up_fetch(entry, facts, turn); break;
    case Outcome::park_by_hand: park(entry, Reason::by_hand, false, turn); break;
    case Outcome::remember_call: remember_call(entry, turn); break;
    case Outcome::park_called:
      if (is_released_from_parked(entry.order)) park(entry, Reason::by_hand, false, turn);
      break;
    case Outcome::park_unsure:
      entry.order.last_event = {};  // lost; what can be shown of its past begins here
      park(entry, Reason::in_doubt, true, turn);
      break;
    default: std::abort();
  }
  reindex(entry, turn.now);
  return outcome;
}

void Gateway::emit(Entry& entry, EventType type, std::optional<Phase> previous, Actor actor, Turn& turn) {
  Order& order = entry.order;
  EventRecord record;
  record.position = book_.last_event = Position{book_.last_event.epoch, book_.last_event.sequence + 1};
  record.type = type;
  record.at_wall_ms = turn.now.wall_ms;
  record.order = order.number;
  record.previous = order.last_event;
  record.phase = order.phase;
  record.previous_phase = previous;
  record.reason = order.reason;
  record.actor = actor;
  record.token_shown = !order.released.is_set() && !is_end(order.phase);
  record.pos_reference = order.pos_reference;
  order.last_event = record.position;
  turn.changes.events.push_back(std::move(record));
  owe(entry, type, !previous, turn.now);
  changed(entry, turn);
}

void Gateway::emit_plain(EventType type, Details details, Turn& turn) {
  EventRecord record;
  record.position = book_.last_event = Position{book_.last_event.epoch, book_.last_event.sequence + 1};
  record.type = type;
  record.at_wall_ms = turn.now.wall_ms;
  record.details = std::move(details);
  turn.changes.events.push_back(std::move(record));
  turn.urgent = true;
}

void Gateway::move_and_emit(Entry& entry, Phase phase, EventType type, Actor actor, Turn& turn) {
  const Phase previous = entry.order.phase;
  entry.order.phase = phase;
  if (previous != Phase::fetching) return emit(entry, type, previous, actor, turn);
  emit(entry, type, {}, actor, turn);  // the first that anybody hears of it
  if (!is_end(phase)) return;
  write_no_body(entry.order, turn);
  spend_early(entry.order, turn);
}

void Gateway::changed_lazily(Entry& entry, Turn& turn) {
  entry.order.updated_wall_ms = turn.now.wall_ms;
  write_later(entry.order.number);
}

void Gateway::changed(Entry& entry, Turn& turn) {
  changed_lazily(entry, turn);
  turn.urgent = true;
}

void Gateway::reindex(Entry& entry, const Now& now) {
  judge_deadline(entry, now);
  Standing standing = standing_of(entry, now);
  standing.tell_ms = tell_ms_of(entry);
  standing.agenda_ms = std::min(standing.agenda_ms, tell_until_ms(entry, now));
  book_.reindex(entry, standing);
}

Standing Gateway::standing_of(const Entry& entry, const Now& now) const {
  Standing standing = standing_in_phase(entry, now);
  const bool news = has_news(entry);
  if (!news && entry.order.phase != Phase::fetching) return standing;
  if (news) standing.agenda_ms = std::min(standing.agenda_ms, news_due_ms(entry));
  if (entry.fetch.attempt == 0 && fetches(entry.order.partner)) standing.fetch_ms = entry.fetch.next_ms;
  return standing;
}

Standing Gateway::standing_in_phase(const Entry& entry, const Now& now) const {
  const Soft& soft = entry.soft;
  Standing standing;
  standing.live = true;
  int line = line_due;
  switch (entry.order.phase) {
    case Phase::fetching:
    case Phase::held: standing.agenda_ms = soft.due_ms; return standing;
    case Phase::parked: return standing;
    case Phase::placed: {
      // The kitchen is done with it when the POS says so. One of which the POS has said nothing has been cooked when its
      // time is over.
      const bool pos_speaks = entry.order.pos_status != PosStatus::unknown;
      const Milliseconds cooked_ms =
          pos_speaks ? never_ms : steady_or_load(entry.order.placed, now) + policy_.prep_ms;
      const bool cooking = cooked_ms > now.steady_ms;
      return {
          cooking ? std::min(soft.due_ms, cooked_ms) : soft.due_ms, {}, false, cooking, watch_ms_of(entry)};
    }
    case Phase::ready: return {soft.due_ms, {}, false, false, watch_ms_of(entry)};
    case Phase::completed:
    case Phase::rejected:
    case Phase::cancelled:
    case Phase::expired: return {};
    case Phase::queued:
      if (is_simulated(entry.order.test)) return {now.steady_ms, {}, true, false};
      break;
    case Phase::sending: line = line_doubts; break;
    case Phase::voiding:
      line = line_voids;
      standing.live = false;
      break;
  }
  standing.in_kitchen = true;
  if (soft.in_flight) return standing;
  standing.agenda_ms = std::min(soft.due_ms, soft.next_ms > now.steady_ms ? soft.next_ms : never_ms);
  if (soft.next_ms <= now.steady_ms) {
    const Milliseconds since_ms = steady_or_load(entry.order.released, now);
    const Milliseconds late_ms = since_ms + due_for_ms;
    if (line == line_due && late_ms <= now.steady_ms) line = line_backlog;
    if (line == line_due) standing.agenda_ms = std::min(standing.agenda_ms, late_ms);
    standing.line = LinePlace{line, since_ms};
  }
  return standing;
}

void Gateway::decide_due(Turn& turn) {
  park_unsure(turn);
  tell_lost(turn);
  rejudge_if_clock_moved(turn);
  end_pause_if_due(turn);
  for (OrderNumber number = book_.first_due(turn.now.steady_ms); number != no_order;
       number = book_.first_due(turn.now.steady_ms)) {
    wake(*book_.find(number), turn);
  }
  end_words(turn);
  if (pos_.alarm_due(turn.now.steady_ms, policy_.pos_alarm_after_ms)) {
    emit_plain(EventType::gateway_alarm_raised, {{"alarm", std::string("pos_unreachable")}}, turn);
  }
  dispatch(turn);
  dispatch_watches(turn);
  dispatch_fetches(turn);
  dispatch_notices(turn);
  poll_lists(turn);
  if (book_.stock().is_changed()) {
    book_.stock().write_into(turn.changes);
    turn.urgent = true;
  }
}

void Gateway::watch(const Outbox& outbox, Turn& turn) {
  const AlarmFacts facts{outbox.connected(), outbox.connections(), outbox.waiting(), room_,
                         certificate_ends_};
  for (const Alarms::Change& change : alarms_.look(facts, turn.now.steady_ms)) {
    const EventType type = change.raised ? EventType::gateway_alarm_raised : EventType::gateway_alarm_cleared;
    emit_plain(type, {{"alarm", std::string(change.name)}}, turn);
  }
}

void Gateway::wake(Entry& entry, Turn& turn) {
  if (tell_until_ms(entry, turn.now) <= turn.now.steady_ms) return give_up_notices(entry, turn);
  if (entry.order.phase == Phase::queued && is_simulated(entry.order.test)) {
    happen(entry, Happening::test_at_pos, {}, turn);
    return;
  }
  if (has_news(entry) && news_due_ms(entry) <= turn.now.steady_ms) return give_up_news(entry, turn);
  if (entry.soft.due_ms > turn.now.steady_ms) {  // its back-off is over, or it is no longer due but late
    reindex(entry, turn.now);
    return;
  }
  switch (entry.order.phase) {
    case Phase::held: happen(entry, Happening::release_due, {}, turn); return;
    case Phase::fetching: fetch_overdue(entry, turn); return;
    case Phase::placed:
    case Phase::ready:
      if (!look_once_more(entry, turn)) happen(entry, Happening::completion_due, {}, turn);
      return;
    default: happen(entry, Happening::waited_too_long, {}, turn); return;
  }
}

std::optional<Milliseconds> Gateway::next_wake_ms() const {
  if (!unsure_.empty() || !lost_.empty()) return loaded_ms_;
  Milliseconds wake = std::min(book_.next_agenda_ms(), pause_ends_ms_);
  if (!book_.pos_line().empty()) {
    if (const auto line = pos_.wake_ms(watch_pace_.in_flight())) wake = std::min(wake, *line);
  }
  if (const auto watch = watch_wake_ms()) wake = std::min(wake, *watch);
  if (const auto alarm = pos_.alarm_ms(policy_.pos_alarm_after_ms)) wake = std::min(wake, *alarm);
  wake = std::min({wake, book_.stock().next_end_ms(), next_poll_ms(), fetch_wake_ms(), notice_wake_ms()});
  if (wake == never_ms) return {};
  return wake;
}

ShortAnswer Gateway::short_of(const Order& order) {
  return {order.id,     order.release_token, order.partner,         order.partner_order_id, order.phase,
          order.reason, order.pos_reference, order.updated_wall_ms, order.refusals};
}

void Gateway::answer(Caller caller, AnswerKind kind, const Entry* entry, Turn& turn, std::string why) {
  if (caller == nobody) return;
  Answer answer;
  answer.caller = caller;
  answer.kind = kind;
  answer.why = std::move(why);
  if (entry != nullptr) answer.order = short_of(entry->order);
  turn.effects.emplace_back(std::move(answer));
}

}  // namespace storegate::core
