// Expiry: nothing is tried for ever, and nothing is given up before its time. By rows: since when an order waits for the POS
// is counted here anew, from the commit that let it wait.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
// A turn's time is read before its commit begins.
constexpr std::int64_t turn_ms = 2000;

// What is on the wire when the time is up has its answer or its timeout first, and then a doubt one whole round of
// questions: two, and a minute.
std::int64_t round_ms(const core::PosPolicy& pos) {
  return pos.timeout_ms + pos.max_processing_ms + 2 * pos.ask_interval_ms + 60'000 + turn_ms;
}

bool waits_for_pos(core::Phase phase) {
  return phase == core::Phase::queued || phase == core::Phase::sending || phase == core::Phase::voiding;
}
}  // namespace

void ExpiryWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  loaded_ms_ = scene.now_ms;
  std::map<core::OrderNumber, Wait> found;
  for (const core::Order& order : loaded.live) {
    if (!waits_for_pos(order.phase)) continue;
    const auto known = waits_.find(order.number);
    const bool same = known != waits_.end() && known->second.is_void == (order.phase == core::Phase::voiding);
    Wait wait =
        same ? known->second : Wait{scene.now_ms, order.phase, order.phase == core::Phase::voiding, false};
    wait.phase = order.phase;
    wait.sure = false;  // of a commit that nobody saw succeed, or of a boot before
    found.emplace(order.number, wait);
  }
  waits_ = std::move(found);
}

void ExpiryWatch::on_commit_begins(const Scene& scene) { began_ms_ = scene.now_ms; }

void ExpiryWatch::written(const Scene& scene, const core::Changes& changes) {
  for (const core::Order& order : changes.orders) take(scene, order);
  const std::int64_t expire_ms = scene.plan.policy.pos.expire_ms;
  for (const auto& [number, wait] : waits_) {
    const std::int64_t since_ms = wait.sure ? wait.since_ms : std::max(wait.since_ms, loaded_ms_);
    const std::int64_t slack_ms =
        wait.phase == core::Phase::queued ? turn_ms : round_ms(scene.plan.policy.pos);
    if (began_ms_ > since_ms + expire_ms + slack_ms)
      scene.blame("expiry", "order " + std::to_string(core::value_of(number)) + " is still " +
                                std::string(core::name_of(wait.phase)) + " after " +
                                std::to_string(began_ms_ - since_ms) + " ms, it may be so for " +
                                std::to_string(expire_ms) + " ms");
  }
}

void ExpiryWatch::take(const Scene& scene, const core::Order& order) {
  const auto known = waits_.find(order.number);
  if (order.phase == core::Phase::expired && known != waits_.end() && known->second.sure) {
    const std::int64_t waited_ms = began_ms_ - known->second.since_ms;
    if (waited_ms + turn_ms < scene.plan.policy.pos.expire_ms)
      scene.blame("expiry", order.partner + ":" + order.partner_order_id + " expired after " +
                                std::to_string(waited_ms) + " ms");
  }
  if (!waits_for_pos(order.phase)) {
    waits_.erase(order.number);
    return;
  }
  const bool is_void = order.phase == core::Phase::voiding;
  // A void's time begins with the cancel, a placement's with the release, and once more when a person says so.
  if (known == waits_.end() || known->second.is_void != is_void)
    waits_[order.number] = {began_ms_, order.phase, is_void, true};
  else
    known->second.phase = order.phase;
}

}  // namespace storegate::sim::check
