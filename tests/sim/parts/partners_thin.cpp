// What becomes of orders that their partner only announces, where they were ordered.
#include <algorithm>
#include <utility>

#include "sim/parts/bodies.hpp"
#include "sim/parts/partners.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t s = 1000;
}  // namespace

// It is cancelled where it was ordered, and all that tells so is that it is announced once more.
void Partners::plan_news(std::size_t sender, std::int64_t at_ms) {
  const Faults& faults = world_.plan().faults;
  const Story& story = world_.ledger().story(senders_[sender].story);
  const bool never_there = thin_.chance(faults.never_there_of_1000);
  world_.ledger().story(senders_[sender].story).never_there = never_there;
  world_.thin_api(story.partner).add(story.id, senders_[sender].story, senders_[sender].item, never_there);
  const bool elsewhere = thin_.chance(faults.elsewhere_of_1000);
  const std::int64_t accepted_ms = at_ms + between(thin_, 0, 30 * s);
  if (elsewhere)
    world_.timeline().at(accepted_ms, [this, id = story.id, partner = story.partner] {
      world_.fault("accepted elsewhere");
      world_.thin_api(partner).accept_elsewhere(id);
    });
  plan_courier(sender, at_ms);
  plan_whole(sender, at_ms);
  const bool has_news = thin_.chance(faults.news_of_1000);
  const std::int64_t when_ms = at_ms + between(thin_, 2 * s, 150 * s);
  if (!has_news) return;
  world_.timeline().at(when_ms, [this, sender] {
    world_.fault("news only announced");
    const Story& cancelled = world_.ledger().story(senders_[sender].story);
    if (world_.thin_api(cancelled.partner).cancel(cancelled.id)) tell_news(sender, News::cancelled, s);
  });
}

// The order is released by what its partner's API says: when it is fetched first, or announced once more.
void Partners::plan_courier(std::size_t sender, std::int64_t at_ms) {
  const bool comes = couriers_.chance(world_.plan().faults.couriers_of_1000);
  const bool early = couriers_.chance(400);
  const std::int64_t when_ms =
      at_ms + (early ? between(couriers_, 0, 2 * s) : between(couriers_, 5 * s, 100 * s));
  const Story& story = world_.ledger().story(senders_[sender].story);
  if (!comes || story.never_there || story.partner != thin_partner) return;
  world_.timeline().at(when_ms, [this, sender, early] {
    world_.fault("courier waits");
    world_.thin_api(thin_partner).bring_courier(world_.ledger().story(senders_[sender].story).id);
    if (!early) tell_news(sender, News::courier, s);
  });
}

// Somebody who has it types it in, before it was fetched, meanwhile, or afterwards; once.
void Partners::plan_whole(std::size_t sender, std::int64_t at_ms) {
  const bool comes = couriers_.chance(world_.plan().faults.wholes_of_1000);
  const bool at_once = couriers_.chance(700);
  const std::int64_t when_ms = at_ms + between(couriers_, 0, at_once ? 3 * s : 90 * s);
  if (!comes) return;
  world_.timeline().at(when_ms, [this, sender] {
    const Sender& self = senders_[sender];
    if (is_past(sender)) return;
    WebAsk ask;
    ask.target = "/v1/orders";
    ask.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", self.key + "-whole"}};
    ask.body = canonical_body(world_.ledger().story(self.story), self.item, 0);
    world_.fault("announced order sent whole");
    world_.web().ask(std::move(ask), {About::whole, self.story, 0},
                     [](const std::optional<codec::HttpReply>&) {});
  });
}

// Over MQTT the broker has it from here on.
void Partners::tell_news(std::size_t sender, News news, std::int64_t wait_ms) {
  if (is_past(sender)) return;
  const std::size_t index = senders_[sender].story;
  senders_[sender].first_sent_ms = std::min(senders_[sender].first_sent_ms, world_.now_ms());
  const Tag tag{About::order, index, 0, Way::cloud, news};
  if (world_.ledger().story(index).over_mqtt)
    return send_thin(order_ask(senders_[sender], 0, {}), world_.ledger().story(index), tag);
  world_.web().ask(order_ask(senders_[sender], 0, {}), tag,
                   [this, sender, news, wait_ms, tag](const std::optional<codec::HttpReply>& reply) {
                     if (reply && reply->status < 300) return world_.on_news_taken(tag);
                     const std::int64_t next_ms = std::min<std::int64_t>(wait_ms * 2, 16 * s);
                     world_.timeline().after(retry_ms(reply, wait_ms), [this, sender, news, next_ms] {
                       tell_news(sender, news, next_ms);
                     });
                   });
}

// Its partner's webhook, or as the cloud passes it on.
void Partners::send_thin(const WebAsk& ask, const Story& story, Tag tag) {
  if (!story.over_mqtt) return send_webhook(ask, tag, s);
  world_.broker().send({"order", sent_on(story, forwarded_thin(story, ask))}, tag);
}

}  // namespace storegate::sim
