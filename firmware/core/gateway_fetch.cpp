// Gateway: orders that a partner only announces. The announcement is kept and answered, then the order is fetched from the
// partner's API and judged as one that arrives. Of an order that is here, news are fetched the same way.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

/// Each look costs a commit of what is kept for a full disk: the row that was changed for nothing is written as it was.
constexpr Milliseconds spare_ms = minute_ms;
/// Made, collected or delivered, before the store had seen it.
constexpr const char* over_code = "over";
constexpr const char* gone_code = "gone";
constexpr const char* unreadable_code = "unreadable";

/// Why an order that cannot be had is rejected.
const char* code_of(FetchOutcome outcome) {
  if (outcome == FetchOutcome::not_ours) return other_store_subject;
  return outcome == FetchOutcome::gone ? gone_code : unreadable_code;
}

/// Its partner has no such order any more, or has it for another store: a rejection by this one is none of its business.
bool is_for_nobody(const std::string& code) {
  return code == gone_code || code == over_code || code == other_store_subject;
}

}  // namespace

// ---------------------------------------------------------------- announced

void Gateway::announced(const OrderAnnounced& input, Turn& turn) {
  const auto refuse = [&](const Closed& closed) { refuse_arrival(input.caller, input.letter, closed, turn); };
  if (policy_.partners.find(input.partner) == policy_.partners.end())
    return refuse({AnswerKind::unknown_partner, "no partner of this name is configured", 0});
  if (!fetches(input.partner))
    return refuse(
        {AnswerKind::unknown_partner, "how this partner's orders are fetched is not configured", 0});

  const std::string identity = Book::identity_of(input.partner, input.partner_order_id);
  if (const OrderNumber known = find_known(identity, turn.now); known != no_order) {
    if (Entry* live = book_.find(known)) announced_again(*live, input, turn);
    return answer_again(input.caller, known, true, turn);
  }
  // Over MQTT nobody hears a 429 or 503, as of an order that arrives whole: one beyond the rate is taken, since fetching has
  // a pace of its own, and one for which there is no room is rejected.
  const auto closed = close_door(input.partner, turn);
  if (closed && input.source != Source::mqtt) return refuse(*closed);
  const bool no_room = closed && closed->kind != AnswerKind::too_many;

  Order order = new_order(input.partner, input.partner_order_id, input.traceparent, turn.now);
  order.announced = true;
  order.href = input.href;
  order.phase = Phase::fetching;
  Entry& entry = book_.add(std::move(order), witnessed_ms(turn.now));
  entry.fetch.next_ms = turn.now.steady_ms;
  if (const Early early = early_of(identity, turn.now); early.cancel != nullptr) {
    write_no_body(entry.order, turn);
    settle(entry, {}, early, false, turn);
  } else if (no_room) {
    Refusals refusals;
    refusals.add(Reason::too_busy);
    write_no_body(entry.order, turn);
    settle(entry, refusals, early, false, turn);
  } else {
    changed(entry, turn);  // a release that came early waits for what is fetched
  }
  entry.order.arrival_phase = entry.order.phase;
  entry.order.arrival_reason = entry.order.reason;
  reindex(entry, turn.now);
  answer(input.caller, AnswerKind::created, &entry, turn);
}

// Of one that is still to be fetched a repeat says nothing new, unless it names another address; news are a reason to ask at
// once, or once more behind an answer that may be of before.
void Gateway::announced_again(Entry& entry, const OrderAnnounced& input, Turn& turn) {
  if (is_end(entry.order.phase)) return;
  const bool has_moved = !input.href.empty() && input.href != entry.order.href;
  if (has_moved) {
    book_.save(entry);
    entry.order.href = input.href;
    entry.fetch.misses = 0;  // they are of the old one
    entry.fetch.moved = entry.fetch.attempt != 0;
    changed(entry, turn);
  }
  if (entry.order.phase != Phase::fetching) return look_again(entry, turn);
  if (input.is_new && !has_moved) return;
  book_.save(entry);
  if (entry.fetch.attempt != 0) {
    entry.fetch.again = true;
    return;
  }
  entry.fetch.next_ms = turn.now.steady_ms;
  reindex(entry, turn.now);
}

// It was announced, and now somebody sends it as a whole: it is what was waited for.
void Gateway::sent_whole(Entry& entry, const OrderArrived& input, Turn& turn) {
  if (!may_take(entry, turn)) {
    // Nothing is lost by it: it is fetched when there is room.
    const bool stays =
        turn.from_reserve && input.source != Source::mqtt;  // there it would block what is behind it
    const AnswerKind kind = stays ? AnswerKind::not_stored : AnswerKind::full;
    answer(input.caller, kind, nullptr, turn, "there is no room for it yet");
    if (input.caller != nobody) std::get<Answer>(turn.effects.back()).retry_after_s = retry_after_no_space_s;
    return;
  }
  Facts facts;
  facts.arrived = &input;
  happen(entry, Happening::fetched, facts, turn);
  answer(input.caller, AnswerKind::created, &entry, turn);
}

