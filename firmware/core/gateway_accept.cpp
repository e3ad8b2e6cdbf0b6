// Gateway: what an order must meet to be accepted. Every rule is asked, so that whoever sent it hears all that is
// wrong with it at once; items and prices are in gateway_items.cpp.
#include "core/gateway.hpp"

namespace storegate::core {

Refusals Gateway::judge(const CanonicalOrder& order, const Now& now) const {
  Refusals refusals;
  judge_items(order, now, refusals);
  judge_times(order, now, refusals);
  return refusals;
}

// A clock that nobody trusts says nothing about a promised time.
void Gateway::judge_times(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  const auto& promised = order.promised_at_wall_ms;
  if (now.wall_trusted && promised && *promised < now.wall_ms - policy_.pos.expire_ms)
    refusals.add(Reason::timed_out, "promised_at");
}

}  // namespace storegate::core
