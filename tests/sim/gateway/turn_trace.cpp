// Numbers and bytes of text first: they are the hash. Lines only when somebody reads. Whatever tells one input, row or
// effect from another goes in, or two builds that part there would have one hash.
#include "sim/gateway/turn_trace.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/order.hpp"

namespace storegate::sim {

namespace {

/// Up to eight bytes, the first one lowest, whatever the machine's own order is.
std::uint64_t word_of(const void* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, count);
  } else {
    const auto* byte = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{byte[i]} << (8 * i);
  }
  return word;
}

/// Whole bodies go through here: by words it is a fraction of what Trace::note_text takes for them.
void note_text(Trace& trace, Noted what, std::string_view text) noexcept {
  std::uint64_t lane = 0xcbf29ce484222325ULL;
  const auto fold = [&lane](std::uint64_t word) {
    lane = (lane ^ word) * 0x9fb21c651e98df25ULL;
    lane ^= lane >> 32U;
  };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) fold(word_of(text.data() + at, 8));
  if (at < text.size()) fold(word_of(text.data() + at, text.size() - at));
  trace.note(what, text.size(), lane);
}

/// A number that may be missing: whether it is there, then the number.
template <typename Number>
void note_maybe(Trace& trace, Noted what, const std::optional<Number>& number) noexcept {
  trace.note(what, number.has_value(), number.value_or(Number{}));
}

/// Ids, digests and boots.
void note_bytes(Trace& trace, Noted what, const std::array<std::uint8_t, 16>& bytes) noexcept {
  trace.note(what, word_of(bytes.data(), 8), word_of(bytes.data() + 8, 8));
}

void note_stamp(Trace& trace, Noted what, const core::Stamp& stamp) noexcept {
  trace.note(what, stamp.steady_ms, stamp.wall_ms);
  note_bytes(trace, what, stamp.boot);
}

void note_letter(Trace& trace, const core::Letter& letter) noexcept {
  note_text(trace, Noted::input, letter.topic);
  note_text(trace, Noted::input, letter.bytes);
}

void note_item(Trace& trace, Noted what, const core::ItemAvailability& item) noexcept {
  note_text(trace, what, item.item);
  trace.note(what, item.available);
  note_maybe(trace, what, item.until_wall_ms);
}

// ---------------------------------------------------------------- who an order is

struct NoteRef {
  Trace& trace;
  void operator()(const core::OrderId& id) const noexcept { note_bytes(trace, Noted::input, id.bytes); }
  void operator()(const core::ReleaseToken& token) const noexcept {
    trace.note(Noted::input, core::value_of(token.order));
    note_bytes(trace, Noted::input, token.secret);
  }
  void operator()(const std::pair<std::string, std::string>& name) const noexcept {
    note_text(trace, Noted::input, name.first);
    note_text(trace, Noted::input, name.second);
  }
};

void note_ref(Trace& trace, const core::OrderRef& ref) noexcept {
  trace.note(Noted::input, ref.by.index());
  std::visit(NoteRef{trace}, ref.by);
}

// ---------------------------------------------------------------- inputs

struct NoteInput {
  Trace& trace;