// There is room, and its partner is still configured.
bool Gateway::may_take(const Entry& entry, const Turn& turn) const {
  return !turn.from_reserve && room_ == StorageRoom::enough &&
         policy_.partners.find(entry.order.partner) != policy_.partners.end();
}

// ---------------------------------------------------------------- fetched

void Gateway::order_fetched(const OrderFetched& input, Turn& turn) {
  const bool is_clear = input.outcome != FetchOutcome::failed && input.outcome != FetchOutcome::not_now;
  const std::optional<bool> probe =
      note_end(fetch_paces_, input.attempt, is_clear, input.retry_after_ms, turn.now);
  Entry* entry = book_.find(input.order);
  const bool is_awaited = entry != nullptr && input.attempt != 0 && entry->fetch.attempt == input.attempt;
  if (!is_awaited || is_end(entry->order.phase)) {
    ++stale_answers_;
    return;
  }
  book_.save(*entry);
  entry->fetch.attempt = 0;
  const bool is_of_old_address = std::exchange(entry->fetch.moved, false);
  if (is_of_old_address && is_clear) {  // whatever is there, the order has moved
    entry->fetch.again = false;
    entry->fetch.next_ms = turn.now.steady_ms;
  } else if (entry->order.phase == Phase::fetching) {
    fetch_ended(*entry, input, probe.value_or(false), turn);
  } else {
    news_fetched(*entry, input, probe.value_or(false), turn);
  }
  reindex(*entry, turn.now);
}

std::optional<bool> Gateway::note_end(PartnerPaces& paces, std::uint64_t attempt, bool is_clear,
                                      std::optional<Milliseconds> retry_after_ms, const Now& now) {
  for (auto& [partner, pace] : paces) {
    const std::optional<bool> probe = pace.ended(attempt);
    if (!probe) continue;
    if (is_clear)
      pace.on_answer();
    else
      pace.on_failure(now.steady_ms, retry_after_ms, *probe, generator_);
    return probe;
  }
  return {};
}

namespace {

/// What came of it. Another order than the one that was asked for is as good as none.
FetchOutcome outcome_for(const Order& order, const OrderFetched& input) {
  const CanonicalOrder& arrived = input.arrived.order;
  const bool is_it = arrived.partner == order.partner && arrived.partner_order_id == order.partner_order_id;
  return input.outcome == FetchOutcome::fetched && !is_it ? FetchOutcome::unreadable : input.outcome;
}

/// Its partner was there, and has not got it, or not yet.
bool is_without_order(FetchOutcome outcome) {
  return outcome == FetchOutcome::gone || outcome == FetchOutcome::unreadable ||
         outcome == FetchOutcome::not_yet || outcome == FetchOutcome::not_ours;
}

}  // namespace

void Gateway::fetch_ended(Entry& entry, const OrderFetched& input, bool probe, Turn& turn) {
  const FetchOutcome outcome = outcome_for(entry.order, input);
  if (outcome == FetchOutcome::fetched && input.over && !turn.from_reserve) {
    Facts facts;
    facts.code = over_code;
    happen(entry, Happening::fetch_missed, facts, turn);
    return;
  }
  if (outcome == FetchOutcome::fetched && may_take(entry, turn)) {
    Facts facts;
    facts.actor = input.cancelled_by;
    facts.text = cancel_text_of(input.cancel_text);
    facts.arrived = &input.arrived;
    facts.released = input.released;
    facts.cancelled = input.cancelled;
    happen(entry, Happening::fetched, facts, turn);
    return;
  }
  const bool is_of_before = std::exchange(entry.fetch.again, false);  // the next answer is of after the news
  if (is_of_before && is_without_order(outcome)) {
    entry.fetch.next_ms = turn.now.steady_ms;
    return;
  }
  fetch_later(entry, outcome, probe, turn.now);
  if (!is_missed(entry, turn.now) || turn.from_reserve) return;
  Facts facts;
  facts.code = code_of(outcome);
  happen(entry, Happening::fetch_missed, facts, turn);
}

