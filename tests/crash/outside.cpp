// The world around the gateway: clocks, callers and what they hear, the cloud's end of the outbox.
#include "crash/outside.hpp"

#include <algorithm>

namespace storegate::crash {

namespace {

constexpr std::int64_t world_began_wall_ms = 1'790'000'000'000;
constexpr std::int64_t boot_takes_ms = 5'000;

core::PartnerPolicy partner(core::ReleaseMode release, core::FallbackPolicy fallback) {
  core::PartnerPolicy policy;
  policy.release = release;
  policy.fallback = fallback;
  policy.fallback_without_promise_ms = 10 * core::minute_ms;
  policy.rate_per_minute = 0;
  return policy;
}

}  // namespace

core::Now TrueTime::now() const noexcept {
  core::Now now;
  now.steady_ms = ms - boot_ms + boot_takes_ms;
  now.wall_ms = world_began_wall_ms + ms;
  now.wall_trusted = trusted;
  now.boot[0] = boot;
  return now;
}

core::Policy policy_for(PosClass pos_class) {
  using core::FallbackPolicy;
  using core::ReleaseMode;
  core::Policy policy;
  policy.store = "cut";
  policy.pos = policy_of(pos_class);
  policy.partners["kiosk"] = partner(ReleaseMode::on_event, FallbackPolicy::release);
  policy.partners["strict"] = partner(ReleaseMode::on_event, FallbackPolicy::park);
  policy.partners["fickle"] = partner(ReleaseMode::on_event, FallbackPolicy::cancel);
  policy.partners["counter"] = partner(ReleaseMode::immediate, FallbackPolicy::release);
  policy.partners["timed"] = partner(ReleaseMode::at_time, FallbackPolicy::release);
  return policy;
}

std::string identity_of(const std::string& partner, const std::string& id) { return partner + "/" + id; }

Print print_of(const core::OutgoingEvent& event) {
  const core::EventRecord& record = event.record;
  Fingerprint print;
  print.add(record.position.epoch), print.add(record.position.sequence);
  print.add(record.type), print.add(record.at_wall_ms), print.add(value_of(record.order));
  print.add(record.previous.sequence), print.add(record.phase);
  print.add(record.previous_phase ? static_cast<int>(*record.previous_phase) : -1);
  print.add(record.reason), print.add(record.actor), print.add(record.token_shown);
  print.add(std::string_view(record.pos_reference));
  const std::string details = core::pack(record.details);
  print.add(std::string_view(details)), print.add(std::string_view(event.epoch));
  print.add(event.order_id.bytes), print.add(event.release_token.secret);
  print.add(std::string_view(event.partner)), print.add(std::string_view(event.partner_order_id));
  print.add(std::string_view(event.traceparent)), print.add(std::string_view(event.shared));
  print.add(event.test), print.add(std::string_view(event.refusals));
  return print.print();
}

/// A name is one epoch's for ever: with it the sequence says which event it is.
void Cloud::note_epoch(const core::OutgoingEvent& event) {
  const std::int32_t ordinal = event.record.position.epoch;
  const auto [known, is_new] = epochs.emplace(ordinal, event.epoch);
  const auto same = std::count_if(epochs.begin(), epochs.end(),
                                  [&](const auto& epoch) { return epoch.second == event.epoch; });
  if (fault.empty() && (same > 1 || known->second != event.epoch))
    fault = "epoch " + event.epoch + " is there twice";
  if (event.record.type != core::EventType::gateway_started) return;
  const auto text = [&](std::string_view name) {
    for (const auto& [detail, value] : event.record.details) {
      const auto* words = std::get_if<std::string>(&value);
      if (detail == name && words != nullptr) return *words;
    }
    return std::string();
  };
  started_in = text("epoch");
  started_after = text("previous_epoch");
}

void Cloud::receive(const core::OutgoingEvent& event) {
  note_epoch(event);
  const std::int64_t sequence = event.record.position.sequence;
  const Print print = print_of(event);
  const auto [known, is_new] = events.emplace(event.record.position, print);
  if (!fault.empty()) return;
  if (!is_new && known->second != print)
    fault = "event " + std::to_string(sequence) + " came again with another content";
  // A backlog's live orders go first, so sequences may come with gaps; an order's own events come in their order.
  const core::Position previous = event.record.previous;
  if (is_new && previous != core::Position{} && events.find(previous) == events.end() && !gaps_allowed)
    fault = "event " + std::to_string(sequence) + " came before its order's event " +
            std::to_string(previous.sequence);
  highest = std::max(highest, sequence);
}

std::int64_t Cloud::missing() const {
  if (events.empty() || gaps_allowed) return 0;
  const std::int32_t epoch = events.rbegin()->first.epoch;
  std::int64_t next = 0;
  for (auto event = events.lower_bound({epoch, 0}); event != events.end(); ++event, ++next) {
    if (next == 0) next = event->first.sequence;
    if (event->first.sequence != next) return next;
  }
  return 0;
}

core::Caller Outside::ask(Question::Kind kind, std::string identity) {
  waiting[++callers] = {kind, std::move(identity)};
  return core::Caller{callers};
}

Known* Outside::find(core::OrderNumber number) {
  const auto found = std::find_if(orders.begin(), orders.end(), [number](const auto& known) {
    return known.second.acknowledged && known.second.number == number;
  });
  return found == orders.end() ? nullptr : &found->second;
}

void Outside::hear(const core::Answer& answer) {
  const auto asked = waiting.find(static_cast<std::uint64_t>(answer.caller));
  if (asked == waiting.end()) return;
  const Question question = asked->second;
  waiting.erase(asked);
  const auto found = orders.find(question.identity);
  if (found == orders.end()) return;
  Known& known = found->second;
  const bool took = answer.kind == core::AnswerKind::created || answer.kind == core::AnswerKind::replayed;
  if (question.kind == Question::Kind::order && took && !known.acknowledged && answer.order) {
    known.acknowledged = answer.order->id;
    known.number = core::number_of(answer.order->id);
    known.first_phase = answer.order->phase;
    ++acknowledged;
    ++acknowledged_orders;
  }
  if (question.kind == Question::Kind::cancel && answer.kind == core::AnswerKind::done) {
    ++acknowledged;
    // Of an order that nobody had sent yet the answer says nothing: the tombstone stands for it.
    if (!known.acknowledged && !answer.order && answer.row == core::no_order) known.tombstone = true;
    if (answer.order && answer.order->phase == core::Phase::cancelled && known.sent == 0)
      known.cancelled = true;
  }
}

void Outside::publish(const core::OutgoingEvent& event) {
  cloud.receive(event);
  const auto found = orders.find(identity_of(event.partner, event.partner_order_id));
  if (found == orders.end() || event.record.order == core::no_order) return;
  if (core::is_end(event.record.phase)) found->second.published_end = event.record.phase;
  if (event.record.type == core::EventType::order_placed) found->second.published_placed = true;
  if (event.record.type == core::EventType::order_cancel_refused)
    found->second.void_unknown = event.record.reason == core::Reason::pos_offline;
}

void Outside::lose_gateway() {
  waiting.clear();
  pos.lose_gateway(time.ms, draws);
}

}  // namespace storegate::crash
