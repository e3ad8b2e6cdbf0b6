// Every ticket's course is drawn when it is cut, whether it is followed or not.
#include "sim/parts/kitchen.hpp"

#include <utility>

#include "sim/world.hpp"

namespace storegate::sim {

namespace {

constexpr std::int64_t s = 1000;
constexpr int tells_at_most = 6;

std::int64_t between(Draws& draws, std::int64_t from, std::int64_t to) {
  return from + static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(to - from) + 1));
}

}  // namespace

void Kitchen::on_cut(std::size_t ticket) {
  const FollowUp& plan = world_.plan().follow_up;
  const std::int64_t begun_ms = world_.now_ms() + between(draws_, 2 * s, 40 * s);
  const std::int64_t made_ms = begun_ms + between(draws_, 5 * s, 150 * s);
  const std::int64_t taken_ms = made_ms + between(draws_, 2 * s, 150 * s);
  const std::uint64_t goes = draws_.below(10);  // some are left at one step for good
  const bool by_hand = draws_.chance(plan.voids_of_1000);
  const std::int64_t voided_ms = world_.now_ms() + between(draws_, 3 * s, 240 * s);
  if (!plan.kitchen_works) return;
  if (goes > 0) plan_move(ticket, core::PosStatus::preparing, begun_ms);
  if (goes > 1) plan_move(ticket, core::PosStatus::ready, made_ms);
  if (goes > 2) plan_move(ticket, core::PosStatus::completed, taken_ms);
  if (by_hand) plan_move(ticket, core::PosStatus::voided, voided_ms);
}

void Kitchen::plan_move(std::size_t ticket, core::PosStatus status, std::int64_t at_ms) {
  world_.timeline().at(at_ms, [this, ticket, status] {
    if (world_.pos().move(ticket, status) && status == core::PosStatus::voided)
      world_.fault("voided in the kitchen");
  });
}

void Kitchen::on_moved(const std::string& reference, core::PosStatus status) {
  const FollowUp& plan = world_.plan().follow_up;
  if (!plan.pos_tells) return;
  const bool lost = draws_.chance(plan.told_lost_of_1000);
  const bool twice = draws_.chance(150);
  if (lost && world_.storm()) return world_.fault("told nobody");
  tell(reference, status, tells_at_most, s);
  if (twice) tell(reference, status, tells_at_most, 7 * s);
}

void Kitchen::tell(const std::string& reference, core::PosStatus status, int tries_left,
                   std::int64_t wait_ms) {
  world_.on_shown(reference, status);
  WebAsk ask;
  ask.target = "/v1/pos/status";
  ask.headers = {{"Content-Type", "application/json"}};
  ask.body =
      R"({"pos_reference":")" + reference + R"(","status":")" + std::string(core::name_of(status)) + "\"}";
  world_.web().ask(
      std::move(ask), {},
      [this, reference, status, tries_left, wait_ms](const std::optional<codec::HttpReply>& reply) {
        if ((reply && reply->status != 503) || tries_left == 0) return;
        world_.timeline().after(wait_ms, [this, reference, status, tries_left, wait_ms] {
          tell(reference, status, tries_left - 1, 2 * wait_ms);
        });
      });
}

}  // namespace storegate::sim
