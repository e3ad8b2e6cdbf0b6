// The book is a fold of the rows: after a commit that leaves nothing unwritten every live order in it is its row. It is
// bounded: no more live orders than the policy says.
#include <string>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

bool same(const core::Order& a, const core::Order& b) {
  return a.number == b.number && a.id == b.id && a.release_token == b.release_token &&
         a.partner == b.partner && a.partner_order_id == b.partner_order_id &&
         a.business_day == b.business_day && a.idempotency_key == b.idempotency_key &&
         a.traceparent == b.traceparent && a.body_digest == b.body_digest && a.test == b.test &&
         a.phase == b.phase && a.reason == b.reason && a.arrival_phase == b.arrival_phase &&
         a.arrival_reason == b.arrival_reason && a.arrived == b.arrived &&
         a.updated_wall_ms == b.updated_wall_ms && a.release_mode == b.release_mode &&
         a.release_due == b.release_due && a.fallback == b.fallback && a.released == b.released &&
         a.released_by == b.released_by && a.intent == b.intent && a.reprints == b.reprints &&
         a.in_doubt == b.in_doubt && a.pos_reference == b.pos_reference && a.placed == b.placed &&
         a.pos_code == b.pos_code && a.cancel_wanted == b.cancel_wanted && a.cancelled_by == b.cancelled_by &&
         a.cancel_asked == b.cancel_asked && a.cancel_text == b.cancel_text && a.last_event == b.last_event;
}

}  // namespace

void live_orders_bounded(const Scene& scene, const core::Engine& engine) {
  const auto live = static_cast<std::int64_t>(engine.gateway().book().live());
  if (live > scene.plan.policy.live_orders_max)
    scene.blame("I7", std::to_string(live) + " live orders, the store takes " +
                          std::to_string(scene.plan.policy.live_orders_max));
}

void book_equals_rows(const Scene& scene, core::Engine& engine, storage::Journal& journal) {
  engine.gateway().book().for_each([&](core::Entry& entry) {
    const auto row = journal.find_order(entry.order.number);
    if (!row) return;  // a read failed: the disk's matter
    const std::string name = entry.order.partner + "/" + entry.order.partner_order_id;
    if (!*row)
      scene.blame("book", name + " is in the book and has no row");
    else if (!same(entry.order, **row))
      scene.blame("book", name + " is not in the book as its row has it");
  });
}

}  // namespace storegate::sim::check
