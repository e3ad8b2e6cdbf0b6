// Engine: opens a turn over everything that waits, closes it when the commit is back.
#include "core/engine.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace storegate::core {

namespace {

constexpr Milliseconds retry_after_failed_commit_ms = 500;
/// A full lane is empty some turns later.
constexpr std::int64_t retry_after_full_lane_s = 1;

// Facts from inside that nobody would send again: they wait for the next turn when theirs was undone.
bool is_kept(const Input& input) {
  return std::holds_alternative<PosAnswered>(input) || std::holds_alternative<GatewayStarted>(input) ||
         std::holds_alternative<UplinkConnected>(input) || std::holds_alternative<PosListed>(input) ||
         std::holds_alternative<OrderFetched>(input) || std::holds_alternative<PartnerTold>(input);
}

Caller caller_of(const Input& input) {
  return std::visit(
      [](const auto& value) {
        if constexpr (requires { value.caller; })
          return value.caller;
        else
          return nobody;
      },
      input);
}

}  // namespace

Engine::Engine(Policy policy, Loaded loaded, Generator generator, LocalTimeFunction local_time,
               const Now& now)
    : gateway_(std::move(policy), generator, std::move(local_time)),
      outbox_(loaded.outbox, loaded.last_event, gateway_.policy().wait_for_application_ack) {
  gateway_.load(std::move(loaded), now);
}

std::optional<Answer> Engine::offer(Input input) {
  const Caller caller = caller_of(input);
  if (waiting_.add(std::move(input), gateway_.policy().load)) return {};
  if (stores_)
    return turned_away("more new orders of this partner wait than it may have waiting",
                       retry_after_full_lane_s, caller);
  Answer answer = turned_away("nothing can be stored at present", retry_after_full_lane_s, caller);
  answer.kind = AnswerKind::not_stored;  // the partner is not to blame
  return answer;
}

std::optional<Answer> Engine::turn_away(const std::string& partner, const Now& now) {
  const auto& partners = gateway_.policy().partners;
  const auto found = partners.find(partner);
  if (found == partners.end() || found->second.rate_per_minute == 0) return {};
  const Milliseconds wait_ms = chatty_[partner].on_order(found->second.rate_per_minute, now.steady_ms);
  if (wait_ms == 0) return {};
  return turned_away("new orders of this partner come far beyond its rate",
                     (wait_ms + second_ms - 1) / second_ms, nobody);
}

Answer Engine::turned_away(const char* why, std::int64_t retry_after_s, Caller caller) {
  ++orders_turned_away_;
  Answer answer;
  answer.caller = caller;
  answer.kind = AnswerKind::too_many;
  answer.why = why;
  answer.retry_after_s = retry_after_s;
  return answer;
}

bool Engine::on_published(Position position, bool acknowledged) {
  const bool moved = outbox_.on_published(position, acknowledged);
  marks_moved_ = marks_moved_ || moved;
  return moved;
}

void Engine::on_events_read(OutboxPage page) {
  if (outbox_.awaits_briefs() && !page.failed)
    outbox_.on_briefs(page.briefs, [this](OrderNumber number) { return urgency_of(number); });
  else
    outbox_.on_read(std::move(page.events), page.through);
}

// Whoever releases, cancels or answers for an order must know of it; what is cooked can wait behind that.
Urgency Engine::urgency_of(OrderNumber number) const {
  const Entry* entry = gateway_.book().find(number);
  if (entry == nullptr || is_end(entry->order.phase)) return Urgency::rest;
  const bool cooked = entry->order.phase == Phase::placed || entry->order.phase == Phase::ready;
  return cooked ? Urgency::cooked : Urgency::first;
}

bool Engine::wants_turn(const Now& now) const {
  if (open_) return false;
  if (repeat_from_reserve_) return true;
  if (now.steady_ms < retry_at_ms_ && waiting_.all_of(is_kept)) return false;
  if (!waiting_.empty() || gateway_.clock_moved(now)) return true;
  if ((marks_moved_ || outbox_.moved()) && !marks_due_ms_)
    return true;  // the turn that begins the wait for their commit
  const auto wake = next_wake_ms();
  return wake && *wake <= now.steady_ms;
}

std::optional<Milliseconds> Engine::next_wake_ms() const {
  if (stopped_) return {};
  std::optional<Milliseconds> wake = gateway_.next_wake_ms();
  for (const auto& due : {rows_due_ms_, marks_due_ms_})
    if (due) wake = std::min(wake.value_or(never_ms), *due);
  if (!waiting_.empty()) wake = std::min(wake.value_or(never_ms), retry_at_ms_);
  if (const auto alarm = gateway_.watch_wake_ms(outbox_)) wake = std::min(wake.value_or(never_ms), *alarm);
  if (const auto read = outbox_.wake_ms()) wake = std::min(wake.value_or(never_ms), *read);
  if (wake) wake = std::max(*wake, retry_at_ms_);
  if (repeat_from_reserve_) wake = 0;
  return wake;
}