void Gateway::take_fetched(Entry& entry, const Facts& facts, Turn& turn) {
  const Fetch before = std::exchange(entry.fetch, Fetch{});
  // Sent as a whole meanwhile: whoever is being asked for it still answers, and is not asked a second time beside that.
  entry.fetch.attempt = before.attempt;
  const OrderArrived& input = *facts.arrived;
  Order& order = entry.order;
  Early early = early_of(Book::identity_of(order.partner, order.partner_order_id), turn.now);
  const EarlyMark cancelled{EarlyKind::cancel, order.partner, order.partner_order_id,
                            facts.actor,       facts.text,    {}};
  if (facts.cancelled) early.cancel = &cancelled;
  const Refusals refusals = judge(input, facts.released || early.release != nullptr, turn.now, true);
  fill_in(order, input, turn);
  entry.telling.promised_wall_ms = input.order.promised_at_wall_ms.value_or(0);
  if (!order.idempotency_key.empty()) book_.add_key(order.idempotency_key, order.number);
  if (order.traceparent.empty()) order.traceparent = input.traceparent;
  settle(entry, refusals, early, facts.released, turn);
  if (before.again && !is_end(order.phase)) look_again(entry, turn);
}

// What is kept for a full disk is for orders that go on.
void Gateway::fetch_overdue(Entry& entry, Turn& turn) {
  if (!turn.from_reserve) {
    happen(entry, Happening::waited_too_long, {}, turn);
    return;
  }
  book_.save(entry);
  entry.fetch.spare_ms = turn.now.steady_ms + spare_ms;
  reindex(entry, turn.now);
}

// `code`: what its partner's API said instead of it; "" = its time is over.
void Gateway::give_up_fetch(Entry& entry, const Facts& facts, Turn& turn) {
  Refusals refusals;
  if (facts.code.empty())
    refusals.add(Reason::timed_out, "fetch");
  else if (facts.code == over_code)
    refusals.add(Reason::timed_out, over_code);
  else
    refusals.add(Reason::invalid_order, facts.code);
  entry.order.reason = refusals.first();
  entry.order.refusals = pack(refusals.list());
  move_and_emit(entry, Phase::rejected, EventType::order_rejected,
                facts.code.empty() ? Actor::clock : Actor::policy, turn);
  if (is_for_nobody(facts.code)) owe_only(entry, {});
  if (facts.code == other_store_subject) emit_foreign(entry.order, turn);
}

// Its partner hears nothing, and expects it here: a store's wrong id would swallow every order unheard.
void Gateway::emit_foreign(const Order& order, Turn& turn) {
  emit_plain(EventType::gateway_partner_untold,
             {{"order_id", text_of(order.id)},
              {"partner", order.partner},
              {"partner_order_id", order.partner_order_id},
              {"notice", std::string(name_of(Notice::rejected))},
              {"why", std::string(other_store_subject)}},
             turn);
}

// Whoever reads the rows of an order finds a body, also of one that never came.
void Gateway::write_no_body(const Order& order, Turn& turn) const {
  OrderBody body;
  body.number = order.number;
  turn.changes.bodies.push_back(std::move(body));
}

// ---------------------------------------------------------------- news

bool Gateway::has_news(const Entry& entry) const noexcept {
  return entry.order.look_again && !is_end(entry.order.phase);
}

// Noted durably: a partner that tells of a cancel so does not tell again.
void Gateway::look_again(Entry& entry, Turn& turn) {
  book_.save(entry);
  entry.fetch.since_ms = turn.now.steady_ms;
  if (entry.fetch.attempt != 0) entry.fetch.again = true;
  if (!entry.order.look_again) {
    entry.order.look_again = true;
    entry.fetch.next_ms = turn.now.steady_ms;
    changed(entry, turn);
  }
  reindex(entry, turn.now);
}

namespace {

/// The partner has said how the order stands, if only that there is no news of it here.
bool is_answer(FetchOutcome outcome) {
  return outcome == FetchOutcome::fetched || outcome == FetchOutcome::not_yet;
}

}  // namespace

// What the order asks for is not taken over: what is in the kitchen does not change.
void Gateway::news_fetched(Entry& entry, const OrderFetched& input, bool probe, Turn& turn) {
  const bool again = std::exchange(entry.fetch.again, false);
  const FetchOutcome outcome = outcome_for(entry.order, input);
  if (outcome == FetchOutcome::fetched && input.cancelled) {
    happen(entry, Happening::cancel, {input.cancelled_by, cancel_text_of(input.cancel_text), {}, {}, {}},
           turn);
  } else if (outcome == FetchOutcome::fetched && input.released) {
    happen(entry, Happening::release, {Actor::partner, {}, {}, {}, {}}, turn);
  } else if (!is_answer(outcome)) {
    fetch_later(entry, outcome, probe, turn.now);
    if (is_missed(entry, turn.now) && !again) give_up_news(entry, turn);
    return;
  }
  if (!again) return forget_news(entry, turn);
  entry.fetch.next_ms = turn.now.steady_ms;
}

