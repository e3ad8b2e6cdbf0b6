// Gateway: too busy before collapse. An order that would wait so long for the POS that it might expire is better rejected
// at the door, while its customer can still go elsewhere.
#include <algorithm>
#include <cstdint>

#include "core/gateway.hpp"

namespace storegate::core {

// A bound of deficit round robin: until the partner's n-th order has its turn, each other partner has had as many as the
// weights allow it in n rounds, or all it has. So a flood makes itself wait, and only itself. The order itself counts.
std::int64_t Gateway::placements_until(const PosLine::Counts& waiting, const std::string& partner) const {
  const auto found = waiting.find(partner);
  const std::int64_t own = (found == waiting.end() ? 0 : found->second) + 1;
  const std::int64_t weight = std::max<std::int64_t>(policy_.weight_of(partner), 1);
  const std::int64_t rounds = (own + weight - 1) / weight;
  std::int64_t before = own;
  for (const auto& [name, count] : waiting) {
    if (name != partner)
      before += std::min(count, rounds * std::max<std::int64_t>(policy_.weight_of(name), 1));
  }
  return before;
}

// What is not placed while it is due belongs to the backlog, which has one placement of backlog_every while due ones come:
// in a store that has more to do than its POS takes that is for ever.
Milliseconds Gateway::expected_wait_ms(const std::string& partner) const {
  const PosLine& line = book_.pos_line();
  const std::int64_t due_parts = line.backlog() > 0 ? backlog_every - 1 : backlog_every;
  const std::int64_t due = placements_until(line.due_by_partner(), partner);
  const auto span_ms = [&](std::int64_t placements, std::int64_t parts) {
    return placements * backlog_every * 1000 * second_ms / (pos_.placements_per_1000_s() * parts);
  };
  const Milliseconds due_ms = span_ms(due, due_parts);
  if (due_ms <= due_for_ms) return due_ms;
  const std::int64_t in_time = due * due_for_ms / due_ms;
  const std::int64_t late = placements_until(line.backlog_by_partner(), partner) - 1 + due - in_time;
  return due_for_ms + span_ms(late, 1);
}

bool Gateway::goes_at_once(const CanonicalOrder& order, const Now& now) const {
  const PartnerPolicy& partner = policy_.partners.find(order.partner)->second;
  const bool is_held = order.release.mode.value_or(partner.release) == ReleaseMode::on_event;
  const bool ends_at_the_pos = order.release.fallback.value_or(partner.fallback) == FallbackPolicy::release;
  return hold_ms(order, now) == 0 && (!is_held || ends_at_the_pos);
}

void Gateway::judge_load(const CanonicalOrder& order, bool released, const Now& now,
                         Refusals& refusals) const {
  const Milliseconds most_ms = policy_.pos.expire_ms / 2;
  const auto all = static_cast<std::int64_t>(book_.pos_line().placements()) + 1;
  const std::int64_t per_1000_s = pos_.placements_per_1000_s();
  if (all * backlog_every * 1000 * second_ms / per_1000_s <= most_ms) return;  // nobody waits that long
  if (is_simulated(order.test)) return;                                        // it goes to no POS
  // An empty line keeps nobody waiting, however slow the POS was: only whoever is placed shows that it no longer is.
  if (book_.pos_line().placements() == 0) return;
  if ((released || goes_at_once(order, now)) && expected_wait_ms(order.partner) > most_ms)
    refusals.add(Reason::too_busy, "pos_line");
}

}  // namespace storegate::core