  void operator()(const core::OrderArrived& arrived) const noexcept {
    trace.note(Noted::input, arrived.caller, arrived.source);
    note_text(trace, Noted::input, arrived.order.partner);
    note_text(trace, Noted::input, arrived.order.partner_order_id);
    note_text(trace, Noted::input, arrived.idempotency_key);
    note_text(trace, Noted::input, arrived.traceparent);
    note_bytes(trace, Noted::input, arrived.body_digest);
    note_letter(trace, arrived.letter);
  }
  void operator()(const core::ReleaseArrived& release) const noexcept {
    trace.note(Noted::input, release.caller, release.source, release.actor, release.orders.size());
    for (const core::OrderRef& ref : release.orders) note_ref(trace, ref);
    note_letter(trace, release.letter);
  }
  void operator()(const core::CancelArrived& cancel) const noexcept {
    trace.note(Noted::input, cancel.caller, cancel.source, cancel.actor, cancel.orders.size());
    for (const core::OrderRef& ref : cancel.orders) note_ref(trace, ref);
    note_text(trace, Noted::input, cancel.text);
    note_letter(trace, cancel.letter);
  }
  void operator()(const core::ParkedResolved& resolved) const noexcept {
    trace.note(Noted::input, resolved.caller, resolved.resolution);
    note_ref(trace, resolved.order);
  }
  void operator()(const core::PosAnswered& pos) const noexcept {
    trace.note(Noted::input, core::value_of(pos.order), pos.outcome, pos.attempt, pos.request,
               pos.pos_status);
    note_text(trace, Noted::input, pos.pos_reference);
    note_text(trace, Noted::input, pos.code);
    note_maybe(trace, Noted::input, pos.retry_after_ms);
  }
  void operator()(const core::PosStatusSeen& told) const noexcept {
    trace.note(Noted::input, told.caller, told.status);
    note_text(trace, Noted::input, told.pos_reference);
  }
  void operator()(const core::AvailabilityArrived& arrived) const noexcept {
    trace.note(Noted::input, arrived.caller, arrived.actor, arrived.full, arrived.items.size());
    for (const core::ItemAvailability& item : arrived.items) note_item(trace, Noted::input, item);
    note_letter(trace, arrived.letter);
  }
  void operator()(const core::MessageRefused& refused) const noexcept {
    trace.note(Noted::input, refused.caller);
    note_text(trace, Noted::input, refused.why);
    note_letter(trace, refused.letter);
  }
  void operator()(const core::EventsAcknowledged& acknowledged) const noexcept {
    trace.note(Noted::input, acknowledged.caller);
    note_text(trace, Noted::input, acknowledged.epoch);
    note_maybe(trace, Noted::input, acknowledged.through);
    note_maybe(trace, Noted::input, acknowledged.replay_from);
    note_letter(trace, acknowledged.letter);
  }
  void operator()(const core::StoreSet& set) const noexcept {
    trace.note(Noted::input, set.caller, set.actor, set.paused);
    note_maybe(trace, Noted::input, set.until_wall_ms);
  }
  void operator()(const core::UplinkConnected& up) const noexcept {
    trace.note(Noted::input, up.session_present);
  }
  void operator()(const core::PosListed& listed) const noexcept {
    trace.note(Noted::input, listed.list, listed.attempt, listed.outcome, listed.off.size(),
               listed.prices.size());
    note_maybe(trace, Noted::input, listed.retry_after_ms);
    for (const std::string& item : listed.off) note_text(trace, Noted::input, item);
    for (const core::MenuPrice& line : listed.prices) {
      note_text(trace, Noted::input, line.item);
      trace.note(Noted::input, line.unit_price.minor);
    }
  }
  void operator()(const core::StorageMeasured& measured) const noexcept {
    trace.note(Noted::input, measured.room);
  }
  void operator()(const core::CertificatesSeen& seen) const noexcept {
    trace.note(Noted::input, seen.end_soon);
  }
  void operator()(const core::OrderAnnounced& announced) const noexcept {
    trace.note(Noted::input, announced.caller, announced.source, announced.is_new);
    for (const std::string* text :
         {&announced.partner, &announced.partner_order_id, &announced.href, &announced.traceparent})
      note_text(trace, Noted::input, *text);
    note_letter(trace, announced.letter);
  }
  void operator()(const core::OrderFetched& fetched) const noexcept {
    trace.note(Noted::input, core::value_of(fetched.order), fetched.attempt, fetched.outcome,
               fetched.released, fetched.cancelled, fetched.over, fetched.cancelled_by);
    note_text(trace, Noted::input, fetched.cancel_text);
    note_text(trace, Noted::input, fetched.why);
    note_maybe(trace, Noted::input, fetched.retry_after_ms);
    if (fetched.outcome == core::FetchOutcome::fetched) (*this)(fetched.arrived);
  }
  void operator()(const core::PartnerTold& told) const noexcept {
    trace.note(Noted::input, core::value_of(told.order), told.attempt, told.outcome);
    note_text(trace, Noted::input, told.why);
    note_maybe(trace, Noted::input, told.retry_after_ms);
  }
  void operator()(const core::PersonCalled& called) const noexcept {
    trace.note(Noted::input, called.caller, called.source, called.untold);
    for (const core::OrderRef& ref : called.orders) note_ref(trace, ref);
    note_text(trace, Noted::input, called.why);
  }
  void operator()(const core::GatewayStarted& started) const noexcept {
    note_text(trace, Noted::input, started.epoch);
    note_text(trace, Noted::input, started.previous_epoch.value_or(""));
    note_text(trace, Noted::input, started.why);
  }
};

