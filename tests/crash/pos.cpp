// What the POS does with a request, and what of it the gateway hears.
#include "crash/pos.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace storegate::crash {

using core::PosAnswered;
using core::PosOutcome;
using core::PosRequest;

namespace {

constexpr core::Milliseconds window_ms = 5 * core::minute_ms;  // in which a key is known again
constexpr core::Milliseconds processing_ms = 20'000;           // a request is carried out by then or never

PosAnswered answer_to(const Pos::Request& request, PosOutcome outcome) {
  PosAnswered answered;
  answered.order = request.order;
  answered.attempt = request.attempt;
  answered.request = request.kind;
  answered.outcome = outcome;
  return answered;
}

}  // namespace

core::PosPolicy policy_of(PosClass pos_class) {
  core::PosPolicy policy;
  policy.timeout_ms = 8'000;
  policy.max_processing_ms = processing_ms;
  policy.deduplicates_ms = pos_class == PosClass::deduplicates ? window_ms : 0;
  policy.can_query = pos_class == PosClass::asked;
  policy.rate_per_s = 0;
  policy.requests_max = 4;
  policy.expire_ms = 30 * core::minute_ms;
  policy.complete_after_ms = 20 * core::minute_ms;
  policy.watch_ms = pos_class == PosClass::deduplicates ? 20 * core::second_ms : 0;
  return policy;
}

Pos::Ticket& Pos::cut(const std::string& key, std::int64_t now_ms) {
  Ticket& ticket = tickets_[key];
  const bool knows_key =
      class_ == PosClass::deduplicates && ticket.cut > 0 && now_ms <= ticket.at_ms + window_ms;
  if (knows_key) return ticket;
  if (ticket.cut++ == 0) ticket.at_ms = now_ms;
  ticket.reference = "T" + std::to_string(++references_);
  ticket.voided = false;
  ticket.status = core::PosStatus::open;
  return ticket;
}

PosAnswered Pos::place(const Request& request, std::int64_t now_ms, bool kind, disk::Draws& draws) {
  const std::uint64_t drawn = kind ? 0 : draws.below(100);
  if (drawn >= 96) {
    PosAnswered refused = place_in(request, now_ms, Manner::refused, 0);
    if (refused.outcome == PosOutcome::refused && drawn == 96) refused.outcome = PosOutcome::cannot;
    return refused;
  }
  if (drawn >= 90) {
    constexpr PosOutcome untouched[] = {PosOutcome::not_now, PosOutcome::not_delivered,
                                        PosOutcome::not_taken};
    return answer_to(request, untouched[drawn % 3]);
  }
  if (drawn >= 85)
    return place_in(request, now_ms, Manner::late, static_cast<std::int64_t>(draws.below(processing_ms)));
  if (drawn >= 80) return place_in(request, now_ms, Manner::lost, 0);
  return place_in(request, now_ms, drawn >= 65 ? Manner::silently : Manner::well, 0);
}

PosAnswered Pos::place_in(const Request& request, std::int64_t now_ms, Manner manner, std::int64_t late_ms) {
  switch (manner) {
    case Manner::refused:
      // A POS that has cut a ticket for the key says so, as it did before.
      if (!tickets_.contains(request.key)) return answer_to(request, PosOutcome::refused);
      break;
    case Manner::untouched: return answer_to(request, PosOutcome::not_delivered);
    case Manner::late: late_.push_back({now_ms + late_ms, request.key}); [[fallthrough]];
    case Manner::lost: return answer_to(request, PosOutcome::in_doubt);
    case Manner::silently: cut(request.key, now_ms); return answer_to(request, PosOutcome::in_doubt);
    case Manner::well: break;
  }
  PosAnswered took = answer_to(request, PosOutcome::took);
  took.pos_reference = cut(request.key, now_ms).reference;
  return took;
}

PosAnswered Pos::ask(const Request& request, bool kind, disk::Draws& draws) const {
  if (!kind && draws.chance(250)) return answer_to(request, PosOutcome::unanswered);
  return ask(request);
}

PosAnswered Pos::ask(const Request& request) const {
  if (class_ != PosClass::asked) return answer_to(request, PosOutcome::not_taken);
  const auto ticket = tickets_.find(request.key);
  if (ticket == tickets_.end()) return answer_to(request, PosOutcome::not_found);
  PosAnswered found =
      answer_to(request, ticket->second.voided ? PosOutcome::found_voided : PosOutcome::found);
  found.pos_reference = ticket->second.reference;
  return found;
}

PosAnswered Pos::cancel(const Request& request, bool kind, disk::Draws& draws) {
  const std::uint64_t drawn = draws.below(100);
  if (!kind && drawn < 25) return cancel_in(request, Manner::lost);
  if (drawn < 50) return cancel_in(request, Manner::refused);
  return cancel_in(request, !kind && drawn > 90 ? Manner::silently : Manner::well);
}

