// Shares of the turns. Answers leave in the order in which their requests were decided. The flood's own word for one that
// was refused without a turn stands in its text.
#include <algorithm>

#include "sim/checks/fairness.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t window_ms = 10'000;
constexpr std::int64_t times_its_rate = 10;
constexpr std::int64_t least = 50;

bool says(const codec::HttpReply& reply, std::string_view what) {
  return reply.body.find(what) != std::string::npos;
}
}  // namespace

void TurnShares::begin() {
  waiting_.clear();
  waiting_of_.clear();
  beside_.clear();
  came_.clear();
  stores_ = true;
}

void TurnShares::on_order(const Scene& scene, std::size_t index) {
  const Story& story = scene.ledger.story(index);
  std::deque<std::int64_t>& came = came_[story.partner];
  came.push_back(scene.now_ms);
  while (came.front() < scene.now_ms - 3 * window_ms) came.pop_front();
  const auto since = [&](std::int64_t ms) {
    return came.end() - std::lower_bound(came.begin(), came.end(), scene.now_ms - ms);
  };
  const auto [beside, first] =
      beside_.try_emplace(index, Beside{since(window_ms), since(2 * window_ms), false});
  beside->second.again = !first;
  const std::int64_t own_before = waiting_of_[story.partner]++;
  // Of one that is known already the answer is read from its row first, and leaves later than it was decided.
  if (story.partner == flood_partner || story.reached_before || waiting_.contains(index)) return;
  waiting_[index] = {flood_decided_, own_before};
}

void TurnShares::on_whole(const Scene& scene, const Story& story) {
  came_[story.partner].push_back(scene.now_ms);
  ++waiting_of_[story.partner];
}

// Of a message that came before this process its own did not.
void TurnShares::on_settled(const Story& story) {
  std::int64_t& waiting = waiting_of_[story.partner];
  waiting = std::max<std::int64_t>(waiting - 1, 0);
}

void TurnShares::on_answer(const Scene& scene, std::size_t index, const codec::HttpReply& reply) {
  const Story& story = scene.ledger.story(index);
  const bool chatty = reply.status == 429 && says(reply, "far beyond");
  const bool lane_full = reply.status == 429 && says(reply, "may have waiting");
  // Of a partner that is turned away because nothing can be stored: it is not to blame, and may come again soon.
  const bool nothing_stored = reply.status == 503 && says(reply, "nothing can be stored");
  if ((lane_full && !stores_) || (nothing_stored && stores_))
    scene.blame("lanes", name_of(story) + " hears " + std::to_string(reply.status) +
                             " of a full lane though " +
                             (stores_ ? "what comes is stored" : "nothing can be stored"));
  const auto beside = beside_.find(index);
  if (beside != beside_.end()) {
    if (reply.status != 503) judge_chatty(scene, story.partner, beside->second, chatty);
    beside_.erase(beside);
  }
  if (story.partner == flood_partner && !chatty && !lane_full) ++flood_decided_;
  --waiting_of_[story.partner];
  const auto found = waiting_.find(index);
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  waiting_.erase(found);
  if (chatty || lane_full || reply.status == 503) return;
  const core::Policy& policy = scene.plan.policy;
  const std::int64_t weight = policy.weight_of(story.partner);
  // Releases and cancels of its partner's orders may stand in the lane, too; and a turn was open when it came.
  const std::int64_t rounds = (waiting.own_before + 2 + weight) / weight + 1;
  const std::int64_t most =
      static_cast<std::int64_t>(policy.load.inputs_per_turn_max) + rounds * policy.weight_of(flood_partner);
  const std::int64_t passed = flood_decided_ - waiting.flood_before;
  if (passed > most)
    scene.blame("lanes", name_of(story) + " waited for its turn while " + std::to_string(passed) +
                             " orders of a flood were decided");
}

// Who is side-lined is decided as its order comes, and told when its answer leaves.
void TurnShares::judge_chatty(const Scene& scene, const std::string& partner, const Beside& beside,
                              bool turned_away) {
  if (beside.again) return;
  const std::int64_t rate = scene.plan.policy.partners.find(partner)->second.rate_per_minute;
  const std::int64_t most = std::max(least, times_its_rate * rate * window_ms / 60'000);
  if (turned_away && beside.in_two <= most)
    scene.blame("lanes", partner + " is side-lined though it keeps near its rate");
  if (!turned_away && beside.in_window > 3 * most)
    scene.blame("lanes", partner + " sends far beyond its rate and is not side-lined");
}

}  // namespace storegate::sim::check