std::string text_of_answer(const core::PosAnswered& answer) {
  constexpr std::string_view outcomes[] = {
      "took",         "refused",   "cannot",  "not_taken",  "not_now", "not_delivered", "in_doubt", "found",
      "found_voided", "not_found", "healthy", "unanswered", "voided",  "too_late",      "shown"};
  return "row " + std::to_string(core::value_of(answer.order)) + " " +
         std::string(outcomes[static_cast<std::size_t>(answer.outcome)]) + " " + answer.pos_reference +
         (answer.pos_status == core::PosStatus::unknown ? "" : std::string(core::name_of(answer.pos_status)));
}

std::string text_of_fetched(const core::OrderFetched& fetched) {
  constexpr std::string_view outcomes[] = {"fetched", "gone",    "unreadable", "not now",
                                           "failed",  "not yet", "not ours"};
  return "row " + std::to_string(core::value_of(fetched.order)) + " " +
         std::string(outcomes[static_cast<std::size_t>(fetched.outcome)]) +
         (fetched.cancelled ? ", cancelled" : "");
}

std::string line_of(const core::Input& input) {
  if (const auto* order = std::get_if<core::OrderArrived>(&input))
    return "order " + order->order.partner + "/" + order->order.partner_order_id;
  if (const auto* pos = std::get_if<core::PosAnswered>(&input)) return "POS " + text_of_answer(*pos);
  if (const auto* told = std::get_if<core::PosStatusSeen>(&input))
    return "POS tells " + told->pos_reference + " " + std::string(core::name_of(told->status));
  if (const auto* release = std::get_if<core::ReleaseArrived>(&input))
    return "release of " + std::to_string(release->orders.size());
  if (const auto* cancel = std::get_if<core::CancelArrived>(&input))
    return "cancel of " + std::to_string(cancel->orders.size());
  if (const auto* announced = std::get_if<core::OrderAnnounced>(&input))
    return "announced " + announced->partner + "/" + announced->partner_order_id;
  if (const auto* fetched = std::get_if<core::OrderFetched>(&input)) return text_of_fetched(*fetched);
  constexpr std::string_view names[] = {
      "order",           "release",   "cancel",  "resolve", "POS",          "availability", "refused",
      "acknowledgement", "uplink up", "started", "store",   "POS status",   "POS list",     "storage",
      "certificates",    "announced", "fetched", "told",    "person called"};
  static_assert(std::size(names) == std::variant_size_v<core::Input>);
  return std::string(names[input.index()]);
}

// ---------------------------------------------------------------- what a commit writes

void note_row(Trace& trace, const core::Order& order) noexcept {
  trace.note(Noted::row, core::value_of(order.number), order.phase, order.reason, order.arrival_phase,
             order.arrival_reason, order.reprints, order.cancel_wanted, order.in_doubt, order.test,
             order.updated_wall_ms, order.release_mode, order.fallback, order.released_by, order.cancelled_by,
             order.last_event.epoch, order.last_event.sequence, order.item_count, order.pos_status,
             order.announced, order.look_again, order.owed.bits(), order.fulfilment, order.for_later);
  note_bytes(trace, Noted::row, order.id.bytes);
  note_bytes(trace, Noted::row, order.release_token.secret);
  note_bytes(trace, Noted::row, order.body_digest);
  for (const core::Stamp* stamp : {&order.arrived, &order.release_due, &order.released, &order.intent,
                                   &order.placed, &order.cancel_asked, &order.held})
    note_stamp(trace, Noted::row, *stamp);
  for (const std::string* text : {&order.partner, &order.partner_order_id, &order.business_day,
                                  &order.idempotency_key, &order.traceparent, &order.pos_reference,
                                  &order.pos_code, &order.cancel_text, &order.refusals, &order.href})
    note_text(trace, Noted::row, *text);
}

void tell_row(const Trace& trace, const core::Order& order, std::int64_t now_ms) {
  trace.tell(now_ms, "row",
             std::to_string(core::value_of(order.number)) + " " + order.partner + "/" +
                 order.partner_order_id + " " + std::string(core::name_of(order.phase)) +
                 (order.cancel_wanted ? " cancel wanted" : "") + " " +
                 std::string(core::name_of(order.reason)));
}

struct NoteDetail {
  Trace& trace;
  void operator()(std::nullptr_t) const noexcept {}
  void operator()(bool value) const noexcept { trace.note(Noted::event, value); }
  void operator()(std::int64_t value) const noexcept { trace.note(Noted::event, value); }
  void operator()(const std::string& value) const noexcept { note_text(trace, Noted::event, value); }
};