// Nobody waits for it: what a crash takes of it is looked at once more.
void Gateway::forget_news(Entry& entry, Turn& turn) {
  entry.fetch = Fetch{};
  if (!entry.order.look_again) return;
  entry.order.look_again = false;
  changed_lazily(entry, turn);
}

void Gateway::give_up_news(Entry& entry, Turn& turn) {
  book_.save(entry);
  forget_news(entry, turn);
  message_refused({"webhook/" + entry.order.partner, {}}, "news of this order could not be fetched",
                  {{"order_id", text_of(entry.order.id)}}, turn);
  reindex(entry, turn.now);
}

// never_ms: not cooked yet, so that what its partner says of it still saves a meal, however long the partner is away.
Milliseconds Gateway::news_due_ms(const Entry& entry) const {
  if (entry.order.phase == Phase::held || entry.order.phase == Phase::queued) return never_ms;
  // How long a partner waits for a decision says nothing of how long its cancel matters.
  return entry.fetch.since_ms + std::max(fetch_within_ms(entry.order.partner), fetch_within_default_ms);
}

// ---------------------------------------------------------------- when to ask

bool Gateway::fetches(const std::string& partner) const {
  const auto found = policy_.partners.find(partner);
  return found != policy_.partners.end() && found->second.fetches;
}

Milliseconds Gateway::fetch_within_ms(const std::string& partner) const {
  const auto found = policy_.partners.find(partner);
  const bool said = found != policy_.partners.end() && found->second.fetch_within_ms > 0;
  return said ? found->second.fetch_within_ms : fetch_within_default_ms;
}

// `outcome`: why it is tried again; fetched: there was no room for it. An order that alone goes wrong backs off by itself,
// so that it takes no probe from the others; that its partner is away is no fault of it.
void Gateway::fetch_later(Entry& entry, FetchOutcome outcome, bool probe, const Now& now) {
  Fetch& fetch = entry.fetch;
  fetch.next_ms = now.steady_ms;
  if (outcome == FetchOutcome::gone || outcome == FetchOutcome::unreadable ||
      outcome == FetchOutcome::not_ours) {
    if (fetch.misses++ == 0) fetch.missed_ms = now.steady_ms;
    fetch.next_ms += std::min(fetch.misses * fetch_miss_ms, fetch_miss_most_ms);
    return;
  }
  fetch.misses = 0;
  if (outcome == FetchOutcome::fetched || (outcome == FetchOutcome::failed && !probe))
    fetch.next_ms += backoff_ms(++fetch.failures, fetch_backoff_first_ms, fetch_backoff_most_ms, generator_);
  if (outcome == FetchOutcome::not_yet) fetch.next_ms += fetch_not_yet_ms;
}

// Its partner has said often enough, and for long enough, that there is nothing: a fault of a proxy is over by then, and so
// is the lag between a partner's own servers.
bool Gateway::is_missed(const Entry& entry, const Now& now) const {
  const Milliseconds for_ms = std::min(fetch_missed_for_ms, fetch_within_ms(entry.order.partner) / 2);
  return entry.fetch.misses >= fetch_misses && now.steady_ms - entry.fetch.missed_ms >= for_ms;
}

void Gateway::dispatch_fetches(Turn& turn) {
  const Milliseconds now_ms = turn.now.steady_ms;
  for (const auto& [partner, policy] : policy_.partners) {
    for (auto first = book_.first_to_fetch(partner); first && first->first <= now_ms;
         first = book_.first_to_fetch(partner)) {
      PartnerPace& pace = fetch_paces_.try_emplace(partner, fetch_limits).first->second;
      if (!pace.may_start(now_ms)) break;
      Entry& entry = *book_.find(first->second);
      book_.save(entry);
      entry.fetch.attempt = next_attempt_++;
      pace.started(entry.fetch.attempt);
      turn.effects.emplace_back(FetchOrder{entry.order.number, entry.fetch.attempt, partner,
                                           entry.order.partner_order_id, entry.order.href});
      reindex(entry, turn.now);
    }
  }
}

Milliseconds Gateway::fetch_wake_ms() const {
  Milliseconds wake = never_ms;
  for (const auto& [partner, policy] : policy_.partners) {
    const auto first = book_.first_to_fetch(partner);
    if (!first) continue;
    if (const auto from_ms = earliest_ms(fetch_paces_, partner))
      wake = std::min(wake, std::max(first->first, *from_ms));
  }
  return wake;
}

}  // namespace storegate::core