PosAnswered Pos::cancel_in(const Request& request, Manner manner) {
  Ticket* ticket = find(request.reference);
  const bool reached = manner == Manner::well || manner == Manner::silently || manner == Manner::refused;
  if (ticket == nullptr || !reached) return answer_to(request, PosOutcome::unanswered);
  const bool is_over = ticket->status >= core::PosStatus::ready;
  if ((manner == Manner::refused || is_over) && !ticket->voided)
    return answer_to(request, PosOutcome::too_late);
  ticket->voided = true;
  // Voided, and the reply may be lost all the same.
  return answer_to(request, manner == Manner::silently ? PosOutcome::unanswered : PosOutcome::voided);
}

PosAnswered Pos::watch(const Request& request, bool told, bool goes_on) {
  Ticket* ticket = find(request.reference);
  if (ticket == nullptr || !told) return answer_to(request, PosOutcome::unanswered);
  if (goes_on && ticket->status < core::PosStatus::completed)
    ticket->status = static_cast<core::PosStatus>(static_cast<int>(ticket->status) + 1);
  PosAnswered shown = answer_to(request, PosOutcome::shown);
  shown.pos_status = ticket->voided ? core::PosStatus::voided : ticket->status;
  return shown;
}

Pos::Ticket* Pos::find(const std::string& reference) {
  const auto ticket = std::find_if(tickets_.begin(), tickets_.end(),
                                   [&](const auto& known) { return known.second.reference == reference; });
  return ticket == tickets_.end() ? nullptr : &ticket->second;
}

Pos::Request Pos::take(std::size_t index) {
  Request request = std::move(open_.at(index));
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  return request;
}

PosAnswered Pos::answer_in(std::size_t index, std::int64_t now_ms, Manner manner) {
  const Request request = take(index);
  const bool told = manner == Manner::well || manner == Manner::refused;
  switch (request.kind) {
    case PosRequest::place: return place_in(request, now_ms, manner, processing_ms / 2);
    case PosRequest::ask: return told ? ask(request) : answer_to(request, PosOutcome::unanswered);
    case PosRequest::cancel: return cancel_in(request, manner);
    case PosRequest::watch: return watch(request, told, manner == Manner::well);
    case PosRequest::check_health: break;
  }
  return answer_to(request, told ? PosOutcome::healthy : PosOutcome::unanswered);
}

PosAnswered Pos::answer(std::size_t index, std::int64_t now_ms, bool kind, disk::Draws& draws) {
  const Request request = take(index);
  switch (request.kind) {
    case PosRequest::place: return place(request, now_ms, kind, draws);
    case PosRequest::ask: return ask(request, kind, draws);
    case PosRequest::cancel: return cancel(request, kind, draws);
    case PosRequest::watch: {
      const bool told = !draws.chance(200) || kind;
      const bool goes_on = draws.chance(400) || kind;
      return watch(request, told, goes_on);
    }
    case PosRequest::check_health: break;
  }
  return answer_to(request, !kind && draws.chance(200) ? PosOutcome::unanswered : PosOutcome::healthy);
}

void Pos::lose_gateway(std::int64_t now_ms, disk::Draws& draws) {
  for (const Request& request : open_) {
    const std::uint64_t fate = draws.below(3);
    const auto delay = static_cast<std::int64_t>(draws.below(processing_ms));
    if (request.kind == PosRequest::cancel && fate != 0) {
      static_cast<void>(cancel(request, true, draws));
    } else if (request.kind == PosRequest::place && fate == 1) {
      cut(request.key, now_ms);
    } else if (request.kind == PosRequest::place && fate == 2) {
      late_.push_back({now_ms + delay, request.key});
    }
  }
  open_.clear();
}

void Pos::pass(std::int64_t now_ms) {
  for (const Late& late : late_) {
    if (late.at_ms <= now_ms) cut(late.key, late.at_ms);
  }
  std::erase_if(late_, [now_ms](const Late& late) { return late.at_ms <= now_ms; });
}

std::int64_t Pos::next_ms() const noexcept {
  std::int64_t next = INT64_MAX;
  for (const Late& late : late_) next = std::min(next, late.at_ms);
  return next;
}

int Pos::standing(const std::string& key) const {
  int count = 0;
  for (const auto& [known, ticket] : tickets_) {
    const bool reprint = known.size() > key.size() && known.starts_with(key + ":r");
    if (known == key || reprint) count += ticket.voided ? 0 : 1;
  }
  return count;
}

bool Pos::may_come(const std::string& key) const {
  return std::any_of(late_.begin(), late_.end(), [&](const Late& late) { return late.key == key; });
}

}  // namespace storegate::crash
