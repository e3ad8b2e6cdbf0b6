// Back-off, on the POS's wire. How often it failed in a row is counted only where that is certain, so the gateway has counted
// at least as often and waits at least as long. Nobody waits longer than the ceiling for a POS that is not even asked.
#include <algorithm>

#include "sim/checks/fairness.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t first_ms = 500;
constexpr std::int64_t ceiling_ms = 15'000;
constexpr std::int64_t later_most_ms = 60'000;  // of what the POS itself asks for
// A turn, its commit on a slow disk, and the next token.
constexpr std::int64_t lag_ms = 5000;
constexpr std::int64_t doublings = 5;  // from the first wait to the ceiling
// So many waits at the ceiling, all within so little: they were not drawn.
constexpr std::size_t waits_that_tell = 6;
constexpr std::int64_t drawn_alike_ms = 150;

std::int64_t whole_ms(std::int64_t times) {
  return std::min(ceiling_ms, first_ms << std::min(times - 1, doublings));
}
}  // namespace

void BackoffWatch::begin(const Scene& scene) {
  failing_ = known_ = {};
  known_since_ms_ = scene.now_ms;
  open_ = 0;
  later_until_ms_ = 0;
  touched_ms_ = scene.now_ms;
}

void BackoffWatch::on_turn_begins(const Scene& scene, bool whole, const Fold& rows, std::int64_t woke_ms) {
  if (whole && known_.times != failing_.times) known_since_ms_ = scene.now_ms;
  if (whole) known_ = failing_;
  touched_ms_ = std::max(touched_ms_, woke_ms);
  if (open_ > 0 || scene.now_ms <= std::max(touched_ms_ + ceiling_ms, later_until_ms_) + lag_ms) return;
  const std::int64_t queued_ms = rows.queued_since_ms();
  if (queued_ms != never && scene.now_ms > queued_ms + ceiling_ms + lag_ms)
    scene.blame("backoff", "an order waits for the POS, which nobody has asked anything for " +
                               std::to_string(scene.now_ms - touched_ms_) + " ms");
}

void BackoffWatch::on_ask(const Scene& scene) {
  touched_ms_ = scene.now_ms;
  ++open_;
  if (known_.times == 0) return;
  const std::int64_t waited_ms = scene.now_ms - known_.at_ms;
  if (waited_ms < whole_ms(known_.times) / 2)
    scene.blame("backoff", "the POS failed " + std::to_string(known_.times) +
                               " times in a row and is tried again after " + std::to_string(waited_ms) +
                               " ms");
  const bool first_since = known_.times == failing_.times && known_.at_ms != waited_from_ms_;
  if (first_since && whole_ms(known_.times) == ceiling_ms && waited_ms <= ceiling_ms + drawn_alike_ms)
    waits_at_ceiling_.push_back(waited_ms);
  waited_from_ms_ = known_.at_ms;
}

void BackoffWatch::on_heard(const Scene& scene, core::PosRequest request, const PosReply& reply,
                            const Exchange& when) {
  touched_ms_ = scene.now_ms;
  --open_;
  if (!reply.retry_after.empty())
    later_until_ms_ =
        std::max(later_until_ms_,
                 scene.now_ms + std::min<std::int64_t>(later_most_ms, std::stoll(reply.retry_after) * 1000));
  // What was asked before the last failure was known fails with it.
  const bool is_another =
      failing_.times == 0 || (known_.times == failing_.times && when.asked_ms > known_since_ms_);
  if (is_away(request, reply)) {
    if (!is_another) return;
    ++failing_.times;
    failing_.at_ms = scene.now_ms;
  } else if (reply.status != 0) {
    failing_ = known_ = {};
  }
}

void BackoffWatch::judge_end(const Scene& scene) const {
  if (waits_at_ceiling_.size() < waits_that_tell) return;
  const auto [least, most] = std::minmax_element(waits_at_ceiling_.begin(), waits_at_ceiling_.end());
  if (*most - *least <= drawn_alike_ms)
    scene.blame("backoff", "all " + std::to_string(waits_at_ceiling_.size()) +
                               " waits for a POS that is away take " + std::to_string(*least) + " to " +
                               std::to_string(*most) + " ms: they are not drawn");
}

}  // namespace storegate::sim::check