void note_event(Trace& trace, const core::EventRecord& event) noexcept {
  trace.note(Noted::event, event.position.epoch, event.position.sequence, event.type, event.at_wall_ms,
             core::value_of(event.order), event.previous.epoch, event.previous.sequence, event.phase,
             event.reason, event.actor, event.token_shown, event.details.size());
  note_maybe(trace, Noted::event, event.previous_phase);
  note_text(trace, Noted::event, event.pos_reference);
  for (const auto& [name, value] : event.details) {
    note_text(trace, Noted::event, name);
    trace.note(Noted::event, value.index());
    std::visit(NoteDetail{trace}, value);
  }
}

void note_mark(Trace& trace, const core::EarlyMark& mark) noexcept {
  trace.note(Noted::row, mark.kind, mark.actor);
  note_text(trace, Noted::row, mark.partner);
  note_text(trace, Noted::row, mark.partner_order_id);
  note_text(trace, Noted::row, mark.text);
  note_stamp(trace, Noted::row, mark.at);
}

void tell_mark(const Trace& trace, const core::EarlyMark& mark, std::int64_t now_ms) {
  trace.tell(now_ms, "row",
             std::string(mark.kind == core::EarlyKind::cancel    ? "tombstone "
                         : mark.kind == core::EarlyKind::by_hand ? "early call "
                                                                 : "early release ") +
                 mark.partner + "/" + mark.partner_order_id);
}

void note_body(Trace& trace, const core::OrderBody& body) noexcept {
  trace.note(Noted::row, core::value_of(body.number));
  for (const std::string* text : {&body.canonical, &body.shared, &body.raw, &body.content_type})
    note_text(trace, Noted::row, *text);
}

/// Rows that are neither an order's nor an event's.
void note_other_rows(Trace& trace, const core::Changes& changes) noexcept {
  for (const core::EarlyMark& mark : changes.early) note_mark(trace, mark);
  for (const core::EarlyMark& spent : changes.early_spent) {
    trace.note(Noted::row, spent.kind);
    note_text(trace, Noted::row, spent.partner);
    note_text(trace, Noted::row, spent.partner_order_id);
  }
  for (const core::KeyAlias& alias : changes.key_aliases) {
    note_text(trace, Noted::row, alias.key);
    trace.note(Noted::row, core::value_of(alias.order));
  }
  for (const core::AvailabilityMark& mark : changes.availability) {
    note_item(trace, Noted::row, mark.item);
    trace.note(Noted::row, mark.layer, mark.at_wall_ms);
  }
  for (const auto& [layer, item] : changes.availability_gone) {
    trace.note(Noted::row, layer);
    note_text(trace, Noted::row, item);
  }
  for (const core::DeadLetter& letter : changes.dead_letters) {
    trace.note(Noted::row, letter.at_wall_ms);
    for (const std::string* text : {&letter.topic, &letter.bytes, &letter.why})
      note_text(trace, Noted::row, *text);
  }
  if (changes.store) {
    trace.note(Noted::row, changes.store->paused);
    note_maybe(trace, Noted::row, changes.store->until_wall_ms);
    note_stamp(trace, Noted::row, changes.store->since);
  }
  if (changes.outbox)
    trace.note(Noted::row, changes.outbox->published.epoch, changes.outbox->published.sequence,
               changes.outbox->acknowledged.epoch, changes.outbox->acknowledged.sequence);
}

// ---------------------------------------------------------------- effects

struct NoteEffect {
  Trace& trace;

