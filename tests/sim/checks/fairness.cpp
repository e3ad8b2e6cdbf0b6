// Shares at the POS. A turn's sends have one instant (their intent's); who is queued after its commit and was never tried
// stood in the line while all of them went. Orders that were tried may be backing off: they count as served, never as
// waiting. Of an order released in an earlier boot nobody knows how late it is: a turn that sends one counts for nothing.
#include "sim/checks/fairness.hpp"

#include <algorithm>

namespace storegate::sim::check {

namespace {
constexpr std::int64_t due_for_ms = 60'000;
constexpr std::int64_t due_to_one_late = 3;
constexpr std::int64_t placed_that_tell = 3;  // so many tickets say how long one takes
}  // namespace

void PosShares::Count::add(const Count& more) {
  for (const auto& [partner, count] : more.by_partner) by_partner[partner] += count;
  due += more.due;
  backlog += more.backlog;
}

void PosShares::begin(const core::Loaded& loaded) {
  rows_.clear();
  queued_.clear();
  since_due_.clear();
  intents_.clear();
  questions_ = placed_ = 0;
  since_due_waits_ = since_backlog_waits_ = {};
  for (const core::Order& order : loaded.live) take(order);
}

void PosShares::take(const core::Order& order) {
  if (core::is_end(order.phase)) {
    rows_.erase(order.number);
    queued_.erase(order.number);
    return;
  }
  Row& row = rows_[order.number];
  row.partner = order.partner;
  row.tried = order.phase == core::Phase::sending || (row.tried && order.phase == core::Phase::queued);
  row.phase = order.phase;
  row.released = order.released;
  row.intent = order.intent;
  if (row.phase == core::Phase::queued)
    queued_.insert(order.number);
  else
    queued_.erase(order.number);
}

bool PosShares::is_due(const Row& row, const core::Stamp& now) const {
  return now.steady_ms - row.released.steady_ms < due_for_ms;
}

void PosShares::on_commit(const Scene& scene, const core::Changes& changes) {
  Count sent;
  core::Stamp now;
  bool all_known = true;
  std::vector<core::OrderNumber> waited;
  for (const core::OrderNumber number : queued_)
    if (!rows_[number].tried) waited.push_back(number);
  std::vector<const core::Order*> taken;
  for (const core::Order& order : changes.orders) {
    const auto known = rows_.find(order.number);
    if (known == rows_.end()) taken.push_back(&order);
    const bool is_sent = order.phase == core::Phase::sending &&
                         (known == rows_.end() || !(known->second.intent == order.intent));
    take(order);
    if (!is_sent) continue;
    now = order.intent;
    judge_pace(scene, now);
    all_known = all_known && order.released.boot == order.intent.boot;
    if (order.intent.steady_ms - order.released.steady_ms < due_for_ms) {
      ++sent.by_partner[order.partner];
      ++sent.due;
    } else {
      ++sent.backlog;
    }
  }
  std::set<std::string> due_waits;
  bool backlog_waits = false;
  for (const core::OrderNumber number : queued_) {
    const Row& row = rows_[number];
    if (row.tried || row.released.boot != now.boot) continue;
    if (is_due(row, now))
      due_waits.insert(row.partner);
    else
      backlog_waits = true;
  }
  for (const core::Order* order : taken)
    judge_arrival(scene, *order, std::count_if(waited.begin(), waited.end(), [&](core::OrderNumber number) {
                    const auto row = rows_.find(number);
                    return queued_.contains(number) && !row->second.tried &&
                           row->second.partner == order->partner;
                  }));
  if (sent.due + sent.backlog == 0) return;
  if (!all_known) {
    due_waits.clear();
    backlog_waits = false;
  }
  judge_partners(scene, due_waits, sent);
  judge_classes(scene, !due_waits.empty(), backlog_waits, sent);
}

// A second's placements may have been saved up, and another second's come in it.
void PosShares::judge_pace(const Scene& scene, const core::Stamp& intent) {
  const std::int64_t rate_per_s = scene.plan.policy.pos.rate_per_s;
  const auto is_past = [&](const core::Stamp& one) {
    return one.boot != intent.boot || one.steady_ms + core::second_ms <= intent.steady_ms;
  };
  while (!intents_.empty() && is_past(intents_.front())) intents_.pop_front();
  intents_.push_back(intent);
  if (rate_per_s > 0 && static_cast<std::int64_t>(intents_.size()) > 2 * rate_per_s)
    scene.blame("fair", "the POS gets " + std::to_string(intents_.size()) + " placements in a second, at " +
                            std::to_string(rate_per_s) + " a second");
}

// Deficit round robin: between two turns of a partner that waits each other one has one turn. Where half of a second's
// placements is kept for partners within their share (a rate of 2 and more), each may be two rounds ahead by that, too, and
// a quarter over its share while the backlog takes from it.
void PosShares::judge_partners(const Scene& scene, const std::set<std::string>& waiting, const Count& sent) {
  std::erase_if(since_due_, [&](const auto& item) { return !waiting.contains(item.first); });
  for (const std::string& partner : waiting) {
    Count& count = since_due_[partner];
    count.add(sent);
    const std::int64_t own = count.by_partner[partner];
    const std::int64_t own_weight = scene.plan.policy.weight_of(partner);
    const bool has_reserve = scene.plan.policy.pos.rate_per_s > 1;
    const std::int64_t rounds = has_reserve ? 3 : 1;
    const std::int64_t over = has_reserve ? 5 : 4;  // quarters
    for (const auto& [other, had] : count.by_partner) {
      const std::int64_t weight = scene.plan.policy.weight_of(other);
      if (4 * had * own_weight > over * weight * (own + rounds * own_weight))
        return scene.blame("fair", partner + " waits for the POS and had " + std::to_string(own) + " while " +
                                       other + " had " + std::to_string(had));
    }
  }
}

void PosShares::judge_classes(const Scene& scene, bool due_waits, bool backlog_waits, const Count& sent) {
  if (due_waits)
    since_due_waits_.add(sent);
  else
    since_due_waits_ = {};
  if (backlog_waits)
    since_backlog_waits_.add(sent);
  else
    since_backlog_waits_ = {};
  if (due_waits && due_to_one_late * since_due_waits_.backlog > since_due_waits_.due + due_to_one_late)
    scene.blame("fair", "a due order waits for the POS while " + std::to_string(since_due_waits_.backlog) +
                            " late ones went");
  if (backlog_waits && since_backlog_waits_.due > due_to_one_late * (since_backlog_waits_.backlog + 1))
    scene.blame("fair", "a late order waits for the POS while " + std::to_string(since_backlog_waits_.due) +
                            " due ones went");
}

// A POS that is slow with questions and voids still takes orders: while one waits, they have half of the requests at most.
void PosShares::on_ask(const Scene& scene, bool asks) {
  if (!asks) return;
  ++questions_;
  const std::int64_t most = std::max<std::int64_t>(scene.plan.policy.pos.requests_max / 2, 1);
  const bool waits = std::any_of(queued_.begin(), queued_.end(), [this](core::OrderNumber number) {
    const auto row = rows_.find(number);
    return row != rows_.end() && !row->second.tried;
  });
  if (waits && questions_ > most)
    scene.blame("fair", "an order waits for the POS, which is asked " + std::to_string(questions_) +
                            " questions at once of " + std::to_string(scene.plan.policy.pos.requests_max));
}

void PosShares::on_heard(const Scene& scene, core::PosRequest request, const PosReply& reply,
                         const Exchange& when) {
  if (request == core::PosRequest::place && reply.status == 201 &&
      when.answered_ms - when.asked_ms >= scene.plan.pos_work_ms)
    ++placed_;
  if (request != core::PosRequest::place && request != core::PosRequest::watch) --questions_;
}

// Too busy before collapse. `own`: of the same partner, never tried, in the line before this turn and after it.
void PosShares::judge_arrival(const Scene& scene, const core::Order& order, std::int64_t own) const {
  const core::PosPolicy& pos = scene.plan.policy.pos;
  if (order.test && scene.plan.policy.test_orders == core::TestOrders::simulate) return;  // it goes to no POS
  const bool at_once = order.released.boot == order.arrived.boot &&
                       order.released.steady_ms == order.arrived.steady_ms &&
                       order.release_mode == core::ReleaseMode::immediate;
  const bool known_as_slow = placed_ >= placed_that_tell;
  const std::int64_t each_ms =
      std::max(1000 / pos.rate_per_s, known_as_slow ? scene.plan.pos_work_ms / pos.requests_max : 0);
  if (at_once && own * each_ms > pos.expire_ms / 2)
    scene.blame("fair", order.partner + ":" + order.partner_order_id + " is taken though " +
                            std::to_string(own) + " of its partner wait for the POS already");
}

}  // namespace storegate::sim::check
