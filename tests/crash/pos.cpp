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
  return ticket;
}

PosAnswered Pos::place(const Request& request, std::int64_t now_ms, bool kind, disk::Draws& draws) {
  const std::uint64_t drawn = kind ? 0 : draws.below(100);
  if (drawn >= 96) {
    PosAnswered refused = answer_to(request, drawn == 96 ? PosOutcome::cannot : PosOutcome::refused);
    // A POS that has cut a ticket for the key says so, as it did before.
    if (!tickets_.contains(request.key)) return refused;
  } else if (drawn >= 90) {
    constexpr PosOutcome untouched[] = {PosOutcome::not_now, PosOutcome::not_delivered,
                                        PosOutcome::not_taken};
    return answer_to(request, untouched[drawn % 3]);
  } else if (drawn >= 80) {  // no reply, and no ticket, or one that comes late
    if (drawn >= 85)
      late_.push_back({now_ms + static_cast<std::int64_t>(draws.below(processing_ms)), request.key});
    return answer_to(request, PosOutcome::in_doubt);
  }
  const Ticket& ticket = cut(request.key, now_ms);
  if (drawn >= 65) return answer_to(request, PosOutcome::in_doubt);
  PosAnswered took = answer_to(request, PosOutcome::took);
  took.pos_reference = ticket.reference;
  return took;
}

PosAnswered Pos::ask(const Request& request, bool kind, disk::Draws& draws) const {
  if (!kind && draws.chance(250)) return answer_to(request, PosOutcome::unanswered);
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
  if (!kind && drawn < 25) return answer_to(request, PosOutcome::unanswered);
  const auto ticket = std::find_if(tickets_.begin(), tickets_.end(), [&](const auto& known) {
    return known.second.reference == request.reference;
  });
  if (ticket == tickets_.end()) return answer_to(request, PosOutcome::unanswered);
  if (drawn < 50 && !ticket->second.voided) return answer_to(request, PosOutcome::too_late);
  ticket->second.voided = true;
  // Voided, and the reply may be lost all the same.
  return answer_to(request, !kind && drawn > 90 ? PosOutcome::unanswered : PosOutcome::voided);
}

PosAnswered Pos::answer(std::size_t index, std::int64_t now_ms, bool kind, disk::Draws& draws) {
  const Request request = std::move(open_.at(index));
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  switch (request.kind) {
    case PosRequest::place: return place(request, now_ms, kind, draws);
    case PosRequest::ask: return ask(request, kind, draws);
    case PosRequest::cancel: return cancel(request, kind, draws);
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