  void operator()(const core::Answer& answer) const noexcept {
    trace.note(Noted::effect, answer.caller, answer.kind, core::value_of(answer.row), answer.first,
               answer.retry_after_s, answer.order.has_value());
    note_text(trace, Noted::effect, answer.why);
    if (answer.stands) trace.note(Noted::effect, *answer.stands);
    if (!answer.order) return;
    trace.note(Noted::effect, answer.order->phase, answer.order->reason, answer.order->updated_wall_ms);
    note_bytes(trace, Noted::effect, answer.order->id.bytes);
    note_text(trace, Noted::effect, answer.order->pos_reference);
    note_text(trace, Noted::effect, answer.order->refusals);
  }
  void operator()(const core::PlaceOrder& place) const noexcept {
    trace.note(Noted::effect, core::value_of(place.order), place.attempt, place.reprint, place.not_after_ms);
    note_text(trace, Noted::effect, place.key);
    note_text(trace, Noted::effect, place.display_code);
    note_text(trace, Noted::effect, place.body);
  }
  void operator()(const core::AskPos& ask) const noexcept {
    trace.note(Noted::effect, core::value_of(ask.order), ask.attempt);
    note_text(trace, Noted::effect, ask.key);
  }
  void operator()(const core::CheckPosHealth& check) const noexcept {
    trace.note(Noted::effect, core::value_of(check.order), check.attempt);
  }
  void operator()(const core::VoidOrder& voiding) const noexcept {
    trace.note(Noted::effect, core::value_of(voiding.order), voiding.attempt);
    note_text(trace, Noted::effect, voiding.pos_reference);
  }
  void operator()(const core::WatchOrder& watch) const noexcept {
    trace.note(Noted::effect, core::value_of(watch.order), watch.attempt);
    note_text(trace, Noted::effect, watch.pos_reference);
  }
  void operator()(const core::AskPosList& list) const noexcept {
    trace.note(Noted::effect, list.list, list.attempt);
  }
  void operator()(const core::FetchOrder& fetch) const noexcept {
    trace.note(Noted::effect, core::value_of(fetch.order), fetch.attempt);
    for (const std::string* text : {&fetch.partner, &fetch.partner_order_id, &fetch.href})
      note_text(trace, Noted::effect, *text);
  }
  void operator()(const core::TellPartner& tell) const noexcept {
    trace.note(Noted::effect, core::value_of(tell.order), tell.attempt, tell.notice, tell.reason,
               tell.at_wall_ms, tell.fulfilment);
    note_bytes(trace, Noted::effect, tell.id.bytes);
    note_maybe(trace, Noted::effect, tell.ready_at_wall_ms);
    for (const std::string* text : {&tell.partner, &tell.partner_order_id, &tell.href, &tell.display_code,
                                    &tell.refusals, &tell.pos_reference})
      note_text(trace, Noted::effect, *text);
  }
  void operator()(const core::ReportWrongToken& wrong) const noexcept {
    trace.note(Noted::effect, core::value_of(wrong.order), wrong.source);
    note_bytes(trace, Noted::effect, wrong.id.bytes);
  }
};

}  // namespace

void note_input(Trace& trace, const core::Input& input, std::int64_t now_ms) {
  trace.note(Noted::input, input.index(), now_ms);
  std::visit(NoteInput{trace}, input);
  if (trace.telling()) trace.tell(now_ms, "in", line_of(input));
}

void note_changes(Trace& trace, const core::Changes& changes, std::int64_t now_ms) {
  trace.note(Noted::turn, changes.orders.size(), changes.bodies.size(), changes.events.size(),
             changes.early.size(), changes.early_spent.size(), changes.key_aliases.size(),
             changes.availability.size(), changes.availability_gone.size(), changes.availability_replaced,
             changes.dead_letters.size(), changes.outbox.has_value(), changes.store.has_value(),
             changes.bodies_wanted.size(), changes.from_reserve);
  for (const core::Order& order : changes.orders) {
    note_row(trace, order);
    if (trace.telling()) tell_row(trace, order, now_ms);
  }
  for (const core::OrderBody& body : changes.bodies) note_body(trace, body);
  for (const core::EventRecord& event : changes.events) note_event(trace, event);
  note_other_rows(trace, changes);
  for (const core::OrderNumber wanted : changes.bodies_wanted) trace.note(Noted::row, core::value_of(wanted));
  if (trace.telling())
    for (const core::EarlyMark& mark : changes.early) tell_mark(trace, mark, now_ms);
}

void note_effect(Trace& trace, const core::Effect& effect, std::int64_t now_ms) {
  trace.note(Noted::effect, effect.index());
  std::visit(NoteEffect{trace}, effect);
  if (!trace.telling()) return;
  if (const auto* place = std::get_if<core::PlaceOrder>(&effect))
    trace.tell(now_ms, "out", "place " + place->key);
  else if (const auto* ask = std::get_if<core::AskPos>(&effect))
    trace.tell(now_ms, "out", "ask " + ask->key);
  else if (const auto* voiding = std::get_if<core::VoidOrder>(&effect))
    trace.tell(now_ms, "out", "void " + voiding->pos_reference);
  else if (const auto* watch = std::get_if<core::WatchOrder>(&effect))
    trace.tell(now_ms, "out", "watch " + watch->pos_reference);
  else if (const auto* fetch = std::get_if<core::FetchOrder>(&effect))
    trace.tell(now_ms, "out", "fetch " + fetch->partner_order_id);
}

}  // namespace storegate::sim