Changes Engine::begin_turn(const Now& now) {
  if (open_) std::abort();
  open_ = true;
  turn_ = Turn{now, {}, {}, false, repeat_from_reserve_};
  outbox_.on_time(now.steady_ms);
  gateway_.begin_turn();
  const bool repeats = std::exchange(repeat_from_reserve_, false);
  deciding_ = repeats ? waiting_.take_put_back() : waiting_.take(gateway_.policy());
  briefs_.clear();
  if (stopped_) return {};
  const OutboxMarks before = outbox_.marks();
  for (const Input& input : deciding_) gateway_.decide(input, outbox_, turn_);
  gateway_.decide_due(turn_);
  gateway_.watch(outbox_, turn_);
  const OutboxMarks& after = outbox_.marks();
  if (outbox_.take_moved()) marks_moved_ = true;
  if (before.published != after.published || before.acknowledged != after.acknowledged) marks_moved_ = true;

  if (gateway_.has_unwritten_orders() && !rows_due_ms_) rows_due_ms_ = now.steady_ms + lazy_ms_max;
  if (marks_moved_ && !marks_due_ms_) marks_due_ms_ = now.steady_ms + lazy_marks_ms_max;
  const auto is_due = [&](const auto& due) { return due && now.steady_ms >= *due; };
  writing_ = turn_.urgent || is_due(rows_due_ms_) || is_due(marks_due_ms_);
  Changes changes = std::move(turn_.changes);
  for (const EventRecord& event : changes.events) briefs_.push_back(brief_of(event));
  changes.from_reserve = turn_.from_reserve;
  if (writing_) {
    changes.orders = gateway_.unwritten_orders();
    if (marks_moved_) changes.outbox = outbox_.marks();
    marks_moved_ = false;
  }
  stored_ = !changes.writes_nothing();
  return changes;
}

std::vector<Effect> Engine::finish_turn(Committed committed, const Now& now) {
  if (!open_) std::abort();
  open_ = false;
  if (stopped_ || !committed.written) {
    stopped_ = stopped_ || committed.sync_failed;
    return undo(committed, now);
  }
  gateway_.book().keep_turn();
  if (writing_) {
    stores_ = stores_ || (stored_ && !turn_.from_reserve);
    gateway_.on_written(now);
    outbox_.on_written(gateway_.book().last_event, briefs_);
    rows_due_ms_.reset();
    marks_due_ms_.reset();
  }
  deciding_.clear();
  std::vector<Effect> effects = std::move(turn_.effects);
  fill_bodies(std::move(committed), effects);
  return effects;
}

std::vector<Effect> Engine::undo(const Committed& committed, const Now& now) {
  gateway_.book().undo_turn();
  gateway_.on_undone();
  if (writing_) marks_moved_ = true;
  repeat_from_reserve_ = !stopped_ && committed.disk_full && !turn_.from_reserve;
  stores_ = false;
  if (!repeat_from_reserve_) retry_at_ms_ = now.steady_ms + retry_after_failed_commit_ms;
  std::vector<Effect> refusals;
  std::vector<Input> kept;
  for (Input& input : deciding_) {
    if (repeat_from_reserve_ || is_kept(input)) {
      kept.push_back(std::move(input));
    } else if (const Caller caller = caller_of(input); caller != nobody) {
      Answer answer;
      answer.caller = caller;
      answer.kind = AnswerKind::not_stored;
      refusals.emplace_back(std::move(answer));
    }
  }
  deciding_.clear();
  // In front of what has come since: inputs stay in the order in which they happened.
  waiting_.put_back(std::move(kept));
  return refusals;
}

// A body that is damaged never leaves the box: the order is put before a person instead. One that could not be read is
// tried again later.
void Engine::fill_bodies(Committed committed, std::vector<Effect>& effects) {
  auto& bodies = committed.bodies;
  const auto is_unfilled = [&](Effect& effect) {
    auto* place = std::get_if<PlaceOrder>(&effect);
    if (place == nullptr) return false;
    const auto body = std::find_if(bodies.begin(), bodies.end(), [&](const OrderBody& candidate) {
      return candidate.number == place->order;
    });
    if (body != bodies.end() && !body->canonical.empty()) {
      place->body = std::move(body->canonical);
      return false;
    }
    PosAnswered answered;
    answered.order = place->order;
    answered.attempt = place->attempt;
    answered.outcome = committed.bodies_unread ? PosOutcome::not_delivered : PosOutcome::cannot;
    answered.code = committed.bodies_unread ? code_body_unread : code_body_damaged;
    static_cast<void>(
        waiting_.add(std::move(answered), gateway_.policy().load));  // only orders are turned away
    return true;
  };
  effects.erase(std::remove_if(effects.begin(), effects.end(), is_unfilled), effects.end());
}

}  // namespace storegate::core
