// The rate at the door, by two reckonings of each partner's bucket. One takes for everything that comes, so it has never
// more than the gateway's: while it has a token, a 429 is wrong. The other takes only for what was certainly taken anew,
// so it has never less: once it owes more than a token, somebody was let in beyond the rate.
#include <algorithm>

#include "sim/checks/fairness.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t token =
    core::minute_ms;  // rate_per_minute of these units come in a minute, each ms as many

bool says_rate(const codec::HttpReply& reply) {
  return reply.status == 429 && reply.body.find("rate allows") != std::string::npos;
}
}  // namespace

void RateWatch::begin() { *this = {}; }

std::int64_t RateWatch::rate_of(const Scene& scene, const Story& story) {
  return scene.plan.policy.partners.find(story.partner)->second.rate_per_minute;
}

RateWatch::Reckoning& RateWatch::filled(const Scene& scene, const Story& story) {
  const std::int64_t rate = rate_of(scene, story);
  Reckoning& bucket =
      buckets_.try_emplace(story.partner, Reckoning{rate * token, rate * token, scene.now_ms}).first->second;
  const std::int64_t more = (scene.now_ms - bucket.at_ms) * rate;
  bucket.least = std::min(rate * token, bucket.least + more);
  bucket.most = std::min(rate * token, bucket.most + more);
  bucket.at_ms = scene.now_ms;
  return bucket;
}

void RateWatch::on_order(const Scene& scene, std::size_t index) {
  const Story& story = scene.ledger.story(index);
  Reckoning& bucket = filled(scene, story);
  bucket.least = std::max<std::int64_t>(0, bucket.least - token);
  if (story.over_mqtt) return;
  const auto [came, first] = came_.try_emplace(index, Came{scene.now_ms, story.reached_before});
  if (!first) came->second.known = true;  // which of the two is answered first nobody can tell
}

void RateWatch::on_whole(const Scene& scene, const Story& story) {
  Reckoning& bucket = filled(scene, story);
  bucket.least = std::max<std::int64_t>(0, bucket.least - token);
}

// It was decided at some time between its coming and its answer; what others' lags were was seen before, or counts from now.
void RateWatch::on_answer(const Scene& scene, std::size_t index, const codec::HttpReply& reply) {
  const auto found = came_.find(index);
  if (found == came_.end()) return;
  const Came came = found->second;
  came_.erase(found);
  lag_ms_ = std::max(lag_ms_, scene.now_ms - came.at_ms);
  const Story& story = scene.ledger.story(index);
  const std::int64_t slack = token + rate_of(scene, story) * lag_ms_;
  Reckoning& bucket = filled(scene, story);
  if (says_rate(reply) && bucket.least >= 2 * slack)
    scene.blame("rate",
                name_of(story) + " is turned away though " + story.partner + " keeps within its rate");
  if (reply.status >= 300 || came.known) return;
  bucket.most -= token;
  if (bucket.most < -slack)
    scene.blame("rate", name_of(story) + " is taken though " + story.partner + " is far beyond its rate");
}

}  // namespace storegate::sim::check
